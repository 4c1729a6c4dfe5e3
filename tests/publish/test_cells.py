from __future__ import annotations

from tests.catalog.shelf import listing, offer, take
from tests.publish.house import House, one_shop, two_shops
from tests.publish.market import fail
from tests.shops.samples import BAZAAR

from jangbu.infra.db import Database
from jangbu.kernel.errors import Rejected
from jangbu.kernel.ids import VariantId
from jangbu.publish import service as publish
from jangbu.publish import store
from jangbu.publish.model.book import UNBOUNDED
from jangbu.publish.outlook import plan_rows
from jangbu.shops import service as shops


def units(house: House, name: str, cell: str) -> dict[VariantId, int]:
    row = house.cell(name, cell)
    return house.database.read_now(lambda tx: store.units_of(tx, [row.id]))[row.id]


def rows(house: House, shop: str | None = None) -> dict[object, dict[str, str | int | bool | None]]:
    only = house.ids[shop] if shop else None
    found = house.database.read_now(lambda tx: plan_rows(tx, house.manifests, house.clock.now(), only))
    return {row["cell"]: row for row in found}


# -- cells ------------------------------------------------------------------------------------------------


def test_every_linked_offer_gets_a_cell_of_which_nobody_knows_yet_what_was_sold(database: Database) -> None:
    house = House(database)
    house.add_shop("a")
    house.add_page("a", "L1", MUG=3, CUP=4)
    take(database, house.ids["a"], listing("L2", offer("a/none", "")))
    assert house.link() == 2
    assert house.link() == 0
    for cell in ("MUG", "CUP"):
        row = house.cell("a", cell)
        assert (row.book.exposure, row.read_at, row.listing_id) == (UNBOUNDED, 0, "L1")
        assert units(house, "a", cell) == {house.variant(cell): 1}


def test_a_number_shared_by_two_skus_takes_the_most_that_each_could_take(database: Database) -> None:
    house = House(database)
    house.add_shop("a")
    shared = [offer("a/red", "", cell="a/L1"), offer("a/blue", "", cell="a/L1")]
    take(database, house.ids["a"], listing("L1", *shared))
    house.link_by_hand("a", "red", "CLAY", 1)
    house.link_by_hand("a", "blue", "CLAY", 3)
    house.link_by_hand("a", "blue", "GLAZE", 2, add=True)
    assert units(house, "a", "L1") == {house.variant("CLAY"): 3, house.variant("GLAZE"): 2}


async def test_a_number_linked_to_another_sku_frees_the_units_of_the_one_before(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=6)
    await house.work()
    house.link_by_hand("b", "MUG", "CUP")
    assert units(house, "b", "MUG") == {house.variant("CUP"): 1}
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 6, "b": 3}, "the cup's shelf was never counted: its number is left alone"


async def test_a_new_policy_is_seen_when_everything_is_considered_anew(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=6)
    await house.work()
    assert not house.cell("a", "MUG").dirty
    house.set_policy("MUG", "mirror")
    database.write_now(publish.reconsider)
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 6, "b": 6}


# -- what the plan says -----------------------------------------------------------------------------------


async def test_the_plan_says_for_every_number_what_stands_what_is_wanted_and_why(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=4)
    shops_by_id = {shop.id: shop.name for shop in database.read_now(shops.all_shops)}
    found = rows(house)
    assert sorted(str(cell) for cell in found) == ["a/MUG", "b/MUG"]
    assert {row["shop"] for row in found.values()} == set(shops_by_id.values())
    first = found["a/MUG"]
    assert {key: first[key] for key in ("now", "target", "on_sale", "exposure", "act", "why", "under_way")} == {
        "now": 3, "target": 2, "on_sale": True, "exposure": 3, "act": "off", "why": "plan.freeze", "under_way": False,
    }  # fmt: skip
    assert (first["listing"], first["title"], first["write"]) == ("L1", "Listing L1", 0)
    assert list(rows(house, "b")) == ["b/MUG"]
    assert house.states("a") == [], "looking changes nothing"


async def test_the_plan_says_what_a_number_waits_for(database: Database) -> None:
    house = House(database)
    house.add_shop("a")
    house.add_page("a", "L1", MUG=3)
    house.link()
    house.count("MUG", 3)
    unread = rows(house)["a/MUG"]
    assert (unread["exposure"], unread["act"], unread["waiting"]) == (None, "", "wait.first_look")
    await house.settle_in()
    assert (rows(house)["a/MUG"]["why"], rows(house)["a/MUG"]["waiting"]) == ("plan.equal", "")


async def test_a_paused_shop_is_written_by_nobody_and_its_units_go_to_no_other(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=10)
    house.pause("b")
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 7, "b": 3}
    house.count("MUG", 0)
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 0, "b": 3}
    assert house.states("b") == []


async def test_the_general_stop_stops_writing_everywhere(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=0)
    database.write_now(lambda tx: shops.stop_all(tx, house.clock.now(), actor="person:owner"))
    await house.work()
    assert house.shown("MUG") == {"a": 3}
    database.write_now(lambda tx: shops.resume_all(tx, house.clock.now(), actor="person:owner"))
    database.write_now(publish.reconsider)
    await house.work()
    assert house.shown("MUG") == {"a": 0}


async def test_a_cell_that_waits_is_considered_again_after_a_while_and_one_at_rest_is_not(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=3)
    await house.work()
    shop = house.ids["a"]
    assert database.read_now(lambda tx: publish.next_recheck(tx, shop)) is None
    house.markets["a"].script = [fail(Rejected("no"))]
    house.count("MUG", 0)
    await house.step("a")
    again = database.read_now(lambda tx: publish.next_recheck(tx, shop))
    assert again is not None
    assert again > round(house.clock.now().timestamp() * 1000)
    assert BAZAAR.write_kinds["rows"].batch > 1


async def test_a_variants_cells_are_told_with_the_units_a_sale_takes(database: Database) -> None:
    house = await two_shops(database)
    house.link_by_hand("b", "MUG", "MUG", 2)
    mug = house.variant("MUG")
    found = database.read_now(lambda tx: publish.cells_by_variant(tx, [mug]))[mug]
    assert sorted((cell.key, n) for cell, n in found) == [("a/MUG", 1), ("b/MUG", 2)]
