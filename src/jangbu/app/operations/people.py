"""Who works here: list, add, invite, change, remove; and the trail of what they did.

No operation takes a password: what comes through a door is its Argon2id hash, made where it was typed.
"""

from __future__ import annotations

from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import InputError
from jangbu.people import service as people
from jangbu.people import signing_in
from jangbu.people.model import Person, checked_role
from jangbu.people.passwords import checked_hash
from jangbu.people.tokens import new_token

INVITATION_PATH = "/invitation?key="


async def people_list(house: House) -> list[Facts]:
    """List who works here, in the order they came."""
    now = house.clock.now()

    def read(tx: ReadTx) -> list[Facts]:
        until = people.invited_until(tx)
        rows = []
        for person in people.everybody(tx):
            ends = until.get(person.id)
            live = [session for session, _ in signing_in.sessions(tx, person, now)]
            rows.append({
                **person_facts(person), "sessions": len(live), "seen_at": iso(live[0].seen_at) if live else None,
                "invited_until": iso(ends) if ends and ends > now else None,
            })  # fmt: skip
        return rows

    return await house.db.read(read)


async def person_add(
    house: House, *, login: str, name: str, role: str, actor: str, password_hash: str = "", address: str = ""
) -> Facts:
    """Add somebody, with a password or with an invitation link that lets them choose one.

    Errors: InputError naming the field; Conflict for a taken name; IllegalTransition for a first who is no owner.
    """
    now, wanted, key = house.clock.now(), checked_role(role), "" if password_hash else new_token()
    hashed = checked_hash(password_hash) if password_hash else ""

    def write(tx: WriteTx) -> Person:
        person = people.add(tx, login, name, wanted, now, actor=actor, address=address, password=hashed)
        if key:
            people.invite(tx, person, key, now, actor=actor, address=address)
        return person

    return {**person_facts(await house.db.write(write)), "invitation": _link(house, key) if key else ""}


async def person_invite(house: House, *, login: str, actor: str, address: str = "") -> Facts:
    """Make a new invitation link for somebody; an earlier one ends. Errors: NotFound."""
    now, key = house.clock.now(), new_token()

    def write(tx: WriteTx) -> Person:
        person = people.named(tx, login)
        people.invite(tx, person, key, now, actor=actor, address=address)
        return person

    return {**person_facts(await house.db.write(write)), "invitation": _link(house, key)}


async def person_role(house: House, *, login: str, role: str, actor: str, address: str = "") -> Facts:
    """Change somebody's role; their sessions end.

    Errors: InputError, NotFound; IllegalTransition for the last owner.
    """
    now, wanted = house.clock.now(), checked_role(role)

    def write(tx: WriteTx) -> Person:
        return people.set_role(tx, people.named(tx, login).id, wanted, now, actor=actor, address=address)

    return person_facts(await house.db.write(write))


async def person_password(house: House, *, login: str, password_hash: str, actor: str) -> Facts:
    """Set somebody's password by its hash; their sessions end, and they may sign in at once. Errors: NotFound."""
    now, hashed = house.clock.now(), checked_hash(password_hash)

    def write(tx: WriteTx) -> Person:
        person = people.named(tx, login)
        people.set_password(tx, person, hashed, now, actor=actor)
        signing_in.forget_failures(tx, person)
        return person

    return person_facts(await house.db.write(write))


async def person_remove(house: House, *, login: str, actor: str, address: str = "") -> Facts:
    """Remove somebody: they are out at once. Errors: NotFound; IllegalTransition for the last owner."""
    now = house.clock.now()

    def write(tx: WriteTx) -> Person:
        return people.remove(tx, people.named(tx, login).id, now, actor=actor, address=address)

    return person_facts(await house.db.write(write))


async def person_sign_out(house: House, *, login: str, actor: str, address: str = "") -> Facts:
    """End every session of somebody. Errors: NotFound."""
    now = house.clock.now()

    def write(tx: WriteTx) -> int:
        person = people.named(tx, login)
        return signing_in.sign_out_everywhere(tx, person, now, actor=actor, address=address)

    return {"login": login, "ended": await house.db.write(write)}


async def audit_list(house: House, *, limit: int = 50) -> list[Facts]:
    """Give the latest lines of the trail, newest first, as codes with facts. Errors: InputError for a bad limit."""
    if not 1 <= limit <= 10_000:  # noqa: PLR2004 - more than anybody reads
        raise InputError("a limit is 1 to 10000", code="local.argument", name="limit")
    rows = await house.db.read(lambda tx: people.trail(tx, limit))
    return [
        {"at": iso(d.at), "code": d.code, "actor": d.actor, "address": d.address, "facts": dict(d.facts)} for d in rows
    ]


def person_facts(person: Person) -> Facts:
    """Tell a person as plain values."""
    return {
        "id": person.id, "login": person.login, "name": person.name, "role": person.role.value,
        "language": person.language, "time_zone": person.zone, "has_password": person.has_password,
        "created_at": iso(person.created_at),
    }  # fmt: skip


def _link(house: House, key: str) -> str:
    """Give the address an invitation is opened at: the public one, else this machine's."""
    settings = house.settings
    return f"{settings.public_url or f'http://{settings.host}:{settings.port}'}{INVITATION_PATH}{key}"
