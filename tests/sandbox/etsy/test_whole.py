"""The emulator as a whole: the same for the same seed, reset, kept and put back."""

import json
from typing import Any

import pytest
from tests.sandbox.etsy.house import House, writable


async def story(house: House) -> Any:
    house.set(processing_share=0.5, feed_lag_max_s=2.5)
    orders = [house.buy(sku) for sku in ("NOTE", "MOON-SLV-40", "FAN", "NOTE")]
    house.clock.advance(3)
    house.etsy.cancel(orders[2], None, None, restock=True)
    await house.put("NOTE", writable(await house.inventory("NOTE"), NOTE=2))
    house.clock.advance(10)
    return [house.etsy.books(), await house.get(f"{house.shop}/receipts"), await house.inventory("NOTE")]


async def test_the_same_seed_and_course_give_the_same_shop() -> None:
    first, second, other = House(seed=7), House(seed=7), House(seed=8)
    assert first.env == second.env
    assert first.env != other.env
    assert await story(first) == await story(second)
    assert first.world.books()["physical"] != other.world.books()["physical"]


async def test_a_reset_brings_back_the_start(house: House) -> None:
    fresh = House()
    first = await story(house)
    house.world.reset()
    house.set(limit_per_second=10_000, feed_lag_min_s=0.0)
    assert [row["cancelled"] for row in house.etsy.books()["orders"]] == [0] * 4
    assert house.etsy.books()["numbers"] == fresh.etsy.books()["numbers"]
    assert house.etsy.books()["calls"]["total"] == 0
    again = await story(house)
    assert again[0]["numbers"] == first[0]["numbers"]
    assert again[0]["sold"] == first[0]["sold"]


async def test_a_snapshot_puts_everything_back(house: House) -> None:
    await story(house)
    kept = json.loads(json.dumps(house.world.snapshot()))
    before = [house.etsy.books()[name] for name in ("orders", "numbers", "sold", "fees")]
    house.buy("NOTE")
    house.buy("SPOON")
    other = [house.buy("FAN"), (await house.inventory("FAN"))]
    house.world.restore(kept)
    assert [house.etsy.books()[name] for name in ("orders", "numbers", "sold", "fees")] == before
    house.buy("NOTE")
    house.buy("SPOON")
    assert [house.buy("FAN"), (await house.inventory("FAN"))] == other


@pytest.mark.parametrize(
    "broken", [{}, {"seed": 1}, {"seed": 1, "channels": {"etsy": {}}}, {"seed": 2, "channels": {"etsy": {}}}]
)
async def test_a_broken_snapshot_changes_nothing(house: House, broken: dict[str, Any]) -> None:
    house.buy("NOTE")
    before = house.etsy.books()
    with pytest.raises(ValueError, match="snapshot"):
        house.world.restore(broken)
    assert house.etsy.books() == before


def test_every_address_told_is_on_this_machine(house: House) -> None:
    for name in ("JANGBU_ETSY_API_URL", "JANGBU_ETSY_AUTH_URL", "ETSY_REDIRECT_URI"):
        assert house.env[name].startswith("http://127.0.0.1:")


async def test_nothing_is_told_from_the_host_header(house: House) -> None:
    answer = await house.call("GET", house.shop, headers={"host": "shop.example.com"})
    assert answer.json()["url"].startswith("http://127.0.0.1:9101/")
    assert "example.com" not in answer.text
