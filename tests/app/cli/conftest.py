"""A seller's home folder after the first days, and the program run on it without a network."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.town import START, a_town
from tests.support.vtime import run_virtual
from typer.testing import CliRunner

from jangbu.app import operations as ops
from jangbu.app.cli import app


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it said."""

    status: int
    out: str
    err: str


Run = Callable[..., Ran]


async def _first_days(home: Path) -> None:
    async with a_town(home, seed=3) as town:
        await town.settle_in()
        await town.quiet()
        await ops.stock_change(
            town.house, action="adjust", sku="FAN", quantity=-1, actor="person:owner", reason="broken"
        )
        await town.quiet()


@pytest.fixture(scope="session")
def first_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("first-days")
    run_virtual(_first_days(home), start=START)
    return home


@pytest.fixture
def home(first_days: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home folder of two shops, counted and started, to this test alone."""
    shutil.copytree(first_days, tmp_path / "home")
    return _lived_in(tmp_path, monkeypatch)


@pytest.fixture
def empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return _lived_in(tmp_path, monkeypatch)


def _lived_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("JANGBU_", "ETSY_", "NAVER_")) and not name.startswith("JANGBU_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("JANGBU_HOME", str(folder / "home"))
    monkeypatch.setenv("JANGBU_PROFILE", "dev")
    monkeypatch.setenv("JANGBU_LANGUAGE", "en")
    monkeypatch.chdir(folder)
    return folder / "home"


@pytest.fixture
def run() -> Run:
    """Run a command in this process."""

    def command(*words: str, lang: str = "en") -> Ran:
        done = CliRunner().invoke(app, ["--lang", lang, *words] if lang else list(words))
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Ran(done.exit_code, done.stdout, done.stderr)

    return command


def everything(home: Path) -> list[str]:
    """Give the whole database as text, to see whether anything changed."""
    with closing(sqlite3.connect(home / "hub.sqlite3")) as database:
        return sorted(line for line in database.iterdump() if not line.startswith('INSERT INTO "call_record"'))
