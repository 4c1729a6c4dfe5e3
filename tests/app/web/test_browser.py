"""The page in a real browser: nothing scrolls sideways, every word can be read, it keeps itself up to date."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from tests.app.web.conftest import PAGE_TOKEN
from tests.app.web.filled import NOW, fill

from jangbu.app.bootstrap import House
from jangbu.infra.i18n import LANGUAGES
from jangbu.shops import service as shops

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is absent: the page was looked at by no browser"),
]

PAGES = (
    "/", "/stock", "/stock/item?sku=MUG-BLUE", "/stock/opening", "/stock/opening/preview?how=lowest", "/plan",
    "/plan?shop=Etsy%20공방",
)  # fmt: skip

# Gives every visible text whose contrast with what lies behind it is below AA, with its ratio.
CONTRAST = """() => {
  const rgba = (text) => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let each = node; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
      if (colour[3] > 0) throw new Error("a ground that is half clear");
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.checkVisibility()) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(rgba(style.color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (large ? 3 : 4.5)) poor.push(`${text.data.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
  }
  return poor;
}"""


@pytest.fixture
async def address(app: Starlette, house: House) -> AsyncIterator[str]:
    """Serve a filled house; give its address."""
    fill(house)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    await serving
    listener.close()


@pytest.fixture
async def chromium() -> AsyncIterator[Any]:
    from playwright.async_api import async_playwright  # noqa: PLC0415 - slow to load, and only needed here

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def page(chromium: Any, address: str) -> AsyncIterator[Any]:
    """Give a page opened by the link; whatever it complains of fails the test."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    opened = await context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("request", lambda request: None if request.url.startswith(address) else complaints.append(request.url))
    await opened.goto(f"{address}/enter?key={PAGE_TOKEN}")
    yield opened
    await context.close()
    assert complaints == []


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_scrolls_sideways_from_phone_to_desktop(page: Any, address: str, lang: str) -> None:
    for path in PAGES:
        await page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={lang}")
        for width in (320, 390, 768, 1024, 1280, 1920):
            await page.set_viewport_size({"width": width, "height": 800})
            wide = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert (path, width, wide) == (path, width, 0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read(page: Any, address: str, house: House, scheme: str) -> None:
    def write(tx: Any) -> None:
        shops.stop_all(tx, NOW, actor="person:owner")
        shops.pause(tx, "Etsy 공방", NOW, actor="person:owner")

    house.db.write_now(write)
    await page.emulate_media(color_scheme=scheme)
    for width in (390, 1280):
        await page.set_viewport_size({"width": width, "height": 800})
        for path in PAGES:
            await page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang=ko")
            assert (path, await page.evaluate(CONTRAST)) == (path, [])


async def test_the_page_brings_itself_up_to_date(page: Any, address: str, house: House) -> None:
    await page.clock.install()
    await page.goto(f"{address}/?lang=en")
    assert await page.locator(".banner--bad").count() == 0
    house.db.write_now(lambda tx: shops.stop_all(tx, NOW, actor="person:owner"))
    await page.clock.run_for(3100)
    await page.locator(".banner--bad").wait_for(timeout=5000)


async def test_a_field_in_use_is_left_alone(page: Any, address: str) -> None:
    await page.clock.install()
    await page.goto(f"{address}/stock?lang=en")
    await page.locator("#q").fill("mug")
    async with page.expect_response(f"{address}/stock?lang=en"):
        await page.clock.run_for(3100)
    assert await page.locator("#q").input_value() == "mug"
    assert await page.evaluate("document.activeElement.id") == "q"


async def test_the_keyboard_shows_where_it_is(page: Any, address: str) -> None:
    await page.goto(f"{address}/?lang=ko")
    for _ in range(12):
        await page.keyboard.press("Tab")
        outline = await page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle + document.activeElement.tagName"
        )
        assert outline in {"solidA", "solidINPUT", "solidBUTTON"}


async def test_without_scripts_all_of_it_is_there(chromium: Any, address: str, app: Starlette) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    plain = await context.new_page()
    await plain.goto(f"{address}/enter?key={app.state.issue_link()}")
    assert await plain.locator(".line").count() == 5
    await plain.goto(f"{address}/stock")
    assert await plain.locator(".stock .item").count() == 12
    await plain.locator("#q").fill("norigae")
    await plain.locator(".search button").click()
    assert await plain.locator(".stock .item").count() == 2
    await context.close()
