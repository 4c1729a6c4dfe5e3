from __future__ import annotations

import asyncio

import pytest
from tests.conftest import MakeDatabase
from tests.support.vtime import VirtualLoop

from jangbu.infra.db import Database, WriteTx


@pytest.fixture(params=[False, True], ids=["threads", "inline"])
def either(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Database:
    return make_database(upgraded=False, inline=request.param)


def tell(tx: WriteTx) -> None:
    tx.notify("stock")
    tx.notify("stock")


async def test_a_commit_wakes_those_who_wait_for_its_topic_and_no_others(either: Database) -> None:
    first, second, other = either.subscribe("stock"), either.subscribe("stock"), either.subscribe("orders")
    sleeping = asyncio.ensure_future(first.wait(20))
    await asyncio.sleep(0)
    await either.write(tell)
    assert await sleeping
    assert await second.wait(20)
    assert not await other.wait(0)


async def test_notices_that_come_while_nobody_waits_are_kept_as_one(either: Database) -> None:
    wake = either.subscribe("stock")
    for _ in range(3):
        await either.write(tell)
    assert await wake.wait(20)
    assert not await wake.wait(0)


async def test_a_failed_unit_wakes_nobody(either: Database) -> None:
    wake = either.subscribe("stock")

    def fail(tx: WriteTx) -> None:
        tell(tx)
        raise KeyError

    with pytest.raises(KeyError):
        await either.write(fail)
    await either.write(lambda _: None)
    assert not await wake.wait(0)


async def test_an_ended_subscription_is_not_woken(either: Database) -> None:
    wake = either.subscribe("stock")
    wake.close()
    await either.write(tell)
    assert not await wake.wait(0)


def test_a_thread_that_blocks_wakes_a_loop(either: Database) -> None:
    wake = either.subscribe("stock")
    either.write_now(tell)
    assert asyncio.run(wake.wait(20))


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_waiting_passes_virtual_time(make_database: MakeDatabase) -> None:
    database = make_database(upgraded=False, inline=True)
    wake = database.subscribe("stock")

    async def wait_an_hour() -> tuple[bool, float, bool, float]:
        loop = asyncio.get_running_loop()
        missed = await wake.wait(3600)
        first = loop.time()
        loop.call_later(60, database.write_now, tell)
        return missed, first, await wake.wait(3600), loop.time()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(wait_an_hour()) == (False, 3600.0, True, 3660.0)
