"""The one type rooms see: units of work on SQLite or PostgreSQL. Owns no tables."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from jangbu.infra.db import migrate
from jangbu.infra.db.runners import Inline, Runner, Store, Threads, WriterThread
from jangbu.infra.db.sqlite import SQLiteStore
from jangbu.infra.db.sqlite_connect import MEMORY, SQLITE_VERSION, WAL_BUG, SQLiteFile, path_of
from jangbu.infra.db.units import Read, T, Write
from jangbu.infra.db.wake import Wake, Wakes
from jangbu.kernel.errors import ConfigError

_SYNCHRONOUS = ("FULL", "NORMAL", "OFF", "EXTRA")
_POSTGRES = ("postgresql://", "postgres://")


class Database:
    """One open database; a unit of work is a plain function of its transaction.

    The function does no waiting and no I/O of its own. It may run again when PostgreSQL had to undo it
    (serialisation failure, deadlock), so it changes nothing but the database.
    Errors: what the function raises comes out unchanged, after nothing of it was kept; a broken constraint is
    `Conflict`, a full disk, a lock held too long or a lost server is `StateError`.
    """

    def __init__(self, store: Store, runner: Runner, wakes: Wakes) -> None:
        """Use `Database.open`."""
        self._store = store
        self._runner = runner
        self._wakes = wakes
        self.kind = store.kind
        self.sqlite_version = SQLITE_VERSION if store.kind == "sqlite" else None
        self.wal_bug = WAL_BUG and store.kind == "sqlite"

    @classmethod
    def open(cls, url: str, *, inline: bool = False, synchronous: str = "FULL") -> Self:
        """Open `sqlite:///path` or `postgresql://…`.

        With `inline` every unit runs at once on the calling thread and nothing else does, for one thread and
        one process. `synchronous` is SQLite's, for files whose last moments may be lost in a power cut.
        Errors: ConfigError when the database cannot be reached or written.
        """
        if synchronous not in _SYNCHRONOUS:
            raise ConfigError(f"synchronous is one of {', '.join(_SYNCHRONOUS)}", code="database.synchronous")
        wakes = Wakes()
        if url.startswith("sqlite:"):
            return cls._open_sqlite(SQLiteFile(path_of(url), synchronous), wakes, inline=inline)
        if url.startswith(_POSTGRES):
            return cls._open_postgres(url, wakes, inline=inline)
        raise ConfigError("the database address starts with sqlite:/// or postgresql://", code="database.address")

    @classmethod
    def _open_sqlite(cls, file: SQLiteFile, wakes: Wakes, *, inline: bool) -> Self:
        if file.path == MEMORY and not inline:
            raise ConfigError("a database in memory works inline only", code="database.address")
        store = SQLiteStore(file, single=inline)
        return cls(store, Inline(store, wakes) if inline else WriterThread(store, wakes), wakes)

    @classmethod
    def _open_postgres(cls, url: str, wakes: Wakes, *, inline: bool) -> Self:
        from jangbu.infra.db import postgres  # noqa: PLC0415 - a hub on SQLite never loads the driver

        store = postgres.PostgresStore(url, wakes, single=inline)
        return cls(store, Inline(store, wakes) if inline else Threads(store, wakes, postgres.CONNECTIONS), wakes)

    async def read(self, fn: Read[T]) -> T:
        """Run a unit that only reads, on one snapshot."""
        return await self._runner.read(fn)

    async def write(self, fn: Write[T]) -> T:
        """Run a unit that writes; return once it is on disk.

        Repeat: when the awaiting task is cancelled, the unit was either left out or is kept as a whole.
        """
        return await self._runner.write(fn)

    def read_now(self, fn: Read[T]) -> T:
        """Do as `read`, blocking the thread."""
        return self._runner.read_now(fn)

    def write_now(self, fn: Write[T]) -> T:
        """Do as `write`, blocking the thread."""
        return self._runner.write_now(fn)

    def subscribe(self, topic: str) -> Wake:
        """Have a wake set after each commit of a unit that notified `topic`.

        Heard: units of this process, and on PostgreSQL (not inline) those of others; on SQLite others are not
        heard. A wake is a hint: it may come once too often, and comes unasked after a lost connection.
        """
        self._store.listen()
        return self._wakes.subscribe(topic)

    def schema_version(self) -> str | None:
        """Tell the revision the tables are at, or None before the first."""
        return migrate.current(self.read_now, self.kind)

    def upgrade(self) -> None:
        """Bring the tables to the revision this code was written for.

        Repeat: safe from several processes at once; does nothing when they are there already.
        Errors: ConfigError when the database is newer than the code.
        """
        migrate.upgrade(self.schema_version(), self._store)

    def close(self) -> None:
        """Finish the units already handed over, then close every connection and thread."""
        self._runner.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
