"""Both marketplaces connected from nothing through the pages, as a browser without scripts does it."""

from __future__ import annotations

import contextlib
import html
import re
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest
from tests.app.web.test_hooks import signed
from tests.support.town import Town, a_town
from tests.support.vtime import run_virtual

from jangbu.app.web import create_app
from jangbu.infra.db import WriteTx
from jangbu.infra.i18n import catalogue
from jangbu.people import service as people
from jangbu.people import signing_in
from jangbu.people.model import Choices, Role
from jangbu.people.signing_in import Where

HOME = "http://127.0.0.1:9700"
NOBODY_THERE = "http://127.0.0.1:3003/oauth/redirect"
BACK = f"{HOME}/shops/connect/etsy/return"
ETSY, NAVER = "/shops/connect/etsy", "/shops/connect/naver"


class Seller:
    """A seller's browser; it follows our own redirects and sends forms with what stands in them."""

    def __init__(self, town: Town, browser: httpx2.AsyncClient) -> None:
        self.town, self.browser, self.page = town, browser, ""

    async def open(self, path: str) -> str:
        answer = await self.browser.get(path, follow_redirects=True)
        self.page = answer.text
        return self.page

    async def send(self, path: str, **fields: str) -> httpx2.Response:
        csrf = re.search(r'name="csrf" value="([^"]+)"', self.page)
        assert csrf
        answer = await self.browser.post(path, data={"csrf": csrf[1], **fields}, follow_redirects=True)
        self.page = answer.text
        return answer

    async def begin_etsy(self, **fields: str) -> httpx2.Response:
        if not fields.get("attempt") and not fields.get("shop"):
            fields = {"name": "달빛 Etsy", "redirect": NOBODY_THERE, **typed(self.town, "etsy"), **fields}
        return await self.send(ETSY, act="begin", **fields)

    async def consent(self, then: str = "") -> str:
        """Follow the link to the marketplace's page, and its button; give where the browser is sent."""
        link = re.search(r'href="(http://127\.0\.0\.1:9101/oauth/connect[^"]+)"', self.page)
        assert link, self.page
        async with httpx2.AsyncClient(transport=self.town.transport) as there:
            answer = await there.get(html.unescape(link[1]))
            if answer.status_code == 200:
                button = re.search(rf'href="([^"]+)">{then}<', answer.text)
                assert button, answer.text
                answer = await there.get("http://127.0.0.1:9101" + html.unescape(button[1]))
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def says(self, code: str, lang: str = "ko", **fields: object) -> bool:
        return html.escape(catalogue().text(code, lang, **fields), quote=True).replace("&#x27;", "&#39;") in (
            self.page.replace("&#34;", "&quot;")
        )


def typed(town: Town, channel: str) -> dict[str, str]:
    wanted = {"etsy": ("keystring", "shared_secret"), "naver": ("client_id", "client_secret")}[channel]
    return {name: town.credentials(channel)[name] for name in wanted}


@contextlib.asynccontextmanager
async def a_seller(tmp_path: Path, lang: str = "ko", **more: Any) -> AsyncIterator[Seller]:
    async with a_town(tmp_path, **more) as town:
        app = create_app(town.house, None, local_token="local", page_token="key")
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 50_000))
        owner = Choices(lang, "Asia/Seoul", "KRW")
        now = town.clock.now()
        town.house.db.write_now(lambda tx: people.set_up(tx, "owner", "공방 주인", owner, "", now))
        async with httpx2.AsyncClient(transport=transport, base_url=HOME) as browser:
            await browser.get("/enter?key=key")
            browser.cookies.set("jangbu_lang", lang)
            seller = Seller(town, browser)
            await seller.open(ETSY)
            yield seller


def play(story: Coroutine[Any, Any, None]) -> None:
    run_virtual(story)


def test_both_marketplaces_are_connected_from_nothing_and_their_listings_stream_in(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            town = seller.town
            town.world.emulators["etsy"].settings.update({"redirect_uri": BACK})
            town.start_hub()
            await seller.open("/shops")
            assert seller.says("shops.none.title")
            await seller.open("/shops/connect")
            assert ETSY in seller.page
            assert NAVER in seller.page

            await seller.begin_etsy(redirect=BACK)
            came_back = await seller.consent()
            assert came_back.startswith(BACK)
            # The session's cookie is strict: from another site it does not come along, from our own page it does.
            async with httpx2.AsyncClient(transport=seller.browser._transport) as without_cookies:
                between = (await without_cookies.get(came_back)).text
            onward = re.search(r'content="0; url=([^"]+)"', between)
            assert onward
            await seller.open(html.unescape(onward[1]))
            assert seller.says("connect.connected", name="달빛 Etsy")
            assert seller.says("shops.next.watching")

            await seller.open(NAVER)
            certified = {"certified_on": "2026-01-15", "registered_addresses": "203.0.113.7"}
            answer = await seller.send(NAVER, name="우리 스토어", **typed(town, "naver"), **certified)
            assert (answer.status_code, str(answer.url)) == (200, f"{HOME}/shops/{quote('우리 스토어')}")
            await town.sleep(90)
            await seller.open("/shops")
            assert seller.page.count(catalogue().text("shops.grant.fine", "ko")) == 2
            assert "2026-07-14" in seller.page, "180 days after the certification"
            for name in ("etsy", "naver"):
                assert not town.world.emulators[name].books()["writes"]
            assert seller.says("shops.import.done", listings="10", offers="20")

    play(story())


def test_the_address_of_a_page_that_cannot_be_reached_is_pasted_after_a_click_on_the_marketplaces_page(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            seller.town.world.emulators["etsy"].settings.update({"consent_page": True})
            await seller.begin_etsy()
            await seller.send(ETSY, act="finish", answer=f"  {await seller.consent('Grant access')}\n")
            assert seller.says("connect.connected", name="달빛 Etsy")

    play(story())


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_no_is_explained_and_tried_again_without_typing_the_key_anew(tmp_path: Path, lang: str) -> None:
    async def story() -> None:
        async with a_seller(tmp_path, lang) as seller:
            seller.town.world.emulators["etsy"].settings.update({"consent_page": True})
            await seller.begin_etsy()
            answer = await seller.send(ETSY, act="finish", answer=await seller.consent("Cancel"))
            assert answer.status_code == 403
            assert seller.says("error.connect.denied.what", lang)
            attempt = re.search(r'name="attempt" value="([^"]+)"', seller.page)
            assert attempt
            await seller.begin_etsy(attempt=attempt[1])
            await seller.send(ETSY, act="finish", answer=await seller.consent("Grant access"))
            assert seller.says("connect.connected", lang, name="달빛 Etsy")

    play(story())


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize(
    ("rule", "change", "code", "help_code"),
    [
        ("", {"client_secret": "$2a$04$JangbuInventedSalt000u"}, "naver.secret_wrong", "secret"),
        ("", {"client_id": "unknown"}, "naver.client_id_wrong", "secret"),
        ("address_not_allowed", {}, "naver.address_not_allowed", "address"),
    ],
)
def test_what_naver_refuses_leads_to_its_own_help_and_no_secret_comes_back(
    tmp_path: Path, lang: str, rule: str, change: dict[str, str], code: str, help_code: str
) -> None:
    async def story() -> None:
        async with a_seller(tmp_path, lang) as seller:
            if rule:
                seller.town.world.faults.replace([{"kind": rule, "channel": "naver"}])
            given = {**typed(seller.town, "naver"), **change}
            answer = await seller.send(NAVER, name="우리 스토어", **given)
            assert answer.status_code == 502
            assert seller.says(f"error.{code}.what", lang)
            assert f'<details open id="help-{help_code}">' in seller.page
            assert 'value="우리 스토어"' in seller.page
            assert given["client_secret"] not in html.unescape(seller.page)
            await seller.open("/shops")
            assert seller.says("shops.none.title", lang)
            seller.town.world.faults.replace([])
            await seller.send(NAVER, name="우리 스토어", **typed(seller.town, "naver"))
            assert seller.says("connect.connected", lang, name="우리 스토어")

    play(story())


def test_a_secret_typed_visibly_counts_and_is_not_shown_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            given = typed(seller.town, "naver")
            id_, secret = given["client_id"], given["client_secret"]
            await seller.send(NAVER, name="connect", client_id=id_, client_secret="", client_secret_shown=secret)
            assert seller.says("connect.connected", name="connect")
            assert given["client_secret"] not in html.unescape(seller.page)
            assert not seller.says("connect.choose"), "a shop called connect has a page of its own"

    play(story())


def test_who_is_not_signed_in_finishes_nothing_and_no_answer_leads_elsewhere(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            await seller.begin_etsy()
            answer = (await seller.consent()).partition("?")[2]
            async with httpx2.AsyncClient(transport=seller.browser._transport, base_url=HOME) as stranger:
                refused = await stranger.get(f"{ETSY}/finish?{answer}")
                assert refused.status_code in {303, 403}
                assert (await stranger.get("/shops")).status_code in {303, 403}
                odd = await stranger.get(f'{ETSY}/return?next=https://evil.example/&code="><script>x</script>&state=a')
                assert "<script" not in odd.text
                targets = re.findall(r'(?:href|url)="?=?([^"]+)"', odd.text)
                assert targets
                assert all(each.startswith(("/shops/connect/etsy/finish?", "/static/")) for each in targets), targets
                nowhere = await stranger.get("/shops/connect/nowhere/return?code=a&state=b")
                assert nowhere.headers["location"] == "/shops"
            await seller.open(f"{ETSY}/finish?{answer}")
            assert seller.says("connect.connected", name="달빛 Etsy")
            await seller.open(f"{ETSY}/finish?{answer}")
            assert seller.says("error.connect.state_used.what")

    play(story())


def test_another_person_neither_finishes_my_attempt_nor_comes_in_without_being_an_owner(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            await seller.begin_etsy()
            answer = await seller.consent()
            for role in (Role.OWNER, Role.OPERATOR):
                async with httpx2.AsyncClient(transport=seller.browser._transport, base_url=HOME) as browser:
                    other = await another(seller, browser, role)
                    opened = await browser.get(ETSY)
                    assert opened.status_code == (200 if role is Role.OWNER else 403)
                    await other.open(f"{ETSY}/finish?{answer.partition('?')[2]}")
                    assert other.says("error.connect.state_foreign.what") == (role is Role.OWNER)
                    if role is Role.OPERATOR:
                        await other.open("/shops")
                        assert "/shops/connect" not in other.page
            await seller.send(ETSY, act="finish", answer=answer)
            assert seller.says("connect.connected", name="달빛 Etsy")

    play(story())


async def another(seller: Seller, browser: httpx2.AsyncClient, role: Role) -> Seller:
    """Sign somebody else in."""
    now, where = seller.town.clock.now(), Where("127.0.0.1", here=True, agent="test")
    login = f"other-{role.value}"

    def open_session(tx: WriteTx) -> str:
        person = people.add(tx, login, "준", role, now, actor="person:owner", password="unusable")
        return signing_in.open_session(tx, person, where, now)

    browser.cookies.set("jangbu_session", seller.town.house.db.write_now(open_session))
    browser.cookies.set("jangbu_lang", "ko")
    return Seller(seller.town, browser)


def test_how_far_the_application_has_come_is_kept_as_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            for state in ("applied", "approved", "refused"):
                await seller.send(ETSY, act="told", state=state)
                assert re.search(rf'value="{state}" checked', seller.page)
            assert seller.says("connect.etsy.refused.text")
            assert (await seller.send(ETSY, act="told", state="<b>")).status_code == 422

    play(story())


def test_a_refused_grant_is_renewed_from_the_shops_own_page(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            town = seller.town
            await town.connect("etsy", "달빛 Etsy")
            town.start_hub()
            await town.sleep(20)
            town.world.faults.replace([{"kind": "token_revoked", "channel": "etsy"}])
            await town.sleep(30)
            await seller.open("/shops")
            assert seller.says("shops.grant.refused")
            town.world.faults.replace([])
            shop = re.search(r'name="shop" value="([^"]+)"', seller.page)
            assert shop
            await seller.begin_etsy(shop=shop[1], redirect=NOBODY_THERE)
            await seller.send(ETSY, act="finish", answer=await seller.consent())
            assert seller.says("connect.renewed", name="달빛 Etsy")
            await town.sleep(30)
            await seller.open("/shops")
            assert seller.says("shops.grant.fine")
            assert not seller.says("shops.grant.refused")

    play(story())


def test_the_webhooks_light_turns_on_with_the_first_delivery(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path) as seller:
            town = seller.town
            town.house.settings = replace(town.house.settings, public_url="https://jangbu.example")
            shop = await town.connect("etsy", "etsy")
            await seller.open("/shops/etsy")
            assert f"https://jangbu.example/hooks/etsy/{shop['id']}" in seller.page
            assert seller.says("connect.webhook.silent")
            secret = town.credentials("etsy")["webhook_secret"]
            await seller.send("/shops/etsy/webhook", webhook_secret="not one")
            assert seller.says("error.input.credential_form.what", field="webhook_secret", length=7)
            await seller.send("/shops/etsy/webhook", webhook_secret=secret)
            assert seller.says("connect.webhook.saved")
            assert secret not in seller.page
            assert await deliver(seller, shop, secret) == 200
            await seller.open("/shops/etsy")
            assert seller.says("connect.webhook.heard")

    play(story())


async def deliver(seller: Seller, shop: dict[str, Any], secret: str) -> int:
    body = (
        f'{{"event_type":"order.paid","resource_url":"https://api.etsy.com/v3/application/shops/{shop["remote_id"]}'
        f'/receipts/1","shop_id":{shop["remote_id"]}}}'
    ).encode()
    headers = signed(body, at=seller.town.clock.now().timestamp(), secret=secret)
    return (await seller.browser.post(f"/hooks/etsy/{shop['id']}", content=body, headers=headers)).status_code
