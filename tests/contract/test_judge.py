"""The judge itself: what is right passes, and every kind of wrong is found."""

from __future__ import annotations

import json
from typing import Any, Final

import httpx2
import pytest
from tests.support import oas

ETSY: Final = "https://openapi.etsy.com/v3/application"
NAVER: Final = "https://api.commerce.naver.com/external/v1"
LINES: Final = f"{NAVER}/pay-order/seller/product-orders"
SIGNED: Final = {
    "etsy": {"x-api-key": "key:secret", "authorization": "Bearer 1.token"},
    "naver": {"authorization": "Bearer token"},
}
JSON: Final = {"content-type": "application/json"}
FORM: Final = {"content-type": "application/x-www-form-urlencoded"}
FROM: Final = "lastChangedFrom=2026-03-02T18%3A00%3A00.000%2B09%3A00"
INVENTORY: Final = {
    "products": [
        {
            "sku": "A",
            "offerings": [{"price": 1.5, "quantity": 1, "is_enabled": True, "readiness_state_id": 1}],
        }
    ]
}
PARCEL: Final = {
    "productOrderId": "1",
    "deliveryMethod": "DELIVERY",
    "deliveryCompanyCode": "CJGLS",
    "trackingNumber": "600000000000",
    "dispatchDate": "2026-03-02T18:00:00.000+09:00",
}


def _judge(channel: str, method: str, url: str, headers: dict[str, str], body: Any = None) -> list[str]:
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    return oas.needed(channel).request_problems(httpx2.Request(method, url, headers=headers, content=content))


@pytest.mark.parametrize(
    ("channel", "method", "url", "kind", "body"),
    [
        ("etsy", "GET", f"{ETSY}/shops/7/receipts?limit=100&sort_on=updated&was_paid=true", {}, None),
        ("etsy", "GET", f"{ETSY}/listings/batch/inventory?listing_ids=1%2C2", {}, None),
        ("etsy", "PUT", f"{ETSY}/listings/7/inventory", JSON, INVENTORY),
        ("etsy", "PATCH", f"{ETSY}/shops/7/listings/8", FORM, b"state=inactive"),
        ("naver", "GET", f"{LINES}/last-changed-statuses?{FROM}&limitCount=300", {}, None),
        ("naver", "POST", f"{LINES}/confirm", JSON, {"productOrderIds": ["1"]}),
        ("naver", "POST", f"{LINES}/dispatch", JSON, {"dispatchProductOrders": [PARCEL]}),
    ],
)
def test_a_right_request_passes(channel: str, method: str, url: str, kind: dict[str, str], body: Any) -> None:
    assert _judge(channel, method, url, SIGNED[channel] | kind, body) == []


@pytest.mark.parametrize(
    ("channel", "method", "url", "kind", "body", "found"),
    [
        ("etsy", "GET", f"{ETSY}/shops/7/parcels", {}, None, "is not described"),
        ("etsy", "DELETE", f"{ETSY}/shops/7/receipts", {}, None, "is not described"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts?colour=red", {}, None, "query parameter colour is not described"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts?limit=101", {}, None, "limit: $: 101 is greater"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts?limit=many", {}, None, "limit: 'many' is no whole number"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts?limit=1&limit=2", {}, None, "limit: given more than once"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts?sort_on=colour", {}, None, "sort_on: $: 'colour' is not one of"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts?was_paid=yes", {}, None, "was_paid: 'yes' is neither"),
        ("etsy", "GET", f"{ETSY}/shops/seven/receipts", {}, None, "shop_id: 'seven' is no whole number"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts", JSON, b"{}", "a body where none is described"),
        ("etsy", "GET", f"{ETSY}/listings/batch/inventory", {}, None, "query parameter listing_ids is missing"),
        ("etsy", "GET", f"{ETSY}/listings/batch/inventory?listing_ids=1&listing_ids=2", {}, None, "repeated"),
        ("etsy", "PUT", f"{ETSY}/listings/7/inventory", FORM, b"products=1", "content type application/x-www-form"),
        ("etsy", "PUT", f"{ETSY}/listings/7/inventory", JSON, {}, "'products' is a required property"),
        ("etsy", "PUT", f"{ETSY}/listings/7/inventory", JSON, INVENTORY | {"colour": 1}, "'colour' was unexpected"),
        ("etsy", "PATCH", f"{ETSY}/shops/7/listings/8", FORM, b"colour=red", "form field colour is not described"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts", {"x-api-key": "key"}, None, "lacks [['api_key']]"),
        ("etsy", "GET", f"{ETSY}/shops/7/receipts", {"authorization": ""}, None, "lacks [['oauth2']]"),
        ("naver", "GET", f"{LINES}/last-changed-statuses", {}, None, "lastChangedFrom is missing"),
        ("naver", "GET", f"{LINES}/last-changed-statuses?{FROM.replace('%2B', '+')}", {}, None, "not a 'date-time'"),
        ("naver", "GET", f"{LINES}/last-changed-statuses?{FROM}", {"authorization": "token"}, None, "bearerAuth"),
        ("naver", "POST", f"{LINES}/confirm", {}, None, "the body is missing"),
        ("naver", "POST", f"{LINES}/confirm", JSON, {"productOrderIds": [str(n) for n in range(31)]}, "is too long"),
        (
            "naver", "POST", f"{LINES}/dispatch", JSON,
            {"dispatchProductOrders": [PARCEL | {"deliveryCompanyCode": "PIGEON"}]}, "'PIGEON' is not one of",
        ),
        ("naver", "POST", f"{NAVER}/oauth2/token", FORM, b"type=SELF", "form field client_secret_sign is missing"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_found(
    channel: str, method: str, url: str, kind: dict[str, str], body: Any, found: str
) -> None:
    problems = _judge(channel, method, url, SIGNED[channel] | kind, body)
    assert len(problems) >= 1
    assert any(found in problem for problem in problems), problems


GATEWAY: Final = {
    "gncp-gw-trace-id": "t",
    "gncp-gw-httpclient-responsetime": "1",
    "gncp-gw-ratelimit-replenish-rate": "2",
    "gncp-gw-ratelimit-burst-capacity": "4",
    "gncp-gw-ratelimit-remaining": "3",
}
TOKEN: Final = {"access_token": "a", "expires_in": 10_800, "token_type": "Bearer"}


@pytest.mark.parametrize(
    ("channel", "operation", "status", "headers", "body", "found"),
    [
        ("etsy", "getMe", 200, JSON, {"user_id": 1, "shop_id": 2}, ""),
        ("etsy", "getMe", 429, JSON, {"error": "Exceeded per second rate limit"}, ""),
        ("etsy", "getMe", 418, JSON, {"error": "x"}, "status 418 is not described"),
        ("etsy", "getMe", 200, JSON, {"user_id": 1, "colour": 2}, "'colour' was unexpected"),
        ("etsy", "getMe", 200, JSON, {"user_id": "1", "shop_id": 2}, "'1' is not of type 'integer'"),
        ("etsy", "getMe", 200, JSON, {"user_id": 2**63, "shop_id": 2}, "is not a 'int64'"),
        ("etsy", "getMe", 404, JSON, {"message": "x"}, "'error' is a required property"),
        ("etsy", "getMe", 200, {"content-type": "text/html"}, b"<p>", "content type text/html"),
        ("etsy", "getMe", 200, JSON, b'{"user', "the body is not JSON"),
        ("naver", "issueToken", 200, JSON | GATEWAY, TOKEN, ""),
        ("naver", "issueToken", 200, JSON, TOKEN, "header GNCP-GW-Trace-ID is missing"),
        (
            "naver",
            "issueToken",
            200,
            JSON | GATEWAY | {"gncp-gw-ratelimit-remaining": "few"},
            TOKEN,
            "no whole number",
        ),
    ],
)
def test_answers_are_judged(
    channel: str, operation: str, status: int, headers: dict[str, str], body: Any, found: str
) -> None:
    content = json.dumps(body).encode() if isinstance(body, dict) else body
    answer = httpx2.Response(status, headers=headers, content=content)
    problems = oas.needed(channel).answer_problems(operation, answer)
    if found:
        assert any(found in problem for problem in problems), problems
    else:
        assert problems == []
