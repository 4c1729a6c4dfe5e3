"""What Etsy's refusals become, row by row."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jangbu.channels.etsy.faults import TABLE, faults
from jangbu.channels.etsy.operations import OPERATIONS
from jangbu.kernel.errors import (
    ChannelError,
    ContractBroken,
    Gone,
    OutcomeUnknown,
    ReauthRequired,
    Rejected,
    ScopeMissing,
    Throttled,
    TokenExpired,
    Transient,
)

READ, WRITE, SHIP, SWITCH = "getListing", "updateListingInventory", "createReceiptShipment", "updateListing"
HTML = b"<html><body>Bad gateway</body></html>"


def _oauth(error: str, description: str) -> dict[str, str]:
    return {"error": error, "error_description": description}


def _error(text: str) -> dict[str, str]:
    return {"error": text}


def _fault(operation: str, status: int, body: Any, **headers: str) -> ChannelError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return faults(OPERATIONS[operation], status, named, raw)


CASES: list[tuple[str, int, Any, type[ChannelError], str]] = [
    (READ, 429, _error("Exceeded daily rate limit"), Throttled, "daily_limit"),
    (READ, 429, _error("Exceeded per second rate limit"), Throttled, "second_limit"),
    (WRITE, 429, HTML, Throttled, "second_limit"),
    (READ, 500, _error("Server Error"), Transient, "server_error"),
    (READ, 502, HTML, Transient, "server_error"),
    (READ, 503, b"", Transient, "server_error"),
    (READ, 408, b"", Transient, "server_error"),
    ("token", 500, _error("Server Error"), Transient, "server_error"),
    (WRITE, 500, _error("Server Error"), OutcomeUnknown, "outcome_unknown"),
    (WRITE, 504, HTML, OutcomeUnknown, "outcome_unknown"),
    (SHIP, 503, b"", OutcomeUnknown, "outcome_unknown"),
    (SWITCH, 408, b"", OutcomeUnknown, "outcome_unknown"),
    (
        READ,
        403,
        _error("Shared secret is required in x-api-key header."),
        ReauthRequired,
        "secret_missing",
    ),
    (SHIP, 403, _error("Invalid shared secret"), ReauthRequired, "secret_wrong"),
    (READ, 401, _error("Invalid API key"), ReauthRequired, "key_unknown"),
    ("token", 401, _oauth("invalid_client", "unknown"), ReauthRequired, "key_unknown"),
    (
        "token",
        400,
        _oauth("invalid_grant", "refresh_token is revoked"),
        ReauthRequired,
        "refresh_refused",
    ),
    ("token", 400, _oauth("invalid_request", "something"), ReauthRequired, "token_refused"),
    ("redeemCode", 400, _oauth("invalid_grant", "code is expired"), ReauthRequired, "code_refused"),
    ("redeemCode", 400, _oauth("invalid_request", "something"), ReauthRequired, "consent_refused"),
    (
        WRITE,
        403,
        _oauth("insufficient_scope", "Insufficient scope"),
        ScopeMissing,
        "scope_missing",
    ),
    (READ, 401, _error("Insufficient scope"), ScopeMissing, "scope_missing"),
    (READ, 403, _error("User does not own Shop 41230987"), ReauthRequired, "other_shop"),
    (READ, 401, _error("access token has been revoked"), TokenExpired, "token_revoked"),
    (READ, 403, _error("access token has been revoked"), TokenExpired, "token_revoked"),
    (
        READ,
        401,
        _oauth("invalid_token", "access token is expired"),
        TokenExpired,
        "token_expired",
    ),
    (READ, 403, _oauth("invalid_token", "unknown"), TokenExpired, "token_expired"),
    (WRITE, 401, HTML, TokenExpired, "token_expired"),
    (READ, 403, HTML, Transient, "blocked"),
    (WRITE, 403, HTML, OutcomeUnknown, "outcome_unknown"),
    (READ, 404, HTML, ContractBroken, "not_etsy"),
    (WRITE, 404, HTML, OutcomeUnknown, "outcome_unknown"),
    (SHIP, 403, _error("Not available to this app"), Rejected, "shipment_closed"),
    (READ, 403, _error("Not allowed"), ScopeMissing, "forbidden"),
    (
        "getMe",
        404,
        _error("Could not find a shop for user with user_id = 1"),
        Rejected,
        "no_shop",
    ),
    ("getShopReceipts", 404, _error("Shop not found"), Rejected, "no_shop"),
    ("getShopReceipt", 404, _error("Could not find a Shop Receipt"), Gone, "order_gone"),
    (SHIP, 404, _error("Could not find a Shop Receipt"), Gone, "order_gone"),
    (READ, 404, _error("Resource not found"), Gone, "listing_gone"),
    (WRITE, 400, _error("One offering must have quantity greater than 0"), Rejected, "all_zero"),
    (
        WRITE,
        400,
        _error("There was a problem with /quantity : cannot be greater than 999"),
        Rejected,
        "number_out_of_range",
    ),
    (SHIP, 400, _error("A tracking number is required"), Rejected, "tracking_required"),
    (
        WRITE,
        400,
        _error("Could not update inventory with unsupported number of variations."),
        Rejected,
        "third_variation",
    ),
    (WRITE, 400, _error("must be above min price"), Rejected, "price_too_low"),
    (WRITE, 400, _error("Missing input parameter: [products]"), Rejected, "wrong_encoding"),
    (WRITE, 409, _error("Conflict"), Rejected, "conflict"),
    (
        SWITCH,
        400,
        [{"path": "/title/1", "type": "invalid_characters", "message": "contains"}],
        Rejected,
        "refused",
    ),
    (WRITE, 400, HTML, Rejected, "refused"),
    ("getListingInventory", 422, _error("Unprocessable"), Rejected, "refused"),
    (READ, 302, b"", ContractBroken, "unexpected_status"),
    (WRITE, 302, b"", OutcomeUnknown, "outcome_unknown"),
    (WRITE, 999, b"", OutcomeUnknown, "outcome_unknown"),
]


@pytest.mark.parametrize(("operation", "status", "body", "kind", "code"), CASES)
def test_each_refusal_has_its_class_and_code(
    operation: str, status: int, body: Any, kind: type[ChannelError], code: str
) -> None:
    fault = _fault(operation, status, body, x_etsy_request_uuid="abc-1")
    assert type(fault) is kind
    assert fault.code == f"etsy.{code}"
    assert (fault.operation, fault.status, fault.request_id) == (operation, status, "abc-1")


def test_every_row_of_the_table_is_reached_by_a_case() -> None:
    reached = {(f"etsy.{code}", kind) for *_, kind, code in CASES}
    assert {(row.code, row.error) for row in TABLE} == reached


@pytest.mark.parametrize(
    ("told", "wait_s"), [("1", 1.0), ("3600", 3600.0), (" 7 ", 7.0), ("soon", 0.0), ("", 0.0), ("-5", 0.0)]
)
def test_the_wait_etsy_asks_for_is_read(told: str, wait_s: float) -> None:
    fault = _fault(READ, 429, _error("Exceeded"), retry_after=told)
    assert isinstance(fault, Throttled)
    assert fault.retry_after_s == wait_s


def test_a_limit_without_a_wait_names_none() -> None:
    fault = _fault(READ, 429, b"")
    assert isinstance(fault, Throttled)
    assert fault.retry_after_s == 0.0


def test_etsys_words_are_kept_and_shortened() -> None:
    validation = [{"path": "/title/1", "type": "invalid_characters", "message": "contains invalid characters"}]
    assert _fault(SWITCH, 400, validation).remote_code == ("/title/1 invalid_characters contains invalid characters")
    assert len(_fault(WRITE, 400, _error("ab " * 500)).remote_code) == 120
    assert _fault(READ, 500, HTML).remote_code == ""


def test_words_that_look_like_a_secret_or_an_address_are_hidden() -> None:
    token = "812345670." + "x1Y2" * 8
    fault = _fault(READ, 400, _error(f"token {token} of buyer17@example.com is bad"))
    shown = f"{fault!r} {fault} {fault.remote_code} {dict(fault.facts)}"
    assert token not in shown
    assert "example.com" not in shown
    assert fault.remote_code == "token … of … is bad"


def test_a_missing_scope_is_named() -> None:
    fault = _fault(WRITE, 403, _error("insufficient_scope"))
    assert fault.facts["scope"] == "listings_w"


@pytest.mark.parametrize(
    "body", [b'{"error": {"deep": 1}}', b'{"error": 5}', b"[1, null]", b"null", b'"x"', b'{"error":"cut of']
)
def test_a_body_of_any_shape_gives_a_fault(body: bytes) -> None:
    assert isinstance(_fault(READ, 400, body), Rejected)
    assert isinstance(_fault(WRITE, 500, body), OutcomeUnknown)
