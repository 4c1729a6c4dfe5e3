"""`jangbu user`: people from the machine itself, without a hub; passwords by standard input, never as an argument."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.app.cli.conftest import Run, everything
from typer.testing import CliRunner

from jangbu.app.cli import app

GOOD = "blue kiln on monday"


def with_password(*words: str, typed: str = GOOD) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["--lang", "en", *words, "--stdin"], input=f"{typed}\n")
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout, done.stderr


def test_people_come_change_and_go(empty_home: Path, run: Run) -> None:
    assert "set-up link" in run("user", "list").out
    assert with_password("user", "add", "mina", "--name", "Mina", "--role", "owner")[0] == 0
    invited = run("user", "add", "jun", "--role", "packer", "--invite")
    assert invited.out.splitlines()[-1].startswith("http://127.0.0.1:9700/invitation?key=")
    rows = json.loads(run("user", "list", "--json").out)
    assert [(r["login"], r["name"], r["role"], r["has_password"]) for r in rows] == [
        ("mina", "Mina", "owner", True), ("jun", "jun", "packer", False)
    ]  # fmt: skip
    assert "invited until" in run("user", "list").out
    assert "Operator" in run("user", "role", "jun", "operator").out
    assert with_password("user", "password", "jun")[0] == 0
    assert run("user", "sign-out", "jun").status == 0
    assert "removed" in run("user", "remove", "jun").out
    assert [r["login"] for r in json.loads(run("user", "list", "--json").out)] == ["mina"]
    trail = run("user", "audit").out
    assert "jun is now Operator" in trail
    assert "jun removed" in trail
    kept = "\n".join(everything(empty_home))
    assert GOOD not in kept + trail
    assert "$argon2id$v=19$m=65536,t=3,p=4$" in kept


@pytest.mark.parametrize(
    ("words", "typed", "code"),
    [
        (("user", "add", "mina", "--role", "owner"), "kiln 42", "input.password_short"),
        (("user", "add", "mina", "--role", "owner"), "password2026", "input.password_common"),
        (("user", "add", "mina"), GOOD, "first_is_owner"),
        (("user", "add", "mi na", "--role", "owner"), GOOD, "input.login"),
        (("user", "password", "nobody"), GOOD, "person_unknown"),
    ],
)
def test_what_cannot_be_done_changes_nothing(
    empty_home: Path, run: Run, words: tuple[str, ...], typed: str, code: str
) -> None:
    run("user", "list")
    before = everything(empty_home)
    status, out, err = with_password(*words, typed=typed)
    assert status in {1, 2}
    assert f"({code})" in err
    assert typed not in out + err
    assert everything(empty_home) == before


@pytest.mark.usefixtures("empty_home")
def test_the_last_owner_stays(run: Run) -> None:
    with_password("user", "add", "mina", "--role", "owner")
    refused = run("user", "remove", "mina")
    assert (refused.status, "(last_owner)" in refused.err) == (1, True)
    assert "(last_owner)" in run("user", "role", "mina", "viewer").err


def test_a_password_is_no_argument(empty_home: Path, run: Run) -> None:
    refused = run("user", "add", "mina", "--password", GOOD)
    assert refused.status == 2
    asked = run("user", "add", "mina", "--role", "owner")
    assert "(usage.password)" in asked.err
    assert not (empty_home / "hub.sqlite3").exists()
