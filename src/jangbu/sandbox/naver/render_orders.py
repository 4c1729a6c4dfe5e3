"""Product orders as the order API writes them; reads nothing but the line and its product."""

from __future__ import annotations

from jangbu.sandbox.naver.render_products import Json
from jangbu.sandbox.naver.state import Change, Claim, Line, Product
from jangbu.sandbox.naver.wire import day_of, stamp
from jangbu.sandbox.naver.words import DAY_MS

CHANNEL_NO = 100000001
_DISPATCH_DAYS = 3
_PAY_RATE = 0.0363
_LINK_RATE = 0.02


def change_row(line: Line, change: Change) -> Json:
    """One row of the change feed."""
    row: Json = {
        "orderId": line.order_id,
        "productOrderId": line.id,
        "lastChangedType": change.kind,
        "lastChangedDate": stamp(change.at),
        "productOrderStatus": line.status,
        "receiverAddressChanged": False,
        **_claim_words(line),
    }
    if line.paid_at is not None:
        row["paymentDate"] = stamp(line.paid_at)
    return row


def detail(line: Line, product: Product, lines_total: int) -> Json:
    """One product order with everything around it.

    Units: `lines_total` is what the whole checkout cost, which the order part shows.
    """
    answer: Json = {"order": _order(line, lines_total), "productOrder": _product_order(line, product)}
    if line.delivery is not None:
        answer["delivery"] = _delivery(line)
    if line.claim is not None:
        answer["currentClaim"] = {"cancel": _claim(line.claim)}
    if line.closed_claims:
        answer["completedClaims"] = [_claim(claim) for claim in line.closed_claims]
    return answer


def amount(line: Line) -> int:
    """What the buyer pays for the goods of the line as ordered."""
    return (line.unit_price + line.option_price) * line.quantity


def _order(line: Line, total: int) -> Json:
    order: Json = {
        "orderId": line.order_id,
        "orderDate": stamp(line.placed_at),
        "paymentMeans": "무통장입금" if line.pay_due_at is not None else "신용카드",
        "ordererId": f"buye{'*' * 4}",
        "ordererNo": f"{100000000 + line.buyer}",
        "ordererName": f"구매자 {line.buyer}",
        "ordererTel": "01000000000",
        "generalPaymentAmount": total,
        "chargeAmountPaymentAmount": 0,
        "checkoutAccumulationPaymentAmount": 0,
        "naverMileagePaymentAmount": 0,
        "payLaterPaymentAmount": 0,
        "orderDiscountAmount": 0,
        "payLocationType": "MOBILE",
        "isDeliveryMemoParticularInput": "false",
        "isMembershipSubscribed": False,
    }
    if line.paid_at is not None:
        order["paymentDate"] = stamp(line.paid_at)
    if line.pay_due_at is not None:
        order["paymentDueDate"] = stamp(line.pay_due_at)
    return order


def _product_order(line: Line, product: Product) -> Json:
    answer: Json = {
        "productOrderId": line.id,
        "productOrderStatus": line.status,
        "productId": str(product.channel_no),
        "originalProductId": str(product.no),
        "merchantChannelId": str(CHANNEL_NO),
        "productName": product.name,
        "quantity": line.quantity,
        "initialQuantity": line.quantity,
        "remainQuantity": line.remain,
        "packageNumber": line.package,
        "placeOrderStatus": line.place,
        "shippingMemo": "문 앞에 놓아주세요",
        "mallId": "sandbox-store",
        "inflowPath": "네이버쇼핑",
        "taxType": "TAXATION",
        "deliveryPolicyType": "조건부무료",
        "shippingFeeType": "선결제",
        "expectedDeliveryMethod": "DELIVERY",
        "expectedDeliveryCompany": "CJGLS",
        "deliveryAttributeType": "NORMAL",
        "shippingAddress": _address(f"수령인 {line.buyer}", "010-0000-0000", line.moved or f"{line.buyer}호"),
        "takingAddress": _address("장부상점", "02-0000-0000", "1층"),
        **_amounts(line),
        **_product_words(line, product),
        **_claim_words(line),
        **_dates(line),
    }
    claim = line.claim or (line.closed_claims[-1] if line.closed_claims else None)
    if claim is not None:
        answer["claimId"] = claim.id
    return answer


def _amounts(line: Line) -> Json:
    unit = line.unit_price + line.option_price
    total, left = unit * line.quantity, unit * line.remain
    paid, linked = round(total * _PAY_RATE), round(total * _LINK_RATE)
    return {
        "unitPrice": line.unit_price,
        "optionPrice": line.option_price,
        "totalProductAmount": total,
        "initialProductAmount": total,
        "remainProductAmount": left,
        "productDiscountAmount": 0,
        "totalPaymentAmount": total,
        "initialPaymentAmount": total,
        "remainPaymentAmount": left,
        "deliveryFeeAmount": line.delivery_fee,
        "deliveryDiscountAmount": 0,
        "sectionDeliveryFee": 0,
        "commissionRatingType": "결제수수료",
        "commissionPrePayStatus": "GENERAL_PRD",
        "paymentCommission": paid,
        "saleCommission": 0,
        "channelCommission": 0,
        "knowledgeShoppingSellingInterlockCommission": linked,
        "expectedSettlementAmount": total - paid - linked,
    }


def _product_words(line: Line, product: Product) -> Json:
    words: Json = {"productClass": "조합형옵션상품" if product.options else "단일상품"}
    option = product.option(line.option_id)
    if option is not None:
        pairs = zip(product.group_names, option.names, strict=True)
        words["productOption"] = " / ".join(f"{group}: {value}" for group, value in pairs)
        words["optionManageCode"] = option.code
        words["optionCode"] = words["itemNo"] = str(option.id)
    if product.code:
        words["sellerProductCode"] = product.code
    return words


def _dates(line: Line) -> Json:
    dates: Json = {}
    if line.paid_at is not None:
        due = f"{day_of(line.paid_at + _DISPATCH_DAYS * DAY_MS)}T23:59:59.000+09:00"
        dates["shippingDueDate"] = due
    if line.place_at is not None:
        dates["placeOrderDate"] = stamp(line.place_at)
    return dates


def _claim_words(line: Line) -> Json:
    """The claim a line stands in: the open one, else the last one finished."""
    claim = line.claim or (line.closed_claims[-1] if line.closed_claims else None)
    return {} if claim is None else {"claimType": "CANCEL", "claimStatus": claim.status}


def _claim(claim: Claim) -> Json:
    answer: Json = {
        "claimId": claim.id,
        "claimType": "CANCEL",
        "claimStatus": claim.status,
        "claimRequestDate": stamp(claim.asked_at),
        "requestChannel": "구매회원" if claim.by_buyer else "판매자",
        "requestQuantity": claim.quantity,
        "cancelReason": claim.reason,
    }
    if claim.detail:
        answer["cancelDetailedReason"] = claim.detail
    if claim.done_at is not None and claim.status == "CANCEL_DONE":
        answer["cancelApprovalDate"] = answer["cancelCompletedDate"] = stamp(claim.done_at)
    return answer


def _delivery(line: Line) -> Json:
    parcel = line.delivery
    if parcel is None:
        return {}
    answer: Json = {
        "deliveryMethod": parcel.method,
        "deliveryStatus": "COLLECT_REQUEST" if parcel.number else "NOT_TRACKING",
        "sendDate": stamp(parcel.sent_at),
        "isWrongTrackingNumber": False,
    }
    if parcel.company is not None:
        answer["deliveryCompany"] = parcel.company
    if parcel.number is not None:
        answer["trackingNumber"] = parcel.number
    return answer


def _address(name: str, telephone: str, detail_text: str) -> Json:
    return {
        "addressType": "DOMESTIC",
        "baseAddress": "서울특별시 중구 세종대로 110",
        "detailedAddress": detail_text,
        "zipCode": "04524",
        "name": name,
        "tel1": telephone,
        "isRoadNameAddress": True,
    }
