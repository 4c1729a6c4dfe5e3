"""People in a real browser: the whole way in on a phone without scripts; other sites stay outside."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.app.web.conftest import LOCAL_TOKEN, PAGE_TOKEN
from tests.app.web.filled import FixedClock, open_empty
from tests.app.web.newcomer import GOOD, OTHER
from tests.app.web.test_browser import CONTRAST, chromium, pytestmark

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.app.web import create_app
from jangbu.infra.i18n import LANGUAGES

__all__ = ["chromium", "pytestmark"]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def house(tmp_path: Path, clock: FixedClock) -> Iterator[House]:
    """Open a house where nobody is set up."""
    opened = open_empty(tmp_path, clock=clock, owner="")
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
async def address(house: House) -> AsyncIterator[str]:
    app = create_app(house, None, local_token=LOCAL_TOKEN, page_token=PAGE_TOKEN)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving
    listener.close()


async def looked_at(page: Any) -> None:
    """See that nothing of a page scrolls sideways or is hard to read, on a phone and on a desk."""
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 844})
        wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (page.url, width, wide) == (page.url, width, 0)
        assert await page.evaluate(CONTRAST) == []
    await page.set_viewport_size(PHONE)


async def press(page: Any, where: str) -> None:
    """Press something that leads to another page, and wait for that."""
    async with page.expect_navigation(wait_until="load"):
        await page.click(where)


async def set_up(page: Any, address: str, lang: str) -> None:
    """Go the whole way: link, language, set-up, recovery sheet, two groups typed back."""
    await page.goto(f"{address}/enter?key={PAGE_TOKEN}")
    await looked_at(page)
    await press(page, f".languages [lang={lang}]")
    await looked_at(page)
    for field, text in (("name", "공방 주인"), ("login", "mina"), ("password", GOOD), ("again", GOOD)):
        await page.fill(f"#f-{field}", text)
    await press(page, "main form button")
    await looked_at(page)
    groups = await page.locator(".groups b").all_text_contents()
    assert len(groups) == 14
    await press(page, ".sheet + .actions a")
    await looked_at(page)
    for field in await page.locator("[name^=group_]").all():
        name = await field.get_attribute("name")
        await field.fill(groups[int(name.removeprefix("group_")) - 1].lower())
    await press(page, "main form button")


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_from_the_link_to_the_first_page_on_a_phone_without_scripts(
    chromium: Any, address: str, house: House, lang: str
) -> None:
    context = await chromium.new_context(viewport=PHONE)
    page = await context.new_page()
    await page.route(re.compile(r"\.js"), lambda route: route.abort())  # no script of ours ever comes
    await set_up(page, address, lang)
    assert page.url == f"{address}/"
    for path in ("/people", "/me", "/recovery", "/sign-out"):
        await page.goto(address + path)
        await looked_at(page)
    await press(page, "main form button")
    assert page.url == f"{address}/sign-in"
    await looked_at(page)
    await page.fill("#f-login", "mina")
    await page.fill("#f-password", GOOD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{address}/")
    assert [row["language"] for row in await ops.people_list(house)] == [lang]
    await context.close()


async def test_another_site_may_lead_here_but_sends_nothing(chromium: Any, address: str, house: House) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    await set_up(page, address, "ko")
    told = {
        "link": f'<a id="go" href="{address}/me">x</a>',
        "form": f'<form method="post" action="{address}/sign-out"><button id="go">x</button></form>',
    }

    async def answer(route: Any) -> None:
        await route.fulfill(content_type="text/html", body=told[route.request.url.rpartition("/")[2]])

    await page.route("http://other.example/*", answer)
    await page.goto("http://other.example/link")
    await press(page, "#go")
    await page.wait_for_selector("#f-present")  # strict cookies were kept back, and came with the second asking
    assert page.url == f"{address}/me"
    await page.goto("http://other.example/form")
    await press(page, "#go")
    await page.wait_for_url(f"{address}/sign-in")
    assert [row["sessions"] for row in await ops.people_list(house)] == [1]
    await page.goto(f"{address}/me")
    assert await page.locator("#f-present").count() == 1, "still signed in"
    await context.close()


async def test_an_invitation_opened_from_a_messenger_lets_one_in(chromium: Any, address: str, house: House) -> None:
    context = await chromium.new_context()
    page = await context.new_page()
    await set_up(page, address, "ko")
    await page.goto(f"{address}/people")
    await page.fill("#f-name", "준")
    await page.fill("#f-login", "jun")
    await press(page, "form[action='/people/add'] button")
    link = str(await page.inner_text(".link-once")).strip()
    await looked_at(page)
    theirs = await chromium.new_context(viewport=PHONE)
    phone = await theirs.new_page()
    await phone.route(
        "http://other.example/*",
        lambda route: route.fulfill(content_type="text/html", body=f'<a id="go" href="{link}">x</a>'),
    )
    await phone.goto("http://other.example/chat")
    await press(phone, "#go")
    await phone.wait_for_url(f"{address}/invitation")
    await looked_at(phone)
    for field in ("password", "again"):
        await phone.fill(f"#f-{field}", OTHER)
    await press(phone, "main form button")
    await phone.wait_for_url(f"{address}/")
    assert {row["login"]: row["sessions"] for row in await ops.people_list(house)} == {"mina": 1, "jun": 1}
    await theirs.close()
    await context.close()
