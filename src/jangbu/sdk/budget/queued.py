"""What every budget does alike: quotas first, then rates through pumps. Owns no counts: its buckets do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

from jangbu.kernel.clock import Clock
from jangbu.sdk.budget.keys import BucketKey
from jangbu.sdk.budget.pump import Pump, Slot, SlotSource, no_budget
from jangbu.sdk.manifest import LimitNews, Priority

MAX_WAIT_S = 300.0
RESERVE = 0.1  # the share of a quota kept for the two highest classes
_TOP = Priority.TOKEN
_STEP_S = 0.001  # sets waiters for one quota apart, so that they try in the order of their classes


class RateBucket(SlotSource, Protocol):
    """A limit of calls a second."""

    async def learn(self, news: LimitNews) -> None:
        """Adopt what the far side says about the rate."""

    async def throttled(self, retry_after_s: float) -> None:
        """Empty the bucket and close it for a while."""


class QuotaBucket(Protocol):
    """A limit of calls in a rolling window."""

    async def take(self, *, top: bool) -> float:
        """Count one call; 0, or the seconds until one may be free (then nothing was counted).

        `top` classes may use the reserve.
        """

    async def give_back(self) -> None:
        """Undo one count."""

    async def learn(self, news: LimitNews) -> None:
        """Adopt what the far side says is left."""

    async def throttled(self, retry_after_s: float) -> None:
        """Close the bucket for a while."""


class QueuedBudget(ABC):
    """A budget of buckets that subclasses provide."""

    def __init__(self, clock: Clock, max_wait_s: float = MAX_WAIT_S) -> None:
        """Let no call wait longer than `max_wait_s`."""
        self._clock = clock
        self._max_wait_s = max_wait_s
        self._pumps: dict[str, Pump] = {}
        self._rates: dict[str, RateBucket] = {}
        self._quotas: dict[str, QuotaBucket] = {}

    @abstractmethod
    def _new_rate(self, key: BucketKey) -> RateBucket:
        """Make the bucket of a rate."""

    @abstractmethod
    def _new_quota(self, key: BucketKey) -> QuotaBucket:
        """Make the bucket of a quota."""

    async def acquire(self, keys: Sequence[BucketKey], priority: Priority) -> None:
        deadline = self._clock.monotonic() + self._max_wait_s
        quotas: list[QuotaBucket] = []
        slots: list[tuple[Pump, Slot]] = []
        try:
            for key in keys:
                if key.limit.quota:
                    await self._take(self._quota(key), priority, deadline)
                    quotas.append(self._quota(key))
            # The fastest bucket last: its slots keep least while others are waited for.
            for key in sorted((key for key in keys if key.limit.rate), key=lambda key: key.limit.rate):
                pump = self._pump(key)
                slots.append((pump, await pump.acquire(priority, deadline)))
        except BaseException:
            for pump, slot in slots:
                pump.put_back(slot)
            for quota in quotas:
                await quota.give_back()
            raise

    async def learn(self, key: BucketKey, news: LimitNews) -> None:
        if key.limit.rate:
            await self._rate(key).learn(news)
        if key.limit.quota:
            await self._quota(key).learn(news)

    async def throttled(self, key: BucketKey, retry_after_s: float) -> None:
        if key.limit.rate:
            await self._rate(key).throttled(retry_after_s)
        else:
            await self._quota(key).throttled(retry_after_s)

    async def _take(self, quota: QuotaBucket, priority: Priority, deadline: float) -> None:
        while (wait_s := await quota.take(top=priority <= _TOP)) > 0:
            if self._clock.monotonic() + wait_s > deadline:
                raise no_budget(wait_s)
            await self._clock.sleep(wait_s + priority * _STEP_S)

    def _pump(self, key: BucketKey) -> Pump:
        pump = self._pumps.get(key.id)
        if pump is None:
            pump = self._pumps[key.id] = Pump(self._rate(key), self._clock)
        return pump

    def _rate(self, key: BucketKey) -> RateBucket:
        bucket = self._rates.get(key.id)
        if bucket is None:
            bucket = self._rates[key.id] = self._new_rate(key)
        return bucket

    def _quota(self, key: BucketKey) -> QuotaBucket:
        bucket = self._quotas.get(key.id)
        if bucket is None:
            bucket = self._quotas[key.id] = self._new_quota(key)
        return bucket
