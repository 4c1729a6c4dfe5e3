"""What of a shop stands still and what still works, by when each last succeeded. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from jangbu.watch.ladder import Certainty


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


class Side(StrEnum):
    """Whose line is down."""

    OURS = "ours"
    THEIRS = "theirs"  # or something between us and them alone
    UNKNOWN = "unknown"  # there is nothing to compare with


@dataclass(frozen=True)
class Elsewhere:
    """A shop at another marketplace: when it last answered, and whether its line is down too."""

    heard_at: datetime | None
    dark: bool


CHECK_FIRST: Final = timedelta(minutes=5)
CHECK_MOST: Final = timedelta(hours=1)


def stands(
    last: Mapping[Work, datetime], troubled_since: datetime | None, *, writes: bool, stops_all: bool,
    halted: bool = False,
) -> tuple[Stand, ...]:  # fmt: skip
    """Tell how each kind of work stands.

    `writes`: its owner lets us write. `halted`: the trouble itself stopped all writing there, until it is mended.
    `stops_all`: what is broken lies under every call (the line, the address, the credential). Else work that succeeded
    since the trouble began works; of the rest nothing is known but when it last did.
    """
    stopped = {work: stops_all or (halted and work is not Work.READING) for work in Work}
    return tuple(
        Stand(work, _stand(work, last.get(work), troubled_since, writes, stopped[work]), last.get(work))
        for work in Work
    )  # fmt: skip


def _stand(work: Work, last: datetime | None, since: datetime | None, writes: bool, stopped: bool) -> Standing:
    if work is not Work.READING and not writes and not stopped:
        return Standing.HELD
    if since is None:
        return Standing.WORKS if last else Standing.UNTRIED
    if not stopped and last is not None and last > since:
        return Standing.WORKS
    if stopped or work is Work.READING:
        return Standing.STOPPED
    return Standing.UNTRIED


def next_check(before: timedelta | None) -> timedelta:
    """Give how long to wait until a broken connection is looked at again: ever longer, so that nobody is pestered."""
    return CHECK_FIRST if before is None else min(before * 2, CHECK_MOST)


def whose_line(since: datetime, elsewhere: Sequence[Elsewhere]) -> tuple[Side, Certainty]:
    """Tell whose line is down at a marketplace that cannot be reached, by how the other marketplaces do."""
    if any(not shop.dark and shop.heard_at is not None and shop.heard_at > since for shop in elsewhere):
        return Side.THEIRS, Certainty.LIKELY
    if elsewhere and all(shop.dark for shop in elsewhere):
        return Side.OURS, Certainty.CERTAIN
    return Side.UNKNOWN, Certainty.POSSIBLE
