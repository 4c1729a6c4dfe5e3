"""The plan on its page: every number is reached, the totals are of all of them, each says what follows and why."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx2
import pytest
from tests.app.web.filled import NOW, add_etsy, fill
from tests.app.web.test_pages import csrf_of
from tests.app.web.test_today import count, page_of

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.app.operations.planning import KINDS
from jangbu.app.web.plan import PAGE
from jangbu.catalog import service as catalog
from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.publish import service as publish

ETSY, NAVER = "Etsy 공방", "스마트스토어"


def ticks(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'type="checkbox" name="sku" value="([^"]+)"', page)]


def kept(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'type="hidden" name="sku" value="([^"]+)"', page)]


def counts(page: str) -> dict[str, int]:
    found = re.findall(r'name="kind" value="(\w+)" formnovalidate[^>]*>[^<]*<span class="count">([\d,]+)<', page)
    return {kind: int(n.replace(",", "")) for kind, n in found}


async def row_of(house: House, shop: str, sku: str) -> dict[str, Any]:
    (row,) = [row for row in await ops.plan(house, name=shop, sku=sku) if row["shop"] == shop]
    return row


def in_words(row: dict[str, Any], lang: str = "en") -> str:
    return " ".join(catalogue().text(each["code"], lang, **each["facts"]) for each in row["says"])


# -- all of it --------------------------------------------------------------------------------------------


async def test_every_number_of_a_shop_is_reached_and_the_totals_are_of_all(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house, extra=2 * PAGE)
    count(house, "MUG-BLUE", 40)
    count(house, "CANDLE-PINE", 4)
    rows = await ops.plan(house, name=ETSY)
    seen: list[str] = []
    for page in (1, 2, 3):
        text = (await guest.get("/plan", params={"shop": ETSY, "page": page, "lang": "en"})).text
        seen += ticks(text)
        kinds = {kind: sum(row["kind"] == kind for row in rows) for kind in KINDS}
        assert counts(text) == {"all": len(rows), **{kind: n for kind, n in kinds.items() if n}}
    assert sorted(seen) == sorted(row["sku"] for row in rows)
    assert {"raise", "lower", "out", "equal"} <= {row["kind"] for row in rows}
    only = (await guest.get("/plan", params={"shop": ETSY, "kind": "raise"})).text
    assert ticks(only) == [row["sku"] for row in rows if row["kind"] == "raise"]
    assert ticks((await guest.get("/plan", params={"shop": ETSY, "q": "norigae"})).text) == [
        "NORIGAE-RED", "NORIGAE-INDIGO",
    ]  # fmt: skip


async def test_without_a_shop_the_plan_is_of_all_shops_and_starts_none(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    page = (await guest.get("/plan")).text
    assert counts(page)["all"] == 24
    assert "/plan/start" not in page
    assert ticks(page) == []


# -- a few to begin with ----------------------------------------------------------------------------------


async def test_what_was_ticked_stays_ticked_on_other_pages_and_is_what_is_started(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house, extra=PAGE)
    first = (await guest.get("/plan", params={"shop": ETSY})).text
    one = ticks(first)[0]
    second = (await guest.get("/plan", params={"shop": ETSY, "page": 2, "sku": one, "scope": "skus"})).text
    assert kept(second) == [one]
    other = ticks(second)[-1]
    back = (await guest.get("/plan", params={"shop": ETSY, "sku": [one, other]})).text
    assert kept(back) == [other]
    assert re.findall(r'value="([^"]+)" checked><span class="unseen">', back) == [one]
    csrf = await csrf_of(guest)
    fields = {"csrf": csrf, "shop": ETSY, "scope": "skus", "sku": [one, other], "return_free": "no"}
    assert (await guest.post("/plan/start", data=fields)).status_code == 303
    shop = await ops.shop_show(house, name=ETSY)
    assert shop["scope"] == "skus"
    chosen = house.db.read_now(lambda tx: tx.all("SELECT variant_id FROM write_scope_variant"))
    assert {row[0] for row in chosen} == {
        house.db.read_now(lambda tx, sku=sku: catalog.variant_of(tx, sku)).id  # type: ignore[misc]
        for sku in (one, other)
    }


async def test_a_start_that_is_refused_changes_no_answer_either(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    fields = {"csrf": await csrf_of(guest), "shop": ETSY, "scope": "skus", "return_free": "yes"}
    assert (await guest.post("/plan/start", data=fields)).status_code == 422
    assert "return_free" not in (await ops.shop_show(house, name=ETSY))["options"]


async def test_a_set_is_ticked_by_all_that_it_takes(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    offer = next(row for row in await ops.catalog_offers(house, name=ETSY) if "MUG-BLUE" in row["links"])
    await ops.catalog_link_by_hand(
        house, name=ETSY, offer=offer["offer"], sku="MUG-WHITE", actor="person:owner", add=True
    )
    kit = next(row for row in await ops.plan(house, name=ETSY) if len(row["skus"]) > 1)
    assert set(kit["skus"]) == {"MUG-BLUE", "MUG-WHITE"}
    page = (await guest.get("/plan", params={"shop": ETSY})).text
    (tick,) = [each for each in ticks(page) if "\n" in each]
    fields = {"csrf": await csrf_of(guest), "shop": ETSY, "scope": "skus", "sku": tick, "return_free": "no"}
    assert (await guest.post("/plan/start", data=fields)).status_code == 303


# -- what follows, and why --------------------------------------------------------------------------------


async def test_a_number_says_what_follows_and_who_was_promised_the_rest(house: House) -> None:
    fill(house)
    count(house, "MUG-BLUE", 31)
    row = await row_of(house, ETSY, "MUG-BLUE")
    assert (row["kind"], row["now"], row["available"]) == ("raise", 5, 29)
    assert row["target"] + row["elsewhere_n"] == 29
    assert in_words(row) == (
        f"{ETSY} will show {row['target']} instead of 5. "
        f"29 free to sell, {row['elsewhere_n']} of them promised elsewhere ({NAVER} {row['elsewhere_n']})."
    )
    assert f"5개 대신 {row['target']}개를 표시합니다" in in_words(row, "ko")


async def test_fewer_pieces_than_shown_lower_the_number_and_none_takes_it_off(house: House) -> None:
    fill(house)
    count(house, "BOWL-RICE-S", 4)
    assert (await row_of(house, NAVER, "BOWL-RICE-S"))["kind"] == "lower"
    count(house, "CANDLE-PINE", 0)
    gone = await row_of(house, NAVER, "CANDLE-PINE")
    assert (gone["kind"], gone["target"]) == ("off", 0)
    assert in_words(gone).endswith(catalogue().text("because.none", "en"))


async def test_pieces_that_may_be_sold_already_are_said_to_be_kept_back(house: House) -> None:
    fill(house)
    row = await row_of(house, NAVER, "SPOON-SET-2")
    assert (row["available"], row["target"], row["held"]) == (10, 0, 10)
    assert catalogue().text("because.held", "en", held=10) in in_words(row)


async def test_a_mirrored_sku_says_that_all_is_shown_everywhere(house: House) -> None:
    fill(house)
    await ops.set_policy(house, sku="MUG-BLUE", policy="mirror", actor="person:owner")
    assert catalogue().text("because.mirror", "en", available=10) in in_words(await row_of(house, ETSY, "MUG-BLUE"))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("DELETE FROM counted_variant", "wait.not_counted"),
        ("UPDATE listing SET owned_stock = 0", "wait.not_ours"),
        ("UPDATE listing_sale SET state = 'expired'", "wait.not_listed"),
        ("UPDATE cell SET on_sale = 0, parked = stands, stands = 0", "wait.off_by_you"),
    ],
)
async def test_what_is_left_alone_says_why_and_is_counted_as_such(
    guest: httpx2.AsyncClient, house: House, change: str, code: str
) -> None:
    fill(house)
    house.db.write_now(lambda tx: tx.run(f"{change}"))
    row = await row_of(house, NAVER, "MUG-BLUE")
    assert (row["kind"], row["left_alone"], row["says"]) == ("out", code, [{"code": code, "facts": {}}])
    for lang in LANGUAGES:
        page = (await guest.get("/plan", params={"shop": NAVER, "kind": "out", "lang": lang})).text
        assert catalogue().text(f"plans.do.{code.removeprefix('wait.')}", lang) in page
        assert catalogue().text(code, lang) in page


async def test_a_sold_out_page_that_costs_a_fee_and_one_not_allowed_back_are_left_alone(house: House) -> None:
    fill(house)
    assert (await row_of(house, ETSY, "SPOON-SET-2"))["left_alone"] == "wait.return_not_allowed"
    house.db.write_now(lambda tx: tx.run("UPDATE listing_sale SET state = 'sold_out'"))
    assert (await row_of(house, ETSY, "MUG-BLUE"))["left_alone"] == "wait.reopening_costs"
    await ops.shop_set(house, name=ETSY, option="fee_cap_monthly", value="3")
    assert (await row_of(house, ETSY, "MUG-BLUE"))["left_alone"] == ""


async def test_goods_linked_to_nothing_and_a_paused_shop_are_told_with_what_to_do(
    guest: httpx2.AsyncClient, house: House
) -> None:
    etsy, _ = fill(house)
    house.db.write_now(lambda tx: catalog.take_listings(tx, etsy.id, [page_of("77", "NEW")], NOW))
    await ops.shop_state(house, name=etsy.id, action="pause", actor="person:owner")
    page = (await guest.get("/plan", params={"shop": ETSY, "lang": "en"})).text
    assert catalogue().text("plans.out.unlinked", "en") in page
    assert 'href="/listings/pairs"' in page
    assert catalogue().text("plans.out.paused", "en", name=ETSY) in page


async def test_a_number_never_read_says_so_and_no_number(guest: httpx2.AsyncClient, house: House) -> None:
    shop = add_etsy(house)

    def link(tx: Any) -> None:
        catalog.take_listings(tx, shop.id, [page_of("1", "MUG")], NOW)
        catalog.link_by_code(tx, NOW, actor="person:owner")
        publish.sync_cells(tx)

    house.db.write_now(link)
    count(house, "MUG", 3)
    assert (await row_of(house, ETSY, "MUG"))["kind"] == "unread"
    page = (await guest.get("/plan?lang=en")).text
    assert catalogue().text("follows.unread", "en", shop=ETSY) in page


async def test_the_plan_of_one_sku_is_its_part_of_the_whole(house: House) -> None:
    fill(house)
    whole = [row for row in await ops.plan(house) if row["skus"] == ["MUG-WHITE"]]
    assert await ops.plan(house, sku="MUG-WHITE") == whole
    assert {row["shop"] for row in whole} == {ETSY, NAVER}


async def test_the_page_of_a_sku_says_the_same_words(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    page = unescape((await guest.get("/stock/item?sku=MUG-WHITE&lang=en")).text)
    for row in await ops.plan(house, sku="MUG-WHITE"):
        assert in_words(row) in page
