"""Opening stock on its pages: every SKU is reached, and nothing is booked that was not seen before."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx2
import pytest
from tests.app.web.filled import fill
from tests.app.web.test_pages import send

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.app.web.opening import PAGE
from jangbu.infra.i18n import catalogue

EXTRA = 2 * PAGE


@pytest.fixture
def uncounted(house: House) -> House:
    """Give a house with more SKUs than fit two pages, nothing of it ever counted."""
    fill(house, extra=EXTRA)
    house.db.write_now(lambda tx: tx.run("DELETE FROM counted_variant"))
    return house


def skus(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'name="sku" value="([^"]+)"', page)]


async def on_hand(house: House) -> dict[str, int]:
    return {row["sku"]: row["on_hand"] for row in await ops.stock_show(house)}


def mark_in(page: str) -> str:
    found = re.search(r'name="mark" value="(\w+)"', page)
    assert found, page
    return found[1]


async def test_every_sku_left_is_reached_page_by_page_and_by_search(
    guest: httpx2.AsyncClient, uncounted: House
) -> None:
    seen: list[str] = []
    for page in (1, 2, 3):
        seen += skus((await guest.get(f"/stock/opening?page={page}")).text)
    assert len(seen) == len(set(seen)) == EXTRA + 12 == await ops.opening_count(uncounted)
    assert skus((await guest.get("/stock/opening?q=mug-")).text) == ["MUG-BLUE", "MUG-WHITE"]
    assert await ops.opening_count(uncounted, search="mug-") == 2


async def test_a_sku_no_shop_sells_is_not_asked_for(uncounted: House) -> None:
    for offer in await ops.catalog_offers(uncounted):
        if "MUG-BLUE" in offer["links"]:
            await ops.catalog_unlink(uncounted, name=offer["shop"], offer=offer["offer"], actor="person:owner")
    left = await ops.opening_list(uncounted)
    assert "MUG-BLUE" not in {row["sku"] for row in left}
    assert len(left) == await ops.opening_count(uncounted) == EXTRA + 11


async def test_one_figure_for_all_is_shown_first_and_then_booked_exactly_so(
    guest: httpx2.AsyncClient, uncounted: House
) -> None:
    before = await on_hand(uncounted)
    page = (await guest.get("/stock/opening/preview?how=lowest&lang=en")).text
    assert await on_hand(uncounted) == before, "looking books nothing"
    shown = await ops.opening_preview(uncounted, how="lowest")
    assert catalogue().text("opening.preview.go", "en", skus=shown["skus"], pieces=shown["pieces"]) in page
    assert 0 < shown["differ"] < shown["skus"] == EXTRA + 12
    marked = (await guest.get("/stock/opening/preview?how=lowest&show=differ&lang=en")).text
    assert marked.count("tag--warn") == shown["differ"]
    answer = await send(guest, "/stock/opening/all", how="lowest", mark=mark_in(page))
    assert answer.status_code == 303, answer.text
    after = await on_hand(uncounted)
    assert {row["sku"]: row["pieces"] for row in shown["rows"]} == after
    assert sum(after.values()) == shown["pieces"]
    assert await ops.opening_count(uncounted) == 0


async def test_figures_that_changed_since_they_were_seen_book_nothing(
    guest: httpx2.AsyncClient, uncounted: House
) -> None:
    page = (await guest.get("/stock/opening/preview?how=lowest")).text
    uncounted.db.write_now(
        lambda tx: tx.run("UPDATE cell SET stands = stands + 1, parked = parked + 1 WHERE key LIKE '%0000003'")
    )
    before = await on_hand(uncounted)
    answer = await send(guest, "/stock/opening/all", how="lowest", mark=mark_in(page))
    assert answer.status_code == 409
    assert catalogue().text("error.opening_changed.what", "ko") in answer.text
    assert await on_hand(uncounted) == before
    assert await ops.opening_count(uncounted) == EXTRA + 12


async def test_a_shops_figure_leaves_open_what_that_shop_was_not_read_for(
    guest: httpx2.AsyncClient, uncounted: House
) -> None:
    uncounted.db.write_now(lambda tx: tx.run("UPDATE cell SET read_at = 0 WHERE key = '1480000000'"))
    shown = await ops.opening_preview(uncounted, how="shop:Etsy 공방", search="mug-")
    assert [(row["sku"], row["pieces"] is None) for row in shown["rows"]] == [("MUG-BLUE", True), ("MUG-WHITE", False)]
    assert (shown["skus"], shown["left"]) == (1, 1)
    page = (await guest.get("/stock/opening/preview", params={"how": "shop:Etsy 공방", "q": "mug-"})).text
    answer = await send(guest, "/stock/opening/all", how="shop:Etsy 공방", q="mug-", mark=mark_in(page))
    assert answer.status_code == 303
    left = {row["sku"] for row in await ops.opening_list(uncounted)}
    assert "MUG-BLUE" in left
    assert "MUG-WHITE" not in left
    assert len(left) == EXTRA + 11, "what the search did not show is left open"


@pytest.mark.parametrize("how", ["", "count", "shop:", "guess"])
async def test_a_way_that_is_none_shows_and_books_nothing(
    guest: httpx2.AsyncClient, uncounted: House, how: str
) -> None:
    before = await on_hand(uncounted)
    shown = await guest.get("/stock/opening/preview", params={"how": how})
    assert "/stock/opening/all" not in shown.text
    assert (await send(guest, "/stock/opening/all", how=how, mark="0" * 32)).status_code in {409, 422}
    assert await on_hand(uncounted) == before


async def test_a_number_that_was_written_counts_even_if_nothing_was_chosen_beside_it(
    guest: httpx2.AsyncClient, uncounted: House
) -> None:
    fields: dict[str, Any] = {"sku": ["MUG-BLUE"], "how:MUG-BLUE": "later", "number:MUG-BLUE": "7"}
    assert (await send(guest, "/stock/opening", **fields)).status_code == 303
    assert (await on_hand(uncounted))["MUG-BLUE"] == 7


async def test_with_nothing_linked_she_is_sent_to_link_and_with_all_counted_to_the_plan(
    guest: httpx2.AsyncClient, house: House
) -> None:
    text = catalogue().text
    assert text("opening.nothing", "en") in (await guest.get("/stock/opening?lang=en")).text
    fill(house)
    await ops.stock_change(house, action="count", sku="STONE-HOLDER", quantity=0, actor="person:owner")
    assert text("opening.none", "en") in (await guest.get("/stock/opening?lang=en")).text
