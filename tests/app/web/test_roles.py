"""What each role may do on the seller's pages, and that buyers' data is shown to those who pack alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.conftest import browser_of
from tests.app.web.filled import BUYER, fill
from tests.app.web.test_people import invite, join

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House

OPERATOR = (
    "/stop", "/resume", "/stock/book", "/stock/policy", "/stock/opening", "/stock/opening/all", "/plan/start",
    "/listings/link", "/listings/unlink", "/listings/by-code", "/orders/dismiss", "/listings/pairs",
    "/listings/pairs/sure", "/listings/kit",
)  # fmt: skip
PACKER = (
    "/orders/ship", "/orders/sheet", "/orders/sheet/file", "/orders/result", "/orders/result/apply", "/orders/address",
    "/orders/confirm", "/orders/box", "/orders/print",
)  # fmt: skip


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as opened:
        yield opened


async def refused(browser: httpx2.AsyncClient, paths: tuple[str, ...]) -> set[str]:
    found = re.search(r'name="csrf" value="([^"]+)"', (await browser.get("/me")).text)
    assert found
    return {path for path in paths if (await browser.post(path, data={"csrf": found[1]})).status_code == 403}


@pytest.mark.parametrize(
    ("role", "kept_out"), [("viewer", {*OPERATOR, *PACKER}), ("packer", set(OPERATOR)), ("operator", set[str]())]
)
async def test_a_role_does_what_it_may_and_nothing_else(
    guest: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House, role: str, kept_out: set[str]
) -> None:
    fill(house)
    await join(other, await invite(guest, role=role))
    assert await refused(other, (*OPERATOR, *PACKER)) == kept_out


@pytest.mark.parametrize(("role", "sees"), [("viewer", False), ("packer", True), ("operator", True)])
async def test_a_buyers_address_is_shown_to_those_who_pack_alone(
    guest: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House, role: str, *, sees: bool
) -> None:
    fill(house)
    await join(other, await invite(guest, role=role))
    for order in await ops.order_list(house):
        which = {"shop": order["shop"], "order": order["order"]}
        page = await other.get("/orders/item", params=which)
        assert page.status_code == 200
        assert BUYER.line_1 not in page.text
        assert BUYER.phone not in page.text
        found = re.search(r'name="csrf" value="([^"]+)"', page.text) or re.search(
            r'name="csrf" value="([^"]+)"', (await other.get("/me")).text
        )
        assert found
        opened = await other.post("/orders/address", data={"csrf": found[1], **which})
        assert (opened.status_code == 200) is sees
        assert (BUYER.line_1 in opened.text) is sees
        assert (BUYER.phone in opened.text) is sees


@pytest.mark.parametrize("role", ["viewer", "packer", "operator"])
async def test_only_the_owner_puts_a_secret_in(
    guest: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House, role: str
) -> None:
    fill(house)
    await join(other, await invite(guest, role=role))
    shop = (await ops.shop_list(house))[0]["id"]
    assert await refused(other, (f"/shops/{shop}/secret",)) == {f"/shops/{shop}/secret"}
    page = (await other.get(f"/shops/{shop}/repair")).text
    assert f"/shops/{shop}/secret" not in page
