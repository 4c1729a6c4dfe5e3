"""Signatures of deliveries and what they point at."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jangbu.channels.etsy.webhook import parse, verify
from jangbu.kernel.errors import InputError
from jangbu.sdk.records import WebhookHint

SECRET = "whsec_amFuZ2J1LWV0c3ktd2ViaG9vay10ZXN0LWtleS0wMDE="
ROTATED = "whsec_amFuZ2J1LWV0c3ktcm90YXRlZC1rZXktMDAwMDAwMDI="
BODY = (
    b'{"event_type":"order.paid","resource_url":'
    b'"https://api.etsy.com/v3/application/shops/41230987/receipts/3512009984","shop_id":41230987}'
)
ID = "msg_2zJANGBUtest0000000000001"
STAMP = "1789990050"
AT = datetime.fromtimestamp(1789990050, UTC)
GOOD = "Tci0PIzol62iVxFzYndh3FknYXrxQ+13lf2QYf6hnMg="
BOTH = f"v1,W/nWE3bgJfKZfG9CA5AWlKWuSg49ffdoYUbtGaO+qFc= v1,{GOOD}"
UNDECODED = "sxKAN66y0eI2LjQY5WbtKDH52Evek5ywtX4AGKvC9RI="
HEX = "53360098f1771d691a9f62310f29a01af4784cd340928adf30b4e95862727ff8"


def _headers(signature: str = GOOD, **changed: str) -> dict[str, str]:
    named = {"webhook-id": ID, "webhook-timestamp": STAMP, "webhook-signature": signature}
    return named | {name.replace("_", "-"): value for name, value in changed.items()}


def _refusal(body: bytes, headers: dict[str, str], secret: str = SECRET, now: datetime = AT) -> str:
    with pytest.raises(InputError) as raised:
        verify(body, headers, secret, now)
    assert secret == "" or secret not in f"{raised.value!r}"
    return raised.value.code


@pytest.mark.parametrize("signature", [GOOD, f"v1,{GOOD}", f"v1a,xyz v1,{GOOD}", f"nonsense {GOOD}", BOTH])
def test_both_forms_and_several_entries_verify(signature: str) -> None:
    assert verify(BODY, _headers(signature), SECRET, AT) == ID


def test_after_a_rotation_either_secret_verifies() -> None:
    assert verify(BODY, _headers(BOTH), ROTATED, AT) == ID


def test_header_names_may_have_any_case() -> None:
    headers = {name.title(): value for name, value in _headers().items()}
    assert verify(BODY, headers, SECRET, AT) == ID


@pytest.mark.parametrize(
    "signature", [UNDECODED, HEX, f"v1a,{GOOD}", f"v2,{GOOD}", GOOD[:-1], f"v1,,{GOOD}", "v1,", "é", ","]
)
def test_other_signatures_fail(signature: str) -> None:
    assert _refusal(BODY, _headers(signature)) == "etsy.webhook_signature"


def test_one_changed_thing_fails() -> None:
    respaced = BODY.replace(b'"shop_id":', b'"shop_id": ')
    assert _refusal(respaced, _headers()) == "etsy.webhook_signature"
    assert _refusal(json.dumps(json.loads(BODY)).encode(), _headers()) == "etsy.webhook_signature"
    assert _refusal(BODY, _headers(webhook_timestamp="1789990051")) == "etsy.webhook_signature"
    assert _refusal(BODY, _headers(webhook_id="msg_other")) == "etsy.webhook_signature"
    assert _refusal(BODY, _headers(), ROTATED) == "etsy.webhook_signature"


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_any_changed_byte_fails(place: int, change: int) -> None:
    body = bytearray(BODY)
    body[place] ^= change
    assert _refusal(bytes(body), _headers()) == "etsy.webhook_signature"


@pytest.mark.parametrize("late_s", [-300, 0, 300])
def test_within_five_minutes_it_verifies(late_s: int) -> None:
    assert verify(BODY, _headers(), SECRET, AT + timedelta(seconds=late_s)) == ID


@pytest.mark.parametrize("late_s", [-301, 301, 90_000])
def test_outside_five_minutes_it_fails(late_s: int) -> None:
    assert _refusal(BODY, _headers(), now=AT + timedelta(seconds=late_s)) == "etsy.webhook_time"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_or_empty_header_fails(name: str) -> None:
    without = {key: value for key, value in _headers().items() if key != name}
    assert _refusal(BODY, without) == "etsy.webhook_headers"
    assert _refusal(BODY, without | {name: ""}) == "etsy.webhook_headers"


@pytest.mark.parametrize("stamp", ["soon", "-1", "1.5", "٣", "9" * 5000])
def test_a_timestamp_that_is_none_fails(stamp: str) -> None:
    assert _refusal(BODY, _headers(webhook_timestamp=stamp)) == "etsy.webhook_headers"


@pytest.mark.parametrize("secret", ["", "whsec_", "  ", "whsec_not base64!", "whsec_é"])
def test_an_empty_or_damaged_secret_never_verifies(secret: str) -> None:
    signed = f"{ID}.{STAMP}.".encode() + BODY
    forged = base64.b64encode(hmac.new(b"", signed, hashlib.sha256).digest()).decode()
    assert _refusal(BODY, _headers(forged), secret) == "etsy.webhook_secret"


def _delivery(**more: Any) -> bytes:
    return json.dumps(json.loads(BODY) | more).encode()


@pytest.mark.parametrize("host", ["api.etsy.com", "openapi.etsy.com"])
@pytest.mark.parametrize("shop_id", [41230987, "41230987"])
def test_a_delivery_points_at_its_receipt(host: str, shop_id: object) -> None:
    address = f"https://{host}/v3/application/shops/41230987/receipts/3512009984"
    body = _delivery(resource_url=address, shop_id=shop_id)
    assert parse(body) == WebhookHint("order.paid", "41230987", "3512009984")


@pytest.mark.parametrize(
    "address",
    [
        "http://api.etsy.com/v3/application/shops/41230987/receipts/1",
        "https://api.etsy.com.example.com/v3/application/shops/41230987/receipts/1",
        "https://api.etsy.com@example.com/v3/application/shops/41230987/receipts/1",
        "https://user@api.etsy.com/v3/application/shops/41230987/receipts/1",
        "https://api.etsy.com:8443/v3/application/shops/41230987/receipts/1",
        "https://127.0.0.1/v3/application/shops/41230987/receipts/1",
        "https://api.etsy.com/v3/application/shops/999/receipts/1",
        "https://api.etsy.com/v3/application/shops/41230987/receipts/1/tracking",
        "https://api.etsy.com/v3/application/shops/41230987/receipts/../../7",
        "https://api.etsy.com/v3/application/shops/41230987/receipts/1?x=1",
        "https://api.etsy.com/v3/application/shops/41230987/receipts/1#x",
        "https://api.etsy.com/v3/application/shops/41230987/listings/1",
        "https://[bad/v3/application/shops/41230987/receipts/1",
        "",
        None,
        7,
    ],
)
def test_a_delivery_that_points_elsewhere_names_no_order_but_is_kept(address: object) -> None:
    assert parse(_delivery(resource_url=address)) == WebhookHint("order.paid", "41230987", "")


def test_an_unknown_event_is_kept() -> None:
    body = b'{"event_type":"inventory.out_of_stock","shop_id":41230987,"new":[1]}'
    assert parse(body) == WebhookHint("inventory.out_of_stock", "41230987", "")


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"7", b'{"event_type":5,"shop_id":true}', b'{"shop_id":"x"}', b"{}"]
)
def test_a_body_of_another_shape_is_kept_as_an_empty_hint(body: bytes) -> None:
    assert parse(body) == WebhookHint("", "", "")
