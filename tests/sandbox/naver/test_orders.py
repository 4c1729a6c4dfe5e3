"""Product orders: details, confirmation, dispatch, cancellation, payment that waits."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.sandbox.naver.kit import ORDERS, Seller


def _failed(data: dict[str, Any]) -> dict[str, str]:
    return {each["productOrderId"]: each["code"] for each in data["failProductOrderInfos"]}


async def _cancel(seller: Seller, line: str, **body: object) -> httpx2.Response:
    path = f"{ORDERS}/{line}/claim/cancel/request"
    return await seller.send("requestCancel", "POST", path, body={"cancelReason": "SOLD_OUT", **body})


async def _approve(seller: Seller, line: str) -> dict[str, Any]:
    answer = await seller.send("approveCancel", "POST", f"{ORDERS}/{line}/claim/cancel/approve")
    data: dict[str, Any] = answer.json()["data"]
    return data


async def _last_change(seller: Seller, line: str) -> dict[str, Any]:
    seller.clock.advance(3)
    rows = (await seller.changes())["data"]["lastChangeStatuses"]
    return next(row for row in rows if row["productOrderId"] == line)


async def test_one_checkout_holds_several_lines_with_one_package_and_one_fee(seller: Seller) -> None:
    cheap = sorted(seller.shop.offers(), key=lambda view: view.offer_id, reverse=True)
    small = next(view for view in cheap if view.sku == "NOTE")
    other = next(view for view in cheap if view.sku == "CANDLE-PIN")
    order = seller.shop.check_out([(small.offer_id, 1), (other.offer_id, 1)])
    seller.clock.advance(3)
    path = f"/v1/pay-order/seller/orders/{order}/product-order-ids"
    ids = (await seller.send("listProductOrderIds", "GET", path)).json()["data"]
    assert len(ids) == 2
    answer = await seller.send("queryProductOrders", "POST", f"{ORDERS}/query", body={"productOrderIds": ids})
    lines = [each["productOrder"] for each in answer.json()["data"]]
    assert [line["productOrderId"] for line in lines] == ids
    assert len({line["packageNumber"] for line in lines}) == 1
    assert sorted(line["deliveryFeeAmount"] for line in lines) == [0, 3000]
    total = sum(line["totalPaymentAmount"] + line["deliveryFeeAmount"] for line in lines)
    assert {each["order"]["generalPaymentAmount"] for each in answer.json()["data"]} == {total}


async def test_a_checkout_that_wants_more_than_there_is_changes_nothing(seller: Seller) -> None:
    view = seller.offer()
    other = seller.offer(options=True)
    assert seller.shop.check_out([(other.offer_id, 1), (view.offer_id, view.quantity + 1)]) is None
    twice = [(view.offer_id, view.quantity), (view.offer_id, 1)]
    assert seller.shop.check_out(twice) is None
    assert (seller.number(view.offer_id), seller.number(other.offer_id)) == (view.quantity, other.quantity)


async def test_a_line_names_its_product_its_option_and_its_price(seller: Seller) -> None:
    view = next(each for each in seller.shop.offers() if each.sku == "APRON-L")
    _, line = seller.buy(view, 2)
    detail = await seller.line(line)
    product_no, option_id = view.offer_id.split(":")
    told = detail["productOrder"]
    assert told["originalProductId"] == product_no
    assert told["productId"] == str(int(product_no) + 100_000_000)
    assert told["optionCode"] == told["itemNo"] == option_id
    assert told["optionManageCode"] == "APRON-L"
    assert told["productOption"] == "크기: 대"
    assert (told["unitPrice"], told["optionPrice"], told["quantity"]) == (52000, 5000, 2)
    assert told["totalPaymentAmount"] == 114000
    assert "currentClaim" not in detail
    assert "completedClaims" not in detail


async def test_details_of_unknown_lines_are_absent_and_of_repeated_ones_come_once(seller: Seller) -> None:
    _, line = seller.buy(seller.offer())
    body = {"productOrderIds": [line, "2026010100000001", line], "quantityClaimCompatibility": True}
    answer = await seller.send("queryProductOrders", "POST", f"{ORDERS}/query", body=body)
    assert [each["productOrder"]["productOrderId"] for each in answer.json()["data"]] == [line]


@pytest.mark.parametrize(
    ("operation", "suffix", "limit"),
    [("queryProductOrders", "query", 300), ("confirmProductOrders", "confirm", 30)],
)
async def test_too_many_ids_or_none_are_refused(seller: Seller, operation: str, suffix: str, limit: int) -> None:
    for count, status in ((0, 400), (limit, 200), (limit + 1, 400)):
        body = {"productOrderIds": [f"20260101{place:08d}" for place in range(count)]}
        answer = await seller.send(operation, "POST", f"{ORDERS}/{suffix}", body=body)
        assert answer.status_code == status
    assert answer.json()["code"] == "4000"


async def test_a_confirmation_answers_in_its_own_shape_line_by_line(seller: Seller) -> None:
    order, gone = seller.buy(seller.offer())
    seller.shop.cancel(order, None, None, restock=False)
    _, line = seller.buy(seller.offer())
    _, twice = seller.buy(seller.offer())
    data = await seller.confirm(line, gone, "2026010100000001", twice, twice)
    assert data["successProductOrderInfos"] == [{"productOrderId": line, "isReceiverAddressChanged": False}]
    assert _failed(data) == {gone: "104442", "2026010100000001": "100001", twice: "104131"}
    assert _failed(await seller.confirm(line)) == {line: "104443"}
    told = (await seller.line(line))["productOrder"]
    assert (told["productOrderStatus"], told["placeOrderStatus"]) == ("PAYED", "OK")


async def test_a_dispatch_succeeds_for_the_good_lines_and_says_why_for_the_others(seller: Seller) -> None:
    lines = [seller.buy(view)[1] for view in seller.shop.offers()[:9]]
    used = await seller.dispatch(seller.parcel(lines[0], "100000000099"))
    assert used == {"successProductOrderIds": [lines[0]], "failProductOrderInfos": []}
    data = await seller.dispatch(
        seller.parcel(lines[0], "100000000001"),
        seller.parcel(lines[1], "100000000002"),
        seller.parcel(lines[2], deliveryCompanyCode=None),
        seller.parcel(lines[3], deliveryCompanyCode="LOTTE"),
        seller.parcel(lines[4], trackingNumber=None),
        seller.parcel(lines[5], "100000000099"),
        seller.parcel(lines[6], "12"),
        seller.parcel(lines[7], "100000000007"),
        seller.parcel(lines[7], "100000000008"),
        seller.parcel(lines[8], dispatchDate=None),
        seller.parcel("2026010100000001"),
    )
    assert data["successProductOrderIds"] == [lines[1]]
    assert _failed(data) == {
        lines[0]: "104442",
        lines[2]: "104118",
        lines[3]: "104119",
        lines[4]: "104120",
        lines[5]: "104121",
        lines[6]: "104122",
        lines[7]: "104131",
        lines[8]: "104133",
        "2026010100000001": "100001",
    }
    sent = await seller.line(lines[1])
    assert sent["productOrder"]["productOrderStatus"] == "DELIVERING"
    assert sent["delivery"]["trackingNumber"] == "100000000002"
    assert sent["delivery"]["deliveryCompany"] == "CJGLS"
    book = next(row for row in seller.shop.books()["orders"] if row["line"] == lines[1])
    assert book["tracking"] == [{"carrier": "CJGLS", "code": "100000000002"}]


async def test_lines_of_one_checkout_may_share_a_parcel(seller: Seller) -> None:
    views = seller.shop.offers()
    order = seller.shop.check_out([(views[0].offer_id, 1), (views[1].offer_id, 1)])
    lines = [row["line"] for row in seller.shop.books()["orders"] if row["id"] == order]
    data = await seller.dispatch(*(seller.parcel(line, "100000000005") for line in lines))
    assert data["successProductOrderIds"] == lines


async def test_what_is_handed_over_needs_no_carrier(seller: Seller) -> None:
    _, line = seller.buy(seller.offer())
    plain: dict[str, str | None] = {"deliveryCompanyCode": None, "trackingNumber": None}
    wrong = await seller.dispatch(seller.parcel(line, deliveryMethod="RETURN_DELIVERY", **plain))
    assert _failed(wrong) == {line: "104117"}
    data = await seller.dispatch(seller.parcel(line, deliveryMethod="DIRECT_DELIVERY", **plain))
    assert data["successProductOrderIds"] == [line]
    delivery = (await seller.line(line))["delivery"]
    assert delivery["deliveryMethod"] == "DIRECT_DELIVERY"
    assert "trackingNumber" not in delivery


async def test_more_than_thirty_parcels_are_refused(seller: Seller) -> None:
    parcels = [seller.parcel(f"20260101{place:08d}") for place in range(31)]
    body = {"dispatchProductOrders": parcels}
    answer = await seller.send("dispatchProductOrders", "POST", f"{ORDERS}/dispatch", body=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "4000")


async def test_dispatch_may_be_set_to_want_a_confirmation_first(seller: Seller) -> None:
    seller.shop.settings.update({"confirm_before_dispatch": True})
    _, line = seller.buy(seller.offer())
    assert _failed(await seller.dispatch(seller.parcel(line))) == {line: "104443"}
    await seller.confirm(line)
    assert (await seller.dispatch(seller.parcel(line)))["successProductOrderIds"] == [line]


async def test_before_the_confirmation_a_buyer_s_cancel_completes_at_once_and_the_units_come_back(
    seller: Seller,
) -> None:
    offer = seller.offer()
    sold_before = seller.shop.books()["sold"].get(offer.sku, 0)
    order, line = seller.buy(offer, 2)
    assert seller.number(offer.offer_id) == offer.quantity - 2
    assert seller.shop.cancel(order, None, None, restock=True)
    row = await _last_change(seller, line)
    assert (row["lastChangedType"], row["claimStatus"]) == ("CLAIM_COMPLETED", "CANCEL_DONE")
    detail = await seller.line(line)
    assert detail["productOrder"]["productOrderStatus"] == "CANCELED"
    assert detail["productOrder"]["remainQuantity"] == 0
    assert detail["completedClaims"][0]["requestQuantity"] == 2
    assert seller.number(offer.offer_id) == offer.quantity
    assert seller.shop.books()["sold"].get(offer.sku, 0) == sold_before


async def test_the_units_come_back_only_after_their_delay_and_only_if_wanted(seller: Seller) -> None:
    offer = seller.offer()
    first, _ = seller.buy(offer)
    second, _ = seller.buy(offer)
    seller.shop.cancel(first, None, None, restock=True)
    seller.shop.cancel(second, None, None, restock=False)
    assert seller.number(offer.offer_id) == offer.quantity - 2
    seller.clock.advance(3)
    assert seller.number(offer.offer_id) == offer.quantity - 1


async def test_after_the_confirmation_a_cancel_is_a_request_that_the_seller_approves(seller: Seller) -> None:
    offer = seller.offer()
    order, line = seller.buy(offer)
    await seller.confirm(line)
    assert _failed(await _approve(seller, line)) == {line: "104442"}
    assert seller.shop.cancel(order, line, None, restock=True)
    row = await _last_change(seller, line)
    assert (row["lastChangedType"], row["claimStatus"]) == ("CLAIM_REQUESTED", "CANCEL_REQUEST")
    assert row["productOrderStatus"] == "PAYED"
    detail = await seller.line(line)
    assert detail["currentClaim"]["cancel"]["claimStatus"] == "CANCEL_REQUEST"
    assert not seller.shop.cancel(order, line, None, restock=True)
    assert (await _approve(seller, line))["successProductOrderIds"] == [line]
    row = await _last_change(seller, line)
    assert (row["lastChangedType"], row["productOrderStatus"]) == ("CLAIM_COMPLETED", "CANCELED")
    assert seller.number(offer.offer_id) == offer.quantity
    assert _failed(await _approve(seller, line)) == {line: "105306"}


async def test_dispatching_a_line_asked_to_cancel_rejects_the_cancel(seller: Seller) -> None:
    order, line = seller.buy(seller.offer())
    await seller.confirm(line)
    seller.shop.cancel(order, None, None, restock=True)
    assert (await seller.dispatch(seller.parcel(line)))["successProductOrderIds"] == [line]
    detail = await seller.line(line)
    assert detail["productOrder"]["productOrderStatus"] == "DELIVERING"
    assert detail["productOrder"]["claimStatus"] == "CANCEL_REJECT"
    assert "currentClaim" not in detail
    assert (await _last_change(seller, line))["lastChangedType"] == "DISPATCHED"


async def test_a_part_cancelled_leaves_the_rest_to_ship(seller: Seller) -> None:
    offer = seller.offer()
    order, line = seller.buy(offer, 3)
    assert seller.shop.cancel(order, line, 1, restock=True)
    detail = await seller.line(line)
    told = detail["productOrder"]
    assert (told["productOrderStatus"], told["initialQuantity"], told["remainQuantity"]) == ("PAYED", 3, 2)
    assert told["remainPaymentAmount"] * 3 == told["initialPaymentAmount"] * 2
    assert [claim["requestQuantity"] for claim in detail["completedClaims"]] == [1]
    assert not seller.shop.cancel(order, line, 3, restock=True)
    assert seller.shop.cancel(order, line, 2, restock=False)
    detail = await seller.line(line)
    assert detail["productOrder"]["productOrderStatus"] == "CANCELED"
    assert [claim["requestQuantity"] for claim in detail["completedClaims"]] == [1, 2]
    book = next(row for row in seller.shop.books()["orders"] if row["line"] == line)
    assert (book["quantity"], book["cancelled"]) == (3, 3)


async def test_the_seller_cancels_at_once_in_part_or_whole(seller: Seller) -> None:
    offer = seller.offer()
    _, line = seller.buy(offer, 2)
    await seller.confirm(line)
    part = await _cancel(seller, line, cancelQuantity=1, cancelDetailedReason="품절")
    assert part.json()["data"]["successProductOrderIds"] == [line]
    told = (await seller.line(line))["productOrder"]
    assert (told["productOrderStatus"], told["remainQuantity"]) == ("PAYED", 1)
    assert (await _cancel(seller, line, cancelQuantity=2)).json()["code"] == "4000"
    await _cancel(seller, line)
    detail = await seller.line(line)
    assert detail["productOrder"]["productOrderStatus"] == "CANCELED"
    assert detail["completedClaims"][0]["cancelReason"] == "SOLD_OUT"
    assert _failed((await _cancel(seller, line)).json()["data"]) == {line: "104442"}
    seller.clock.advance(3)
    assert seller.number(offer.offer_id) == offer.quantity


async def test_a_seller_s_cancel_may_be_set_to_leave_the_number(seller: Seller) -> None:
    seller.shop.settings.update({"seller_cancel_restocks": False})
    offer = seller.offer()
    _, line = seller.buy(offer)
    await _cancel(seller, line)
    seller.clock.advance(3)
    assert seller.number(offer.offer_id) == offer.quantity - 1


async def test_a_cancel_of_a_line_nobody_knows_or_for_no_reason_is_refused(seller: Seller) -> None:
    unknown = await _cancel(seller, "2026010100000001")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "100001")
    _, line = seller.buy(seller.offer())
    wrong = await _cancel(seller, line, cancelReason="BORED")
    assert wrong.json()["message"] == "NotValidEnum.request.cancelReason"


async def test_what_was_sent_cannot_be_cancelled(seller: Seller) -> None:
    order, line = seller.buy(seller.offer())
    await seller.dispatch(seller.parcel(line))
    assert not seller.shop.cancel(order, None, None, restock=True)
    assert _failed((await _cancel(seller, line)).json()["data"]) == {line: "104442"}


async def test_an_order_awaiting_its_transfer_has_taken_its_units_and_is_paid_later(seller: Seller) -> None:
    seller.shop.settings.update({"unpaid_lapse_share": 0.0, "payment_wait_max_s": 1000.0, "payment_due_s": 2000.0})
    offer = seller.offer()
    order = seller.shop.check_out([(offer.offer_id, 1)], unpaid=True)
    assert seller.number(offer.offer_id) == offer.quantity - 1
    line = next(row["line"] for row in seller.shop.books()["orders"] if row["id"] == order)
    row = await _last_change(seller, line)
    assert (row["lastChangedType"], row["productOrderStatus"]) == ("PAY_WAITING", "PAYMENT_WAITING")
    assert "paymentDate" not in row
    assert _failed(await seller.confirm(line)) == {line: "104442"}
    seller.clock.advance(1000)
    row = await _last_change(seller, line)
    assert (row["lastChangedType"], row["productOrderStatus"]) == ("PAYED", "PAYED")
    detail = await seller.line(line)
    assert detail["order"]["orderDate"] < detail["order"]["paymentDate"]
    assert seller.number(offer.offer_id) == offer.quantity - 1


@pytest.mark.parametrize("told", [True, False])
async def test_a_transfer_that_never_comes_lapses_and_gives_the_units_back(seller: Seller, *, told: bool) -> None:
    seller.shop.settings.update({"unpaid_lapse_share": 1.0, "lapse_is_told": told})
    offer = seller.offer()
    order = seller.shop.check_out([(offer.offer_id, 1)], unpaid=True)
    line = next(row["line"] for row in seller.shop.books()["orders"] if row["id"] == order)
    seller.clock.advance(59)
    assert seller.number(offer.offer_id) == offer.quantity - 1
    seller.clock.advance(5)
    row = await _last_change(seller, line)
    assert row["lastChangedType"] == ("CLAIM_COMPLETED" if told else "PAY_WAITING")
    assert row["productOrderStatus"] == "CANCELED_BY_NOPAYMENT"
    assert (await seller.line(line))["productOrder"]["remainQuantity"] == 0
    assert seller.number(offer.offer_id) == offer.quantity


async def test_an_order_not_yet_paid_is_dropped_without_a_claim(seller: Seller) -> None:
    offer = seller.offer()
    order = seller.shop.check_out([(offer.offer_id, 1)], unpaid=True)
    assert order is not None
    assert seller.shop.cancel(order, None, None, restock=True)
    seller.clock.advance(100)
    (book,) = [row for row in seller.shop.books()["orders"] if row["id"] == order]
    assert book["status"] == "CANCELED_BY_NOPAYMENT"
    assert seller.number(offer.offer_id) == offer.quantity


async def test_a_share_of_the_buyers_pays_by_transfer() -> None:
    seller = Seller(unpaid=1.0)
    order = seller.shop.buy(seller.offer().offer_id, 1)
    (book,) = [row for row in seller.shop.books()["orders"] if row["id"] == order]
    assert book["status"] == "PAYMENT_WAITING"
