"""Confirming and dispatching: request bodies, carriers, and what answers and re-reads say. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from jangbu.channels.naver.faults import plain_code, refusal_code
from jangbu.channels.naver.mapping.orders import line_id
from jangbu.channels.naver.mapping.times import kst_text
from jangbu.channels.naver.wire.orders import LineDetail, Outcome, OutcomeData
from jangbu.sdk.records import Dispatch, LineAnswer

CALL_LINES_MAX: Final = 30

# Naver's own codes for the hub's words; what Naver has no documented code for goes as CH1 (기타 택배).
CARRIER_CODES: Final = {
    "cj": "CJGLS",
    "hanjin": "HANJIN",
    "lotte": "HYUNDAI",
    "logen": "KGB",
    "epost": "EPOST",
    "kpost_ems": "EMS",
    "kpost_registered": "REGISTPOST",
    "dhl": "DHL",
    "fedex": "FEDEX",
    "ups": "UPS",
    "usps": "USPS",
    "tnt": "TNT",
    "japan_post": "CH1",
    "yamato": "CH1",
    "sagawa": "CH1",
    "royal_mail": "CH1",
    "canada_post": "CH1",
    "australia_post": "CH1",
    "sf_express": "CH1",
    "other": "CH1",
}

# Refusals that a call which took effect earlier also meets: a read decides.
_PERHAPS_DONE: Final = frozenset({"104442", "104443", "105306"})
_SHIPPED_STATUSES: Final = frozenset({"DELIVERING", "DELIVERED", "PURCHASE_DECIDED"})


@dataclass(frozen=True)
class Shipping:
    """One product order to dispatch."""

    line_id: str
    carrier_code: str
    dispatch: Dispatch


def carrier_code(word: str) -> str:
    """Give Naver's code for a hub's word or for one of Naver's own codes; "" for anything else."""
    if word in CARRIER_CODES:
        return CARRIER_CODES[word]
    return word if re.fullmatch(r"[A-Z0-9]{2,20}", word) else ""


def shippings(dispatches: Iterable[Dispatch]) -> list[Shipping]:
    """Spread dispatches over their lines, each line once: Naver refuses a line named twice in a call."""
    spread: dict[str, Shipping] = {}
    for dispatch in dispatches:
        code = carrier_code(dispatch.carrier)
        for name in dispatch.line_ids:
            spread.setdefault(name, Shipping(name, code, dispatch))
    return list(spread.values())


def refused_here(shipping: Shipping) -> str:
    """Tell why a line cannot be sent; "" when it can."""
    if not shipping.carrier_code:
        return "naver.carrier_unknown"
    return "" if shipping.dispatch.tracking_number.strip() else "naver.tracking_missing"


def confirm_body(line_ids: Iterable[str]) -> dict[str, Any]:
    """Name the product orders to confirm."""
    return {"productOrderIds": list(line_ids)}


def dispatch_body(batch: Iterable[Shipping]) -> dict[str, Any]:
    """Name product orders with their parcel; lines of one parcel carry the same number."""
    return {
        "dispatchProductOrders": [
            {
                "productOrderId": shipping.line_id,
                "deliveryMethod": "DELIVERY",
                "deliveryCompanyCode": shipping.carrier_code,
                "trackingNumber": shipping.dispatch.tracking_number.strip(),
                "dispatchDate": kst_text(shipping.dispatch.shipped_at),
            }
            for shipping in batch
        ]
    }


def line_answers(line_ids: Iterable[str], outcome: Outcome) -> dict[str, LineAnswer]:
    """Say per line what the call's answer says; a line it does not name is refused as not answered."""
    accepted = set(_accepted(outcome.data))
    refused = dict(_refused(outcome.data))
    return {name: _answer(name, accepted, refused) for name in line_ids}


def doubtful(answers: Iterable[LineAnswer]) -> list[str]:
    """Name the lines whose refusal may only mean that the thing was done before."""
    return [
        answer.line_id
        for answer in answers
        if answer.remote_code in _PERHAPS_DONE or answer.refusal == "naver.line_not_answered"
    ]


def is_confirmed(detail: LineDetail) -> bool:
    """Tell whether the seller's confirmation stands."""
    return detail.product_order.place_order_status == "OK"


def is_shipped_as(detail: LineDetail, dispatch: Dispatch) -> bool:
    """Tell whether the line is on its way under this very tracking number."""
    number = detail.delivery.tracking_number if detail.delivery else None
    is_under_way = detail.product_order.product_order_status in _SHIPPED_STATUSES
    return is_under_way and _bare(number or "") == _bare(dispatch.tracking_number)


def accepted(details: Iterable[LineDetail]) -> dict[str, LineAnswer]:
    """Answer for lines that a read shows done."""
    return {line_id(detail): LineAnswer(line_id(detail), accepted=True) for detail in details}


def _accepted(data: OutcomeData) -> Iterator[str]:
    yield from (str(name) for name in data.success_product_order_ids or ())
    yield from (str(entry.product_order_id) for entry in data.success_product_order_infos or ())


def _refused(data: OutcomeData) -> Iterator[tuple[str, str]]:
    for failure in data.fail_product_order_infos or ():
        yield str(failure.product_order_id), plain_code(str(failure.code or ""))


def _answer(name: str, accepted_ids: set[str], refused: Mapping[str, str]) -> LineAnswer:
    if name in refused:
        code = refused[name]
        return LineAnswer(name, accepted=False, refusal=refusal_code(code), remote_code=code)
    if name in accepted_ids:
        return LineAnswer(name, accepted=True)
    return LineAnswer(name, accepted=False, refusal="naver.line_not_answered")


def _bare(tracking_number: str) -> str:
    return re.sub(r"[\s-]", "", tracking_number)
