"""Runs units of work on SQLite, many in one commit. Owns the connections; chooses no thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from jangbu.infra.db.sqlite_connect import MEMORY, SQLiteFile, patiently, sqlite
from jangbu.infra.db.tx import ReadTx, WriteTx
from jangbu.infra.db.units import Read, T, Unit


class _LostError(Exception):
    """SQLite, or a unit of work, ended the common transaction before its commit."""


class SQLiteStore:
    """One file: one connection that writes, and as many that read as there are readers at a time."""

    kind = "sqlite"

    def __init__(self, file: SQLiteFile, *, single: bool = False) -> None:
        """Open the writing connection; with `single` it does the reading too (one thread only)."""
        self.file = file
        self._writer = file.connect()
        self._single = single or file.path == MEMORY
        self._idle: list[sqlite3.Connection] = []

    def read(self, fn: Read[T]) -> T:
        """Run a unit that only reads, on one snapshot. Safe from several threads unless `single`."""
        connection = self._reader()
        tx = ReadTx(connection.execute)
        try:
            connection.execute("BEGIN")
            return fn(tx)
        except sqlite.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_READONLY:
                raise  # a write in a reading unit is our mistake, not the operator's
            raise self.file.worded(error) from None
        finally:
            tx.close()
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self._give_back(connection)

    def perform(self, units: Sequence[Unit[Any]]) -> None:
        """Run units in one transaction, each failing alone; on return all are on disk or marked failed."""
        connection = self._writer
        try:
            patiently(connection, "BEGIN IMMEDIATE")
            for unit in units:
                if not unit.cancelled:
                    _run(connection, unit)
            connection.execute("COMMIT")
        except (sqlite.Error, _LostError) as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            cause = error.__cause__ if isinstance(error, _LostError) and error.__cause__ else error
            for unit in units:
                if unit.error is None:
                    unit.fail(self.file.worded(cause))
        for unit in units:
            if unit.error is not None:
                unit.fail(self.file.worded(unit.error))

    def listen(self) -> None:
        """Do nothing: SQLite carries no notices between processes."""

    def raw_connection(self) -> sqlite3.Connection:
        """Give a connection for migrations: a fresh one, or the only one of a database in memory."""
        if self.file.path == MEMORY:
            return self._writer
        connection = self.file.connect()
        connection.execute("PRAGMA busy_timeout=60000")  # another process may be migrating just now
        return connection

    def release(self, raw: sqlite3.Connection) -> None:
        """Take it back."""
        if raw is self._writer:
            raw.execute("PRAGMA foreign_keys=ON")
        else:
            raw.close()

    def close(self) -> None:
        """Close every connection."""
        while self._idle:
            self._idle.pop().close()
        self._writer.close()

    def _reader(self) -> sqlite3.Connection:
        if self._single:
            self._writer.execute("PRAGMA query_only=ON")
            return self._writer
        try:
            return self._idle.pop()
        except IndexError:
            return self.file.connect(query_only=True)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._single:
            connection.execute("PRAGMA query_only=OFF")
        else:
            self._idle.append(connection)


def _run(connection: sqlite3.Connection, unit: Unit[Any]) -> None:
    tx = WriteTx(connection.execute, connection.executemany)
    connection.execute("SAVEPOINT unit")
    try:
        unit.keep(unit.run(tx), tx)
    except BaseException as error:  # whatever it is belongs to the unit's caller, who gets it
        unit.fail(error)
        if not connection.in_transaction:  # a full or failing disk makes SQLite give up the whole transaction
            raise _LostError from error
        connection.execute("ROLLBACK TO unit")
    connection.execute("RELEASE unit")
