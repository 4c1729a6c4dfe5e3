"""The budget of one process, kept in memory. Owns no sharing: that is `infra.budget`."""

from __future__ import annotations

from jangbu.kernel.clock import Clock
from jangbu.sdk.budget.keys import BucketKey
from jangbu.sdk.budget.pump import Slot
from jangbu.sdk.budget.queued import MAX_WAIT_S, RESERVE, QueuedBudget
from jangbu.sdk.budget.window import Window
from jangbu.sdk.manifest import LimitNews

MARGIN = 1.01  # our interval is this much longer: jitter at the edge of the far side's window costs refusals
WARM_S = 0.1  # a first call may be this late on the wire: modules to load and a connection to open
SLACK_S = 0.008  # a call this much later than its slot does not push the next one
EASE = 0.9  # a second refusal in a row lowers the rate to this share, unless a header has told the rate
EASED_FOR_S = 3600.0  # after so long without a refusal one lowering is taken back
BACKOFF_MAX_S = 30.0  # longest wait after refusals in a row that name none
CALM_S = 60.0  # refusals further apart than this are not in a row


class MemoryRate:
    """GCRA: `tat` is when the bucket would be full again, one interval further with every call."""

    def __init__(self, key: BucketKey, clock: Clock, warm_s: float = 0.0) -> None:
        """Start full, with the limit the manifest tells; leave `warm_s` more after the first call."""
        self._clock = clock
        self._warm_s = warm_s
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
        warm_s = self._warm_s if handed_at is None and self._burst == 1 else 0.0
        self._tat = max(now, self._tat) + self._interval_s + warm_s
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
            if self._strikes > 1 and not self._told:
                self._rate = max(self._rate * EASE, self._top_rate / 10)
        wait_s = retry_after_s or backoff_s(self._strikes)
        self._blocked_until = max(self._blocked_until, now + wait_s)
        self._tat = max(self._tat, self._blocked_until + self._tolerance_s)

    def _recover(self, now: float) -> None:
        if self._rate < self._top_rate and now - self._throttled_at > EASED_FOR_S:
            self._rate = min(self._top_rate, self._rate / EASE)
            self._throttled_at = now


class MemoryQuota:
    """A quota counted in memory."""

    def __init__(self, key: BucketKey, clock: Clock, reserve: float) -> None:
        """Start unused."""
        self._clock = clock
        self._window = Window(key.limit.quota, key.limit.window_s, reserve)
        self._blocked_until = float("-inf")

    async def take(self, *, top: bool) -> float:
        now = self._clock.monotonic()
        if now < self._blocked_until:
            return self._blocked_until - now
        wait_s = self._window.wait_s(now, top=top)
        if wait_s == 0:
            self._window.count(now)
        return wait_s

    async def give_back(self) -> None:
        self._window.give_back()

    async def learn(self, news: LimitNews) -> None:
        self._window.quota = news.quota or self._window.quota
        if news.quota_remaining is not None:
            self._window.adjust(self._clock.monotonic(), news.quota_remaining)

    async def throttled(self, retry_after_s: float) -> None:
        wait_s = retry_after_s or self._window.part_s
        self._blocked_until = max(self._blocked_until, self._clock.monotonic() + wait_s)


class MemoryBudget(QueuedBudget):
    """A budget for one process."""

    def __init__(
        self,
        clock: Clock,
        *,
        max_wait_s: float = MAX_WAIT_S,
        reserve: float = RESERVE,
        warm_s: float = WARM_S,
    ) -> None:
        """Count on `clock`, keeping the share `reserve` of every quota for the two highest classes.

        A rate without bursts leaves `warm_s` more after the first call: that one arrives late.
        """
        super().__init__(clock, max_wait_s)
        self._reserve = reserve
        self._warm_s = warm_s

    def _new_rate(self, key: BucketKey) -> MemoryRate:
        return MemoryRate(key, self._clock, self._warm_s)

    def _new_quota(self, key: BucketKey) -> MemoryQuota:
        return MemoryQuota(key, self._clock, self._reserve)


def backoff_s(strikes: int) -> float:
    """Tell how long to wait after so many refusals in a row that named no wait: 1, 2, 4 … 30 s."""
    return min(BACKOFF_MAX_S, 2.0 ** (min(strikes, 10) - 1))
