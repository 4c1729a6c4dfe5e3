"""What is kept of broken connections, of calls and of the story: on both databases, each found as it is asked for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.app.web.filled import FixedClock, fill, open_empty
from tests.shops.samples import NOW, connect, later

from jangbu.app import calls, checks
from jangbu.app.calls import CallLog
from jangbu.app.checks import Checker
from jangbu.infra.activity import note, recent
from jangbu.infra.db import Database, WriteTx
from jangbu.kernel.errors import Transient
from jangbu.sdk.http import CallRecord
from jangbu.sdk.manifest import Priority
from jangbu.shops import service as shops
from jangbu.shops.model import Shop
from jangbu.watch.diagnosis import CHECK_FIRST, Work


def rungs(broken: str = "", code: str = "x.no") -> list[dict[str, Any]]:
    names = ("line", "address", "app")
    return [{"rung": n, "state": "broken" if n == broken else "ok", "code": code if n == broken else ""} for n in names]


def troubled(database: Database, shop: Shop, seconds: float = 0, code: str = "x.no") -> None:
    database.write_now(lambda tx: shops.trouble(tx, shop.id, Transient("", code=code), later(seconds), stops=True))


def looked(database: Database, shop: Shop, seconds: float, broken: str = "line") -> timedelta:
    database.write_now(lambda tx: checks.keep(tx, shop.id, rungs(broken), later(seconds)))
    last = database.read_now(lambda tx: checks.latest(tx, shop.id))
    return last.wait if last else timedelta(0)


def test_looks_that_were_due_come_ever_later_and_a_sound_one_is_not_kept(database: Database) -> None:
    shop = connect(database)
    troubled(database, shop)
    waits = [looked(database, shop, 300), looked(database, shop, 600), looked(database, shop, 1200)]
    assert waits == [CHECK_FIRST, 2 * CHECK_FIRST, 4 * CHECK_FIRST]
    assert looked(database, shop, 1300, broken="") == timedelta(0)
    assert database.read_now(lambda tx: checks.latest(tx, shop.id)) is None


def test_looking_by_hand_again_and_again_puts_nothing_off(database: Database) -> None:
    shop = connect(database)
    troubled(database, shop)
    assert {looked(database, shop, 300 + n) for n in range(6)} == {CHECK_FIRST}


def test_what_lay_behind_the_first_cause_is_looked_at_soon_again(database: Database) -> None:
    shop = connect(database)
    troubled(database, shop)
    for seconds in (300, 600, 1200):
        looked(database, shop, seconds)
    assert looked(database, shop, 2400, broken="app") == CHECK_FIRST


def test_a_new_trouble_does_not_wait_as_long_as_the_one_before_it_did(database: Database) -> None:
    shop = connect(database)
    troubled(database, shop)
    for seconds in (300, 600, 1200):
        looked(database, shop, seconds)
    database.write_now(lambda tx: shops.mended(tx, shop.id, later(1500)))
    troubled(database, shop, 90_000)
    now = database.read_now(lambda tx: shops.named(tx, shop.name))
    assert database.read_now(lambda tx: checks.of_trouble(tx, now)) is None, "that look was at another trouble"
    assert looked(database, shop, 90_300) == CHECK_FIRST


def record(shop: Shop, at: float, priority: Priority, *, write: bool, error: str = "") -> CallRecord:
    return CallRecord(
        shop_key=shop.id, channel="bazaar", operation="op", write=write, priority=priority, cause="c", status=200,
        error_code=error, remote_code="", request_id="", started_at=later(at), elapsed_s=0.1, sent_bytes=0,
        received_bytes=0, attempt=1, quota_left=None,
    )  # fmt: skip


async def test_the_last_success_of_each_work_is_found_whatever_failed_since(database: Database) -> None:
    shop, other = connect(database), connect(database, "other shop")
    log = CallLog(database)
    for each in (
        record(shop, 1, Priority.ORDERS, write=False), record(shop, 2, Priority.ORDERS, write=False),
        record(shop, 3, Priority.ORDERS, write=False, error="x.no"), record(shop, 4, Priority.ZERO, write=True),
        record(shop, 5, Priority.RAISE, write=True), record(shop, 6, Priority.SHIP, write=True, error="x.no"),
        record(other, 7, Priority.SHIP, write=True), record(shop, 8, Priority.TOKEN, write=True),
    ):  # fmt: skip
        log.add(each)
    await log.flush()
    assert database.read_now(lambda tx: calls.last_success(tx, shop.id)) == {
        Work.READING: later(2), Work.WRITING: later(5),
    }  # fmt: skip
    failed = database.read_now(lambda tx: calls.latest(tx, 10, shop.id, failed=True))
    assert [call.started_at for call in failed] == [later(6), later(3)]


def test_the_story_is_told_by_shop_and_by_what_it_is_about(database: Database) -> None:
    shop = connect(database)

    def write(tx: WriteTx) -> None:
        for code in ("order.heard", "orders_odd", "ship.done", "order.fewer"):
            note(tx, NOW, code, shop_id=shop.id)
        note(tx, NOW, "order.heard", shop_id="elsewhere")

    database.write_now(write)

    def told(**asked: Any) -> list[str]:
        return [each.code for each in database.read_now(lambda tx: recent(tx, 50, **asked))]

    assert told(shop_id="elsewhere") == ["order.heard"]
    assert told(shop_id=shop.id, codes=("order.",)) == ["order.fewer", "order.heard"]
    assert told(codes=("order.fewer", "ship.")) == ["order.fewer", "ship.done"]
    assert told(codes=("ship_done",)) == [], "nothing in a code stands for any letter"
    assert len(told()) > 5


@pytest.mark.filterwarnings("error")
async def test_a_look_that_crashes_ends_neither_the_hub_nor_the_looks_at_other_shops(tmp_path: Path) -> None:
    clock = FixedClock()
    house = open_empty(tmp_path, clock=clock)
    both = fill(house)
    seen: list[str] = []

    async def look(_house: object, *, name: str) -> None:
        seen.append(name)
        if name == both[0].id:
            raise ValueError("an answer nobody expected")

    def trouble(tx: WriteTx) -> None:
        for shop in both:
            shops.mended(tx, shop.id, clock.now())
            shops.trouble(tx, shop.id, Transient("", code="x.no"), clock.now(), stops=True)

    house.db.write_now(trouble)
    checker = Checker(house, lambda _shop: True, look)
    assert await checker.step() == 0, "not at once: the hub itself tries again first"
    clock.pass_by(seconds=CHECK_FIRST.total_seconds())
    assert await checker.step() == 2
    assert sorted(seen) == sorted(shop.id for shop in both)
    await house.close()
