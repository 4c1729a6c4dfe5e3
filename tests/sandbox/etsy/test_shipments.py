"""Tracking: what it needs, what it changes, whom it mails."""

from typing import Any

from tests.sandbox.etsy.house import House

TRACKED = {"tracking_code": "9400111899223456789012", "carrier_name": "usps"}


async def order_to(house: House, country: str) -> str:
    """An order from a buyer in the country; buyers come until one does."""
    for _ in range(60):
        sku = next(each.sku for each in house.etsy.offers() if each.quantity and each.on_sale)
        order = house.buy(sku)
        if (await receipt(house, order))["country_iso"] == country:
            return order
    raise AssertionError(f"nobody from {country} came")


async def receipt(house: House, order: str) -> Any:
    return await house.get(f"{house.shop}/receipts/{order}")


async def ship(house: House, order: str, body: Any) -> Any:
    return await house.call("POST", f"{house.shop}/receipts/{order}/tracking", json=body)


async def test_a_shipment_completes_the_receipt_and_mails_the_buyer(house: House) -> None:
    order = await order_to(house, "US")
    house.clock.advance(60)
    answer = await ship(house, order, {**TRACKED, "send_bcc": False, "note_to_buyer": "On its way!"})
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["is_shipped"]) == ("Completed", True)
    assert body["updated_timestamp"] == body["transactions"][0]["shipped_timestamp"] == int(house.clock.now())
    (shipment,) = body["shipments"]
    assert {name: shipment[name] for name in TRACKED} == TRACKED
    assert body == await receipt(house, order)
    books = house.etsy.books()
    assert books["buyer_mails"] == 1
    row = next(each for each in books["orders"] if each["id"] == order)
    assert row["tracking"] == [{"carrier": "usps", "code": TRACKED["tracking_code"]}]


async def test_the_same_code_again_adds_a_shipment_and_mails_again(house: House) -> None:
    order = await order_to(house, "GB")
    await ship(house, order, TRACKED)
    again = await ship(house, order, TRACKED)
    assert (again.status_code, len(again.json()["shipments"])) == (200, 2)
    assert len({each["receipt_shipping_id"] for each in again.json()["shipments"]}) == 2
    assert house.etsy.books()["buyer_mails"] == 2


async def test_us_orders_over_ten_dollars_need_tracking(house: House) -> None:
    order = await order_to(house, "US")
    for body in ({}, {"tracking_code": "1"}, {"carrier_name": "usps"}):
        answer = await ship(house, order, body)
        assert (answer.status_code, answer.json()) == (400, {"error": "A tracking number is required"})
    assert not (await receipt(house, order))["is_shipped"]
    assert house.etsy.books()["buyer_mails"] == 0


async def test_elsewhere_a_receipt_may_be_marked_shipped_without_tracking(house: House) -> None:
    order = await order_to(house, "GB")
    answer = await ship(house, order, {})
    assert (answer.status_code, answer.json()["is_shipped"]) == (200, True)


async def test_an_unknown_carrier_is_refused_and_other_is_taken(house: House) -> None:
    order = await order_to(house, "GB")
    assert (await ship(house, order, {**TRACKED, "carrier_name": "cj"})).status_code == 400
    for carrier in ("other", "korea-post", "royal-mail"):
        assert (await ship(house, order, {**TRACKED, "carrier_name": carrier})).status_code == 200


async def test_a_malformed_ship_date_is_overlooked(house: House) -> None:
    order = await order_to(house, "GB")
    assert (await ship(house, order, {**TRACKED, "ship_date": "yesterday"})).status_code == 200


async def test_canceled_and_unpaid_receipts_conflict(house: House) -> None:
    canceled = await order_to(house, "GB")
    house.etsy.cancel(canceled, None, None, restock=False)
    house.set(processing_share=1.0)
    unpaid = house.buy("APRON-L")
    for order in (canceled, unpaid):
        assert (await ship(house, order, TRACKED)).status_code == 409


async def test_a_missing_receipt_is_404(house: House) -> None:
    assert (await ship(house, "1", TRACKED)).status_code == 404


async def test_a_form_is_silently_shipped_without_tracking_or_refused_when_strict(house: House, lenient: House) -> None:
    order = await order_to(lenient, "GB")
    answer = await lenient.call("POST", f"{lenient.shop}/receipts/{order}/tracking", data=TRACKED)
    assert (answer.status_code, answer.json()["is_shipped"]) == (200, True)
    assert answer.json()["shipments"][0]["tracking_code"] == ""
    order = await order_to(house, "GB")
    answer = await house.call("POST", f"{house.shop}/receipts/{order}/tracking", data=TRACKED)
    assert answer.status_code == 400
    assert not (await receipt(house, order))["is_shipped"]
