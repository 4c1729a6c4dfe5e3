"""A first day through the pages alone: from nothing to a first parcel; nothing is written before she says so."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.e2e.test_connect_pages import BACK, NAVER, Seller, a_seller, play, typed
from tests.e2e.test_couriers import answered

from jangbu.app import operations as ops
from jangbu.infra.tables import read_table, write_workbook


async def connected(seller: Seller) -> None:
    """Connect both marketplaces and wait until their listings are in."""
    town = seller.town
    town.world.emulators["etsy"].settings.update({"redirect_uri": BACK})
    town.start_hub()
    await seller.begin_etsy(redirect=BACK)
    came_back = await seller.consent()
    await seller.open("/shops/connect/etsy/finish?" + came_back.split("?", 1)[1])
    await seller.open(NAVER)
    await seller.send(NAVER, name="naver", certified_on="2026-01-15", **typed(town, "naver"))
    await quick(seller)
    await town.sleep(120)


async def quick(seller: Seller) -> None:
    """Bring the shops to the bounds the played marketplaces keep to."""
    for shop in await ops.shop_list(seller.town.house):
        for option in ("settle_s", "feed_margin_s", "news_interval_s", "deep_every_s"):
            await ops.shop_set(
                seller.town.house, name=shop["id"], option=option, value=seller.town.options[option]
            )


async def send_all(seller: Seller, path: str, fields: list[tuple[str, str]]) -> int:
    csrf = re.search(r'name="csrf" value="([^"]+)"', seller.page)
    assert csrf
    data: dict[str, list[str]] = {"csrf": [csrf[1]]}
    for name, value in fields:
        data.setdefault(name, []).append(value)
    answer = await seller.browser.post(path, data=data, follow_redirects=True)
    seller.page = answer.text
    return answer.status_code


async def plans(seller: Seller) -> dict[str, dict[str, int]]:
    return {
        shop["name"]: {row["cell"]: row["target"] for row in await ops.plan(seller.town.house, name=shop["id"])}
        for shop in await ops.shop_list(seller.town.house)
    }


async def numbers(seller: Seller) -> dict[str, dict[str, Any]]:
    return {
        shop["name"]: {row["cell"]: row["now"] for row in await ops.plan(seller.town.house, name=shop["id"])}
        for shop in await ops.shop_list(seller.town.house)
    }


async def say_what_lies_there(seller: Seller) -> None:
    """Choose the opening stock of every SKU: counted, or the lowest figure where that is what lies there."""
    await seller.open("/stock/opening")
    rows, physical = await ops.opening_list(seller.town.house), seller.town.world.goods.physical
    fields = [("sku", row["sku"]) for row in rows]
    for n, row in enumerate(rows):
        if n % 2 and row["lowest"] is not None and row["lowest"] + row["open"] == physical[row["sku"]]:
            fields.append((f"how:{row['sku']}", "lowest"))
        else:
            fields += [(f"how:{row['sku']}", "count"), (f"number:{row['sku']}", str(physical[row["sku"]]))]
    assert await send_all(seller, "/stock/opening", fields) == 200
    assert await ops.opening_list(seller.town.house) == []


async def read_the_plan_and_start(seller: Seller, planned: dict[str, dict[str, int]]) -> None:
    for shop in await ops.shop_list(seller.town.house):
        await seller.open(f"/plan?shop={quote(shop['name'])}")
        assert seller.page.count('name="sku"') == len(planned[shop["name"]])
        await send_all(seller, "/plan/start", [("shop", shop["id"]), ("scope", "all"), ("return_free", "yes")])


async def ship_by_courier(seller: Seller) -> None:
    """Make the sheet, bring the courier's file back, look at the preview, ship."""
    await seller.open("/orders/sheet")
    assert (await seller.send("/orders/sheet", courier="cj")).status_code == 200
    file = await seller.send("/orders/sheet/file", courier="cj")
    back = write_workbook(answered(read_table(file.content))).content
    await seller.open("/orders/result")
    csrf = re.search(r'name="csrf" value="([^"]+)"', seller.page)
    assert csrf
    preview = await seller.browser.post("/orders/result", data={"csrf": csrf[1]}, files={"file": ("r.xlsx", back)})
    seller.page = preview.text
    chosen = re.findall(r'name="(box:[^"]+)" value="([^"]+)"', seller.page)
    tracking = [("tracking", name.removeprefix("box:")) for name, _ in chosen]
    assert await send_all(seller, "/orders/result/apply", [*tracking, *chosen]) == 200


def test_from_the_first_page_to_the_first_parcel(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            town = seller.town
            await connected(seller)
            await seller.open("/listings?show=unlinked")
            assert (await seller.send("/listings/by-code")).status_code == 200
            assert all(row["links"] for row in await ops.catalog_offers(town.house))
            await town.sleep(30)
            await say_what_lies_there(seller)
            await town.sleep(60)
            assert all(not town.world.emulators[name].books()["writes"] for name in ("etsy", "naver"))

            planned = await plans(seller)
            await read_the_plan_and_start(seller, planned)
            town.run_world()
            await town.quiet()
            assert await numbers(seller) == planned, "the writes after start are those of the plan"

            naver = town.world.emulators["naver"]
            naver.settings.update({"unpaid_share": 0.0})
            order = naver.buy(max(naver.offers(), key=lambda each: each.quantity).offer_id, 1)
            await town.sleep(60)
            await town.quiet()
            assert order
            assert order in await seller.open("/orders")
            await ship_by_courier(seller)
            await town.quiet()
            parcels = {row["id"]: row["tracking"] for row in town.books()["channels"]["naver"]["orders"]}
            assert parcels[order], "the tracking number is back at the marketplace"
            assert town.books()["oversold"] == {}

    play(story())


def test_what_a_page_sends_is_what_a_courier_gets(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            await connected(seller)
            made = await ops.sheet_make(seller.town.house, courier="cj", actor="person:owner")
            await seller.open("/orders/sheet")
            file = await seller.send("/orders/sheet/file", courier="cj")
            assert read_table(file.content) == read_table(base64.b64decode(made["content"]))

    play(story())
