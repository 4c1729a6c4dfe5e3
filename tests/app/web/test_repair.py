"""The page that repairs a connection: what it shows, who may do what, and that no secret comes back."""

from __future__ import annotations

import httpx2
import pytest
from tests.app.web.filled import fill
from tests.app.web.test_pages import LEFT_OVER, send

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.infra.i18n import LANGUAGES, catalogue

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
