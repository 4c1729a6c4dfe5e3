"""`user …`: who works here, from the machine itself. Owns the asking for passwords, which never leave this process.

A password is typed at a prompt or read from standard input, never given as an argument; only its hash goes on.
"""

from __future__ import annotations

import getpass
import sys
from typing import Annotated, Any

import typer

from jangbu.app.commands.face import AsJSON, Face, Limit, actor, face_of
from jangbu.app.commands.spoken import SpokenCommand, group
from jangbu.kernel.errors import InputError

Login = Annotated[str, typer.Argument(metavar="NAME")]
Stdin = Annotated[bool, typer.Option("--stdin")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    users = group()
    for name, command in (
        ("list", list_), ("add", add), ("role", role), ("password", password), ("invite", invite),
        ("remove", remove), ("sign-out", sign_out), ("audit", audit),
    ):  # fmt: skip
        users.command(name, cls=SpokenCommand)(command)
    app.add_typer(users, name="user")


def list_(ctx: typer.Context, as_json: AsJSON = False) -> None:
    """List who works here."""
    face = face_of(ctx)
    rows: list[dict[str, Any]] = face.ask("people_list")

    def people() -> None:
        face.table(
            ("login", "person", "role", ">sessions", "seen", "~password"),
            [
                (
                    r["login"], r["name"], face.word("role", r["role"]), face.number(r["sessions"]),
                    face.when(r["seen_at"]) or "–", _password_state(face, r),
                )
                for r in rows
            ],
            empty="user.none",
        )  # fmt: skip

    face.show(rows, as_json, people)


def add(
    ctx: typer.Context,
    login: Login,
    *,
    called: Annotated[str, typer.Option("--name", metavar="TEXT")] = "",
    role: Annotated[str, typer.Option("--role", metavar="owner|operator|packer|viewer")] = "viewer",
    invite: Annotated[bool, typer.Option("--invite")] = False,
    stdin: Stdin = False,
    as_json: AsJSON = False,
) -> None:
    """Add somebody."""
    face = face_of(ctx)
    hashed = "" if invite else _asked_hash(face, login, called or login, stdin=stdin)
    done = face.ask("person_add", login=login, name=called or login, role=role, actor=actor(), password_hash=hashed)

    def people() -> None:
        face.say("user.added", name=done["login"], role=face.word("role", done["role"]))
        _link(face, done)

    face.show(done, as_json, people)


def invite(ctx: typer.Context, login: Login, as_json: AsJSON = False) -> None:
    """Make a new invitation link."""
    face = face_of(ctx)
    done = face.ask("person_invite", login=login, actor=actor())
    face.show(done, as_json, lambda: _link(face, done))


def role(
    ctx: typer.Context,
    login: Login,
    wanted: Annotated[str, typer.Argument(metavar="owner|operator|packer|viewer")],
    as_json: AsJSON = False,
) -> None:
    """Change somebody's role."""
    face = face_of(ctx)
    done = face.ask("person_role", login=login, role=wanted, actor=actor())
    face.show(
        done, as_json, lambda: face.say("user.role", name=done["login"], role=face.word("role", done["role"]))
    )


def password(ctx: typer.Context, login: Login, stdin: Stdin = False, as_json: AsJSON = False) -> None:
    """Set somebody's password."""
    face = face_of(ctx)
    hashed = _asked_hash(face, login, "", stdin=stdin)
    done = face.ask("person_password", login=login, password_hash=hashed, actor=actor())
    face.show(done, as_json, lambda: face.say("user.password", name=done["login"]))


def remove(ctx: typer.Context, login: Login, as_json: AsJSON = False) -> None:
    """Remove somebody."""
    face = face_of(ctx)
    done = face.ask("person_remove", login=login, actor=actor())
    face.show(done, as_json, lambda: face.say("user.removed", name=done["login"]))


def sign_out(ctx: typer.Context, login: Login, as_json: AsJSON = False) -> None:
    """End every session of somebody."""
    face = face_of(ctx)
    done = face.ask("person_sign_out", login=login, actor=actor())
    face.show(done, as_json, lambda: face.say("user.signed_out", name=done["login"], n=done["ended"]))


def audit(ctx: typer.Context, limit: Limit = 50, as_json: AsJSON = False) -> None:
    """Show the trail."""
    face = face_of(ctx)
    rows: list[dict[str, Any]] = face.ask("audit_list", limit=limit)

    def told(row: dict[str, Any]) -> str:
        from jangbu.infra.i18n import catalogue, word  # noqa: PLC0415 - the CLI loads lazily

        facts = dict(row["facts"])
        if "role" in facts:
            facts["role"] = word("role", str(facts["role"]), face.language)
        return catalogue().text(f"audit.{row['code']}", face.language, **facts)

    def people() -> None:
        face.table(
            ("happened_at", "who", "address", "~deed"),
            [(face.when(r["at"]), r["actor"].removeprefix("person:") or "?", r["address"], told(r)) for r in rows],
        )

    face.show(rows, as_json, people)


def _password_state(face: Face, row: dict[str, Any]) -> str:
    if row["has_password"]:
        return face.text("user.has_password")
    until = row["invited_until"]
    return face.text("user.invited_until", until=face.when(until)) if until else face.text("user.no_password")


def _link(face: Face, done: dict[str, Any]) -> None:
    if done["invitation"]:
        face.note("user.invitation", name=done["login"])
        print(done["invitation"])


def _asked_hash(face: Face, login: str, name: str, *, stdin: bool) -> str:
    """Have a password typed twice, or read one line of standard input; give the hash alone.

    Errors: InputError when it is not accepted, or cannot be asked for without a terminal.
    """
    from jangbu.people.model import checked_login, checked_password  # noqa: PLC0415 - the CLI loads lazily
    from jangbu.people.passwords import Passwords  # noqa: PLC0415 - the same

    login = checked_login(login)
    if stdin:
        typed = sys.stdin.readline().rstrip("\r\n")
        return Passwords().hash_now(checked_password(typed, login=login, name=name))
    if not sys.stdin.isatty():
        raise InputError("a password is typed at a terminal", code="usage.password")
    typed = checked_password(getpass.getpass(face.text("user.ask", name=login)), login=login, name=name)
    if getpass.getpass(face.text("user.ask_again")) != typed:
        raise InputError("the two are not the same", code="input.passwords_differ")
    return Passwords().hash_now(typed)
