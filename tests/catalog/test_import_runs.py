"""How far the reading of a shop's listings has come, across asking twice, restarts and failures."""

from __future__ import annotations

from datetime import timedelta

from tests.shops.samples import NOW, OWNER, connect

from jangbu.catalog import import_runs as runs
from jangbu.catalog.import_runs import ImportRun
from jangbu.infra.db import Database
from jangbu.kernel.ids import ShopId


def run(database: Database, shop: ShopId) -> ImportRun:
    return database.read_now(runs.all_runs)[shop]


def ask(database: Database, shop: ShopId, after_s: float = 0) -> None:
    database.write_now(lambda tx: runs.ask(tx, shop, NOW + timedelta(seconds=after_s), actor=OWNER))


def begin(database: Database, shop: ShopId, expected: int) -> None:
    database.write_now(lambda tx: runs.begun(tx, shop, NOW, expected))


def went(database: Database, shop: ShopId, listings: int) -> None:
    database.write_now(lambda tx: runs.went(tx, shop, listings, 2 * listings))


def end(database: Database, shop: ShopId, trouble: str = "") -> None:
    database.write_now(lambda tx: runs.ended(tx, shop, NOW, trouble))


def test_a_run_goes_from_asked_to_running_to_done(database: Database) -> None:
    shop = connect(database).id
    ask(database, shop)
    assert (run(database, shop).state, database.read_now(runs.waiting)) == ("asked", [shop])
    begin(database, shop, 312)
    went(database, shop, 100)
    found = run(database, shop)
    assert (found.state, found.listings, found.expected, found.offers) == ("running", 100, 312, 200)
    assert database.read_now(runs.waiting) == [shop], "a reading cut off is begun anew"
    end(database, shop)
    assert (run(database, shop).state, database.read_now(runs.waiting)) == ("done", [])


def test_asking_while_one_is_under_way_changes_nothing(database: Database) -> None:
    shop = connect(database).id
    ask(database, shop)
    begin(database, shop, 312)
    went(database, shop, 100)
    before = run(database, shop)
    ask(database, shop, after_s=60)
    assert run(database, shop) == before


def test_asking_after_the_end_begins_from_nothing(database: Database) -> None:
    shop = connect(database).id
    begin(database, shop, 5)
    went(database, shop, 3)
    end(database, shop, "channel.timeout")
    assert (run(database, shop).state, run(database, shop).trouble) == ("failed", "channel.timeout")
    ask(database, shop)
    assert run(database, shop) == ImportRun(shop, NOW, None, None, 0, 0, 0, "")


def test_the_shop_that_asked_first_is_read_first(database: Database) -> None:
    first, second = connect(database, "first").id, connect(database, "second").id
    ask(database, second, after_s=1)
    ask(database, first, after_s=2)
    assert database.read_now(runs.waiting) == [second, first]
