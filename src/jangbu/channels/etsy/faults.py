"""What Etsy's refusals mean: one table, first fitting row. Pure; owns no texts.

Etsy has no error codes, only sentences, so a row may ask for words in them. Bodies come as an object with
`error`, the same with `error_description`, a list of validation faults, or a page of the edge servers.
Source: specs/etsy.oas.json; Etsy's pages on authentication and rate limits; sentences reported by developers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

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
from jangbu.sdk.manifest import Operation

_CODE_LENGTH: Final = 120
_HIDDEN: Final = re.compile(r"\S*@\S*|[\w.\-+/=~]{24,}")  # addresses; anything long enough to be a token


@dataclass(frozen=True)
class Row:
    """One line of the table. What is left out fits everything."""

    code: str
    error: type[ChannelError]
    statuses: frozenset[int]
    says: tuple[str, ...] = ()  # any of these, in lower case
    operations: frozenset[str] = frozenset()
    writes: bool | None = None
    page: bool | None = None  # the body is not Etsy's JSON


@dataclass(frozen=True)
class _Told:
    words: str
    page: bool


def _row(
    code: str,
    error: type[ChannelError],
    statuses: int | range | tuple[int, ...],
    *says: str,
    operations: tuple[str, ...] = (),
    writes: bool | None = None,
    page: bool | None = None,
) -> Row:
    wanted = (statuses,) if isinstance(statuses, int) else statuses
    return Row(f"etsy.{code}", error, frozenset(wanted), says, frozenset(operations), writes, page)


_REFUSED: Final = range(400, 500)
_AUTH: Final = (400, 401, 403)
_FAILED: Final = (408, *range(500, 600))
_ANY: Final = range(1000)
_TOKEN: Final = ("token",)
_CODE: Final = ("redeemCode",)
_OF_SHOP: Final = ("getMe", "getShop", "getShopSections", "getListingsByShop", "getShopReceipts")
_OF_ORDER: Final = ("getShopReceipt", "createReceiptShipment")

TABLE: Final = (
    _row("daily_limit", Throttled, 429, "daily", "per day"),
    _row("second_limit", Throttled, 429),
    # A failing token endpoint was seen to answer the same request the next time: see operations.
    _row("server_error", Transient, _FAILED, writes=False),
    _row("outcome_unknown", OutcomeUnknown, _FAILED, writes=True),
    # What only a person can repair comes before what a new token repairs.
    _row("secret_missing", ReauthRequired, _AUTH, "shared secret is required"),
    _row("secret_wrong", ReauthRequired, _AUTH, "shared secret"),
    _row("key_unknown", ReauthRequired, _AUTH, "api key", "invalid_client", "unauthorized_client"),
    _row("refresh_refused", ReauthRequired, _REFUSED, "invalid_grant", operations=_TOKEN),
    _row("code_refused", ReauthRequired, _REFUSED, "invalid_grant", operations=_CODE),
    _row("consent_refused", ReauthRequired, _REFUSED, operations=_CODE, page=False),
    _row("token_refused", ReauthRequired, _REFUSED, operations=_TOKEN, page=False),
    _row("scope_missing", ScopeMissing, (401, 403), "insufficient_scope", "insufficient scope"),
    _row("other_shop", ReauthRequired, 403, "does not own"),
    _row("token_revoked", TokenExpired, (401, 403), "revoked"),
    _row("token_expired", TokenExpired, 401),
    _row("token_expired", TokenExpired, 403, "invalid_token"),
    # A page instead of Etsy's own words: something in front of Etsy answered.
    _row("blocked", Transient, 403, writes=False, page=True),
    _row("not_etsy", ContractBroken, 404, writes=False, page=True),
    _row("outcome_unknown", OutcomeUnknown, (403, 404), writes=True, page=True),
    _row("shipment_closed", Rejected, 403, operations=("createReceiptShipment",)),
    _row("forbidden", ScopeMissing, 403),
    _row("no_shop", Rejected, 404, operations=_OF_SHOP),
    _row("order_gone", Gone, 404, operations=_OF_ORDER),
    _row("listing_gone", Gone, 404),
    _row("all_zero", Rejected, 400, "quantity greater than 0"),
    _row("number_out_of_range", Rejected, 400, "greater than 999"),
    _row("tracking_required", Rejected, 400, "tracking number is required"),
    _row("third_variation", Rejected, 400, "number of variations"),
    _row("price_too_low", Rejected, 400, "min price"),
    _row("wrong_encoding", Rejected, 400, "missing input parameter"),
    _row("conflict", Rejected, 409),
    _row("refused", Rejected, _REFUSED),
    _row("unexpected_status", ContractBroken, _ANY, writes=False),
    _row("outcome_unknown", OutcomeUnknown, _ANY, writes=True),
)


def faults(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> ChannelError:
    """Give the error an answer outside 2xx stands for. Shape: header names in lower case."""
    told = _told(body)
    row = next(row for row in TABLE if _fits(row, operation, status, told))  # the last two rows fit anything
    context: dict[str, Any] = {
        "code": row.code,
        "operation": operation.id,
        "status": status,
        "remote_code": _code(told.words),
        "request_id": headers.get("x-etsy-request-uuid", ""),
    }
    sentence = f"Etsy answered {operation.id} with {status}"
    if issubclass(row.error, Throttled):
        return row.error(sentence, retry_after_s=_retry_after_s(headers), **context)
    if issubclass(row.error, ScopeMissing):
        return row.error(sentence, scope=operation.scope, **context)
    return row.error(sentence, **context)


def _fits(row: Row, operation: Operation, status: int, told: _Told) -> bool:
    words = told.words.lower()
    return (
        status in row.statuses
        and (not row.operations or operation.id in row.operations)
        and row.writes in (None, operation.write)
        and row.page in (None, told.page)
        and (not row.says or any(say in words for say in row.says))
    )


def _told(body: bytes) -> _Told:
    """Read Etsy's words for a fault from any of its shapes; an edge server's page has none."""
    try:
        document = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return _Told("", page=True)
    if isinstance(document, dict) and isinstance(document.get("error"), str):
        detail = document.get("error_description")
        words = document["error"] + (f": {detail}" if isinstance(detail, str) else "")
        return _Told(words, page=False)
    if isinstance(document, list):
        return _Told("; ".join(_validation(each) for each in document if isinstance(each, dict)), page=False)
    return _Told("", page=True)


def _validation(fault: Mapping[str, Any]) -> str:
    parts = [fault.get("path"), fault.get("type"), fault.get("message")]
    return " ".join(part for part in parts if isinstance(part, str))


def _code(words: str) -> str:
    """Shorten Etsy's words to what may be shown: nothing like a token or an e-mail address."""
    line = " ".join(_HIDDEN.sub("…", words).split())
    return line if len(line) <= _CODE_LENGTH else line[: _CODE_LENGTH - 1] + "…"


def _retry_after_s(headers: Mapping[str, str]) -> float:
    told = headers.get("retry-after", "").strip()
    return float(told) if told.isascii() and told.isdigit() else 0.0
