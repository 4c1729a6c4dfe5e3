"""Keeps every request to a world's marketplaces and every answer, as they were on the wire. Changes neither."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import httpx2
from tests.support.oas import Description
from tests.support.town import Town

from jangbu.sandbox.core.inprocess import InProcessTransport
from jangbu.sandbox.core.world import World

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


class Recording(InProcessTransport):
    """The way to a world's marketplaces, with everything on it kept."""

    def __init__(self, world: World) -> None:
        """Reach the marketplaces where they say they are."""
        super().__init__({f"127.0.0.1:{port}": world.emulators[name].app for name, port in world.ports.items()})
        self._channels = {port: name for name, port in world.ports.items()}
        self.exchanges: list[Exchange] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.startswith("/pictures/"):  # no call of the interface: a picture, as any browser asks for it
            assert not {"authorization", "x-api-key", "cookie"} & set(request.headers)
            return await super().handle_async_request(request)
        at = asyncio.get_running_loop().time()
        channel = self._channels[request.url.port or 0]
        sent = httpx2.Request(request.method, request.url, headers=request.headers, content=await request.aread())
        try:
            answer = await super().handle_async_request(request)
        except BaseException as error:
            self.exchanges.append(Exchange(channel, at, sent, None, type(error).__name__))
            raise
        await answer.aread()
        self.exchanges.append(Exchange(channel, at, sent, answer))
        return answer

    def unseen(self) -> InProcessTransport:
        """Give a way to the same marketplaces on which nothing is kept: for what is not the hub's doing."""
        return InProcessTransport(self._apps)

    def of(self, channel: str) -> list[Exchange]:
        """Give what passed to and from one channel."""
        return [each for each in self.exchanges if each.channel == channel]


def record(town: Town) -> Recording:
    """Have everything a town's hub sends pass through a recording from now on."""
    recording = Recording(town.world)
    town.transport = town.house.transport = recording
    return recording


def disagreements(description: Description, exchanges: list[Exchange]) -> Iterator[str]:
    """Say what in these exchanges the description does not allow, but for answers that a fault has spoilt."""
    for each in exchanges:
        yield from description.request_problems(each.request)
        found = description.find(each.request)
        if found is not None and each.answer is not None and not each.spoilt:
            yield from description.answer_problems(found.id, each.answer)
