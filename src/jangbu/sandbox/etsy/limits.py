"""Owns the two call limits of one Etsy key: per second, and per rolling 24 hours in buckets of 2."""

from collections import deque
from typing import Final, NamedTuple

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.settings import Settings

_BUCKET_S: Final = 7_200
_BUCKETS: Final = 12
_PER_SECOND: Final = "Exceeded per second rate limit"
_PER_DAY: Final = "Exceeded daily rate limit"


class Excess(NamedTuple):
    """Why a call is refused."""

    sentence: str
    retry_after_s: int


class KeyLimits:
    """Counts the accepted calls of one key; the second is checked before the day."""

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock = clock
        self._settings = settings
        self._second: deque[float] = deque()
        self._day: dict[int, int] = {}

    def take(self) -> Excess | None:
        """Counts one call, or says why it may not be made."""
        now = self._clock.now()
        self._forget(now)
        if len(self._second) >= self._settings.number("limit_per_second"):
            return Excess(_PER_SECOND, 1)
        if sum(self._day.values()) >= self._settings.number("limit_per_day"):
            oldest = min(self._day, default=int(now // _BUCKET_S))
            return Excess(_PER_DAY, max(1, round((oldest + _BUCKETS) * _BUCKET_S - now)))
        self._second.append(now)
        bucket = int(now // _BUCKET_S)
        self._day[bucket] = self._day.get(bucket, 0) + 1
        return None

    def headers(self) -> dict[str, str]:
        """What every answer says about the limits."""
        self._forget(self._clock.now())
        second, day = (int(self._settings.number(name)) for name in ("limit_per_second", "limit_per_day"))
        return {
            "x-limit-per-second": str(second),
            "x-remaining-this-second": str(max(0, second - len(self._second))),
            "x-limit-per-day": str(day),
            "x-remaining-today": str(max(0, day - sum(self._day.values()))),
        }

    def clear(self) -> None:
        """Forgets all calls."""
        self._second.clear()
        self._day.clear()

    def _forget(self, now: float) -> None:
        while self._second and self._second[0] <= now - 1:
            self._second.popleft()
        oldest = int(now // _BUCKET_S) - _BUCKETS + 1
        for bucket in [each for each in self._day if each < oldest]:
            del self._day[bucket]
