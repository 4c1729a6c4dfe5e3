"""The budget of one process, kept in memory. Owns no sharing: that is `infra.budget`."""

from __future__ import annotations

from jangbu.kernel.clock import Clock
from jangbu.sdk.budget.keys import BucketKey
from jangbu.sdk.budget.pump import Slot
from jangbu.sdk.budget.queued import MAX_WAIT_S, RESERVE, QueuedBudget
from jangbu.sdk.manifest import LimitNews

MARGIN = 1.01  # our interval is this much longer: jitter at the edge of the far side's window costs refusals
SLACK_S = 0.008  # a call this much later than its slot does not push the next one
EASE = 0.9  # a refusal lowers the rate to this share, as long as no header has told the rate
EASED_FOR_S = 3600.0  # after so long without a refusal one lowering is taken back
BACKOFF_MAX_S = 30.0  # longest wait after refusals in a row that name none
CALM_S = 60.0  # refusals further apart than this are not in a row
SEGMENTS = 12  # a quota's window is counted in so many parts


class MemoryRate:
    """GCRA: `tat` is when the bucket would be full again, one interval further with every call."""

    def __init__(self, key: BucketKey, clock: Clock) -> None:
        """Start full, with the limit the manifest tells."""
        self._clock = clock
        self._rate = self._top_rate = key.limit.rate
        self._burst = max(1, key.limit.burst)
        self._told = False
        self._tat = float("-inf")
        self._last_at = float("-inf")
        self._blocked_until = float("-inf")
        self._throttled_at = float("-inf")
        self._strikes = 0

    @property
    def _interval_s(self) -> float:
        return MARGIN / self._rate

    @property
    def _tolerance_s(self) -> float:
        return (self._burst - 1) * self._interval_s

    async def reserve(self, handed_at: float | None) -> Slot:
        now = self._clock.monotonic()
        self._recover(now)
        if handed_at is not None:
            self._tat = max(self._tat, handed_at - SLACK_S + self._interval_s)
        at = max(now, self._tat - self._tolerance_s)
        self._tat = max(now, self._tat) + self._interval_s
        self._last_at = at
        return Slot(at, self._tat)

    async def give_back(self, slot: Slot) -> None:
        if self._tat == slot.tat:
            self._tat -= self._interval_s

    async def spoilt(self, slot: Slot) -> bool:
        return slot.at < self._blocked_until

    async def learn(self, news: LimitNews) -> None:
        if news.rate:
            self._rate = self._top_rate = news.rate
            self._told = True
        if news.burst:
            self._burst = news.burst
        if news.remaining is not None and news.remaining < self._burst:
            # Told a moment ago, so counted from our last slot: in a steady stream this changes nothing.
            self._tat = max(self._tat, self._last_at + (self._burst - news.remaining) * self._interval_s)

    async def throttled(self, retry_after_s: float) -> None:
        now = self._clock.monotonic()
        if now >= self._blocked_until:  # not one of several calls refused at the same moment
            self._strikes = self._strikes + 1 if now - self._blocked_until < CALM_S else 1
            self._throttled_at = now
            if not self._told:
                self._rate = max(self._rate * EASE, self._top_rate / 10)
        wait_s = retry_after_s or backoff_s(self._strikes)
        self._blocked_until = max(self._blocked_until, now + wait_s)
        self._tat = max(self._tat, self._blocked_until + self._tolerance_s)

    def _recover(self, now: float) -> None:
        if self._rate < self._top_rate and now - self._throttled_at > EASED_FOR_S:
            self._rate = min(self._top_rate, self._rate / EASE)
            self._throttled_at = now


class MemoryQuota:
    """Calls of a rolling window, counted in parts; a part is forgotten when all of it has left the window."""

    def __init__(self, key: BucketKey, clock: Clock, reserve: float) -> None:
        """Start unused, keeping the share `reserve` for the highest classes."""
        self._clock = clock
        self._quota = key.limit.quota
        self._segment_s = key.limit.window_s / SEGMENTS
        self._reserve = reserve
        self._used: dict[int, int] = {}
        self._blocked_until = float("-inf")

    async def take(self, *, top: bool) -> float:
        now = self._clock.monotonic()
        if now < self._blocked_until:
            return self._blocked_until - now
        segment = self._forget(now)
        allowed = self._quota if top else quota_below_reserve(self._quota, self._reserve)
        if sum(self._used.values()) >= allowed:
            oldest = min(self._used, default=segment)
            return (oldest + SEGMENTS + 1) * self._segment_s - now
        self._used[segment] = self._used.get(segment, 0) + 1
        return 0.0

    async def give_back(self) -> None:
        newest = max(self._used, default=None)
        if newest is not None and self._used[newest] > 0:
            self._used[newest] -= 1

    async def learn(self, news: LimitNews) -> None:
        self._quota = news.quota or self._quota
        if news.quota_remaining is None:
            return
        segment = self._forget(self._clock.monotonic())
        counted, told = sum(self._used.values()), self._quota - news.quota_remaining
        if told > counted:  # others use this application too, or we have just started
            self._used[segment] = self._used.get(segment, 0) + told - counted
        surplus = counted - told - quota_margin(self._quota)
        for oldest in sorted(self._used):
            if surplus <= 0:
                break
            less = min(surplus, self._used[oldest])
            self._used[oldest] -= less
            surplus -= less

    async def throttled(self, retry_after_s: float) -> None:
        wait_s = retry_after_s or self._segment_s
        self._blocked_until = max(self._blocked_until, self._clock.monotonic() + wait_s)

    def _forget(self, now: float) -> int:
        segment = int(now // self._segment_s)
        self._used = {part: used for part, used in self._used.items() if part >= segment - SEGMENTS and used}
        return segment


class MemoryBudget(QueuedBudget):
    """A budget for one process."""

    def __init__(self, clock: Clock, *, max_wait_s: float = MAX_WAIT_S, reserve: float = RESERVE) -> None:
        """Count on `clock`, keeping the share `reserve` of every quota for the two highest classes."""
        super().__init__(clock, max_wait_s)
        self._reserve = reserve

    def _new_rate(self, key: BucketKey) -> MemoryRate:
        return MemoryRate(key, self._clock)

    def _new_quota(self, key: BucketKey) -> MemoryQuota:
        return MemoryQuota(key, self._clock, self._reserve)


def backoff_s(strikes: int) -> float:
    """Tell how long to wait after so many refusals in a row that named no wait: 1, 2, 4 … 30 s."""
    return min(BACKOFF_MAX_S, 2.0 ** (min(strikes, 10) - 1))


def quota_below_reserve(quota: int, reserve: float) -> int:
    """Tell how much of a quota all classes may use."""
    return quota - int(quota * reserve)


def quota_margin(quota: int) -> int:
    """Tell how far our count may stand above the far side's, which lacks the calls still under way."""
    return max(20, quota // 100)
