"""Product orders as lines of remote orders. Pure; a snapshot holds the lines it was given.

The unit of Naver's order calls is the product order; what a buyer paid at once is the order above it. So a
RemoteOrder made from the feed holds the changed lines of an order, not necessarily all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from jangbu.channels.naver.mapping.products import option_key
from jangbu.channels.naver.mapping.times import latest, moment
from jangbu.channels.naver.wire.orders import Address, Claim, Delivery, LineDetail, Order, ProductOrder
from jangbu.kernel.money import Money
from jangbu.sdk.records import LineState, OrderLine, Parcel, Person, RemoteOrder

_STATES: Final = {
    "PAYMENT_WAITING": LineState.UNPAID,
    "PAYED": LineState.PAID,
    "DELIVERING": LineState.SHIPPED,
    "DELIVERED": LineState.DELIVERED,
    "PURCHASE_DECIDED": LineState.CLOSED,
    "CANCELED": LineState.CANCELLED,
    "CANCELED_BY_NOPAYMENT": LineState.CANCELLED,
    "RETURNED": LineState.RETURNED,
    "EXCHANGED": LineState.EXCHANGED,
}
_CLOSED_CLAIMS: Final = frozenset(
    {
        "CANCEL_DONE",
        "CANCEL_REJECT",
        "RETURN_DONE",
        "RETURN_REJECT",
        "EXCHANGE_DONE",
        "EXCHANGE_REJECT",
        "ADMIN_CANCEL_DONE",
        "ADMIN_CANCEL_REJECT",
        "PURCHASE_DECISION_HOLDBACK_RELEASE",
    }
)
_CANCELS_DONE: Final = frozenset({"CANCEL_DONE", "ADMIN_CANCEL_DONE"})
_RETURNS_DONE: Final = frozenset({"RETURN_DONE", "EXCHANGE_DONE"})
_TAKEN_BACK: Final = frozenset({LineState.RETURNED, LineState.EXCHANGED})
_AFTER_SHIPPING: Final = _TAKEN_BACK | {LineState.SHIPPED, LineState.DELIVERED, LineState.CLOSED}
_GIFT_WAITING: Final = "gift_waiting"
_ADD_ON_CLASS: Final = "추가"
_OPTION_CLASSES: Final = ("조합형", "표준형")
_SIMPLE_OPTION_CLASS: Final = "단독형"


def line_detail(document: object) -> LineDetail | None:
    """Read one detail; None when it does not fit, or tells no quantity or no time: those are not guessed."""
    try:
        detail = msgspec.convert(document, LineDetail, strict=False)
    except msgspec.ValidationError:
        return None
    line = detail.product_order
    told = (line.initial_quantity, line.quantity, line.remain_quantity)
    counts = all(number is None or number >= 0 for number in told) and told[:2] != (None, None)
    return detail if counts and _lowered_at(detail) else None


def line_id(detail: LineDetail) -> str:
    """Name a line: the product order's id."""
    return str(detail.product_order.product_order_id)


def remote_orders(details: Iterable[LineDetail], changed_at: Mapping[str, datetime | None]) -> tuple[RemoteOrder, ...]:
    """Group details into orders, in the order of their first appearance.

    `changed_at` tells per product order the feed's time of its latest change, where the feed was read.
    """
    by_order: dict[str, list[LineDetail]] = {}
    for detail in details:
        by_order.setdefault(str(detail.order.order_id), []).append(detail)
    return tuple(_remote_order(order_id, group, changed_at) for order_id, group in by_order.items())


def offer_key(line: ProductOrder) -> str:
    """Name the offer a line was sold from; "" when the wire does not tell the combination.

    An add-on product gets a key no offer has, since it draws on a number of its own.
    """
    origin_no, code = _text(line.original_product_id), _code(line)
    if not origin_no:
        return ""
    kind = line.product_class or ""
    if _ADD_ON_CLASS in kind:
        return f"{origin_no}/add/{code}"
    if any(word in kind for word in _OPTION_CLASSES):
        return option_key(origin_no, code) if code else ""
    if _SIMPLE_OPTION_CLASS in kind or not line.product_option or not code:
        return origin_no
    return option_key(origin_no, code)


def _remote_order(order_id: str, details: list[LineDetail], changed_at: Mapping[str, datetime | None]) -> RemoteOrder:
    lines = tuple(_order_line(detail) for detail in details)
    order = details[0].order
    placed_at = moment(order.order_date) or min(line.lowered_at for line in lines)
    feed_times = [at for line in lines if (at := changed_at.get(line.remote_id))]
    detail_times = [at for detail in details if (at := _detail_changed_at(detail))]
    return RemoteOrder(
        remote_id=order_id,
        placed_at=placed_at,
        updated_at=max([placed_at, *feed_times, *detail_times]),
        lines=lines,
        total=_total(order, details),
        ship_to=_ship_to(details),
        extra=_extra(order, details),
    )


def _order_line(detail: LineDetail) -> OrderLine:
    line = detail.product_order
    state = _STATES.get(line.product_order_status or "", LineState.UNKNOWN)
    quantity = _first_told(line.initial_quantity, line.quantity)
    return OrderLine(
        remote_id=line_id(detail),
        listing_id=_text(line.original_product_id),
        offer_key=offer_key(line),
        sku=line.option_manage_code or line.seller_product_code or "",
        title=line.product_name or "",
        options=line.product_option or "",
        quantity=quantity,
        remaining=_remaining(detail, quantity, state),
        state=state,
        raw_state=line.product_order_status or "",
        lowered_at=_required(_lowered_at(detail)),
        price=_won((line.unit_price or 0) + (line.option_price or 0)),
        claim=_claim(line),
        # Naver waits for the seller's confirmation (발주확인) of paid lines only.
        acknowledged=line.place_order_status == "OK" or line.product_order_status != "PAYED",
        parcels=_parcels(detail.delivery),
        ship_by=moment(line.shipping_due_date),
    )


def _remaining(detail: LineDetail, quantity: int, state: LineState) -> int:
    """Give the quantity less what was cancelled in part.

    Naver's own remaining quantity also falls with returns, which are put back here: the goods of a return
    count again only once they lie on the shelf.
    """
    line = detail.product_order
    left = min(quantity, _first_told(line.remain_quantity, line.quantity, line.initial_quantity))
    if state not in _AFTER_SHIPPING:
        return left
    cancelled = _claimed(detail, _CANCELS_DONE)
    returned = _claimed(detail, _RETURNS_DONE)
    if not returned and (cancelled or state in _TAKEN_BACK):
        returned = quantity - left - cancelled
    return max(left, min(quantity, left + returned))


def _claimed(detail: LineDetail, statuses: frozenset[str]) -> int:
    done = [claim for claim in detail.completed_claims or () if claim.claim_status in statuses]
    return sum(claim.request_quantity or 0 for claim in done)


def _first_told(*numbers: int | None) -> int:
    return next((number for number in numbers if number is not None), 0)


def _lowered_at(detail: LineDetail) -> datetime | None:
    """Give the earliest moment the number may have fallen: when the order was placed, before it was paid."""
    times = (detail.order.order_date, detail.order.payment_date, detail.product_order.place_order_date)
    return next((read for text in times if (read := moment(text))), None)


def _required(at: datetime | None) -> datetime:
    if at is None:
        raise ValueError("a detail without any time is not a detail")  # line_detail lets none through
    return at


def _claim(line: ProductOrder) -> str:
    if line.claim_status and line.claim_status not in _CLOSED_CLAIMS:
        return line.claim_status
    return _GIFT_WAITING if line.gift_receiving_status == "WAIT_FOR_RECEIVING" else ""


def _parcels(delivery: Delivery | None) -> tuple[Parcel, ...]:
    if delivery is None or not delivery.tracking_number:
        return ()
    return (Parcel(delivery.delivery_company or "", delivery.tracking_number, moment(delivery.send_date)),)


def _detail_changed_at(detail: LineDetail) -> datetime | None:
    """Give the latest time in a detail at which something happened to it."""
    line, delivery = detail.product_order, detail.delivery or Delivery()
    times = [detail.order.payment_date, line.place_order_date, line.decision_date]
    times += [delivery.send_date, delivery.pickup_date, delivery.delivered_date]
    for claim in _claims(detail):
        times += [
            claim.claim_request_date,
            claim.cancel_approval_date,
            claim.cancel_completed_date,
            claim.return_completed_date,
            claim.collect_completed_date,
            claim.re_delivery_operation_date,
        ]
    return latest(times)


def _claims(detail: LineDetail) -> list[Claim]:
    current = detail.current_claim
    still_open = (current.cancel, current.return_, current.exchange) if current else ()
    return [claim for claim in (*still_open, *(detail.completed_claims or ())) if claim]


def _total(order: Order, details: list[LineDetail]) -> Money:
    """Give what the whole order cost, as the order says; else what the lines at hand cost."""
    paid = sum(
        amount or 0
        for amount in (
            order.general_payment_amount,
            order.charge_amount_payment_amount,
            order.checkout_accumulation_payment_amount,
            order.naver_mileage_payment_amount,
            order.pay_later_payment_amount,
        )
    )
    return _won(paid or sum(_line_total(detail.product_order) for detail in details))


def _line_total(line: ProductOrder) -> int:
    fees = (line.delivery_fee_amount or 0) + (line.section_delivery_fee or 0)
    return (line.total_payment_amount or 0) + fees - (line.delivery_discount_amount or 0)


def _ship_to(details: list[LineDetail]) -> Person:
    for detail in details:
        line = detail.product_order
        if line.shipping_address is not None:
            return _person(line, line.shipping_address)
    return Person()


def _person(line: ProductOrder, address: Address) -> Person:
    country, foreign_name = _country(address)
    return Person(
        name=address.name or "",
        phone=address.tel1 or "",
        phone_2=address.tel2 or "",
        country=country,
        zip_code=address.zip_code or "",
        region=", ".join(word for word in (address.state, foreign_name) if word),
        city=address.city or "",
        line_1=address.base_address or "",
        line_2=address.detailed_address or "",
        message=line.shipping_memo or "",
        customs_code=line.individual_custom_unique_code or "",
    )


def _country(address: Address) -> tuple[str, str]:
    """Give the country's code, and its name where Naver tells only that."""
    told = (address.country or "").strip()
    if len(told) == 2 and told.isascii() and told.isalpha():  # noqa: PLR2004 - ISO 3166-1 alpha-2
        return told.upper(), ""
    return ("", told) if address.address_type == "FOREIGN" else ("KR", "")


def _extra(order: Order, details: list[LineDetail]) -> dict[str, str]:
    packages = {_text(detail.product_order.package_number) for detail in details} - {""}
    told = {"payment_means": order.payment_means or "", "package_numbers": ", ".join(sorted(packages))}
    return {name: text for name, text in told.items() if text}


def _code(line: ProductOrder) -> str:
    """Give the option id of a line: `optionCode`, else `itemNo`, where it is a number as option ids are."""
    for code in (_text(line.option_code), _text(line.item_no)):
        if code.isascii() and code.isdigit():
            return code
    return ""


def _text(value: str | int | None) -> str:
    return "" if value is None else str(value)


def _won(amount: int) -> Money:
    return Money(amount, "KRW")
