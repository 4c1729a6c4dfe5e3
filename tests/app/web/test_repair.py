"""The page that repairs a connection: what it shows, who may do what, and that no secret comes back."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import httpx2
import pytest
from tests.app.web.filled import BUYER, NOW, fill
from tests.app.web.test_pages import LEFT_OVER, send
from tests.channels.etsy.test_texts import _codes as etsy_codes
from tests.channels.naver.test_texts import codes as naver_codes

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.infra.activity import note
from jangbu.infra.i18n import LANGUAGES, catalogue, fault
from jangbu.kernel.errors import ChannelError, ReauthRequired, Transient
from jangbu.shops import service as shops

SECRET = "$2a$04$" + "a" * 21 + "O"


async def troubled(house: House) -> str:
    """Give the address of a shop whose address is not let in."""
    fill(house)
    house.db.write_now(
        lambda tx: tx.run(
            "UPDATE shop SET trouble = 'naver.address_not_allowed', state = 'needs_attention', trouble_at = 0 "
            "WHERE channel = 'naver'"
        )
    )
    shop = next(each for each in await ops.shop_list(house) if each["channel"] == "naver")
    return f"/shops/{shop['id']}"


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_the_ladder_shows_where_it_broke_and_what_to_do(
    guest: httpx2.AsyncClient, house: House, lang: str
) -> None:
    page = await guest.get(f"{await troubled(house)}/repair?lang={lang}")
    assert page.status_code == 200
    assert page.text.count("rung--broken") == 1
    assert page.text.count("rung--ok") == 1, "the line holds"
    assert page.text.count("rung--not_reached") == 8
    assert catalogue().text("rung.address", lang) in page.text
    assert not LEFT_OVER.search(page.text)


async def test_a_secret_of_the_wrong_form_changes_nothing_and_never_comes_back(
    guest: httpx2.AsyncClient, house: House
) -> None:
    path = await troubled(house)
    answer = await send(guest, f"{path}/secret", client_secret="surely-not-a-secret")
    assert answer.status_code == 422
    assert "surely-not-a-secret" not in answer.text
    assert (await ops.shop_show(house, name=path.rsplit("/", 1)[1]))["trouble"] == "naver.address_not_allowed"


async def test_nothing_given_is_said(guest: httpx2.AsyncClient, house: House) -> None:
    assert (await send(guest, f"{await troubled(house)}/secret", client_secret="")).status_code == 422


OWN = re.compile(r"\b(repair|error|rung|records|connect|line)\.[a-z_.]{2,}")
WHO = {"en": {"You", "The app's developer", "The marketplace", "Nobody: it repairs itself"},
       "ko": {"판매자 본인", "개발자", "마켓", "아무도: 저절로 복구됨"}}  # fmt: skip


def kinds_of(kind: type[ChannelError]) -> list[type[ChannelError]]:
    return [kind, *(below for each in kind.__subclasses__() for below in kinds_of(each))]


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", " ", page))


async def break_with(house: House, channel: str, code: str) -> str:
    """Put a shop in trouble with a code; give the address of its page of repair."""
    shop = next(each for each in await ops.shop_list(house) if each["channel"] == channel)
    error = ChannelError("", code=code, operation="someCall", status=418, remote_code="R-7", request_id="req-9")
    house.db.write_now(lambda tx: shops.mended(tx, shop["id"], NOW))
    house.db.write_now(lambda tx: shops.trouble(tx, shop["id"], error, NOW - timedelta(minutes=9), stops=True))
    return f"/shops/{shop['id']}/repair"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("channel", ["naver", "etsy", "kernel"])
async def test_every_code_there_is_explains_itself_on_the_page(
    guest: httpx2.AsyncClient, house: House, channel: str, lang: str
) -> None:
    fill(house)
    known = {"naver": naver_codes(), "etsy": etsy_codes(), "kernel": {kind.code for kind in kinds_of(ChannelError)}}
    for code in sorted(known[channel]):
        path = await break_with(house, "naver" if channel == "kernel" else channel, code)
        page = text_of((await guest.get(f"{path}?lang={lang}")).text)
        told = fault(code, {"operation": "someCall", "status": 418, "remote_code": "R-7"}, lang)
        assert catalogue().has(f"error.{code}.what", lang), code
        assert told.what in page, code
        assert 1 <= len(told.steps) <= 3, code
        assert all(step in page for step in told.steps), code
        assert told.who in WHO[lang], code
        assert f"{told.who}" in page, code
        sure = [catalogue().text(f"repair.certainty.{each}", lang) for each in ("certain", "likely", "possible")]
        assert sum(each in page for each in sure) == 1, code
        seen = page.replace("line.ours", "").split("jangbu ")[0]  # what is written for who helps holds codes
        assert not OWN.search(seen), (code, OWN.search(seen))


@pytest.mark.parametrize(
    ("other_dark", "side"), [(False, "line.theirs"), (True, "line.ours")],
)  # fmt: skip
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_whose_line_is_down_is_said_before_anybody_looked(
    guest: httpx2.AsyncClient, house: House, lang: str, side: str, *, other_dark: bool
) -> None:
    fill(house)
    etsy = next(each for each in await ops.shop_list(house) if each["channel"] == "etsy")
    house.db.write_now(lambda tx: shops.mended(tx, etsy["id"], NOW))
    house.db.write_now(lambda tx: shops.set_heard(tx, etsy["id"], NOW - timedelta(seconds=30)))
    if other_dark:
        dark = Transient("", code="channel.timeout", operation="getMe")
        house.db.write_now(lambda tx: shops.trouble(tx, etsy["id"], dark, NOW - timedelta(minutes=8), stops=False))
    page = (await guest.get(f"{await break_with(house, 'naver', 'channel.unreachable')}?lang={lang}")).text
    assert page.count("rung--not_reached") == 9, "the line is what broke, nothing above it was tried"
    assert catalogue().text(f"error.{side}.what", lang) in html.unescape(page)
    assert catalogue().text("error.channel.unreachable.what", lang) not in html.unescape(page)


async def test_a_consent_that_ended_is_renewed_with_the_first_button_and_a_dormant_one_mended_with_its_secret(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    etsy = (await guest.get(await break_with(house, "etsy", "etsy.refresh_refused"))).text
    first = re.search(r"button--main[^>]*>([^<]+)<", etsy)
    assert first
    assert first[1] == catalogue().text("shops.renew", "ko")
    assert 'id="secret" open' not in etsy
    naver = (await guest.get(await break_with(house, "naver", "naver.app_not_entitled"))).text
    assert 'id="secret" open' in naver
    assert 'href="https://apicenter.commerce.naver.com"' in naver
    down = (await guest.get(await break_with(house, "naver", "channel.unreachable"))).text
    assert "apicenter" not in down, "nothing is to be done there when the line is down"


async def test_the_address_that_is_not_let_in_stands_beside_the_one_registered(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    path = await break_with(house, "naver", "naver.address_not_allowed")
    assert catalogue().text("repair.registered.none", "en") in (await guest.get(f"{path}?lang=en")).text
    await ops.shop_set(house, name=path.split("/")[2], option="registered_addresses", value="203.0.113.7")
    assert "203.0.113.7" in (await guest.get(f"{path}?lang=en")).text


async def test_what_a_missing_group_stopped_is_not_said_to_be_held_by_the_owner(house: House) -> None:
    _, naver = fill(house)
    house.db.write_now(lambda tx: shops.start(tx, naver.id, NOW, actor="person:owner"))
    await break_with(house, "naver", "naver.group_missing")

    async def standing() -> dict[str, str]:
        return {each["work"]: each["standing"] for each in await ops.shop_stands(house, name=naver.id)}

    assert await standing() == {"reading": "stopped", "writing": "stopped", "shipping": "stopped"}
    await ops.stop_all(house, actor="person:owner")
    assert (await standing())["writing"] == "held"


# -- records ----------------------------------------------------------------------------------------------


async def test_records_are_shown_by_shop_and_by_what_they_are_about(guest: httpx2.AsyncClient, house: House) -> None:
    etsy, naver = fill(house)

    def told(page: str) -> list[str]:
        part = page[page.index('id="records"'):page.index("for-helpers")]
        return re.findall(r'<span class="shop">([^<]+)</span>', part)

    every = told((await guest.get("/activity")).text)
    assert set(every) == {etsy.name, naver.name}
    mine = await guest.get("/activity", params={"shop": etsy.name})
    assert set(told(mine.text)) == {etsy.name}
    assert len(told(mine.text)) < len(every)
    trouble = (await guest.get("/activity", params={"shop": naver.name, "about": "trouble", "lang": "en"})).text
    assert len(told(trouble)) == 1
    assert catalogue().text("records.none_such", "en") in (
        await guest.get("/activity", params={"shop": etsy.name, "about": "trouble", "lang": "en"})
    ).text
    for show in ("writes", "calls", "deliveries"):
        page = await guest.get("/activity", params={"show": show, "shop": etsy.name, "about": "trouble"})
        assert page.status_code == 200
        assert naver.name not in told(page.text)


@pytest.mark.parametrize("asked", ["shop=<script>&about=zzz", "show=nothing", "about=orders&show=calls", "shop="])
async def test_what_nobody_knows_in_the_address_shows_all(guest: httpx2.AsyncClient, house: House, asked: str) -> None:
    fill(house)
    answer = await guest.get(f"/activity?{asked}")
    assert answer.status_code == 200
    assert "<script>&" not in answer.text
    assert "zzz" not in answer.text.replace("&amp;about=zzz", "")


async def test_what_helpers_are_given_of_the_records_holds_codes_and_nobodys_data(
    guest: httpx2.AsyncClient, house: House
) -> None:
    _, naver = fill(house)
    error = ReauthRequired("", code="naver.app_not_entitled")
    house.db.write_now(lambda tx: shops.trouble(tx, naver.id, error, NOW, stops=True))
    sold = {"order": "2026030441230000", "name": BUYER.name}
    house.db.write_now(lambda tx: note(tx, NOW, "order.heard", shop_id=naver.id, **sold))
    text = (await ops.records_evidence(house, name=naver.name))["text"]
    assert f"{naver.id} shop.trouble naver.app_not_entitled" in text
    for private in (BUYER.name, BUYER.phone, "2026030441230000", naver.name, "한빛공방"):
        assert private not in text
    page = (await guest.get("/activity")).text
    assert 'data-copy="evidence-text"' in page
