"""Keeps every request and answer that passes a transport, as they were on the wire. Changes nothing on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import httpx2

from tests.support.oas import Description
from tests.support.town import Town

_SPOILT_JSON: Final = b'{"{'  # how the sandbox's fault `bad_json` begins, and no JSON of its own


@dataclass(frozen=True)
class Exchange:
    """One request as it left and what came back: an answer, or the name of what the caller met instead.

    Units: `at` is the loop's time in seconds.
    """

    channel: str
    at: float
    request: httpx2.Request
    answer: httpx2.Response | None
    failure: str = ""

    @property
    def spoilt(self) -> str:
        """Name the injected fault that put something else in the place of the marketplace's own answer."""
        if self.answer is None:
            return self.failure
        if self.answer.headers.get("content-type", "").startswith("text/html"):
            return "html"
        return "bad_json" if self.answer.content.startswith(_SPOILT_JSON) else ""


class Recording(httpx2.AsyncBaseTransport):
    """A transport around another one. `ports` tells which channel listens where."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, ports: Mapping[str, int]) -> None:
        self._inner = inner
        self._channels = {port: name for name, port in ports.items()}
        self.exchanges: list[Exchange] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        at = asyncio.get_running_loop().time()
        channel = self._channels[request.url.port or 0]
        sent = httpx2.Request(request.method, request.url, headers=request.headers, content=await request.aread())
        try:
            answer = await self._inner.handle_async_request(request)
            await answer.aread()
        except BaseException as error:
            self.exchanges.append(Exchange(channel, at, sent, None, type(error).__name__))
            raise
        self.exchanges.append(Exchange(channel, at, sent, answer))
        return answer

    async def aclose(self) -> None:
        await self._inner.aclose()

    def of(self, channel: str) -> list[Exchange]:
        """Give what passed to and from one channel."""
        return [each for each in self.exchanges if each.channel == channel]


def record(town: Town) -> Recording:
    """Have everything a town's hub sends pass through a recording from now on."""
    recording = Recording(town.transport, town.world.ports)
    town.transport = town.house.transport = recording
    return recording


def disagreements(description: Description, exchanges: list[Exchange]) -> Iterator[str]:
    """Say what in these exchanges the description does not allow, but for answers that a fault has spoilt."""
    for each in exchanges:
        yield from description.request_problems(each.request)
        found = description.find(each.request)
        if found is not None and each.answer is not None and not each.spoilt:
            yield from description.answer_problems(found.id, each.answer)
