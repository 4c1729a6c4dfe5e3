"""People in the web: the first start, coming in and out, inviting, changing, removing; the recovery sheet."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.conftest import LOCAL_TOKEN, PAGE_TOKEN, browser_of
from tests.app.web.filled import FixedClock, open_empty
from tests.app.web.newcomer import GOOD, OTHER, SET_UP, groups_in, send, set_up, sign_in, token_in

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.app.operations import signing_in as private
from jangbu.app.web import create_app
from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.infra.vault import groups_of, load_master_key
from jangbu.people import service as people
from jangbu.people.model import Choices
from jangbu.people.passwords import Passwords


@pytest.fixture
def house(tmp_path: Path, clock: FixedClock) -> Iterator[House]:
    """Open a house where nobody is set up."""
    opened = open_empty(tmp_path, clock=clock, owner="")
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
def app(house: House) -> Starlette:
    return create_app(house, None, local_token=LOCAL_TOKEN, page_token=PAGE_TOKEN)


@pytest.fixture
async def mina(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Give the browser of the owner, right after the set-up."""
    assert (await set_up(client, PAGE_TOKEN)).status_code == 303
    return client


@pytest.fixture
async def other(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as opened:
        yield opened


async def invite(owner: httpx2.AsyncClient, login: str = "jun", role: str = "packer") -> str:
    """Add somebody and give the path of the invitation."""
    page = (await send(owner, "/people", {"name": "준", "login": login, "role": role}, to="/people/add")).text
    found = re.search(r"(/invitation\?key=[\w-]+)", page)
    assert found, page
    return found[1]


async def row_of(house: House, login: str) -> dict[str, Any]:
    """Find one person."""
    (found,) = [row for row in await ops.people_list(house) if row["login"] == login]
    return found


async def join(browser: httpx2.AsyncClient, path: str, password: str = OTHER) -> httpx2.Response:
    await browser.get(path)
    return await send(browser, "/invitation", {"password": password, "again": password})


# -- the first start --------------------------------------------------------------------------------------


async def test_before_anybody_is_set_up_there_is_only_the_link(client: httpx2.AsyncClient) -> None:
    for path in ("/", "/sign-in", "/setup", "/setup?lang=ko", "/people", "/me", "/recovery"):
        answer = await client.get(path)
        assert (path, answer.status_code) == (path, 403)
        assert "jangbu page" in answer.text
        assert "링크" in answer.text


async def test_the_set_up_asks_for_the_language_first_and_makes_the_owner(
    client: httpx2.AsyncClient, house: House
) -> None:
    entered = await client.get(f"/enter?key={PAGE_TOKEN}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/setup")
    first = (await client.get("/setup")).text
    assert "어느 언어로 쓸까요?" in first
    assert "Which language?" in first
    second = (await client.get("/setup?lang=en")).text
    assert 'value="Asia/Seoul" selected' in second
    assert 'value="KRW" selected' in second
    done = await send(client, "/setup?lang=en", SET_UP | {"currency": "USD", "zone": "Europe/London"})
    assert (done.status_code, done.headers["location"]) == (303, "/recovery")
    assert house.db.read_now(people.choices) == Choices("en", "Europe/London", "USD")
    assert house.settings.time_zone == "Europe/London"
    assert house.settings.language == "ko", "a setting says so"
    (row,) = await ops.people_list(house)
    assert (row["login"], row["role"], row["language"]) == ("mina", "owner", "en")
    assert "/me" in (await client.get("/")).text


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("password", "short", "input.passwords_differ"), ("password", "password2026", "input.password_common"),
        ("again", OTHER, "input.passwords_differ"), ("login", "m i", "input.login"), ("name", " ", "input.person_name"),
        ("zone", "Nowhere/City", "input.time_zone"), ("currency", "XXX", "input.currency"),
    ],
)  # fmt: skip
async def test_a_bad_field_sets_nothing_up_and_the_rest_need_not_be_typed_again(
    client: httpx2.AsyncClient, house: House, field: str, value: str, code: str
) -> None:
    given = {field: value} | ({"again": value} if value == "password2026" else {})
    answer = await set_up(client, PAGE_TOKEN, **given)
    if value == "short":
        code = "input.password_short"
    assert answer.status_code == 422
    assert catalogue().text(f"error.{code}.fix", "ko", least=10).splitlines()[0].partition(". ")[2] in answer.text
    assert GOOD not in answer.text
    assert field == "name" or "공방 주인" in answer.text
    assert not house.db.read_now(people.any_person)
    assert (await send(client, "/setup?lang=ko", SET_UP)).status_code == 303


async def test_a_set_up_link_that_was_used_is_worth_nothing(
    client: httpx2.AsyncClient, other: httpx2.AsyncClient, app: Starlette
) -> None:
    await client.get(f"/enter?key={PAGE_TOKEN}")
    assert (await other.get(f"/enter?key={PAGE_TOKEN}")).status_code == 403
    assert (await other.get("/setup?lang=ko")).status_code == 403
    await send(client, "/setup?lang=ko", SET_UP)
    second = await set_up_again(other, app)
    assert second.headers["location"] == "/"


async def set_up_again(browser: httpx2.AsyncClient, app: Starlette) -> httpx2.Response:
    """Try to set up with a pass that was made before somebody else was quicker."""
    await browser.get(f"/enter?key={app.state.issue_link()}")
    return await browser.post("/setup?lang=ko", data=SET_UP)


async def test_two_who_set_up_at_once_make_one_owner(app: Starlette, house: House) -> None:
    async with browser_of(app) as one, browser_of(app) as two:
        pages = []
        for browser, key in ((one, PAGE_TOKEN), (two, app.state.issue_link())):
            await browser.get(f"/enter?key={key}")
            pages.append(token_in((await browser.get("/setup?lang=ko")).text))
        ends = await asyncio.gather(
            one.post("/setup?lang=ko", data={"csrf": pages[0], **SET_UP}),
            two.post("/setup?lang=ko", data={"csrf": pages[1], **SET_UP, "login": "other"}),
        )
    assert sorted(end.headers.get("location", "") for end in ends) in (["", "/recovery"], ["/", "/recovery"])
    assert len(await ops.people_list(house)) == 1


async def test_the_set_up_is_for_this_machine_alone(app: Starlette) -> None:
    async with browser_of(app, address="http://192.168.0.5:9700", client="192.168.0.7") as neighbour:
        for path in (f"/enter?key={PAGE_TOKEN}", "/setup"):
            assert (await neighbour.get(path)).status_code == 403
    async with browser_of(app) as own:
        assert (await own.get(f"/enter?key={PAGE_TOKEN}")).status_code == 303


# -- the recovery sheet -----------------------------------------------------------------------------------


async def test_the_sheet_is_shown_once_and_then_for_the_password(mina: httpx2.AsyncClient, house: House) -> None:
    sheet = await mina.get("/recovery")
    groups = groups_in(sheet.text)
    assert tuple(groups) == groups_of(load_master_key(house.settings))
    assert sheet.headers["cache-control"] == "no-store"
    assert groups_in((await mina.get("/recovery")).text) == []
    wrong = await send(mina, "/recovery", {"password": OTHER})
    assert (wrong.status_code, groups_in(wrong.text)) == (403, [])
    assert groups_in((await send(mina, "/recovery", {"password": GOOD})).text) == groups
    assert [line["code"] for line in await ops.audit_list(house)].count("recovery.shown") == 2


async def test_two_groups_typed_back_confirm_the_sheet(mina: httpx2.AsyncClient, house: House) -> None:
    groups = groups_in((await mina.get("/recovery")).text)
    page = (await mina.get("/recovery/confirm")).text
    asked = [int(n) for n in re.findall(r'name="group_(\d+)"', page)]
    assert len(set(asked)) == 2
    wrong = await send(mina, "/recovery/confirm", {f"group_{n}": "AAAA" for n in asked})
    assert wrong.status_code == 422
    assert not house.db.read_now(people.recovery_confirmed)
    right = await send(mina, "/recovery/confirm", {f"group_{n}": groups[n - 1].lower() for n in asked})
    assert right.headers["location"] == "/"
    assert house.db.read_now(people.recovery_confirmed)


async def test_guessing_the_password_at_the_sheet_must_wait_too(mina: httpx2.AsyncClient) -> None:
    ends = [(await send(mina, "/recovery", {"password": f"wrong guess {n}"})) for n in range(7)]
    assert "초 뒤에 다시" in ends[-1].text
    assert groups_in((await send(mina, "/recovery", {"password": GOOD})).text) == []


# -- in and out -------------------------------------------------------------------------------------------


async def test_who_signs_in_comes_to_where_they_wanted(mina: httpx2.AsyncClient, other: httpx2.AsyncClient) -> None:
    del mina
    turned = await other.get("/?show=over&q=a b")
    assert turned.headers["location"] == "/sign-in?next=%2F%3Fshow%3Dover%26q%3Da%2520b"
    page = await other.get(turned.headers["location"])
    form = {"csrf": token_in(page.text), "next": "/?show=over&q=a%20b", "login": "MINA", "password": GOOD}
    done = await other.post("/sign-in", data=form)
    assert (done.status_code, done.headers["location"]) == (303, "/?show=over&q=a%20b")
    assert (await other.get("/")).status_code == 200
    assert (await other.get("/sign-in")).headers["location"] == "/"


@pytest.mark.parametrize(
    "to", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/\r\nset-cookie: a=b"]
)
async def test_nobody_is_sent_elsewhere_after_signing_in(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, to: str
) -> None:
    del mina
    done = await sign_in(other, next=to)
    assert (done.status_code, done.headers["location"]) == (303, "/")


async def test_a_wrong_name_and_a_wrong_password_are_told_alike(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient
) -> None:
    del mina
    pages = [(await sign_in(other, login, OTHER)) for login in ("mina", "nobody")]
    assert [page.status_code for page in pages] == [403, 403]
    told = [re.sub(r'value="[^"]*"', "", page.text) for page in pages]
    assert told[0] == told[1]
    assert OTHER not in told[0]


class Counting(Passwords):
    """Counts what was judged, and how dear it was to judge."""

    def __init__(self) -> None:
        super().__init__(turns=1, memory_kib=64)
        self.judged: list[str] = []

    def _fits(self, password: str, hashed: str) -> bool:
        self.judged.append((hashed or self._nobodys).partition("p=")[0])
        return super()._fits(password, hashed)


async def test_a_name_nobody_has_costs_as_much_as_one_that_somebody_has(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House
) -> None:
    await invite(mina, "invited")  # somebody without a password
    house.passwords = counting = Counting()
    for login in ("mina", "nobody", "invited", "not a name"):
        await sign_in(other, login, OTHER)
    assert len(counting.judged) == 4
    assert set(counting.judged) == {"$argon2id$v=19$m=64,t=1,"}


async def test_after_a_few_wrong_passwords_even_the_right_one_must_wait(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, clock: FixedClock
) -> None:
    del mina
    for _ in range(5):
        await sign_in(other, password=OTHER)
    refused = await sign_in(other)
    assert refused.status_code == 403
    assert "초 뒤에 다시" in refused.text
    clock.pass_by(minutes=1)
    assert (await sign_in(other)).status_code == 303


async def test_signing_in_always_opens_a_new_session_and_ends_the_one_before(
    mina: httpx2.AsyncClient, app: Starlette
) -> None:
    del mina
    async with browser_of(app) as victim:
        victim.cookies.set("jangbu_session", "chosen-by-somebody-else", domain="127.0.0.1")
        await sign_in(victim)
        first = victim.cookies["jangbu_session"]
        assert first != "chosen-by-somebody-else"
        csrf = token_in((await victim.get("/me")).text)
        await victim.post("/sign-in", data={"csrf": csrf, "login": "mina", "password": GOOD})
        assert victim.cookies["jangbu_session"] != first
    async with browser_of(app) as thief:
        thief.cookies.set("jangbu_session", first, domain="127.0.0.1")
        assert (await thief.get("/")).status_code == 303


async def test_signing_out_ends_the_session_itself(mina: httpx2.AsyncClient, other: httpx2.AsyncClient) -> None:
    token = mina.cookies["jangbu_session"]
    assert (await mina.get("/sign-out")).status_code == 200
    assert (await mina.get("/")).status_code == 200
    done = await send(mina, "/sign-out", {})
    assert done.headers["location"] == "/sign-in"
    other.cookies.set("jangbu_session", token, domain="127.0.0.1")
    assert (await other.get("/")).status_code == 303


async def test_a_link_from_the_machine_signs_the_owner_in_and_says_so_in_the_trail(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, app: Starlette, house: House
) -> None:
    del mina
    done = await other.get(f"/enter?key={app.state.issue_link()}")
    assert done.headers["location"] == "/"
    assert "공방 주인" in (await other.get("/")).text
    newest = (await ops.audit_list(house))[0]
    assert (newest["code"], newest["actor"], newest["address"]) == ("sign_in.link", "person:mina", "127.0.0.1")


async def test_a_session_ends_after_half_a_day_of_rest(mina: httpx2.AsyncClient, clock: FixedClock) -> None:
    clock.pass_by(hours=11)
    assert (await mina.get("/")).status_code == 200
    clock.pass_by(hours=11)
    assert (await mina.get("/")).status_code == 200
    clock.pass_by(hours=12)
    assert (await mina.get("/")).status_code == 303


async def test_who_is_led_here_by_another_site_is_asked_to_come_again_from_ours(mina: httpx2.AsyncClient) -> None:
    token = mina.cookies["jangbu_session"]
    mina.cookies.delete("jangbu_session")  # a browser keeps strict cookies back
    answer = await mina.get("/?show=over", headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 200
    assert 'content="0;url=/?show=over"' in answer.text
    mina.cookies.set("jangbu_session", token, domain="127.0.0.1")
    assert (await mina.get("/?show=over", headers={"sec-fetch-site": "same-origin"})).status_code == 200


# -- cookies, forms ---------------------------------------------------------------------------------------


async def test_every_cookie_is_closed_to_scripts_and_other_sites(client: httpx2.AsyncClient) -> None:
    answers = [await client.get(f"/enter?key={PAGE_TOKEN}"), await client.get("/setup?lang=ko")]
    answers.append(await send(client, "/setup?lang=ko", SET_UP))
    cookies = [cookie.lower() for answer in answers for cookie in answer.headers.get_list("set-cookie")]
    assert len(cookies) >= 4
    for cookie in cookies:
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "path=/" in cookie
        assert "domain" not in cookie


FORMS = (
    "/sign-in", "/sign-out", "/people/add", "/me/settings", "/me/password", "/me/sign-out", "/me/end", "/recovery",
    "/recovery/confirm",
)  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
async def test_no_form_is_taken_without_its_value_or_with_that_of_another(
    mina: httpx2.AsyncClient, app: Starlette, house: House, path: str
) -> None:
    before = await ops.people_list(house)
    fields = {
        "login": "mina", "name": "x y", "role": "owner", "language": "en", "zone": "UTC", "present": GOOD,
        "password": OTHER, "again": OTHER,
    }  # fmt: skip
    async with browser_of(app) as two:
        await two.get(f"/enter?key={app.state.issue_link()}")
        foreign = token_in((await two.get("/me")).text)
    for csrf in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": "한글"}):
        answer = await mina.post(path, data=fields | csrf)
        assert (path, answer.status_code) == (path, 403)
        assert catalogue().text("error.page.csrf.what", "ko") in answer.text
    assert [row | {"sessions": 0} for row in await ops.people_list(house)] == [
        row | {"sessions": 0} for row in before
    ]  # fmt: skip
    assert (await mina.get("/")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}, {"origin": "https://evil.example"},
        {"origin": "null"}, {"origin": "http://127.0.0.1:9999"},
    ],
)  # fmt: skip
async def test_a_form_sent_from_elsewhere_is_refused_though_its_value_is_right(
    mina: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    csrf = token_in((await mina.get("/me")).text)
    fields = {"csrf": csrf, "name": "other", "language": "en", "zone": "UTC"}
    assert (await mina.post("/me/settings", data=fields, headers=headers)).status_code == 403
    own = {"origin": "http://127.0.0.1:9700", "sec-fetch-site": "same-origin"}
    assert (await mina.post("/me/settings", data=fields, headers=own)).status_code == 303


# -- people -----------------------------------------------------------------------------------------------


async def test_an_invited_person_chooses_a_password_and_is_in(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House
) -> None:
    path = await invite(mina)
    key = path.partition("=")[2]
    looked = await other.get(path)
    assert looked.status_code == 200
    assert "url=/invitation" in looked.text
    assert key not in looked.text
    page = (await other.get("/invitation")).text
    assert key not in page
    assert "jun" in page
    assert (await send(other, "/invitation", {"password": "short", "again": "short"})).status_code == 422
    done = await send(other, "/invitation", {"password": OTHER, "again": OTHER})
    assert (done.status_code, done.headers["location"]) == (303, "/")
    assert (await other.get("/")).status_code == 200
    row = await row_of(house, "jun")
    assert (row["role"], row["has_password"], row["invited_until"]) == ("packer", True, None)


async def test_an_invitation_is_good_once_and_for_a_week(
    mina: httpx2.AsyncClient, app: Starlette, clock: FixedClock
) -> None:
    used = await invite(mina)
    async with browser_of(app) as one, browser_of(app) as two:
        await one.get(used)
        await two.get(used)
        assert (await send(one, "/invitation", {"password": OTHER, "again": OTHER})).status_code == 303
        assert (await two.get("/invitation")).status_code == 403
        assert (await two.get(used)).status_code == 403
    late = await invite(mina, "late")
    clock.pass_by(days=6, hours=23)
    await sign_in(mina)
    async with browser_of(app) as three:
        assert (await three.get(late)).status_code == 200
        clock.pass_by(hours=1)
        assert (await three.get("/invitation")).status_code == 403


DEEDS = ("role", "invite", "remove", "sign-out")


@pytest.mark.parametrize("role", ["viewer", "packer", "operator"])
async def test_nobody_but_the_owner_touches_people_or_the_key(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House, role: str
) -> None:
    await join(other, await invite(mina, role=role))
    before = await ops.people_list(house)
    ids = [row["id"] for row in before]
    csrf = token_in((await other.get("/me")).text)
    assert "/people" not in re.findall(r'href="([^"]+)"', (await other.get("/me")).text)
    for path in ("/people", "/recovery", "/recovery/confirm", f"/people/{ids[0]}/remove"):
        assert (path, (await other.get(path)).status_code) == (path, 403)
    posts = [f"/people/{id_}/{deed}" for id_ in ids for deed in DEEDS]
    for path in (*posts, "/people/add", "/recovery"):
        fields = {"csrf": csrf, "role": "owner", "login": "evil", "name": "evil", "password": OTHER}
        assert (path, (await other.post(path, data=fields)).status_code) == (path, 403)
    assert await ops.people_list(house) == before


async def test_a_role_cannot_be_smuggled_into_ones_own_settings(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House
) -> None:
    await join(other, await invite(mina, role="viewer"))
    fields = {"name": "준", "language": "en", "zone": "UTC", "role": "owner", "login": "mina", "active": "1"}
    assert (await send(other, "/me", fields, to="/me/settings")).status_code == 303
    row = await row_of(house, "jun")
    assert (row["role"], row["login"], row["language"], row["time_zone"]) == ("viewer", "jun", "en", "UTC")


@pytest.mark.parametrize("deed", ["role", "remove", "sign-out"])
async def test_a_changed_or_removed_person_is_out_at_once(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, house: House, deed: str
) -> None:
    await join(other, await invite(mina))
    assert (await other.get("/")).status_code == 200
    jun = (await row_of(house, "jun"))["id"]
    done = await send(mina, "/people", {"role": "viewer"}, to=f"/people/{jun}/{deed}")
    assert done.headers["location"] == "/people"
    assert (await other.get("/")).status_code == 303
    again = await sign_in(other, "jun", OTHER)
    assert again.status_code == (403 if deed == "remove" else 303)
    assert (await mina.get("/")).status_code == 200


async def test_the_last_owner_can_not_be_lost(mina: httpx2.AsyncClient, house: House) -> None:
    (owner,) = await ops.people_list(house)
    for deed, fields in (("role", {"role": "viewer"}), ("remove", {})):
        refused = await send(mina, "/people", fields, to=f"/people/{owner['id']}/{deed}")
        assert refused.status_code == 409
        assert catalogue().text("error.last_owner.fix", "ko").partition(". ")[2] in refused.text
    assert len(await ops.people_list(house)) == 1


async def test_a_new_password_ends_every_other_session(mina: httpx2.AsyncClient, other: httpx2.AsyncClient) -> None:
    await sign_in(other)
    wrong = await send(mina, "/me", {"present": OTHER, "password": OTHER, "again": OTHER}, to="/me/password")
    assert wrong.status_code == 403
    assert (await other.get("/")).status_code == 200
    done = await send(mina, "/me", {"present": GOOD, "password": OTHER, "again": OTHER}, to="/me/password")
    assert done.status_code == 303
    assert (await mina.get("/")).status_code == 200
    assert (await other.get("/")).status_code == 303
    assert (await sign_in(other)).status_code == 403
    assert (await sign_in(other, password=OTHER)).status_code == 303


async def test_one_sees_where_one_is_signed_in_and_ends_it(mina: httpx2.AsyncClient, other: httpx2.AsyncClient) -> None:
    other.headers["user-agent"] = "Mozilla/5.0 (Linux; Android 14) Chrome/140.0 Mobile Safari/537.36"
    await sign_in(other)
    page = (await mina.get("/me")).text
    assert "Chrome · Android" in page
    mark = re.findall(r'name="mark" value="([^"]+)"', page)
    assert len(mark) == 1
    await send(mina, "/me", {"mark": mark[0]}, to="/me/end")
    assert (await other.get("/")).status_code == 303
    await sign_in(other)
    await send(mina, "/me", {}, to="/me/sign-out")
    assert (await other.get("/")).status_code == 303
    assert (await mina.get("/")).status_code == 200


def list_of(folder: Path) -> list[Path]:
    return [file for file in folder.iterdir() if "sqlite" in file.name]


# -- what is nowhere --------------------------------------------------------------------------------------


async def test_no_secret_is_in_pages_addresses_logs_or_the_database(
    mina: httpx2.AsyncClient,
    other: httpx2.AsyncClient,
    app: Starlette,
    house: House,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    sheet = "".join(groups_in((await mina.get("/recovery")).text))
    path = await invite(mina)
    await join(other, path)
    async with browser_of(app) as third:
        await sign_in(third, "mina", "wrong but mine")
    seen = [(await mina.get(page)).text for page in ("/", "/people", "/me", "/recovery", "/recovery/confirm")]
    kept = b"".join(file.read_bytes() for file in list_of(tmp_path))
    out = capfd.readouterr()
    tokens = (mina.cookies["jangbu_session"], other.cookies["jangbu_session"], path.partition("=")[2])
    for secret in (GOOD, OTHER, "wrong but mine", sheet, sheet[:12], *tokens, load_master_key(house.settings).decode()):
        assert not [page for page in seen if secret in page]
        assert secret.encode() not in kept
        assert secret not in out.out + out.err


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_each_page_speaks_each_language_whole(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient, lang: str
) -> None:
    path = await invite(mina)
    await sign_in(other, "mina", OTHER)
    pages = ["/recovery", "/recovery", "/recovery/confirm", "/people", "/me", "/sign-out"]
    texts = [(await mina.get(f"{page}?lang={lang}")).text for page in pages]
    texts.append((await other.get(f"/sign-in?lang={lang}")).text)
    await other.get(path)
    texts.append((await other.get(f"/invitation?lang={lang}")).text)
    for text in texts:
        assert f'<html lang="{lang}">' in text
        plain = re.sub(r"href=\"[^\"]+\"", "", text)
        assert not re.findall(r"\b(?:people|web|page|audit|role|error|cli)\.[a-z_]+", plain)
        assert not re.findall(r"\{\w+\}", text)
        assert not re.findall(r"<script(?![^>]*\ssrc=)|\sstyle=|<style|\son\w+=", text)


def test_both_languages_have_the_same_sentences_of_people() -> None:
    families = ("people.", "audit.", "role.", "help.user")
    korean, english = (
        {code for code in catalogue().codes(lang) if code.startswith(families)} for lang in ("ko", "en")
    )  # fmt: skip
    assert korean == english
    assert len(korean) > 100


async def test_an_unused_invitation_costs_nothing_to_look_at(
    mina: httpx2.AsyncClient, other: httpx2.AsyncClient
) -> None:
    path = await invite(mina)
    for _ in range(3):
        await other.head(path)
        await other.get(path)
    assert (await join(other, path)).status_code == 303


def test_every_line_of_the_trail_has_its_words() -> None:
    source = "\n".join(file.read_text("utf-8") for file in Path(people.__file__).parent.glob("*.py"))
    source += Path(private.__file__).read_text("utf-8")
    codes = set(re.findall(r'(?:audit\(tx, (?:at|now), |by: str = |FAILED: Final = )"([a-z_.]+)"', source))
    assert len(codes) >= 11
    assert {code for code in codes for lang in LANGUAGES if not catalogue().has(f"audit.{code}", lang)} == set()
