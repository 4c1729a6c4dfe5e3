from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from tests.inventory.ledger import CUP, MUG, SALE, WHY, Line, adjust, count, four, receive, stock, verdict
from tests.shops.rooms import OpenDoor
from tests.shops.samples import NOW, later

from jangbu.infra.db import Database, WriteTx
from jangbu.inventory import service as inventory
from jangbu.inventory import store
from jangbu.inventory.model import Account, Held, Move, Phase
from jangbu.kernel.errors import Conflict, InputError, InsufficientStock
from jangbu.kernel.ids import MAIN_LOCATION, LocationId, MoveId, VariantId

BACK_ROOM = LocationId("back room")


def moves(database: Database) -> int:
    return verdict(database).moves


# -- what people book -------------------------------------------------------------------------------------


def test_what_arrives_is_available(database: Database) -> None:
    receive(database, 3)
    assert four(receive(database, 2)) == (5, 0, 0, 5)
    assert stock(database).balances[Account.SUPPLIER] == -5


@pytest.mark.parametrize("units", [0, -1])
def test_nothing_arrives_in_a_receipt_of_less_than_one(database: Database, units: int) -> None:
    with pytest.raises(InputError):
        receive(database, units)
    assert moves(database) == 0


def test_an_adjustment_goes_both_ways(database: Database) -> None:
    adjust(database, 5)
    assert four(adjust(database, -2)) == (3, 0, 0, 3)
    assert stock(database).balances[Account.ADJUSTMENT] == -3


def test_an_adjustment_of_nothing_is_refused(database: Database) -> None:
    with pytest.raises(InputError):
        adjust(database, 0)
    assert moves(database) == 0


def test_an_adjustment_takes_no_more_than_is_neither_promised_nor_held(database: Database) -> None:
    receive(database, 5)
    Line(database, "a").to(reserved=1)
    Line(database, "b").to(committed=1)
    before = moves(database)
    with pytest.raises(InsufficientStock) as refused:
        adjust(database, -4)
    assert (refused.value.facts["available"], refused.value.facts["wanted"]) == (3, 4)
    assert moves(database) == before
    assert four(adjust(database, -3)) == (0, 1, 1, 2)


@pytest.mark.parametrize(("counted", "available"), [(7, 4), (5, 2), (2, -1), (0, -3)])
def test_a_count_is_of_what_lies_there_promised_or_not(database: Database, counted: int, available: int) -> None:
    receive(database, 5)
    Line(database, "a").to(reserved=1)
    Line(database, "b").to(committed=2)
    assert four(count(database, counted)) == (available, 1, 2, counted)


def test_a_count_that_finds_what_the_books_say_posts_nothing(database: Database) -> None:
    receive(database, 5)
    before = moves(database)
    assert four(count(database, 5)) == (5, 0, 0, 5)
    assert moves(database) == before


def test_a_count_below_zero_is_refused(database: Database) -> None:
    receive(database, 5)
    with pytest.raises(InputError):
        count(database, -1)
    assert four(stock(database)) == (5, 0, 0, 5)


def test_whatever_moves_a_variant_has_it_considered_anew(database: Database) -> None:
    receive(database, 1, CUP)
    count(database, 0, MUG)
    dirty = database.read_now(lambda tx: tx.all("SELECT variant_id FROM dirty_variant ORDER BY variant_id"))
    assert dirty == [(CUP,), (MUG,)]


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True)
def test_two_people_who_take_the_last_pieces_at_once_take_them_once(database: Database, open_door: OpenDoor) -> None:
    receive(database, 3)
    doors, both = [open_door(), open_door()], threading.Barrier(2)

    def take(door: Database) -> bool:
        both.wait(10)
        try:
            adjust(door, -3)
        except InsufficientStock:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        for _ in range(6):
            assert sorted(threads.map(take, doors)) == [False, True]
            assert four(stock(database)) == (0, 0, 0, 0)
            receive(database, 3)


# -- an order line's way ----------------------------------------------------------------------------------


def test_a_line_is_held_then_promised_then_sent(database: Database) -> None:
    receive(database, 5)
    line = Line(database)
    line.to(reserved=2)
    assert four(stock(database)) == (3, 2, 0, 5)
    line.to(committed=2)
    assert four(stock(database)) == (3, 0, 2, 5)
    line.to(shipped=2)
    assert four(stock(database)) == (3, 0, 0, 3)
    assert stock(database).balances[Account.CUSTOMER] == 2
    assert verdict(database).sound


def test_a_line_that_ends_gives_back_what_it_held(database: Database) -> None:
    receive(database, 5)
    for held in ({"reserved": 2}, {"committed": 2}):
        line = Line(database, str(held))
        line.to(**held)
        line.to()
        assert four(stock(database)) == (5, 0, 0, 5)


def test_a_repeat_posts_nothing(database: Database) -> None:
    receive(database, 5)
    line = Line(database)
    line.run = 1
    for target in ({"reserved": 3}, {"committed": 2}, {"committed": 1, "shipped": 1}, {"shipped": 1}):
        done = [line.again(**target), line.again(**target)]
        seen = four(stock(database)), moves(database)
        line.again(**target)
        assert (four(stock(database)), moves(database)) == seen
        line.held, line.pending_id, line.run = done[0].held, done[0].pending_id, line.run + 1
    assert line.to(shipped=1).posted == 0, "at its target a line wants nothing"
    assert verdict(database).sound


def test_a_second_part_cancellation_is_not_swallowed(database: Database) -> None:
    receive(database, 5)
    line = Line(database)
    for left in (3, 2, 1):
        line.to(committed=left)
        assert four(stock(database)) == (5 - left, 0, left, 5)


def test_a_hold_cancelled_in_part_ends_as_a_whole_and_what_stays_is_held_anew(database: Database) -> None:
    receive(database, 5)
    line = Line(database)
    line.to(reserved=3)
    first = line.pending_id
    line.to(reserved=2)
    assert four(stock(database)) == (3, 2, 0, 5)
    assert line.pending_id not in {None, first}
    line.to(committed=1)  # paid, and another piece cancelled meanwhile
    assert four(stock(database)) == (4, 0, 1, 5)
    assert line.pending_id is None
    ends = database.read_now(
        lambda tx: tx.all("SELECT pending_id, COUNT(*) FROM move WHERE pending_id IS NOT NULL GROUP BY pending_id")
    )
    assert [times for _, times in ends] == [1, 1]
    assert verdict(database).sound


def test_no_hold_ends_twice(database: Database) -> None:
    receive(database, 5)
    line = Line(database)
    line.to(reserved=2)
    hold = line.pending_id
    line.to()
    end = Move(
        MoveId("once more"), MUG, MAIN_LOCATION, Account.AVAILABLE, Account.COMMITTED, 2, Phase.VOID, SALE, NOW, hold
    )
    with pytest.raises(Conflict):
        database.write_now(lambda tx: store.add_move(tx, end))
    assert four(stock(database)) == (5, 0, 0, 5)


def test_an_order_is_a_fact_and_may_take_what_is_not_there(database: Database) -> None:
    Line(database).to(committed=2)
    assert four(stock(database)) == (-2, 0, 2, 0)


# -- stock over many --------------------------------------------------------------------------------------


def elsewhere(database: Database, units: int, *, ships: bool) -> None:
    move = Move(
        MoveId(f"there {units}"), MUG, BACK_ROOM, Account.SUPPLIER, Account.AVAILABLE, units, Phase.POSTED, WHY, NOW
    )
    database.write_now(
        lambda tx: tx.run("INSERT INTO location (id, name, ships) VALUES (?, ?, ?)", (BACK_ROOM, "Back", int(ships)))
    )
    database.write_now(lambda tx: store.add_move(tx, move))


@pytest.mark.parametrize(("ships", "available"), [(True, 7), (False, 5)])
def test_only_locations_that_ship_count(database: Database, *, ships: bool, available: int) -> None:
    receive(database, 5)
    elsewhere(database, 2, ships=ships)
    assert stock(database).available == available
    many = database.read_now(lambda tx: inventory.stocks(tx, [MUG]))
    assert many[MUG].available == available
    there = database.read_now(lambda tx: inventory.stock(tx, MUG, BACK_ROOM))
    assert there.available == 2


def test_many_variants_are_read_at_once_and_each_as_if_alone(database: Database) -> None:
    names = [VariantId(f"var_{n:04}") for n in range(1_001)]

    def fill(tx: WriteTx) -> None:
        for n in (0, 499, 500, 1_000):
            inventory.receive(tx, names[n], n + 1, WHY, NOW)

    database.write_now(fill)
    found = database.read_now(lambda tx: inventory.stocks(tx, names))
    assert list(found) == names
    assert {n: found[names[n]].available for n in (0, 1, 499, 500, 501, 1_000)} == {
        0: 1, 1: 0, 499: 500, 500: 501, 501: 0, 1_000: 1_001,
    }  # fmt: skip
    assert database.read_now(lambda tx: inventory.stocks(tx, [])) == {}


# -- what is proved ---------------------------------------------------------------------------------------


def test_a_past_moment_is_rebuilt_from_the_moves(database: Database) -> None:
    for seconds, units in ((0, 5), (60, 2), (120, 1)):
        at = later(seconds)
        database.write_now(lambda tx, units=units, at=at: inventory.receive(tx, MUG, units, WHY, at))  # type: ignore[misc]
    Line(database).to(reserved=1)

    def then(seconds: float) -> int:
        found = database.read_now(lambda tx: inventory.history(tx, MUG, until=later(seconds)))
        return inventory.stock_of(found).available

    assert [then(-1), then(0), then(60), then(119), then(120)] == [0, 4, 6, 6, 7]
    whole = database.read_now(lambda tx: inventory.history(tx, MUG))
    assert inventory.stock_of(whole) == stock(database)


def test_the_latest_moves_are_told_oldest_first(database: Database) -> None:
    for units in (1, 2, 3):
        receive(database, units)
    told = database.read_now(lambda tx: inventory.history(tx, MUG, limit=2))
    assert [move.quantity for move in told] == [2, 3]
    assert [(move.why, move.at) for move in told] == [(WHY, NOW)] * 2


def busy(database: Database) -> Line:
    receive(database, 5)
    line = Line(database)
    line.to(reserved=2)
    return line


def test_a_ledger_nobody_tampered_with_is_sound(database: Database) -> None:
    busy(database).to(committed=2)
    receive(database, 3, CUP)
    found = verdict(database)
    assert (found.sound, found.moves) == (True, 4)


@pytest.mark.parametrize("account", ["available", "reserved"])
def test_a_balance_changed_behind_the_ledger_is_found(database: Database, account: str) -> None:
    busy(database)
    database.write_now(lambda tx: tx.run("UPDATE balance SET quantity = quantity + 4 WHERE account = ?", (account,)))
    found = verdict(database)
    right = {"available": 5, "reserved": 2}[account]
    assert found.differences == ((MUG, MAIN_LOCATION, account, right + 4, right),)
    assert not found.sound


def test_a_balance_of_something_that_never_moved_is_found(database: Database) -> None:
    database.write_now(lambda tx: tx.run("INSERT INTO balance VALUES (?, 'main', 'available', 1)", (CUP,)))
    assert verdict(database).differences == ((CUP, MAIN_LOCATION, "available", 1, 0),)


def test_a_move_taken_out_of_the_ledger_is_found(database: Database) -> None:
    busy(database)
    database.write_now(lambda tx: tx.run("DELETE FROM move WHERE phase = 'posted'"))
    assert [row[2:] for row in verdict(database).differences] == [("available", 5, 0), ("supplier", -5, 0)]


@pytest.mark.parametrize(
    "wrong", [{"quantity": 1}, {"variant": CUP}, {"location": BACK_ROOM}, {"pending_id": MoveId("no hold of ours")}]
)
def test_an_end_that_does_not_balance_its_hold_is_found(database: Database, wrong: dict[str, object]) -> None:
    line = busy(database)
    end = Move(
        MoveId("end"), MUG, MAIN_LOCATION, Account.AVAILABLE, Account.COMMITTED, 2, Phase.POST, SALE, NOW,
        line.pending_id,
    )  # fmt: skip
    tampered = replace(end, **wrong)  # type: ignore[arg-type]
    database.write_now(lambda tx: store.add_move(tx, tampered))
    found = verdict(database)
    assert found.differences == (), "the balances were kept along"
    assert (found.unbalanced, found.sound) == ((tampered.variant,), False)


def test_what_a_line_holds_after_its_moves_is_what_it_was_to_hold(database: Database) -> None:
    receive(database, 9)
    line = Line(database)
    for target in (Held(3), Held(1, 1), Held(2), Held(0, 1, 1), Held(0, 0, 2), Held()):
        line.to(reserved=target.reserved, committed=target.committed, shipped=target.shipped)
        found = stock(database)
        customer = found.balances.get(Account.CUSTOMER, 0)
        assert Held(found.reserved, found.committed, customer) == target
    assert verdict(database).sound
