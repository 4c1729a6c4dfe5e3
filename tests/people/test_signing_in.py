"""Sessions and tries on both databases: what opens, what ends, what is counted, what is never kept."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from tests.people.seated import AWAY, HERE, NOW, an_owner, another, everything, fail, sign_in, who
from tests.shops.rooms import OpenDoor

from jangbu.infra.db import Database, WriteTx
from jangbu.kernel.errors import AccessError
from jangbu.people import service as people
from jangbu.people import signing_in, store
from jangbu.people.model import FREE_BY_ADDRESS, FREE_BY_LOGIN, SESSION_IDLE, SESSION_LASTS
from jangbu.people.signing_in import SESSIONS_MAX, Where


def test_a_session_is_found_by_its_token_which_is_not_kept(database: Database) -> None:
    owner = an_owner(database)
    token = sign_in(database, "MINA")
    assert who(database, token) == owner
    assert token not in everything(database)
    for wrong in ("", token[:-1], token.swapcase(), "x", "\udcff"):
        assert who(database, wrong) is None


def test_each_sign_in_opens_a_session_of_its_own(database: Database) -> None:
    an_owner(database)
    assert sign_in(database, "mina") != sign_in(database, "mina")


def test_a_session_ends_when_idle_for_half_a_day(database: Database) -> None:
    an_owner(database)
    token = sign_in(database, "mina")
    assert who(database, token, NOW + SESSION_IDLE - timedelta(seconds=1))
    assert who(database, token, NOW + SESSION_IDLE) is None


def test_a_session_in_use_ends_after_two_weeks_all_the_same(database: Database) -> None:
    an_owner(database)
    token, now = sign_in(database, "mina"), NOW
    while now < NOW + SESSION_LASTS:
        found = database.read_now(lambda tx, now=now: signing_in.visitor(tx, token, now))  # type: ignore[misc]
        assert found is not None
        database.write_now(lambda tx, found=found, now=now: signing_in.see(tx, found, now))  # type: ignore[misc]
        now += timedelta(hours=11)
    assert who(database, token, NOW + SESSION_LASTS) is None


def test_signing_out_ends_this_session_or_all(database: Database) -> None:
    owner = an_owner(database)
    first, second, third = (sign_in(database, "mina") for _ in range(3))
    database.write_now(lambda tx: signing_in.sign_out(tx, first, NOW, address="127.0.0.1"))
    assert (who(database, first), who(database, second)) == (None, owner)
    ended = database.write_now(lambda tx: signing_in.sign_out_everywhere(tx, owner, NOW, actor="person:mina"))
    assert ended == 2
    assert who(database, second) is who(database, third) is None


def test_nobody_ends_the_session_of_another(database: Database) -> None:
    an_owner(database)
    jun = another(database)
    token = sign_in(database, "mina")
    owner = who(database, token)
    assert owner is not None
    mark = database.read_now(lambda tx: signing_in.sessions(tx, owner, NOW))[0][0].mark
    database.write_now(lambda tx: signing_in.end_one(tx, jun, mark, NOW, address=""))
    assert who(database, token) == owner
    database.write_now(lambda tx: signing_in.end_one(tx, owner, mark, NOW, address=""))
    assert who(database, token) is None


def test_sessions_of_one_person_are_so_many_and_the_oldest_ends(database: Database) -> None:
    owner = an_owner(database)
    tokens = [sign_in(database, "mina", at=NOW + timedelta(minutes=n)) for n in range(SESSIONS_MAX + 1)]
    later = NOW + timedelta(hours=1)
    assert who(database, tokens[0], later) is None
    assert who(database, tokens[1], later) == owner


def test_after_a_few_wrong_tries_one_must_wait_and_the_wait_grows(database: Database) -> None:
    an_owner(database)
    now, tried = NOW, 0
    waits: list[int] = []
    while len(waits) < 6:
        tried += 1
        try:
            fail(database, "mina", Where(f"192.168.1.{tried}"), now)
        except AccessError as refused:
            waits.append(int(refused.facts["seconds"]))
            now += timedelta(seconds=waits[-1])
    assert waits == [1, 2, 4, 8, 16, 32]
    assert tried == FREE_BY_LOGIN + 5 + 6


def refused_at_last(database: Database, login: str, net: str) -> AccessError:
    """Try from one address after another until one must wait."""
    for n in range(FREE_BY_LOGIN + 1):
        try:
            fail(database, login, Where(f"{net}.{n}"))
        except AccessError as refused:
            assert n == FREE_BY_LOGIN
            return refused
    raise AssertionError("nobody ever had to wait")


def test_a_name_nobody_has_is_counted_like_any_other(database: Database) -> None:
    an_owner(database)
    for net, login in enumerate(("mina", "nobody", "한글 이름", "x" * 500)):
        refused = refused_at_last(database, login, f"10.0.{net}")
        assert (refused.code, refused.facts["seconds"]) == ("sign_in_wait", 1)


def test_one_address_that_tries_many_names_must_wait_too(database: Database) -> None:
    an_owner(database)
    for n in range(FREE_BY_ADDRESS):
        fail(database, f"name{n}")
    with pytest.raises(AccessError):
        sign_in(database, "mina", AWAY)
    assert sign_in(database, "mina", Where("192.168.0.8"))


def test_strangers_never_lock_the_owner_out_of_the_machine_itself(database: Database) -> None:
    an_owner(database)
    for n in range(200):
        try:
            fail(database, "mina", Where(f"10.1.0.{n}"))
        except AccessError:
            continue
    assert sign_in(database, "mina", HERE)


def test_a_new_password_from_the_machine_lets_one_try_again_at_once(database: Database) -> None:
    owner = an_owner(database)
    refused_at_last(database, "mina", "10.2.0")
    database.write_now(lambda tx: signing_in.forget_failures(tx, owner))
    assert sign_in(database, "mina", AWAY)


def test_a_try_that_must_wait_does_not_make_the_wait_longer(database: Database) -> None:
    an_owner(database)
    for n in range(FREE_BY_LOGIN):
        fail(database, "mina", Where(f"10.3.0.{n}"))
    for n in range(50):
        with pytest.raises(AccessError) as refused:
            fail(database, "mina", Where(f"10.3.1.{n}"))
        assert refused.value.facts["seconds"] == 1


def test_signing_in_right_forgets_the_wrong_tries_before(database: Database) -> None:
    an_owner(database)
    for _ in range(3):
        for _ in range(FREE_BY_LOGIN - 1):
            fail(database, "mina", HERE)
        sign_in(database, "mina", HERE)


@pytest.mark.parametrize("microseconds", [499, 500, 501, 999_700])
def test_the_first_try_never_waits_whatever_the_fraction_of_a_second(database: Database, microseconds: int) -> None:
    an_owner(database)
    assert sign_in(database, "mina", HERE, NOW + timedelta(microseconds=microseconds))


def test_many_tries_at_once_count_as_many(open_door: OpenDoor) -> None:
    doors = [open_door() for _ in range(4)]
    an_owner(doors[0])
    judged, refused = [], []

    def storm(door: Database, place: int) -> None:
        for n in range(6):
            try:
                where = Where(f"10.4.{place}.{n}")
                judged.append(door.write_now(lambda tx, w=where: signing_in.begin(tx, "mina", w, NOW)))  # type: ignore[misc]
            except AccessError:
                refused.append(n)

    threads = [threading.Thread(target=storm, args=(door, n)) for n, door in enumerate(doors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(judged) == FREE_BY_LOGIN
    assert len(refused) == 24 - FREE_BY_LOGIN


def test_what_is_counted_stays_small_and_keeps_who_failed_most(database: Database) -> None:
    def write(tx: WriteTx) -> list[tuple[Any, ...]]:
        tx.run("INSERT INTO login_failure (key, times, last_at) VALUES ('worst', 9, ?)", (int(NOW.timestamp() * 1000),))
        for n in range(50):
            signing_in.begin(tx, f"name{n}", Where(f"10.5.0.{n}"), NOW)
        store.bound_failures(tx, NOW - timedelta(days=1), 10)
        return tx.all("SELECT key FROM login_failure")

    left = [key for (key,) in database.write_now(write)]
    assert len(left) == 10
    assert "worst" in left


def test_what_somebody_typed_for_a_name_is_never_kept(database: Database) -> None:
    an_owner(database)
    for typed in ("my secret password", "not-a-login@home"):
        fail(database, typed)
        assert typed not in everything(database)
    tried = database.write_now(lambda tx: signing_in.begin(tx, "mina", HERE, NOW))
    assert "hash-1" not in repr(tried)


def test_who_was_removed_while_the_password_was_judged_does_not_come_in(database: Database) -> None:
    an_owner(database)
    jun = another(database)
    tried = database.write_now(lambda tx: signing_in.begin(tx, "jun", HERE, NOW))
    database.write_now(lambda tx: people.remove(tx, jun.id, NOW, actor="person:mina"))
    with pytest.raises(AccessError) as refused:
        database.write_now(lambda tx: signing_in.succeed(tx, tried, HERE, NOW))
    assert refused.value.code == "sign_in_refused"


def test_failed_sign_ins_do_not_push_the_rest_out_of_the_trail(database: Database) -> None:
    an_owner(database)

    def write(tx: WriteTx) -> list[tuple[Any, ...]]:
        tx.run_many(
            "INSERT INTO audit (at, code, actor, address) VALUES (?, 'sign_in.failed', '', '')",
            [(n,) for n in range(people.FAILED_KEPT + 100)],
        )
        people.audit(tx, NOW, people.FAILED, actor="", address="")
        return tx.all("SELECT code, COUNT(*) FROM audit GROUP BY code ORDER BY code")

    assert dict(database.write_now(write)) == {"set_up": 1, "sign_in.failed": people.FAILED_KEPT}
