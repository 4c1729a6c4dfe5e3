"""Fetches a picture from an address a marketplace gave. Never from inside the seller's own network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from jangbu.sdk.http.network import Bounds, Network, NetworkFailure
from jangbu.sdk.http.wire import is_loopback

BYTES_MAX: Final = 8_000_000
_BOUNDS: Final = Bounds(total_s=15.0, body_max=BYTES_MAX, connections_max=4)


class PictureFetcher:
    """Gets pictures, one address after the other; follows no redirects, sends no credential."""

    def __init__(self, *, local: bool, transport: Any = None) -> None:  # noqa: ANN401 - httpx2's transport
        """With `local` pictures may lie on this machine: the marketplace is a practice one."""
        self._local, self._network = local, Network(_BOUNDS, transport=transport)

    async def get(self, address: str) -> bytes | None:
        """Give a picture's bytes; None when there is none, it is too large, or its address is not a public one."""
        if not await self._may_ask(address):
            return None
        try:
            answer = await self._network.send(httpx2.Request("GET", address, headers={"user-agent": "jangbu"}))
        except (NetworkFailure, httpx2.InvalidURL):
            return None
        return answer.body if answer.ok and not answer.too_large else None

    async def aclose(self) -> None:
        """Close its connections."""
        await self._network.aclose()

    async def _may_ask(self, address: str) -> bool:
        try:
            parts = urlsplit(address)
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            return False
        if not parts.hostname or parts.username is not None:
            return False
        if is_loopback(address):
            return self._local
        if parts.scheme != "https":
            return False
        found = await _addresses(parts.hostname, port)
        return bool(found) and all(ipaddress.ip_address(each).is_global for each in found)


async def _addresses(host: str, port: int) -> list[str]:
    """Give the addresses of a host; one that is written as an address is its own."""
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        pass
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return [str(each[4][0]) for each in found]
