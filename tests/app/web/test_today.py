"""The day's page: what comes first, what a beginner is led through, and how much it asks of the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.conftest import PAGE_TOKEN, browser_of
from tests.app.web.filled import NOW, FixedClock, add_etsy, add_naver, fill, open_empty
from tests.app.web.test_people import invite, join

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.app.web import create_app
from jangbu.catalog import service as catalog
from jangbu.infra.db import WriteTx
from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.infra.ui import assets
from jangbu.intake import store as intake
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why
from jangbu.kernel.money import Money
from jangbu.publish import service as publish
from jangbu.sdk.records import Listing, ListingRef, ListingState, Offer

WEIGHT_MAX = 150_000


def said(code: str, **facts: object) -> str:
    return catalogue().text(code, "en", **facts)


def sections(page: str) -> list[str]:
    return re.findall(r'<section[^>]* id="(\w+)"', page)


async def today(guest: httpx2.AsyncClient) -> str:
    return (await guest.get("/?lang=en")).text


# -- by order of need -------------------------------------------------------------------------------------


async def test_what_is_broken_stands_before_orders_these_before_stock_and_what_was_done_last(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    page = await today(guest)
    assert sections(page) == ["broken", "orders", "decide", "shops", "writes", "happened"]
    assert said("error.channel.address_not_allowed.who") in page[: page.index('id="orders"')]


async def test_a_sound_house_says_that_nothing_is_broken(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    house.db.write_now(lambda tx: tx.run("UPDATE shop SET trouble = '', state = 'connected'"))
    assert said("today.broken.none") in await today(guest)


async def test_every_kind_of_trouble_is_told_with_the_page_where_it_is_mended(
    guest: httpx2.AsyncClient, house: House, clock: FixedClock
) -> None:
    etsy, naver = add_etsy(house), add_naver(house)

    def break_(tx: WriteTx) -> None:
        intake.add_missing(tx, etsy.id, "3512009999", NOW)
        tx.run("UPDATE shop SET heard_at = created_at")
        tx.run(
            "UPDATE shop SET options = ?, heard_at = ? WHERE id = ?",
            ('{"certified_on": "2025-01-01"}', int(NOW.timestamp() * 1000), naver.id),
        )

    house.db.write_now(break_)
    clock.pass_by(seconds=30)
    broken = (await ops.today(house))["broken"]
    assert [(each["kind"], each["shop"]) for each in broken] == [
        ("silent", etsy.name), ("grant", naver.name), ("missing", etsy.name),
    ]  # fmt: skip
    page = await today(guest)
    part = page[: page.index('id="steps"')]
    assert said("today.silent", shop=etsy.name) in part
    assert said("today.grant.ended", shop=naver.name) in part
    assert "3512009999" in part
    for link in re.findall(r'class="button" href="([^"]+)"', part):
        assert (await guest.get(link)).status_code == 200, link


async def test_what_wants_a_decision_is_counted_named_and_leads_to_where_it_is_taken(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    house.db.write_now(lambda tx: tx.run("UPDATE order_line SET linked = 0 WHERE order_id = '3512009900'"))
    page = await today(guest)
    part = page[page.index('id="decide"') : page.index('id="shops"')]
    found = re.findall(r'decision-n[^"]*">(\d+)<.*?href="(/[^"]+)">(?:[^<]|<span)', part, re.DOTALL)
    assert [n for n, _ in found] == ["2", "1", "1", "2"]
    for kind in ("over", "lines", "uncounted", "low"):
        assert said(f"today.decide.{kind}") in part
    assert re.findall(r'class="sku" href="[^"]+">([^<]+)<', part) == [
        "BOWL-RICE-L", "SPOON-SET-2", "STONE-HOLDER", "PLATE-MOON-21", "PLATE-MOON-27",
    ]  # fmt: skip
    for link in ("/stock?show=over", "/stock/opening", "/stock?show=low"):
        assert f'href="{link}"' in part
        assert (await guest.get(link)).status_code == 200


async def test_stock_promised_beyond_what_is_there_is_the_first_decision(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    count(house, "MUG-BLUE", 1)
    first = (await ops.today(house))["decide"][0]
    assert (first["kind"], first["n"], [each["sku"] for each in first["first"]]) == ("oversold", 1, ["MUG-BLUE"])
    assert said("today.decide.oversold") in await today(guest)


async def test_orders_and_writes_are_told_by_the_names_of_goods(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    page = await today(guest)
    done = page[page.index('id="writes"') :]
    assert "Brass spoon and chopsticks, set of two" in done
    assert said("today.heard", goods="명주 매듭 노리개", units=1) in done


def count(house: House, sku: str, number: int) -> None:
    why = Why("person:owner", f"count:{sku}", "stock.count")
    house.db.write_now(lambda tx: inventory.count(tx, catalog.variant_of(tx, sku).id, number, why, NOW))


# -- a beginner -------------------------------------------------------------------------------------------


async def test_a_beginner_is_led_step_by_step_with_one_big_button(guest: httpx2.AsyncClient, house: House) -> None:
    async def path() -> tuple[int, list[str]]:
        page = await today(guest)
        main = page[page.index("<main") :]
        return main.count("is-done"), re.findall(r'class="button button--main" href="([^"]+)"', main)

    assert await path() == (0, ["/shops/connect"])
    etsy = add_etsy(house)
    house.db.write_now(lambda tx: catalog.take_listings(tx, etsy.id, [page_of("1", "MUG"), page_of("2", "CUP")], NOW))
    assert await path() == (1, ["/listings/pairs"])
    await ops.catalog_link_by_hand(house, name=etsy.id, offer="1", sku="MUG", actor="person:owner", new=True)
    assert await path() == (2, ["/stock/opening"])
    assert said("today.step.link.some", linked=1, offers=2) in await today(guest)
    await ops.stock_change(house, action="count", sku="MUG", quantity=3, actor="person:owner")
    assert await path() == (3, ["/plan"])
    await ops.shop_state(house, name=etsy.id, action="start", actor="person:owner", return_free="no")
    assert await path() == (0, [])
    assert said("today.steps") not in await today(guest)


def page_of(key: str, sku: str) -> Listing:
    offer = Offer(key, key, sku, (), Money(100, "USD"), 3, enabled=True)
    return Listing(ListingRef(key, "listing"), f"Page {key}", ListingState.ON_SALE, "active", (offer,))


async def test_who_may_only_look_is_given_no_button_to_press(app: Starlette, guest: httpx2.AsyncClient) -> None:
    async with browser_of(app) as viewer:
        await join(viewer, await invite(guest, role="viewer"))
        page = (await viewer.get("/?lang=en")).text
    assert said("today.steps") in page
    assert "button--main" not in page


# -- what it costs ----------------------------------------------------------------------------------------


@contextmanager
def statements(house: House) -> Iterator[list[str]]:
    """Hear every statement the house's only connection is asked."""
    asked: list[str] = []
    store: Any = house.db._store
    store._writer.set_trace_callback(asked.append)
    yield asked
    store._writer.set_trace_callback(None)


async def asked_for(tmp_path: Path, path: str, extra: int) -> int:
    """Tell how many statements a page costs in a house with so many SKUs more, none of which was ever counted."""
    home = tmp_path / f"{extra}"
    home.mkdir()
    house = open_empty(home)
    fill(house, extra=extra)
    house.db.write_now(lambda tx: tx.run("DELETE FROM counted_variant"))
    app = create_app(house, None, local_token="sample-local-token", page_token=PAGE_TOKEN)
    async with browser_of(app) as browser:
        await browser.get(f"/enter?key={PAGE_TOKEN}")
        with statements(house) as asked:
            answer = await browser.get(path)
    await house.close()
    assert answer.status_code == 200
    assert len(asked) > 5, "the statements were heard"
    return len(asked)


@pytest.mark.parametrize("path", ["/", "/stock", "/stock/opening"])
async def test_a_page_asks_no_more_of_the_database_however_many_skus_there_are(tmp_path: Path, path: str) -> None:
    assert await asked_for(tmp_path, path, 60) == await asked_for(tmp_path, path, 260)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", ["/", "/stock", "/stock/opening", "/stock/opening/preview?how=lowest", "/plan"])
async def test_a_first_load_is_light(guest: httpx2.AsyncClient, house: House, path: str, lang: str) -> None:
    fill(house, extra=120)
    house.db.write_now(lambda tx: tx.run("DELETE FROM counted_variant"))
    page = (await guest.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")).text
    linked = [name for name, each in assets().items() if each.url in page]
    weight = len(page.encode()) + sum(len(assets()[name].content) for name in linked)
    assert weight <= WEIGHT_MAX, (weight, linked)


def test_what_may_be_written_is_read_once_for_all_components(tmp_path: Path) -> None:
    house = open_empty(tmp_path)
    fill(house, extra=40)
    house.db.write_now(publish.reconsider)
    shop = house.db.read_now(lambda tx: tx.all("SELECT id FROM shop WHERE channel = 'etsy'"))[0][0]
    with statements(house) as asked:
        house.db.write_now(lambda tx: publish.ranked(tx, house.manifests, shop, NOW))
    assert sum("FROM write_scope" in each for each in asked) == 1
    assert sum("FROM cell c WHERE c.shop_id" in each and "listing_id" in each for each in asked) > 40
    house.db.close()
