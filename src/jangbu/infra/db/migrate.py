"""Brings the tables to the revision of this code. Owns no revision; Alembic is loaded only for real work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from jangbu.infra.db.runners import Store
from jangbu.infra.db.sqlite_connect import sqlite
from jangbu.infra.db.tx import ReadTx
from jangbu.kernel.errors import ConfigError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

T = TypeVar("T")

SCRIPTS: Final = Path(__file__).parent / "migrations"
_NAMED: Final = re.compile(r"""^(revision|down_revision)\b[^=\n]*=\s*["']([^"']+)["']""", re.MULTILINE)
_TABLES: Final = {
    "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
    "postgresql": "SELECT count(*) FROM pg_class WHERE oid = to_regclass('alembic_version')",
}
_UPGRADE_LOCK: Final = 5_243_118_007  # any number, the same in every process that migrates


def current(read: Callable[[Callable[[ReadTx], str | None]], str | None], kind: str) -> str | None:
    """Tell the revision a database is at."""
    return read(lambda tx: _version(tx, kind))


def _version(tx: ReadTx, kind: str) -> str | None:
    if tx.all(_TABLES[kind]) == [(0,)]:
        return None
    row = tx.one("SELECT version_num FROM alembic_version")
    return str(row[0]) if row else None


def revisions(scripts: Path = SCRIPTS) -> tuple[str | None, frozenset[str]]:
    """Tell the newest revision of this code and all it knows, by reading its migration files as text."""
    own: set[str] = set()
    parents: set[str] = set()
    for file in (scripts / "versions").glob("*.py"):
        named = dict(_NAMED.findall(file.read_text(encoding="utf-8")))
        if "revision" in named:
            own.add(named["revision"])
            parents.add(named.get("down_revision", ""))
    newest = own - parents
    if len(newest) > 1:
        raise ConfigError(f"the migrations end in {len(newest)} places", code="database.revisions")
    return (newest.pop() if newest else None), frozenset(own)


def upgrade(at: str | None, store: Store, scripts: Path = SCRIPTS) -> None:
    """Run the migrations missing after revision `at`, all in one transaction."""
    head, known = revisions(scripts)
    if at == head:
        return
    if at is not None and at not in known:
        raise ConfigError(
            f"the database is at revision {at}, which this version of Jangbu does not know: use a newer one",
            code="database.newer",
            revision=at,
        )
    _run_alembic(store, scripts)


def _run_alembic(store: Store, scripts: Path) -> None:
    from alembic import command  # noqa: PLC0415 - slow to load, and seldom needed
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with _engine(store) as engine, engine.begin() as connection:
        if store.kind == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_UPGRADE_LOCK})")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


@contextmanager
def _engine(store: Store) -> Iterator[Engine]:
    from sqlalchemy import StaticPool, create_engine, event  # noqa: PLC0415

    raw = store.raw_connection()
    if store.kind == "sqlite":
        engine = create_engine("sqlite://", creator=lambda: raw, module=sqlite, poolclass=StaticPool)
        raw.execute("PRAGMA foreign_keys=OFF")  # or rebuilding a table would empty those that point at it
        event.listen(engine, "begin", _begin_immediate)
    else:
        engine = create_engine("postgresql+psycopg://", creator=lambda: raw, poolclass=StaticPool)
    try:
        yield engine
    finally:
        store.release(raw)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
