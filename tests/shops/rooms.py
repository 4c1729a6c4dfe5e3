"""One database of each kind for all tests of the rooms: emptied between tests, for making one takes longer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from graphlib import TopologicalSorter
from typing import Protocol

import pytest
from tests.infra.postgres_server import TestServer

from jangbu.infra.db import Database, WriteTx

_KEPT = {"location", "alembic_version"}


class OpenDoor(Protocol):
    """Opens the database under test once more."""

    def __call__(self) -> Database:
        """Open it."""


@pytest.fixture(scope="session")
def postgres_room(postgres_server: TestServer, postgres_template: str) -> Iterator[str]:
    """Give the address of a database with all tables, for every test on PostgreSQL in turn."""
    url = postgres_server.new_database(postgres_template)
    yield url
    postgres_server.drop(url)


@pytest.fixture
def room_url(database_kind: str, request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database of the kind under test."""
    if database_kind == "sqlite":
        return str(request.getfixturevalue("make_url")())
    url: str = request.getfixturevalue("postgres_room")
    with Database.open(url, inline=True) as database:
        database.write_now(_empty)
    return url


@pytest.fixture
def open_door(room_url: str) -> Iterator[OpenDoor]:
    """Open doors to one database, as several programs would; all are closed after the test."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(Database.open(room_url, synchronous="OFF"))


@pytest.fixture
def database(open_door: OpenDoor) -> Database:
    """Give an empty database of the kind under test."""
    return open_door()


def _empty(tx: WriteTx) -> None:
    for table in _children_first(tx):
        tx.run(f'DELETE FROM "{table}"')
    tx.run("DELETE FROM location WHERE id <> 'main'")


def _children_first(tx: WriteTx) -> list[str]:
    """Give the tables in an order in which no row is missed by another that points at it."""
    tables = {name for (name,) in tx.all("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")} - _KEPT
    pointing = tx.all(
        "SELECT c.relname, p.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
        "JOIN pg_class p ON p.oid = k.confrelid WHERE k.contype = 'f' AND c.oid <> p.oid"
    )
    children: dict[str, set[str]] = {table: set() for table in tables}
    for child, parent in pointing:
        if parent in tables and child in tables:
            children[parent].add(child)
    return list(TopologicalSorter(children).static_order())
