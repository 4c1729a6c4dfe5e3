"""An owner and a packer, set up through the room's own services; hashes are stand-ins, for nothing here hashes."""

from __future__ import annotations

from datetime import UTC, datetime

from jangbu.infra.db import Database, WriteTx
from jangbu.people import service as people
from jangbu.people import signing_in
from jangbu.people.model import Choices, Person, Role
from jangbu.people.signing_in import Where

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
KOREAN = Choices("ko", "Asia/Seoul", "KRW")
HERE, AWAY = Where("127.0.0.1", here=True, agent="Firefox"), Where("192.168.0.7")
OWNER = "person:mina"


def an_owner(database: Database, login: str = "mina") -> Person:
    def write(tx: WriteTx) -> Person:
        return people.set_up(tx, login, "공방 주인", KOREAN, "hash-1", NOW, address="127.0.0.1")

    return database.write_now(write)


def another(database: Database, login: str = "jun", role: Role = Role.PACKER) -> Person:
    return database.write_now(lambda tx: people.add(tx, login, login, role, NOW, actor=OWNER, password="hash-2"))


def sign_in(database: Database, login: str, where: Where = HERE, at: datetime = NOW) -> str:
    def write(tx: WriteTx) -> str:
        return signing_in.succeed(tx, signing_in.begin(tx, login, where, at), where, at)

    return database.write_now(write)


def fail(database: Database, login: str, where: Where = AWAY, at: datetime = NOW) -> None:
    """Try once with a wrong password."""

    def write(tx: WriteTx) -> None:
        signing_in.fail(tx, signing_in.begin(tx, login, where, at), where, at)

    database.write_now(write)


def who(database: Database, token: str, at: datetime = NOW) -> Person | None:
    found = database.read_now(lambda tx: signing_in.visitor(tx, token, at))
    return found.person if found else None


def everything(database: Database) -> str:
    """Give all that is kept of people, as text."""
    tables = ("person", "person_session", "invitation", "login_failure", "audit", "seller_choice")
    return "\n".join(str(database.read_now(lambda tx, t=table: tx.all(f"SELECT * FROM {t}"))) for table in tables)  # type: ignore[misc]
