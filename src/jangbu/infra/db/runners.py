"""Chooses the thread a unit of work runs on: the caller's, one writer thread, or a pool. Owns no SQL."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol

from jangbu.infra.db.units import Read, T, Unit, Write, refuse_nesting, settle
from jangbu.infra.db.wake import Wakes
from jangbu.kernel.errors import StateError

_BATCH_MAX: Final = 256
_READERS: Final = 4


class Store(Protocol):
    """What a database can do, blocking, with no opinion on threads."""

    kind: str

    def read(self, fn: Read[T]) -> T:
        """Run a reading unit and give its result."""

    def perform(self, units: Sequence[Unit[Any]]) -> None:
        """Run writing units; mark each kept or failed."""

    def listen(self) -> None:
        """Begin to hear notices of other processes, where the database carries them."""

    def raw_connection(self) -> Any:  # noqa: ANN401 - whatever the driver's connection is
        """Give a driver connection for migrations."""

    def release(self, raw: Any) -> None:  # noqa: ANN401
        """Take it back."""

    def close(self) -> None:
        """Close every connection."""


class Inline:
    """Runs every unit at once on the calling thread: for virtual clocks, which no thread knows."""

    def __init__(self, store: Store, wakes: Wakes) -> None:
        """Take the store and whom to wake."""
        self._store = store
        self._wakes = wakes
        self._closed = False

    def read_now(self, fn: Read[T]) -> T:
        self._check()
        return self._store.read(fn)

    def write_now(self, fn: Write[T]) -> T:
        self._check()
        unit = Unit(fn)
        _perform(self._store, self._wakes, [unit])
        return unit.wait()

    async def read(self, fn: Read[T]) -> T:
        result = self.read_now(fn)
        await asyncio.sleep(0)  # others get their turn here, as they would while a thread worked
        return result

    async def write(self, fn: Write[T]) -> T:
        result = self.write_now(fn)
        await asyncio.sleep(0)
        return result

    def close(self) -> None:
        self._closed = True

    def _check(self) -> None:
        refuse_nesting()
        if self._closed:
            raise _closed()


class Threads:
    """Reads on a small pool; each write on the same pool, in a transaction of its own."""

    def __init__(self, store: Store, wakes: Wakes, size: int = _READERS) -> None:
        """Take the store, whom to wake, and how many threads."""
        self._store = store
        self._wakes = wakes
        self._pool = ThreadPoolExecutor(size, thread_name_prefix=f"{store.kind}-unit")
        self._closed = False

    def read_now(self, fn: Read[T]) -> T:
        self._check()
        return self._store.read(fn)

    def write_now(self, fn: Write[T]) -> T:
        self._check()
        unit = Unit(fn)
        self._send(unit)
        return unit.wait()

    async def read(self, fn: Read[T]) -> T:
        self._check()
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._store.read, fn)

    async def write(self, fn: Write[T]) -> T:
        self._check()
        unit = Unit(fn, asyncio.get_running_loop())
        self._send(unit)
        return await unit.on_loop()

    def close(self) -> None:
        self._closed = True
        self._pool.shutdown()

    def _send(self, unit: Unit[Any]) -> None:
        self._pool.submit(_perform, self._store, self._wakes, [unit])

    def _check(self) -> None:
        refuse_nesting()
        if self._closed:
            raise _closed()


class WriterThread(Threads):
    """Reads on a small pool; all writes on one thread, those that wait together in one commit."""

    def __init__(self, store: Store, wakes: Wakes) -> None:
        """Start the writer."""
        super().__init__(store, wakes)
        self._queue: queue.SimpleQueue[Unit[Any] | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._thread = threading.Thread(target=self._work, name=f"{store.kind}-writer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with self._gate:  # after this no unit can slip in behind the end mark
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()
        super().close()

    def _send(self, unit: Unit[Any]) -> None:
        with self._gate:
            if self._closed:
                raise _closed()
            self._queue.put(unit)

    def _work(self) -> None:
        more = True
        while more:
            batch, more = self._next_batch()
            if batch:
                _perform(self._store, self._wakes, batch)

    def _next_batch(self) -> tuple[list[Unit[Any]], bool]:
        """Wait for one unit, then take what is there already; tell False with the last."""
        batch: list[Unit[Any]] = []
        unit = self._queue.get()
        while unit is not None:
            batch.append(unit)
            if len(batch) == _BATCH_MAX:
                return batch, True
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                return batch, True
        return batch, False


Runner = Inline | Threads


def _perform(store: Store, wakes: Wakes, units: list[Unit[Any]]) -> None:
    store.perform(units)
    settle(units)
    wakes.set({topic for unit in units for topic in unit.topics})


def _closed() -> StateError:
    return StateError("the database is closed", code="database.closed")
