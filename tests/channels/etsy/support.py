"""A client that answers from a script, with the official description as judge of requests, and sample payloads."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.support import oas

from jangbu.channels.etsy import CHANNEL
from jangbu.channels.etsy.faults import faults
from jangbu.channels.etsy.operations import OPERATIONS
from jangbu.sdk.client import Request, Response
from jangbu.sdk.http.wire import build

NOW = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)
SHOP_ID = 41230987

Json = Any


@dataclass
class Reply:
    """What the far side answers: a document, or bytes as they are."""

    document: Json = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    at: datetime | None = NOW

    def bytes(self) -> bytes:
        return json.dumps(self.document).encode() if self.body is None else self.body


Script = Callable[[Request], Reply]


class FakeClient:
    """Records requests and answers from a script; every request is held against the official description."""

    def __init__(self, script: Script, **options: str) -> None:
        self.script = script
        self.requests: list[Request] = []
        self._options = {"remote_shop_id": str(SHOP_ID)} | options

    async def send(self, request: Request) -> Response:
        check_request(request)
        self.requests.append(request)
        reply = self.script(request)
        operation = OPERATIONS[request.operation]
        if not 200 <= reply.status < 300:
            raise faults(operation, reply.status, reply.headers, reply.bytes())
        return Response(reply.status, reply.headers, reply.bytes(), operation.id, reply.at, 0.01)

    def now(self) -> datetime:
        return NOW

    @property
    def options(self) -> Mapping[str, str]:
        return self._options

    def sent(self, operation: str) -> list[Request]:
        return [request for request in self.requests if request.operation == operation]


def replies(**by_operation: Reply | list[Reply]) -> Script:
    """Answer each operation with its reply, or with its replies one after the other."""
    waiting = {name: list(each) if isinstance(each, list) else each for name, each in by_operation.items()}

    def answer(request: Request) -> Reply:
        each = waiting[request.operation]
        return each.pop(0) if isinstance(each, list) else each

    return answer


def check_request(request: Request) -> None:
    """Fail when the official description would not take this request."""
    sent = build(CHANNEL.api_url, OPERATIONS[request.operation], request)
    description = oas.at_hand("etsy")
    if description is not None:
        problems = description.request_problems(sent, signed=False)
        assert not problems, problems


# --- payloads composed by us --------------------------------------------------------------------------------


def usd(cents: int) -> Json:
    return {"amount": cents, "divisor": 100, "currency_code": "USD"}


def value(property_id: int, name: str, word: str, *, value_id: int = 7, scale_id: int | None = None) -> Json:
    return {
        "property_id": property_id,
        "property_name": name,
        "scale_id": scale_id,
        "scale_name": None if scale_id is None else "Scale",
        "value_ids": [value_id],
        "values": [word],
    }


def product(number: int, *values: Json, sku: str = "", cents: int = 8900, **offering: Json) -> Json:
    return {
        "product_id": 20944871103 + number,
        "sku": sku,
        "is_deleted": False,
        "offerings": [
            {
                "offering_id": 21733908821,
                "quantity": number,
                "is_enabled": True,
                "is_deleted": False,
                "price": usd(cents),
                "readiness_state_id": 1402336017455,
            }
            | offering
        ],
        "property_values": list(values),
    }


def inventory(*products: Json, counted_by: tuple[int, ...] = (), priced_by: tuple[int, ...] = ()) -> Json:
    return {
        "products": list(products),
        "price_on_property": list(priced_by),
        "quantity_on_property": list(counted_by),
        "sku_on_property": list(counted_by),
        "readiness_state_on_property": [],
    }


def plain_inventory(number: int) -> Json:
    return inventory(product(number, sku="CUP-01"))


def ring_inventory(silver: int = 9, gold: int = 0) -> Json:
    """Two metals counted apart, in two sizes that share their metal's number."""
    return inventory(
        *(
            product(number, value(200, "Metal", metal), value(513, "Size", size), cents=cents)
            for metal, number in (("Silver", silver), ("Gold", gold))
            for size, cents in (("S", 8900), ("L", 9450))
        ),
        counted_by=(200,),
        priced_by=(513,),
    )


def listing(listing_id: int, stock: Json = None, *, state: str = "active", **more: Json) -> Json:
    return {
        "listing_id": listing_id,
        "state": state,
        "title": f"Listing {listing_id}",
        "url": f"https://www.etsy.com/listing/{listing_id}",
        "quantity": 5,
        "has_variations": False,
        "inventory": stock,
    } | more


def page(*rows: Json, count: int | None = None) -> Reply:
    return Reply({"count": len(rows) if count is None else count, "results": list(rows)})


_TRANSACTION: dict[str, Json] = {
    "transaction_id": 4400118273,
    "title": "Ring",
    "quantity": 2,
    "listing_id": 1734509281,
    "product_id": 20944871103,
    "sku": "RING-S",
    "price": usd(8900),
    "variations": [
        {
            "property_id": 200,
            "value_id": 1,
            "formatted_name": "Metal",
            "formatted_value": "Silver",
            "question_id": None,
        },
        {
            "property_id": 54,
            "value_id": None,
            "formatted_name": "Personalization",
            "formatted_value": "A.B.",
            "question_id": 71190022,
        },
    ],
    "product_data": [value(513, "Size", "S"), value(200, "Metal", "Silver")],
    "expected_ship_date": 1790249200,
}

_RECEIPT: dict[str, Json] = {
    "receipt_id": 3512009984,
    "status": "paid",
    "name": "Buyer 17",
    "first_line": "1 Sample Street",
    "second_line": "Flat 2",
    "city": "Sampletown",
    "state": "OR",
    "zip": "00000",
    "country_iso": "US",
    "formatted_address": "1 Sample Street",
    "payment_method": "cc",
    "message_from_buyer": "Please wrap it",
    "is_paid": True,
    "is_shipped": False,
    "is_gift": True,
    "gift_message": "Hello",
    "created_timestamp": 1789990000,
    "updated_timestamp": 1789990042,
    "grandtotal": usd(14064),
    "shipments": [],
}


def transaction(**more: Json) -> Json:
    return copy.deepcopy(_TRANSACTION) | more


def receipt(**more: Json) -> Json:
    return copy.deepcopy(_RECEIPT) | {"transactions": [transaction()]} | more


def shipment(code: str) -> Json:
    return {
        "receipt_shipping_id": 1180044556,
        "carrier_name": "kpost",
        "tracking_code": code,
        "shipment_notification_timestamp": 1790046060,
    }
