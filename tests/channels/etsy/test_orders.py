"""Receipts as orders, and shipments."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from tests.channels.etsy.support import receipt, shipment, transaction, usd

from jangbu.channels.etsy import wire
from jangbu.channels.etsy.manifest import CHANNEL
from jangbu.channels.etsy.mapping import orders
from jangbu.kernel.errors import ContractBroken
from jangbu.kernel.money import Money
from jangbu.sdk.carriers import CARRIERS
from jangbu.sdk.decoding import convert
from jangbu.sdk.manifest import Effect
from jangbu.sdk.records import Dispatch, LineState, RemoteOrder

# Etsy's carrier codes that our words lead to, as its fulfilment page lists them.
ETSY_CODES = {
    *("kpost", "korea-post", "dhl", "fedex", "ups", "usps", "tnt", "japan-post", "taqbin-jp", "sagawa"),
    *("royal-mail", "canada-post", "australia-post", "sf-express", "other"),
}


def _wire(document: Any) -> wire.Receipt:
    return convert(document, wire.Receipt, "test")


def _order(**more: Any) -> RemoteOrder:
    return orders.remote_order(_wire(receipt(**more)))


def _dispatch(number: str = "RB123", carrier: str = "kpost_ems") -> Dispatch:
    shipped_at = datetime(2026, 9, 22, 12, 0, tzinfo=timezone(timedelta(hours=9)))
    return Dispatch("3512009984", ("4400118273",), carrier, number, shipped_at)


@pytest.mark.parametrize(
    ("status", "is_paid", "is_shipped", "state"),
    [
        ("payment processing", False, False, LineState.UNPAID),
        ("Payment Processing", False, False, LineState.UNPAID),
        ("open", False, False, LineState.UNPAID),
        ("open", True, False, LineState.PAID),
        ("open", True, True, LineState.SHIPPED),
        ("paid", True, False, LineState.PAID),
        ("Paid", True, False, LineState.PAID),
        ("paid", True, True, LineState.SHIPPED),
        ("completed", True, True, LineState.SHIPPED),
        ("Completed", True, False, LineState.SHIPPED),
        ("canceled", True, False, LineState.CANCELLED),
        ("Canceled", True, True, LineState.CANCELLED),
        ("fully refunded", True, False, LineState.REFUNDED),
        ("Fully Refunded", True, True, LineState.REFUNDED),
        ("partially refunded", True, False, LineState.PAID),
        ("partially refunded", True, True, LineState.SHIPPED),
        ("something new", True, True, LineState.UNKNOWN),
        ("", False, False, LineState.UNKNOWN),
        (None, False, False, LineState.UNKNOWN),
    ],
)
def test_the_receipts_state_is_read_from_status_and_flags(
    status: str | None, is_paid: bool, is_shipped: bool, state: LineState
) -> None:
    (line,) = _order(status=status, is_paid=is_paid, is_shipped=is_shipped).lines
    assert (line.state, line.raw_state) == (state, status or "")


@pytest.mark.parametrize(
    ("state", "effect"),
    [
        (LineState.UNPAID, Effect.RESERVE),
        (LineState.PAID, Effect.COMMIT),
        (LineState.SHIPPED, Effect.SHIP),
        (LineState.CANCELLED, Effect.RELEASE),
        (LineState.REFUNDED, Effect.KEEP),
        (LineState.UNKNOWN, Effect.KEEP),
    ],
)
def test_every_state_a_receipt_can_have_has_its_effect(state: LineState, effect: Effect) -> None:
    assert CHANNEL.line_effects[state] is effect


def test_a_receipt_becomes_an_order() -> None:
    order = _order(shipments=[shipment("RB1")])
    (line,) = order.lines
    assert (order.remote_id, line.remote_id, line.listing_id) == ("3512009984", "4400118273", "1734509281")
    assert order.total == Money(14064, "USD")
    assert order.placed_at == line.lowered_at == datetime.fromtimestamp(1789990000, UTC)
    assert order.updated_at == datetime.fromtimestamp(1789990042, UTC)
    assert line.offer_key == "1734509281/200=Silver|513=S"
    assert (line.sku, line.quantity, line.remaining) == ("RING-S", 2, 2)
    assert line.price == Money(8900, "USD")
    assert line.options == "Metal: Silver"
    assert line.personalisation == "A.B."
    assert line.ship_by == datetime.fromtimestamp(1790249200, UTC)
    assert line.acknowledged
    (parcel,) = line.parcels
    assert (parcel.carrier, parcel.tracking_number) == ("kpost", "RB1")
    assert order.ship_to.name == "Buyer 17"
    assert (order.ship_to.country, order.ship_to.region, order.ship_to.zip_code) == ("US", "OR", "00000")
    assert order.ship_to.message == "Please wrap it\nHello"
    assert order.extra == {"status": "paid", "payment_method": "cc", "gift": "yes"}


def test_the_combination_comes_from_the_variations_when_there_are_no_product_data() -> None:
    line = transaction(product_data=[])
    (read,) = _order(transactions=[line]).lines
    assert read.offer_key == "1734509281/200=Silver"


def test_an_answered_question_is_words_of_the_buyer_not_a_variation() -> None:
    asked = {"property_id": 513, "formatted_name": "Name", "formatted_value": "Q", "question_id": 5}
    (read,) = _order(transactions=[transaction(product_data=None, variations=[asked])]).lines
    assert (read.offer_key, read.options, read.personalisation) == ("1734509281", "", "Q")


def test_a_line_without_its_listing_names_no_offer() -> None:
    (read,) = _order(transactions=[transaction(listing_id=None)]).lines
    assert (read.listing_id, read.offer_key) == ("", "")


def test_null_fields_and_unknown_ones_do_not_crash() -> None:
    empty = {
        "receipt_id": 1,
        "created_timestamp": 1789990000,
        "updated_timestamp": 1789990000,
        "transactions": [{"transaction_id": "2", "quantity": 1, "sku": None, "price": None}],
        "name": None,
        "shipments": None,
        "never_seen": {"x": 1},
    }
    order = orders.remote_order(_wire(empty))
    assert order.lines[0].remote_id == "2"
    assert order.total == Money(0, "XXX")
    assert order.extra == {"address_withheld": "yes"}


@pytest.mark.parametrize("moment", [-1, 1789990000000, None, "soon"])
def test_a_time_that_is_none_breaks_the_contract(moment: Any) -> None:
    with pytest.raises(ContractBroken):
        _wire(receipt(created_timestamp=moment))


def test_nothing_personal_is_printed() -> None:
    row = _wire(receipt())
    order = orders.remote_order(row)
    shown = repr([row, row.transactions, order])
    for word in ("Buyer 17", "Sample Street", "Sampletown", "Please wrap", "Hello", "A.B."):
        assert word not in shown


def test_every_carrier_word_has_a_code_etsy_knows() -> None:
    codes = {word: orders.carrier_name(word) for word in CARRIERS}
    assert set(codes.values()) <= ETSY_CODES
    assert (codes["kpost_ems"], codes["epost"], codes["yamato"]) == ("korea-post", "kpost", "taqbin-jp")
    assert {codes[word] for word in ("cj", "hanjin", "lotte", "logen", "other")} == {"other"}
    assert orders.carrier_name("never heard of") == "other"


def test_a_shipment_carries_tracking_and_the_day_in_utc() -> None:
    assert orders.shipment_body(_dispatch(" RB123 ")) == {
        "tracking_code": "RB123",
        "carrier_name": "korea-post",
        "ship_date": "2026-09-22T03:00:00Z",
    }


def test_a_shipment_without_a_number_only_marks_the_receipt() -> None:
    assert orders.shipment_body(_dispatch("")) == {"ship_date": "2026-09-22T03:00:00Z"}


@pytest.mark.parametrize(
    ("codes", "number", "there"),
    [(["RB 123-x"], "rb123X", True), (["RB124"], "RB123", False), ([], "RB123", False), ([None], "R", False)],
)
def test_a_number_handed_over_before_is_recognised(codes: list[Any], number: str, there: bool) -> None:
    row = _wire(receipt(shipments=[shipment(code) for code in codes]))
    assert orders.has_tracking(row, number) is there


@pytest.mark.parametrize(
    ("country", "total", "ship_from", "number", "refusal"),
    [
        ("US", usd(1001), "US", "", "etsy.tracking_required"),
        ("US", usd(1001), "", "", "etsy.tracking_required"),
        ("US", usd(1001), "KR", "", ""),
        ("US", usd(1000), "US", "", ""),
        ("US", usd(5000), "US", "RB1", ""),
        ("US", {"amount": 5000, "divisor": 100, "currency_code": "EUR"}, "US", "", ""),
        ("IN", usd(100), "KR", "", "etsy.tracking_required"),
        ("IN", usd(100), "KR", "RB1", ""),
        ("DE", usd(90000), "KR", "", ""),
        (None, usd(90000), "", "", ""),
    ],
)
def test_tracking_is_demanded_where_etsy_demands_it(
    country: str | None, total: Any, ship_from: str, number: str, refusal: str
) -> None:
    row = _wire(receipt(country_iso=country, grandtotal=total))
    assert orders.shipment_refusal(row, _dispatch(number), ship_from) == refusal


def test_nothing_is_shipped_for_a_cancelled_order() -> None:
    row = _wire(receipt(status="Canceled"))
    assert orders.shipment_refusal(row, _dispatch(), "KR") == "etsy.order_cancelled"
