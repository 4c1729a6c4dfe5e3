"""The webhook door: what is kept, what is refused, and that it is on disk before the answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from tests.app.web.conftest import browser_of
from tests.app.web.filled import ETSY_REMOTE_ID, NOW, WEBHOOK_SECRET, FixedClock, add_etsy, add_naver, open_empty

from jangbu.app.bootstrap import House
from jangbu.app.web import create_app
from jangbu.infra.db import Database
from jangbu.intake import service as intake
from jangbu.intake.store import Delivery
from jangbu.kernel.ids import ShopId
from jangbu.sdk.adapter import Grant
from jangbu.shops import service as shops
from jangbu.shops.model import Shop

OTHER_SECRET = "whsec_amFuZ2J1LXdlYi1vdGhlci1rZXktMDAwMDAwMDAwMDI="
RECEIPT = f"https://api.etsy.com/v3/application/shops/{ETSY_REMOTE_ID}/receipts/3512009984"
PAID = msgspec.json.encode({"event_type": "order.paid", "resource_url": RECEIPT, "shop_id": int(ETSY_REMOTE_ID)})


def signed(
    body: bytes, *, id_: str = "msg_1", at: float = NOW.timestamp(), secret: str = WEBHOOK_SECRET
) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    mac = hmac.new(key, f"{id_}.{int(at)}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id_, "webhook-timestamp": str(int(at)),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }  # fmt: skip


def kept(house: House) -> list[Delivery]:
    return house.db.read_now(intake.deliveries)


@pytest.fixture
def shop(house: House) -> Shop:
    return add_etsy(house)


async def send(client: httpx2.AsyncClient, shop: str, body: Any = PAID, **signing: Any) -> httpx2.Response:
    headers = signed(body if isinstance(body, bytes) else PAID, **signing)
    return await client.post(f"/hooks/etsy/{shop}", content=body, headers=headers)


async def test_a_signed_delivery_is_kept_with_the_order_it_points_at(
    client: httpx2.AsyncClient, house: House, shop: Shop
) -> None:
    answer = await send(client, shop.id)
    assert answer.status_code == 200
    (delivery,) = kept(house)
    assert (delivery.event, delivery.order_id, delivery.state, delivery.received_at) == (
        "order.paid",
        "3512009984",
        "received",
        NOW,
    )


async def test_a_repeat_gets_the_same_answer_and_is_kept_once(
    client: httpx2.AsyncClient, house: House, shop: Shop
) -> None:
    first, second = await send(client, shop.id), await send(client, shop.id)
    assert (second.status_code, second.content) == (first.status_code, first.content) == (200, first.content)
    assert [(d.delivery_id, d.repeats) for d in kept(house)] == [("msg_1", 1)]


async def test_the_row_is_on_disk_when_the_answer_arrives(tmp_path: Path) -> None:
    house = open_empty(tmp_path, inline=False)
    try:
        shop = add_etsy(house)
        app = create_app(house, None, local_token="t", page_token="p")
        async with browser_of(app) as client:
            assert (await send(client, shop.id)).status_code == 200
        with Database.open(house.settings.database_url, inline=True) as other:
            assert [d.order_id for d in other.read_now(intake.deliveries)] == ["3512009984"]
    finally:
        await house.close()


@pytest.mark.parametrize(
    "broken",
    [
        "CREATE TRIGGER full BEFORE INSERT ON webhook_delivery BEGIN SELECT RAISE(ABORT, 'no room'); END",
        "DROP TABLE webhook_delivery",
    ],
)
async def test_no_success_is_told_when_the_database_refuses(
    app: Starlette, house: House, shop: Shop, broken: str
) -> None:
    house.db.write_now(lambda tx: tx.run(broken))
    async with browser_of(app, raises=False) as client:
        assert (await send(client, shop.id)).status_code >= 500


async def test_a_lost_database_asks_for_the_delivery_again(
    client: httpx2.AsyncClient, house: House, shop: Shop
) -> None:
    house.db.close()
    answer = await send(client, shop.id)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": OTHER_SECRET},
        {"at": NOW.timestamp() - 301},
        {"at": NOW.timestamp() + 301},
    ],
)
async def test_a_wrong_signature_or_time_is_refused_and_nothing_is_kept(
    client: httpx2.AsyncClient, house: House, shop: Shop, wrong: dict[str, Any]
) -> None:
    assert (await send(client, shop.id, **wrong)).status_code == 401
    assert kept(house) == []


async def test_the_time_window_is_that_of_the_house_clock(
    client: httpx2.AsyncClient, clock: FixedClock, shop: Shop
) -> None:
    clock.pass_by(seconds=299)
    assert (await send(client, shop.id, id_="msg_in")).status_code == 200
    clock.pass_by(seconds=2)
    assert (await send(client, shop.id, id_="msg_out")).status_code == 401


async def test_a_changed_byte_is_refused(client: httpx2.AsyncClient, house: House, shop: Shop) -> None:
    answer = await client.post(f"/hooks/etsy/{shop.id}", content=PAID.replace(b"9984", b"9985"), headers=signed(PAID))
    assert answer.status_code == 401
    assert kept(house) == []


async def test_who_cannot_sign_learns_nothing_of_which_shops_exist(
    client: httpx2.AsyncClient, house: House, shop: Shop
) -> None:
    naver = add_naver(house)
    mute = add_etsy(house, name="without secret", remote_id="41230988", secret="")
    answers = [
        await send(client, shop.id, secret=OTHER_SECRET),
        await send(client, "etsy_unknown", secret=OTHER_SECRET),
        await send(client, mute.id),
        await client.post(f"/hooks/naver/{naver.id}", content=PAID, headers=signed(PAID)),
        await client.post(f"/hooks/naver/{shop.id}", content=PAID, headers=signed(PAID)),
        await client.post(f"/hooks/nowhere/{shop.id}", content=PAID, headers=signed(PAID)),
        await client.post(f"/hooks/etsy/{shop.id}", content=PAID),
    ]
    told = {(a.status_code, a.content, tuple(sorted(a.headers.items()))) for a in answers}
    assert len(told) == 1
    assert answers[0].status_code == 401
    assert kept(house) == []


async def test_signed_news_of_another_shop_is_refused(client: httpx2.AsyncClient, house: House, shop: Shop) -> None:
    foreign = PAID.replace(ETSY_REMOTE_ID.encode(), b"41999999")
    assert (await send(client, shop.id, foreign)).status_code == 401
    assert kept(house) == []


@pytest.mark.parametrize("body", [b'{"event_type":"order.pa', b"", b"\xff\xfe{}", b"not json"])
async def test_broken_json_is_refused_and_nothing_is_kept(
    client: httpx2.AsyncClient, house: House, shop: Shop, body: bytes
) -> None:
    assert (await send(client, shop.id, body)).status_code == 400
    assert kept(house) == []


async def test_an_unknown_event_is_kept_and_shown_though_it_points_at_nothing(
    client: httpx2.AsyncClient, house: House, shop: Shop
) -> None:
    body = msgspec.json.encode({"event_type": "listing.dreamt", "shop_id": int(ETSY_REMOTE_ID)})
    assert (await send(client, shop.id, body)).status_code == 200
    assert [(d.event, d.state) for d in kept(house)] == [("listing.dreamt", "kept")]


class Lavish:
    """A body of five megabytes that counts how much of it was taken."""

    def __init__(self) -> None:
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(5 * 64):
            self.taken += 1
            yield b"x" * 16_384


async def test_a_body_of_five_megabytes_is_refused_early(client: httpx2.AsyncClient, house: House, shop: Shop) -> None:
    lavish = Lavish()
    answer = await client.post(f"/hooks/etsy/{shop.id}", content=lavish.__aiter__(), headers=signed(PAID))
    assert answer.status_code == 413
    assert lavish.taken == 5  # the first chunk beyond 64 kB
    assert kept(house) == []


async def test_a_body_that_says_it_is_too_large_is_not_read_at_all(client: httpx2.AsyncClient, shop: Shop) -> None:
    lavish = Lavish()
    headers = {**signed(PAID), "content-length": str(5 * 1024 * 1024)}
    answer = await client.post(f"/hooks/etsy/{shop.id}", content=lavish.__aiter__(), headers=headers)
    assert (answer.status_code, lavish.taken) == (413, 0)


async def test_a_body_of_exactly_the_cap_is_read(client: httpx2.AsyncClient, house: House, shop: Shop) -> None:
    body = PAID + b" " * (64 * 1024 - len(PAID))
    assert (await send(client, shop.id, body)).status_code == 200
    assert (await send(client, shop.id, body + b" ", id_="msg_2")).status_code == 413
    assert len(kept(house)) == 1


async def test_a_renewed_secret_counts_at_once_and_the_old_one_soon_no_more(
    client: httpx2.AsyncClient, house: House, clock: FixedClock, shop: Shop
) -> None:
    assert (await send(client, shop.id)).status_code == 200
    renew(house, shop.id, OTHER_SECRET)
    assert (await send(client, shop.id, id_="msg_new", secret=OTHER_SECRET)).status_code == 200
    clock.pass_by(seconds=6)
    assert (await send(client, shop.id, id_="msg_old")).status_code == 401


def renew(house: House, shop: ShopId, secret: str) -> None:
    def write(tx: Any) -> None:
        old = shops.open_grant(tx, house.vault, shop)
        fields = {**old.fields, "webhook_secret": secret}
        shops.keep_grant(tx, house.vault, shop, Grant(fields, version=old.version + 1), house.clock.now())

    house.db.write_now(write)


async def test_a_disconnected_shop_takes_no_deliveries(client: httpx2.AsyncClient, house: House, shop: Shop) -> None:
    house.db.write_now(lambda tx: tx.run("UPDATE shop SET state = 'disconnected'"))
    assert (await send(client, shop.id)).status_code == 401


async def test_marketplaces_come_from_anywhere_and_ask_for_any_name(app: Starlette, shop: Shop) -> None:
    async with browser_of(app, address="https://shop.example", client="203.0.113.9") as abroad:
        assert (await send(abroad, shop.id)).status_code == 200


async def test_no_secret_and_no_body_is_logged(
    client: httpx2.AsyncClient, shop: Shop, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await send(client, shop.id)
    await send(client, shop.id, secret=OTHER_SECRET)
    said = caplog.text + "".join(capsys.readouterr())
    assert "etsy.webhook_signature" in said
    for hidden in (
        WEBHOOK_SECRET,
        WEBHOOK_SECRET.removeprefix("whsec_"),
        "3512009984",
        signed(PAID)["webhook-signature"],
    ):
        assert hidden not in said


async def test_reading_a_delivery_address_tells_nothing(client: httpx2.AsyncClient, shop: Shop) -> None:
    known, unknown = await client.get(f"/hooks/etsy/{shop.id}"), await client.get("/hooks/etsy/none")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (405, known.content)


async def test_over_a_real_connection_the_refusal_arrives_while_the_body_is_still_being_sent(
    app: Starlette, shop: Shop
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", access_log=False))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(
            f"POST /hooks/etsy/{shop.id} HTTP/1.1\r\nHost: x\r\nContent-Length: {5 * 1024 * 1024}\r\n\r\n".encode()
        )
        writer.write(b"x" * 100_000)
        assert (await reader.readline()).split()[1] == b"413"
        writer.close()
        async with httpx2.AsyncClient() as whole:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/hooks/etsy/{shop.id}"
            assert (await whole.post(address, content=b"x" * 5 * 1024 * 1024)).status_code == 413
    finally:
        server.should_exit = True
        await serving
        listener.close()
