"""Days that are not in the script: listings vanish, shelves were never counted, kits grow, one shop is dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.town import START, Town, a_town
from tests.support.trouble import physically_left, rush, shown_by_sku
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.app.bootstrap import open_door
from jangbu.kernel.errors import IllegalTransition
from jangbu.shops import service as shops


async def dead_stock(town: Town) -> dict[str, tuple[int, int]]:
    """Give what is available and stands nowhere: SKU → (available, shown)."""
    shown = shown_by_sku(town.books())
    rows = await ops.stock_show(town.house)
    return {r["sku"]: (r["available"], shown.get(r["sku"], 0)) for r in rows if r["available"] > shown.get(r["sku"], 0)}


@pytest.mark.parametrize("seed", [300, 301])
def test_a_listing_deleted_at_the_marketplace_gives_its_units_to_the_other_shop(seed: int, tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=seed) as town:
            await town.settle_in()
            town.run_world()
            await town.sleep(60)
            state: Any = town.world.emulators["etsy"]._shop.state  # type: ignore[attr-defined]
            del state.listings[min(state.listings)]
            await ops.stock_change(
                town.house, action="receive", sku=min(town.world.goods.physical), quantity=1, actor="person:owner"
            )
            await town.sleep(60)
            before = town.books()["channels"]["etsy"]["calls"]["total"]
            await ops.catalog_import(town.house)
            for shop in await ops.shop_list(town.house):  # the next reading back of every number, moved forward
                town.house.db.write_now(
                    lambda tx, shop=shop: tx.run(  # type: ignore[misc]
                        "UPDATE cell SET look_at = 1 WHERE shop_id = ?", (shop["id"],)
                    )
                )
            await town.sleep(300)
            calls = town.books()["channels"]["etsy"]["calls"]["total"] - before
            assert calls < 300, "it is not asked for again and again"
            town.world.goods.physical[min(town.world.goods.physical)] += 1
            assert await dead_stock(town) == {}

    run_virtual(play(), start=START)


def test_a_shelf_never_counted_is_never_written(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=2) as town:
            await town.connect("etsy", "etsy")
            await town.connect("naver", "naver")
            await ops.catalog_import(town.house)
            await ops.catalog_link_by_sku(town.house, actor="person:owner")
            town.run_world()
            town.start_hub()
            for name in ("etsy", "naver"):
                await ops.shop_state(town.house, name=name, action="start", actor="person:owner")
            await town.sleep(120)
            for name, channel in town.books()["channels"].items():
                assert all(offer["on_sale"] for offer in channel["numbers"].values()), name
            planned = await ops.plan(town.house)
            assert {row["waiting"] for row in planned} == {"wait.not_counted"}
            assert "stock.oversold" not in {line["code"] for line in await ops.activity(town.house, limit=500)}

    run_virtual(play(), start=START)


def test_etsy_starts_only_when_its_owner_said_whether_listings_may_come_back(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=2) as town:
            await town.connect("etsy", "etsy")
            await ops.shop_set(town.house, name="etsy", option="return_free", value="no")
            assert (await ops.shop_state(town.house, name="etsy", action="start", actor="person:owner"))[
                "state"
            ] == "connected"
            await ops.shop_add(
                town.house, channel="naver", name="naver", credentials=town.credentials("naver"), actor="person:owner"
            )
            await ops.shop_state(town.house, name="naver", action="start", actor="person:owner")
        async with a_town(tmp_path / "second", seed=2) as other:
            credentials = other.credentials("etsy")
            await ops.shop_add(other.house, channel="etsy", name="etsy", credentials=credentials, actor="person:owner")
            with pytest.raises(IllegalTransition) as caught:
                await ops.shop_state(other.house, name="etsy", action="start", actor="person:owner")
            assert caught.value.code == "shop_return_undecided"

    (tmp_path / "second").mkdir()
    run_virtual(play(), start=START)


def test_a_kit_linked_in_two_steps_holds_both_parts_for_an_order_that_was_open(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=600) as town:
            await town.connect("naver", "naver")
            await ops.catalog_import(town.house)
            town.start_hub()
            town.run_world()
            await town.sleep(15)
            naver = town.world.emulators["naver"]
            assert naver.buy(next(o.offer_id for o in naver.offers() if o.sku == "FAN"), 1)
            await town.sleep(15)
            offer = next(o["offer"] for o in await ops.catalog_offers(town.house) if o["code"] == "FAN")
            link = {"name": "naver", "offer": offer, "actor": "person:owner", "new": True}
            await ops.catalog_link_by_hand(town.house, sku="SPOON", units=2, **link)
            await ops.catalog_link_by_hand(town.house, sku="NOTE", units=1, add=True, **link)
            held = {row["sku"]: row["committed"] + row["reserved"] for row in await ops.stock_show(town.house)}
            assert held == {"SPOON": 2, "NOTE": 1}

    run_virtual(play(), start=START)


@pytest.mark.parametrize("kind", ["html", "rate_limited_bare", "error_after", "timeout_after"])
def test_a_dark_shop_does_not_keep_new_stock_from_the_other(kind: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=7) as town:
            await town.settle_in()
            town.run_world()
            await rush(town, 20)
            await town.quiet()
            town.world.faults.replace([{"kind": kind, "channel": "etsy"}])
            await town.sleep(60)
            sku = next(row["sku"] for row in await ops.stock_show(town.house) if row["available"] > 1)
            before = _at(town, "naver", sku)
            town.world.goods.physical[sku] += 2
            await ops.stock_change(town.house, action="receive", sku=sku, quantity=2, actor="person:owner")
            await town.sleep(120)
            assert _at(town, "naver", sku) > before, "the healthy shop waited for the dark one"
            assert shown_by_sku(town.books())[sku] <= physically_left(town.books())[sku]

    run_virtual(play(), start=START)


def _at(town: Town, channel: str, sku: str) -> int:
    numbers = town.books()["channels"][channel]["numbers"].values()
    return sum(offer["quantity"] for offer in numbers if offer["sku"] == sku and offer["on_sale"])


def test_an_unknown_code_is_refused_when_linking_unless_it_is_meant_to_be_new(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=2) as town:
            await town.connect("naver", "naver")
            await ops.catalog_import(town.house)
            offer = (await ops.catalog_offers(town.house))[0]["offer"]
            with pytest.raises(Exception, match="no SKU TYPO"):
                await ops.catalog_link_by_hand(town.house, name="naver", offer=offer, sku="TYPO", actor="person:owner")
            assert await ops.stock_show(town.house) == []

    run_virtual(play(), start=START)


def test_all_users_of_a_shop_share_one_way_out_so_that_no_credential_is_renewed_twice(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=2) as town:
            await town.connect("etsy", "etsy")
            shop = (await ops.shop_list(town.house))[0]["id"]
            found = town.house.db.read_now(lambda tx: shops.named(tx, shop))
            first, second = open_door(town.house, found), open_door(town.house, found)
            assert first is second
            await first.close()
            assert open_door(town.house, found) is second, "it stays while somebody uses it"
            await second.close()
            await second.close()
            assert open_door(town.house, found) is not second

    run_virtual(play(), start=START)
