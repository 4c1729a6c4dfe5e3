"""Pairs in a real browser: one key an answer, each pair answered once, odd titles harmless."""

from __future__ import annotations

from typing import Any

import pytest
from tests.app.web.filled import NOW
from tests.app.web.test_browser import CHROMIUM, address, chromium, page  # noqa: F401 - fixtures

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.catalog import service as catalog
from jangbu.kernel.ids import ShopId
from jangbu.kernel.money import Money
from jangbu.sdk.records import Listing, ListingRef, ListingState, Offer
from jangbu.shops import service as shops

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is absent: the keys were pressed in no browser"),
]

ODD = "\"><script>document.title='broken'</script><img src=x onerror=alert(1)>"
LOOK_MS = 300


def listing(id_: str, title: str, amount: int, currency: str) -> Listing:
    offer = Offer(id_, id_, "", (), Money(amount, currency), 3, enabled=True)
    return Listing(ListingRef(id_, "rows"), title, ListingState.ON_SALE, "on sale", (offer,))


def goods(house: House) -> None:
    """Put three more goods without codes into both shops, one with an odd title."""
    sizes = (211, 333, 455)

    def write(tx: Any) -> None:
        one, two = (ShopId(shop.id) for shop in shops.all_shops(tx)[:2])
        titles = [f"시험 머그컵 {size}mm {ODD if size == sizes[0] else ''}" for size in sizes]
        here = [listing(f"k{n}", title, 13_000 + n, "KRW") for n, title in enumerate(titles)]
        there = [listing(f"e{n}", f"Trial mug {size}mm", 1_000 + n, "USD") for n, size in enumerate(sizes)]
        catalog.take_listings(tx, one, here, NOW)
        catalog.take_listings(tx, two, there, NOW)

    house.db.write_now(write)


async def shown(page: Any, place: str) -> str:  # noqa: F811 - the fixture's page
    await page.clock.run_for(LOOK_MS)
    return str(await page.locator(f"#pair [name={place}_listing]").input_value())


async def test_one_key_answers_one_pair(page: Any, address: str, house: House) -> None:  # noqa: F811 - fixtures
    goods(house)
    await page.clock.install()
    await page.goto(f"{address}/listings/pairs?lang=ko")
    before = (await ops.linking_pairs(house))["left"]
    first = await shown(page, "left")
    async with page.expect_navigation():
        await page.keyboard.press("y")
    await page.keyboard.press("y")  # too soon to have been meant for the pair that came
    assert (await ops.linking_pairs(house))["left"] == before - 1
    second = await shown(page, "left")
    assert second != first
    await page.locator("[name=left_units]").press("n")  # typing is no answer
    await page.locator("[name=left_units]").fill("1")
    await page.locator("h1").click()
    async with page.expect_navigation():
        await page.keyboard.press("n")
    third = await shown(page, "left")
    assert third not in {first, second}
    async with page.expect_navigation():
        await page.keyboard.press("l")
    assert "skip=1" in page.url
    assert "broken" not in await page.title()
    left = (await ops.linking_pairs(house))["left"]
    assert left <= before - 1
