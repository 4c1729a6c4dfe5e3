"""The page: who is let in, what it shows in each language, and what it never shows."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.conftest import PAGE_TOKEN, browser_of
from tests.app.web.filled import BUYER, NOW, WEBHOOK_SECRET, FixedClock, add_etsy, add_naver, fill

from jangbu.app.bootstrap import House
from jangbu.app.web.stock import PAGE
from jangbu.catalog import service as catalog
from jangbu.infra.db import WriteTx
from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.infra.ui import assets
from jangbu.kernel.money import Money
from jangbu.sdk.records import Listing, ListingRef, ListingState, Offer
from jangbu.shops import service as shops

CODES = r"\b(web|plan|wait|today|activity|error|line_state|shop_state|write_state|act|follows|because)\.[a-z_]+"

# -- who is let in ----------------------------------------------------------------------------------------


async def test_the_link_opens_the_page_once(client: httpx2.AsyncClient, app: Starlette) -> None:
    entered = await client.get(f"/enter?key={PAGE_TOKEN}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    cookie = entered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert PAGE_TOKEN not in cookie
    assert (await client.get("/")).status_code == 200
    async with browser_of(app) as second:
        again = await second.get(f"/enter?key={PAGE_TOKEN}")
        assert again.status_code == 403
        assert "set-cookie" not in again.headers
        assert (await second.get("/")).headers["location"] == "/sign-in"


@pytest.mark.parametrize("path", ["/enter", "/enter?key=wrong", "/enter?key=한글"])
async def test_who_has_no_link_is_told_in_both_languages_how_to_get_one(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 403
    assert "jangbu page" in answer.text
    assert "link" in answer.text
    assert "링크" in answer.text


async def test_a_guessed_cookie_opens_nothing(client: httpx2.AsyncClient) -> None:
    for name in ("jangbu_page", "jangbu_session", "__Host-jangbu_session"):
        answer = await client.get("/", headers={"cookie": f"{name}={PAGE_TOKEN}"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


async def test_another_link_can_be_issued_and_ends_after_half_a_day(
    client: httpx2.AsyncClient, app: Starlette, clock: FixedClock
) -> None:
    early, late = app.state.issue_link(), app.state.issue_link()
    assert (await client.get(f"/enter?key={early}")).status_code == 303
    clock.pass_by(hours=13)
    assert (await client.get(f"/enter?key={late}")).status_code == 403
    assert (await client.get("/")).status_code == 303  # the session ended too


async def test_a_preview_of_the_link_does_not_use_it_up(client: httpx2.AsyncClient) -> None:
    await client.head(f"/enter?key={PAGE_TOKEN}")
    assert (await client.get(f"/enter?key={PAGE_TOKEN}")).status_code == 303


async def test_nothing_can_be_changed_through_the_page(guest: httpx2.AsyncClient) -> None:
    for path in ("/", "/enter"):
        assert (await guest.post(path)).status_code == 405


# -- what every answer forbids ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/enter", "/healthz", "/nowhere", "/static/board.css"])
async def test_every_answer_says_what_a_browser_must_not_do(guest: httpx2.AsyncClient, path: str) -> None:
    headers = (await guest.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"  # so that a form's origin is told
    assert headers["x-frame-options"] == "DENY"
    assert ("immutable" if "static" in path else "no-store") in headers["cache-control"]


async def test_the_page_has_no_inline_script_or_style_and_asks_nobody_else(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    page = (await guest.get("/")).text
    assert not re.findall(r"<script(?![^>]*\ssrc=)", page)
    assert not re.findall(r"\son\w+=|\sstyle=|<style", page)
    addresses = re.findall(r"(?:src|href|action)=\"([^\"]+)\"", page)
    assert addresses
    assert not [a for a in addresses if not a.startswith(("/", "#"))]


async def test_every_static_file_the_page_names_is_there(guest: httpx2.AsyncClient) -> None:
    page = (await guest.get("/")).text
    for name in ("board.css", "live.js", "mark.svg"):
        assert assets()[name].url in page
        answer = await guest.get(assets()[name].url)
        assert (answer.status_code, answer.content) == (200, assets()[name].content)
    for name in ("nothing.css", "..%2fengine.py", "%2e%2e"):
        assert (await guest.get(f"/static/{name}")).status_code == 404


# -- what it shows ----------------------------------------------------------------------------------------


async def test_each_language_shows_the_whole_page_in_its_words(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    for path, korean, english in (
        (
            "/",
            ("3월 4일 수요일", "먼저 고칠 것", "발송할 주문", "재고에서 정할 것", "방금 일어난 일", "20시간 지남"),
            ("Wednesday 4 March", "To mend first", "Stock to decide on", "What just happened", "20 h late"),
        ),
        ("/stock", ("실재고", "판매 가능", "과다 노출"), ("On hand", "Available", "Over-exposed")),
        ("/orders", ("발주확인 전", "오늘 보낼 것"), ("to be confirmed", "20 h late")),
    ):
        for lang, words in (("ko", korean), ("en", english)):
            page = re.sub(r"<[^>]+>", " ", (await guest.get(f"{path}?lang={lang}")).text)
            assert [word for word in words if word not in page] == []
            assert not re.findall(CODES, page)
            assert not re.findall(r"\{\w+\}", page)


async def test_the_language_chosen_is_remembered(guest: httpx2.AsyncClient) -> None:
    assert '<html lang="ko">' in (await guest.get("/")).text  # the setting
    await guest.get("/?lang=en")
    assert '<html lang="en">' in (await guest.get("/")).text
    assert '<html lang="en">' in (await guest.get("/?lang=xx")).text


async def test_a_shop_in_trouble_says_what_stopped_what_to_do_and_who_must(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    page = (await guest.get("/?lang=en")).text
    texts = catalogue()
    code = "error.channel.address_not_allowed"
    assert texts.text(f"{code}.what", "en") in page
    assert texts.text(f"{code}.who", "en") in page
    assert page.count("<ol><li>") == 1
    assert "9 min ago" in page
    assert '/repair"' in page


async def test_a_trouble_without_a_text_is_still_named(guest: httpx2.AsyncClient, house: House) -> None:
    add_etsy(house)
    house.db.write_now(lambda tx: tx.run("UPDATE shop SET trouble = 'other.thing', trouble_at = 0"))
    assert "(other.thing)" in (await guest.get("/?lang=en")).text


async def test_a_shop_not_heard_for_long_is_marked(guest: httpx2.AsyncClient, house: House, clock: FixedClock) -> None:
    fill(house)
    assert "silent for too long" not in (await guest.get("/?lang=en")).text
    clock.pass_by(minutes=6)
    page = (await guest.get("/?lang=en")).text
    assert page.count("has been silent for too long") == 1, "the other shop is in trouble, which says more"
    assert '<span class="bad">heard 6 min ago</span>' in page


async def test_over_exposed_stock_comes_first_and_says_by_how_much(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    page = (await guest.get("/stock?lang=en")).text
    order = re.findall(r"sku--main\"[^>]*>([^<]+)<", page)
    assert order[:3] == ["BOWL-RICE-L", "SPOON-SET-2", "BOWL-RICE-S"]
    assert "Over-exposed by 10" in page
    assert "Up to 20 could sell; 10 are available." in page
    only = re.findall(r"sku--main\"[^>]*>([^<]+)<", (await guest.get("/stock?show=over")).text)
    assert only == ["BOWL-RICE-L", "SPOON-SET-2"]


async def test_a_mirrored_sku_shows_risk_and_is_not_called_over_exposed(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    house.db.write_now(lambda tx: catalog.set_policy(tx, catalog.variant_of(tx, "SPOON-SET-2").id, "mirror"))
    page = (await guest.get("/stock?lang=en&q=spoon")).text
    assert "Risk 10" in page
    assert "Over-exposed by" not in page


async def test_the_most_pressing_orders_stand_on_the_day_as_they_do_on_the_board(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    page, board = (await guest.get("/?lang=en")).text, (await guest.get("/orders?lang=en")).text
    spans = [r"(\d+ \w+ (?:late|left))</span>", r"order=(\d+)\""]
    pages = (page[: page.index('id="decide"')], board)
    today, every = ([re.findall(pattern, each) for pattern in spans] for each in pages)
    assert today == [found[:5] for found in every]
    counts = dict(re.findall(r'id="due-(\w+)">[^<]*<span class="count">(\d+)<', board))
    able = sum(int(n) for group, n in counts.items() if group not in {"waits", "sent"})
    assert re.findall(r"counts-n\">(\d+)<", page) == [counts["late"], counts["today"], str(able)]


async def test_a_write_says_what_changed_why_and_what_came_of_it(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    page = (await guest.get("/?lang=en")).text
    writes = page[page.index('id="writes"') : page.index('id="happened"')]
    assert "Brass spoon and chopsticks" in writes
    assert catalogue().text("plan.nothing_left", "en") in writes
    assert catalogue().text("today.off", "en") in writes
    house.db.write_now(lambda tx: tx.run("UPDATE stock_write SET state = 'refused', error = 'channel.timeout'"))
    page = (await guest.get("/?lang=en")).text
    assert catalogue().text("write_state.refused", "en") in page
    assert catalogue().text("error.channel.timeout.what", "en") in page


async def test_the_general_stop_and_every_shop_that_is_not_written_have_a_banner(
    guest: httpx2.AsyncClient, house: House
) -> None:
    etsy, naver = add_etsy(house), add_naver(house)
    assert "banner--bad" not in (await guest.get("/?lang=en")).text

    def write(tx: WriteTx) -> None:
        shops.stop_all(tx, NOW - timedelta(hours=1), actor="person:owner")
        shops.pause(tx, etsy.name, NOW, actor="person:owner")

    house.db.write_now(write)
    page = (await guest.get("/?lang=en")).text
    assert "All writing is stopped." in page
    shops_now = page[page.index('id="shops"') :]
    for shop, state in ((etsy, "paused"), (naver, "watching")):
        mine = shops_now[shops_now.index(shop.name) :]
        assert mine.index(catalogue().text(f"web.banner.{state}", "en")) < mine.index("</li>")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_trademark_notice_stands_while_an_etsy_shop_is_there(
    guest: httpx2.AsyncClient, house: House, lang: str
) -> None:
    add_naver(house)
    assert "trademark of Etsy" not in (await guest.get(f"/?lang={lang}")).text
    add_etsy(house)
    assert "trademark of Etsy, Inc." in (await guest.get(f"/?lang={lang}")).text


async def test_long_stock_lists_have_pages(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house, extra=2 * PAGE)
    seen: list[str] = []
    for page in (1, 2, 3):
        text = (await guest.get(f"/stock?lang=en&page={page}")).text
        assert f"Page {page} of 3 · 112 SKUs" in text
        seen += re.findall(r"sku--main\"[^>]*>([^<]+)<", text)
    assert len(seen) == len(set(seen)) == 112
    assert "No SKU fits." in (await guest.get("/stock?lang=en&page=9")).text


async def test_stock_is_found_by_sku_and_by_title_and_signs_mean_themselves(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)

    async def found(text: str) -> list[str]:
        page = await guest.get("/stock", params={"q": text})
        return re.findall(r"sku--main\"[^>]*>([^<]+)<", page.text)

    assert await found("mug") == ["MUG-BLUE", "MUG-WHITE"]
    assert await found("PORCELAIN") == ["PLATE-MOON-21", "PLATE-MOON-27"]
    assert await found("%") == await found("_") == await found("' OR 1=1 --") == []


@pytest.mark.parametrize(
    "query", ["page=0", "page=-3", "page=x", "page=99999999999", "orders=x", "show=nothing", "q=%00", "lang=%00"]
)
async def test_an_odd_question_gets_an_ordinary_page(guest: httpx2.AsyncClient, house: House, query: str) -> None:
    fill(house)
    assert (await guest.get(f"/stock?{query}")).status_code == 200


async def test_a_database_that_does_not_answer_is_said_in_both_languages(
    guest: httpx2.AsyncClient, house: House
) -> None:
    house.db.close()
    answer = await guest.get("/")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
    assert "응답하지 않습니다" in answer.text


# -- what it never shows ----------------------------------------------------------------------------------


async def test_markup_in_a_title_is_shown_as_text(guest: httpx2.AsyncClient, house: House) -> None:
    shop = add_etsy(house)
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>'
    offer = Offer("1", "1", evil, ((evil, evil),), Money(1, "USD"), 1, enabled=True)
    listing = Listing(ListingRef("1", "listing"), evil, ListingState.ON_SALE, "active", (offer,))

    def write(tx: WriteTx) -> None:
        catalog.take_listings(tx, shop.id, [listing], NOW)
        catalog.link_by_code(tx, NOW, actor="person:owner")

    house.db.write_now(write)
    page = (await guest.get("/stock", params={"q": "script"})).text
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "<img src=x" not in page
    searched = (await guest.get("/stock", params={"q": '"><script>alert(1)</script>'})).text
    assert "<script>alert" not in searched


async def test_no_personal_data_and_no_secret_is_on_the_page(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    page = (await guest.get("/")).text + (await guest.get("/orders?orders=300")).text
    assert "3512009900" in page
    for hidden in (
        BUYER.name,
        BUYER.phone,
        BUYER.city,
        BUYER.line_1,
        "for Buyer 17",
        WEBHOOK_SECRET,
        "sample-shared-secret",
    ):
        assert hidden not in page


@pytest.mark.parametrize("lang", LANGUAGES)
def test_both_languages_have_the_same_sentences(lang: str) -> None:
    assert _own_sentences(lang) == _own_sentences("en")


def _own_sentences(lang: str) -> set[str]:
    return {code for code in catalogue().codes(lang) if code.startswith("web.")}
