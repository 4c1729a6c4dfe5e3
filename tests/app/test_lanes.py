"""Steps side by side: the next begins when the bytes of the one before leave, and never too many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tests.support.vtime import run_virtual

from jangbu.app import lanes
from jangbu.infra.db.wake import Wake


class Calls:
    """Steps whose bytes leave at once and whose answers take ten seconds, as many as there is work."""

    def __init__(self, work: int) -> None:
        self.work, self.under_way, self.most, self.begun = work, 0, 0, list[float]()

    async def step(self, left: Callable[[], None]) -> bool:
        if self.work == 0:
            return False
        self.work -= 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        self.begun.append(asyncio.get_running_loop().time())
        left()
        await asyncio.sleep(10)
        self.under_way -= 1
        return True


async def no_rest() -> None:
    """Rest not at all."""


def run_for(seconds: float, step: lanes.Step, wake: Wake | None = None) -> None:
    async def play() -> None:
        async with asyncio.timeout(seconds):
            await lanes.run(step, no_rest, wake or Wake(lambda _: None), 60.0)

    with pytest.raises(TimeoutError):
        run_virtual(play())


def test_four_calls_wait_for_their_answers_at_once_and_the_fifth_begins_with_the_first_answer() -> None:
    calls = Calls(6)
    run_for(100, calls.step)
    assert calls.most == lanes.MOST
    assert [round(at) for at in calls.begun] == [0, 0, 0, 0, 10, 10]


def test_an_answer_wakes_a_sleeper_as_news_does() -> None:
    looks: list[float] = []
    calls = Calls(1)

    async def step(left: Callable[[], None]) -> bool:
        looks.append(round(asyncio.get_running_loop().time()))
        return await calls.step(left)

    run_for(30, step)
    assert looks == [0, 0, 10], "at once, beside the first; then when its answer came; then it sleeps"


def test_what_a_step_raises_comes_out_and_ends_the_others() -> None:
    ended: list[str] = []

    async def step(left: Callable[[], None]) -> bool:
        left()
        if ended or asyncio.get_running_loop().time() > 0:
            raise RuntimeError("broken")
        try:
            await asyncio.sleep(5 if not ended else 0)
        finally:
            ended.append("ended")
        return True

    async def play() -> None:
        await lanes.run(step, no_rest, Wake(lambda _: None), 60.0, most=1)

    with pytest.raises(RuntimeError, match="broken"):
        run_virtual(play())
