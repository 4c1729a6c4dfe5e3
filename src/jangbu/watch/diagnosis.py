"""What of a shop stands still and what still works, by when each last succeeded. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final


class Work(StrEnum):
    """What Jangbu does at a shop."""

    READING = "reading"  # orders are heard
    WRITING = "writing"  # numbers are brought there
    SHIPPING = "shipping"  # tracking numbers are handed over


class Standing(StrEnum):
    """How one kind of work stands."""

    WORKS = "works"
    STOPPED = "stopped"
    UNTRIED = "untried"  # never done yet, or not since the trouble began
    HELD = "held"  # by its owner: not started, paused, or all writing stopped


@dataclass(frozen=True)
class Stand:
    """One kind of work: how it stands, and when it last succeeded."""

    work: Work
    standing: Standing
    last: datetime | None


CHECK_FIRST: Final = timedelta(minutes=5)
CHECK_MOST: Final = timedelta(hours=1)


def stands(
    last: Mapping[Work, datetime], troubled_since: datetime | None, *, writes: bool, stops_all: bool
) -> tuple[Stand, ...]:
    """Tell how each kind of work stands.

    `stops_all`: what is broken lies under every call (the line, the address, the credential). Else work that succeeded
    since the trouble began works; of the rest nothing is known but when it last did.
    """
    return tuple(Stand(work, _stand(work, last.get(work), troubled_since, writes, stops_all), last.get(work))
                 for work in Work)  # fmt: skip


def _stand(work: Work, last: datetime | None, since: datetime | None, writes: bool, stops_all: bool) -> Standing:
    if work is not Work.READING and not writes and not stops_all:
        return Standing.HELD
    if since is None:
        return Standing.WORKS if last else Standing.UNTRIED
    if last is not None and last > since:
        return Standing.WORKS
    if stops_all or work is Work.READING:
        return Standing.STOPPED
    return Standing.UNTRIED


def next_check(before: timedelta | None) -> timedelta:
    """Give how long to wait until a broken connection is looked at again: ever longer, so that nobody is pestered."""
    return CHECK_FIRST if before is None else min(before * 2, CHECK_MOST)
