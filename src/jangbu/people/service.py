"""Use cases of people: set up, invite, change, remove; and the trail they leave. Never commits, never hashes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import Conflict, IllegalTransition, NotFound
from jangbu.kernel.ids import new_id
from jangbu.people import store
from jangbu.people.model import (
    INVITATION_LASTS,
    Choices,
    Person,
    PersonId,
    Role,
    checked_currency,
    checked_language,
    checked_login,
    checked_name,
    checked_zone,
)
from jangbu.people.tokens import sum_of

RECOVERY_CONFIRMED: Final = "recovery_confirmed"
FAILED_KEPT: Final = 5_000
FAILED: Final = "sign_in.failed"
_CHOICES: Final = ("language", "zone", "currency")

any_person = store.any_person
everybody = store.all_persons
by_id = store.by_id
password_of = store.password_of
invited_until = store.invited_until
trail = store.deeds


def audit(tx: WriteTx, at: datetime, code: str, *, actor: str, address: str = "", **facts: str | int) -> None:
    """Write into the trail who did what, when, from where; `actor` is `person:<sign-in name>` or a program."""
    store.add_deed(tx, at, code, actor, address, facts)
    if code == FAILED:
        store.bound_deeds(tx, FAILED, FAILED_KEPT)


def actor_of(person: Person) -> str:
    """Name a person in the trail, in the ledger and in the story."""
    return f"person:{person.login}"


def named(tx: ReadTx, login: str) -> Person:
    """Find a person by sign-in name. Errors: NotFound."""
    found = store.by_login(tx, checked_login(login))
    if found is None or not found.active:
        raise NotFound("nobody of that name", code="person_unknown", name=login[:40])
    return found


def first_owner(tx: ReadTx) -> Person | None:
    """Give the owner who was here first."""
    return next((person for person in store.all_persons(tx) if person.role is Role.OWNER), None)


# -- the first start --------------------------------------------------------------------------------------


def set_up(
    tx: WriteTx, login: str, name: str, choices: Choices, password: str, at: datetime, *, address: str = ""
) -> Person:
    """Make the first person, who owns everything, and keep what was chosen for the house.

    Errors: IllegalTransition when somebody is here already; InputError naming the field.
    """
    store.lock(tx)
    if store.any_person(tx):
        raise IllegalTransition("somebody is set up already", code="already_set_up")
    values = (checked_language(choices.language), checked_zone(choices.zone), checked_currency(choices.currency))
    for key, value in zip(_CHOICES, values, strict=True):
        store.put_choice(tx, key, value)
    owner = _new(login, name, Role.OWNER, choices, at)
    store.add(tx, owner, password)
    audit(tx, at, "set_up", actor=actor_of(owner), address=address, name=owner.name)
    return replace(owner, has_password=bool(password))


def choices(tx: ReadTx) -> Choices:
    """Tell what was chosen for the house."""
    found = store.choices(tx)
    return Choices(*(found.get(name, "") for name in _CHOICES))


def recovery_confirmed(tx: ReadTx) -> bool:
    """Tell whether somebody typed back two groups of the recovery sheet."""
    return RECOVERY_CONFIRMED in store.choices(tx)


def confirm_recovery(tx: WriteTx, person: Person, at: datetime, *, address: str) -> None:
    """Note that the sheet was written down right."""
    store.put_choice(tx, RECOVERY_CONFIRMED, at.isoformat())
    audit(tx, at, "recovery.confirmed", actor=actor_of(person), address=address)


def _new(login: str, name: str, role: Role, choices: Choices, at: datetime) -> Person:
    return Person(
        PersonId(new_id("person")), checked_login(login), checked_name(name), role, checked_language(choices.language),
        checked_zone(choices.zone), active=True, has_password=False, created_at=at,
    )  # fmt: skip


# -- others -----------------------------------------------------------------------------------------------


def add(
    tx: WriteTx, login: str, name: str, role: Role, at: datetime, *, actor: str, address: str = "", password: str = ""
) -> Person:
    """Add somebody; without a password, an invitation lets them choose one.

    Errors: Conflict for a name that is taken; IllegalTransition for a first person who is no owner.
    """
    store.lock(tx)
    if role is not Role.OWNER and first_owner(tx) is None:
        raise IllegalTransition("the first person owns the house", code="first_is_owner")
    house = choices(tx)
    person = _new(login, name, role, Choices(house.language or "ko", house.zone or "Asia/Seoul"), at)
    if store.by_login(tx, person.login) is not None:
        raise Conflict("this name is taken", code="login_taken", name=person.login)
    store.add(tx, person, password)
    audit(tx, at, "person.added", actor=actor, address=address, name=person.login, role=role.value)
    return replace(person, has_password=bool(password))


def invite(tx: WriteTx, person: Person, key: str, at: datetime, *, actor: str, address: str = "") -> None:
    """Let whoever brings `key` choose this person's password, once; an earlier invitation ends."""
    store.put_invitation(tx, sum_of(key), person.id, at + INVITATION_LASTS)
    audit(tx, at, "person.invited", actor=actor, address=address, name=person.login)


def invited(tx: ReadTx, key: str, now: datetime) -> Person | None:
    """Tell whose an invitation is; None when it is wrong, used, taken back or too old."""
    found = store.invitation(tx, sum_of(key))
    if found is None or now >= found[1]:
        return None
    person = store.by_id(tx, found[0])
    return person if person and person.active else None


def accept(tx: WriteTx, key: str, password: str, at: datetime, *, address: str) -> Person:
    """Use an invitation up and keep the password chosen with it. Errors: NotFound."""
    person = invited(tx, key, at)
    if person is None or not store.take_invitation(tx, sum_of(key)):
        raise NotFound("this invitation is used or too old", code="invitation_ended")
    set_password(tx, person, password, at, actor=actor_of(person), address=address)
    return replace(person, has_password=True)


def set_password(tx: WriteTx, person: Person, password: str, at: datetime, *, actor: str, address: str = "") -> None:
    """Change a password (its hash): every session and invitation of this person ends. Errors: NotFound."""
    _present(tx, person.id)
    store.set_password(tx, person.id, password)
    store.end_sessions(tx, person.id)
    store.drop_invitations(tx, person.id)
    audit(tx, at, "person.password", actor=actor, address=address, name=person.login)


def set_role(tx: WriteTx, person: PersonId, role: Role, at: datetime, *, actor: str, address: str = "") -> Person:
    """Change a role: every session of this person ends. Repeat: the same role changes nothing.

    Errors: NotFound; IllegalTransition when no owner would be left.
    """
    store.lock(tx)
    found = _present(tx, person)
    if found.role is role:
        return found
    _keep_an_owner(tx, found)
    store.set_role(tx, person, role)
    store.end_sessions(tx, person)
    audit(tx, at, "person.role", actor=actor, address=address, name=found.login, role=role.value)
    return replace(found, role=role)


def remove(tx: WriteTx, person: PersonId, at: datetime, *, actor: str, address: str = "") -> Person:
    """Take somebody out at once: sessions, invitation and password end, the sign-in name is free again.

    Errors: NotFound; IllegalTransition when no owner would be left.
    """
    store.lock(tx)
    found = _present(tx, person)
    _keep_an_owner(tx, found)
    store.end_sessions(tx, person)
    store.drop_invitations(tx, person)
    store.retire(tx, person, f"{found.login}~{found.id}")
    audit(tx, at, "person.removed", actor=actor, address=address, name=found.login)
    return replace(found, active=False, has_password=False)


def set_own(tx: WriteTx, person: Person, name: str, language: str, zone: str) -> None:
    """Change one's own name, language, time zone. Errors: InputError naming the field."""
    store.set_own(tx, person.id, checked_name(name), checked_language(language), checked_zone(zone))


def _present(tx: ReadTx, person: PersonId) -> Person:
    found = store.by_id(tx, person)
    if found is None or not found.active:
        raise NotFound("nobody of that id", code="person_unknown", name="?")
    return found


def _keep_an_owner(tx: ReadTx, leaving: Person) -> None:
    owners = [person for person in store.all_persons(tx) if person.role is Role.OWNER]
    if owners == [leaving]:
        raise IllegalTransition("somebody must own the house", code="last_owner", name=leaving.login)
