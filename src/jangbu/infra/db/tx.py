"""What a unit of work may do with its transaction. Owns no connection and never commits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

Value = str | int | float | bytes | None
Params = Sequence[Value]
Row = tuple[Any, ...]


class Cursor(Protocol):
    """The part of a driver's cursor that is used here."""

    @property
    def rowcount(self) -> int:
        """Tell how many rows the statement touched."""

    def fetchall(self) -> list[Row]:
        """Give all rows left."""

    def fetchone(self) -> Row | None:
        """Give the next row."""


Execute = Callable[[str, Params], Cursor]
ExecuteMany = Callable[[str, Iterable[Params]], Cursor]


class ReadTx:
    """One consistent view of the database, for as long as the unit of work runs."""

    __slots__ = ("_execute",)

    def __init__(self, execute: Execute) -> None:
        """Take the driver's door for one statement with `?` placeholders."""
        self._execute = execute

    def all(self, sql: str, params: Params = ()) -> list[Row]:
        """Give every row of a query."""
        return self._execute(sql, params).fetchall()

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """Give the first row of a query, or None when it has none."""
        return self._execute(sql, params).fetchone()

    def close(self) -> None:
        """End its use: a transaction kept beyond its unit of work raises RuntimeError."""
        self._execute = _ended


class WriteTx(ReadTx):
    """A transaction that may write; its unit commits as a whole or not at all."""

    __slots__ = ("_execute_many", "callbacks", "topics")

    def __init__(self, execute: Execute, execute_many: ExecuteMany) -> None:
        """Take the driver's doors for one statement and for one statement with many rows."""
        super().__init__(execute)
        self._execute_many = execute_many
        self.callbacks: list[Callable[[], object]] = []
        self.topics: set[str] = set()

    def run(self, sql: str, params: Params = ()) -> int:
        """Run a statement and tell how many rows it touched."""
        return self._execute(sql, params).rowcount

    def run_many(self, sql: str, rows: Iterable[Params]) -> int:
        """Run a statement once per row and tell how many rows were touched in all."""
        return self._execute_many(sql, rows).rowcount

    def returning(self, sql: str, params: Params = ()) -> list[Row]:
        """Run a statement with a RETURNING clause and give its rows.

        Shape: in no particular order.
        """
        return self._execute(sql, params).fetchall()

    def after_commit(self, callback: Callable[[], object]) -> None:
        """Have `callback` called once this unit is on disk, on the caller's loop, or thread if it blocks.

        Repeat: not called when the unit fails or is tried again.
        """
        self.callbacks.append(callback)

    def notify(self, topic: str) -> None:
        """Wake the subscribers of `topic` once this unit is on disk."""
        self.topics.add(topic)

    def close(self) -> None:
        super().close()
        self._execute_many = _ended_many


def _ended(_sql: str, _params: Params) -> Cursor:
    raise RuntimeError("this transaction has ended: it was used outside its unit of work")


def _ended_many(sql: str, _rows: Iterable[Params]) -> Cursor:
    return _ended(sql, ())
