"""A new house and the people of it in a browser without a browser: forms are read from the page and sent back."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx2

GOOD = "blue kiln on monday"
OTHER = "seven white moon jars"
SET_UP = {
    "name": "공방 주인", "login": "mina", "password": GOOD, "again": GOOD, "zone": "Asia/Seoul", "currency": "KRW",
}  # fmt: skip


def token_in(page: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found, page
    return found[1]


async def send(
    browser: httpx2.AsyncClient, page: str, fields: Mapping[str, str], *, to: str = "", **headers: str
) -> httpx2.Response:
    """Open a page and send its form with these fields."""
    csrf = token_in((await browser.get(page)).text)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await browser.post(to or page, data={"csrf": csrf, **fields}, headers=named)


async def set_up(browser: httpx2.AsyncClient, key: str, **other: str) -> httpx2.Response:
    """Go from the one-time link through the set-up."""
    await browser.get(f"/enter?key={key}")
    return await send(browser, "/setup?lang=ko", SET_UP | other)


async def sign_in(
    browser: httpx2.AsyncClient, login: str = "mina", password: str = GOOD, **more: str
) -> httpx2.Response:
    """Sign in by the form."""
    return await send(browser, "/sign-in", {"login": login, "password": password, **more})


def groups_in(page: str) -> list[str]:
    """Read the groups off a recovery sheet."""
    return re.findall(r"<b>([0-9A-Z]{4})</b>", page)
