"""Decides whether a failed attempt is repeated and when. Owns no sending and no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from jangbu.kernel.errors import ChannelError, OutcomeUnknown, Throttled, Transient

# Refusals of our own: nothing was sent, and trying again at once would end the same.
_OURS: Final = frozenset({"channel.no_budget", "channel.circuit_open"})
_FIRST_S: Final = 0.5
_MAX_S: Final = 8.0
_HELD_S_MAX: Final = 300.0  # past it no budget waits either, and the cause would be lost
_REFUSED_S_MAX: Final = 60.0  # without a budget to wait in, a longer wait is the caller's business
REPEATS_LOWERING: Final = 2


class Again:
    """The judge of one `send`.

    Repeated: reads that failed for a passing reason; anything refused by a limit before it was processed; a
    write of unknown outcome only where sending it twice cannot raise a number.
    """

    def __init__(self, *, write: bool, lowers_only: bool, held: bool, tries: int, chance: Callable[[], float]) -> None:
        """`held`: a budget holds refused calls back, so that no further wait is needed here."""
        self._write = write
        self._lowers_only = lowers_only
        self._held = held
        self._tries = tries
        self._chance = chance
        self._failed = 0
        self._unknown = 0

    def wait_s(self, error: ChannelError) -> float | None:
        """Judge the attempt that has just failed: seconds until the next one, or None when there is none."""
        self._failed += 1
        if self._failed >= self._tries or error.code in _OURS:
            return None
        match error:
            case Throttled():
                if self._held and error.retry_after_s <= _HELD_S_MAX:
                    return 0.0
                return self._refused_s(error)
            case Transient():
                return None if self._write else self._backoff_s()
            case OutcomeUnknown():
                self._unknown += 1
                repeats = self._lowers_only and self._unknown <= REPEATS_LOWERING
                return self._backoff_s() if repeats else None
        return None

    def _refused_s(self, error: Throttled) -> float | None:
        if error.retry_after_s > _REFUSED_S_MAX:
            return None
        return error.retry_after_s or self._backoff_s()

    def _backoff_s(self) -> float:
        return min(_MAX_S, _FIRST_S * 2.0 ** (self._failed - 1)) * (0.5 + self._chance())
