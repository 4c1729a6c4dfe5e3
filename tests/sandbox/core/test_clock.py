"""The sandbox's time."""

import asyncio
import time

import pytest
from tests.support.vtime import VirtualLoop

from jangbu.sandbox.core.clock import Clock, HandClock


def test_a_clock_follows_its_loop_and_may_be_moved_on() -> None:
    async def course() -> list[float]:
        clock = Clock(1_000_000.0)
        seen = [clock.now()]
        await clock.sleep(3600)
        seen.append(clock.now())
        clock.advance(60)
        seen.append(clock.now())
        return seen

    loop = VirtualLoop()
    try:
        seen = loop.run_until_complete(course())
    finally:
        loop.close()
    assert seen == pytest.approx([1_000_000.0, 1_003_600.0, 1_003_660.0], abs=1e-3)


def test_a_clock_can_be_tied_to_a_moment_of_its_loop() -> None:
    async def course() -> float:
        await asyncio.sleep(100)
        return Clock(1_000_000.0, loop0=0.0).now()

    loop = VirtualLoop()
    try:
        assert loop.run_until_complete(course()) == pytest.approx(1_000_100.0, abs=1e-3)
    finally:
        loop.close()


async def test_advancing_wakes_what_sleeps_until_then() -> None:
    clock = Clock(0.0)
    task = asyncio.create_task(clock.sleep(3600))
    await asyncio.sleep(0)
    clock.advance(3599)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not task.done()
    clock.advance(1)
    await asyncio.wait_for(task, 5)


def test_without_a_loop_a_clock_stands_at_the_present() -> None:
    assert Clock().now() == pytest.approx(time.time(), abs=60)
    assert Clock(5.0).now() == 5.0


@pytest.mark.parametrize("clock", [Clock(0.0), HandClock(0.0)])
def test_time_does_not_go_back(clock: Clock) -> None:
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)


async def test_a_hand_clock_stops_at_every_sleepers_moment() -> None:
    clock = HandClock(0.0)
    seen: list[tuple[str, float]] = []

    async def ticking(name: str, every: float) -> None:
        for _ in range(3):
            await clock.sleep(every)
            seen.append((name, clock.now()))

    tasks = [asyncio.create_task(ticking("a", 2)), asyncio.create_task(ticking("b", 3))]
    await clock.run_for(10)
    assert seen == [("a", 2), ("b", 3), ("a", 4), ("b", 6), ("a", 6), ("b", 9)]
    assert clock.now() == 10
    await asyncio.gather(*tasks)


async def test_waiting_ends_with_the_event_or_with_the_time() -> None:
    clock, event = HandClock(0.0), asyncio.Event()
    late = asyncio.create_task(clock.wait(event, 5.0))
    await clock.run_for(5)
    assert await late is False
    early = asyncio.create_task(clock.wait(event, 50.0))
    await asyncio.sleep(0)
    event.set()
    assert await early is True
    assert clock.now() == 5
    assert await clock.wait(event, None) is True


async def test_a_cancelled_wait_ends_and_leaves_nothing_behind() -> None:
    clock, event = Clock(0.0), asyncio.Event()
    before = len(asyncio.all_tasks())
    task = asyncio.create_task(clock.wait(event, 3600.0))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == before
