"""One unit of work on its way: what to run, who waits, how the outcome reaches them. Owns no database."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar, cast

from jangbu.infra.db.tx import ReadTx, WriteTx

T = TypeVar("T")
Read = Callable[[ReadTx], T]
Write = Callable[[WriteTx], T]

_here = threading.local()


def refuse_nesting() -> None:
    """Raise RuntimeError inside a unit of work: a second one would wait for the first for ever."""
    if getattr(_here, "inside", False):
        raise RuntimeError("a unit of work may not start another one: hand it the transaction instead")


class Unit(Generic[T]):
    """A write function and its outcome, handed from the caller to a database thread and back."""

    __slots__ = ("callbacks", "error", "fn", "future", "loop", "result", "topics")

    def __init__(self, fn: Write[T], loop: asyncio.AbstractEventLoop | None = None) -> None:
        """Wait on `loop`, or by blocking when there is none."""
        self.fn = fn
        self.loop = loop
        self.future: asyncio.Future[T] | concurrent.futures.Future[T] = (
            loop.create_future() if loop else concurrent.futures.Future()
        )
        self.result: T | None = None
        self.error: BaseException | None = None
        self.callbacks: list[Callable[[], object]] = []
        self.topics: set[str] = set()

    @property
    def cancelled(self) -> bool:
        """Tell whether the waiter gave up; a unit not begun yet is then left out."""
        return self.future.cancelled()

    def run(self, tx: WriteTx) -> T:
        """Run the function on a transaction, which ends with it."""
        _here.inside = True
        try:
            return self.fn(tx)
        finally:
            _here.inside = False
            tx.close()

    def keep(self, result: T, tx: WriteTx) -> None:
        """Note that the function returned, and what must follow the commit."""
        self.result = result
        self.callbacks = tx.callbacks
        self.topics = tx.topics

    def fail(self, error: BaseException) -> None:
        """Note that nothing of this unit was kept."""
        # A future cannot carry StopIteration: it would end the generator that awaits it.
        self.error = RuntimeError("a unit of work raised StopIteration") if isinstance(error, StopIteration) else error
        self.callbacks = []
        self.topics = set()

    def on_loop(self) -> asyncio.Future[T]:
        """Give what the waiter on the loop awaits."""
        return cast("asyncio.Future[T]", self.future)

    def wait(self) -> T:
        """Block until settled, then run the follow-ups on this thread."""
        result = cast("concurrent.futures.Future[T]", self.future).result()
        for callback in self.callbacks:
            callback()
        return result

    def _settle(self) -> None:
        if self.future.done():  # the awaiting task was cancelled; the commit stands all the same
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(cast("T", self.result))


def settle(units: Iterable[Unit[Any]]) -> None:
    """Tell every waiter its outcome, each on the loop or thread it waits on, one wake-up per loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Unit[Any]]] = {}
    for unit in units:
        if unit.loop is None:
            unit._settle()  # noqa: SLF001 - a future of threads may be set from any thread
        else:
            by_loop.setdefault(unit.loop, []).append(unit)
    for loop, waiting in by_loop.items():
        try:
            loop.call_soon_threadsafe(_settle_on_loop, loop, waiting)
        except RuntimeError:  # the loop is closed: nobody waits any more
            continue


def _settle_on_loop(loop: asyncio.AbstractEventLoop, units: list[Unit[Any]]) -> None:
    for unit in units:
        for callback in unit.callbacks:  # scheduled first, so they run before the awaiting task goes on
            loop.call_soon(callback)
        unit._settle()  # noqa: SLF001
