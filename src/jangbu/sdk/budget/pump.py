"""Hands the slots of one rate bucket to the best waiter at that moment. Owns no limit: its source does."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import deque
from dataclasses import dataclass, field
from typing import Protocol

from jangbu.kernel.clock import Clock
from jangbu.kernel.errors import Throttled
from jangbu.sdk.manifest import Priority

AGED_S = 30.0
AGED_TURN = 8  # every so many slots one goes to whoever has waited longest, if that is AGED_S
AGED_TURN_ZERO = 16  # the same while stock waits to go to zero
FAR_S = 1.0  # a slot further ahead than this is told at once to those who cannot wait for it
STALE_S = 0.05  # a slot unused for so long is reserved anew: used late, it would bunch with the next


@dataclass(frozen=True)
class Slot:
    """The right to send one call at `at` (the clock's monotonic seconds) or soon after.

    `tat` is the bucket's arrival time once this slot is taken, by which a source knows it again.
    """

    at: float
    tat: float


class SlotSource(Protocol):
    """Where a pump's slots come from."""

    async def reserve(self, handed_at: float | None) -> Slot:
        """Reserve the next slot; `handed_at` is when the pump's last slot was used, None before the first."""

    async def give_back(self, slot: Slot) -> None:
        """Undo a reservation that nobody wants."""

    async def spoilt(self, slot: Slot) -> bool:
        """Tell whether a refusal came after this slot was reserved."""


@dataclass(order=True)
class _Waiter:
    priority: Priority
    number: int
    since: float = field(compare=False)
    deadline: float = field(compare=False)
    turn: asyncio.Future[Slot] = field(compare=False)


class Pump:
    """The queue before one bucket.

    At most one slot is reserved ahead, and who gets it is decided when its time has come: so a high call
    overtakes any number of queued low ones. Waiters of one class go in the order they came.
    """

    def __init__(self, source: SlotSource, clock: Clock) -> None:
        """Stand before `source`."""
        self._source = source
        self._clock = clock
        self._numbers = itertools.count()
        self._best: list[_Waiter] = []
        self._oldest: deque[_Waiter] = deque()
        self._slots: list[Slot] = []  # reserved and not handed over: one, or two just after one came back
        self._handed_at: float | None = None
        self._since_aged = 0
        self._task: asyncio.Task[None] | None = None

    async def acquire(self, priority: Priority, deadline: float) -> Slot:
        """Wait for a slot. Errors: Throttled when none can come before `deadline` (monotonic seconds)."""
        now = self._clock.monotonic()
        if self._slots and self._slots[0].at > max(deadline, now + FAR_S):
            raise no_budget(self._slots[0].at - now)
        turn: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        waiter = _Waiter(priority, next(self._numbers), now, deadline, turn)
        heapq.heappush(self._best, waiter)
        self._oldest.append(waiter)
        self._wake()
        try:
            async with asyncio.timeout(deadline - now):
                return await turn
        except TimeoutError:
            self._leave(waiter)
            raise no_budget(deadline - now) from None
        except asyncio.CancelledError:
            self._leave(waiter)
            raise

    def put_back(self, slot: Slot) -> None:
        """Take a slot back that was handed out but not used; the best waiter gets it while it is fresh."""
        now = self._clock.monotonic()
        if now - slot.at <= STALE_S and self._hand_to_best(slot, now):
            return
        self._slots.append(slot)
        self._wake()

    def _leave(self, waiter: _Waiter) -> None:
        if waiter.turn.cancelled() or not waiter.turn.done():
            waiter.turn.cancel()
        elif waiter.turn.exception() is None:  # the slot came in the very moment the waiter gave up
            self.put_back(waiter.turn.result())

    def _wake(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="budget pump")
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if task.cancelled() or error is not None:  # shutting down, or the store behind the source failed
            self._slots.clear()
            for waiter in self._waiting():
                waiter.turn.cancel() if error is None else waiter.turn.set_exception(error)

    async def _run(self) -> None:
        while self._slots or self._first() is not None:
            if not self._slots:
                self._slots.append(await self._source.reserve(self._handed_at))
            await self._hand_over(self._slots[0])

    async def _hand_over(self, slot: Slot) -> None:
        self._refuse_those_who_cannot_wait(slot)
        if self._first() is None or self._clock.monotonic() - slot.at > STALE_S:
            self._slots.remove(slot)
            await self._source.give_back(slot)
            return
        while (left := slot.at - self._clock.monotonic()) > 0:
            await self._clock.sleep(left)
        if await self._source.spoilt(slot):
            self._slots.remove(slot)
            return
        if self._hand_to_best(slot, self._clock.monotonic()):  # else: the next round gives it back
            self._slots.remove(slot)

    def _hand_to_best(self, slot: Slot, now: float) -> bool:
        waiter = self._pick(now)
        if waiter is None:
            return False
        self._handed_at = now
        waiter.turn.set_result(slot)
        return True

    def _pick(self, now: float) -> _Waiter | None:
        best, oldest = self._first(), self._longest_waiting()
        if best is None or oldest is None:
            return None
        self._since_aged += 1
        turn = AGED_TURN_ZERO if best.priority is Priority.ZERO else AGED_TURN
        if now - oldest.since > AGED_S and self._since_aged >= turn:
            self._since_aged = 0
            return oldest
        return best

    def _refuse_those_who_cannot_wait(self, slot: Slot) -> None:
        left = slot.at - self._clock.monotonic()
        if left > FAR_S:
            for waiter in self._waiting():
                if waiter.deadline < slot.at:
                    waiter.turn.set_exception(no_budget(left))

    def _first(self) -> _Waiter | None:
        while self._best and self._best[0].turn.done():
            heapq.heappop(self._best)
        return self._best[0] if self._best else None

    def _longest_waiting(self) -> _Waiter | None:
        while self._oldest and self._oldest[0].turn.done():
            self._oldest.popleft()
        return self._oldest[0] if self._oldest else None

    def _waiting(self) -> list[_Waiter]:
        return [waiter for waiter in self._best if not waiter.turn.done()]


def no_budget(wait_s: float) -> Throttled:
    """Say that a call would have to wait longer than is allowed."""
    return Throttled(f"no call is free for another {wait_s:.0f} s", code="channel.no_budget", retry_after_s=wait_s)
