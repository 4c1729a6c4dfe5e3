"""Runs steps side by side: the next begins when the bytes of the one before leave. Owns no step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from jangbu.infra.db import Wake

MOST: Final = 4
"""Calls of one pump that may wait for their answers at once."""

Step: TypeAlias = Callable[[Callable[[], None]], Awaitable[bool]]


async def run(step: Step, rest: Callable[[], Awaitable[None]], wake: Wake, every_s: float, most: int = MOST) -> None:
    """Take steps for ever; when one finds nothing to do, sleep until `wake`, an answer, or `every_s`.

    `step(left)` tells `left` when the next may begin; `rest` is awaited before each.
    """
    flying: set[asyncio.Task[bool]] = set()
    try:
        while True:
            await rest()
            newest, left = _begin(step)
            flying.add(newest)
            await left.wait()
            idle = newest.done() and not newest.result()
            flying = _landed(flying)
            if idle:
                await _sleep(wake, every_s, flying)
            elif len(flying) >= most:
                await asyncio.wait(flying, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in flying:
            task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)


def _begin(step: Step) -> tuple[asyncio.Task[bool], asyncio.Event]:
    left = asyncio.Event()

    async def go() -> bool:
        return await step(left.set)

    task = asyncio.create_task(go())
    task.add_done_callback(lambda _: left.set())
    return task, left


def _landed(flying: set[asyncio.Task[bool]]) -> set[asyncio.Task[bool]]:
    """Forget those that are done, raising what one of them raised."""
    for task in flying:
        if task.done():
            task.result()
    return {task for task in flying if not task.done()}


async def _sleep(wake: Wake, every_s: float, flying: set[asyncio.Task[bool]]) -> None:
    woken = asyncio.ensure_future(wake.wait(every_s))
    try:
        await asyncio.wait({woken, *flying}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        woken.cancel()
        await asyncio.gather(woken, return_exceptions=True)
