"""One pool of connections: sends a request and reads the whole answer within bounds. Judges nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

import httpx2

_ERROR_BODY_MAX = 1_000_000  # an error body is read this far: enough for any table of faults
_NEVER_LEFT: Final = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
_OK_FROM, _OK_BELOW = 200, 300


@dataclass(frozen=True)
class Bounds:
    """How long and how large one attempt may become, and how many there may be. Units: seconds, bytes."""

    total_s: float = 20.0
    connect_s: float = 5.0
    pool_s: float = 10.0
    body_max: int = 10_000_000
    connections_max: int = 20
    idle_s: float = 15.0  # shorter than servers keep idle connections, so that writes do not meet a dead one
    tries: int = 4


class NetworkFailure(Exception):  # noqa: N818 - the name is the outcome
    """No usable answer; `never_left` when the far side cannot have seen the request."""

    def __init__(self, code: str, words: str, *, never_left: bool = False) -> None:
        """Take a message code and words that hold nothing of the request."""
        super().__init__(words)
        self.code = code
        self.never_left = never_left


@dataclass(frozen=True)
class Answer:
    """What came back.

    `headers` have lower-case names, `body` is decompressed, `received_bytes` counts it as it came.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    received_bytes: int = 0
    too_large: bool = False

    @property
    def ok(self) -> bool:
        """Tell whether the far side calls it a success."""
        return _OK_FROM <= self.status < _OK_BELOW


class Network:
    """The connections of one shop through its own egress.

    It works on the library's transport itself: the client above it keeps cookies and writes whole addresses
    into the log.
    """

    def __init__(
        self,
        bounds: Bounds,
        *,
        ipv4_only: bool = False,
        proxy: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        """Open nothing yet. `transport` replaces the network; the environment's proxies are never used."""
        self._bounds = bounds
        self._ipv4_only = ipv4_only
        self._proxy = proxy
        self._given = transport
        self._transport = transport or self._open()
        waits = httpx2.Timeout(bounds.total_s, connect=bounds.connect_s, pool=bounds.pool_s)
        self._extensions = {"timeout": waits.as_dict()}

    async def send(self, request: httpx2.Request) -> Answer:
        """Send once. Errors: NetworkFailure; a cancellation passes through."""
        try:
            async with asyncio.timeout(self._bounds.total_s):
                return await self._exchange(request)
        except TimeoutError:
            raise NetworkFailure("channel.timeout", "no answer in time") from None
        except _NEVER_LEFT as error:
            raise NetworkFailure("channel.unreachable", _words(error), never_left=True) from None
        except httpx2.TimeoutException as error:
            raise NetworkFailure("channel.timeout", _words(error)) from None
        except httpx2.RequestError as error:
            raise NetworkFailure("channel.connection_broken", _words(error)) from None

    async def drop_connections(self) -> None:
        """Forget every connection; calls under way on them fail. A transport that was handed in stays."""
        if self._given is None:
            old, self._transport = self._transport, self._open()
            await old.aclose()

    async def aclose(self) -> None:
        """Close for good; a transport that was handed in is its owner's to close."""
        if self._given is None:
            await self._transport.aclose()

    async def _exchange(self, request: httpx2.Request) -> Answer:
        request.extensions = {**request.extensions, **self._extensions}
        response = await self._transport.handle_async_request(request)
        try:
            limit = self._bounds.body_max if response.is_success else _ERROR_BODY_MAX
            body, whole = await _read(response, limit)
        finally:
            await response.aclose()
        received = response.num_bytes_downloaded or len(body)
        return Answer(response.status_code, dict(response.headers), body, received, too_large=not whole)

    def _open(self) -> httpx2.AsyncBaseTransport:
        most = self._bounds.connections_max
        return httpx2.AsyncHTTPTransport(
            trust_env=False,
            limits=httpx2.Limits(
                max_connections=most, max_keepalive_connections=most, keepalive_expiry=self._bounds.idle_s
            ),
            proxy=self._proxy,
            local_address="0.0.0.0" if self._ipv4_only else None,  # noqa: S104 - calls leave from any IPv4 address
        )


async def _read(response: httpx2.Response, limit: int) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    async with aclosing(response.aiter_bytes()) as stream:
        async for part in stream:
            parts.append(part)
            size += len(part)
            if size > limit:
                return b"".join(parts)[:limit], False
    return b"".join(parts), True


def _words(error: Exception) -> str:
    """Name the kind only: the library's own words may hold an address with its query."""
    return type(error).__name__
