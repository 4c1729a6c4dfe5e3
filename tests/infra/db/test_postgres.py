from __future__ import annotations

import asyncio
import threading
from functools import partial

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.conftest import MakeDatabase, MakeURL

from jangbu.infra.db import Database, WriteTx
from jangbu.infra.db.translate import to_psycopg
from jangbu.kernel.errors import ConfigError, StateError

pytestmark = [
    pytest.mark.pg,
    pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True),
    pytest.mark.usefixtures("database_kind"),
]


def test_placeholders_become_the_drivers_own() -> None:
    assert to_psycopg("SELECT ? WHERE a = ?") == "SELECT %s WHERE a = %s"
    assert to_psycopg("SELECT 'it''s ?', \"a?\", 5 % 2 -- why?\n, ?") == (
        "SELECT 'it''s ?', \"a?\", 5 %% 2 -- why?\n, %s"
    )
    assert to_psycopg("a LIKE '%?' /* ? % */ AND b = ?") == "a LIKE '%%?' /* ? %% */ AND b = %s"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text("?%s'\"-/*\\ \n별", max_size=8),
    st.text("?%s'-/*\\ 별", min_size=1, max_size=8),
    st.text("?%'별", max_size=8),
)
@example("100%", "%s", "?")
def test_text_in_quotes_survives_the_translation(database: Database, literal: str, name: str, value: str) -> None:
    quoted = literal.replace("'", "''")
    comment = name.replace("*/", "").replace("/*", "")
    sql = f"SELECT '{quoted}' AS \"{name}\", CAST(? AS TEXT) /*{comment} */, 7 % 4 -- ?%\n"
    assert database.read_now(lambda tx: tx.all(sql, (value,))) == [(literal, value, 3)]


async def test_units_that_lock_each_other_out_are_run_again(database: Database) -> None:
    database.write_now(lambda tx: tx.run("CREATE TABLE item (name TEXT PRIMARY KEY, n BIGINT)"))
    database.write_now(lambda tx: tx.run("INSERT INTO item VALUES ('a', 0), ('b', 0)"))
    both_hold_one = threading.Barrier(2)
    runs: list[str] = []

    def unit(tx: WriteTx, first: str, second: str) -> None:
        tx.all("SELECT set_config('deadlock_timeout', '10ms', true)")
        runs.append(first)
        tx.run("UPDATE item SET n = n + 1 WHERE name = ?", (first,))
        if runs.count(first) == 1:
            both_hold_one.wait(10)
        tx.run("UPDATE item SET n = n + 1 WHERE name = ?", (second,))
        tx.after_commit(partial(runs.append, "done"))

    await asyncio.gather(
        database.write(partial(unit, first="a", second="b")),
        database.write(partial(unit, first="b", second="a")),
    )
    assert database.read_now(lambda tx: tx.all("SELECT n FROM item")) == [(2,), (2,)]
    assert runs.count("done") == 2
    assert runs.count("a") + runs.count("b") == 3


def test_a_unit_that_goes_on_after_a_failed_statement_is_not_called_kept(database: Database) -> None:
    database.write_now(lambda tx: tx.run("CREATE TABLE item (name TEXT PRIMARY KEY)"))

    def careless(tx: WriteTx) -> None:
        tx.run("INSERT INTO item VALUES ('a')")
        with pytest.raises(psycopg.errors.UndefinedTable):
            tx.run("INSERT INTO missing VALUES ('b')")

    with pytest.raises(RuntimeError, match="nothing of it was kept"):
        database.write_now(careless)
    assert database.read_now(lambda tx: tx.all("SELECT * FROM item")) == []


@pytest.mark.parametrize("inline", [False, True])
def test_a_lost_connection_is_told_and_replaced(make_database: MakeDatabase, make_url: MakeURL, inline: bool) -> None:
    url = make_url(upgraded=False)
    database, other = make_database(url, inline=inline), make_database(url, inline=True)

    def cut(tx: WriteTx) -> None:
        tx.all("SELECT 1")
        other.write_now(end_the_others)

    def end_the_others(tx: WriteTx) -> None:
        tx.all(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            " AND datname = current_database()"
        )

    assert database.read_now(lambda tx: tx.one("SELECT 1")) == (1,)
    other.write_now(end_the_others)
    with pytest.raises(StateError) as caught:
        database.write_now(lambda tx: tx.all("SELECT 1"))
    assert caught.value.code == "database.lost"
    assert database.write_now(lambda tx: tx.all("SELECT 2")) == [(2,)]


async def test_notices_missed_while_the_connection_was_lost_wake_everyone(database: Database) -> None:
    wake = database.subscribe("stock")
    assert not await wake.wait(0)
    with pytest.raises(StateError):
        await database.write(
            lambda tx: tx.all(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
                " ORDER BY pid = pg_backend_pid()"
            )
        )
    assert await wake.wait(20)


@pytest.mark.parametrize("url", ["postgresql://me:s3cret@127.0.0.1:1/hub", "postgresql://me:s3%cret@127.0.0.1/hub"])
def test_an_unreachable_server_is_told_without_the_password(url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Database.open(url)
    shown = f"{caught.value!r} {caught.value.facts} {caught.value.__cause__} {caught.value.__context__}"
    assert "s3" not in str(caught.value) + str(caught.value.facts) + str(caught.value.__cause__)
    assert caught.value.__suppress_context__
    assert "127.0.0.1" in shown or caught.value.code == "database.address"


def test_a_broken_constraint_does_not_show_the_row(database: Database) -> None:
    database.write_now(lambda tx: tx.run("CREATE TABLE buyer (mail TEXT UNIQUE)"))
    database.write_now(lambda tx: tx.run("INSERT INTO buyer VALUES ('buyer17@example.com')"))
    with pytest.raises(StateError, match="buyer_mail_key") as caught:
        database.write_now(lambda tx: tx.run("INSERT INTO buyer VALUES ('buyer17@example.com')"))
    assert "buyer17" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
