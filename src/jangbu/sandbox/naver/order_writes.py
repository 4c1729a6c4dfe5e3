"""What the seller does to product orders: confirm, dispatch, cancel; each line succeeds or fails alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec.structs import replace

from jangbu.sandbox.naver.call import Call
from jangbu.sandbox.naver.shop import Shop
from jangbu.sandbox.naver.state import Claim, Delivery, Line
from jangbu.sandbox.naver.wire import Refusal, bad_order
from jangbu.sandbox.naver.words import CARRIERS, FAILURES, METHODS_WITHOUT_PARCEL, WRITE_LIMIT, CancelReason

# The sandbox's own idea of a number that could be one; Naver's check is not published.
_DOMESTIC = re.compile(r"\d{9,15}")
_ANY_NUMBER = re.compile(r"[A-Za-z0-9]{8,35}")
_DIGITS_ONLY = frozenset({"CJGLS", "HYUNDAI", "HANJIN", "KGB", "EPOST"})
_Limits = msgspec.Meta(min_length=1, max_length=WRITE_LIMIT)


class ConfirmRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of confirm."""

    product_order_ids: Annotated[tuple[str, ...], _Limits]


class Parcel(msgspec.Struct, rename="camel", frozen=True):
    """One line to dispatch; what is missing fails the line, not the call."""

    product_order_id: str
    delivery_method: str | None = None
    delivery_company_code: str | None = None
    tracking_number: str | None = None
    dispatch_date: datetime | None = None


class DispatchRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of dispatch."""

    dispatch_product_orders: Annotated[tuple[Parcel, ...], _Limits]


class CancelRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of a cancellation by the seller."""

    cancel_reason: CancelReason
    cancel_detailed_reason: Annotated[str, msgspec.Meta(max_length=500)] = ""
    cancel_quantity: Annotated[int, msgspec.Meta(ge=1)] | None = None


def confirm(call: Call) -> dict[str, Any]:
    """Takes paid lines on; no change appears in the feed. Its answer has a key of its own.

    Source: facts/naver.md 7.8.
    """
    wanted = call.read(ConfirmRequest, "orders").product_order_ids
    good, failed = [], []
    for line_id, again in _once(wanted):
        code = "104131" if again else _confirm(call, line_id)
        if code:
            failed.append(_failure(line_id, code))
        else:
            good.append({"productOrderId": line_id, "isReceiverAddressChanged": False})
    return call.told({"successProductOrderInfos": good, "failProductOrderInfos": failed})


def dispatch(call: Call) -> dict[str, Any]:
    """Sends lines out; a line whose buyer asked to cancel is sent all the same, which rejects the cancel."""
    wanted = call.read(DispatchRequest, "orders").dispatch_product_orders
    parcels = {parcel.product_order_id: parcel for parcel in wanted}
    good, failed = [], []
    for line_id, again in _once(parcel.product_order_id for parcel in wanted):
        code = "104131" if again else _dispatch(call, parcels[line_id])
        if code:
            failed.append(_failure(line_id, code))
        else:
            good.append(line_id)
    return call.told({"successProductOrderIds": good, "failProductOrderInfos": failed})


def request_cancel(call: Call) -> dict[str, Any]:
    """The seller cancels a line or a part of it, which completes at once."""
    line = _asked(call)
    wanted = call.read(CancelRequest, "orders")
    quantity = wanted.cancel_quantity or line.remain
    if line.status != "PAYED" or line.claim is not None:
        return _single(call, line.id, "104442")
    if quantity > line.remain:
        raise bad_order("cancelQuantity", "NotValid")
    claim = Claim(
        call.shop.new_id(call.now), "CANCEL_REQUEST", quantity, wanted.cancel_reason, by_buyer=False,
        asked_at=call.now, restock=call.shop.settings.on("seller_cancel_restocks"),
        detail=wanted.cancel_detailed_reason,
    )  # fmt: skip
    call.shop.finish_cancel(line, claim, call.now)
    return _single(call, line.id, None)


def approve_cancel(call: Call) -> dict[str, Any]:
    """Grants a buyer's request; the refund cannot be taken back."""
    line = _asked(call)
    if line.claim is None:
        return _single(call, line.id, "105306" if line.status == "CANCELED" else "104442")
    call.shop.finish_cancel(line, line.claim, call.now)
    return _single(call, line.id, None)


def _once(ids: Iterable[str]) -> list[tuple[str, bool]]:
    """Each id once, with whether it was given several times."""
    return [(line_id, count > 1) for line_id, count in Counter(ids).items()]


def _failure(line_id: str, code: str) -> dict[str, str]:
    return {"productOrderId": line_id, "code": code, "message": FAILURES[code]}


def _single(call: Call, line_id: str, code: str | None) -> dict[str, Any]:
    good = [] if code else [line_id]
    failed = [_failure(line_id, code)] if code else []
    return call.told({"successProductOrderIds": good, "failProductOrderInfos": failed})


def _asked(call: Call) -> Line:
    timeline = call.shop.state.lines.get(call.path["productOrderId"])
    if timeline is None:
        raise Refusal(400, "100001", FAILURES["100001"], "orders")
    return timeline.latest


def _confirm(call: Call, line_id: str) -> str | None:
    timeline = call.shop.state.lines.get(line_id)
    if timeline is None:
        return "100001"
    line = timeline.latest
    if line.status != "PAYED":
        return "104442"
    if line.place != "NOT_YET":
        return "104443"
    call.shop.store(replace(line, place="OK", place_at=call.now), call.now)
    return None


def _dispatch(call: Call, parcel: Parcel) -> str | None:
    timeline = call.shop.state.lines.get(parcel.product_order_id)
    if timeline is None:
        return "100001"
    line = timeline.latest
    code = _hindrance(call.shop, line) or _parcel_fault(call.shop, line, parcel)
    if code:
        return code
    delivery = _delivery(parcel)
    if delivery.number is not None:
        call.shop.state.parcels[_parcel_key(parcel)] = line.order_id
    after = replace(line, status="DELIVERING", delivery=delivery)
    if line.claim is not None:
        rejected = replace(line.claim, status="CANCEL_REJECT", done_at=call.now)
        after = replace(after, claim=None, closed_claims=(*line.closed_claims, rejected))
    call.shop.tell(after, "DISPATCHED", call.now)
    return None


def _hindrance(shop: Shop, line: Line) -> str | None:
    if line.status != "PAYED":
        return "104442"
    return "104443" if line.place != "OK" and shop.settings.on("confirm_before_dispatch") else None


def _parcel_fault(shop: Shop, line: Line, parcel: Parcel) -> str | None:
    if parcel.delivery_method is None or parcel.dispatch_date is None or parcel.dispatch_date.tzinfo is None:
        return "104133"
    if parcel.delivery_method in METHODS_WITHOUT_PARCEL:
        return None
    return _number_fault(shop, line, parcel) if parcel.delivery_method == "DELIVERY" else "104117"


def _number_fault(shop: Shop, line: Line, parcel: Parcel) -> str | None:
    if not parcel.delivery_company_code:
        return "104118"
    if parcel.delivery_company_code not in CARRIERS:
        return "104119"
    if not parcel.tracking_number:
        return "104120"
    pattern = _DOMESTIC if parcel.delivery_company_code in _DIGITS_ONLY else _ANY_NUMBER
    if not pattern.fullmatch(_bare(parcel.tracking_number)):
        return "104122"
    # lines of one checkout may share a parcel; another order's number is taken
    owner = shop.state.parcels.get(_parcel_key(parcel), line.order_id)
    if owner == line.order_id or (shop.settings.on("buyers_share_parcels") and _buyer(shop, owner) == line.buyer):
        return None
    return "104121"


def _buyer(shop: Shop, order_id: str) -> int:
    return shop.line(shop.state.orders[order_id][0]).buyer


def _delivery(parcel: Parcel) -> Delivery:
    by_parcel = parcel.delivery_method == "DELIVERY"
    return Delivery(
        str(parcel.delivery_method),
        parcel.delivery_company_code if by_parcel else None,
        parcel.tracking_number if by_parcel else None,
        round(parcel.dispatch_date.timestamp() * 1000) if parcel.dispatch_date else 0,
    )


def _parcel_key(parcel: Parcel) -> str:
    return f"{parcel.delivery_company_code}:{_bare(str(parcel.tracking_number))}"


def _bare(number: str) -> str:
    return number.replace("-", "").replace(" ", "")
