"""Receipts: when they appear, how they change, how they are found."""

from typing import Any

import pytest
from tests.sandbox.etsy.house import House


async def found(house: House, **params: str | int) -> list[str]:
    page = await house.get(f"{house.shop}/receipts", **params)
    assert page["count"] >= len(page["results"])
    return [str(each["receipt_id"]) for each in page["results"]]


async def receipt(house: House, order: str) -> Any:
    return await house.get(f"{house.shop}/receipts/{order}")


async def test_three_paid_unshipped_receipts_wait_from_the_start(house: House) -> None:
    page = await house.get(f"{house.shop}/receipts", was_paid="true", was_shipped="false")
    assert page["count"] == 3
    for each in page["results"]:
        assert each["status"] == "Paid"
        assert each["created_timestamp"] < house.clock.now() - 3600
        assert each["name"].startswith("Buyer ")
    assert sum(len(each["transactions"]) for each in page["results"]) == 4


async def test_the_number_falls_at_once_and_the_receipt_shows_later_with_its_true_time(house: House) -> None:
    house.set(feed_lag_min_s=2.0, feed_lag_max_s=2.0)
    before, placed = house.number("NOTE"), house.clock.now()
    order = house.buy("NOTE")
    assert house.number("NOTE") == before - 1
    house.clock.advance(1.9)
    assert order not in await found(house)
    status, body = await house.refusal("GET", f"{house.shop}/receipts/{order}")
    shop_id = house.env["ETSY_SHOP_ID"]
    sentence = f"Could not find a Shop Receipt with receipt_id = {order} associated with shop_id = {shop_id}."
    assert (status, body) == (404, {"error": sentence})
    house.clock.advance(0.1)
    assert (await receipt(house, order))["created_timestamp"] == int(placed)


async def test_payment_may_take_a_few_seconds(house: House) -> None:
    house.set(processing_share=1.0, processing_max_s=6.0)
    order = house.buy("NOTE")
    waiting = await receipt(house, order)
    assert (waiting["status"], waiting["is_paid"]) == ("Payment Processing", False)
    assert waiting["transactions"][0]["paid_timestamp"] is None
    assert order in await found(house, was_paid="false")
    house.clock.advance(6)
    paid = await receipt(house, order)
    assert (paid["status"], paid["is_paid"]) == ("Paid", True)
    assert paid["updated_timestamp"] == paid["transactions"][0]["paid_timestamp"] > paid["created_timestamp"]


async def test_status_words_can_be_lower_case(house: House) -> None:
    order = house.buy("NOTE")
    assert (await receipt(house, order))["status"] == "Paid"
    house.set(status_capitalised=False)
    assert (await receipt(house, order))["status"] == "paid"


async def test_a_line_carries_the_product_as_it_was_sold(house: House) -> None:
    order = house.buy("MOON-GLD-45", 2)
    body = await receipt(house, order)
    (line,) = body["transactions"]
    assert (line["sku"], line["quantity"], line["listing_id"]) == (
        "MOON-GLD-45",
        2,
        house.listing_id("MOON-GLD-45"),
    )
    assert [each["formatted_value"] for each in line["variations"]] == ["Gold plated", "45 cm"]
    assert [each["values"] for each in line["product_data"]] == [["Gold plated"], ["45 cm"]]
    amounts = {name: body[name]["amount"] for name in ("total_price", "subtotal", "total_shipping_cost", "grandtotal")}
    assert amounts["total_price"] == 2 * line["price"]["amount"]
    assert amounts["grandtotal"] == amounts["subtotal"] + amounts["total_shipping_cost"]
    lines = await house.get(f"{house.shop}/receipts/{order}/transactions")
    assert lines == {"count": 1, "results": body["transactions"]}


async def test_receipts_are_filtered_by_created_and_modified_inclusively(house: House) -> None:
    house.clock.advance(100)
    order, at = house.buy("NOTE"), int(house.clock.now())
    house.clock.advance(50)
    assert await found(house, min_created=at) == [order]
    assert await found(house, min_created=at + 1) == []
    assert order in await found(house, max_created=at)
    assert order not in await found(house, max_created=at - 1)
    await house.call(
        "POST", f"{house.shop}/receipts/{order}/tracking", json={"tracking_code": "1", "carrier_name": "ups"}
    )
    assert await found(house, min_last_modified=at + 50) == [order]
    assert order not in await found(house, max_last_modified=at + 49)


async def test_receipts_sort_both_ways(house: House) -> None:
    orders = []
    for sku in ("NOTE", "FAN", "SPOON"):
        house.clock.advance(10)
        orders.append(house.buy(sku))
    assert (await found(house))[:3] == orders[::-1]
    assert (await found(house, sort_on="receipt_id", sort_order="asc"))[-3:] == orders
    house.clock.advance(10)
    body = {"tracking_code": "1", "carrier_name": "ups"}
    await house.call("POST", f"{house.shop}/receipts/{orders[0]}/tracking", json=body)
    assert (await found(house, sort_on="updated", sort_order="desc"))[:3] == [orders[0], orders[2], orders[1]]


async def test_receipts_are_paged_up_to_an_offset_of_twelve_thousand(house: House) -> None:
    everything = await found(house)
    walked = [*await found(house, limit=2), *await found(house, limit=2, offset=2)]
    assert walked == everything
    assert await found(house, offset=12_000) == []
    answer = await house.call("GET", f"{house.shop}/receipts", params={"offset": 12_001})
    assert answer.status_code == 400


@pytest.mark.parametrize("params", [{"min_created": 5}, {"sort_on": "status"}, {"was_paid": "perhaps"}])
async def test_a_bad_filter_is_refused(house: House, params: dict[str, str | int]) -> None:
    assert (await house.call("GET", f"{house.shop}/receipts", params=params)).status_code == 400


async def test_addresses_can_be_withheld(house: House) -> None:
    order = house.buy("NOTE")
    assert (await receipt(house, order))["country_iso"]
    house.set(null_addresses=True)
    body = await receipt(house, order)
    fields = ("first_line", "second_line", "city", "state", "zip", "country_iso", "formatted_address")
    assert {body[name] for name in fields} == {None}


async def test_a_cancellation_does_not_move_the_updated_time_unless_told_so(house: House) -> None:
    order = house.buy("NOTE")
    placed = int(house.clock.now())
    house.clock.advance(30)
    assert house.etsy.cancel(order, None, None, restock=False)
    body = await receipt(house, order)
    assert (body["status"], body["updated_timestamp"]) == ("Canceled", placed)
    assert order in await found(house, was_canceled="true")
    assert order not in await found(house, was_canceled="false")
    assert order not in await found(house, min_last_modified=placed + 1)
    house.set(cancel_bumps_updated=True)
    assert await found(house, min_last_modified=placed + 1) == [order]


async def test_a_part_cancellation_is_a_refund(house: House) -> None:
    order = house.buy("NOTE", 2)
    assert house.etsy.cancel(order, None, 1, restock=False)
    body = await receipt(house, order)
    assert body["status"] == "Partially Refunded"
    assert [each["amount"]["amount"] for each in body["refunds"]] == [1500]
    assert body["transactions"][0]["quantity"] == 2
    assert not house.etsy.cancel(order, None, 2, restock=False)
    assert house.etsy.cancel(order, None, 1, restock=False)
    assert (await receipt(house, order))["status"] == "Canceled"


async def test_one_line_of_two_is_cancelled_by_its_id(house: House) -> None:
    order = next(each for each in house.etsy.books()["orders"] if each["sku"] == "MOON-GLD-40")
    assert house.etsy.cancel(order["id"], order["line"], None, restock=False)
    rows = {each["sku"]: each["cancelled"] for each in house.etsy.books()["orders"] if each["id"] == order["id"]}
    assert rows == {"MOON-GLD-40": 1, "APRON-S": 0}
    assert (await receipt(house, order["id"]))["status"] == "Partially Refunded"


@pytest.mark.parametrize("order", ["1", "nonsense"])
def test_an_unknown_order_cannot_be_cancelled(house: House, order: str) -> None:
    assert not house.etsy.cancel(order, None, None, restock=True)


async def test_a_shipped_order_cannot_be_cancelled(house: House) -> None:
    order = house.buy("NOTE")
    body = {"tracking_code": "1", "carrier_name": "ups"}
    await house.call("POST", f"{house.shop}/receipts/{order}/tracking", json=body)
    assert not house.etsy.cancel(order, None, None, restock=True)


async def test_a_restock_raises_the_number_within_the_delay_and_wakes_a_sold_out_listing(
    house: House,
) -> None:
    house.set(restock_delay_max_s=3.0)
    await house.sell_out("NOTE")
    last = house.etsy.books()["orders"][-1]["id"]
    assert house.etsy.cancel(last, None, None, restock=True)
    house.clock.advance(3)
    assert (house.number("NOTE"), house.on_sale("NOTE")) == (1, True)


async def test_without_restock_the_number_stays(house: House) -> None:
    order = house.buy("NOTE")
    after = house.number("NOTE")
    house.etsy.cancel(order, None, None, restock=False)
    house.clock.advance(60)
    assert house.number("NOTE") == after


async def test_a_payment_called_off_is_never_paid(house: House) -> None:
    house.set(processing_share=1.0, processing_max_s=6.0)
    order = house.buy("NOTE")
    assert house.etsy.cancel(order, None, None, restock=False)
    house.clock.advance(10)
    body = await receipt(house, order)
    assert (body["status"], body["is_paid"], body["refunds"]) == ("Canceled", False, [])


async def test_books_count_what_was_sold_and_not_called_off(house: House) -> None:
    before = house.etsy.books()["sold"].get("FAN", 0)
    order = house.buy("FAN", 2)
    house.etsy.cancel(order, None, 1, restock=False)
    assert house.etsy.books()["sold"]["FAN"] == before + 1
