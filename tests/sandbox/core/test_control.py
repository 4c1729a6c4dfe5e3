"""The control door."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from jangbu.sandbox.core.clock import HandClock
from jangbu.sandbox.core.control import control_app
from jangbu.sandbox.core.world import World


class Door:
    """A world and a client at its control door."""

    def __init__(self) -> None:
        self.world = World(seed=1, channels=("etsy",), clock=HandClock())
        transport = httpx2.ASGITransport(control_app(self.world))
        self.client = httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:9100")

    async def get(self, path: str) -> Any:
        answer = await self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Any = None) -> Any:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refusal(self, path: str, body: Any) -> str:
        answer = await self.client.post(path, json=body)
        assert answer.status_code == 400
        error: str = answer.json()["error"]
        return error


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    yield made
    await made.client.aclose()


async def test_health_env_and_books_are_told(door: Door) -> None:
    assert (await door.get("/health"))["status"] == "ok"
    assert await door.get("/env") == door.world.env()
    assert await door.get("/books") == door.world.books()


async def test_a_purchase_and_its_cancellation(door: Door) -> None:
    order = (await door.post("/buy", {"channel": "etsy", "sku": "NOTE", "quantity": 2}))["order"]
    assert order is not None
    line = door.world.books()["channels"]["etsy"]["orders"][-1]
    assert (line["id"], line["quantity"]) == (order, 2)
    wish = {"channel": "etsy", "order": order, "quantity": 1, "restock": False}
    assert await door.post("/cancel", wish) == {"cancelled": True}
    assert door.world.books()["channels"]["etsy"]["orders"][-1]["cancelled"] == 1
    assert await door.post("/cancel", {"channel": "etsy", "order": "1"}) == {"cancelled": False}


async def test_a_sold_out_purchase_is_null(door: Door) -> None:
    assert await door.post("/buy", {"channel": "etsy", "sku": "NOTE", "quantity": 500}) == {"order": None}


async def test_faults_are_set_shown_and_cleared(door: Door) -> None:
    await door.post("/faults", [{"kind": "slow", "channel": "etsy"}])
    assert [rule["kind"] for rule in await door.get("/faults")] == ["slow"]
    assert await door.post("/faults", []) == []


async def test_buyers_are_told_how_to_behave(door: Door) -> None:
    told = await door.post("/buyers", {"rate": 3, "skew": 2, "running": True, "max_orders": 9})
    assert (told["rate"], told["skew"], told["max_orders"], told["placed"]) == (3, 2, 9, 0)
    assert await door.get("/buyers") == told


async def test_settings_are_told_by_channel(door: Door) -> None:
    await door.post("/settings", {"channel": "etsy", "limit_per_second": 5})
    await door.post("/settings", {"feed_lag_max_s": 9})
    told = (await door.get("/settings"))["etsy"]
    assert (told["limit_per_second"], told["feed_lag_max_s"]) == (5, 9)


async def test_news_sets_the_endpoint_and_its_faults(door: Door) -> None:
    url = "http://127.0.0.1:8000/hooks/etsy/1"
    await door.post("/faults", [{"kind": "slow"}])
    told = await door.post("/news", {"etsy_webhook_url": url, "lost": 0.5, "delayed": {"params": {"delay_s": 9}}})
    assert told["settings"]["etsy"]["webhook_url"] == url
    assert [rule["kind"] for rule in told["faults"]] == ["slow", "lost", "delayed"]
    told = await door.post("/news", {"lost": 0})
    assert [rule["kind"] for rule in told["faults"]] == ["slow", "delayed"]


async def test_time_is_moved_on(door: Door) -> None:
    before = (await door.get("/clock"))["now"]
    assert (await door.post("/clock", {"advance_s": 90}))["now"] == before + 90


async def test_a_snapshot_is_taken_and_put_back(door: Door) -> None:
    kept = await door.get("/snapshot")
    before = await door.get("/books")
    await door.post("/buy", {"channel": "etsy", "sku": "NOTE"})
    assert await door.get("/books") != before
    await door.post("/snapshot", kept)
    assert await door.get("/books") == before


async def test_a_reset_brings_back_the_start(door: Door) -> None:
    before = await door.get("/books")
    await door.post("/buy", {"channel": "etsy", "sku": "NOTE"})
    await door.post("/faults", [{"kind": "slow"}])
    await door.post("/settings", {"latency_s": 1})
    await door.post("/reset")
    assert await door.get("/books") == before
    assert await door.get("/faults") == []
    assert (await door.get("/settings"))["etsy"]["latency_s"] == 0


async def test_traffic_shows_the_last_calls(door: Door) -> None:
    transport = httpx2.ASGITransport(door.world.emulators["etsy"].app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:9101") as client:
        for path in ("/v3/application/openapi-ping", "/nowhere"):
            await client.get(path)
    rows = await door.get("/traffic")
    assert [(row["channel"], row["operation"], row["status"]) for row in rows] == [
        ("etsy", "ping", "403"),
        ("etsy", "unknown", "403"),
    ]
    assert await door.get("/traffic?last=1&channel=etsy") == rows[1:]


async def test_the_page_shows_the_books(door: Door) -> None:
    page = await door.client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<td>NOTE<td>" in page.text
    assert "sold etsy" in page.text


@pytest.mark.parametrize(
    ("path", "body", "problem"),
    [
        ("/faults", {"kind": "slow"}, "list of rules"),
        ("/faults", [{"kind": "quake"}], "unknown kind"),
        ("/buyers", {"rate": -1}, "rate"),
        ("/buyers", [], "object"),
        ("/buy", {"channel": "ebay", "sku": "NOTE"}, "unknown channel"),
        ("/buy", {"channel": "etsy", "sku": "NOPE"}, "no offer"),
        ("/buy", {"channel": "etsy", "sku": "NOTE", "quantity": 0}, "quantity"),
        ("/buy", {"channel": "etsy"}, "sku"),
        ("/cancel", {"channel": "etsy"}, "order"),
        ("/news", {"postponed": 1}, "unknown news"),
        ("/news", {"lost": "often"}, "lost"),
        ("/news", {"etsy_webhook_url": "https://shop.example.com/"}, "webhook_url"),
        ("/news", {"ebay_webhook_url": "http://127.0.0.1/"}, "unknown channel"),
        ("/settings", {"channel": "etsy", "colour": 1}, "unknown setting"),
        ("/clock", {"advance_s": -1}, "forward"),
        ("/clock", {}, "advance_s"),
        ("/snapshot", {"seed": 1}, "snapshot"),
    ],
)
async def test_bad_input_is_named_and_changes_nothing(door: Door, path: str, body: Any, problem: str) -> None:
    before = [await door.get(each) for each in ("/books", "/faults", "/buyers", "/settings")]
    assert problem in await door.refusal(path, body)
    assert [await door.get(each) for each in ("/books", "/faults", "/buyers", "/settings")] == before


async def test_text_that_is_not_json_is_refused(door: Door) -> None:
    answer = await door.client.post("/buy", content=b"{nope")
    assert (answer.status_code, "not JSON" in answer.json()["error"]) == (400, True)


async def test_a_count_of_calls_that_is_no_number_is_refused(door: Door) -> None:
    assert (await door.client.get("/traffic?last=many")).status_code == 400
