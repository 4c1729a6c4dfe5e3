"""Several processes' worth of budgets on one database.

On SQLite on virtual time with units run inline; on PostgreSQL, whose own clock counts, in real time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MakeDatabase
from tests.support.vtime import START, run_virtual

from jangbu.infra.budget import SharedBudget, prepare
from jangbu.infra.db import Database
from jangbu.kernel.clock import LoopClock
from jangbu.kernel.errors import Throttled
from jangbu.sdk.budget import BucketKey
from jangbu.sdk.manifest import Limit, LimitNews, Priority, Scope

RATE = 50.0
INTERVAL = 1.01 / RATE
FIFTY = BucketKey("app", Limit("rate", Scope.APP, rate=RATE))
BURSTY = BucketKey("app", Limit("bursty", Scope.APP, rate=RATE, burst=4))
HUNDRED = BucketKey("app", Limit("day", Scope.APP, quota=100, window_s=86_400.0))


class World:
    """One database and the clock that fits its kind."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.virtual = database.kind == "sqlite"
        prepare(database)
        prepare(database)

    def run(self, test: Coroutine[Any, Any, None]) -> None:
        run_virtual(test) if self.virtual else asyncio.run(test)

    def process(self, **options: Any) -> SharedBudget:
        clock = LoopClock(START, 0.0) if self.virtual else LoopClock()
        return SharedBudget(self.database, clock, **{"warm_s": 0.0, **options})

    def about(self, seconds: float) -> Any:
        """Allow a busy machine its lateness, but never earliness."""
        return pytest.approx(seconds) if self.virtual else NoSooner(seconds)


class NoSooner:
    """Equal to anything from a span less its measuring error up to a generous second more."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and self.seconds - 0.003 <= other <= self.seconds + 1.0

    def __hash__(self) -> int:
        return hash(self.seconds)

    def __repr__(self) -> str:
        return f"{self.seconds} s or up to 1 s later"


@pytest.fixture
def world(make_database: MakeDatabase, database_kind: str) -> World:
    return World(make_database(inline=database_kind == "sqlite", upgraded=False))


@pytest.fixture
def virtual_world(tmp_path: Path) -> Iterator[World]:
    """For what takes hours; the statements are the same on both databases."""
    with Database.open(f"sqlite:///{tmp_path}/limits.sqlite3", inline=True, synchronous="OFF") as database:
        yield World(database)


def seconds() -> float:
    return asyncio.get_running_loop().time()


async def queue(budget: SharedBudget, key: BucketKey, count: int, times: list[float]) -> None:
    async def caller() -> None:
        await budget.acquire([key], Priority.BULK)
        times.append(seconds())

    await asyncio.gather(*(caller() for _ in range(count)))


def test_three_processes_share_one_rate_and_waste_none_of_it(world: World) -> None:
    async def check() -> None:
        began, times = seconds(), list[float]()
        await asyncio.gather(*(queue(world.process(), FIFTY, 10, times) for _ in range(3)))
        assert max(times) - began == world.about(29 * INTERVAL)

    world.run(check())


def test_every_process_gets_its_turn(world: World) -> None:
    async def check() -> None:
        one, other = list[float](), list[float]()
        await asyncio.gather(queue(world.process(), FIFTY, 20, one), queue(world.process(), FIFTY, 20, other))
        assert abs(max(one) - max(other)) <= 4 * INTERVAL

    world.run(check())


def test_a_burst_is_shared(world: World) -> None:
    async def check() -> None:
        one, other = world.process(), world.process()
        began = seconds()
        for budget in (one, other, one, other, one):
            await budget.acquire([BURSTY], Priority.BULK)
        assert seconds() - began == world.about(INTERVAL) or not world.virtual

    world.run(check())


def test_high_overtakes_what_is_queued_in_every_process(world: World) -> None:
    async def check() -> None:
        one, other, times = world.process(), world.process(), list[float]()
        bulk = [asyncio.create_task(queue(each, FIFTY, 40, times)) for each in (one, other)]
        await asyncio.sleep(5.5 * INTERVAL)
        served = len(times)
        await one.acquire([FIFTY], Priority.ZERO)
        assert len(times) - served <= 3
        for task in bulk:
            task.cancel()
        await asyncio.wait(bulk)

    world.run(check())


def test_a_refusal_holds_all_processes_back(world: World) -> None:
    async def check() -> None:
        one, other = world.process(), world.process()
        await one.acquire([FIFTY], Priority.BULK)
        waiting = asyncio.create_task(other.acquire([FIFTY], Priority.ZERO))
        await asyncio.sleep(0)
        began = seconds()
        await one.throttled(FIFTY, 0.5)
        await waiting
        assert seconds() - began == world.about(0.5)
        await one.acquire([FIFTY], Priority.ZERO)
        assert seconds() - began == world.about(0.5 + INTERVAL)

    world.run(check())


def test_a_slot_reserved_before_another_process_was_refused_is_not_used(world: World) -> None:
    slow = BucketKey("app", Limit("slow", Scope.APP, rate=5.0))

    async def check() -> None:
        one, other = world.process(), world.process()
        await other.acquire([slow], Priority.BULK)
        waiting = asyncio.create_task(other.acquire([slow], Priority.BULK))
        await asyncio.sleep(0.1)  # its slot is reserved, 0.1 s ahead
        began = seconds()
        await one.throttled(slow, 0.6)
        await waiting
        assert seconds() - began == world.about(0.6)

    world.run(check())


def test_refusals_without_a_wait_double_across_processes(virtual_world: World) -> None:
    async def check() -> None:
        one, other, waits = virtual_world.process(), virtual_world.process(), []
        for budget in (one, other, one):
            began = seconds()
            await budget.throttled(FIFTY, 0.0)
            await budget.throttled(FIFTY, 0.0)  # of the same moment
            await one.acquire([FIFTY], Priority.BULK)
            waits.append(round(seconds() - began))
        assert waits == [1, 2, 4]

    virtual_world.run(check())


def test_a_rate_told_to_one_process_holds_for_all_and_outlives_them(world: World) -> None:
    async def check() -> None:
        await world.process().learn(FIFTY, LimitNews("rate", rate=10.0, burst=2))
        later, began = world.process(), seconds()
        for _ in range(4):
            await later.acquire([FIFTY], Priority.BULK)
        assert seconds() - began == world.about(2 * 0.101)

    world.run(check())


def test_refusals_in_a_row_ease_the_rate_until_an_hour_has_passed(virtual_world: World) -> None:
    async def check() -> None:
        budget = virtual_world.process()
        for _ in range(2):
            await budget.throttled(FIFTY, 1.0)
            await budget.acquire([FIFTY], Priority.BULK)
        spans = []
        for _ in range(2):
            await budget.acquire([FIFTY], Priority.BULK)
            began = seconds()
            await budget.acquire([FIFTY], Priority.BULK)
            spans.append(seconds() - began)
            await asyncio.sleep(3_700)
        assert spans == pytest.approx([INTERVAL / 0.9, INTERVAL], rel=1e-4)

    virtual_world.run(check())


def test_remaining_calls_told_by_a_header_take_credit_away(world: World) -> None:
    async def check() -> None:
        budget, began = world.process(), seconds()
        await budget.acquire([BURSTY], Priority.BULK)
        await budget.learn(BURSTY, LimitNews("bursty", remaining=0))
        await budget.acquire([BURSTY], Priority.BULK)
        assert seconds() - began == world.about(INTERVAL)

    world.run(check())


def test_a_cancelled_waiter_loses_no_slot(world: World) -> None:
    slow = BucketKey("app", Limit("slow", Scope.APP, rate=5.0))

    async def check() -> None:
        one, other = world.process(), world.process()
        began = seconds()
        await one.acquire([slow], Priority.BULK)
        gone = asyncio.create_task(one.acquire([slow], Priority.BULK))
        await asyncio.sleep(0.1)
        gone.cancel()
        await asyncio.sleep(0.15)
        await other.acquire([slow], Priority.BULK)
        assert seconds() - began == (pytest.approx(0.25) if world.virtual else world.about(0.25))

    world.run(check())


def test_a_clock_set_back_does_not_stop_calls(world: World) -> None:
    async def check() -> None:
        budget = world.process()
        await budget.acquire([FIFTY, HUNDRED], Priority.BULK)
        far = "UPDATE budget_bucket SET tat = tat + 31000000, blocked_until = tat + 31000000"
        used = "UPDATE budget_used SET part = part + 4000, used = 100"
        await world.database.write(lambda tx: tx.run(far))
        await world.database.write(lambda tx: tx.run(used))
        began = seconds()
        await world.process().acquire([FIFTY, HUNDRED], Priority.BULK)
        assert seconds() - began == world.about(0.0)

    world.run(check())


def test_the_quota_and_its_reserve_are_shared(world: World) -> None:
    async def spend(budget: SharedBudget, priority: Priority, times: int) -> int:
        for spent in range(times):
            try:
                await budget.acquire([HUNDRED], priority)
            except Throttled:
                return spent
        return times

    async def check() -> None:
        one, other = world.process(), world.process()
        assert await spend(one, Priority.ORDERS, 60) == 60
        assert await spend(other, Priority.ORDERS, 60) == 30
        assert await spend(one, Priority.ZERO, 60) == 10
        assert await spend(other, Priority.ZERO, 1) == 0

    world.run(check())


def test_processes_racing_for_the_last_calls_do_not_overspend(world: World) -> None:
    async def check() -> None:
        budgets = [world.process(reserve=0.0) for _ in range(4)]
        calls = [budgets[n % 4].acquire([HUNDRED], Priority.BULK) for n in range(130)]
        done = await asyncio.gather(*calls, return_exceptions=True)
        assert sum(each is None for each in done) == 100
        assert {type(each) for each in done if each is not None} == {Throttled}

    world.run(check())


def test_the_quota_returns_when_its_part_of_the_day_has_passed(virtual_world: World) -> None:
    async def check() -> None:
        budget = virtual_world.process()
        for _ in range(90):
            await budget.acquire([HUNDRED], Priority.BULK)
        with pytest.raises(Throttled) as refusal:
            await budget.acquire([HUNDRED], Priority.BULK)
        await asyncio.sleep(refusal.value.retry_after_s)
        await budget.acquire([HUNDRED], Priority.BULK)
        (parts,) = (await virtual_world.database.read(lambda tx: tx.all("SELECT count(*) FROM budget_used")))[0]
        assert parts == 1

    virtual_world.run(check())


def test_a_large_quota_is_taken_in_lots_and_what_is_left_of_one_is_given_back(virtual_world: World) -> None:
    large = BucketKey("app", Limit("large", Scope.APP, quota=10_000, window_s=86_400.0))

    async def counted() -> int:
        rows = await virtual_world.database.read(lambda tx: tx.all("SELECT sum(used) FROM budget_used"))
        return int(rows[0][0])

    async def check() -> None:
        budget = virtual_world.process()
        for _ in range(10):
            await budget.acquire([large], Priority.BULK)
        assert await counted() == 21
        for _ in range(50):
            await asyncio.sleep(61)
            await budget.acquire([large], Priority.BULK)
        assert await counted() == 10 + 50 + 20

    virtual_world.run(check())


def test_what_the_header_says_of_the_quota_holds_for_all(world: World) -> None:
    async def check() -> None:
        one, other = world.process(), world.process()
        await one.acquire([HUNDRED], Priority.BULK)
        await one.learn(HUNDRED, LimitNews("day", quota=200, quota_remaining=21))
        await other.acquire([HUNDRED], Priority.BULK)
        with pytest.raises(Throttled):
            await other.acquire([HUNDRED], Priority.BULK)

    world.run(check())


def test_a_refusal_for_the_day_closes_the_quota_for_all(world: World) -> None:
    async def check() -> None:
        await world.process().throttled(HUNDRED, 86_400.0)
        with pytest.raises(Throttled) as refusal:
            await world.process().acquire([HUNDRED], Priority.ZERO)
        assert refusal.value.retry_after_s == pytest.approx(86_400, abs=60)

    world.run(check())


def test_a_changed_manifest_reaches_the_row_unless_a_header_has_told_the_rate(world: World) -> None:
    faster = BucketKey("app", Limit("rate", Scope.APP, rate=200.0))

    async def rate() -> float:
        return float((await world.database.read(lambda tx: tx.all("SELECT rate FROM budget_bucket")))[0][0])

    async def check() -> None:
        await world.process().acquire([FIFTY], Priority.BULK)
        await world.process().acquire([faster], Priority.BULK)
        assert await rate() == 200.0
        await world.process().learn(faster, LimitNews("rate", rate=7.0))
        await world.process().acquire([FIFTY], Priority.BULK)
        assert await rate() == 7.0

    world.run(check())
