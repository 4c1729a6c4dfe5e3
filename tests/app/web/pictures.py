"""Pictures of every page, in each language, on a desktop and on a phone, to be looked at by a person."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import uvicorn
from tests.app.web.conftest import LOCAL_TOKEN, PAGE_TOKEN
from tests.app.web.filled import NOW, FixedClock, add_uncoded, fill, open_empty

from jangbu.app.bootstrap import House
from jangbu.app.web import create_app
from jangbu.catalog import service as catalog
from jangbu.infra.db import WriteTx
from jangbu.infra.i18n import LANGUAGES
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why

PAGES: Final = {
    "today": "/", "orders": "/orders", "order": "", "print": "/orders/print", "stock": "/stock",
    "stock-item": "/stock/item?sku=MUG-BLUE",
    "opening": "/stock/opening", "opening-preview": "/stock/opening/preview?how=lowest", "listings": "/listings",
    "pairs": "/listings/pairs", "pairs-sure": "/listings/pairs/sure",
    "kit": "/listings/kit?shop=Etsy%20%EA%B3%B5%EB%B0%A9&offer=770%2F0", "plan": "/plan", "plan-shop": "",
    "shops": "/shops",
    "connect": "/shops/connect", "connect-naver": "/shops/connect/naver", "connect-etsy": "/shops/connect/etsy",
    "repair": "", "activity": "/activity", "trouble": "/activity?about=trouble",
    "writes": "/activity?show=writes", "people": "/people", "me": "/me",
}  # fmt: skip
BEGINNING: Final = {
    "first-today": "/", "first-stock": "/stock", "first-opening": "/stock/opening", "first-plan": "/plan",
    "first-orders": "/orders", "first-listings": "/listings", "first-shops": "/shops", "first-activity": "/activity",
}  # fmt: skip
SIZES: Final = {"desktop": 1280, "phone": 390}


async def take(folder: Path, only: set[str]) -> None:
    """Fill a house, serve it on this machine, and take the pictures."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - slow to load, and only needed here

    browser_path = shutil.which("chromium") or shutil.which("google-chrome")
    if browser_path is None:
        raise SystemExit("Chromium is absent: no pictures")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-background-networking"]
        )
        for furnish in (_ordinary_day, _beginning):
            with tempfile.TemporaryDirectory() as home:
                house = open_empty(Path(home), clock=FixedClock())
                await _serve(browser, house, furnish(house), folder, only)
        await browser.close()


def _ordinary_day(house: House) -> dict[str, str]:
    """Fill a house with a day on which one shop is broken, some shelves changed, and some were never counted."""
    add_uncoded(house, fill(house))
    forgotten = ("POUCH-JOGAKBO", "CANDLE-PINE", "NORIGAE-INDIGO")

    def change(tx: WriteTx) -> None:
        tx.run(
            "UPDATE shop SET trouble = 'naver.address_not_allowed', state = 'needs_attention', "
            "trouble_at = heard_at WHERE channel = 'naver'"
        )
        for sku in forgotten:
            tx.run("DELETE FROM counted_variant WHERE variant_id = (SELECT id FROM variant WHERE sku = ?)", (sku,))
        for sku, number in (("MUG-BLUE", 31), ("BOWL-RICE-S", 4), ("MUG-WHITE", 4)):
            inventory.count(tx, catalog.variant_of(tx, sku).id, number, Why("person:owner", sku, "stock.count"), NOW)

    house.db.write_now(change)
    (order,) = house.db.read_now(lambda tx: tx.all("SELECT order_id FROM order_line WHERE open = 1 LIMIT 1"))
    (shop,) = house.db.read_now(lambda tx: tx.all("SELECT id FROM shop WHERE channel = 'naver'"))
    return PAGES | {
        "repair": f"/shops/{shop[0]}/repair", "order": f"/orders/item?order={order[0]}",
        "plan-shop": f"/plan?shop={shop[0]}",
    }  # fmt: skip


def _beginning(house: House) -> dict[str, str]:
    """Leave a house empty, as on the first day."""
    del house
    return BEGINNING


async def _serve(browser: Any, house: House, pages: dict[str, str], folder: Path, only: set[str]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(house, None, local_token=LOCAL_TOKEN, page_token=PAGE_TOKEN)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await _walk(browser, f"http://127.0.0.1:{listener.getsockname()[1]}", pages, folder, only)
    server.should_exit = True
    await serving
    listener.close()
    await house.close()


async def _walk(browser: Any, address: str, pages: dict[str, str], folder: Path, only: set[str]) -> None:
    context = await browser.new_context(viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    await page.goto(f"{address}/enter?key={PAGE_TOKEN}")
    for name, path in pages.items():
        if only and name not in only:
            continue
        for lang in LANGUAGES:
            await page.goto(f"{address}{path}{'&' if '?' in path else '?'}lang={lang}")
            for size, width in SIZES.items():
                await page.set_viewport_size({"width": width, "height": 900})
                await page.screenshot(path=folder / f"{name}-{lang}-{size}.png", full_page=True)
    await context.close()


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(take(target, set(sys.argv[2:])))
