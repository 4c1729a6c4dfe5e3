"""The face of HTTP that adapters see: requests and answers as values. The network itself lives in `sdk.http`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from jangbu.sdk.decoding import decode_json
from jangbu.sdk.manifest import Priority


@dataclass(frozen=True)
class Upload:
    """One file part of a multipart body."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Request:
    """One call of an official operation.

    `path` fills the {names} of the operation's path. `query` values are sent as given; lists repeat the key.
    Exactly one of `form`, `json`, `files` (with `form`) matches the operation's encoding.
    `lowers_only`: repeating this write cannot raise a number, so it may be repeated at once.
    """

    operation: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str | int | list[str]] = field(default_factory=dict)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: Any = field(default=None, repr=False)
    files: Mapping[str, Upload] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    lowers_only: bool = False


@dataclass(frozen=True)
class Response:
    """One whole answer, already decompressed and within the size bound.

    `remote_at` is the Date header (UTC, whole seconds); None when absent or unreadable.
    """

    status: int
    headers: Mapping[str, str]  # lower-case names
    body: bytes = field(repr=False)
    operation: str
    remote_at: datetime | None
    elapsed_s: float

    def json(self) -> Any:  # noqa: ANN401 - a decoded document
        """Decode the body. Errors: ContractBroken when it is not JSON."""
        return decode_json(self.body, self.operation, self.status)


class Client(Protocol):
    """What an adapter is built around: sends requests within limits, signed, retried where that is safe.

    Errors (all ChannelError): the channel's faults table decides the class; on the network itself a read
    becomes Transient, a write OutcomeUnknown, a write that never left Transient.
    """

    async def send(self, request: Request) -> Response:
        """Send and give the 2xx answer."""

    def now(self) -> datetime:
        """Tell the hub's own time, UTC."""

    @property
    def options(self) -> Mapping[str, str]:
        """Give the shop's non-secret settings: remote_shop_id, look_back_days and the like."""


@dataclass(frozen=True)
class Order:
    """How the hub wants a client's calls treated: priority, cause, and a last check before the bytes of a write.

    `before_write` is awaited after the budget gave its slot and immediately before the bytes leave; raising
    there means nothing was sent. `leaving` is told, of reads too, that the slot is used and the bytes leave now.
    """

    priority: Priority = Priority.INTERACTIVE
    cause: str = ""
    before_write: Callable[[], Awaitable[None]] | None = None
    leaving: Callable[[], None] | None = None
