"""Fixtures for every test: a database of either kind, and no network but loopback."""

from __future__ import annotations

import ipaddress
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest
from tests.infra.postgres_server import TestServer, name_of, running_server

from jangbu.infra.db import Database


class MakeDatabase(Protocol):
    """Opens databases of the kind under test; all are closed and dropped after the test."""

    def __call__(
        self, url: str | None = None, *, inline: bool = False, upgraded: bool = True, synchronous: str = "OFF"
    ) -> Database:
        """Open `url`, or a new database with all tables (without any unless `upgraded`)."""


class MakeURL(Protocol):
    """Makes databases of the kind under test without opening them."""

    def __call__(self, *, upgraded: bool = True) -> str:
        """Make one and give its address."""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[TestServer]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an upgraded file to copy: the migrations run once."""
    path = tmp_path_factory.mktemp("template") / "hub.sqlite3"
    with Database.open(f"sqlite:///{path}", inline=True, synchronous="OFF") as database:
        database.upgrade()
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: TestServer) -> Iterator[str]:
    """Give the name of an upgraded database to copy."""
    url = postgres_server.new_database()
    with Database.open(url, inline=True) as database:
        database.upgrade()
    yield name_of(url)
    postgres_server.drop(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.pg)])
def database_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_url(database_kind: str, request: pytest.FixtureRequest) -> Iterator[MakeURL]:
    with ExitStack() as made:
        if database_kind == "sqlite":
            yield _sqlite_urls(request)
        else:
            yield _postgres_urls(request, made)


@pytest.fixture
def make_database(make_url: MakeURL) -> Iterator[MakeDatabase]:
    with ExitStack() as opened:

        def make(
            url: str | None = None, *, inline: bool = False, upgraded: bool = True, synchronous: str = "OFF"
        ) -> Database:
            address = url or make_url(upgraded=upgraded)
            return opened.enter_context(Database.open(address, inline=inline, synchronous=synchronous))

        yield make


@pytest.fixture
def database(make_database: MakeDatabase) -> Database:
    return make_database()


def _sqlite_urls(request: pytest.FixtureRequest) -> MakeURL:
    folder: Path = request.getfixturevalue("tmp_path")
    template: Path = request.getfixturevalue("sqlite_template")

    def make(*, upgraded: bool = True) -> str:
        path = folder / f"hub-{len(list(folder.iterdir()))}.sqlite3"
        if upgraded:
            shutil.copyfile(template, path)
        return f"sqlite:///{path}"

    return make


def _postgres_urls(request: pytest.FixtureRequest, made: ExitStack) -> MakeURL:
    server: TestServer = request.getfixturevalue("postgres_server")

    def make(*, upgraded: bool = True) -> str:
        template = request.getfixturevalue("postgres_template") if upgraded else "template1"
        url = server.new_database(template)
        made.callback(server.drop, url)
        return url

    return make


@pytest.fixture(scope="session", autouse=True)
def _only_loopback() -> Iterator[None]:
    """Fail a test that reaches for the network, in a way no handler of errors swallows."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guarded_look_up(socket.getaddrinfo))
        yield


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: socket.socket, *args: Any) -> Any:
        address = args[-1]
        if self.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
            pytest.fail(f"a test tried to reach {address[0]}")
        return method(self, *args)

    return call


def _guarded_look_up(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def call(host: str | bytes | None, *args: Any, **kwargs: Any) -> Any:
        if host is not None and not _is_loopback(host.decode() if isinstance(host, bytes) else host):
            pytest.fail(f"a test tried to look up {host!r}")
        return look_up(host, *args, **kwargs)

    return call


def _is_loopback(host: str) -> bool:
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
