"""An event loop on virtual time for tests. Owns no clock of the hub: `LoopClock` reads this loop."""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar

from jangbu.kernel.clock import LoopClock

P = ParamSpec("P")
T = TypeVar("T")
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop whose time stands still while anything is ready and jumps to the next timer when nothing is.

    Sockets work: they are looked at before every jump. When no timer is set it waits in real time for a thread
    or a socket, at most `patience_s`, and then raises RuntimeError rather than hang.
    """

    def __init__(self, start: datetime = START, *, patience_s: float = 20.0) -> None:
        """Begin at virtual second 0, which is the wall-clock moment `start`."""
        self.start = start
        self._virtual_s = 0.0
        super().__init__(_Jumping(self._jump, patience_s))

    def time(self) -> float:
        return self._virtual_s

    def clock(self) -> LoopClock:
        """Give the hub's clock on this loop."""
        return LoopClock(self.start, 0.0)

    def _jump(self, seconds: float) -> None:
        self._virtual_s += seconds


class _Jumping(selectors.DefaultSelector):
    """Looks at the sockets without waiting; instead of waiting it lets the loop jump."""

    def __init__(self, jump: Callable[[float], None], patience_s: float) -> None:
        super().__init__()
        self._jump = jump
        self._patience_s = patience_s

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is not None:
            self._jump(timeout)
            return events
        events = super().select(self._patience_s)
        if not events:
            raise RuntimeError("the virtual loop waits for something that never comes")
        return events


def run_virtual(coro: Coroutine[Any, Any, T], *, start: datetime = START) -> T:
    """Run a coroutine to its end on a fresh virtual loop."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(start)) as runner:
        return runner.run(coro)


def virtual(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make an async test run on a virtual loop of its own (its fixtures must not be async)."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        run_virtual(test(*args, **kwargs))

    return run


def virtual_clock() -> LoopClock:
    """Give the clock of the running virtual loop."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop.clock()
