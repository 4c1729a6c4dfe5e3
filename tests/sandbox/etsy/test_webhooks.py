"""Webhooks: signatures, retries, and what goes wrong on the way."""

import asyncio
import contextlib
import json
from collections.abc import Callable

import httpx2
import pytest
from tests.sandbox.etsy.house import ORIGIN, House

from jangbu.sandbox.core.world import World
from jangbu.sandbox.etsy.webhooks import RETRY_AFTER_S, sign

SECRET = "whsec_amFuZ2J1LWV0c3ktd2ViaG9vay10ZXN0LWtleS0wMDE="
MESSAGE = "msg_2zJANGBUtest0000000000001"
BODY = (
    b'{"event_type":"order.paid","resource_url":"https://api.etsy.com/v3/application/shops/41230987/'
    b'receipts/3512009984","shop_id":41230987}'
)
URL = "http://127.0.0.1:8000/hooks/etsy/1"


class Inbox(httpx2.AsyncBaseTransport):
    """An endpoint that keeps what it gets and answers as told."""

    def __init__(self, answer: Callable[[int], int] = lambda _: 200) -> None:
        self.got: list[httpx2.Request] = []
        self._answer = answer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.got.append(request)
        status = self._answer(len(self.got))
        if status == 0:
            raise httpx2.ConnectError("nobody there")
        return httpx2.Response(status)

    def events(self) -> list[tuple[str, str]]:
        messages = [json.loads(request.content) for request in self.got]
        return [(each["event_type"], each["resource_url"].rpartition("/")[2]) for each in messages]


def subscribed(house: House, inbox: Inbox) -> Inbox:
    house.set(webhook_url=URL)
    house.etsy.webhooks.transport = inbox
    return inbox


def signature_of(request: httpx2.Request, secret: str) -> str:
    return sign(secret, request.headers["webhook-id"], int(request.headers["webhook-timestamp"]), request.content)


def test_the_signature_matches_the_official_vector() -> None:
    assert sign(SECRET, MESSAGE, 1789990050, BODY) == "Tci0PIzol62iVxFzYndh3FknYXrxQ+13lf2QYf6hnMg="


def test_the_body_is_the_thin_pointer_of_the_vector(house: House) -> None:
    house.set(resource_origin="https://api.etsy.com")
    ours = house.etsy.webhooks.body("order.paid", 3512009984)
    assert ours == BODY.replace(b"41230987", house.env["ETSY_SHOP_ID"].encode())
    house.set(resource_origin="")
    assert json.loads(house.etsy.webhooks.body("order.paid", 1))["resource_url"].startswith(ORIGIN)


async def test_an_order_is_told_from_payment_to_shipment(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.set(feed_lag_min_s=2.0, feed_lag_max_s=2.0)
    async with house.running():
        first, second = house.buy("NOTE"), house.buy("FAN")
        await house.clock.run_for(1)
        assert inbox.got == []
        await house.clock.run_for(1)
        body = {"tracking_code": "1", "carrier_name": "ups"}
        await house.call("POST", f"{house.shop}/receipts/{first}/tracking", json=body)
        house.etsy.cancel(second, None, None, restock=False)
        await house.clock.run_for(1)
    assert inbox.events() == [
        ("order.paid", first),
        ("order.paid", second),
        ("order.shipped", first),
        ("order.canceled", second),
    ]
    request = inbox.got[0]
    assert str(request.url) == URL
    assert int(request.headers["webhook-timestamp"]) == int(house.clock.now() - 1)
    expected = signature_of(request, house.env["ETSY_WEBHOOK_SECRET"])
    assert request.headers["webhook-signature"] == f"v1,{expected}"


async def test_news_goes_over_a_real_connection() -> None:
    got: asyncio.Queue[bytes] = asyncio.Queue()

    async def endpoint(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        got.put_nowait(await reader.readexactly(length))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    world = World(seed=1, channels=("etsy",))
    etsy = world.emulators["etsy"]
    server = await asyncio.start_server(endpoint, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    etsy.settings.update({"webhook_url": f"http://127.0.0.1:{port}/hook", "feed_lag_min_s": 0, "feed_lag_max_s": 0})
    etsy.settings.update({"processing_share": 0})
    running = asyncio.create_task(world.run())
    order = etsy.buy(etsy.offers()[0].offer_id, 1)
    body = json.loads(await asyncio.wait_for(got.get(), 20))
    assert body["resource_url"].endswith(f"/receipts/{order}")
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    server.close()


async def test_the_bare_signature_form_is_a_switch(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.set(webhook_bare=True)
    async with house.running():
        house.buy("NOTE")
        await house.clock.run_for(1)
    request = inbox.got[0]
    assert request.headers["webhook-signature"] == signature_of(request, house.env["ETSY_WEBHOOK_SECRET"])


async def test_payment_in_process_is_told_when_it_is_paid(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.set(processing_share=1.0, processing_max_s=6.0)
    async with house.running():
        paid, called_off = house.buy("NOTE"), house.buy("FAN")
        await house.clock.run_for(1)
        house.etsy.cancel(called_off, None, None, restock=False)
        await house.clock.run_for(6)
    assert inbox.events() == [("order.canceled", called_off), ("order.paid", paid)]


async def test_a_failing_endpoint_is_tried_eight_times_by_the_table(house: House) -> None:
    inbox = subscribed(house, Inbox(lambda _: 500))
    async with house.running():
        start = house.clock.now()
        house.buy("NOTE")
        await house.clock.run_for(2 * 86_400)
    assert RETRY_AFTER_S == (5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
    moments = [start + sum(RETRY_AFTER_S[:tries]) for tries in range(8)]
    assert [int(each.headers["webhook-timestamp"]) for each in inbox.got] == [int(each) for each in moments]
    assert len({each.headers["webhook-id"] for each in inbox.got}) == 1
    (row,) = house.etsy.books()["deliveries"]
    assert row["state"] == "given up"
    assert [each["status"] for each in row["attempts"]] == [500] * 8


async def test_an_endpoint_that_recovers_is_left_in_peace(house: House) -> None:
    inbox = subscribed(house, Inbox(lambda call: 0 if call == 1 else 204))
    async with house.running():
        house.buy("NOTE")
        await house.clock.run_for(86_400)
    assert len(inbox.got) == 2
    (row,) = house.etsy.books()["deliveries"]
    assert (row["state"], [each["status"] for each in row["attempts"]]) == ("delivered", [None, 204])


async def test_news_can_be_lost(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.world.faults.replace([{"kind": "lost", "times": 1}])
    async with house.running():
        house.buy("NOTE")
        kept = house.buy("FAN")
        await house.clock.run_for(86_400)
    assert inbox.events() == [("order.paid", kept)]
    assert [row["state"] for row in house.etsy.books()["deliveries"]] == ["lost", "delivered"]


async def test_news_can_come_twice_under_one_id(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.world.faults.replace([{"kind": "duplicate"}])
    async with house.running():
        order = house.buy("NOTE")
        await house.clock.run_for(60)
    assert inbox.events() == [("order.paid", order)] * 2
    assert len({each.headers["webhook-id"] for each in inbox.got}) == 1


async def test_news_can_be_late(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.world.faults.replace([{"kind": "delayed", "params": {"delay_s": 90}}])
    async with house.running():
        house.buy("NOTE")
        await house.clock.run_for(89)
        assert inbox.got == []
        await house.clock.run_for(1)
    assert len(inbox.got) == 1


async def test_news_can_overtake(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.world.faults.replace([{"kind": "out_of_order", "times": 1}])
    async with house.running():
        first = house.buy("NOTE")
        await house.clock.run_for(1)
        second = house.buy("FAN")
        await house.clock.run_for(1)
    assert inbox.events() == [("order.paid", second), ("order.paid", first)]


async def test_news_can_be_forged(house: House) -> None:
    inbox = subscribed(house, Inbox())
    house.world.faults.replace([{"kind": "forged"}])
    async with house.running():
        house.buy("NOTE")
        await house.clock.run_for(1)
    true = signature_of(inbox.got[0], house.env["ETSY_WEBHOOK_SECRET"])
    assert inbox.got[0].headers["webhook-signature"] != f"v1,{true}"


async def test_without_an_endpoint_there_is_no_news(house: House) -> None:
    house.buy("NOTE")
    assert house.etsy.books()["deliveries"] == []


async def test_retries_stop_when_the_endpoint_is_taken_away(house: House) -> None:
    inbox = subscribed(house, Inbox(lambda _: 500))
    async with house.running():
        house.buy("NOTE")
        await house.clock.run_for(1)
        house.set(webhook_url="")
        await house.clock.run_for(86_400)
    assert len(inbox.got) == 1
    assert house.etsy.books()["deliveries"][0]["state"] == "stopped"


@pytest.mark.parametrize("name", ["webhook_url", "redirect_uri"])
def test_only_addresses_on_this_machine_are_taken(house: House, name: str) -> None:
    with pytest.raises(ValueError, match=name):
        house.set(**{name: "https://shop.example.com/hook"})
    house.set(**{name: "http://localhost:5000/hook"})
