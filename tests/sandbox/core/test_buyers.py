"""Buyers: how many, what they want, how they change their minds."""

import asyncio
import contextlib
from typing import Any

import pytest

from jangbu.sandbox.core.buyers import BuyersConfig
from jangbu.sandbox.core.clock import HandClock
from jangbu.sandbox.core.world import World


def world_of(seed: int = 1, **config: Any) -> World:
    return World(seed=seed, channels=("etsy",), clock=HandClock(), buyers=BuyersConfig(**config))


async def let_run(world: World, seconds: float) -> None:
    assert isinstance(world.clock, HandClock)
    task = asyncio.create_task(world.run())
    await world.clock.run_for(seconds)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_buyers_come_at_about_the_rate_asked_for() -> None:
    world = world_of(rate=0.5, cancel_share=0)
    await let_run(world, 100)
    books = world.books()
    assert 35 <= world.buyers.placed + books["channels"]["etsy"]["buyers_disappointed"] <= 65
    assert books["orders_total"] == world.buyers.placed + 3


async def test_a_rush_multiplies_the_rate() -> None:
    calm, rush = world_of(rate=0.2), world_of(rate=0.2, rush=True, rush_factor=5)
    await let_run(calm, 60)
    await let_run(rush, 60)
    assert rush.buyers.placed > 2 * calm.buyers.placed


async def test_buyers_stop_at_the_most_orders_and_when_told() -> None:
    world = world_of(rate=2, max_orders=5)
    await let_run(world, 60)
    assert world.buyers.placed == 5
    world.buyers.configure({"max_orders": None, "running": False})
    await let_run(world, 60)
    assert world.buyers.placed == 5
    world.buyers.configure({"running": True})
    await let_run(world, 60)
    assert world.buyers.placed > 5


async def test_a_change_of_rate_holds_from_now_on() -> None:
    world = world_of(rate=0)
    assert isinstance(world.clock, HandClock)
    task = asyncio.create_task(world.run())
    await world.clock.run_for(60)
    assert world.buyers.placed == 0
    world.buyers.configure({"rate": 1})
    await world.clock.run_for(60)
    assert world.buyers.placed > 20
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_some_change_their_minds_and_some_of_that_goes_back_on_sale() -> None:
    world = world_of(rate=1, cancel_share=1, restock_share=1, cancel_after_s=2)
    await let_run(world, 120)
    rows = world.books()["channels"]["etsy"]["orders"][4:]
    assert sum(row["cancelled"] for row in rows) > len(rows) / 2
    assert world.books()["oversold_total"] == 0


async def test_alone_and_untouched_a_marketplace_never_oversells() -> None:
    world = world_of(rate=5)
    await let_run(world, 120)
    books = world.books()
    assert books["oversold"] == {}
    assert books["channels"]["etsy"]["buyers_disappointed"] > 0
    assert not any(row["on_sale"] and row["quantity"] < 0 for row in books["channels"]["etsy"]["numbers"].values())


async def test_skew_draws_buyers_to_the_most_sought_after() -> None:
    flat, steep = world_of(rate=3, skew=0), world_of(rate=3, skew=4)
    wanted = max(flat.goods.variants.values(), key=lambda each: each.weight).sku
    await let_run(flat, 10)
    await let_run(steep, 10)
    first = [world.books()["channels"]["etsy"]["orders"][4:] for world in (flat, steep)]
    share = [sum(row["sku"] == wanted for row in rows) / max(1, len(rows)) for rows in first]
    assert share[1] > share[0]


async def test_the_same_seed_brings_the_same_buyers() -> None:
    one, two = world_of(seed=9, rate=1), world_of(seed=9, rate=1)
    await let_run(one, 60)
    await let_run(two, 60)
    assert one.books() == two.books()
    assert one.books()["orders_total"] > 10


@pytest.mark.parametrize("bad", [{"rate": -1}, {"rate": "fast"}, {"max_orders": -1}, {"speed": 1}])
def test_bad_wishes_change_nothing(bad: dict[str, Any]) -> None:
    world = world_of(rate=1)
    with pytest.raises(ValueError, match=next(iter(bad))):
        world.buyers.configure({"skew": 2.0, **bad})
    assert world.buyers.config == BuyersConfig(rate=1)
