"""What takes a password as it was typed: set-up, sign-in, a new password. For shells in this process alone.

Hashing runs in a thread and never inside a transaction: the try is counted first, judged, and then settled.
None of these is asked for by name through a door (`OPERATIONS`).
"""

from __future__ import annotations

from jangbu.app.bootstrap import House
from jangbu.infra.db import WriteTx
from jangbu.infra.vault import groups_of, load_master_key
from jangbu.kernel.errors import AccessError, IllegalTransition, InputError, NotFound
from jangbu.kernel.secret import Secret
from jangbu.people import service as people
from jangbu.people import signing_in
from jangbu.people.model import (
    Choices,
    Person,
    checked_currency,
    checked_language,
    checked_login,
    checked_name,
    checked_password,
    checked_zone,
)
from jangbu.people.signing_in import Try, Where


async def set_up(
    house: House, *, login: str, name: str, choices: Choices, password: Secret, again: Secret, where: Where
) -> tuple[Person, str]:
    """Make the owner and sign in; give the owner and the session's token.

    Errors: InputError naming the field; IllegalTransition when somebody is set up already. Nothing is kept then.
    """
    if await house.db.read(people.any_person):
        raise IllegalTransition("somebody is set up already", code="already_set_up")
    checked_language(choices.language), checked_zone(choices.zone), checked_currency(choices.currency)
    login, name, now = checked_login(login), checked_name(name), house.clock.now()
    hashed = await house.passwords.hash(_new_password(password, again, login=login, name=name))

    def write(tx: WriteTx) -> tuple[Person, str]:
        owner = people.set_up(tx, login, name, choices, hashed, now, address=where.address)
        return owner, signing_in.open_session(tx, owner, where, now)

    done = await house.db.write(write)
    house.adopt_choices()
    return done


async def sign_in(house: House, *, login: str, password: Secret, where: Where) -> tuple[Person, str]:
    """Sign somebody in; give the person and the session's token.

    Errors: AccessError when name or password is wrong (which of them is not said), or one must wait first.
    """
    tried = await _judged(house, login, password, where)
    rehashed = await house.passwords.hash(password.reveal()) if house.passwords.is_old(tried.password) else ""
    now = house.clock.now()
    token = await house.db.write(lambda tx: signing_in.succeed(tx, tried, where, now, rehashed=rehashed))
    if tried.person is None:
        raise AccessError("nobody", code="sign_in_refused")
    return tried.person, token


async def check_password(house: House, *, person: Person, password: Secret, where: Where) -> None:
    """Make sure that it is still the person who sits there. Errors: AccessError."""
    try:
        tried = await _judged(house, person.login, password, where)
    except AccessError as error:
        raise _as_present(error) from None
    now = house.clock.now()
    await house.db.write(lambda tx: signing_in.settle(tx, tried, now))


async def change_password(
    house: House, *, person: Person, present: Secret, password: Secret, again: Secret, where: Where
) -> str:
    """Change one's own password: every session ends but a new one here, whose token is given.

    Errors: AccessError when the present one is wrong; InputError for the new one.
    """
    await check_password(house, person=person, password=present, where=where)
    hashed = await house.passwords.hash(_new_password(password, again, login=person.login, name=person.name))
    now = house.clock.now()

    def write(tx: WriteTx) -> str:
        people.set_password(tx, person, hashed, now, actor=people.actor_of(person), address=where.address)
        return signing_in.open_session(tx, person, where, now)

    return await house.db.write(write)


async def accept_invitation(
    house: House, *, key: str, password: Secret, again: Secret, where: Where
) -> tuple[Person, str]:
    """Choose the password an invitation allows, and sign in. Errors: NotFound for an ended one; InputError."""
    now = house.clock.now()
    person = await house.db.read(lambda tx: people.invited(tx, key, now))
    if person is None:
        raise NotFound("this invitation is used or too old", code="invitation_ended")
    hashed = await house.passwords.hash(_new_password(password, again, login=person.login, name=person.name))

    def write(tx: WriteTx) -> tuple[Person, str]:
        accepted = people.accept(tx, key, hashed, now, address=where.address)
        return accepted, signing_in.open_session(tx, accepted, where, now)

    return await house.db.write(write)


async def recovery_sheet(house: House, *, person: Person, where: Where) -> tuple[str, ...]:
    """Give the master key as groups to be written down, and note in the trail who saw it."""
    now = house.clock.now()
    groups = groups_of(load_master_key(house.settings, create=False))
    await house.db.write(
        lambda tx: people.audit(tx, now, "recovery.shown", actor=people.actor_of(person), address=where.address)
    )
    return groups


def _as_present(error: AccessError) -> AccessError:
    """Say of somebody who is signed in that the password is wrong, not that the name might be."""
    return AccessError(str(error), code="password_wrong") if error.code == "sign_in_refused" else error


async def _judged(house: House, login: str, password: Secret, where: Where) -> Try:
    now = house.clock.now()
    tried = await house.db.write(lambda tx: signing_in.begin(tx, login, where, now))
    if not await house.passwords.fits(password.reveal()[:1000], tried.password):
        await house.db.write(lambda tx: signing_in.fail(tx, tried, where, now))
        raise AccessError("name or password is not right", code="sign_in_refused")
    return tried


def _new_password(password: Secret, again: Secret, *, login: str, name: str) -> str:
    accepted = checked_password(password.reveal(), login=login, name=name)
    if password != again:
        raise InputError("the two are not the same", code="input.passwords_differ")
    return accepted
