from __future__ import annotations

import pytest
from tests.catalog.shelf import by_hand, keys, link, linked, listing, offer, take
from tests.shops.samples import connect, later

from jangbu.catalog import service as catalog
from jangbu.catalog.model import Imported
from jangbu.infra.db import Database
from jangbu.kernel.errors import InputError, NotFound
from jangbu.kernel.ids import ShopId


def find(database: Database, shop: ShopId, *, key: str = "", sku: str = "", page: str = "L1") -> tuple[str, str] | None:
    return database.read_now(lambda tx: catalog.offer_for_line(tx, shop, page, key, sku))


def test_one_code_in_two_shops_is_one_variant(database: Database) -> None:
    one, two = connect(database, "one").id, connect(database, "two").id
    take(database, one, listing("L1", offer("a", "MUG")))
    take(database, two, listing("L1", offer("b", "MUG")))
    done, rows = link(database)
    assert (done.linked, done.doubtful, sorted(keys(rows))) == (2, 0, ["a", "b"])
    assert linked(database) == {"a": {"MUG": 1}, "b": {"MUG": 1}}
    variant = database.read_now(lambda tx: catalog.variant_of(tx, "MUG"))
    assert (variant.title, variant.policy) == ("Listing L1", "escrow")


def test_linking_by_code_twice_links_nothing_new(database: Database) -> None:
    take(database, connect(database).id, listing("L1", offer("a", "MUG")))
    link(database)
    assert link(database) == (Imported(), [])


def test_a_code_on_two_cells_of_one_shop_is_doubtful_and_links_nothing(database: Database) -> None:
    one, two = connect(database, "one").id, connect(database, "two").id
    take(database, one, listing("L1", offer("a", "MUG")), listing("L2", offer("b", "MUG"), offer("c", "CUP")))
    take(database, two, listing("L1", offer("d", "MUG")))
    done, rows = link(database)
    assert (done.linked, done.doubtful, keys(rows)) == (1, 3, ["c"])


def test_a_code_that_appears_a_second_time_in_a_shop_later_is_doubtful_too(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG")))
    link(database)
    take(database, shop, listing("L2", offer("b", "MUG")))
    done, rows = link(database)
    assert (done.linked, done.doubtful, rows) == (0, 1, [])


def test_offers_that_share_one_number_share_one_code_without_doubt(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG", cell="L1"), offer("b", "MUG", cell="L1")))
    assert link(database)[0].linked == 2


def test_an_offer_without_a_code_is_counted_and_left_alone(database: Database) -> None:
    take(database, connect(database).id, listing("L1", offer("a"), offer("b", " ")))
    done, rows = link(database)
    assert (done.linked, done.without_code, done.doubtful, rows) == (0, 2, 0, [])


def test_codes_that_differ_by_blanks_around_them_are_one(database: Database) -> None:
    one, two = connect(database, "one").id, connect(database, "two").id
    take(database, one, listing("L1", offer("a", "MUG ")))
    take(database, two, listing("L1", offer("b", "MUG")))
    assert link(database)[0].linked == 2
    assert linked(database) == {"a": {"MUG": 1}, "b": {"MUG": 1}}


@pytest.mark.parametrize("bad", ["x" * 101, "bell\x07"])
def test_one_code_that_is_none_keeps_no_other_from_being_linked(database: Database, bad: str) -> None:
    take(database, connect(database).id, listing("L1", offer("a", bad), offer("b", "MUG")))
    done, rows = link(database)
    assert (keys(rows), done.doubtful) == (["b"], 1)


def test_an_offer_linked_by_hand_keeps_its_link_whatever_its_code_says(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG")))
    by_hand(database, shop, "a", "CUP")
    link(database)
    assert linked(database) == {"a": {"CUP": 1}}


def test_a_link_by_hand_takes_the_place_of_the_one_before(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG")))
    link(database)
    row = by_hand(database, shop, "a", "CUP", units=2)
    assert (row.key, list(row.links.values())) == ("a", [2])
    assert linked(database) == {"a": {"CUP": 2}}


def test_a_kit_takes_several_units_of_several_skus(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("set")))
    by_hand(database, shop, "set", "MUG", units=2)
    by_hand(database, shop, "set", "SAUCER", add=True)
    by_hand(database, shop, "set", "SAUCER", units=2, add=True)
    assert linked(database) == {"set": {"MUG": 2, "SAUCER": 2}}
    taken = database.read_now(lambda tx: catalog.links_of(tx, shop, "set"))
    assert sorted(taken.values()) == [2, 2]


@pytest.mark.parametrize(
    ("key", "sku", "units", "error", "code"),
    [
        ("a", "", 1, InputError, "input.sku_empty"),
        ("a", "x" * 101, 1, InputError, "input.sku_form"),
        ("a", "MUG", 0, InputError, "input.units"),
        ("a", "MUG", 1001, InputError, "input.units"),
        ("nowhere", "MUG", 1, NotFound, "offer_unknown"),
    ],
)
def test_a_link_by_hand_that_cannot_be_is_refused_and_leaves_what_was(
    database: Database, key: str, sku: str, units: int, error: type[InputError | NotFound], code: str
) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "OLD")))
    link(database)
    with pytest.raises(error) as refused:
        by_hand(database, shop, key, sku, units)
    assert refused.value.code == code
    assert linked(database) == {"a": {"OLD": 1}}
    assert [v.sku for v in database.read_now(catalog.variants)] == ["OLD"]


def test_a_sku_is_found_however_it_was_typed_around_and_an_unknown_one_is_not(database: Database) -> None:
    take(database, connect(database).id, listing("L1", offer("a", "MUG")))
    link(database)
    assert database.read_now(lambda tx: catalog.variant_of(tx, " MUG ")).sku == "MUG"
    with pytest.raises(NotFound):
        database.read_now(lambda tx: catalog.variant_of(tx, "CUP"))
    with pytest.raises(InputError):
        database.read_now(lambda tx: catalog.variant_of(tx, " "))


def test_the_policy_of_a_sku_can_be_changed(database: Database) -> None:
    take(database, connect(database).id, listing("L1", offer("a", "MUG")))
    link(database)
    mug = database.read_now(lambda tx: catalog.variant_of(tx, "MUG"))
    database.write_now(lambda tx: catalog.set_policy(tx, mug.id, "mirror"))
    assert database.read_now(lambda tx: catalog.variants(tx, [mug.id]))[0].policy == "mirror"


# -- which offer an order line means ----------------------------------------------------------------------


def test_an_order_line_is_known_by_its_offers_own_key(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG", cell="L1"), offer("b", "CUP")))
    assert find(database, shop, key="a", sku="CUP") == ("a", "L1")


def test_an_order_line_without_a_key_is_known_by_its_code_within_its_listing(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG")), listing("L2", offer("b", "MUG")))
    assert find(database, shop, sku="MUG") == ("a", "a")
    assert find(database, shop, sku="MUG", page="L2") == ("b", "b")
    assert find(database, shop, key="renamed since", sku="MUG") == ("a", "a")


def test_a_code_on_several_cells_of_a_listing_tells_nothing(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG"), offer("b", "MUG")))
    assert find(database, shop, sku="MUG") is None


def test_a_code_on_several_offers_of_one_cell_tells_enough(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG", cell="L1"), offer("b", "MUG", cell="L1")))
    assert find(database, shop, sku="MUG") == ("a", "L1")


def test_a_code_that_stood_on_an_option_now_gone_means_the_one_that_is_there(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("old", "MUG")))
    take(database, shop, listing("L1", offer("new", "MUG")), at=60)
    assert find(database, shop, sku="MUG") == ("new", "new")


def test_an_order_for_an_option_that_is_gone_is_still_understood(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "MUG")))
    database.write_now(lambda tx: catalog.finish_import(tx, shop, later(60)))
    assert find(database, shop, key="a") == ("a", "a")
    assert find(database, shop, sku="MUG") == ("a", "a")


def test_a_line_with_neither_key_nor_code_means_no_offer(database: Database) -> None:
    shop = connect(database).id
    take(database, shop, listing("L1", offer("a", "")))
    assert find(database, shop) is None
    assert find(database, shop, key="unknown") is None
    assert find(database, shop, sku="unknown") is None
