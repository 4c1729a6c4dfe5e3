"""From where pages may be asked for: this machine; others only where the operator opened the house to people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.conftest import LOCAL_TOKEN, PAGE_TOKEN, browser_of
from tests.app.web.filled import FixedClock, open_empty
from tests.app.web.newcomer import GOOD, OTHER, send, sign_in, token_in

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.app.web import create_app
from jangbu.infra.db import WriteTx
from jangbu.people import service as people

OPEN = "0.0.0.0"  # noqa: S104 - what is tested
PUBLIC = "https://hub.example"

Opened = Callable[..., Starlette]


def neighbour_of(app: Starlette) -> httpx2.AsyncClient:
    """Give the browser of a phone in the same network."""
    return browser_of(app, address="http://192.168.0.5:9700", client="192.168.0.7")


def abroad_of(app: Starlette) -> httpx2.AsyncClient:
    """Give a browser somewhere, let through by a proxy on this machine."""
    return browser_of(app, address=PUBLIC)


@pytest.fixture
async def opened(house: House) -> Opened:
    """Open the house to others; its owner has a password."""
    hashed = await house.passwords.hash(GOOD)

    def write(tx: WriteTx) -> None:
        people.set_password(tx, people.named(tx, "owner"), hashed, house.clock.now(), actor="person:owner")

    house.db.write_now(write)

    def make(listening: str = OPEN, public_url: str = "") -> Starlette:
        house.settings = replace(house.settings, public_url=public_url)
        return create_app(house, None, local_token=LOCAL_TOKEN, page_token=PAGE_TOKEN, listening=listening)

    return make


async def test_a_neighbour_signs_in_where_the_house_is_open(opened: Opened) -> None:
    async with neighbour_of(opened()) as phone:
        assert (await phone.get("/")).headers["location"] == "/sign-in"
        done = await sign_in(phone, "owner")
        cookie = next(c for c in done.headers.get_list("set-cookie") if c.startswith("jangbu_session="))
        assert "secure" not in cookie.lower()
        assert (await phone.get("/")).status_code == 200


@pytest.mark.parametrize(
    ("address", "client", "more"),
    [
        ("http://evil.example:9700", "192.168.0.7", {}),  # a name that was rebound
        ("http://192.168.0.5:9700", "203.0.113.9", {}),  # plain http from the internet
        ("http://203.0.113.5:9700", "192.168.0.7", {}),
        ("http://192.168.0.5:9700", "192.168.0.7", {"host": "192.168.0.99:9700"}),
        ("http://192.168.0.5:9700", "192.168.0.7", {"x-forwarded-for": "192.168.0.8"}),
        ("http://192.168.0.5:9700", "192.168.0.7", {"host": "localhost:9700"}),
    ],
)
async def test_what_is_neither_near_nor_asks_by_number_stays_out(
    opened: Opened, address: str, client: str, more: dict[str, str]
) -> None:
    async with browser_of(opened(), address=address, client=client) as stranger:
        for path in ("/", "/sign-in", "/static/board.css"):
            assert (await stranger.get(path, headers=more)).status_code == 403


async def test_listening_to_itself_alone_it_lets_nobody_else_in(opened: Opened) -> None:
    for listening in ("127.0.0.1", "localhost", "::1"):
        async with neighbour_of(opened(listening)) as phone:
            assert (await phone.get("/sign-in")).status_code == 403


async def test_until_somebody_is_set_up_nobody_else_is_let_in(tmp_path: Path, clock: FixedClock) -> None:
    house = open_empty(tmp_path, clock=clock, owner="")
    try:
        app = create_app(house, None, local_token=LOCAL_TOKEN, page_token=PAGE_TOKEN, listening=OPEN)
        async with neighbour_of(app) as phone:
            assert (await phone.get("/sign-in")).status_code == 403
            await ops.person_add(house, login="mina", name="m", role="owner", actor="person:x")
            assert (await phone.get("/sign-in")).status_code == 200
    finally:
        await house.close()


async def test_links_of_the_machine_and_its_own_door_open_to_nobody_else(opened: Opened) -> None:
    app = opened(public_url=PUBLIC)
    for browser in (neighbour_of, abroad_of):
        async with browser(app) as stranger:
            assert (await stranger.get(f"/enter?key={PAGE_TOKEN}")).status_code == 403
            assert (await stranger.get("/setup")).status_code == 403
            answer = await stranger.post(
                "/local/op", json={"op": "people_list"}, headers={"authorization": f"Bearer {LOCAL_TOKEN}"}
            )
            assert answer.status_code == 403


async def test_at_the_public_address_cookies_are_for_https_and_this_host_alone(opened: Opened, house: House) -> None:
    app = opened("127.0.0.1", PUBLIC)
    headers = {"x-forwarded-for": "198.51.100.1, 203.0.113.9"}
    async with abroad_of(app) as abroad:
        abroad.headers.update(headers)
        done = await sign_in(abroad, "owner")
        cookies = done.headers.get_list("set-cookie")
        session = next(c for c in cookies if c.startswith("__Host-jangbu_session="))
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= {p.strip().lower() for p in session.split(";")}
        assert "domain" not in session.lower()
        page = await abroad.get("/me")
        assert "203.0.113.9" in page.text, "who asked our proxy last; what they claim before it is not believed"
        own = {"origin": PUBLIC, "sec-fetch-site": "same-origin"}
        fields = {"csrf": token_in(page.text), "name": "other", "language": "ko", "zone": "UTC"}
        foreign = own | {"origin": "http://hub.example"}
        assert (await abroad.post("/me/settings", data=fields, headers=foreign)).status_code == 403
        assert (await abroad.post("/me/settings", data=fields, headers=own)).status_code == 303
    assert (await ops.audit_list(house))[0]["address"] == "203.0.113.9"


async def test_a_cookie_of_a_plain_page_is_no_session_at_the_public_address(opened: Opened) -> None:
    app = opened("127.0.0.1", PUBLIC)
    async with browser_of(app) as here, abroad_of(app) as abroad:
        await sign_in(here, "owner")
        token = here.cookies["jangbu_session"]
        assert (await abroad.get("/", headers={"cookie": f"jangbu_session={token}"})).status_code == 303
        assert (await abroad.get("/", headers={"cookie": f"__Host-jangbu_session={token}"})).status_code == 200


async def test_the_recovery_sheet_does_not_travel_in_the_clear(opened: Opened) -> None:
    app = opened(public_url=PUBLIC)
    async with neighbour_of(app) as phone, abroad_of(app) as abroad:
        for browser, status in ((phone, 403), (abroad, 200)):
            await sign_in(browser, "owner")
            assert (await browser.get("/recovery")).status_code == status
        csrf = token_in((await phone.get("/me")).text)
        refused = await phone.post("/recovery", data={"csrf": csrf, "password": GOOD})
        assert (refused.status_code, "<b>" in refused.text) == (403, False)


async def test_an_invitation_names_the_address_it_is_opened_at(opened: Opened) -> None:
    for public, browser_at, address in (
        ("", neighbour_of, "http://192.168.0.5:9700/invitation?key="),
        (PUBLIC, abroad_of, f"{PUBLIC}/invitation?key="),
    ):
        async with browser_at(opened(public_url=public)) as browser:
            await sign_in(browser, "owner")
            fields = {"name": "준", "login": f"jun{len(public)}", "role": "packer"}
            page = await send(browser, "/people", fields, to="/people/add")
            assert address in page.text
            assert "JANGBU_PUBLIC_URL" not in page.text


async def test_wrong_tries_from_elsewhere_never_lock_this_machine(opened: Opened) -> None:
    app = opened()
    async with neighbour_of(app) as phone, browser_of(app) as here:
        csrf = token_in((await phone.get("/sign-in")).text)
        ends: list[httpx2.Response] = [
            await phone.post("/sign-in", data={"csrf": csrf, "login": "owner", "password": OTHER}) for _ in range(12)
        ]
        assert "초 뒤에 다시" in ends[-1].text
        assert (await sign_in(here, "owner")).status_code == 303
