"""A house, its web application, and a browser of this machine without a browser."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette
from tests.app.web.filled import FixedClock, open_empty

from jangbu.app.bootstrap import House
from jangbu.app.web import create_app

LOCAL_TOKEN = "sample-local-token"
PAGE_TOKEN = "sample-page-key"
ADDRESS = "http://127.0.0.1:9700"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def house(tmp_path: Path, clock: FixedClock) -> Iterator[House]:
    opened = open_empty(tmp_path, clock=clock)
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
def app(house: House) -> Starlette:
    return create_app(house, None, local_token=LOCAL_TOKEN, page_token=PAGE_TOKEN)


def browser_of(
    app: Starlette, *, address: str = ADDRESS, client: str = "127.0.0.1", raises: bool = True
) -> httpx2.AsyncClient:
    """Give a client that comes from `client` and asks for `address`."""
    transport = httpx2.ASGITransport(app, raise_app_exceptions=raises, client=(client, 50_000))
    return httpx2.AsyncClient(transport=transport, base_url=address)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with browser_of(app) as opened:
        yield opened


@pytest.fixture
async def guest(client: httpx2.AsyncClient) -> httpx2.AsyncClient:
    """Give a client that came through the one-time link."""
    await client.get(f"/enter?key={PAGE_TOKEN}")
    return client
