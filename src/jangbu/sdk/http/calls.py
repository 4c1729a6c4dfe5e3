"""What is kept of each call. Owns no store, and never holds a header, a body or an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jangbu.sdk.manifest import LimitNews, Priority

_REQUEST_IDS: Final = ("x-etsy-request-uuid", "gncp-gw-trace-id", "x-amzn-requestid", "x-request-id")


@dataclass(frozen=True)
class CallRecord:
    """One attempt of one call, safe to keep and to show.

    `status` 0: no answer came. `error_code` "" is success, "cancelled" our own giving up. `attempt` counts
    from 1 in one `send`. `quota_left` is what the answer said remains of a long window.
    Units: seconds, bytes.
    """

    shop_key: str
    channel: str
    operation: str
    write: bool
    priority: Priority
    cause: str
    status: int
    error_code: str
    remote_code: str
    request_id: str
    started_at: datetime
    elapsed_s: float
    sent_bytes: int
    received_bytes: int
    attempt: int
    quota_left: int | None


def request_id(headers: Mapping[str, str]) -> str:
    """Find the marketplace's own id of this call, by which its support finds it again."""
    return next((headers[name] for name in _REQUEST_IDS if name in headers), "")


def quota_left(news: Iterable[LimitNews]) -> int | None:
    """Find what an answer said is left of a long window."""
    return next((each.quota_remaining for each in news if each.quota_remaining is not None), None)
