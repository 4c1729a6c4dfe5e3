"""What every page rests on: forms only of our own, sentences said once, failures explained, the red stop."""

from __future__ import annotations

import re

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.conftest import PAGE_TOKEN, browser_of

from jangbu.app.bootstrap import House
from jangbu.app.web.site import ROLES, Visitor
from jangbu.infra.i18n import catalogue
from jangbu.shops import service as shops


def token_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    return found[1]


def stopped(house: House) -> bool:
    return house.db.read_now(shops.stopped_since) is not None


async def test_one_click_stops_all_writing_and_another_takes_it_back(guest: httpx2.AsyncClient, house: House) -> None:
    csrf = token_in((await guest.get("/?lang=en")).text)
    answer = await guest.post("/stop", data={"csrf": csrf})
    assert (answer.status_code, answer.headers["location"], stopped(house)) == (303, "/", True)
    page = (await guest.get("/")).text
    assert catalogue().text("page.stopped", "en") in page
    assert 'action="/resume"' in page
    assert 'action="/stop"' not in page
    assert catalogue().text("page.stopped", "en") not in (await guest.get("/")).text, "it was said once"
    await guest.post("/resume", data={"csrf": csrf})
    assert not stopped(house)


@pytest.mark.parametrize("csrf", [None, "", "0" * 64, "é"])
@pytest.mark.parametrize("lang", ["en", "ko"])
async def test_a_form_without_its_value_changes_nothing_and_says_so(
    guest: httpx2.AsyncClient, house: House, csrf: str | None, lang: str
) -> None:
    answer = await guest.post(f"/stop?lang={lang}", data={} if csrf is None else {"csrf": csrf})
    assert (answer.status_code, stopped(house)) == (403, False)
    assert catalogue().text("error.page.csrf.what", lang) in answer.text


async def test_a_form_of_another_session_or_another_site_changes_nothing(app: Starlette, house: House) -> None:
    async with browser_of(app) as one, browser_of(app) as two:
        await one.get(f"/enter?key={PAGE_TOKEN}")
        await two.get(f"/enter?key={app.state.issue_link()}")
        foreign, own = token_in((await one.get("/")).text), token_in((await two.get("/")).text)
        assert (await two.post("/stop", data={"csrf": foreign})).status_code == 403
        crossed = await two.post("/stop", data={"csrf": own}, headers={"sec-fetch-site": "cross-site"})
        assert crossed.status_code == 403
        assert not stopped(house)


async def test_who_is_not_let_in_can_send_no_form(client: httpx2.AsyncClient, house: House) -> None:
    assert (await client.post("/stop", data={"csrf": "x"})).headers["location"] == "/sign-in"
    assert not stopped(house)


async def test_a_page_cannot_be_made_to_say_what_others_wrote(guest: httpx2.AsyncClient) -> None:
    guest.cookies.set("jangbu_said", "eyJjb2RlIjoicGFnZS5zdG9wcGVkIiwiZmFjdHMiOnt9fQ==")
    answer = await guest.get("/?lang=en")
    assert answer.status_code == 200
    assert catalogue().text("page.stopped", "en") not in answer.text


def test_each_role_includes_all_before_it() -> None:
    for here, role in enumerate(ROLES):
        visitor = Visitor("1", "", role, "", "")
        assert [visitor.may(other) for other in ROLES] == [there <= here for there in range(len(ROLES))]
