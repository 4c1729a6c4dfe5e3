"""A budget whose counts live in a database, so that any number of processes share them. Owns no SQL."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final, TypeVar

from jangbu.infra.budget import store
from jangbu.infra.db import Database, WriteTx
from jangbu.kernel.clock import Clock
from jangbu.kernel.errors import StateError
from jangbu.sdk.budget.keys import BucketKey
from jangbu.sdk.budget.memory import MARGIN, WARM_S
from jangbu.sdk.budget.pump import Slot
from jangbu.sdk.budget.queued import MAX_WAIT_S, RESERVE, QueuedBudget
from jangbu.sdk.budget.window import SEGMENTS, margin
from jangbu.sdk.manifest import LimitNews

T = TypeVar("T")
_FRESH_S: Final = 0.005  # a slot reserved this lately is not looked at again before it is used
_LOT_MAX: Final = 20
_LOT_SHARE: Final = 200  # a lot is at most so small a share of what is free to all classes
_LOT_S: Final = 60.0
_CLOCK_S: Final = 0.001  # two clocks read one after the other agree no better


def prepare(database: Database) -> None:
    """Make the tables. Repeat: safe, also from several processes at once."""
    database.write_now(lambda tx: store.create(tx, database.kind))


class SharedBudget(QueuedBudget):
    """A budget for all processes on one database whose tables `prepare` has made.

    Each process has its own queue and reserves at most one slot ahead.
    Errors: besides Throttled, the database's StateError when the counts cannot be reached.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        max_wait_s: float = MAX_WAIT_S,
        reserve: float = RESERVE,
        warm_s: float = WARM_S,
    ) -> None:
        """Count in `database`; the other values are those of `MemoryBudget`."""
        super().__init__(clock, max_wait_s)
        self._warm_s = warm_s
        self._door = _Door(database, clock)
        self._reserve = reserve

    def _new_rate(self, key: BucketKey) -> SharedRate:
        return SharedRate(key, self._door, self._warm_s)

    def _new_quota(self, key: BucketKey) -> SharedQuota:
        return SharedQuota(key, self._door, self._reserve)


class _Door:
    """The database with the clock and the dialect that belong to it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.sql = store.Dialect(database.kind)

    def now(self) -> float:
        return self.clock.now().timestamp()


class _Row:
    """One bucket's row, declared before its first use."""

    def __init__(self, key: BucketKey, door: _Door) -> None:
        self.key = key
        self.door = door
        self._declared = False

    async def write(self, fn: Callable[[WriteTx], T]) -> T:
        if self._declared:
            return await self.door.database.write(fn)
        result = await self.door.database.write(lambda tx: self._first(tx, fn))
        self._declared = True
        return result

    def _first(self, tx: WriteTx, fn: Callable[[WriteTx], T]) -> T:
        store.declare(tx, self.key)
        return fn(tx)


class SharedRate:
    """A rate whose slots come from one row."""

    def __init__(self, key: BucketKey, door: _Door, warm_s: float) -> None:
        """Touch nothing yet."""
        self._row = _Row(key, door)
        self._id = key.id
        self._warm_s = warm_s
        self._door = door
        self._last: store.Reserved | None = None
        self._reserved_at = float("-inf")
        self._blocked_until = float("-inf")
        self._told: LimitNews | None = None

    async def reserve(self, handed_at: float | None) -> Slot:
        began, now = self._door.clock.monotonic(), self._door.now()
        ago_s = None if handed_at is None else began - handed_at
        taken = await self._row.write(
            lambda tx: store.reserve(tx, self._door.sql, self._id, now, handed_ago_s=ago_s, warm_s=self._warm_s)
        )
        self._last = taken
        self._reserved_at = self._door.clock.monotonic()
        if self._door.sql.kind == "postgresql":  # its `now` lies between: counted from the later end
            began = self._reserved_at
        return Slot(max(began + taken.wait_s, self._reserved_at), taken.tat)

    async def give_back(self, slot: Slot) -> None:
        last = self._last
        if last is not None and last.tat == slot.tat:  # an older one has another behind it already
            await self._row.write(lambda tx: store.give_back(tx, self._id, last))

    async def spoilt(self, slot: Slot) -> bool:
        if slot.at < self._blocked_until:
            return True
        if self._door.clock.monotonic() - self._reserved_at < _FRESH_S:
            return False
        until = await self._door.database.read(lambda tx: store.blocked_until(tx, self._id))
        last = self._last
        return last is not None and last.now + last.wait_s + _CLOCK_S < until < last.now + store.LOST_S

    async def learn(self, news: LimitNews) -> None:
        # What is not learnt now is told again by the next answer; a call that succeeded must not fail for it.
        with contextlib.suppress(StateError):
            await self._learn_rate(news)
            await self._learn_remaining(news)

    async def throttled(self, retry_after_s: float) -> None:
        began, now = self._door.clock.monotonic(), self._door.now()
        wait_s = await self._row.write(lambda tx: store.throttle(tx, self._door.sql, self._id, now, retry_after_s))
        self._blocked_until = began + wait_s - _CLOCK_S

    async def _learn_rate(self, news: LimitNews) -> None:
        told = LimitNews(news.name, rate=news.rate, burst=news.burst)
        if (news.rate or news.burst) and told != self._told:
            await self._row.write(lambda tx: store.learn_rate(tx, self._id, news))
            self._told = told

    async def _learn_remaining(self, news: LimitNews) -> None:
        last = self._last
        if last is None or news.remaining is None or news.remaining >= last.burst:
            return
        # Told a moment ago, so counted from our last slot: in a steady stream this changes nothing.
        tat = last.now + last.wait_s + (last.burst - news.remaining) * MARGIN / last.rate
        if tat > last.tat:
            await self._row.write(lambda tx: store.push(tx, self._door.sql, self._id, tat))


class SharedQuota:
    """A quota whose parts are rows.

    Far from its end it is taken in small lots, so that not every call costs a transaction. A lot is good for a
    minute at most and within its part of the window; the rest is given back with the next one.
    """

    def __init__(self, key: BucketKey, door: _Door, reserve: float) -> None:
        """Touch nothing yet."""
        self._row = _Row(key, door)
        self._key = key
        self._door = door
        self._reserve = reserve
        self._quota = key.limit.quota
        self._total: int | None = None  # as last seen: others have counted since
        self._lot = 0
        self._lot_until = float("-inf")

    async def take(self, *, top: bool) -> float:
        if self._lot > 0 and self._door.clock.monotonic() < self._lot_until:
            self._lot -= 1
            return 0.0
        began = self._door.clock.monotonic()
        unused, self._lot = self._lot, 0
        wait_s, self._lot, good_s = await self._changed(lambda held: self._take(held, unused, top=top))
        self._lot_until = began + good_s
        return wait_s

    async def give_back(self) -> None:
        if self._door.clock.monotonic() < self._lot_until:
            self._lot += 1
        else:
            await self._changed(lambda held: held.window.give_back())

    async def learn(self, news: LimitNews) -> None:
        with contextlib.suppress(StateError):  # the next answer tells it again
            if news.quota and news.quota != self._quota:
                limit = self._quota = news.quota
                await self._row.write(lambda tx: store.adopt_quota(tx, self._key.id, limit))
            left = news.quota_remaining
            if left is not None and self._differs(left):
                await self._changed(lambda held: held.window.adjust(held.now, left))
                self._lot = 0

    async def throttled(self, retry_after_s: float) -> None:
        now = self._door.now()
        wait_s = retry_after_s or self._key.limit.window_s / SEGMENTS
        await self._row.write(lambda tx: store.throttle(tx, self._door.sql, self._key.id, now, wait_s))
        self._lot = 0

    def _take(self, held: store.Quota, unused: int, *, top: bool) -> tuple[float, int, float]:
        """Count one call and a lot; give the wait, the lot's size and how long it is good."""
        for _ in range(unused):
            held.window.give_back()
        if held.now < held.blocked_until < held.now + store.LOST_S:
            return held.blocked_until - held.now, 0, 0.0
        window = held.window
        wait_s = window.wait_s(held.now, top=top)
        if wait_s > 0:
            return wait_s, 0, 0.0
        free = int(window.quota * (1 - self._reserve)) - window.total
        lot = max(0, min(_LOT_MAX, free // _LOT_SHARE))
        window.count(held.now, 1 + lot)
        return 0.0, lot, min(_LOT_S, window.part_s - held.now % window.part_s)

    def _differs(self, left: int) -> bool:
        """Tell whether the far side's number is worth a transaction; a small lead is calls under way."""
        if self._total is None:
            return True
        return abs(self._quota - left - self._total) > margin(self._quota) or left == 0

    async def _changed(self, change: Callable[[store.Quota], T]) -> T:
        now = self._door.now()

        def unit(tx: WriteTx) -> tuple[T, int]:
            held = store.quota(tx, self._door.sql, self._key, now, self._reserve)
            result = change(held)
            store.save(tx, self._key.id, held)
            return result, held.window.total

        result, self._total = await self._row.write(unit)
        return result
