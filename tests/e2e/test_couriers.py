"""Out to a courier and back: nothing is sent that changed meanwhile, and one wrong row stops no other."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from tests.support.town import START, Town, a_town
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.infra.tables import read_table, write_workbook
from jangbu.kernel.errors import Conflict

OWNER = "person:owner"


async def bought(town: Town, channel: str, wanted: int) -> list[str]:
    """Have so many orders of one piece placed at a marketplace, and heard of."""
    emulator, orders = town.world.emulators[channel], list[str]()
    if channel == "naver":
        emulator.settings.update({"unpaid_share": 0.0})
    while len(orders) < wanted:
        placed = [emulator.buy(offer.offer_id, 1) for offer in emulator.offers()]
        fresh = [order for order in placed if order]
        assert fresh, f"only {len(orders)} could be bought"
        orders += fresh
        await town.sleep(5)
    await town.sleep(60)
    return orders[:wanted]


def sheet(made: dict[str, Any]) -> list[list[str]]:
    return read_table(base64.b64decode(made["content"]))


def result_file(rows: list[list[str]]) -> str:
    return base64.b64encode(write_workbook(rows).content).decode()


def answered(rows: list[list[str]]) -> list[list[str]]:
    """Answer a CJ sheet as a courier does: its own titles, every other row without our key."""
    titles, body = rows[0], rows[1:]
    where = [titles.index(name) for name in ("받는분성명", "받는분전화번호", "받는분주소(전체, 분할)", "배송메세지1")]
    answer = [["운송장번호", "수하인명", "수하인전화", "수하인주소", "메모"]]
    for n, row in enumerate(body):
        name, phone, address, message = (row[at] if at < len(row) else "" for at in where)
        answer.append([f"6123{n:08}", name, phone, address, message if n % 2 else ""])
    return answer


def test_forty_orders_go_out_to_a_couriers_sheet_and_back_with_two_wrong_rows(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=21) as town:
            await town.settle_in(policy="mirror")
            town.run_world()
            await bought(town, "naver", 40)
            made = await ops.sheet_make(town.house, courier="cj", actor=OWNER, name="naver")
            boxes = made["boxes"]
            assert boxes >= 40
            assert made["held"] == []
            rows = answered(sheet(made))
            rows[3][0] = "not a number"
            rows[6][1:] = ["somebody else", "02-000-0000", "nowhere", ""]
            told = await ops.result_read(town.house, content=result_file(rows))
            assert told["ships"] + told["doubtful"] == boxes - 2
            assert sorted(row["why"] for row in told["rows"] if row["state"] == "refused") == [
                "result.bad_number", "result.unknown_parcel",
            ]  # fmt: skip
            assert all(address[3] not in str(told) for address in rows[1:]), "no address comes back"
            pairs = [
                {"key": (row["box"] or row["candidates"][0])["key"], "tracking": row["tracking"]}
                for row in told["rows"]
                if row["state"] != "refused"
            ]
            pairs = list({pair["key"]: pair for pair in pairs}.values())
            done = await ops.result_apply(town.house, pairs=pairs, actor=OWNER)
            assert (done["accepted"], done["refused"]) == (len(pairs), [])
            again = await ops.result_apply(town.house, pairs=pairs, actor=OWNER)
            assert again["refused"] == []
            await town.quiet()
            rows_there = town.books()["channels"]["naver"]["orders"]
            sent = sorted({(row["id"], parcel["code"]) for row in rows_there for parcel in row["tracking"]})
            assert sorted(code for _, code in sent) == sorted(pair["tracking"] for pair in pairs), "each once"
            assert all(len(row["tracking"]) <= 1 for row in rows_there), "though the file came twice"

    run_virtual(play(), start=START)


def test_what_changes_between_print_and_ship_waits_and_no_cancellation_is_rejected(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=22) as town:
            await town.settle_in(policy="mirror")
            town.run_world()
            placed = await bought(town, "naver", 100)
            made = await ops.sheet_make(town.house, courier="cj", actor=OWNER, name="naver")
            assert made["boxes"] >= 100
            rows = answered(sheet(made))
            told = await ops.result_read(town.house, content=result_file(rows))
            of_order = {
                row["box"]["order"]: row for row in told["rows"] if row["box"] and row["box"]["order"] in placed
            }
            chosen = sorted(of_order)[:60]
            regretted = chosen[:10]
            town.world.emulators["naver"].settings.update({"feed_lag_min_s": 0.0, "feed_lag_max_s": 0.0})
            for order in regretted:
                assert town.world.emulators["naver"].cancel(order, None, None, restock=True)
            pairs = [{"key": of_order[o]["box"]["key"], "tracking": of_order[o]["tracking"]} for o in chosen]
            await ops.result_apply(town.house, pairs=pairs, actor=OWNER)
            await town.quiet()
            shipped = {
                row["id"] for row in town.books()["channels"]["naver"]["orders"] if row["tracking"]
            }
            assert shipped & set(regretted) == set(), "no cancellation was overridden"
            assert shipped >= set(chosen) - set(regretted)

            fresh = await bought(town, "naver", 1)
            assert town.world.emulators["naver"].cancel(fresh[0], None, None, restock=True)
            later = await ops.sheet_make(town.house, courier="cj", actor=OWNER, name="naver")
            assert fresh[0] in {each["order"] for each in later["held"]}, "the last look sees it before the feed does"

    run_virtual(play(), start=START)


def test_a_shop_that_cannot_be_read_keeps_only_its_own_orders_back(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=23) as town:
            await town.settle_in(policy="mirror")
            town.run_world()
            await bought(town, "naver", 3)
            await bought(town, "etsy", 3)
            town.world.faults.replace([{"kind": "address_not_allowed", "channel": "naver"}])
            made = await ops.sheet_make(town.house, courier="ems", actor=OWNER)
            assert {each["shop"] for each in made["held"]} == {"naver"}
            assert {each["why"] for each in made["held"]} == {"held.unread"}
            assert made["boxes"] >= 3

    run_virtual(play(), start=START)


async def sheet_of_100(town: Town) -> tuple[list[str], dict[str, dict[str, Any]]]:
    """Have exactly 100 orders packed: give their ids, and each one's row of the courier's answer."""
    await bought(town, "naver", 100)
    made = await ops.sheet_make(town.house, courier="cj", actor=OWNER, name="naver")
    told = await ops.result_read(town.house, content=result_file(answered(sheet(made))))
    of_order = {row["box"]["order"]: row for row in told["rows"] if row["box"]}
    chosen = sorted(of_order)[:100]
    assert len(chosen) == 100
    return chosen, of_order


def test_ten_of_a_hundred_change_between_print_and_ship_ninety_ship_and_ten_wait(tmp_path: Path) -> None:
    """B27, DESIGN 2: cancellations and new addresses are seen by the last look, not by the feed."""

    async def play() -> None:
        async with a_town(tmp_path, seed=24) as town:
            await town.settle_in(policy="mirror")
            town.run_world()
            emulator: Any = town.world.emulators["naver"]
            orders, of_order = await sheet_of_100(town)
            emulator.settings.update({"feed_lag_min_s": 3600.0, "feed_lag_max_s": 3600.0})  # the feed would be late
            regretted, moved = orders[:6], orders[6:10]
            for order in regretted:
                assert emulator.cancel(order, None, None, restock=True)
            for order in moved:
                assert emulator.move(order, "새 주소 1204호")
            pairs = [{"key": of_order[o]["box"]["key"], "tracking": of_order[o]["tracking"]} for o in orders]
            done = await ops.result_apply(town.house, pairs=pairs, actor=OWNER)
            assert done["accepted"] == 100
            await town.quiet()
            there = {row["id"]: row for row in town.books()["channels"]["naver"]["orders"]}
            shipped = [order for order in orders if there[order]["tracking"]]
            assert sorted(shipped) == sorted(orders[10:])
            why = {
                order: (await ops.order_show(town.house, order=order))["owed"][-1]["error"] for order in orders[:10]
            }
            assert {why[order] for order in moved} == {"ship.changed_since_print"}
            assert {why[order] for order in regretted} <= {"ship.line_cancelled", "ship.buyer_asks_to_cancel"}

            anew = await ops.sheet_make(town.house, courier="cj", actor=OWNER, name="naver")
            keys = {row["box"]["order"]: row["box"]["key"] for row in of_order.values()}
            printed = str(sheet(anew))
            assert all(keys[order] in printed for order in moved), "packed anew, they go out"
            assert "1204호" in printed
            again = [{"key": keys[order], "tracking": f"6999{n:08}"} for n, order in enumerate(moved)]
            await ops.result_apply(town.house, pairs=again, actor=OWNER)
            await town.quiet()
            there = {row["id"]: row for row in town.books()["channels"]["naver"]["orders"]}
            assert all(there[order]["tracking"] for order in moved)
            assert not any(there[order]["tracking"] for order in regretted), "no cancellation was overridden"

    run_virtual(play(), start=START)


def test_the_red_stop_holds_back_tracking_too_and_loses_none(tmp_path: Path) -> None:
    """P13: stopped means that nothing is written; what was asked for goes out when writing goes on."""

    async def play() -> None:
        async with a_town(tmp_path, seed=25) as town:
            await town.settle_in(policy="mirror")
            town.run_world()
            (order,) = await bought(town, "etsy", 1)
            await ops.stop_all(town.house, actor=OWNER)
            written = len(town.books()["channels"]["etsy"]["writes"])
            await ops.ship_order(town.house, order=order, carrier="cj", tracking_number="612345678901", actor=OWNER)
            await town.sleep(600)
            books = town.books()["channels"]["etsy"]
            assert len(books["writes"]) == written
            await ops.resume_all(town.house, actor=OWNER)
            await town.quiet()
            (row,) = [row for row in town.books()["channels"]["etsy"]["orders"] if row["id"] == order]
            assert [parcel["code"] for parcel in row["tracking"]] == ["612345678901"]

    run_virtual(play(), start=START)


@pytest.mark.parametrize("shared", [True, False])
def test_orders_to_one_place_travel_in_one_box_and_each_gets_the_number(tmp_path: Path, *, shared: bool) -> None:
    """Whether Naver takes one number for several orders of a buyer is unconfirmed: both ways end well."""

    async def play() -> None:
        async with a_town(tmp_path, seed=26) as town:
            await town.settle_in(policy="mirror")
            town.world.emulators["naver"].settings.update({"buyers_share_parcels": shared})
            town.run_world()
            await bought(town, "naver", 60)
            found = await ops.box_suggestions(town.house, name="naver")
            assert found, "some of sixty orders go to the same person"
            orders = found[0]["orders"]
            assert not found[0]["joined"]
            await ops.box_join(town.house, name="naver", wanted=orders, actor=OWNER)
            assert next(each for each in await ops.box_suggestions(town.house) if each["orders"] == orders)["joined"]
            others = [each["orders"][0] for each in found[1:2]]
            if others:
                with pytest.raises(Conflict):
                    await ops.box_join(town.house, name="naver", wanted=[orders[0], *others], actor=OWNER)
            prints = await ops.print_make(town.house, actor=OWNER, name="naver")
            box = next(each for each in prints["boxes"] if set(each["orders"]) == set(orders))
            made = await ops.sheet_make(town.house, courier="cj", actor=OWNER, name="naver")
            assert str(sheet(made)).count(box["key"]) == 1
            assert made["boxes"] == len(prints["boxes"])
            done = await ops.result_apply(
                town.house, pairs=[{"key": box["key"], "tracking": "612300000001"}], actor=OWNER
            )
            assert done["refused"] == []
            await town.quiet()
            rows = [row for row in town.books()["channels"]["naver"]["orders"] if row["id"] in orders]
            assert {parcel["code"] for row in rows for parcel in row["tracking"]} == {"612300000001"}
            errors = [(await ops.order_show(town.house, order=order))["owed"][-1]["error"] for order in orders]
            assert sorted(errors) == (["", ""] if shared else ["", "naver.tracking_used"])
            assert sum(bool(row["tracking"]) for row in rows) == (2 if shared else 1)

    run_virtual(play(), start=START)


@pytest.mark.parametrize("policy", ["once", "18:20"])
def test_orders_are_confirmed_by_the_sellers_rule(tmp_path: Path, policy: str) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=27) as town:
            await town.settle_in(policy="mirror")
            town.run_world()
            (order,) = await bought(town, "naver", 1)
            assert not (await ops.order_show(town.house, order=order))["lines"][0]["acknowledged"]
            await ops.shop_set(town.house, name="naver", option="acknowledge", value=policy)
            await town.sleep(60)
            shown = (await ops.order_show(town.house, order=order))["lines"][0]["acknowledged"]
            assert shown is (policy == "once"), "the town's day begins at 18:00 in Seoul"
            await town.sleep(1200)
            told = await ops.order_show(town.house, order=order)
            assert told["lines"][0]["acknowledged"]
            assert {"order.heard", "order.confirmed", "acknowledge.done"} <= {each["code"] for each in told["story"]}

    run_virtual(play(), start=START)
