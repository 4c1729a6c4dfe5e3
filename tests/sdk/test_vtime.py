"""The virtual loop itself."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from tests.support.vtime import START, VirtualLoop, run_virtual, virtual, virtual_clock


@virtual
async def test_a_day_of_sleep_takes_no_real_time() -> None:
    clock, began = virtual_clock(), time.monotonic()
    await clock.sleep(86_400 * 3)
    assert clock.now() == START + timedelta(days=3)
    assert time.monotonic() - began < 5


@virtual
async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    woken: list[int] = []

    async def sleeper(seconds: int) -> None:
        await asyncio.sleep(seconds)
        woken.append(seconds)

    await asyncio.gather(*(sleeper(s) for s in (30, 10, 20)))
    assert woken == [10, 20, 30]
    assert asyncio.get_running_loop().time() == 30


@virtual
async def test_sockets_are_served_before_time_jumps() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readexactly(5))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    async with asyncio.timeout(60):
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
    assert asyncio.get_running_loop().time() < 60
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


@virtual
async def test_a_result_from_a_thread_is_waited_for_when_no_timer_is_due() -> None:
    assert await asyncio.to_thread(lambda: 7) == 7


def test_waiting_for_nothing_raises_instead_of_hanging() -> None:
    loop = VirtualLoop(patience_s=0.01)
    try:
        with pytest.raises(RuntimeError, match="never comes"):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()


def test_run_virtual_gives_the_result() -> None:
    async def moment() -> float:
        await asyncio.sleep(1.5)
        return asyncio.get_running_loop().time()

    assert run_virtual(moment()) == 1.5
