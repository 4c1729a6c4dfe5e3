"""Secrets and buyers' personal data stay where they belong: in no log, no repr, no error, no row of the database."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import logging
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import httpx2
import pytest
import structlog
from tests.contract.kit import Bench
from tests.contract.lives import a_recorded_town, ship_all
from tests.support.recording import Exchange, Recording
from tests.support.town import START, Town
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.app.commands import serve
from jangbu.app.web.shell import create_app
from jangbu.kernel.errors import ChannelError
from jangbu.sandbox.core.inprocess import InProcessTransport
from jangbu.sdk.client import Order

HOOKS: Final = "127.0.0.1:9700"
PLANTED: Final = "Planted Person 4711"
SECRET_ENV: Final = (
    "ETSY_SHARED_SECRET", "ETSY_ACCESS_TOKEN", "ETSY_REFRESH_TOKEN", "ETSY_WEBHOOK_SECRET", "NAVER_CLIENT_SECRET",
)  # fmt: skip
_TOKENS: Final = frozenset({"access_token", "refresh_token"})
_PERSONAL: Final = {
    "etsy": frozenset({"name", "first_line", "formatted_address", "message_from_buyer", "gift_message"}),
    "naver": frozenset({"ordererName", "ordererTel", "name", "tel1", "baseAddress", "shippingMemo"}),
}
_LENGTH_MIN: Final = 6  # anything shorter may stand anywhere by chance, and so may a buyer's running number
_SELLERS_OWN: Final = frozenset({"장부상점", "02-0000-0000"})


@contextlib.contextmanager
def logging_as_the_hub_does() -> Iterator[None]:
    """Log everything, to what is standard error now."""
    serve._log_to_stderr("DEBUG")
    try:
        yield
    finally:
        structlog.reset_defaults()


def test_nothing_private_is_kept_in_clear_or_logged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    private: list[str] = []
    kept: list[str] = []

    async def play() -> None:
        async with a_recorded_town(tmp_path) as (town, recording):
            await _a_day_with_everything(town)
            private.extend(_private(town, recording))
            kept.extend(await _shown_rows(town))

    with logging_as_the_hub_does():
        run_virtual(play(), start=START)
    out, err = capfd.readouterr()
    assert "shop.trouble" in err, "nothing was logged: the search proves nothing"
    assert len(private) > 30, "no buyer came: the search proves nothing"
    assert _found(private, (out + err + caplog.text).encode()) == []
    assert _found(private, "\n".join(kept).encode()) == []
    files = [each for each in tmp_path.rglob("*") if each.is_file() and each.name != "master.key"]
    texts = {each.name: each.read_bytes() for each in files}
    assert any(b"MOON-SLV-40" in text for text in texts.values()), "the search does not see into the database"
    assert {name: found for name, text in texts.items() if (found := _found(private, text))} == {}


def test_what_arrives_by_webhook_is_not_kept_in_clear(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_recorded_town(tmp_path) as (town, _):
            await town.connect("etsy", "etsy")
            road = await _open_hooks(town)
            assert (await _deliver(town, road, PLANTED)).status_code == 200
            assert len(await ops.delivery_list(town.house)) == 1

    run_virtual(play(), start=START)
    held = b"".join(each.read_bytes() for each in tmp_path.rglob("*") if each.is_file())
    assert _found([PLANTED], held) == []


def test_a_step_that_crashes_logs_no_secret(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk refuses a renewed credential: the crash is logged, the credential is not, however wide the screen."""
    monkeypatch.setenv("COLUMNS", "400")
    private: list[str] = []

    async def play() -> None:
        async with a_recorded_town(tmp_path) as (town, recording):
            await town.settle_in()
            await town.house.db.write(lambda tx: tx.run("ALTER TABLE shop_grant RENAME TO shop_grant_gone"))
            etsy = town.world.emulators["etsy"]
            state = etsy.snapshot()
            state["grants"]["access"] = {}  # the marketplace has forgotten every access token it gave
            etsy.restore(state)
            await town.sleep(5)
            await town.stop_hub()
            private.extend(_private(town, recording))

    with logging_as_the_hub_does():
        run_virtual(play(), start=START)
    err = capfd.readouterr().err
    assert "step.crashed" in err
    assert _found(private, err.encode()) == []


@pytest.mark.parametrize("channel", ["etsy", "naver"])
def test_values_that_hold_private_things_do_not_show_them(channel: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with a_recorded_town(tmp_path) as (town, recording):
            await town.connect(channel, channel)
            shop = Bench(town, channel)
            door, adapter = shop.door(), shop.adapter()
            order = shop.sell()
            await town.sleep(10)
            grant = await door.tokens.current()
            found = await adapter.read_orders([order])
            sweep = await adapter.sweep("")
            while not sweep.orders:
                sweep = await adapter.sweep(sweep.watermark)
            shown = [
                grant,
                grant.access_token,
                door.client,
                door.tokens,
                found,
                sweep,
                town.house,
                town.house.vault,
            ]
            shown += [shop.manifest.auth(), town.house.settings, await _errors(shop)]
            private = _private(town, recording)
            assert len(private) > 8
            assert _found(private, "\n".join(f"{each!r} {each}" for each in shown).encode()) == []

    run_virtual(play(), start=START)


# -- what happens -------------------------------------------------------------------------------------------


async def _a_day_with_everything(town: Town) -> None:
    """Sales, parcels, webhooks, faults with bodies, refused credentials: whatever might be written down."""
    await town.settle_in()
    await _open_hooks(town)
    town.run_world()
    town.world.buyers.configure({"rate": 0.8, "running": True, "cancel_share": 0.2})
    await town.sleep(30)
    town.world.faults.replace(
        [{"kind": kind, "probability": 0.05} for kind in ("bad_json", "html", "error_after", "truncated")]
    )
    await town.sleep(30)
    for switch in ("token_revoked", "secret_expired", "dormant_app"):
        town.world.faults.replace([{"kind": switch}])
        await town.sleep(70)
    town.world.faults.replace([])
    town.world.buyers.configure({"running": False})
    await town.sleep(90)
    await ship_all(town)
    await town.sleep(30)
    given = town.credentials("etsy")
    with pytest.raises(ChannelError):
        await ops.shop_add(
            town.house, channel="etsy", name="other", actor="person:owner",
            credentials=given | {"shared_secret": given["shared_secret"] + "x"},
        )  # fmt: skip
    await town.house.calls.flush()
    deliveries = await ops.delivery_list(town.house)
    assert any(each["state"] == "done" for each in deliveries)


async def _open_hooks(town: Town) -> InProcessTransport:
    """Let Etsy's webhooks reach the hub's door; give the road to it."""
    app = create_app(town.house, None, local_token="local", page_token="page")
    road = InProcessTransport({HOOKS: app})
    (etsy,) = [shop for shop in await ops.shop_list(town.house) if shop["channel"] == "etsy"]
    emulator: Any = town.world.emulators["etsy"]
    emulator.webhooks.transport = road
    emulator.settings.update({"webhook_url": f"http://{HOOKS}/hooks/etsy/{etsy['id']}"})
    return road


async def _deliver(town: Town, road: InProcessTransport, name: str) -> httpx2.Response:
    """Deliver news as Etsy signs it, with more in it than Etsy says today."""
    env, now = town.world.env(), str(int(town.clock.now().timestamp()))
    resource = f"https://api.etsy.com/v3/application/shops/{env['ETSY_SHOP_ID']}/receipts/7"
    message = {
        "event_type": "order.paid",
        "resource_url": resource,
        "shop_id": int(env["ETSY_SHOP_ID"]),
        "name": name,
    }
    body = json.dumps(message).encode()
    key = base64.b64decode(env["ETSY_WEBHOOK_SECRET"].removeprefix("whsec_"))
    signature = base64.b64encode(hmac.new(key, f"msg_7.{now}.".encode() + body, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "msg_7", "webhook-timestamp": now, "webhook-signature": f"v1,{signature}"}
    url = town.world.emulators["etsy"].settings.text("webhook_url")
    return await road.handle_async_request(httpx2.Request("POST", url, content=body, headers=headers))


async def _errors(shop: Bench) -> str:
    """Meet errors of every kind; give all that they say of themselves."""
    told: list[str] = []
    for rule in (
        {"kind": "error_before"}, {"kind": "bad_json"}, {"kind": "html"}, {"kind": "truncated"},
        {"kind": "rate_limited"}, {"kind": "reset_before"}, {"kind": "token_revoked"}, {"kind": "secret_expired"},
    ):  # fmt: skip
        shop.town.world.faults.replace([rule])
        for door in (shop.door(), shop.door_with("", None)):
            try:
                await door.adapter(Order()).sweep("")
            except ChannelError as error:
                told += [repr(error), str(error), repr(error.args), repr(vars(error))]
                told += traceback.format_exception(error)
        shop.town.world.faults.replace([])
        await shop.town.sleep(60)
    assert len(told) > 40
    return "\n".join(told)


# -- what is private, and where it is looked for ------------------------------------------------------------


def _private(town: Town, recording: Recording) -> list[str]:
    """Gather every secret of this town and what its marketplaces said of buyers."""
    env = town.world.env()
    found = {env[name] for name in SECRET_ENV}
    found.add((town.home / "master.key").read_text().strip())
    for each in recording.exchanges:
        found |= {value for name, value in _said(each) if name in _TOKENS | _PERSONAL[each.channel]}
        found |= set(parse_qs(each.request.content.decode()).get("client_secret_sign", ()))
    return sorted(each for each in found - _SELLERS_OWN if len(each.encode()) >= _LENGTH_MIN)


def _said(exchange: Exchange) -> Iterator[tuple[str, str]]:
    """Walk the texts of an answer that speaks of a buyer or gives a token."""
    if exchange.answer is None or exchange.spoilt or exchange.answer.status_code != 200:
        return
    document = exchange.answer.json()
    if any(word in exchange.request.url.path for word in ("receipts", "pay-order", "oauth")):
        yield from _texts(document)


def _texts(node: Any) -> Iterator[tuple[str, str]]:
    if isinstance(node, list):
        for each in node:
            yield from _texts(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if isinstance(value, str):
                yield name, value
            yield from _texts(value)


async def _shown_rows(town: Town) -> list[str]:
    """Give what people are shown without asking for an address."""
    orders = await ops.order_list(town.house, open_only=False)
    assert orders
    return [
        str(rows)
        for rows in (
            orders,
            await ops.call_list(town.house, limit=10_000),
            await ops.activity(town.house, limit=10_000),
            await ops.delivery_list(town.house),
            await ops.recent_writes(town.house),
            await ops.status(town.house),
        )
    ]


def _found(private: list[str], text: bytes) -> list[str]:
    """Look for private things, as they are and as JSON writes them in ASCII; none of them is shown in full."""
    return [f"{each[:6]}…" for each in private if each.encode() in text or json.dumps(each)[1:-1].encode() in text]
