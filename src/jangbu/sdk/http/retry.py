"""Decides whether a failed attempt is repeated and when. Owns no sending and no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tenacity import RetryCallState

from jangbu.kernel.errors import OutcomeUnknown, Throttled, Transient

# Refusals of our own: nothing was sent, and trying again at once would end the same.
_OURS: Final = frozenset({"channel.no_budget", "channel.circuit_open"})
_FIRST_S: Final = 0.5
_MAX_S: Final = 8.0
REPEATS_LOWERING: Final = 2


class Again:
    """The judge of one `send`, in the two shapes the retry library asks for.

    Repeated: reads that failed for a passing reason; anything refused by a limit before it was processed; a
    write of unknown outcome only where sending it twice cannot raise a number.
    """

    def __init__(
        self, *, write: bool, lowers_only: bool, held: bool, tries: int, chance: Callable[[], float]
    ) -> None:
        """`held`: a budget holds refused calls back, so that no further wait is needed here."""
        self._write = write
        self._lowers_only = lowers_only
        self._held = held
        self._tries = tries
        self._chance = chance
        self._failed = 0
        self._unknown = 0
        self._wait_s = 0.0

    def wanted(self, state: RetryCallState) -> bool:
        """Judge the attempt that has just ended."""
        error = state.outcome.exception() if state.outcome else None
        if error is None:
            return False
        wait_s = self._judge(error)
        self._wait_s = wait_s or 0.0
        return wait_s is not None

    def wait_s(self, _state: RetryCallState) -> float:
        """Tell how long to wait before the next attempt."""
        return self._wait_s

    def _judge(self, error: BaseException) -> float | None:
        self._failed += 1
        if self._failed >= self._tries or getattr(error, "code", "") in _OURS:
            return None
        match error:
            case Throttled():
                return 0.0 if self._held else error.retry_after_s or self._backoff_s()
            case Transient():
                return None if self._write else self._backoff_s()
            case OutcomeUnknown():
                self._unknown += 1
                repeats = self._lowers_only and self._unknown <= REPEATS_LOWERING
                return self._backoff_s() if repeats else None
        return None

    def _backoff_s(self) -> float:
        return min(_MAX_S, _FIRST_S * 2.0 ** (self._failed - 1)) * (0.5 + self._chance())
