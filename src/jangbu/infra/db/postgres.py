"""Runs units of work on PostgreSQL, each in its own transaction. Owns the connections; chooses no thread."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool

from jangbu.infra.db.listener import Listener
from jangbu.infra.db.postgres_connect import Connection, Server, configure
from jangbu.infra.db.translate import to_psycopg
from jangbu.infra.db.tx import Cursor, Params, ReadTx, WriteTx
from jangbu.infra.db.units import Read, T, Unit
from jangbu.infra.db.wake import Wakes
from jangbu.kernel.errors import StateError

CONNECTIONS: Final = 8
_ATTEMPTS: Final = 5
_UNDONE: Final = (errors.SerializationFailure, errors.DeadlockDetected)
# One snapshot for the whole unit, as on SQLite; such a transaction is never undone for others' sake.
_BEGIN_READ: Final = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_WRITE: Final = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"


class PostgresStore:
    """A pool of connections, or a single one, and the ear for notices of other processes."""

    kind = "postgresql"

    def __init__(self, url: str, wakes: Wakes, *, single: bool = False) -> None:
        """Connect once, so that a wrong address is told at the start."""
        self._server = Server(url)
        first = self._server.connect()
        self._only = first if single else None
        self._listener = Listener(self._server, wakes)
        if not single:
            first.close()
            self._pool = ConnectionPool(
                url,
                connection_class=cast("type[Connection]", psycopg.Connection),
                min_size=1,
                max_size=CONNECTIONS + 2,  # a few for callers that block threads of their own
                num_workers=1,
                configure=configure,
                kwargs=dict(self._server.options),
                open=True,
            )

    def read(self, fn: Read[T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        try:
            with self._connection() as connection:
                cursor = connection.cursor()
                tx = ReadTx(_door(cursor))
                with _transaction(cursor, _BEGIN_READ):
                    try:
                        return fn(tx)
                    finally:
                        tx.close()
        except psycopg.Error as error:
            raise self._worded(error) from None

    def perform(self, units: Sequence[Unit[Any]]) -> None:
        """Run each unit in its own transaction, again when the server undid it; mark it kept or failed."""
        for unit in units:
            if not unit.cancelled:
                self._perform(unit)

    def _perform(self, unit: Unit[Any]) -> None:
        for attempt in range(_ATTEMPTS):
            try:
                with self._connection() as connection:
                    self._write(connection, unit)
            except BaseException as error:  # noqa: BLE001 - whatever it is belongs to the unit's caller, who gets it
                if isinstance(error, _UNDONE) and attempt + 1 < _ATTEMPTS:
                    continue
                unit.fail(self._worded(error))
            return

    def _write(self, connection: Connection, unit: Unit[Any]) -> None:
        cursor = connection.cursor()
        tx = WriteTx(_door(cursor), _door_many(cursor))
        with _transaction(cursor, _BEGIN_WRITE):
            result = unit.run(tx)
            for topic in tx.topics:
                self._listener.tell(cursor, topic)
        unit.keep(result, tx)

    def listen(self) -> None:
        """Begin to hear notices of other processes (not with a single connection)."""
        if self._only is None:
            self._listener.start()

    def raw_connection(self) -> Connection:
        """Give a connection of its own for migrations."""
        connection = self._server.connect()
        connection.autocommit = False
        return connection

    def release(self, raw: Connection) -> None:
        """Take it back."""
        raw.close()

    def close(self) -> None:
        """Close every connection."""
        self._listener.close()
        if self._only is not None:
            self._only.close()
        else:
            self._pool.close()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        if self._only is None:
            with self._pool.connection() as connection:
                yield connection
            return
        if self._only.closed:
            self._only = self._server.connect()
        yield self._only

    def _worded(self, error: BaseException) -> BaseException:
        if self._only is None and _is_lost(error):
            self._pool.check()  # the server went away: drop the other dead connections too
        return self._server.worded(error)


def _is_lost(error: BaseException) -> bool:
    # No code: the line is dead. 08: connection exception. 57P: the server is told to stop.
    return isinstance(error, psycopg.OperationalError) and (
        error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
    )


def _door(cursor: psycopg.Cursor[Any]) -> Any:  # noqa: ANN401 - the driver wants literal SQL types
    def execute(sql: str, params: Params) -> Cursor:
        return cursor.execute(to_psycopg(sql).encode(), params)

    return execute


def _door_many(cursor: psycopg.Cursor[Any]) -> Any:  # noqa: ANN401
    def execute_many(sql: str, rows: Iterable[Params]) -> Cursor:
        cursor.executemany(to_psycopg(sql).encode(), rows)
        return cursor

    return execute_many


@contextmanager
def _transaction(cursor: psycopg.Cursor[Any], begin: str) -> Iterator[None]:
    cursor.execute(begin.encode(), prepare=False)
    try:
        yield
    except BaseException:
        if not cursor.connection.closed:
            cursor.execute("ROLLBACK", prepare=False)
        raise
    try:
        cursor.execute("COMMIT", prepare=False)
    except psycopg.OperationalError as error:
        if _is_lost(error):
            raise StateError(
                "the connection was lost during a commit: read before doing it again",
                code="database.outcome_unknown",
            ) from None
        raise
    if cursor.statusmessage != "COMMIT":  # PostgreSQL answers a COMMIT after a failed statement with ROLLBACK
        raise RuntimeError("a unit of work went on after a failed statement; nothing of it was kept")
