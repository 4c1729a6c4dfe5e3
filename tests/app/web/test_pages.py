"""The seller's pages: each in both languages, what their forms do, and what they refuse."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx2
import pytest
from tests.app.web.conftest import browser_of
from tests.app.web.filled import BUYER, add_etsy, fill

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.infra.i18n import LANGUAGES, catalogue

OWNER = "person:owner"
PAGES = (
    "/", "/orders", "/orders?q=mug", "/orders/print", "/stock", "/stock?show=low", "/stock/item?sku=MUG-BLUE",
    "/stock/item?sku=MUG-BLUE&at=2026-03-04T00:00", "/stock/opening", "/stock/opening/preview?how=lowest", "/listings",
    "/listings/pairs", "/listings/pairs/sure", "/listings?show=linked&q=mug", "/plan", "/plan?kind=out&q=stone",
    "/activity", "/activity?show=writes", "/activity?show=calls", "/activity?show=deliveries", "/shops", "/people",
    "/activity?about=trouble", "/activity?show=calls&about=trouble",
)  # fmt: skip
LEFT_OVER = re.compile(
    r"\{[a-z_]+\}"
    r"|\b(web|page|stock|plans|orders|listings|opening|records|wait|linking|plan|follows|because|today)\.[a-z_.]{3,}"
)


async def csrf_of(guest: httpx2.AsyncClient, page: str = "/") -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', (await guest.get(page)).text)
    assert found
    return found[1]


async def send(guest: httpx2.AsyncClient, path: str, **fields: str | list[str]) -> httpx2.Response:
    return await guest.post(path, data={"csrf": await csrf_of(guest), **fields})


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
async def test_every_page_is_whole_in_both_languages(
    guest: httpx2.AsyncClient, house: House, path: str, lang: str
) -> None:
    fill(house)
    answer = await guest.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    assert answer.status_code == 200
    text = re.sub(r"<[^>]+>", " ", answer.text)
    assert not LEFT_OVER.search(text), LEFT_OVER.search(text)
    assert f'<html lang="{lang}">' in answer.text
    assert "style=" not in answer.text, "the policy allows no inline style"


@pytest.mark.parametrize("path", PAGES)
async def test_an_empty_house_has_every_page_too(guest: httpx2.AsyncClient, path: str) -> None:
    expected = 404 if "item" in path else 200
    assert (await guest.get(path)).status_code == expected


async def test_every_link_of_the_navigation_leads_somewhere(guest: httpx2.AsyncClient) -> None:
    nav = re.search(r"<nav.*?</nav>", (await guest.get("/")).text, re.DOTALL)
    assert nav
    for path in re.findall(r'href="([^"]+)"', nav[0]):
        assert (await guest.get(path)).status_code == 200, path


# -- stock ------------------------------------------------------------------------------------------------


async def test_a_count_is_booked_with_who_said_it_and_stands_in_the_history(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    answer = await send(
        guest, "/stock/book", sku="MUG-BLUE", action="count", quantity="31", reason="after the fair"
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/stock/item?sku=MUG-BLUE")
    told = await ops.why(house, sku="MUG-BLUE")
    assert told["on_hand"] == 31
    assert told["moves"][-1]["actor"] == OWNER
    page = (await guest.get("/stock/item?sku=MUG-BLUE&lang=en")).text
    assert "after the fair" in page
    assert catalogue().text("stock.booked", "en", sku="MUG-BLUE") in page


@pytest.mark.parametrize(
    ("action", "quantity"), [("count", "-1"), ("count", "1.5"), ("count", ""), ("count", "９"), ("receive", "0"),
                             ("adjust", "0"), ("adjust", "-9999"), ("steal", "1")],
)  # fmt: skip
async def test_a_bad_booking_changes_nothing_and_says_why(
    guest: httpx2.AsyncClient, house: House, action: str, quantity: str
) -> None:
    fill(house)
    before = await ops.why(house, sku="MUG-BLUE")
    answer = await send(guest, "/stock/book", sku="MUG-BLUE", action=action, quantity=quantity)
    assert 400 <= answer.status_code < 500
    assert catalogue().text("web.trouble.who", "ko") in answer.text or "Who must act" in answer.text
    assert (await ops.why(house, sku="MUG-BLUE"))["moves"] == before["moves"]


async def test_a_policy_is_chosen_on_the_page(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    assert (await send(guest, "/stock/policy", sku="MUG-BLUE", policy="mirror")).status_code == 303
    assert (await ops.stock_show(house, sku="MUG-BLUE"))[0]["policy"] == "mirror"


# -- opening stock ----------------------------------------------------------------------------------------


def forget_counts(house: House, *skus: str) -> None:
    for sku in skus:
        house.db.write_now(
            lambda tx, sku=sku: tx.run(  # type: ignore[misc]
                "DELETE FROM counted_variant WHERE variant_id = (SELECT id FROM variant WHERE sku = ?)", (sku,)
            )
        )


async def test_opening_stock_is_what_a_person_said_for_each_and_the_rest_stays_open(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    forget_counts(house, "MUG-BLUE", "MUG-WHITE", "CANDLE-PINE", "BOWL-RICE-S")
    rows = {row["sku"]: row for row in await ops.opening_list(house)}
    assert set(rows) == {"MUG-BLUE", "MUG-WHITE", "CANDLE-PINE", "BOWL-RICE-S", "STONE-HOLDER"}
    shop = rows["MUG-WHITE"]["shops"][0]
    fields: dict[str, str | list[str]] = {
        "sku": list(rows), "how:MUG-BLUE": "count", "number:MUG-BLUE": "40",
        "how:MUG-WHITE": f"shop:{shop['shop']}", "how:CANDLE-PINE": "lowest", "how:BOWL-RICE-S": "later",
    }  # fmt: skip
    answer = await send(guest, "/stock/opening", **fields)
    assert answer.status_code == 303, answer.text
    assert [row["sku"] for row in await ops.opening_list(house)] == ["BOWL-RICE-S", "STONE-HOLDER"]
    on_hand = {sku: (await ops.stock_show(house, sku=sku))[0]["on_hand"] for sku in rows}
    assert on_hand["MUG-BLUE"] == 40
    assert on_hand["MUG-WHITE"] == shop["number"] + rows["MUG-WHITE"]["open"]
    assert on_hand["CANDLE-PINE"] == rows["CANDLE-PINE"]["lowest"] + rows["CANDLE-PINE"]["open"]


async def test_one_wrong_row_books_none(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    forget_counts(house, "MUG-BLUE", "MUG-WHITE")
    fields: dict[str, str | list[str]] = {
        "sku": ["MUG-BLUE", "MUG-WHITE"], "how:MUG-BLUE": "count", "number:MUG-BLUE": "4", "how:MUG-WHITE": "guess",
    }  # fmt: skip
    answer = await send(guest, "/stock/opening", **fields)
    assert answer.status_code == 422
    assert {"MUG-BLUE", "MUG-WHITE"} <= {row["sku"] for row in await ops.opening_list(house)}


async def test_nothing_chosen_books_nothing(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    forget_counts(house, "MUG-BLUE")
    assert (await send(guest, "/stock/opening", sku="MUG-BLUE")).status_code == 422


# -- plan and start ---------------------------------------------------------------------------------------


async def test_the_plan_is_read_and_then_a_shop_is_started_as_wide_as_she_says(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    shop = next(each for each in await ops.shop_list(house) if each["channel"] == "etsy")
    page = (await guest.get(f"/plan?shop={quote(shop['name'])}&lang=en")).text
    rows = await ops.plan(house, name=shop["id"])
    assert all(row["sku"] in page for row in rows)
    sku = rows[0]["sku"]
    answer = await send(guest, "/plan/start", shop=shop["id"], scope="skus", sku=sku, return_free="no")
    assert answer.status_code == 303
    now = await ops.shop_show(house, name=shop["id"])
    assert (now["state"], now["scope"], now["options"]["return_free"]) == ("connected", "skus", "no")
    await send(guest, "/plan/start", shop=shop["id"], scope="all", sku=sku)
    assert (await ops.shop_show(house, name=shop["id"]))["scope"] == "all"


async def test_a_shop_whose_returns_are_undecided_is_asked_on_the_page_and_not_started_without(
    guest: httpx2.AsyncClient, house: House
) -> None:
    shop = add_etsy(house)
    answer = await send(guest, "/plan/start", shop=shop.id, scope="all")
    assert answer.status_code == 409
    assert (await ops.shop_show(house, name=shop.id))["state"] == "watching"


# -- orders and listings ----------------------------------------------------------------------------------


async def test_an_order_shows_where_it_goes_and_takes_a_tracking_number(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    order = next(
        row for row in await ops.order_list(house) if any(line["state"] == "paid" for line in row["lines"])
    )
    where = f"/orders/item?shop={quote(order['shop'])}&order={quote(order['order'])}"
    assert BUYER.line_1 not in (await guest.get(where)).text
    opened = await send(guest, "/orders/address", shop=order["shop"], order=order["order"])
    assert BUYER.line_1 in opened.text
    (looked,) = [row for row in await ops.audit_list(house, limit=5) if row["code"] == "address.opened"]
    assert looked["facts"] == {"order": order["order"]}
    answer = await send(
        guest, "/orders/ship", shop=order["shop"], order=order["order"], carrier="cj", number="6123-4567-8901"
    )
    assert answer.status_code == 303
    owed = (await ops.order_show(house, order=order["order"], name=order["shop"]))["owed"]
    assert [(each["kind"], each["tracking_number"]) for each in owed if each["kind"] == "ship"] == [
        ("ship", "6123-4567-8901")
    ]


async def test_an_offer_is_linked_by_hand_and_the_rest_by_code(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    rows = await ops.catalog_offers(house)
    row = rows[0]
    answer = await send(
        guest, "/listings/link", shop=row["shop"], offer=row["offer"], sku="BRAND-NEW", units="2", new="1"
    )
    assert answer.status_code == 303
    found = next(each for each in await ops.catalog_offers(house) if each["offer"] == row["offer"])
    assert found["links"] == {"BRAND-NEW": 2}
    assert (await send(guest, "/listings/by-code")).status_code == 303


async def test_an_offer_is_not_linked_to_a_sku_nobody_has_unless_it_is_meant_to_be_new(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    row = (await ops.catalog_offers(house))[0]
    answer = await send(guest, "/listings/link", shop=row["shop"], offer=row["offer"], sku="NO-SUCH", units="1")
    assert answer.status_code == 404
    found = next(each for each in await ops.catalog_offers(house) if each["offer"] == row["offer"])
    assert found["links"] == row["links"]


# -- who may do what --------------------------------------------------------------------------------------


async def test_who_is_not_signed_in_sees_none_of_it(app: object, house: House) -> None:
    fill(house)
    async with browser_of(app) as stranger:  # type: ignore[arg-type]
        for path in PAGES:
            answer = await stranger.get(path)
            assert answer.status_code != 200 or "MUG-BLUE" not in answer.text
            assert "MUG-BLUE" not in answer.text
