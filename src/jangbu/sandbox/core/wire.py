"""Owns the way of one call through an emulator: reading, faults, date, gzip, sending; no marketplace rules.

An emulator's desk is synchronous, so that what a call does to the shop happens at one moment.
"""

import asyncio
import gzip
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any, Final, Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope, Send

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.faults import ConnectionDropped, Fault, Faults
from jangbu.sandbox.core.pictures import picture_at
from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.core.traffic import Traffic

_NEVER_S: Final = 600.0
_GZIP_FROM: Final = 400
_AFTER_EFFECT: Final = {"error_after", "timeout_after", "reset_after", "truncated", "bad_json"}


@dataclass
class Call:
    """One request as it arrived. `as_of` is set when reads must answer from an older state."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: Mapping[str, str]
    body: bytes
    operation: str = "unknown"
    path_values: dict[str, str] = field(default_factory=dict)
    as_of: float | None = None

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True)
class Answer:
    """One response; `headers` without length, date and encoding, which the wire adds."""

    status: int
    body: bytes = b""
    media: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


class Desk(Protocol):
    """What a marketplace makes of a call."""

    def identify(self, call: Call) -> str:
        """The operation's official id (or a word of its own) and, in the call, its path values."""

    def handle(self, call: Call) -> Answer:
        """Does what the call asks, now and at once."""

    def refuse(self, kind: str, fault: Fault) -> Answer:
        """The marketplace's own words for `rate_limited`, `rate_limited_bare` and `error`."""

    def finish(self, call: Call, answer: Answer) -> Mapping[str, str]:
        """Headers that every answer carries."""


class Wire:
    """The ASGI app of one emulator."""

    def __init__(
        self, *, channel: str, desk: Desk, clock: Clock, faults: Faults, traffic: Traffic, settings: Settings
    ) -> None:
        self._channel = channel
        self._desk = desk
        self._clock = clock
        self._faults = faults
        self._traffic = traffic
        self._settings = settings
        self._late: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, or drops it as a fault demands."""
        if scope["type"] != "http":
            raise ConnectionDropped("only http is spoken here")
        call = await _read(scope, receive)
        if call.method == "GET" and (picture := picture_at(call.path)):
            await self._send(call, Answer(200, picture, "image/png"), None, send)  # no call of the API: never counted
            return
        call.operation = self._desk.identify(call)
        fault = self._faults.for_call(self._channel, call.operation)
        half_way_s = self._settings.number("latency_s") / 2
        try:
            if half_way_s:
                await self._clock.sleep(half_way_s)
            answer = await self._perform(call, fault)
            if half_way_s:
                await self._clock.sleep(half_way_s)
        except ConnectionDropped:
            self._traffic.note(call.operation, fault.kind if fault else "dropped", self._clock.now())
            raise
        self._traffic.note(call.operation, str(answer.status), self._clock.now())
        await self._send(call, answer, fault, send)

    async def _perform(self, call: Call, fault: Fault | None) -> Answer:
        if fault is None:
            return self._desk.handle(call)
        if fault.kind in _AFTER_EFFECT:
            return await self._spoil(fault, self._desk.handle(call))
        return await self._instead(call, fault)

    async def _instead(self, call: Call, fault: Fault) -> Answer:
        match fault.kind:
            case "slow":
                await self._clock.sleep(fault.number("delay_s", 5))
            case "stale_read":
                call.as_of = self._clock.now() - fault.number("age_s", 60)
            case "rate_limited" | "rate_limited_bare":
                return self._desk.refuse(fault.kind, fault)
            case "error_before":
                return self._desk.refuse("error", fault)
            case "html":
                return _page(int(fault.number("status", 502)))
            case "late":
                self._do_later(call, fault.number("delay_s", 20))
                await self._hang()
            case "timeout_before":
                await self._hang()
            case "reset_before":
                raise ConnectionDropped("reset before anything was done")
        return self._desk.handle(call)

    async def _spoil(self, fault: Fault, answer: Answer) -> Answer:
        match fault.kind:
            case "error_after":
                return self._desk.refuse("error", fault)
            case "timeout_after":
                await self._hang()
            case "reset_after":
                raise ConnectionDropped("reset after it was done")
            case "bad_json":
                broken = b'{"' + answer.body[: len(answer.body) // 2]
                return Answer(answer.status, broken, answer.media, answer.headers)
        return answer

    async def _hang(self) -> None:
        await self._clock.sleep(_NEVER_S)
        raise ConnectionDropped("never answered")

    def _do_later(self, call: Call, delay_s: float) -> None:
        task = asyncio.get_running_loop().create_task(self._land(call, delay_s))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _land(self, call: Call, delay_s: float) -> None:
        await self._clock.sleep(delay_s)
        self._desk.handle(call)

    async def _send(self, call: Call, answer: Answer, fault: Fault | None, send: Send) -> None:
        headers = {
            "content-type": answer.media,
            **answer.headers,
            **self._desk.finish(call, answer),
            "date": formatdate(self._clock.now(), usegmt=True),
        }
        body = answer.body
        if len(body) >= _GZIP_FROM and "gzip" in call.headers.get("accept-encoding", ""):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
        headers["content-length"] = str(len(body))
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": answer.status, "headers": raw})
        if fault is not None and fault.kind == "truncated":
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise ConnectionDropped("body cut in the middle")
        await send({"type": "http.response.body", "body": body, "more_body": False})


def json_answer(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:  # noqa: ANN401 -- any JSON
    """An answer with a JSON body."""
    return Answer(status, msgspec.json.encode(value), "application/json", headers or {})


async def _read(scope: Scope, receive: Receive) -> Call:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionDropped("the caller went away")
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return Call(
        method=scope["method"],
        path=scope["path"],
        query=parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]},
        body=bytes(body),
    )


def _page(status: int) -> Answer:
    body = b"<!doctype html><title>Service</title><p>Something went wrong."
    return Answer(status, body, "text/html; charset=utf-8")
