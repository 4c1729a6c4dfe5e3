from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.shops.rooms import OpenDoor

from jangbu.infra.db import Database
from jangbu.shops import service as shops

LEASE = 15_000


def take(database: Database, holder: str, at: int, name: str = "shop:1") -> bool:
    return database.write_now(lambda tx: shops.take_lease(tx, name, holder, at, at + LEASE))


def test_a_free_lease_is_given_and_another_holder_refused_while_it_lasts(database: Database) -> None:
    assert take(database, "a", 0)
    assert [take(database, "b", at) for at in (0, LEASE - 1, LEASE)] == [False, False, False]
    assert database.read_now(lambda tx: shops.lease_holder(tx, "shop:1")) == ("a", LEASE)


def test_its_holder_keeps_a_lease_and_so_puts_off_its_end(database: Database) -> None:
    assert take(database, "a", 0)
    assert take(database, "a", LEASE - 1)
    assert not take(database, "b", LEASE + 1)


def test_a_lease_that_ran_out_passes_on_and_its_old_holder_is_refused(database: Database) -> None:
    assert take(database, "a", 0)
    assert take(database, "b", LEASE + 1)
    assert not take(database, "a", LEASE + 2)
    assert database.read_now(lambda tx: shops.lease_holder(tx, "shop:1")) == ("b", 2 * LEASE + 1)


def test_a_lease_given_back_is_free_at_once_and_only_its_holder_gives_it_back(database: Database) -> None:
    assert take(database, "a", 0)
    database.write_now(lambda tx: shops.drop_lease(tx, "shop:1", "b"))
    assert not take(database, "b", 1)
    database.write_now(lambda tx: shops.drop_lease(tx, "shop:1", "a"))
    assert database.read_now(lambda tx: shops.lease_holder(tx, "shop:1")) is None
    assert take(database, "b", 2)


def test_leases_of_different_names_do_not_meet(database: Database) -> None:
    assert take(database, "a", 0)
    assert take(database, "b", 0, "shop:2")


def test_of_several_takers_at_once_exactly_one_gets_a_lease(open_door: OpenDoor) -> None:
    doors = [open_door() for _ in range(3)]
    for round_ in range(5):
        barrier = threading.Barrier(len(doors))

        def run(number: int, barrier: threading.Barrier = barrier, name: str = f"shop:{round_}") -> bool:
            barrier.wait(10)
            return take(doors[number], f"holder {number}", 0, name)

        with ThreadPoolExecutor(len(doors)) as threads:
            got = list(threads.map(run, range(len(doors))))
        assert sum(got) == 1
