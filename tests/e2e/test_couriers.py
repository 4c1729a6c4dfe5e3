"""Out to a courier and back: nothing is sent that changed meanwhile, and one wrong row stops no other."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from tests.support.town import START, Town, a_town
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.infra.tables import read_table, write_workbook

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
