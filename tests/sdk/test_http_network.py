"""Real connections on loopback: kept, dropped, refused, cut; and the way out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from tests.sdk.samples import manifest

from jangbu.kernel.clock import LoopClock
from jangbu.sdk.budget import MemoryBudget
from jangbu.sdk.http import HTTPClient
from jangbu.sdk.http.network import Bounds, Network, NetworkFailure

FINE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CUT = b"HTTP/1.1 200 OK\r\ncontent-length: 200\r\n\r\n{"


@dataclass
class Server:
    """Answers every request with the same bytes and counts connections."""

    reply: bytes
    port: int = 0
    connections: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/x"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.heard.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(self.reply)
                await writer.drain()
                if self.reply is CUT:
                    break
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def server(reply: bytes = FINE) -> AsyncIterator[Server]:
    made = Server(reply)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        listening.close()


@asynccontextmanager
async def network(**options: object) -> AsyncIterator[Network]:
    made = Network(Bounds(), **options)  # type: ignore[arg-type]  # passed through
    try:
        yield made
    finally:
        await made.aclose()


async def test_connections_are_kept_and_can_be_dropped() -> None:
    async with server() as far, network() as near:
        for _ in range(3):
            assert (await near.send(httpx2.Request("GET", far.url))).body == b"{}"
        assert far.connections == 1
        await near.drop_connections()
        await near.send(httpx2.Request("GET", far.url))
        assert far.connections == 2


async def test_a_refused_connection_never_left() -> None:
    async with server() as far:
        pass
    async with network() as near:
        with pytest.raises(NetworkFailure) as failure:
            await near.send(httpx2.Request("PUT", far.url))
    assert (failure.value.code, failure.value.never_left) == ("channel.unreachable", True)


async def test_a_cut_off_answer_is_a_broken_exchange() -> None:
    async with server(CUT) as far, network() as near:
        with pytest.raises(NetworkFailure) as failure:
            await near.send(httpx2.Request("PUT", far.url))
    assert (failure.value.code, failure.value.never_left) == ("channel.connection_broken", False)


@pytest.mark.parametrize(
    ("base_url", "forced", "bound_to"),
    [
        ("https://api.sample.example", True, "0.0.0.0"),  # noqa: S104 - the address to expect
        ("https://api.sample.example", False, None),
        ("http://127.0.0.1:9102", True, None),
    ],
)
async def test_a_channel_can_ask_for_ipv4(base_url: str, bound_to: str | None, *, forced: bool) -> None:
    clock = LoopClock()
    http = HTTPClient(
        manifest(force_ipv4=forced),
        base_url=base_url,
        shop_key="shop-1",
        budget=MemoryBudget(clock),
        clock=clock,
    )
    transport: Any = http._network._transport
    assert transport._pool._local_address == bound_to
    await http.aclose()


async def test_a_shops_own_way_out_is_used_and_the_environments_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with server() as proxy, server() as far:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{proxy.port}")
        async with network() as direct:
            await direct.send(httpx2.Request("GET", far.url))
        assert proxy.connections == 0
        async with network(proxy=f"http://127.0.0.1:{proxy.port}") as around:
            await around.send(httpx2.Request("GET", far.url))
        assert proxy.heard[0].startswith(f"GET {far.url} ".encode())
