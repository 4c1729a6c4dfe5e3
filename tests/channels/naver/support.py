"""A client that answers from a script, checks every request against the description, and builds payloads.

The payloads are composed by us; the description is our dated transcription of Naver's documentation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from tests.support import oas

from jangbu.channels.naver import CHANNEL
from jangbu.sdk.client import Request, Response
from jangbu.sdk.http.wire import build

NOW = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)  # 10:00 in Korea

Script = Callable[[Request], Response]


def check_request(request: Request) -> None:
    """Check path, query and body of a request against the description."""
    sent = build(CHANNEL.api_url, CHANNEL.operations[request.operation], request)
    description = oas.at_hand("naver")
    if description is not None:
        problems = description.request_problems(sent, signed=False)
        assert not problems, problems


def check_answer(operation: str, body: Any) -> None:
    """Check an answer of ours against the description, so that tests do not prove themselves right."""
    description = oas.at_hand("naver")
    if description is not None:
        content = description.operations[operation].entry["responses"]["200"]["content"]
        description.fits(content["application/json"]["schema"], body)


def answer(
    request: Request,
    body: Any = None,
    *,
    status: int = 200,
    at: datetime | None = NOW,
    headers: Mapping[str, str] | None = None,
    odd: bool = False,
) -> Response:
    """Answer a request; `odd` answers are not held against the description. Statuses outside 2xx raise."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    told = dict(headers or {})
    if not 200 <= status < 300:
        raise CHANNEL.faults(CHANNEL.operations[request.operation], status, told, raw)
    if not odd:
        check_answer(request.operation, body)
    return Response(status, told, raw, request.operation, at, 0.05)


def refuse(request: Request, status: int, code: str) -> Response:
    """Raise what the far side's refusal becomes."""
    return answer(request, {"code": code, "message": "안 됩니다", "traceId": "t^1^1"}, status=status)


class FakeClient:
    """Records requests and answers from a script: operation id -> function of the request."""

    def __init__(
        self,
        script: Mapping[str, Script] | None = None,
        *,
        options: Mapping[str, str] | None = None,
        now: datetime = NOW,
    ) -> None:
        self.script = dict(script or {})
        self.sent: list[Request] = []
        self._options = dict(options or {})
        self._now = now

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        check_request(request)
        return self.script[request.operation](request)

    def now(self) -> datetime:
        return self._now

    @property
    def options(self) -> Mapping[str, str]:
        return self._options

    def asked(self, operation: str) -> list[Request]:
        """Give the requests of one operation."""
        return [request for request in self.sent if request.operation == operation]


def script_of(*bodies: Any, at: datetime | None = NOW) -> Script:
    """Answer with these bodies one after another, the last one for ever."""
    left = list(bodies)

    def reply(request: Request) -> Response:
        body = left.pop(0) if len(left) > 1 else left[0]
        return answer(request, body, at=at)

    return reply


def found(origin_no: int, **fields: Any) -> dict[str, Any]:
    """Compose a row of the product search."""
    shown = {
        "originProductNo": origin_no,
        "channelProductNo": origin_no + 1_000,
        "channelServiceType": "STOREFARM",
        "name": f"도자기 {origin_no}",
        "statusType": "SALE",
        "channelProductDisplayStatusType": "ON",
        "salePrice": 12_000,
        "stockQuantity": 7,
        "deliveryAttributeType": "NORMAL",
    }
    return {"originProductNo": origin_no, "channelProducts": [shown | fields]}


def search_page(rows: list[dict[str, Any]], page: int = 1, pages: int | None = 1) -> dict[str, Any]:
    """Compose a page of the product search; `pages` None leaves the page count out."""
    told: dict[str, Any] = {"contents": rows, "page": page, "size": 500}
    return told if pages is None else told | {"totalPages": pages}


def product(*, options: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Compose the answer of reading one product."""
    detail: dict[str, Any] = {
        "afterServiceInfo": {"afterServiceTelephoneNumber": "02-0000-0000", "afterServiceGuideContent": "-"},
        "originAreaInfo": {"originAreaCode": "00"},
        "sellerCodeInfo": {"sellerManagementCode": "BOWL"},
        "minorPurchasable": True,
    }
    if options is not None:
        detail["optionInfo"] = options
    origin = {
        "statusType": "SALE",
        "name": "도자기 그릇",
        "images": {"representativeImage": {"url": "https://shop-phinf.pstatic.net/example.jpg"}},
        "salePrice": 12_000,
        "stockQuantity": 7,
        "detailAttribute": detail,
    }
    channel = {"naverShoppingRegistration": False, "channelProductDisplayStatusType": "ON"}
    return {"originProduct": origin | fields, "smartstoreChannelProduct": channel}


def combinations(*rows: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Compose options of a product, stock by combination."""
    told = {
        "optionCombinationGroupNames": {"optionGroupName1": "색상", "optionGroupName2": "크기"},
        "optionCombinations": list(rows),
        "useStockManagement": True,
    }
    return told | fields


def row(option_id: int, **fields: Any) -> dict[str, Any]:
    """Compose one option combination."""
    told = {
        "id": option_id,
        "optionName1": "흰색",
        "optionName2": f"{option_id}호",
        "stockQuantity": 3,
        "price": 500,
        "sellerManagerCode": f"BOWL-{option_id}",
        "usable": True,
    }
    return told | fields


def envelope(data: Any = None) -> dict[str, Any]:
    """Wrap an order answer; without data it is an empty one."""
    told = {"timestamp": "2026-10-01T10:00:00.000+09:00", "traceId": "t^1^1"}
    return told if data is None else told | {"data": data}


def line(line_id: str = "2026100100000001", order_id: str = "2026100100000009", **fields: Any) -> dict[str, Any]:
    """Compose the detail of one product order; `order`, `delivery` and claims by name, else own fields."""
    order = {
        "orderId": order_id,
        "orderDate": "2026-10-01T09:57:50.000+09:00",
        "paymentDate": "2026-10-01T09:58:11.000+09:00",
        "paymentMeans": "신용카드",
        "generalPaymentAmount": 28_000,
    }
    address = {
        "addressType": "DOMESTIC",
        "baseAddress": "어느 길 1",
        "detailedAddress": "101호",
        "zipCode": "04524",
        "name": "Buyer 17",
        "tel1": "010-0000-0000",
    }
    told = {
        "productOrderId": line_id,
        "productOrderStatus": "PAYED",
        "productId": "9100000001",
        "originalProductId": "9000000001",
        "productName": "도자기 그릇",
        "productClass": "조합형옵션상품",
        "productOption": "색상: 흰색 / 크기: 1호",
        "optionCode": "41",
        "itemNo": "41",
        "optionManageCode": "BOWL-41",
        "sellerProductCode": "BOWL",
        "quantity": 2,
        "initialQuantity": 2,
        "remainQuantity": 2,
        "unitPrice": 12_000,
        "optionPrice": 500,
        "totalPaymentAmount": 25_000,
        "deliveryFeeAmount": 3_000,
        "packageNumber": "2026100100000007",
        "placeOrderStatus": "NOT_YET",
        "shippingDueDate": "2026-10-06T23:59:59.000+09:00",
        "shippingMemo": "문 앞",
        "shippingAddress": address,
    }
    detail: dict[str, Any] = {"order": order | fields.pop("order", {})}
    for name in ("delivery", "currentClaim", "completedClaims"):
        if name in fields:
            detail[name] = fields.pop(name)
    return detail | {"productOrder": told | fields}


def change(line_id: str, at: str, order_id: str = "2026100100000009", **fields: Any) -> dict[str, Any]:
    """Compose a row of the feed."""
    told = {
        "orderId": order_id,
        "productOrderId": line_id,
        "lastChangedType": "PAYED",
        "lastChangedDate": at,
        "productOrderStatus": "PAYED",
    }
    return told | fields
