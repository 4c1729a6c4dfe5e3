"""A small made-up channel and its far side, for tests of the client and the budget."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import httpx2
from tests.support.vtime import virtual_clock

from jangbu.kernel.errors import (
    ChannelError,
    OutcomeUnknown,
    Rejected,
    Throttled,
    TokenExpired,
    Transient,
)
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant
from jangbu.sdk.budget import Budget, MemoryBudget
from jangbu.sdk.client import Client, Request
from jangbu.sdk.http import CallRecord, HTTPClient
from jangbu.sdk.manifest import (
    Assumptions,
    Encoding,
    Limit,
    LimitNews,
    Manifest,
    Operation,
    Scope,
)
from jangbu.sdk.tokens import MemoryTokens

RATE = Limit("rate", Scope.APP, rate=10.0)
DAY = Limit("day", Scope.APP, quota=10_000, window_s=86_400.0)
BASE = "https://api.sample.example"

OPERATIONS = {
    operation.id: operation
    for operation in (
        Operation("getThing", "GET", "/v1/things/{thing_id}"),
        Operation("putNumber", "PUT", "/v1/things/{thing_id}/number", Encoding.JSON, write=True),
        Operation("postForm", "POST", "/v1/forms", Encoding.FORM, write=True),
        Operation("postImage", "POST", "/v1/images", Encoding.MULTIPART, write=True),
        Operation("renewToken", "POST", "/v1/token", Encoding.FORM, authorised=False),
    )
}
READ = Request("getThing", path={"thing_id": "1"})
WRITE = Request("putNumber", path={"thing_id": "1"}, json={"number": 3})


def faults(operation: Operation, status: int, headers: Mapping[str, str], body: bytes) -> ChannelError:
    """Judge as a channel's table would."""
    if status == 401:
        return TokenExpired("expired")
    if status == 429:
        return Throttled("slow down", retry_after_s=float(headers.get("retry-after", "0")))
    if status >= 500:
        return (OutcomeUnknown if operation.write else Transient)(f"{status}", remote_code=body.decode()[:20])
    return Rejected("no", code="sample.refused", remote_code="E7")


def learn(headers: Mapping[str, str]) -> tuple[LimitNews, ...]:
    """Read the limit headers of the sample channel."""
    news = []
    if "x-rate" in headers:
        news.append(LimitNews("rate", rate=float(headers["x-rate"])))
    if "x-day-left" in headers:
        news.append(LimitNews("day", quota_remaining=int(headers["x-day-left"])))
    return tuple(news)


class SampleAuth:
    """Bearer tokens that a form post renews."""

    def headers(self, grant: Grant) -> dict[str, str]:
        return {"authorization": f"Bearer {grant.access_token.reveal()}"}

    def app_key(self, fields: Mapping[str, str]) -> str:
        return fields["app"]

    def needs_renewal(self, grant: Grant, now: datetime) -> bool:
        return grant.expires_at is not None and grant.expires_at - now < timedelta(minutes=5)

    async def renew(self, client: object, grant: Grant, now: datetime) -> Grant:
        request = Request("renewToken", form={"old": grant.fields["refresh"]})
        answer = await cast("Client", client).send(request)
        token = answer.json()
        return replace(
            grant,
            fields={**grant.fields, "refresh": token["refresh"]},
            access_token=Secret(token["access"]),
            expires_at=now + timedelta(hours=1),
        )


def manifest(limits: Sequence[Limit] = (RATE,), **changes: Any) -> Manifest:
    """Declare the sample channel."""
    plain = Manifest(
        id="sample",
        title="Sample",
        api_url=BASE,
        auth_url=BASE,
        credentials=(),
        operations=OPERATIONS,
        limits=tuple(limits),
        learn=learn,
        assumptions=Assumptions(60.0, 5.0, "begun_after", "echo"),
        line_effects={},
        write_kinds={},
        number_max=999,
        adapter=lambda client: client,
        auth=SampleAuth,
        faults=faults,
    )
    return replace(plain, **changes)


Reply = httpx2.Response | Exception | Callable[[httpx2.Request], Awaitable[httpx2.Response]]


@dataclass
class FarSide:
    """Answers with the given replies in order, the last one for ever; notes what it heard."""

    replies: list[Reply]
    heard: list[httpx2.Request] = field(default_factory=list)
    signed: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.heard.append(request)
        self.signed.append(request.headers.get("authorization", ""))
        self.times.append(asyncio.get_running_loop().time())
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        if isinstance(reply, httpx2.Response):
            return httpx2.Response(reply.status_code, headers=reply.headers, content=reply.content)
        return await reply(request)


def ok(**headers: str) -> httpx2.Response:
    """Answer success."""
    return httpx2.Response(200, json={"fine": True}, headers=headers)


def status(code: int, **headers: str) -> httpx2.Response:
    """Answer a failure."""
    return httpx2.Response(code, content=b"oops", headers=headers)


def grant(**changes: Any) -> Grant:
    """Give a grant that works for another hour."""
    plain = Grant(fields={"app": "app-1", "refresh": "r0"}, access_token=Secret("t0"), version=1)
    return replace(plain, **changes)


@dataclass
class Shop:
    """A client with its far side and what it recorded."""

    http: HTTPClient
    far: FarSide
    calls: list[CallRecord]


def shop(*replies: Reply, budget: Budget | None = None, **options: Any) -> Shop:
    """Build a client on the running virtual loop before a far side that gives these replies."""
    far, clock = FarSide(list(replies)), virtual_clock()
    calls: list[CallRecord] = []
    http = HTTPClient(
        options.pop("manifest", None) or manifest(),
        base_url=BASE,
        shop_key="shop-1",
        budget=budget or MemoryBudget(clock, warm_s=0.0),
        clock=clock,
        transport=httpx2.MockTransport(far),
        on_call=calls.append,
        chance=lambda: 0.5,
        **options,
    )
    return Shop(http, far, calls)


def signed_shop(*replies: Reply, held: Grant | None = None, **options: Any) -> Shop:
    """Build the same with a grant kept in memory."""
    made = shop(*replies, **options)
    made.http.use_tokens(MemoryTokens(SampleAuth(), made.http.bare(), held or grant(), virtual_clock()))
    return made
