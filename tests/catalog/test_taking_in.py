from __future__ import annotations

from dataclasses import replace

from tests.catalog.shelf import keys, link, linked, listing, offer, take
from tests.shops.samples import connect, later

from jangbu.catalog import service as catalog
from jangbu.catalog.model import Imported, OfferRow
from jangbu.infra.db import Database
from jangbu.kernel.ids import ShopId
from jangbu.kernel.money import Money
from jangbu.sdk.records import ListingState


def offers(database: Database, shop: ShopId | None = None) -> list[OfferRow]:
    return database.read_now(lambda tx: catalog.offers(tx, shop))


def test_listings_and_offers_are_kept_as_read(database: Database) -> None:
    shop = connect(database).id
    done = take(database, shop, listing("L1", offer("red", "MUG-R", quantity=3), offer("blue")), listing("L2"))
    assert done == Imported(listings=2, offers=2)
    blue, red = offers(database)
    assert red == OfferRow(
        shop, "red", "L1", "red", "MUG-R", "Listing L1", (("Colour", "red"),), Money(900, "USD"), 3,
        enabled=True, listing_state="on_sale", links={},
    )  # fmt: skip
    assert blue.sku == ""


def test_taking_the_same_listings_in_again_changes_nothing(database: Database) -> None:
    shop = connect(database).id
    page = listing("L1", offer("red", "MUG"))
    take(database, shop, page)
    link(database)
    before = offers(database), linked(database)
    take(database, shop, page, at=60)
    assert (offers(database), linked(database)) == before


def test_what_changed_at_the_marketplace_is_taken_over_and_the_links_stay(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("red", "MUG")))
    link(database)
    changed = replace(offer("red", "MUG-2", quantity=7, price=1100), enabled=False)
    take(database, shop, listing("L1", changed, kind="page", state=ListingState.OFF_SALE), at=60)
    (row,) = offers(database)
    assert (row.sku, row.quantity, row.price.amount, row.enabled) == ("MUG-2", 7, 1100, False)
    assert row.listing_state == "off_sale"
    assert linked(database) == {"red": {"MUG": 1}}
    assert database.read_now(lambda tx: catalog.listing_ref(tx, shop, "L1")) == (
        "page", "Listing L1", "off_sale", 1,
    )  # fmt: skip


def test_an_option_that_is_no_longer_there_leaves_the_list_and_comes_back_with_its_link(database: Database) -> None:
    shop = connect(database).id
    both = listing("L1", offer("red", "R"), offer("blue", "B"))
    take(database, shop, both)
    link(database)
    take(database, shop, listing("L1", offer("red", "R")), at=60)
    assert keys(offers(database)) == ["red"]
    take(database, shop, both, at=120)
    assert linked(database) == {"red": {"R": 1}, "blue": {"B": 1}}


def test_a_listing_that_a_whole_walk_did_not_meet_is_gone_with_its_offers(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("red")), listing("L2", offer("blue")))
    take(database, shop, listing("L1", offer("red")), at=60)
    assert database.write_now(lambda tx: catalog.finish_import(tx, shop, later(60))) == 1
    assert keys(offers(database)) == ["red"]
    assert database.write_now(lambda tx: catalog.finish_import(tx, shop, later(60))) == 0, "it is told once"


def test_a_listing_that_comes_back_is_there_again(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("red")))
    database.write_now(lambda tx: catalog.finish_import(tx, shop, later(60)))
    assert offers(database) == []
    take(database, shop, listing("L1", offer("red")), at=120)
    assert keys(offers(database)) == ["red"]


def test_a_walk_over_one_shop_says_nothing_of_another(database: Database) -> None:
    one, two = connect(database, "one").id, connect(database, "two").id
    take(database, one, listing("L1", offer("red")))
    take(database, two, listing("L1", offer("red")))
    database.write_now(lambda tx: catalog.finish_import(tx, one, later(60)))
    assert [row.shop_id for row in offers(database)] == [two]


def test_a_number_that_moved_to_another_cell_is_known_under_its_new_key(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("red", "R", cell="L1"), offer("blue", "B", cell="L1")))
    take(database, shop, listing("L1", offer("red", "R", cell="L1/red"), offer("blue", "B", cell="L1/blue")), at=60)
    assert {row.key: row.cell_key for row in offers(database)} == {"red": "L1/red", "blue": "L1/blue"}
    found = database.read_now(lambda tx: [catalog.offer_for_line(tx, shop, "L1", "", sku) for sku in "RB"])
    assert found == [("red", "L1/red"), ("blue", "L1/blue")]


def test_an_offer_that_moved_to_another_listing_moves_as_a_whole(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("red", "R")))
    take(database, shop, listing("L1"), listing("L2", offer("red", "R")), at=60)
    assert [(row.key, row.listing_id, row.title) for row in offers(database)] == [("red", "L2", "Listing L2")]


def test_a_listing_nobody_read_is_unknown(database: Database) -> None:
    shop = connect(database).id
    assert database.read_now(lambda tx: catalog.listing_ref(tx, shop, "L9")) is None
    assert database.read_now(lambda tx: catalog.variants(tx, [])) == []
