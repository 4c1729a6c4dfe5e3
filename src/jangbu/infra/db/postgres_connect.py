"""Opens PostgreSQL connections as this project wants them, and words their failures. Owns no transaction."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import psycopg
from psycopg import errors
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper

from jangbu.kernel.errors import ConfigError, Conflict, InputError, JangbuError, StateError

Connection = psycopg.Connection[tuple[Any, ...]]

_CONNECT_TIMEOUT_S: Final = 5
_WORDS: Final[tuple[tuple[type[Exception], type[JangbuError], str, str], ...]] = (
    (errors.SerializationFailure, StateError, "database.busy", "others kept changing the same rows"),
    (errors.DeadlockDetected, StateError, "database.busy", "others kept changing the same rows"),
    (errors.LockNotAvailable, StateError, "database.busy", "others kept the same rows locked"),
    (errors.DiskFull, StateError, "database.full", "the disk is full"),
    (errors.DataError, InputError, "database.value", "the database cannot hold this value"),
    (psycopg.OperationalError, StateError, "database.lost", "the connection was lost, or none was free"),
)


class _BoolAsInt(Dumper):
    """Sends True and False as 1 and 0, as SQLite stores them."""

    oid = psycopg.adapters.types["int8"].oid

    def dump(self, obj: bool) -> Buffer | None:
        return b"1" if obj else b"0"


class _WholeAsInt(Loader):
    """Reads a numeric without fraction, such as the sum of integers, as int."""

    def load(self, data: Buffer) -> int | Decimal:
        value = Decimal(bytes(data).decode())
        return int(value) if value.is_finite() and value == value.to_integral_value() else value


def configure(connection: Connection) -> None:
    """Make both databases speak the same values, and leave transactions to our own BEGIN and COMMIT.

    Integers go as 64 bits always: the driver's choice by size would plan one statement many times over.
    """
    connection.autocommit = True
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(bool, _BoolAsInt)
    connection.adapters.register_loader("numeric", _WholeAsInt)


class Server:
    """One PostgreSQL database by its address, with words for its failures that never show the password."""

    def __init__(self, url: str) -> None:
        """Check the form of the address.

        Errors: ConfigError.
        """
        try:
            parts = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # The driver's sentence may quote a piece of the password.
            raise ConfigError("the PostgreSQL address cannot be read", code="database.address") from None
        self.url = url
        self.options = {"connect_timeout": _CONNECT_TIMEOUT_S, "application_name": "jangbu"}
        self._password = str(parts.get("password") or "")
        self.name = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"

    def connect(self) -> Connection:
        """Open a connection.

        Errors: ConfigError when the server does not let us in.
        """
        try:
            connection = psycopg.connect(self.url, **self.options)  # type: ignore[arg-type]  # driver's own options
        except psycopg.OperationalError as error:
            reason = self._without_password(str(error).partition("\n")[0])
            raise ConfigError(
                f"PostgreSQL at {self.name} cannot be used: {reason}",
                code="database.unreachable",
                database=self.name,
            ) from None
        configure(connection)
        return connection

    def worded(self, error: BaseException) -> BaseException:
        """Give the error a caller should see: ours where there is something to do, else the same one.

        The driver's error is not chained: its text may hold row values.
        """
        ours = self._ours(error)
        return error if ours is None else ours.with_traceback(error.__traceback__)

    def _ours(self, error: BaseException) -> JangbuError | None:
        if isinstance(error, errors.IntegrityError):
            broken = error.diag.constraint_name or error.diag.column_name or error.diag.table_name or ""
            return Conflict(f"the database refuses the change: {broken}", code="database.constraint")
        for driver_error, kind, code, sentence in _WORDS:
            if isinstance(error, driver_error):
                return kind(f"{self.name}: {sentence}", code=code, database=self.name)
        return None

    def _without_password(self, text: str) -> str:
        return text.replace(self._password, "***") if self._password else text
