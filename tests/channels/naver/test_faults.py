"""The fault table: every official code, every kind of body, reads and writes told apart."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jangbu.channels.naver import CHANNEL
from jangbu.channels.naver.faults import faults, refusal_code
from jangbu.kernel.errors import (
    AddressNotAllowed,
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

READ, READ_ONE = "searchProducts", "getOriginProduct"
WRITE, WRITE_ONE = "multiUpdateProducts", "updateOptionStock"
ORDER_READ, ORDER_READ_ONE, ORDER_WRITE = "queryProductOrders", "listProductOrderIds", "dispatchProductOrders"


def fault(operation: str, status: int, body: Any = b"", headers: dict[str, str] | None = None) -> ChannelError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return faults(CHANNEL.operations[operation], status, headers or {}, raw)


def coded(operation: str, status: int, code: str, **headers: str) -> ChannelError:
    return fault(operation, status, {"code": code, "message": "-"}, headers)


GATEWAY = [
    ("GW.PROXY.01", 500, "naver.gateway"),
    ("GW.PROXY.02", 500, "naver.gateway"),
    ("GW.PROXY.03", 500, "naver.gateway"),
    ("GW.PROXY.04", 500, "naver.gateway"),
    ("GW.PROXY.05", 500, "naver.gateway"),
    ("GW.INTERNAL_SERVER_ERROR", 500, "naver.gateway"),
    ("GW.BLOCK.01", 503, "naver.circuit"),
    ("GW.BLOCK.02", 503, "naver.maintenance"),
    ("GW.TIMEOUT.01", 504, "naver.timeout"),
    ("GW.TIMEOUT.02", 504, "naver.timeout"),
    ("INTERNAL_SERVER_ERROR", 500, "naver.server_error"),
    ("", 502, "naver.gateway"),
    ("", 503, "naver.maintenance"),
    ("", 504, "naver.timeout"),
    ("", 599, "naver.server_error"),
]


@pytest.mark.parametrize(("remote_code", "status", "code"), GATEWAY)
def test_server_trouble_is_transient_for_reads_and_unknown_for_writes(remote_code: str, status: int, code: str) -> None:
    for operation, kind in ((READ, Transient), (ORDER_READ, Transient), (WRITE, OutcomeUnknown)):
        error = coded(operation, status, remote_code)
        assert (type(error), error.code) == (kind, code)
        assert (error.operation, error.status, error.remote_code) == (operation, status, remote_code)


ORDER_CODES = {
    "4000": "naver.bad_parameter",
    "104105": "naver.due_date_range",
    "104116": "naver.delivery_method",
    "104117": "naver.delivery_method",
    "104118": "naver.carrier_unknown",
    "104119": "naver.carrier_unknown",
    "104120": "naver.tracking_missing",
    "104121": "naver.tracking_used",
    "104122": "naver.tracking_invalid",
    "104131": "naver.duplicate_line",
    "104133": "naver.bad_parameter",
    "104138": "naver.hoped_date",
    "104417": "naver.exchange_state",
    "104441": "naver.hoped_date",
    "104442": "naver.line_state",
    "104443": "naver.place_order_state",
    "104444": "naver.hoped_date",
    "104445": "naver.hoped_date",
    "104446": "naver.hoped_date",
    "104449": "naver.hoped_date",
    "104450": "naver.hoped_date",
    "105306": "naver.already_done",
    "101009": "naver.order_not_yours",
    "100001": "naver.order_gone",
    "100003": "naver.order_gone",
    "777777": "naver.order_refused",
    "": "naver.order_refused",
}


@pytest.mark.parametrize(("remote_code", "code"), ORDER_CODES.items())
def test_every_order_code_is_a_refusal_with_a_cause_of_its_own(remote_code: str, code: str) -> None:
    for operation in (ORDER_READ, ORDER_WRITE):
        error = coded(operation, 400, remote_code)
        assert (type(error), error.code, error.remote_code) == (Rejected, code, remote_code)
    assert refusal_code(remote_code) == code


@pytest.mark.parametrize("remote_code", ["100001", "100003"])
@pytest.mark.parametrize("status", [400, 404])
def test_an_order_asked_for_alone_is_gone_when_it_is_not_found(remote_code: str, status: int) -> None:
    error = coded(ORDER_READ_ONE, status, remote_code)
    assert (type(error), error.code) == (Gone, "naver.order_gone")


def test_the_undefined_order_failure_is_tried_again_only_after_a_read() -> None:
    assert type(coded(ORDER_READ, 400, "9999")) is Transient
    assert type(coded(ORDER_WRITE, 400, "9999")) is OutcomeUnknown
    assert refusal_code("9999") == "naver.order_other"


def test_order_codes_mean_nothing_on_product_calls() -> None:
    assert coded(WRITE, 400, "104122").code == "naver.product_refused"


@pytest.mark.parametrize("operation", [READ, WRITE, WRITE_ONE, READ_ONE])
def test_a_refused_product_call_is_rejected(operation: str) -> None:
    error = coded(operation, 400, "BAD_REQUEST")
    assert (type(error), error.code) == (Rejected, "naver.product_refused")


def test_a_refused_seller_call_is_rejected() -> None:
    error = coded("getSellerAccount", 400, "GENERAL_ERROR")
    assert (type(error), error.code) == (Rejected, "naver.call_refused")


@pytest.mark.parametrize("code", ["GW.AUTHN", "UNAUTHORIZED", ""])
@pytest.mark.parametrize("operation", [READ, WRITE, ORDER_READ, ORDER_WRITE])
def test_a_401_asks_for_a_new_token(operation: str, code: str) -> None:
    error = coded(operation, 401, code)
    assert (type(error), error.code) == (TokenExpired, "naver.token_expired")


FORBIDDEN = [
    ("GW.IP_NOT_ALLOWED", AddressNotAllowed, "naver.address_not_allowed"),
    ("GW.AUTHZ", ScopeMissing, "naver.group_missing"),
    ("FORBIDDEN", ScopeMissing, "naver.group_missing"),
    ("ROLE_NOT_FOUND", ScopeMissing, "naver.group_missing"),
    ("PROVISION_NOT_FOUND", ScopeMissing, "naver.group_missing"),
    ("RESOURCE_NOT_AVAILABLE", ScopeMissing, "naver.group_missing"),
    ("INVALID_CHANNEL_STATUS", ReauthRequired, "naver.store_blocked"),
    ("INVALID_STORE_STATUS", ReauthRequired, "naver.store_blocked"),
    ("INVALID_REPRESENT_STATUS", ReauthRequired, "naver.store_blocked"),
    ("INVALID_MEMBER_STATUS", ReauthRequired, "naver.store_blocked"),
    ("INVALID_INTERLOCK_STATUS", ReauthRequired, "naver.store_blocked"),
    ("", ScopeMissing, "naver.group_missing"),
]


@pytest.mark.parametrize(("remote_code", "kind", "code"), FORBIDDEN)
@pytest.mark.parametrize("operation", [READ, WRITE])
def test_a_403_pauses_the_shop_with_its_cause(
    operation: str, remote_code: str, kind: type[ChannelError], code: str
) -> None:
    error = coded(operation, 403, remote_code)
    assert (type(error), error.code) == (kind, code)


@pytest.mark.parametrize("operation", [READ_ONE, WRITE_ONE, "changeProductStatus"])
def test_a_product_that_is_not_found_is_gone(operation: str) -> None:
    error = coded(operation, 404, "NOT_FOUND")
    assert (type(error), error.code) == (Gone, "naver.product_gone")


def test_a_call_about_many_products_takes_none_of_them_for_gone() -> None:
    assert type(coded(WRITE, 404, "NOT_FOUND")) is Rejected


@pytest.mark.parametrize(
    "remote_code",
    [
        "CHANNEL_NOT_FOUND",
        "STORE_NOT_FOUND",
        "REPRESENT_NOT_FOUND",
        "MEMBER_NOT_FOUND",
        "INTERLOCK_NOT_FOUND",
        "NOT_FOUND",
    ],
)
def test_a_store_that_is_not_found_needs_a_person(remote_code: str) -> None:
    error = coded("listSellerChannels", 404, remote_code)
    assert (type(error), error.code) == (ReauthRequired, "naver.store_not_found")


def test_a_path_the_gateway_does_not_know_was_not_forwarded() -> None:
    assert type(coded(READ_ONE, 404, "GW.NOT_FOUND")) is ContractBroken
    assert type(coded(WRITE_ONE, 404, "GW.NOT_FOUND")) is Rejected


@pytest.mark.parametrize("body", [b"<html>404 not here</html>", b"", b'{"code": "NOT_F', b"[1, 2]"])
def test_a_404_of_unknown_origin_takes_nothing_for_gone(body: bytes) -> None:
    assert type(fault(READ_ONE, 404, body)) is ContractBroken
    assert type(fault(WRITE_ONE, 404, body)) is OutcomeUnknown


@pytest.mark.parametrize("status", [308, 405, 406, 409, 415])
def test_a_misshapen_call_is_the_developers_matter(status: int) -> None:
    assert type(coded(READ, status, "PERMANENT_REDIRECT")) is ContractBroken
    assert type(coded(WRITE, status, "")) is Rejected
    assert coded(WRITE, status, "").code == "naver.call_refused"


@pytest.mark.parametrize("operation", [READ, WRITE, ORDER_WRITE, "issueToken"])
def test_a_429_is_throttled_and_says_how_long_when_told(operation: str) -> None:
    silent = coded(operation, 429, "GW.RATE_LIMIT")
    told = coded(operation, 429, "GW.RATE_LIMIT", **{"retry-after": "7"})
    assert isinstance(silent, Throttled)
    assert isinstance(told, Throttled)
    assert (silent.code, silent.retry_after_s, told.retry_after_s) == ("naver.rate_limited", 0.0, 7.0)


def test_a_retry_after_date_is_measured_against_the_answers_own_date() -> None:
    headers = {"retry-after": "Thu, 01 Oct 2026 01:00:30 GMT", "date": "Thu, 01 Oct 2026 01:00:10 GMT"}
    error = coded(READ, 429, "GW.RATE_LIMIT", **headers)
    assert isinstance(error, Throttled)
    assert error.retry_after_s == 20.0


@pytest.mark.parametrize("retry_after", ["soon", "-3", "Thu, 99 Oct", "²"])
def test_a_retry_after_that_cannot_be_read_is_not_said(retry_after: str) -> None:
    error = coded(READ, 429, "GW.RATE_LIMIT", **{"retry-after": retry_after})
    assert isinstance(error, Throttled)
    assert error.retry_after_s == 0.0


@pytest.mark.parametrize(("period", "wait_s"), [("HOURS", 3600.0), ("SECONDS", 1.0), ("ROUND", 0.0), ("", 0.0)])
def test_a_used_up_quota_waits_for_its_period(period: str, wait_s: float) -> None:
    error = coded(READ, 429, "GW.QUOTA_LIMIT", **{"gncp-gw-quota-period": period})
    assert isinstance(error, Throttled)
    assert (error.code, error.retry_after_s) == ("naver.quota", wait_s)


BODIES = [
    b"",
    b"<html><body>502 Bad Gateway</body></html>",
    b'{"code": "GW.PRO',
    b"null",
    b"[]",
    b"\xff\xfe",
    b"[" * 9000,
]
BY_STATUS = [
    (400, Rejected, Rejected),
    (401, TokenExpired, TokenExpired),
    (403, ScopeMissing, ScopeMissing),
    (404, ContractBroken, OutcomeUnknown),
    (409, ContractBroken, Rejected),
    (422, Rejected, Rejected),
    (429, Throttled, Throttled),
    (500, Transient, OutcomeUnknown),
    (503, Transient, OutcomeUnknown),
    (504, Transient, OutcomeUnknown),
]


@pytest.mark.parametrize("body", BODIES, ids=[str(body[:12]) for body in BODIES])
@pytest.mark.parametrize(("status", "read", "write"), BY_STATUS)
def test_a_body_that_tells_nothing_is_judged_by_its_status(
    status: int, read: type[ChannelError], write: type[ChannelError], body: bytes
) -> None:
    assert type(fault(READ, status, body)) is read
    assert type(fault(WRITE, status, body)) is write


def test_the_trace_id_is_kept_from_header_or_body() -> None:
    body = {"code": "GW.AUTHN", "traceId": "cr3^1790817330123^9000001"}
    assert fault(READ, 401, body).request_id == "cr3^1790817330123^9000001"
    assert fault(READ, 401, body, {"gncp-gw-trace-id": "cr3^2^2"}).request_id == "cr3^2^2"


def test_nothing_a_body_says_enters_an_error_but_its_code() -> None:
    body = {"code": "BAD_REQUEST", "message": "Buyer 17, 010-0000-0000", "data": {"name": "Buyer 17"}}
    error = fault(ORDER_WRITE, 400, body)
    shown = str(error) + repr(error) + repr(dict(error.facts)) + error.remote_code + error.request_id
    assert "Buyer" not in shown
    assert "010" not in shown


@pytest.mark.parametrize("told", ["Buyer 17, Seoul", "<b>", "x" * 61, "홍"])
def test_a_code_that_does_not_look_like_one_is_dropped(told: str) -> None:
    error = fault(READ, 400, {"code": told, "traceId": told * 2})
    assert (error.remote_code, error.request_id) == ("", "")


def test_a_code_sent_as_a_number_is_understood() -> None:
    assert fault(ORDER_WRITE, 400, {"code": 104122}).code == "naver.tracking_invalid"


@given(
    operation=st.sampled_from(sorted(CHANNEL.operations)),
    status=st.integers(300, 599),
    body=st.binary(max_size=60) | st.builds(lambda code: json.dumps({"code": code}).encode(), st.text(max_size=12)),
)
def test_any_failure_becomes_an_error_that_says_where(operation: str, status: int, body: bytes) -> None:
    error = faults(CHANNEL.operations[operation], status, {}, body)
    assert (error.operation, error.status) == (operation, status)
    assert error.code.startswith("naver.")
    if CHANNEL.operations[operation].write:
        assert not isinstance(error, ContractBroken)
