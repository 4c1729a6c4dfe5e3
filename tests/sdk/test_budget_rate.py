"""Rates: bursts, overtaking, ageing, refusals, cancelled waits."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.sdk.samples import RATE
from tests.support.vtime import virtual, virtual_clock

from jangbu.kernel.errors import Throttled
from jangbu.sdk.budget import BucketKey, MemoryBudget
from jangbu.sdk.manifest import Limit, LimitNews, Priority, Scope

TEN = BucketKey("app", RATE)
BURSTY = BucketKey("app", Limit("bursty", Scope.APP, rate=2.0, burst=4))


def seconds() -> float:
    return asyncio.get_running_loop().time()


async def times_of(budget: MemoryBudget, key: BucketKey, count: int) -> list[float]:
    times = []
    for _ in range(count):
        await budget.acquire([key], Priority.BULK)
        times.append(seconds())
    return times


@virtual
async def test_calls_leave_one_interval_apart_and_the_interval_has_a_hundredth_of_air() -> None:
    times = await times_of(MemoryBudget(virtual_clock(), warm_s=0.0), TEN, 4)
    assert times == pytest.approx([0, 0.101, 0.202, 0.303])


@virtual
async def test_the_first_call_of_a_strict_rate_gets_time_to_open_its_connection() -> None:
    assert await times_of(MemoryBudget(virtual_clock()), TEN, 3) == pytest.approx([0, 0.201, 0.302])
    assert await times_of(MemoryBudget(virtual_clock()), BURSTY, 2) == pytest.approx([0.302, 0.302])


@virtual
async def test_no_second_ever_holds_more_calls_than_the_rate() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    times: list[float] = []

    async def caller(start: float) -> None:
        await asyncio.sleep(start)
        for _ in range(20):
            await budget.acquire([TEN], Priority.BULK)
            times.append(seconds())

    await asyncio.gather(*(caller(start) for start in (0, 0.05, 3.33, 40)))
    assert len(times) == 80
    assert max(sum(1 for each in times if at <= each < at + 1) for at in times) == 10


@virtual
async def test_a_burst_leaves_at_once_and_fills_again() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    assert await times_of(budget, BURSTY, 6) == pytest.approx([0, 0, 0, 0, 0.505, 1.01])
    await asyncio.sleep(60)
    start = seconds()
    assert await times_of(budget, BURSTY, 5) == pytest.approx([start] * 4 + [start + 0.505])


@virtual
async def test_high_overtakes_everything_queued_low() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    low = [asyncio.create_task(budget.acquire([TEN], Priority.BULK)) for _ in range(1_000)]
    await asyncio.sleep(5.0)
    asked = seconds()
    await budget.acquire([TEN], Priority.ZERO)
    assert seconds() - asked <= 0.101
    for task in low:
        task.cancel()


@virtual
async def test_one_class_is_served_in_the_order_it_came() -> None:
    budget, served = MemoryBudget(virtual_clock(), warm_s=0.0), []

    async def caller(number: int) -> None:
        await budget.acquire([TEN], Priority.SHIP)
        served.append(number)

    await asyncio.gather(*(caller(number) for number in range(30)))
    assert served == list(range(30))


@virtual
async def test_a_low_call_is_served_although_high_calls_never_end() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)

    async def rush() -> None:
        while True:
            await budget.acquire([TEN], Priority.ORDERS)

    rushes = [asyncio.create_task(rush()) for _ in range(5)]
    await asyncio.sleep(1)
    asked = seconds()
    await budget.acquire([TEN], Priority.AUDIT)
    assert 30 < seconds() - asked < 32
    for task in rushes:
        task.cancel()


@virtual
async def test_a_zero_write_waits_at_most_two_slots_behind_a_queue_that_has_grown_old() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0, max_wait_s=1_000)
    low = [asyncio.create_task(budget.acquire([TEN], Priority.BULK)) for _ in range(1_000)]
    await asyncio.sleep(40)
    waits = []
    for _ in range(20):
        await asyncio.sleep(0.07)
        asked = seconds()
        await budget.acquire([TEN], Priority.ZERO)
        waits.append(seconds() - asked)
    assert max(waits) <= 2 * 0.101 + 0.001
    for task in low:
        task.cancel()


@virtual
async def test_a_wait_beyond_the_longest_allowed_is_refused() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0, max_wait_s=2.0)
    await budget.acquire([TEN], Priority.BULK)
    waits = [asyncio.create_task(budget.acquire([TEN], Priority.BULK)) for _ in range(40)]
    done = await asyncio.gather(*waits, return_exceptions=True)
    refused = [each for each in done if isinstance(each, Throttled)]
    assert seconds() == pytest.approx(2.0)
    assert len(done) - len(refused) == 19
    assert {each.code for each in refused} == {"channel.no_budget"}


@virtual
async def test_a_cancelled_waiter_loses_no_slot_and_blocks_nobody() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.acquire([TEN], Priority.BULK)
    first = asyncio.create_task(budget.acquire([TEN], Priority.BULK))
    second = asyncio.create_task(budget.acquire([TEN], Priority.BULK))
    await asyncio.sleep(0.05)
    first.cancel()
    await second
    assert seconds() == pytest.approx(0.101)


@virtual
async def test_a_slot_whose_waiter_is_cancelled_in_the_same_moment_goes_to_the_next() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    first = asyncio.create_task(budget.acquire([TEN], Priority.BULK))
    second = asyncio.create_task(budget.acquire([TEN], Priority.BULK))
    loop = asyncio.get_running_loop()
    for _ in range(20):  # step until the first slot has been handed over but not yet taken
        await asyncio.sleep(0)
        if budget._pumps[TEN.id]._handed_at is not None:
            break
    assert not first.done()
    first.cancel()
    await second
    assert first.cancelled()
    assert loop.time() == 0


@virtual
async def test_when_every_waiter_is_cancelled_the_slot_is_free_again() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.acquire([TEN], Priority.BULK)
    only = asyncio.create_task(budget.acquire([TEN], Priority.BULK))
    await asyncio.sleep(0.05)
    only.cancel()
    await asyncio.sleep(0.04)
    await budget.acquire([TEN], Priority.BULK)
    assert seconds() == pytest.approx(0.101)


@virtual
async def test_a_refusal_with_a_wait_holds_everybody_back_and_empties_the_bucket() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.acquire([BURSTY], Priority.BULK)
    await budget.learn(BURSTY, LimitNews("bursty", rate=2.0))
    await budget.throttled(BURSTY, 7.0)
    assert await times_of(budget, BURSTY, 3) == pytest.approx([7.0, 7.505, 8.01])


@virtual
async def test_refusals_in_a_row_without_a_wait_double_it() -> None:
    budget, waits = MemoryBudget(virtual_clock(), warm_s=0.0), []
    await budget.acquire([TEN], Priority.BULK)
    for _ in range(7):
        asked = seconds()
        await budget.throttled(TEN, 0.0)
        await budget.acquire([TEN], Priority.BULK)
        waits.append(round(seconds() - asked))
    assert waits == [1, 2, 4, 8, 16, 30, 30]


@virtual
async def test_calls_refused_in_the_same_moment_count_as_one_refusal() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    for _ in range(5):
        await budget.throttled(TEN, 0.0)
    await budget.acquire([TEN], Priority.BULK)
    assert seconds() == pytest.approx(1.0)


@virtual
async def test_a_slot_reserved_before_a_refusal_is_not_used() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.acquire([TEN], Priority.BULK)
    waiting = asyncio.create_task(budget.acquire([TEN], Priority.ZERO))
    await asyncio.sleep(0.05)
    await budget.throttled(TEN, 3.0)
    await waiting
    assert seconds() == pytest.approx(3.05)


@virtual
async def test_a_second_refusal_in_a_row_teaches_a_lower_rate_until_an_hour_has_passed_in_peace() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.throttled(TEN, 1.0)
    times = await times_of(budget, TEN, 3)
    assert times[2] - times[1] == pytest.approx(0.101)
    await budget.throttled(TEN, 1.0)
    times = await times_of(budget, TEN, 3)
    assert times[2] - times[1] == pytest.approx(0.101 / 0.9)
    await asyncio.sleep(3_700)
    times = await times_of(budget, TEN, 3)
    assert times[2] - times[1] == pytest.approx(0.101)


@virtual
async def test_a_rate_told_by_a_header_is_adopted_and_a_refusal_leaves_it() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.learn(TEN, LimitNews("rate", rate=5.0))
    times = await times_of(budget, TEN, 3)
    assert times[2] - times[1] == pytest.approx(0.202)
    await budget.throttled(TEN, 1.0)
    times = await times_of(budget, TEN, 3)
    assert times[2] - times[1] == pytest.approx(0.202)


@virtual
async def test_a_header_saying_that_less_is_left_takes_credit_away() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.acquire([BURSTY], Priority.BULK)
    await budget.learn(BURSTY, LimitNews("bursty", remaining=0))
    await budget.acquire([BURSTY], Priority.BULK)
    assert seconds() == pytest.approx(0.505)


@virtual
async def test_headers_of_a_steady_stream_cost_no_calls() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    for _ in range(50):
        await budget.acquire([TEN], Priority.BULK)
        await asyncio.sleep(0.03)  # the answer comes
        await budget.learn(TEN, LimitNews("rate", rate=10.0, remaining=0))
    assert seconds() == pytest.approx(49 * 0.101 + 0.03)


@virtual
async def test_who_cannot_wait_as_long_as_a_refusal_asks_hears_so_at_once() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0, max_wait_s=60)
    await budget.throttled(TEN, 86_400.0)
    for _ in range(2):
        with pytest.raises(Throttled) as refusal:
            await budget.acquire([TEN], Priority.ZERO)
        assert refusal.value.retry_after_s == pytest.approx(86_400)
    assert seconds() == 0


@virtual
async def test_a_call_that_counts_twice_waits_for_both_and_a_refusal_by_one_frees_the_other() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0, max_wait_s=5)
    slow = BucketKey("app", Limit("slow", Scope.OPERATION, rate=1.0), "x")
    for _ in range(3):
        await budget.acquire([TEN, slow], Priority.BULK)
    assert seconds() == pytest.approx(2.02)
    await budget.throttled(TEN, 100.0)
    with pytest.raises(Throttled):
        await budget.acquire([TEN, slow], Priority.BULK)
    asked = seconds()
    await budget.acquire([slow], Priority.BULK)
    assert seconds() - asked <= 1.01


@virtual
async def test_buckets_of_different_owners_do_not_hold_each_other_back() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    for app in ("one", "two", "three"):
        await budget.acquire([replace(TEN, app=app)], Priority.BULK)
    assert seconds() == 0


@virtual
async def test_a_late_wake_up_does_not_bunch_calls() -> None:
    """A stalled loop must not send what it missed all at once."""
    budget, loop = MemoryBudget(virtual_clock(), warm_s=0.0), asyncio.get_running_loop()
    times: list[float] = []

    async def caller() -> None:
        for _ in range(30):
            await budget.acquire([TEN], Priority.BULK)
            times.append(seconds())
            if len(times) in {5, 12}:
                loop._virtual_s += 0.75  # type: ignore[attr-defined]  # the loop was busy elsewhere

    await asyncio.gather(caller(), caller())
    assert max(sum(1 for each in times if at <= each < at + 1) for at in times) <= 10
