from __future__ import annotations

import asyncio
import threading
from functools import partial
from pathlib import Path

import pytest

from jangbu.infra.db import Database, WriteTx, sqlite_connect
from jangbu.infra.db.sqlite import SQLiteStore
from jangbu.kernel.errors import ConfigError, Conflict, StateError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.sqlite3"


def opened(path: Path, *, inline: bool = False) -> Database:
    database = Database.open(f"sqlite:///{path}", inline=inline)
    database.write_now(lambda tx: tx.run("CREATE TABLE IF NOT EXISTS item (n BIGINT PRIMARY KEY)"))
    return database


def insert(tx: WriteTx, n: int) -> None:
    tx.run("INSERT INTO item VALUES (?)", (n,))


def statements(database: Database) -> list[str]:
    store = database._store
    assert isinstance(store, SQLiteStore)
    seen: list[str] = []
    store._writer.set_trace_callback(seen.append)
    return seen


async def test_units_that_wait_together_share_one_commit(path: Path) -> None:
    with opened(path) as database:
        seen = statements(database)
        begun, go = threading.Event(), threading.Event()

        def hold(_tx: WriteTx) -> None:
            begun.set()
            assert go.wait(10)

        first = asyncio.ensure_future(database.write(hold))
        await asyncio.to_thread(begun.wait, 10)
        rest = [asyncio.ensure_future(database.write(partial(insert, n=n))) for n in range(50)]
        await asyncio.sleep(0)
        go.set()
        await asyncio.gather(first, *rest)
    assert seen.count("BEGIN IMMEDIATE") == seen.count("COMMIT") == 2


async def test_no_caller_goes_on_before_the_commit(path: Path) -> None:
    with opened(path) as database, opened(path) as other:
        for n in range(20):
            await database.write(partial(insert, n=n))
            assert await other.read(lambda tx: tx.one("SELECT max(n) FROM item")) == (n,)


async def test_a_failed_commit_reaches_every_unit_of_its_batch(path: Path) -> None:
    with opened(path) as database:
        await database.write(lambda tx: tx.run("CREATE TABLE child (n BIGINT REFERENCES item)"))
        begun, go = threading.Event(), threading.Event()

        def hold(tx: WriteTx) -> None:
            begun.set()
            assert go.wait(10)
            insert(tx, 1)

        def orphan(tx: WriteTx) -> None:
            tx.run("PRAGMA defer_foreign_keys = ON")
            tx.run("INSERT INTO child VALUES (99)")

        held = asyncio.ensure_future(database.write(hold))
        await asyncio.to_thread(begun.wait, 10)
        batch = [
            database.write(partial(insert, n=2)),
            database.write(orphan),
            database.write(partial(insert, n=3)),
        ]
        waiting = [asyncio.ensure_future(one) for one in batch]
        await asyncio.sleep(0)
        go.set()
        await held
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [Conflict, Conflict, Conflict]
        assert await database.read(lambda tx: tx.all("SELECT n FROM item")) == [(1,)]
        await database.write(partial(insert, n=4))


def test_a_unit_that_ends_the_common_transaction_is_told_and_the_next_works(path: Path) -> None:
    def meddle(tx: WriteTx) -> None:
        insert(tx, 1)
        tx.run("ROLLBACK")
        raise KeyError("mine")

    with opened(path, inline=True) as database:
        with pytest.raises(KeyError, match="mine"):
            database.write_now(meddle)
        database.write_now(partial(insert, n=2))
        assert database.read_now(lambda tx: tx.all("SELECT n FROM item")) == [(2,)]


def test_a_full_disk_is_said_in_a_sentence_and_keeps_nothing(path: Path) -> None:
    with opened(path) as database:
        database.write_now(lambda tx: tx.run("CREATE TABLE big (t TEXT)"))
        database.write_now(lambda tx: tx.all("PRAGMA max_page_count = 20"))

        def fill(tx: WriteTx) -> None:
            insert(tx, 1)
            tx.run_many("INSERT INTO big VALUES (?)", [("x" * 4000,)] * 100)

        with pytest.raises(StateError, match="disk is full") as caught:
            database.write_now(fill)
        assert caught.value.code == "database.full"
        assert database.read_now(lambda tx: tx.one("SELECT count(*) FROM item, big")) == (0,)
        database.write_now(partial(insert, n=2))


def test_a_lock_held_too_long_is_said_in_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(path) as database:
        monkeypatch.setattr(sqlite_connect, "_PATIENCE_S", 0.02)
        other = sqlite_connect.SQLiteFile(str(path)).connect()
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StateError, match="another program") as caught:
            database.write_now(partial(insert, n=1))
        assert caught.value.code == "database.busy"
        other.execute("ROLLBACK")
        other.close()
        database.write_now(partial(insert, n=1))


def test_an_unusable_file_is_a_fault_of_the_set_up(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("this is no database, but long enough to look at " * 50)
    for name, code in [("none/hub.sqlite3", "not_writable"), (".", "not_writable"), ("notes.txt", "damaged")]:
        with pytest.raises(ConfigError, match=name.split("/")[-1]) as caught:
            Database.open(f"sqlite:///{tmp_path / name}")
        assert caught.value.code == f"database.{code}"


@pytest.mark.parametrize("url", ["sqlite:hub", "sqlite:///", "mysql://x", "", "sqlite:///:memory:"])
def test_an_address_of_another_form_is_refused(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database.open(url)
    assert caught.value.code == "database.address"


def test_only_the_owner_may_read_the_file(path: Path) -> None:
    with opened(path):
        assert {file.stat().st_mode & 0o777 for file in path.parent.glob("hub.sqlite3*")} == {0o600}


def test_an_inline_database_starts_no_thread_and_may_live_in_memory() -> None:
    before = threading.active_count()
    with Database.open("sqlite:///:memory:", inline=True) as database:
        database.upgrade()
        database.write_now(lambda tx: tx.run("CREATE TABLE item (n BIGINT)"))
        database.write_now(partial(insert, n=1))
        assert database.read_now(lambda tx: tx.all("SELECT n FROM item")) == [(1,)]
        assert threading.active_count() == before


def test_the_version_of_sqlite_and_its_known_fault_are_told(path: Path) -> None:
    with opened(path) as database:
        assert database.sqlite_version
        number = tuple(int(part) for part in database.sqlite_version.split("."))
        assert database.wal_bug == (number < (3, 51, 3))
