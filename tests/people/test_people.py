"""Persons on both databases: the first, the others, and who may not be lost."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from tests.people.seated import KOREAN, NOW, OWNER, an_owner, another, everything, sign_in, who
from tests.shops.rooms import OpenDoor

from jangbu.infra.db import Database
from jangbu.kernel.errors import Conflict, IllegalTransition, InputError, JangbuError, NotFound
from jangbu.people import service as people
from jangbu.people.model import INVITATION_LASTS, Choices, Person, Role
from jangbu.people.tokens import new_token


def test_the_first_person_owns_the_house_and_what_was_chosen_is_kept(database: Database) -> None:
    assert not database.read_now(people.any_person)
    owner = an_owner(database)
    assert (owner.role, owner.login, owner.name, owner.has_password) == (Role.OWNER, "mina", "공방 주인", True)
    assert database.read_now(people.choices) == KOREAN
    assert database.read_now(people.first_owner) == owner


def test_a_house_is_set_up_once(database: Database) -> None:
    an_owner(database)
    with pytest.raises(IllegalTransition) as refused:
        an_owner(database, "other")
    assert refused.value.code == "already_set_up"
    assert [p.login for p in database.read_now(people.everybody)] == ["mina"]


def test_two_who_set_up_at_once_do_not_both_own_the_house(open_door: OpenDoor) -> None:
    doors, ends = [open_door(), open_door()], []
    start = threading.Barrier(2)

    def set_up(door: Database, login: str) -> None:
        start.wait()
        try:
            ends.append(an_owner(door, login).login)
        except JangbuError as error:
            ends.append(error.code)

    threads = [threading.Thread(target=set_up, args=(door, f"own{n}")) for n, door in enumerate(doors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "already_set_up" in ends
    assert len(doors[0].read_now(people.everybody)) == 1


@pytest.mark.parametrize(
    "choices", [Choices("fr", "Asia/Seoul", "KRW"), Choices("ko", "Nowhere", "KRW"), Choices("ko", "UTC", "X")]
)
def test_a_bad_choice_sets_nothing_up(database: Database, choices: Choices) -> None:
    with pytest.raises(InputError):
        database.write_now(lambda tx: people.set_up(tx, "mina", "공방", choices, "hash", NOW))
    assert not database.read_now(people.any_person)
    assert database.read_now(people.choices) == Choices()


def test_nobody_comes_before_an_owner(database: Database) -> None:
    with pytest.raises(IllegalTransition) as refused:
        another(database)
    assert refused.value.code == "first_is_owner"


def test_a_sign_in_name_is_given_once_and_free_again_after_removal(database: Database) -> None:
    an_owner(database)
    jun = another(database)
    with pytest.raises(Conflict) as refused:
        another(database, "JUN")
    assert refused.value.code == "login_taken"
    database.write_now(lambda tx: people.remove(tx, jun.id, NOW, actor=OWNER))
    assert another(database).id != jun.id


def test_an_invitation_lets_one_choose_a_password_once(database: Database) -> None:
    an_owner(database)
    jun = another(database)
    key = new_token()
    database.write_now(lambda tx: people.invite(tx, jun, key, NOW, actor=OWNER))
    assert key not in everything(database)
    invited = database.read_now(lambda tx: people.invited(tx, key, NOW))
    assert invited is not None
    assert invited.id == jun.id
    database.write_now(lambda tx: people.accept(tx, key, "hash-9", NOW, address="192.168.0.7"))
    assert database.read_now(lambda tx: people.password_of(tx, jun.id)) == "hash-9"
    with pytest.raises(NotFound) as refused:
        database.write_now(lambda tx: people.accept(tx, key, "hash-10", NOW, address="192.168.0.8"))
    assert refused.value.code == "invitation_ended"
    assert database.read_now(lambda tx: people.password_of(tx, jun.id)) == "hash-9"


def test_an_invitation_ends_in_a_week_with_a_newer_one_and_with_its_person(database: Database) -> None:
    an_owner(database)
    jun = another(database)
    first, second = new_token(), new_token()

    def open_until(key: str, after: timedelta) -> Person | None:
        return database.read_now(lambda tx: people.invited(tx, key, NOW + after))

    database.write_now(lambda tx: people.invite(tx, jun, first, NOW, actor=OWNER))
    assert open_until(first, INVITATION_LASTS - timedelta(seconds=1))
    assert not open_until(first, INVITATION_LASTS)
    database.write_now(lambda tx: people.invite(tx, jun, second, NOW, actor=OWNER))
    assert not open_until(first, timedelta(0))
    assert open_until(second, timedelta(0))
    database.write_now(lambda tx: people.remove(tx, jun.id, NOW, actor=OWNER))
    assert not open_until(second, timedelta(0))


def test_the_last_owner_can_neither_leave_nor_become_less(database: Database) -> None:
    owner = an_owner(database)
    for change in (
        lambda tx: people.remove(tx, owner.id, NOW, actor=OWNER),
        lambda tx: people.set_role(tx, owner.id, Role.VIEWER, NOW, actor=OWNER),
    ):
        with pytest.raises(IllegalTransition) as refused:
            database.write_now(change)
        assert refused.value.code == "last_owner"
    second = another(database, "second", Role.OWNER)
    database.write_now(lambda tx: people.set_role(tx, owner.id, Role.VIEWER, NOW, actor=OWNER))
    assert database.read_now(people.first_owner) == second


def test_two_owners_who_demote_each_other_at_once_leave_one(open_door: OpenDoor) -> None:
    doors = [open_door(), open_door()]
    owners = [an_owner(doors[0]), another(doors[0], "second", Role.OWNER)]
    start = threading.Barrier(2)

    def demote(door: Database, person: Person) -> None:
        start.wait()
        try:
            door.write_now(lambda tx: people.set_role(tx, person.id, Role.VIEWER, NOW, actor=OWNER))
        except IllegalTransition:
            return

    threads = [threading.Thread(target=demote, args=pair) for pair in zip(doors, owners, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert doors[0].read_now(people.first_owner) is not None


def test_a_new_role_password_or_removal_ends_every_session_of_that_person_alone(database: Database) -> None:
    owner = an_owner(database)
    jun = another(database)
    mine = sign_in(database, "mina")
    for change in (
        lambda tx: people.set_role(tx, jun.id, Role.OPERATOR, NOW, actor=OWNER),
        lambda tx: people.set_password(tx, jun, "hash-3", NOW, actor=OWNER),
        lambda tx: people.remove(tx, jun.id, NOW, actor=OWNER),
    ):
        theirs = sign_in(database, "jun")
        assert who(database, theirs) is not None
        database.write_now(change)
        assert who(database, theirs) is None
        assert who(database, mine) == owner


def test_the_same_role_again_changes_nothing(database: Database) -> None:
    an_owner(database)
    jun = another(database)
    theirs = sign_in(database, "jun")
    database.write_now(lambda tx: people.set_role(tx, jun.id, Role.PACKER, NOW, actor=OWNER))
    assert who(database, theirs) == jun


def test_the_trail_tells_who_did_what_from_where(database: Database) -> None:
    an_owner(database)
    another(database)
    newest, first = database.read_now(lambda tx: people.trail(tx, 10))
    assert (first.code, first.actor, first.address, first.at) == ("set_up", OWNER, "127.0.0.1", NOW)
    assert (newest.code, newest.actor, dict(newest.facts)) == (
        "person.added", OWNER, {"name": "jun", "role": "packer"}
    )  # fmt: skip
