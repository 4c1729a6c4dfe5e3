"""Verifies Etsy's webhooks and reads what they point at. Pure; owns no storage and fetches nothing.

Source: Etsy's webhooks page, copy of 2026: Standard Webhooks headers. The page compares bare base64, the
usual form of that scheme is `v1,<base64>`; both are taken.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

import msgspec

from jangbu.kernel.errors import InputError
from jangbu.sdk.records import WebhookHint

_WINDOW_S: Final = 300
_HOSTS: Final = frozenset({"api.etsy.com", "openapi.etsy.com"})
_THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_RECEIPT: Final = re.compile(r"/v3/application/shops/([0-9]+)/receipts/([0-9]+)")


def verify(body: bytes, headers: Mapping[str, str], secret: str, now: datetime) -> str:
    """Check a delivery's signature over its raw bytes and give its id, the same at every repeat.

    Errors: InputError, saying what failed but not by how much.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    delivery = lowered.get("webhook-id", "")
    sent_at = lowered.get("webhook-timestamp", "")
    signatures = lowered.get("webhook-signature", "")
    if not (delivery and signatures and _SECONDS.fullmatch(sent_at)):
        raise InputError("a signature header is missing or malformed", code="etsy.webhook_headers")
    key = _key(secret)
    if abs(now.timestamp() - int(sent_at)) > _WINDOW_S:
        raise InputError("the delivery is too old or from the future", code="etsy.webhook_time")
    signed = f"{delivery}.{sent_at}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    matches = [hmac.compare_digest(expected, entry) for entry in _entries(signatures)]
    if not any(matches):
        raise InputError("the signature does not fit", code="etsy.webhook_signature")
    return delivery


def parse(body: bytes) -> WebhookHint:
    """Read what a verified delivery points at; what is unknown or points elsewhere names no order."""
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        document = None
    if not isinstance(document, dict):
        return WebhookHint("", "", "")
    shop = _digits(document.get("shop_id"))
    event, address = document.get("event_type"), document.get("resource_url")
    return WebhookHint(
        event=event if isinstance(event, str) else "",
        remote_shop_id=shop,
        order_id=_receipt(address, shop) if isinstance(address, str) else "",
    )


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        raise InputError("the endpoint's secret is empty or not base64", code="etsy.webhook_secret")
    return key


def _entries(signatures: str) -> list[bytes]:
    """Give the signatures offered: bare ones and those of version 1; other versions are passed over."""
    entries = []
    for item in signatures.split():
        version, comma, value = item.partition(",")
        if not comma:
            entries.append(version.encode(errors="replace"))
        elif version == "v1":
            entries.append(value.encode(errors="replace"))
    return entries


def _receipt(address: str, shop: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    official = parts.scheme == "https" and parts.netloc in _HOSTS
    practice = parts.scheme == "http" and parts.hostname in _THIS_MACHINE  # a marketplace played on this machine
    if not (official or practice) or parts.query or parts.fragment:
        return ""
    match = _RECEIPT.fullmatch(parts.path)
    return match[2] if match and match[1] == shop else ""


def _digits(value: object) -> str:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() else ""
