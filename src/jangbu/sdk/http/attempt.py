"""One attempt of one call: send, learn, judge the answer, tell. Owns no waiting and no repeating."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx2

from jangbu.kernel.clock import Clock
from jangbu.kernel.errors import ChannelError, ContractBroken, OutcomeUnknown, Throttled, Transient
from jangbu.sdk.adapter import Grant
from jangbu.sdk.budget import BucketKey, Budget
from jangbu.sdk.client import Order, Request, Response
from jangbu.sdk.http.calls import CallRecord, quota_left, request_id
from jangbu.sdk.http.network import Answer, Network, NetworkFailure
from jangbu.sdk.manifest import LimitNews, Manifest, Operation

_LONG_S: Final = 60.0  # a wait this long after a refusal means the quota, not the rate


@dataclass
class Call:
    """One `send` on its way through its attempts."""

    operation: Operation
    request: Request
    order: Order
    wire: httpx2.Request
    keys: Sequence[BucketKey] = ()
    grant: Grant | None = None  # the one the latest attempt was signed with
    attempts: int = 0


@dataclass
class _Seen:
    """What is known of an attempt so far."""

    started_at: datetime
    answer: Answer | None = None
    news: tuple[LimitNews, ...] = ()
    error_code: str = ""
    remote_code: str = ""
    request_id: str = field(default="")


class Attempts:
    """Makes the attempts of one shop's calls."""

    def __init__(
        self,
        manifest: Manifest,
        network: Network,
        *,
        budget: Budget,
        clock: Clock,
        shop_key: str,
        on_call: Callable[[CallRecord], None] | None,
    ) -> None:
        """Tell each attempt to `on_call`."""
        self._manifest = manifest
        self._network = network
        self._budget = budget
        self._clock = clock
        self._shop_key = shop_key
        self._on_call = on_call

    async def make(self, call: Call) -> Response:
        """Send once and give the answer of a success.

        Errors: what the channel's table makes of the answer; on the network, as `sdk.client.Client` says.
        """
        call.attempts += 1
        began = self._clock.monotonic()
        seen = _Seen(self._clock.now())
        try:
            answer = seen.answer = await self._answer(call)
            await self._learn(call, seen)
            self._judge(call.operation, answer)
        except asyncio.CancelledError:
            seen.error_code = "cancelled"
            raise
        except ChannelError as error:
            self._name(error, call.operation, seen)
            if isinstance(error, Throttled):
                await self._hold_back(call, error, seen)
            raise
        finally:
            elapsed_s = self._clock.monotonic() - began
            if self._on_call is not None:
                self._on_call(self._record(call, seen, elapsed_s))
        return Response(
            answer.status,
            answer.headers,
            answer.body,
            call.operation.id,
            _moment(answer.headers.get("date", "")),
            elapsed_s,
        )

    async def _answer(self, call: Call) -> Answer:
        try:
            return await self._network.send(call.wire)
        except NetworkFailure as failure:
            known = failure.never_left or not call.operation.write
            kind = Transient if known else OutcomeUnknown
            raise kind(f"{call.operation.id}: {failure}", code=failure.code) from None

    async def _learn(self, call: Call, seen: _Seen) -> None:
        assert seen.answer is not None  # noqa: S101 - for the type checker
        seen.news = self._manifest.learn(seen.answer.headers)
        for news in seen.news:
            for key in call.keys:
                if key.limit.name == news.name:
                    await self._budget.learn(key, news)

    def _judge(self, operation: Operation, answer: Answer) -> None:
        if not answer.ok:
            error: ChannelError = self._manifest.faults(operation, answer.status, answer.headers, answer.body)
            raise error
        unreadable = OutcomeUnknown if operation.write else ContractBroken
        if answer.too_large:
            raise unreadable(f"{operation.id} answered more than is read", code="channel.too_large")
        if answer.headers.get("content-type", "").lower().startswith("text/html"):
            raise unreadable(f"{operation.id} answered a page instead of data", code="channel.html")

    def _name(self, error: ChannelError, operation: Operation, seen: _Seen) -> None:
        """Say where it happened, as far as the channel's table has not."""
        error.operation = error.operation or operation.id
        if seen.answer is not None:
            error.status = error.status or seen.answer.status
            error.request_id = error.request_id or request_id(seen.answer.headers)
        seen.error_code, seen.remote_code, seen.request_id = error.code, error.remote_code, error.request_id

    async def _hold_back(self, call: Call, error: Throttled, seen: _Seen) -> None:
        quotas = [key for key in call.keys if key.limit.quota]
        if quotas and (quota_left(seen.news) == 0 or error.retry_after_s >= _LONG_S):
            held = quotas
        else:
            held = [key for key in call.keys if key.limit.rate] or quotas
        for key in held:
            await self._budget.throttled(key, error.retry_after_s)

    def _record(self, call: Call, seen: _Seen, elapsed_s: float) -> CallRecord:
        answer = seen.answer
        return CallRecord(
            shop_key=self._shop_key,
            channel=self._manifest.id,
            operation=call.operation.id,
            write=call.operation.write,
            priority=call.order.priority,
            cause=call.order.cause,
            status=answer.status if answer else 0,
            error_code=seen.error_code,
            remote_code=seen.remote_code,
            request_id=seen.request_id or (request_id(answer.headers) if answer else ""),
            started_at=seen.started_at,
            elapsed_s=elapsed_s,
            sent_bytes=_length(call.wire.headers),
            received_bytes=answer.received_bytes if answer else 0,
            attempt=call.attempts,
            quota_left=quota_left(seen.news),
        )


def _length(headers: Mapping[str, str]) -> int:
    return int(headers.get("content-length", "0"))


def _moment(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return None
