"""Quotas of a rolling day: the reserve, what headers say, giving back."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.vtime import virtual, virtual_clock

from jangbu.kernel.errors import Throttled
from jangbu.sdk.budget import BucketKey, MemoryBudget
from jangbu.sdk.manifest import Limit, LimitNews, Priority, Scope

HUNDRED = BucketKey("app", Limit("day", Scope.APP, quota=100, window_s=86_400.0))
HOUR_S = 3_600.0


async def spend(budget: MemoryBudget, priority: Priority, times: int) -> int:
    for spent in range(times):
        try:
            await budget.acquire([HUNDRED], priority)
        except Throttled:
            return spent
    return times


@virtual
async def test_a_tenth_of_the_quota_is_kept_for_the_two_highest_classes() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    assert await spend(budget, Priority.ORDERS, 200) == 90
    assert await spend(budget, Priority.TOKEN, 3) == 3
    assert await spend(budget, Priority.ZERO, 200) == 7
    assert await spend(budget, Priority.ZERO, 1) == 0


@virtual
async def test_the_refusal_tells_when_calls_come_back_and_they_do() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await spend(budget, Priority.BULK, 90)
    with pytest.raises(Throttled) as refusal:
        await budget.acquire([HUNDRED], Priority.BULK)
    assert 22 * HOUR_S <= refusal.value.retry_after_s <= 26 * HOUR_S
    await asyncio.sleep(refusal.value.retry_after_s)
    assert await spend(budget, Priority.BULK, 200) == 90


@virtual
async def test_no_window_ever_holds_more_than_the_quota() -> None:
    budget, times = MemoryBudget(virtual_clock(), warm_s=0.0), []
    for _ in range(200):
        await asyncio.sleep(1_300)
        if await spend(budget, Priority.ZERO, 3) == 3:
            times += [asyncio.get_running_loop().time()] * 3
    assert max(sum(1 for each in times if at - 86_400 < each <= at) for at in times) <= 100
    assert len(times) > 200


@virtual
async def test_a_short_wait_for_the_quota_is_waited() -> None:
    minute = BucketKey("app", Limit("minute", Scope.APP, quota=10, window_s=60.0))
    budget = MemoryBudget(virtual_clock(), warm_s=0.0, reserve=0.0)
    for _ in range(11):
        await budget.acquire([minute], Priority.BULK)
    assert asyncio.get_running_loop().time() == pytest.approx(65, abs=0.1)


@virtual
async def test_what_others_used_is_learnt_from_the_header() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await spend(budget, Priority.BULK, 1)
    await budget.learn(HUNDRED, LimitNews("day", quota_remaining=12))
    assert await spend(budget, Priority.BULK, 10) == 2


@virtual
async def test_calls_the_far_side_did_not_count_are_given_back_but_for_a_margin() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await spend(budget, Priority.BULK, 90)
    await budget.learn(HUNDRED, LimitNews("day", quota_remaining=100))
    assert await spend(budget, Priority.BULK, 100) == 70


@virtual
async def test_a_new_quota_is_adopted() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.learn(HUNDRED, LimitNews("day", quota=10))
    assert await spend(budget, Priority.BULK, 100) == 9


@virtual
async def test_a_refusal_for_the_day_closes_the_bucket_for_all_classes() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    await budget.throttled(HUNDRED, HOUR_S)
    assert await spend(budget, Priority.ZERO, 1) == 0
    await asyncio.sleep(HOUR_S)
    assert await spend(budget, Priority.BULK, 1) == 1


@virtual
async def test_a_call_refused_by_its_rate_costs_no_quota() -> None:
    slow = BucketKey("app", Limit("slow", Scope.APP, rate=0.001))
    budget = MemoryBudget(virtual_clock(), warm_s=0.0, max_wait_s=10)
    await budget.acquire([slow], Priority.ZERO)
    for _ in range(50):
        with pytest.raises(Throttled):
            await budget.acquire([HUNDRED, slow], Priority.ZERO)
    assert await spend(budget, Priority.ZERO, 200) == 100
