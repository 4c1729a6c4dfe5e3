"""How much of a started shop may be written: all, only lowering, or the listings of some SKUs (P13)."""

from __future__ import annotations

from tests.publish.house import House, several, two_shops
from tests.shops.samples import BAZAAR

from jangbu.infra.db import Database
from jangbu.publish import service as publish
from jangbu.publish.world import Scope


def allow(house: House, name: str, scope: Scope, *skus: str) -> None:
    chosen = [house.variant(sku) for sku in skus]
    house.database.write_now(lambda tx: publish.set_scope(tx, house.ids[name], scope, chosen))


async def test_where_only_lowering_is_allowed_a_number_falls_and_never_rises(database: Database) -> None:
    house = await several(database, ("a",), 3, 10, "rows", BAZAAR)
    allow(house, "a", Scope.LOWERING)
    await house.keep_working(30)
    assert (house.shown("MUG"), house.writes("a")) == ({"a": 3}, [])
    house.count("MUG", 1)
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 1}
    house.count("MUG", 10)
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 1}


async def test_units_a_shop_may_not_show_more_of_go_to_the_others(database: Database) -> None:
    house = await two_shops(database, shown=2, counted=10)
    allow(house, "a", Scope.LOWERING)
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 2, "b": 8}


async def test_only_listings_whose_every_sku_was_chosen_are_written(database: Database) -> None:
    house = House(database, BAZAAR)
    house.add_shop("a")
    house.add_page("a", "L1", "page", MUG=3, CUP=3)
    house.add_page("a", "L2", "rows", JUG=3)
    house.link()
    for sku in ("MUG", "CUP", "JUG"):
        house.count(sku, 9)
    await house.settle_in()
    allow(house, "a", Scope.SKUS, "MUG", "JUG")
    await house.keep_working(60)
    assert [house.shown(sku)["a"] for sku in ("MUG", "CUP", "JUG")] == [3, 3, 9]
    allow(house, "a", Scope.ALL)
    await house.keep_working(60)
    assert [house.shown(sku)["a"] for sku in ("MUG", "CUP", "JUG")] == [9, 9, 9]
