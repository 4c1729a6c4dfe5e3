"""Faults on the wire: before the effect, after it, instead of it."""

import asyncio
from typing import Any

import httpx2
import pytest
from tests.sandbox.etsy.house import House, writable

from jangbu.sandbox.core.faults import ConnectionDropped


async def write(house: House, rule: dict[str, Any]) -> httpx2.Response:
    """A write to NOTE, 1 to be shown, under a fault."""
    body = writable(await house.inventory("NOTE"), NOTE=1)
    house.world.faults.replace([{"operation": "updateListingInventory", **rule}])
    return await house.put("NOTE", body)


@pytest.mark.parametrize(
    ("kind", "status", "landed"),
    [
        ("rate_limited", 429, False),
        ("rate_limited_bare", 429, False),
        ("error_before", 500, False),
        ("error_after", 500, True),
        ("html", 502, False),
        ("bad_json", 200, True),
    ],
)
async def test_an_answer_is_spoilt(house: House, kind: str, status: int, landed: bool) -> None:
    before = house.number("NOTE")
    answer = await write(house, {"kind": kind})
    assert answer.status_code == status
    assert house.number("NOTE") == (1 if landed else before)
    assert ("retry-after" in answer.headers) == (kind == "rate_limited")
    if kind in ("html", "bad_json"):
        with pytest.raises(ValueError, match=r"JSON|Expecting|Extra|delimiter|Invalid"):
            answer.json()


async def test_parameters_of_a_fault_are_used(house: House) -> None:
    answer = await write(house, {"kind": "rate_limited", "params": {"retry_after_s": 7}})
    assert answer.headers["retry-after"] == "7"
    answer = await write(house, {"kind": "error_before", "params": {"status": 503}})
    assert answer.status_code == 503
    answer = await write(house, {"kind": "html", "params": {"status": 200}})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(("kind", "landed"), [("reset_before", False), ("reset_after", True), ("truncated", True)])
async def test_a_connection_is_dropped(house: House, kind: str, landed: bool) -> None:
    before = house.number("NOTE")
    with pytest.raises(ConnectionDropped):
        await write(house, {"kind": kind})
    assert house.number("NOTE") == (1 if landed else before)


@pytest.mark.parametrize(
    ("kind", "lands_at"), [("timeout_before", None), ("timeout_after", 0), ("late", 20), ("slow", 5)]
)
async def test_an_answer_keeps_one_waiting(house: House, kind: str, lands_at: int | None) -> None:
    before = house.number("NOTE")
    task = asyncio.create_task(write(house, {"kind": kind}))
    for second in (0, 4, 5, 19, 20, 599):
        await house.clock.run_for(second - (house.clock.now() - 1_790_000_000))
        landed = lands_at is not None and second >= lands_at
        assert house.number("NOTE") == (1 if landed else before), second
        assert task.done() == (kind == "slow" and second >= 5)
    await house.clock.run_for(1)
    if kind == "slow":
        assert task.result().status_code == 200
    else:
        with pytest.raises(ConnectionDropped):
            await task


async def test_a_stale_read_answers_from_an_older_state(house: House) -> None:
    old = await house.inventory("NOTE")
    house.clock.advance(100)
    order = house.buy("NOTE")
    house.clock.advance(10)
    house.world.faults.replace([{"kind": "stale_read", "params": {"age_s": 50}}])
    assert await house.inventory("NOTE") == old
    assert order not in {str(e["receipt_id"]) for e in (await house.get(f"{house.shop}/receipts"))["results"]}
    house.world.faults.replace([])
    assert await house.inventory("NOTE") != old


async def test_a_write_acts_on_the_present_even_among_stale_reads(house: House) -> None:
    house.clock.advance(100)
    await house.patch("FAN", state="inactive")
    house.world.faults.replace([{"kind": "stale_read", "params": {"age_s": 50}}])
    await house.patch("FAN", title="Fan of mulberry paper")
    assert not house.on_sale("FAN")


async def test_an_answer_can_be_given_a_latency(house: House) -> None:
    house.set(latency_s=0.1)
    task = asyncio.create_task(house.call("GET", "/openapi-ping"))
    await house.clock.run_for(0.09)
    assert not task.done()
    await house.clock.run_for(0.02)
    assert task.result().status_code == 200


async def test_traffic_counts_answers_and_drops(house: House) -> None:
    await house.get("/openapi-ping")
    house.world.faults.replace([{"kind": "reset_before", "operation": "getMe"}])
    with pytest.raises(ConnectionDropped):
        await house.get("/users/me")
    await house.call("GET", "/nowhere")
    calls = house.etsy.books()["calls"]
    assert calls == {
        "total": 3,
        "by_operation": {"ping": 1, "getMe": 1, "unknown": 1},
        "by_status": {"200": 1, "reset_before": 1, "404": 1},
    }
    assert [each["operation"] for each in house.etsy.traffic.recent(2)] == ["getMe", "unknown"]
