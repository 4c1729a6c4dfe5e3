"""Pages of shipping: a sheet with what is held back, a result with its preview, and what they refuse."""

from __future__ import annotations

import httpx2
import pytest
from tests.app.web.filled import BUYER, fill
from tests.app.web.test_pages import LEFT_OVER, csrf_of, send

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.infra.i18n import LANGUAGES
from jangbu.infra.tables import write_csv


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", ["/orders/sheet", "/orders/result"])
async def test_the_pages_are_whole(guest: httpx2.AsyncClient, house: House, path: str, lang: str) -> None:
    fill(house)
    page = await guest.get(f"{path}?lang={lang}")
    assert page.status_code == 200
    assert not LEFT_OVER.search(page.text)


async def test_orders_that_cannot_be_read_now_are_held_back_and_none_of_the_buyers_data_is_shown(
    guest: httpx2.AsyncClient, house: House
) -> None:
    fill(house)
    answer = await send(guest, "/orders/sheet", courier="cj")  # the marketplaces of this house are nowhere
    assert answer.status_code == 200
    assert BUYER.line_1 not in answer.text
    assert "/orders/sheet/file" not in answer.text
    assert (await ops.order_list(house))[0]["order"] in answer.text


async def upload(guest: httpx2.AsyncClient, content: bytes) -> httpx2.Response:
    data = {"csrf": await csrf_of(guest)}
    return await guest.post("/orders/result", data=data, files={"file": ("result.csv", content, "text/csv")})


async def test_a_result_file_is_shown_before_anything_is_sent(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    content = write_csv([["운송장번호", "수하인명"], ["612345678901", "nobody"]], "cp949").content
    answer = await upload(guest, content)
    assert answer.status_code == 200
    assert "612345678901" in answer.text
    assert "/orders/result/apply" in answer.text
    assert not LEFT_OVER.search(answer.text)
    assert all(not row["owed"] for row in await ops.order_list(house))


@pytest.mark.parametrize("content", [b"PK\x03\x04 broken", b"\x00\x01"])
async def test_a_file_that_is_no_table_is_refused(guest: httpx2.AsyncClient, house: House, content: bytes) -> None:
    fill(house)
    assert (await upload(guest, content)).status_code == 422


async def test_an_unknown_box_is_not_sent_and_said(guest: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    answer = await send(guest, "/orders/result/apply", tracking="612345678901", **{"box:612345678901": "JBXXXXXX"})
    assert answer.status_code == 200
    assert "612345678901" in answer.text
    assert (await send(guest, "/orders/result/apply")).status_code == 422


async def test_a_form_too_large_is_not_read(guest: httpx2.AsyncClient) -> None:
    answer = await guest.post("/orders/result", content=b"", headers={"content-length": str(99 * 1024 * 1024)})
    assert answer.status_code in {403, 413, 422}
