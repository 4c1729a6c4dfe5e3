"""Lets something else happen between two statements of a transaction, as other connections would have it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from jangbu.infra.db import Database, ReadTx, WriteTx
from jangbu.infra.db.tx import Cursor, Params

Before = Callable[[str], None]
PATIENCE_S = 0.3
"""How long another connection may take before it counts as waiting for ours."""


def watched(tx: WriteTx, before: Before) -> WriteTx:
    """Have `before` called with each statement of a transaction, just before it runs."""

    def execute(sql: str, params: Params) -> Cursor:
        before(sql)
        return tx._execute(sql, params)

    def execute_many(sql: str, rows: Iterable[Params]) -> Cursor:
        before(sql)
        return tx._execute_many(sql, rows)

    return WriteTx(execute, execute_many)


@dataclass
class Meanwhile:
    """Another connection that does one thing at a chosen moment of our transaction.

    Where it has to wait for us, it is let wait and ends after us.
    """

    door: Database
    does: Callable[[WriteTx], Any]
    when: Callable[[int, str], bool]
    statements: int = 0
    happened: bool = False
    _threads: list[threading.Thread] = field(default_factory=list)

    def before(self, sql: str) -> None:
        """Look at the next statement of ours."""
        number, self.statements = self.statements, self.statements + 1
        if self.happened or not self.when(number, sql):
            return
        self.happened = True
        thread = threading.Thread(target=self.door.write_now, args=(self.does,))
        thread.start()
        thread.join(PATIENCE_S)
        self._threads.append(thread)

    def end(self) -> None:
        """Wait until it is done."""
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()


class Watched:
    """A door to the database whose writing units are watched."""

    def __init__(self, door: Database, before: Before) -> None:
        self._door, self._before = door, before

    async def read(self, fn: Callable[[ReadTx], Any]) -> Any:
        return await self._door.read(fn)

    async def write(self, fn: Callable[[WriteTx], Any]) -> Any:
        return await self._door.write(lambda tx: fn(watched(tx, self._before)))
