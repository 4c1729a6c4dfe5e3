"""The loopback door: who may ask, what for, and how errors are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.conftest import LOCAL_TOKEN, browser_of
from tests.app.web.filled import add_etsy, fill

from jangbu.app.bootstrap import House
from jangbu.infra.db import Database
from jangbu.infra.i18n import LANGUAGES, catalogue

TOO_MANY = {"action": "adjust", "sku": "MUG-BLUE", "quantity": -999, "actor": "a"}
TEXT_FOR_NUMBER = {"action": "receive", "rows": [["MUG-BLUE", "1"]], "actor": "a"}
BEARER = {"authorization": f"Bearer {LOCAL_TOKEN}"}


async def ask(client: httpx2.AsyncClient, op: str, **args: Any) -> httpx2.Response:
    return await client.post("/local/op", json={"op": op, "args": args}, headers=BEARER)


async def test_an_operation_is_done_and_its_result_given(client: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    answer = await ask(client, "stock_change", action="receive", sku="MUG-BLUE", quantity=5, actor="person:owner")
    assert answer.status_code == 200
    assert answer.json()["result"]["on_hand"] == 17


async def test_rows_and_moments_come_as_json_can_say_them(client: httpx2.AsyncClient, house: House) -> None:
    fill(house)
    rows = [["MUG-BLUE", 1], ["MUG-WHITE", 2]]
    many = await ask(client, "stock_many", action="receive", rows=rows, actor="person:owner")
    assert many.json() == {"result": {"rows": 2}}
    then = await ask(client, "why", sku="MUG-BLUE", at="2020-01-01T00:00:00+09:00")
    assert then.json()["result"]["at"] == "2019-12-31T15:00:00+00:00"
    assert then.json()["result"]["moves"] == []


@pytest.mark.parametrize(
    "headers", [{}, {"authorization": "Bearer wrong"}, {"authorization": LOCAL_TOKEN}, {"authorization": "Bearer "}]
)
async def test_without_the_token_nothing_is_done(
    client: httpx2.AsyncClient, house: House, headers: dict[str, str]
) -> None:
    add_etsy(house)
    answer = await client.post("/local/op", json={"op": "stop_all", "args": {"actor": "person:x"}}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["error"]["kind"] == "AccessError"
    assert LOCAL_TOKEN not in answer.text
    told = (await ask(client, "status")).json()["result"]
    assert told["stopped_since"] is None


@pytest.mark.parametrize(
    ("op", "args", "status", "kind", "code"),
    [
        ("shop_show", {"name": "nobody"}, 404, "NotFound", "shop_unknown"),
        ("set_policy", {"sku": "MUG-BLUE", "policy": "hope", "actor": "a"}, 422, "InputError", "input.policy"),
        ("stock_change", TOO_MANY, 409, "InsufficientStock", "insufficient_stock"),
        ("no_such_thing", {}, 404, "NotFound", "local.operation"),
        ("shop_show", {}, 422, "InputError", "local.argument"),
        ("shop_show", {"name": 7}, 422, "InputError", "local.argument"),
        ("shop_show", {"name": "x", "more": 1}, 422, "InputError", "local.argument"),
        ("why", {"sku": "MUG-BLUE", "at": "2020-01-01T00:00:00"}, 422, "InputError", "local.argument"),
        ("stock_many", TEXT_FOR_NUMBER, 422, "InputError", "local.argument"),
    ],
)  # fmt: skip
async def test_errors_are_told_by_kind_code_and_facts(
    client: httpx2.AsyncClient, house: House, op: str, args: dict[str, Any], status: int, kind: str, code: str
) -> None:
    fill(house)
    answer = await ask(client, op, **args)
    error = answer.json()["error"]
    assert (answer.status_code, error["kind"], error["code"]) == (status, kind, code)
    assert error["message"]


async def test_a_bad_argument_is_named_but_never_shown(client: httpx2.AsyncClient) -> None:
    answer = await ask(client, "shop_add", channel="etsy", name="x", credentials={"secret": 12345678}, actor="a")
    assert answer.json()["error"]["facts"] == {"name": "credentials"}
    assert "12345678" not in answer.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"op": 1}', b'{"args": {}}', b"\xff"])
async def test_a_body_that_asks_nothing_is_refused(client: httpx2.AsyncClient, body: bytes) -> None:
    answer = await client.post("/local/op", content=body, headers=BEARER)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "local.body")


async def test_a_database_that_does_not_answer_is_our_fault_not_the_callers(
    client: httpx2.AsyncClient, house: House
) -> None:
    house.db.close()
    answer = await ask(client, "shop_list")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "database.closed")


@pytest.mark.parametrize(
    ("address", "source", "more"),
    [
        ("http://127.0.0.1:9700", "192.168.0.7", {}),
        ("http://evil.example:9700", "127.0.0.1", {}),
        ("http://127.0.0.1.evil.example", "127.0.0.1", {}),
        ("http://127.0.0.1:9700", "127.0.0.1", {"x-forwarded-for": "203.0.113.9"}),
        ("http://127.0.0.1:9700", "127.0.0.1", {"forwarded": "for=203.0.113.9"}),
    ],
)
@pytest.mark.parametrize("path", ["/local/op", "/", "/enter", "/static/board.css"])
async def test_only_this_machine_asking_for_itself_is_let_in(
    app: Starlette, address: str, source: str, more: dict[str, str], path: str
) -> None:
    async with browser_of(app, address=address, client=source) as stranger:
        answer = await stranger.request("POST" if path == "/local/op" else "GET", path, headers={**BEARER, **more})
    assert answer.status_code == 403
    assert "result" not in answer.text


@pytest.mark.parametrize(
    ("address", "source"),
    [("http://localhost:9700", "127.0.0.1"), ("http://[::1]:9700", "::1"), ("http://127.0.0.1", "::ffff:127.0.0.1")],
)
async def test_every_name_of_this_machine_is_let_in(app: Starlette, address: str, source: str) -> None:
    async with browser_of(app, address=address, client=source) as own:
        assert (await ask(own, "shop_list")).json() == {"result": []}


async def test_a_new_link_to_the_page_can_be_asked_for(client: httpx2.AsyncClient) -> None:
    link = (await ask(client, "page_link")).json()["result"]["url"]
    assert link.startswith("http://127.0.0.1:9700/enter?key=")
    assert (await client.get(link)).status_code == 303


async def test_alive_and_ready_are_told_to_anyone(app: Starlette) -> None:
    async with browser_of(app, address="http://hub.example", client="203.0.113.9") as abroad:
        alive, ready = await abroad.get("/healthz"), await abroad.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert ready.status_code == 200
    assert ready.json()["schema"]


async def test_not_ready_while_the_database_does_not_answer(client: httpx2.AsyncClient, house: House) -> None:
    house.db.close()
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 503


async def test_not_ready_with_the_tables_of_another_version(
    client: httpx2.AsyncClient, house: House, tmp_path: Path
) -> None:
    del tmp_path
    with Database.open(house.settings.database_url, inline=True) as other:
        other.write_now(lambda tx: tx.run("UPDATE alembic_version SET version_num = '9999'"))
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["schema"]) == (503, "9999")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", ["local.token", "local.operation", "local.body", "local.argument"])
def test_every_error_of_this_door_has_its_texts(lang: str, code: str) -> None:
    assert all(catalogue().has(f"error.{code}.{part}", lang) for part in ("what", "fix", "who"))
