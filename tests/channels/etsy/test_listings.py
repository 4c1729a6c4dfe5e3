"""Listings and numbers from the wire, and the inventory written back."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.etsy.support import (
    NOW,
    inventory,
    listing,
    plain_inventory,
    product,
    ring_inventory,
    value,
)

from jangbu.channels.etsy import wire
from jangbu.channels.etsy.mapping import listings
from jangbu.kernel.errors import Rejected
from jangbu.kernel.money import Money
from jangbu.sdk.decoding import convert
from jangbu.sdk.records import ListingRef, ListingState, StockWrite

SILVER, GOLD = "12/200=Silver", "12/200=Gold"


def _row(document: Any) -> wire.Listing:
    return convert(document, wire.Listing, "test")


def _write(stock: Any, numbers: dict[str, int]) -> StockWrite:
    basis = listings.numbers_read(_row(listing(12, stock)), NOW)
    return StockWrite(ListingRef("12", "listing"), numbers, basis)


def test_offers_share_the_number_of_their_cell() -> None:
    offers = listings.listing(_row(listing(12, ring_inventory()))).offers
    assert [(each.key, each.cell_key, each.quantity) for each in offers] == [
        ("12/200=Silver|513=S", SILVER, 9),
        ("12/200=Silver|513=L", SILVER, 9),
        ("12/200=Gold|513=S", GOLD, 0),
        ("12/200=Gold|513=L", GOLD, 0),
    ]
    assert offers[1].options == (("Metal", "Silver"), ("Size", "L"))
    assert offers[1].price == Money(9450, "USD")


def test_a_listing_without_variations_has_one_offer_named_like_it() -> None:
    (offer,) = listings.listing(_row(listing(12, plain_inventory(3)))).offers
    assert (offer.key, offer.cell_key, offer.sku, offer.quantity) == ("12", "12", "CUP-01", 3)


def test_a_listing_without_an_inventory_record_has_no_cells() -> None:
    row = _row(listing(12, None))
    assert listings.listing(row).offers == ()
    assert listings.numbers_read(row, NOW).numbers == {}


def test_a_sold_out_listing_shows_zero_whatever_its_record_says() -> None:
    row = _row(listing(12, ring_inventory(3, 4), state="sold_out"))
    assert listings.numbers_read(row, NOW).numbers == {SILVER: 0, GOLD: 0}
    assert {offer.quantity for offer in listings.listing(row).offers} == {0}


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("active", ListingState.ON_SALE),
        ("Active", ListingState.ON_SALE),
        ("inactive", ListingState.OFF_SALE),
        ("edit", ListingState.OFF_SALE),
        ("sold_out", ListingState.SOLD_OUT),
        ("draft", ListingState.DRAFT),
        ("expired", ListingState.EXPIRED),
        ("removed", ListingState.UNKNOWN),
        (None, ListingState.UNKNOWN),
    ],
)
def test_states_are_read_and_unknown_ones_kept(word: str | None, state: ListingState) -> None:
    read = listings.listing(_row(listing(12, None, state=word)))  # type: ignore[arg-type]
    assert (read.state, read.raw_state) == (state, word or "")


def test_deleted_products_are_not_seen() -> None:
    gone = product(7, value(200, "Metal", "Brass")) | {"is_deleted": True}
    stock = inventory(product(2, value(200, "Metal", "Silver")), gone, counted_by=(200,))
    assert listings.numbers_read(_row(listing(12, stock)), NOW).numbers == {SILVER: 2}


def test_a_disabled_offering_is_told() -> None:
    (offer,) = listings.listing(_row(listing(12, inventory(product(2, is_enabled=False))))).offers
    assert not offer.enabled


def test_a_write_carries_the_whole_inventory_with_the_new_numbers() -> None:
    stock = inventory(
        product(9, value(200, "Metal", "Silver", scale_id=19), sku="A", cents=8999),
        product(4, value(200, "Metal", "Gold"), sku="B", cents=2450, is_enabled=False, readiness_state_id=None),
        counted_by=(200,),
        priced_by=(200,),
    )
    body = listings.put_body(_write(stock, {SILVER: 8, GOLD: 0}))
    assert body == {
        "products": [
            {
                "sku": "A",
                "property_values": [
                    {
                        "property_id": 200,
                        "property_name": "Metal",
                        "scale_id": 19,
                        "value_ids": [7],
                        "values": ["Silver"],
                    }
                ],
                "offerings": [
                    {
                        "price": 89.99,
                        "quantity": 8,
                        "is_enabled": True,
                        "readiness_state_id": 1402336017455,
                    }
                ],
            },
            {
                "sku": "B",
                "property_values": [
                    {
                        "property_id": 200,
                        "property_name": "Metal",
                        "scale_id": None,
                        "value_ids": [7],
                        "values": ["Gold"],
                    }
                ],
                "offerings": [{"price": 24.5, "quantity": 0, "is_enabled": False, "readiness_state_id": None}],
            },
        ],
        "price_on_property": [200],
        "quantity_on_property": [200],
        "sku_on_property": [200],
        "readiness_state_on_property": [],
    }


def test_products_of_one_cell_are_written_alike() -> None:
    body = listings.put_body(_write(ring_inventory(), {SILVER: 3, GOLD: 1}))
    assert [each["offerings"][0]["quantity"] for each in body["products"]] == [3, 3, 1, 1]


def test_deleted_products_are_left_out_of_a_write() -> None:
    stock = inventory(product(2, sku="kept"), product(7, sku="gone") | {"is_deleted": True})
    body = listings.put_body(_write(stock, {"12": 1}))
    assert [each["sku"] for each in body["products"]] == ["kept"]


def test_only_a_listing_with_three_properties_says_that_it_knows_of_the_third() -> None:
    three = [value(200, "Metal", "Silver"), value(513, "Size", "S"), value(52, "Stone", "Opal")]
    wide = _write(inventory(product(2, *three), counted_by=()), {"12": 1})
    assert listings.put_query(wide) == {"max_variations_supported": "3"}
    assert listings.put_query(_write(ring_inventory(), {})) == {}


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ({SILVER: 3}, "etsy.cells_changed"),
        ({SILVER: 3, GOLD: 1, "12/200=Brass": 1}, "etsy.cells_changed"),
        ({SILVER: 1000, GOLD: 1}, "etsy.number_out_of_range"),
        ({SILVER: -1, GOLD: 1}, "etsy.number_out_of_range"),
        ({SILVER: 0, GOLD: 0}, "etsy.all_zero"),
    ],
)
def test_a_write_etsy_would_refuse_or_misread_is_refused_here(numbers: dict[str, int], code: str) -> None:
    with pytest.raises(Rejected) as raised:
        listings.put_body(_write(ring_inventory(), numbers))
    assert raised.value.code == code


@pytest.mark.parametrize(
    ("stock", "code"),
    [
        (None, "etsy.inventory_missing"),
        (inventory(), "etsy.inventory_missing"),
        (inventory(product(2) | {"offerings": []}), "etsy.inventory_unusual"),
        (inventory(product(2, price=None)), "etsy.inventory_unusual"),
    ],
)
def test_an_inventory_that_cannot_be_written_back_is_refused_here(stock: Any, code: str) -> None:
    with pytest.raises(Rejected) as raised:
        listings.put_body(_write(stock, {"12": 1}))
    assert raised.value.code == code


def test_a_write_without_a_fresh_read_is_refused() -> None:
    with pytest.raises(Rejected) as raised:
        listings.put_body(StockWrite(ListingRef("12", "listing"), {"12": 1}))
    assert raised.value.code == "etsy.inventory_missing"


_METALS = st.dictionaries(st.text("abcdefgh |,%", min_size=1, max_size=5), st.integers(0, 999), min_size=1, max_size=5)


@given(_METALS, st.integers(1, 1_000_000), st.data())
def test_what_is_written_reads_back_as_written_and_keeps_prices(
    metals: dict[str, int], cents: int, data: st.DataObject
) -> None:
    stock = inventory(
        *(product(number, value(200, "Metal", metal), cents=cents) for metal, number in metals.items()),
        counted_by=(200,),
    )
    basis = listings.numbers_read(_row(listing(12, stock)), NOW)
    wanted = {cell: data.draw(st.integers(0, 999)) for cell in basis.numbers}
    wanted[next(iter(wanted))] = 1
    body = listings.put_body(StockWrite(basis.ref, wanted, basis))
    sent = msgspec.json.decode(msgspec.json.encode(body))
    for each in sent["products"]:
        (offering,) = each["offerings"]
        assert round(offering["price"] * 100) == cents
        assert f"{offering['price']:.2f}" == f"{cents // 100}.{cents % 100:02d}"
        offering["price"] = {"amount": cents, "divisor": 100, "currency_code": "USD"}
    again = listings.numbers_read(_row(listing(12, sent)), NOW)
    assert again.numbers == wanted


def test_the_shop_profile_is_read() -> None:
    shop = wire.Shop(7, "Sample", "USD", is_vacation=True, listing_active_count=3, shipping_from_country_iso="KR")
    profile = listings.shop_profile(shop)
    assert (profile.remote_id, profile.name, profile.currency) == ("7", "Sample", "USD")
    assert profile.on_vacation
    assert profile.extra == {"active_listings": "3", "ship_from_country": "KR"}
