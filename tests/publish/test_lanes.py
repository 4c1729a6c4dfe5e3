"""Several calls of one shop under way at once: none holds the others back, none works on what another holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from tests.publish.house import House, one_shop
from tests.publish.market import Call, Market, accept
from tests.shops.samples import BAZAAR

from jangbu.infra.db import Database
from jangbu.sdk.manifest import WriteKind
from jangbu.sdk.records import ListingRef, WriteAnswer

SINGLE = WriteKind(batch=1, carries_all=True, needs_read=False, can_zero=True)
ONE_BY_ONE = replace(BAZAAR, write_kinds={**BAZAAR.write_kinds, "single": SINGLE})


async def three_pages(database: Database, counted: int = 10) -> House:
    """One shop with three listings that each show 3 of 10."""
    house = House(database, ONE_BY_ONE)
    house.add_shop("a")
    for page, sku in (("L1", "MUG"), ("L2", "CUP"), ("L3", "JUG")):
        house.add_page("a", page, "single", **{sku: 3})
    house.link()
    for sku in ("MUG", "CUP", "JUG"):
        house.count(sku, counted)
    await house.settle_in()
    return house


class Held:
    """A call whose bytes have left and whose answer does not come until it is let go."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()

    async def __call__(self, market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        await market.leave(call)
        await self.let_go.wait()
        return await accept(market, refs, Call())


async def begin(house: House) -> asyncio.Task[bool]:
    """Begin a step and go on when its bytes have left, or it is done."""
    left = asyncio.Event()
    step = asyncio.create_task(house.pumps["a"].step(left.set))
    step.add_done_callback(lambda _: left.set())
    await left.wait()
    return step


def written(house: House) -> list[str]:
    return [listing for call in house.markets["a"].sent for listing in call.numbers]


async def test_a_call_that_is_not_answered_holds_back_no_other_listing(database: Database) -> None:
    house, held = await three_pages(database), Held()
    house.markets["a"].script = [held]
    first = await begin(house)
    while len(set(written(house))) < 3:
        assert await house.step("a")
    assert not first.done()
    held.let_go.set()
    assert await first


async def test_nothing_is_begun_on_a_listing_while_a_call_about_it_is_under_way(database: Database) -> None:
    house, held = House(database), Held()
    house.add_shop("a")
    house.add_page("a", "L1", "rows", MUG=3, CUP=3)
    house.link()
    house.count("MUG", 10)
    house.count("CUP", 3)
    await house.settle_in()
    house.markets["a"].script = [held]
    first = await begin(house)
    house.count("CUP", 0)  # a zero is wanted beside what is under way
    house.markets["a"].reads.clear()
    assert not await house.step("a")
    assert (len(house.markets["a"].sent), house.markets["a"].reads) == (1, [])
    held.let_go.set()
    await first
    await house.work()
    assert house.shown("CUP") == {"a": 0}


async def test_a_listing_that_is_being_read_for_a_write_is_left_to_that_write(database: Database) -> None:
    house, let_go = await one_shop(database, shown=3, counted=10, kind="page"), asyncio.Event()
    market = house.markets["a"]
    market.reads.clear()
    market.reads_held = let_go
    first = await begin(house)
    assert market.reads == [["L1"]]
    second = asyncio.create_task(house.pumps["a"].step())
    let_go.set()
    assert not await second
    assert await first
    assert len(market.sent) == 1


async def test_a_reading_that_a_write_overtook_is_not_believed(database: Database) -> None:
    house, let_go = await three_pages(database, counted=3), asyncio.Event()
    house.database.write_now(lambda tx: tx.run("UPDATE cell SET read_at = 1"))
    house.markets["a"].reads_held = let_go
    reading = await begin(house)
    house.markets["a"].reads_held = None
    house.count("MUG", 0)
    assert await house.step("a")
    assert house.shown("MUG") == {"a": 0}
    before = house.book("a", "MUG")
    let_go.set()
    assert await reading
    assert house.book("a", "MUG") == before, "it showed 3, before our write"
    assert house.cell("a", "CUP").read_at > 1, "what was not written meanwhile is believed"
