"""Tables of people. Decides nothing."""

from __future__ import annotations

from datetime import datetime

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.people.model import Deeds, Person, PersonId, Role, Session

_PERSON = "id, login, name, role, language, time_zone, active, password, created_at"
_LOCK = "lock"

# -- persons ----------------------------------------------------------------------------------------------


def lock(tx: WriteTx) -> None:
    """Let no other transaction change who is here until this one ends."""
    put_choice(tx, _LOCK, "")


def any_person(tx: ReadTx) -> bool:
    """Tell whether anybody ever was set up here."""
    return tx.one("SELECT 1 FROM person LIMIT 1") is not None


def all_persons(tx: ReadTx) -> list[Person]:
    """Give everybody who was not removed, in the order they came."""
    return [_person(row) for row in tx.all(f"SELECT {_PERSON} FROM person WHERE active = 1 ORDER BY created_at, id")]


def by_id(tx: ReadTx, person: str) -> Person | None:
    """Give one person."""
    row = tx.one(f"SELECT {_PERSON} FROM person WHERE id = ?", (person,))
    return _person(row) if row else None


def by_login(tx: ReadTx, login: str) -> Person | None:
    """Find a person by the name to sign in with."""
    row = tx.one(f"SELECT {_PERSON} FROM person WHERE login = ?", (login,))
    return _person(row) if row else None


def password_of(tx: ReadTx, person: PersonId) -> str:
    """Give a person's password hash; nothing when there is none."""
    row = tx.one("SELECT password FROM person WHERE id = ?", (person,))
    return str(row[0]) if row else ""


def add(tx: WriteTx, person: Person, password: str) -> None:
    """Insert a person."""
    tx.run(
        f"INSERT INTO person ({_PERSON}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            person.id, person.login, person.name, person.role.value, person.language, person.zone, int(person.active),
            password, to_ms(person.created_at),
        ),
    )  # fmt: skip


def set_password(tx: WriteTx, person: PersonId, password: str) -> None:
    """Change a password hash."""
    tx.run("UPDATE person SET password = ? WHERE id = ?", (password, person))


def set_role(tx: WriteTx, person: PersonId, role: Role) -> None:
    """Change a role."""
    tx.run("UPDATE person SET role = ? WHERE id = ?", (role.value, person))


def set_own(tx: WriteTx, person: PersonId, name: str, language: str, zone: str) -> None:
    """Change what a person decides alone."""
    tx.run("UPDATE person SET name = ?, language = ?, time_zone = ? WHERE id = ?", (name, language, zone, person))


def retire(tx: WriteTx, person: PersonId, login: str) -> None:
    """Take a person out; the row stays, for the ledger and the trail name it."""
    tx.run("UPDATE person SET active = 0, password = '', login = ? WHERE id = ?", (login, person))


def _person(row: tuple[object, ...]) -> Person:
    id_, login, name, role, language, zone, active, password, created_at = row
    return Person(
        PersonId(str(id_)), str(login), str(name), Role(str(role)), str(language), str(zone), bool(active),
        bool(password), from_ms(int(str(created_at))),
    )  # fmt: skip


# -- sessions and invitations -----------------------------------------------------------------------------


def open_session(
    tx: WriteTx, token: str, person: PersonId, at: datetime, ends_at: datetime, address: str, agent: str
) -> None:
    """Insert a session by the sum of its token."""
    tx.run(
        "INSERT INTO person_session (token, person_id, opened_at, seen_at, ends_at, address, agent) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (token, person, to_ms(at), to_ms(at), to_ms(ends_at), address, agent),
    )


def session(tx: ReadTx, token: str) -> tuple[PersonId, datetime, datetime] | None:
    """Give whose a session is, when it was last seen, when it ends at the latest."""
    row = tx.one("SELECT person_id, seen_at, ends_at FROM person_session WHERE token = ?", (token,))
    return (PersonId(row[0]), from_ms(row[1]), from_ms(row[2])) if row else None


def sessions_of(tx: ReadTx, person: PersonId) -> list[tuple[str, Session]]:
    """Give a person's sessions with the sums of their tokens, the one used last first."""
    rows = tx.all(
        "SELECT token, opened_at, seen_at, ends_at, address, agent FROM person_session WHERE person_id = ? "
        "ORDER BY seen_at DESC, token",
        (person,),
    )
    return [(t, Session(t[:12], from_ms(o), from_ms(s), from_ms(e), where, agent)) for t, o, s, e, where, agent in rows]


def see_session(tx: WriteTx, token: str, at: datetime) -> None:
    """Note that a session was used."""
    tx.run("UPDATE person_session SET seen_at = ? WHERE token = ?", (to_ms(at), token))


def end_session(tx: WriteTx, token: str) -> int:
    """End one session; tell whether there was one."""
    return tx.run("DELETE FROM person_session WHERE token = ?", (token,))


def end_sessions(tx: WriteTx, person: PersonId) -> int:
    """End all sessions of a person; tell how many."""
    return tx.run("DELETE FROM person_session WHERE person_id = ?", (person,))


def forget_ended(tx: WriteTx, seen_before: datetime, now: datetime) -> None:
    """Drop sessions and invitations whose time is over."""
    tx.run("DELETE FROM person_session WHERE seen_at < ? OR ends_at <= ?", (to_ms(seen_before), to_ms(now)))
    tx.run("DELETE FROM invitation WHERE ends_at <= ?", (to_ms(now),))


def put_invitation(tx: WriteTx, token: str, person: PersonId, ends_at: datetime) -> None:
    """Keep an invitation in place of any earlier one of this person."""
    drop_invitations(tx, person)
    tx.run("INSERT INTO invitation (token, person_id, ends_at) VALUES (?, ?, ?)", (token, person, to_ms(ends_at)))


def invitation(tx: ReadTx, token: str) -> tuple[PersonId, datetime] | None:
    """Give whose an invitation is and when it ends."""
    row = tx.one("SELECT person_id, ends_at FROM invitation WHERE token = ?", (token,))
    return (PersonId(row[0]), from_ms(row[1])) if row else None


def take_invitation(tx: WriteTx, token: str) -> int:
    """Use an invitation up; tell whether it was still there."""
    return tx.run("DELETE FROM invitation WHERE token = ?", (token,))


def drop_invitations(tx: WriteTx, person: PersonId) -> None:
    """Take a person's invitations back."""
    tx.run("DELETE FROM invitation WHERE person_id = ?", (person,))


def invited_until(tx: ReadTx) -> dict[str, datetime]:
    """Give until when whose invitation stands."""
    return {row[0]: from_ms(row[1]) for row in tx.all("SELECT person_id, ends_at FROM invitation")}


# -- failed sign-ins --------------------------------------------------------------------------------------


def failures(tx: WriteTx, key: str, at: datetime) -> tuple[int, datetime]:
    """Give how often a key failed and when last, and let nobody else count it until this transaction ends."""
    tx.run(
        "INSERT INTO login_failure (key, times, last_at) VALUES (?, 0, ?) ON CONFLICT (key) DO UPDATE SET times = "
        "login_failure.times",
        (key, to_ms(at)),
    )
    row = tx.one("SELECT times, last_at FROM login_failure WHERE key = ?", (key,))
    if row is None:
        raise LookupError(key)
    return int(row[0]), from_ms(row[1])


def set_failures(tx: WriteTx, key: str, times: int, at: datetime) -> None:
    """Keep how often a key failed."""
    tx.run("UPDATE login_failure SET times = ?, last_at = ? WHERE key = ?", (times, to_ms(at), key))


def drop_failures(tx: WriteTx, key: str) -> None:
    """Forget a key."""
    tx.run("DELETE FROM login_failure WHERE key = ?", (key,))


def bound_failures(tx: WriteTx, forgotten_before: datetime, most: int) -> None:
    """Forget keys that count for nothing any more; of too many, those that failed least."""
    tx.run("DELETE FROM login_failure WHERE last_at < ?", (to_ms(forgotten_before),))
    tx.run(
        "DELETE FROM login_failure WHERE key IN (SELECT key FROM login_failure ORDER BY times DESC, last_at DESC "
        "LIMIT 1000000 OFFSET ?)",
        (most,),
    )


# -- the trail, and what was chosen -----------------------------------------------------------------------


def add_deed(tx: WriteTx, at: datetime, code: str, actor: str, address: str, facts: dict[str, str | int]) -> None:
    """Write a line of the trail."""
    tx.run(
        "INSERT INTO audit (at, code, actor, address, facts) VALUES (?, ?, ?, ?, ?)",
        (to_ms(at), code, actor, address, msgspec.json.encode(facts).decode()),
    )


def bound_deeds(tx: WriteTx, code: str, most: int) -> None:
    """Keep of one code only the latest lines."""
    tx.run(
        "DELETE FROM audit WHERE code = ? AND seq <= (SELECT MAX(seq) FROM audit WHERE code = ?) - ?",
        (code, code, most),
    )


def deeds(tx: ReadTx, limit: int) -> list[Deeds]:
    """Give the latest lines of the trail, newest first."""
    rows = tx.all("SELECT at, code, actor, address, facts FROM audit ORDER BY seq DESC LIMIT ?", (limit,))
    return [Deeds(from_ms(at), code, who, where, msgspec.json.decode(facts)) for at, code, who, where, facts in rows]


def put_choice(tx: WriteTx, name: str, value: str) -> None:
    """Keep a choice."""
    tx.run(
        "INSERT INTO seller_choice (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = "
        "excluded.value",
        (name, value),
    )


def take_choice(tx: WriteTx, name: str, value: str) -> bool:
    """Drop a choice if it is this one; tell whether it was."""
    return tx.run("DELETE FROM seller_choice WHERE name = ? AND value = ?", (name, value)) > 0


def choices(tx: ReadTx) -> dict[str, str]:
    """Give every choice."""
    return dict(tx.all("SELECT name, value FROM seller_choice"))
