"""What the queue does when the store behind it fails."""

from __future__ import annotations

import asyncio

from tests.support.vtime import virtual, virtual_clock

from jangbu.kernel.errors import StateError
from jangbu.sdk.budget.pump import Pump, Slot
from jangbu.sdk.manifest import Priority


class FailingStore:
    """A source of slots whose store is out of reach for a while."""

    def __init__(self) -> None:
        self.broken = True
        self.given = 0

    async def reserve(self, handed_at: float | None) -> Slot:  # noqa: ARG002 - a source may use it
        await asyncio.sleep(0.01)
        if self.broken:
            raise StateError("the counts cannot be reached")
        self.given += 1
        return Slot(asyncio.get_running_loop().time(), float(self.given))

    async def give_back(self, slot: Slot) -> None:  # noqa: ARG002 - the same
        self.given -= 1

    async def spoilt(self, slot: Slot) -> bool:  # noqa: ARG002 - the same
        return False


@virtual
async def test_everyone_who_waits_hears_that_the_store_failed_and_later_calls_go_on() -> None:
    source = FailingStore()
    pump = Pump(source, virtual_clock())
    waits = [pump.acquire(Priority.BULK, 100.0) for _ in range(5)]
    done = await asyncio.gather(*waits, return_exceptions=True)
    assert {type(each) for each in done} == {StateError}
    source.broken = False
    await pump.acquire(Priority.BULK, 100.0)
    assert source.given == 1


@virtual
async def test_a_slot_nobody_waits_for_any_more_is_given_back() -> None:
    source = FailingStore()
    source.broken = False
    pump = Pump(source, virtual_clock())
    only = asyncio.create_task(pump.acquire(Priority.BULK, 100.0))
    await asyncio.sleep(0.005)
    only.cancel()
    await asyncio.sleep(1)
    assert source.given == 0


@virtual
async def test_a_slot_put_back_too_late_is_not_handed_on() -> None:
    source = FailingStore()
    source.broken = False
    pump = Pump(source, virtual_clock())
    slot = await pump.acquire(Priority.BULK, 100.0)
    await asyncio.sleep(1)
    waiting = asyncio.create_task(pump.acquire(Priority.BULK, 100.0))
    await asyncio.sleep(0)
    pump.put_back(slot)
    assert (await waiting).at > slot.at
