from __future__ import annotations

import asyncio
import threading
from functools import partial

import pytest
from tests.conftest import MakeDatabase, MakeURL

from jangbu.infra.db import Database, ReadTx, WriteTx
from jangbu.kernel.errors import Conflict, StateError


@pytest.fixture
def shelf(make_database: MakeDatabase) -> Database:
    return with_table(make_database(upgraded=False))


@pytest.fixture(params=[False, True], ids=["threads", "inline"])
def either(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Database:
    return with_table(make_database(upgraded=False, inline=request.param))


def with_table(database: Database) -> Database:
    database.write_now(lambda tx: tx.run("CREATE TABLE item (name TEXT PRIMARY KEY, amount BIGINT NOT NULL)"))
    return database


def insert(tx: WriteTx, name: str, amount: int = 1) -> int:
    return tx.run("INSERT INTO item (name, amount) VALUES (?, ?)", (name, amount))


def names(tx: ReadTx) -> list[str]:
    return [name for (name,) in tx.all("SELECT name FROM item ORDER BY name")]


async def test_a_unit_gives_its_result_and_is_read_back(either: Database) -> None:
    assert await either.write(lambda tx: insert(tx, "cup", 3)) == 1
    assert await either.read(lambda tx: tx.one("SELECT amount FROM item WHERE name = ?", ("cup",))) == (3,)


async def test_a_failing_unit_keeps_nothing_and_raises_what_it_raised(either: Database) -> None:
    def fail(tx: WriteTx) -> None:
        insert(tx, "cup")
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await either.write(fail)
    assert await either.read(names) == []


async def test_a_failing_unit_does_not_touch_its_neighbours(shelf: Database) -> None:
    def unit(tx: WriteTx, number: int) -> int:
        insert(tx, f"{number:03}")
        if number % 3 == 0:
            raise ValueError(number)
        return number

    units = [shelf.write(partial(unit, number=n)) for n in range(60)]
    outcomes = await asyncio.gather(*units, return_exceptions=True)
    kept = [f"{n:03}" for n in range(60) if n % 3]
    assert await shelf.read(names) == kept
    assert [repr(o) for o in outcomes] == [f"ValueError({n})" if n % 3 == 0 else str(n) for n in range(60)]


async def test_a_broken_constraint_is_a_conflict(either: Database) -> None:
    await either.write(lambda tx: insert(tx, "cup"))
    with pytest.raises(Conflict) as caught:
        await either.write(lambda tx: insert(tx, "cup"))
    assert caught.value.code == "database.constraint"
    assert "cup" not in str(caught.value)


def test_units_can_block_a_thread_instead_of_a_task(either: Database) -> None:
    either.write_now(lambda tx: insert(tx, "cup"))
    assert either.read_now(names) == ["cup"]
    with pytest.raises(ZeroDivisionError):
        either.write_now(lambda _: 1 // 0)


async def test_many_rows_and_returned_rows(either: Database) -> None:
    rows = [(f"n{n}", n) for n in range(5)]
    assert await either.write(lambda tx: tx.run_many("INSERT INTO item (name, amount) VALUES (?, ?)", rows)) == 5
    found = await either.write(
        lambda tx: tx.returning("UPDATE item SET amount = amount + ? WHERE amount >= ? RETURNING name, amount", (10, 3))
    )
    assert sorted(found) == [("n3", 13), ("n4", 14)]
    assert await either.read(lambda tx: tx.one("SELECT sum(amount), count(*) FROM item")) == (30, 5)
    assert type((await either.read(lambda tx: tx.all("SELECT sum(amount) FROM item")))[0][0]) is int


async def test_both_databases_store_the_same_values(either: Database) -> None:
    blob = "BLOB" if either.kind == "sqlite" else "BYTEA"
    either.write_now(lambda tx: tx.run(f"CREATE TABLE v (i BIGINT, r DOUBLE PRECISION, t TEXT, b {blob})"))
    rows = [(True, 0.5, "별 ' \" % ? \\", b"\x00\xff"), (2**62, -1.0, "", b""), (None, None, None, None)]
    either.write_now(lambda tx: tx.run_many("INSERT INTO v VALUES (?, ?, ?, ?)", rows))
    assert either.read_now(lambda tx: tx.all("SELECT i, r, t, b FROM v")) == rows


async def test_a_reading_unit_cannot_write(either: Database) -> None:
    with pytest.raises(Exception, match=r"read-?\s?only"):
        await either.read(lambda tx: tx.all("INSERT INTO item VALUES ('x', 1) RETURNING name"))
    assert await either.read(names) == []
    await either.write(lambda tx: insert(tx, "cup"))


async def test_a_reading_unit_sees_one_moment(shelf: Database) -> None:
    begun, written = threading.Event(), threading.Event()

    def look_twice(tx: ReadTx) -> tuple[list[str], list[str]]:
        first = names(tx)
        begun.set()
        assert written.wait(10)
        return first, names(tx)

    reading = asyncio.ensure_future(shelf.read(look_twice))
    await asyncio.to_thread(begun.wait, 10)
    await shelf.write(lambda tx: insert(tx, "cup"))
    written.set()
    assert await reading == ([], [])
    assert await shelf.read(names) == ["cup"]


async def test_a_transaction_cannot_be_used_after_its_unit(either: Database) -> None:
    kept: list[WriteTx] = []
    await either.write(kept.append)
    with pytest.raises(RuntimeError, match="has ended"):
        kept[0].all("SELECT 1")
    with pytest.raises(RuntimeError, match="has ended"):
        kept[0].run_many("INSERT INTO item VALUES (?, ?)", [("x", 1)])


async def test_a_unit_inside_a_unit_is_refused(either: Database) -> None:
    with pytest.raises(RuntimeError, match="may not start another"):
        await either.write(lambda _: either.write_now(lambda tx: insert(tx, "cup")))
    assert await either.read(names) == []


async def test_follow_ups_run_once_after_the_commit_and_before_the_caller_goes_on(either: Database) -> None:
    seen: list[object] = []

    def unit(tx: WriteTx) -> str:
        insert(tx, "cup")
        tx.after_commit(lambda: seen.append((either.read_now(names), threading.get_ident())))
        return "done"

    seen.append(await either.write(unit))
    assert seen == [(["cup"], threading.get_ident()), "done"]
    either.write_now(lambda tx: tx.after_commit(lambda: seen.append("now")))
    assert seen[2:] == ["now"]


async def test_a_failing_unit_has_no_follow_ups(either: Database) -> None:
    seen: list[str] = []

    def unit(tx: WriteTx) -> None:
        tx.after_commit(lambda: seen.append("never"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await either.write(unit)
    await asyncio.sleep(0)
    assert seen == []


async def test_a_raised_stop_iteration_reaches_the_caller_as_an_error(either: Database) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await either.write(lambda _: next(iter([])))


async def test_a_cancelled_caller_leaves_the_unit_whole(shelf: Database) -> None:
    begun, go = threading.Event(), threading.Event()
    committed = asyncio.Event()

    def slow(tx: WriteTx) -> None:
        insert(tx, "first")
        begun.set()
        assert go.wait(10)
        insert(tx, "second")
        tx.after_commit(committed.set)

    task = asyncio.ensure_future(shelf.write(slow))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go.set()
    await shelf.write(lambda tx: insert(tx, "third"))
    await committed.wait()
    assert await shelf.read(names) == ["first", "second", "third"]


async def test_what_was_handed_over_before_closing_is_kept(make_database: MakeDatabase, make_url: MakeURL) -> None:
    url = make_url(upgraded=False)
    database = with_table(make_database(url))
    waiting = [asyncio.ensure_future(database.write(partial(insert, name=str(n)))) for n in range(20)]
    await asyncio.sleep(0)
    database.close()
    await asyncio.gather(*waiting)
    with pytest.raises(StateError, match="closed"):
        await database.read(names)
    with pytest.raises(StateError, match="closed"):
        database.write_now(lambda tx: insert(tx, "late"))
    assert len(make_database(url).read_now(names)) == 20


def test_one_database_serves_several_event_loops(shelf: Database) -> None:
    async def once(name: str) -> None:
        await shelf.write(lambda tx: insert(tx, name))

    asyncio.run(once("a"))
    asyncio.run(once("b"))
    assert shelf.read_now(names) == ["a", "b"]
