"""What becomes of answers: successes, faults, pages, floods, broken exchanges; and what is recorded."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx2
import pytest
from tests.sdk.samples import (
    DAY,
    RATE,
    READ,
    WRITE,
    Reply,
    manifest,
    ok,
    shop,
    status,
)
from tests.support.vtime import START, virtual

from jangbu.kernel.errors import (
    ChannelError,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
    Transient,
)
from jangbu.sdk.client import Order, Request
from jangbu.sdk.http import Bounds, CallRecord
from jangbu.sdk.manifest import Priority

PAGE = httpx2.Response(200, headers={"content-type": "text/html; charset=utf-8"}, content=b"<html>")


@virtual
async def test_a_success_comes_back_whole() -> None:
    made = shop(ok(date="Mon, 02 Mar 2026 09:00:05 GMT"))
    answer = await made.http.at(Order()).send(READ)
    assert (answer.status, answer.json(), answer.operation) == (200, {"fine": True}, "getThing")
    assert answer.remote_at == datetime(2026, 3, 2, 9, 0, 5, tzinfo=UTC)
    assert answer.headers["content-type"] == "application/json"


@virtual
async def test_an_unreadable_date_is_no_date() -> None:
    assert (await shop(ok(date="soon")).http.at(Order()).send(READ)).remote_at is None


@virtual
async def test_the_face_tells_time_and_options() -> None:
    face = shop(ok(), options={"remote_shop_id": "77"}).http.at(Order())
    assert face.now() == START
    assert face.options["remote_shop_id"] == "77"


@virtual
async def test_a_compressed_body_is_unpacked() -> None:
    packed = httpx2.Response(
        200,
        headers={"content-encoding": "gzip"},
        stream=Stream(gzip.compress(b'{"a":' + b"1" * 5_000 + b"}")),
    )

    async def reply(_: httpx2.Request) -> httpx2.Response:
        return packed

    made = shop(reply)
    answer = await made.http.at(Order()).send(READ)
    assert len(answer.body) == 5_006
    assert 0 < made.calls[0].received_bytes < 200


@virtual
async def test_the_channels_table_decides_and_the_context_is_filled() -> None:
    made = shop(status(404, **{"x-etsy-request-uuid": "u-1"}))
    with pytest.raises(Rejected) as refusal:
        await made.http.at(Order()).send(READ)
    error = refusal.value
    assert (error.code, error.operation, error.status, error.remote_code, error.request_id) == (
        "sample.refused",
        "getThing",
        404,
        "E7",
        "u-1",
    )


@pytest.mark.parametrize(("request_", "kind"), [(READ, ContractBroken), (WRITE, OutcomeUnknown)])
def test_a_page_instead_of_data_breaks_the_contract_of_a_read_and_leaves_a_write_unknown(
    request_: Request, kind: type[ChannelError]
) -> None:
    assert fails(PAGE, request_, kind) == "channel.html"


@pytest.mark.parametrize(("request_", "kind"), [(READ, ContractBroken), (WRITE, OutcomeUnknown)])
def test_a_flood_is_cut_off(request_: Request, kind: type[ChannelError]) -> None:
    flood = Flood()

    async def reply(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, stream=flood)

    assert fails(reply, request_, kind) == "channel.too_large"
    assert flood.given <= 11_000_000
    assert flood.closed


@virtual
async def test_a_redirect_is_not_followed() -> None:
    made = shop(status(308, location="https://elsewhere.example/"))
    with pytest.raises(Rejected):
        await made.http.at(Order()).send(READ)
    assert len(made.far.heard) == 1


@pytest.mark.parametrize(
    ("broken", "code", "known"),
    [
        (httpx2.ConnectError("refused"), "channel.unreachable", True),
        (httpx2.ConnectTimeout("slow"), "channel.unreachable", True),
        (httpx2.PoolTimeout("busy"), "channel.unreachable", True),
        (httpx2.ReadTimeout("slow"), "channel.timeout", False),
        (httpx2.WriteTimeout("slow"), "channel.timeout", False),
        (httpx2.ReadError("reset"), "channel.connection_broken", False),
        (httpx2.WriteError("reset"), "channel.connection_broken", False),
        (httpx2.RemoteProtocolError("truncated"), "channel.connection_broken", False),
    ],
)
def test_a_broken_exchange_is_passing_for_a_read_and_unknown_for_a_write_that_may_have_left(
    broken: Exception, code: str, *, known: bool
) -> None:
    assert fails(broken, READ, Transient) == code
    assert fails(broken, WRITE, Transient if known else OutcomeUnknown) == code


@pytest.mark.parametrize(("request_", "kind"), [(READ, Transient), (WRITE, OutcomeUnknown)])
def test_an_answer_that_never_comes_is_given_up_after_twenty_seconds(
    request_: Request, kind: type[ChannelError]
) -> None:
    async def never(_: httpx2.Request) -> httpx2.Response:
        await asyncio.Event().wait()
        raise AssertionError

    @virtual
    async def check() -> None:
        made = shop(never, bounds=Bounds(tries=1))
        with pytest.raises(kind) as failure:
            await made.http.at(Order()).send(request_)
        assert failure.value.code == "channel.timeout"
        assert made.calls[0].elapsed_s == pytest.approx(20.0)

    check()


@virtual
async def test_errors_repeat_nothing_of_what_was_sent() -> None:
    made = shop(httpx2.ReadError("https://api.sample.example/v1/things/1?buyer=hush"), bounds=Bounds(tries=1))
    with pytest.raises(Transient) as failure:
        await made.http.at(Order()).send(READ)
    assert "hush" not in repr(failure.value)
    assert failure.value.__cause__ is None


@virtual
async def test_each_attempt_leaves_a_record() -> None:
    made = shop(
        status(503, **{"gncp-gw-trace-id": "t-1"}),
        ok(**{"x-day-left": "1234"}),
        manifest=manifest([RATE, DAY]),
    )
    await made.http.at(Order(Priority.ORDERS, cause="sweep")).send(READ)
    failed, fine = made.calls
    assert failed == CallRecord(
        shop_key="shop-1",
        channel="sample",
        operation="getThing",
        write=False,
        priority=Priority.ORDERS,
        cause="sweep",
        status=503,
        error_code="channel.transient",
        remote_code="oops",
        request_id="t-1",
        started_at=START,
        elapsed_s=0.0,
        sent_bytes=0,
        received_bytes=4,
        attempt=1,
        quota_left=None,
    )
    assert (fine.status, fine.error_code, fine.attempt, fine.quota_left) == (200, "", 2, 1234)
    assert fine.started_at > failed.started_at


@virtual
async def test_a_cancelled_call_stops_at_once_and_is_recorded() -> None:
    reached = asyncio.Event()

    async def slow(_: httpx2.Request) -> httpx2.Response:
        reached.set()
        await asyncio.sleep(15)
        return ok()

    made = shop(slow)
    task = asyncio.create_task(made.http.at(Order()).send(WRITE))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [(call.status, call.error_code) for call in made.calls] == [(0, "cancelled")]


class Stream(httpx2.AsyncByteStream):
    """A body that comes in one part, as it would from a connection."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


class Flood(httpx2.AsyncByteStream):
    """A body that does not end."""

    def __init__(self) -> None:
        self.given = 0
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            self.given += 100_000
            yield b"x" * 100_000

    async def aclose(self) -> None:
        self.closed = True


def fails(reply: Reply, request: Request, kind: type[ChannelError]) -> str:
    """Send once and give the code of the failure, which must be exactly of `kind`."""
    codes = []

    @virtual
    async def check() -> None:
        made = shop(reply, bounds=Bounds(tries=1))
        with pytest.raises(ChannelError) as failure:
            await made.http.at(Order()).send(request)
        assert type(failure.value) is kind
        assert failure.value.operation == request.operation
        assert made.calls[0].error_code == failure.value.code
        codes.append(failure.value.code)

    check()
    return codes[0]
