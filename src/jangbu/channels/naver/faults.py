"""Naver's failures as errors of ours: one table, pure. Owns no texts and no retries.

A read that fails is Transient, a write that fails is OutcomeUnknown unless the answer proves that nothing
was done. No sentence of Naver's and no part of a body enters an error: they may repeat what was sent.
Source: documentation 2.90.1, pages trouble-shooting, auth, restriction and the order error codes, read
October 2026.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, TypedDict

import msgspec

from jangbu.channels.naver.wire.access import ErrorBody
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
from jangbu.sdk.manifest import Operation

HOUR_S: Final = 3600.0


class _Where(TypedDict):
    operation: str
    status: int
    remote_code: str
    request_id: str


@dataclass(frozen=True)
class _Row:
    """What one remote code means: our code, and the class of error for a read and for a write."""

    code: str
    read: type[ChannelError] = Rejected
    write: type[ChannelError] = Rejected


_ORDER_ROWS: Final = {
    "4000": _Row("naver.bad_parameter"),
    "104133": _Row("naver.bad_parameter"),
    "9999": _Row("naver.order_other", Transient, OutcomeUnknown),
    "100001": _Row("naver.order_gone", Gone, Gone),
    "100003": _Row("naver.order_gone", Gone, Gone),
    "101009": _Row("naver.order_not_yours"),
    "104105": _Row("naver.due_date_range"),
    "104116": _Row("naver.delivery_method"),
    "104117": _Row("naver.delivery_method"),
    "104118": _Row("naver.carrier_unknown"),
    "104119": _Row("naver.carrier_unknown"),
    "104120": _Row("naver.tracking_missing"),
    "104121": _Row("naver.tracking_used"),
    "104122": _Row("naver.tracking_invalid"),
    "104131": _Row("naver.duplicate_line"),
    "104138": _Row("naver.hoped_date"),
    "104417": _Row("naver.exchange_state"),
    "104441": _Row("naver.hoped_date"),
    "104442": _Row("naver.line_state"),
    "104443": _Row("naver.place_order_state"),
    "104444": _Row("naver.hoped_date"),
    "104445": _Row("naver.hoped_date"),
    "104446": _Row("naver.hoped_date"),
    "104449": _Row("naver.hoped_date"),
    "104450": _Row("naver.hoped_date"),
    "105306": _Row("naver.already_done"),
}

_STORE_NOT_FOUND: Final = _Row("naver.store_not_found", ReauthRequired, ReauthRequired)
_MISSING_ROWS: Final = {
    "GW.NOT_FOUND": _Row("naver.path_unknown", ContractBroken, Rejected),
    "CHANNEL_NOT_FOUND": _STORE_NOT_FOUND,
    "STORE_NOT_FOUND": _STORE_NOT_FOUND,
    "REPRESENT_NOT_FOUND": _STORE_NOT_FOUND,
    "MEMBER_NOT_FOUND": _STORE_NOT_FOUND,
    "INTERLOCK_NOT_FOUND": _STORE_NOT_FOUND,
}

_STORE_BLOCKED: Final = _Row("naver.store_blocked", ReauthRequired, ReauthRequired)
_FORBIDDEN_ROWS: Final = {
    "GW.IP_NOT_ALLOWED": _Row("naver.address_not_allowed", AddressNotAllowed, AddressNotAllowed),
    "INVALID_CHANNEL_STATUS": _STORE_BLOCKED,
    "INVALID_STORE_STATUS": _STORE_BLOCKED,
    "INVALID_REPRESENT_STATUS": _STORE_BLOCKED,
    "INVALID_MEMBER_STATUS": _STORE_BLOCKED,
    "INVALID_INTERLOCK_STATUS": _STORE_BLOCKED,
}
_FORBIDDEN: Final = _Row("naver.group_missing", ScopeMissing, ScopeMissing)

_SERVER_CODES: Final = {
    "GW.BLOCK.01": "naver.circuit",
    "GW.BLOCK.02": "naver.maintenance",
    "GW.TIMEOUT.01": "naver.timeout",
    "GW.TIMEOUT.02": "naver.timeout",
    "GW.PROXY.01": "naver.gateway",
    "GW.PROXY.02": "naver.gateway",
    "GW.PROXY.03": "naver.gateway",
    "GW.PROXY.04": "naver.gateway",
    "GW.PROXY.05": "naver.gateway",
    "GW.INTERNAL_SERVER_ERROR": "naver.gateway",
}
_SERVER_CODES_BY_STATUS: Final = {502: "naver.gateway", 503: "naver.maintenance", 504: "naver.timeout"}

# The form fields of the token call that a 400 may blame, and what each means.
_TOKEN_FIELDS: Final = (
    ("client_secret_sign", "naver.secret_wrong"),
    ("client_id", "naver.client_id_wrong"),
    ("timestamp", "naver.clock_wrong"),
)

# Statuses that say the call itself is shaped wrongly or has moved: the sender's fault, nothing was done.
_MISSHAPEN: Final = frozenset({301, 302, 307, 308, 405, 406, 409, 415})


def refusal_code(remote_code: str) -> str:
    """Give our code for one refused product order."""
    row = _ORDER_ROWS.get(remote_code)
    return row.code if row else "naver.order_refused"


def faults(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> ChannelError:
    """Turn an answer outside 2xx into the error its caller must act on. `headers` have lower-case names."""
    told = _body(body)
    where = _Where(
        operation=operation.id,
        status=status,
        remote_code=plain_code(str(told.code or "")),
        request_id=plain_code(headers.get("gncp-gw-trace-id", "") or told.trace_id or "", 100),
    )
    return _fault(operation, told, headers, where)


def _fault(operation: Operation, told: ErrorBody, headers: Mapping[str, str], where: _Where) -> ChannelError:
    status = where["status"]
    if status == 429:  # noqa: PLR2004 - statuses are their own names
        return _throttled(headers, where)
    if status >= 500:  # noqa: PLR2004
        return _server_failed(where, is_write=operation.write)
    if where["operation"] == "issueToken" and status in {400, 401, 403}:
        return _token_refused(told, headers, where)
    if status == 401:  # noqa: PLR2004
        return TokenExpired(_sentence(where), code="naver.token_expired", **where)
    return _refused(operation, where)


def _throttled(headers: Mapping[str, str], where: _Where) -> Throttled:
    wait_s = _retry_after_s(headers)
    if where["remote_code"] != "GW.QUOTA_LIMIT":
        return Throttled(_sentence(where), retry_after_s=wait_s, code="naver.rate_limited", **where)
    period = headers.get("gncp-gw-quota-period", "").upper()
    wait_s = wait_s or {"HOURS": HOUR_S, "SECONDS": 1.0}.get(period, 0.0)
    code = "naver.token_quota" if where["operation"] == "issueToken" else "naver.quota"
    return Throttled(_sentence(where), retry_after_s=wait_s, code=code, **where)


def _server_failed(where: _Where, *, is_write: bool) -> ChannelError:
    by_status = _SERVER_CODES_BY_STATUS.get(where["status"], "naver.server_error")
    code = _SERVER_CODES.get(where["remote_code"], by_status)
    kind = OutcomeUnknown if is_write else Transient
    return kind(_sentence(where), code=code, **where)


def _token_refused(told: ErrorBody, headers: Mapping[str, str], where: _Where) -> ChannelError:
    if where["remote_code"] == "GW.IP_NOT_ALLOWED":
        return AddressNotAllowed(_sentence(where), code="naver.address_not_allowed", **where)
    if where["status"] in {401, 403}:
        return ReauthRequired(_sentence(where), code="naver.app_not_entitled", **where)
    facts: dict[str, int] = {}
    if (remote_at := _date(headers)) is not None:
        facts["remote_epoch_s"] = int(remote_at.timestamp())  # lets the caller tell a wrong clock
    return ReauthRequired(_sentence(where), code=_token_code(told), **where, **facts)


def _token_code(told: ErrorBody) -> str:
    blamed = [part for entry in told.invalid_inputs or () for part in (entry.name, entry.message)]
    text = " ".join(part for part in (*blamed, told.message) if part)
    for field, code in _TOKEN_FIELDS:
        if field in text:
            return code
    return "naver.token_refused"


def _refused(operation: Operation, where: _Where) -> ChannelError:
    row = _row(_group(operation), where["status"], where["remote_code"])
    kind = row.write if operation.write else row.read
    if kind is Gone and "{" not in operation.path:
        kind = Rejected  # a call about many does not say which of them is gone
    return kind(_sentence(where), code=row.code, **where)


def _row(group: str, status: int, remote_code: str) -> _Row:
    if status == 403:  # noqa: PLR2004
        return _FORBIDDEN_ROWS.get(remote_code, _FORBIDDEN)
    if status == 404:  # noqa: PLR2004
        return _missing_row(group, remote_code)
    if status in _MISSHAPEN or status < 400:  # noqa: PLR2004
        return _Row("naver.call_refused", ContractBroken, Rejected)
    return (_ORDER_ROWS.get(remote_code) if group == "order" else None) or _Row(f"naver.{group}_refused")


def _missing_row(group: str, remote_code: str) -> _Row:
    """Judge a 404. Without Naver's own code it may be anybody's page: nothing is taken for gone by it."""
    if remote_code == "NOT_FOUND":
        return _Row(f"naver.{group}_gone", Gone, Gone) if group != "call" else _STORE_NOT_FOUND
    row = _MISSING_ROWS.get(remote_code) or (_ORDER_ROWS.get(remote_code) if group == "order" else None)
    return row or _Row("naver.path_unknown", ContractBroken, OutcomeUnknown)


def _group(operation: Operation) -> str:
    """Name the family of an operation: product, order, or call for all others."""
    if "/pay-order/" in operation.path:
        return "order"
    return "product" if "/products" in operation.path else "call"


def _body(body: bytes) -> ErrorBody:
    """Read what an error body tells; an HTML page, half a document or another shape tells nothing."""
    try:
        return msgspec.convert(msgspec.json.decode(body), ErrorBody, strict=False)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ErrorBody()


def plain_code(text: str, length_max: int = 60) -> str:
    """Keep a code or trace id only while it looks like one, so that no buyer's words pass as one."""
    return text if len(text) <= length_max and re.fullmatch(r"[A-Za-z0-9._^:-]*", text) else ""


def _sentence(where: _Where) -> str:
    return f"{where['operation']} answered {where['status']} {where['remote_code']}".rstrip()


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """Read Retry-After, as seconds or as a moment measured against the answer's own Date; 0 = not said."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    until, now = _moment(text), _date(headers)
    return max(0.0, (until - now).total_seconds()) if until and now else 0.0


def _date(headers: Mapping[str, str]) -> datetime | None:
    return _moment(headers.get("date", ""))


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
