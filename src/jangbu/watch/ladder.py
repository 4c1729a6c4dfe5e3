"""The ladder of a connection: rungs from the line to the writing, and at which one a failure stopped. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from jangbu.kernel.errors import (
    AddressNotAllowed,
    GrantError,
    JangbuError,
    ScopeMissing,
    Throttled,
    Transient,
)


class Rung(StrEnum):
    """One thing that must hold for the next to be worth asking."""

    LINE = "line"  # the marketplace can be reached from here
    ADDRESS = "address"  # it lets our address in
    CLOCK = "clock"  # our clock is near enough to its own
    APP = "app"  # the application is alive there
    SECRET = "secret"  # noqa: S105 - the name of a rung
    TOKEN = "token"  # noqa: S105 - the same
    GROUPS = "groups"  # the application may do what we need
    FIRST_READ = "first_read"  # the shop answers what is asked
    GAP = "gap"  # its orders are read to the present
    WRITING = "writing"  # its owner lets us write


class State(StrEnum):
    """What is known of a rung."""

    OK = "ok"
    BROKEN = "broken"
    NOT_REACHED = "not_reached"
    UNKNOWN = "unknown"


class Certainty(StrEnum):
    """How sure a cause is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    POSSIBLE = "possible"


RUNGS: Final = tuple(Rung)
UNDER_ALL: Final = frozenset({Rung.LINE, Rung.ADDRESS, Rung.CLOCK, Rung.APP, Rung.SECRET, Rung.TOKEN})
"""What lies under every call: when one of these is broken, nothing works at that shop."""
NETWORK: Final = frozenset({"channel.unreachable", "channel.timeout", "channel.connection_broken", "channel.html"})
"""What a line that is down looks like, whoever's it is."""

_BY_KIND: Final[tuple[tuple[type[JangbuError], tuple[Rung, Certainty] | None], ...]] = (
    (AddressNotAllowed, (Rung.ADDRESS, Certainty.CERTAIN)),
    (ScopeMissing, (Rung.GROUPS, Certainty.CERTAIN)),
    (Throttled, None),  # it answers: what was being asked is what cannot be told now
    (Transient, (Rung.LINE, Certainty.POSSIBLE)),
    (GrantError, (Rung.TOKEN, Certainty.LIKELY)),
)


@dataclass(frozen=True)
class Finding:
    """One rung as found; `code` and `facts` say what broke it."""

    rung: Rung
    state: State
    code: str = ""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    certainty: Certainty | None = None


def stopped_at(error: JangbuError, told: Mapping[str, str], asked: Rung) -> tuple[Rung, Certainty]:
    """Tell at which rung a failure stopped, and how sure that is.

    `told`: what the channel declares of its own codes (code → rung). `asked`: the rung that was being tried.
    """
    found = _by_code(error.code, told) or next((where for kind, where in _BY_KIND if isinstance(error, kind)), None)
    return found or (asked, Certainty.POSSIBLE)


def noted_at(code: str, told: Mapping[str, str]) -> tuple[Rung, Certainty]:
    """Tell the rung of a trouble of which only the code was noted, before anybody looked."""
    return _by_code(code, told) or (Rung.FIRST_READ, Certainty.POSSIBLE)


def _by_code(code: str, told: Mapping[str, str]) -> tuple[Rung, Certainty] | None:
    if code in told:
        return Rung(told[code]), Certainty.CERTAIN
    return (Rung.LINE, Certainty.LIKELY) if code in NETWORK else None


def climbed(broken: Rung | None, error: JangbuError | None = None, certainty: Certainty | None = None) -> list[Finding]:
    """Give all rungs: those below the broken one hold, those above were not reached; all hold when none is broken."""
    here = RUNGS.index(broken) if broken else len(RUNGS)
    return [
        Finding(rung, State.BROKEN, error.code if error else "", error.told if error else {}, certainty)
        if n == here
        else Finding(rung, State.OK if n < here else State.NOT_REACHED)
        for n, rung in enumerate(RUNGS)
    ]


def with_standing(found: Sequence[Finding], *, gap: State, writing: State) -> list[Finding]:
    """Put in what our own books say of the last two rungs, where they were reached."""
    own = {Rung.GAP: gap, Rung.WRITING: writing}
    return [
        Finding(each.rung, own[each.rung]) if each.rung in own and each.state is not State.NOT_REACHED else each
        for each in found
    ]
