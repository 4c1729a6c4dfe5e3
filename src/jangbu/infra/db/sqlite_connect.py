"""Opens SQLite connections as this project wants them, and words their failures. Owns no transaction."""

from __future__ import annotations

import importlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jangbu.kernel.errors import ConfigError, Conflict, JangbuError, StateError

MEMORY: Final = ":memory:"
_PATIENCE_S: Final = 10.0
_SHORT_WAIT_MS: Final = 5
_FIRST_VERSION_WITHOUT_WAL_BUG: Final = (3, 51, 3)
_WORDS: Final[dict[int, tuple[type[JangbuError], str, str]]] = {
    sqlite3.SQLITE_FULL: (StateError, "database.full", "the disk is full"),
    sqlite3.SQLITE_BUSY: (StateError, "database.busy", "another program keeps the file locked"),
    sqlite3.SQLITE_LOCKED: (StateError, "database.busy", "another program keeps the file locked"),
    sqlite3.SQLITE_IOERR: (StateError, "database.disk", "the disk fails"),
    sqlite3.SQLITE_CANTOPEN: (ConfigError, "database.not_writable", "the file cannot be opened"),
    sqlite3.SQLITE_READONLY: (ConfigError, "database.not_writable", "the file cannot be written"),
    sqlite3.SQLITE_PERM: (ConfigError, "database.not_writable", "the file cannot be written"),
    sqlite3.SQLITE_NOTADB: (ConfigError, "database.damaged", "the file is not a database"),
    sqlite3.SQLITE_CORRUPT: (ConfigError, "database.damaged", "the file is damaged"),
}


def _module() -> Any:  # noqa: ANN401 - two modules of the same shape, one without types
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3


# Never open one file with both modules in one process: neither sees the other's locks.
sqlite: Final = _module()
SQLITE_VERSION: Final[str] = sqlite.sqlite_version
WAL_BUG: Final[bool] = sqlite.sqlite_version_info < _FIRST_VERSION_WITHOUT_WAL_BUG


@dataclass(frozen=True)
class SQLiteFile:
    """One database file (or `:memory:`) and how carefully it is synchronised with the disk."""

    path: str
    synchronous: str = "FULL"

    def connect(self, *, query_only: bool = False) -> sqlite3.Connection:
        """Open a connection in WAL mode with foreign keys enforced.

        Errors: ConfigError when the file cannot be used.
        """
        try:
            self._create()
            return self._connect(query_only=query_only)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            sentence = f"the database file {self.path} cannot be opened: {reason}"
            raise ConfigError(sentence, code="database.not_writable", database=self.path) from error
        except sqlite.Error as error:
            raise self.worded(error) from None

    def _create(self) -> None:
        # Made by us first, so that only its owner reads it; SQLite gives its side files the same mode.
        if self.path != MEMORY:
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))

    def _connect(self, *, query_only: bool) -> sqlite3.Connection:
        connection: sqlite3.Connection = sqlite.connect(
            self.path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=512,
            timeout=_PATIENCE_S,
        )
        try:
            patiently(connection, "PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={self.synchronous}")
            connection.execute("PRAGMA foreign_keys=ON")
            connection.execute("PRAGMA journal_size_limit=67108864")
            if query_only:
                connection.execute("PRAGMA query_only=ON")
            else:
                connection.execute(f"PRAGMA busy_timeout={_SHORT_WAIT_MS}")
        except BaseException:
            connection.close()
            raise
        return connection

    def worded(self, error: BaseException) -> BaseException:
        """Give the error a caller should see: ours where there is something to do, else the same one."""
        ours = self._ours(error) if isinstance(error, sqlite.Error) else None
        if ours is None:
            return error
        ours.__cause__ = error
        return ours.with_traceback(error.__traceback__)

    def _ours(self, error: BaseException) -> JangbuError | None:
        if isinstance(error, sqlite.IntegrityError):
            return Conflict(f"the database refuses the change: {error}", code="database.constraint")
        if (words := _WORDS.get(_primary_code(error))) is None:
            return None
        kind, code, sentence = words
        return kind(f"{self.path}: {sentence}", code=code, database=self.path)


def patiently(connection: sqlite3.Connection, sql: str) -> None:
    """Run a statement that needs a lock, asking again in short steps while another process holds it.

    SQLite's own waiting grows to 100 ms between questions and would starve beside a busy writer.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute(sql)
        except sqlite.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        else:
            return


def path_of(url: str) -> str:
    """Take the file out of `sqlite:///<path>` (`sqlite:////absolute`, `sqlite:///:memory:`).

    Errors: ConfigError when no path is named.
    """
    path = url.removeprefix("sqlite:///")
    if path == url or not path:
        raise ConfigError("a SQLite address looks like sqlite:///path/to/file", code="database.address")
    return path if path == MEMORY else str(Path(path).expanduser())


def _primary_code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
