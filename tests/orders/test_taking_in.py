from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.catalog.shelf import by_hand, listing, offer, take
from tests.orders.desk import (
    CANCELLED,
    DELIVERED,
    PAID,
    RETURNED,
    SHIPPED,
    UNKNOWN,
    UNPAID,
    Desk,
    line,
    open_desk,
    order,
    person,
)
from tests.shops.rooms import OpenDoor
from tests.shops.samples import NOW, everything, later

from jangbu.infra.db import Database
from jangbu.inventory.model import Held
from jangbu.kernel.ids import VariantId
from jangbu.orders import service as orders
from jangbu.sdk.records import LineState, Parcel
from jangbu.shops import service as shops

LONG_AGO = NOW - timedelta(days=2)


def link_late(desk: Desk) -> int:
    return desk.database.write_now(lambda tx: orders.link_late(tx, desk.view))


# -- what a snapshot does ---------------------------------------------------------------------------------


def test_a_paid_order_promises_its_units_and_tells_the_cell_of_the_sale(database: Database) -> None:
    desk = open_desk(database)
    done = desk.hear(order(line(PAID, 3)), 61, by="webhook")
    assert (done.new, done.changed, done.fetch_again, done.oversold) == (True, 1, False, ())
    assert desk.stock() == (7, 0, 3, 10)
    assert desk.facts() == [("mug", 3, later(60))]
    assert (desk.told("order.heard"), desk.sound()) == (1, True)


def test_an_order_is_held_while_unpaid_promised_when_paid_and_gone_when_shipped(database: Database) -> None:
    desk = open_desk(database)
    seen = []
    for at, state in ((60, UNPAID), (100, PAID), (200, SHIPPED), (300, DELIVERED)):
        desk.hear_line(state, at=at)
        seen.append(desk.stock())
    assert seen == [(7, 3, 0, 10), (7, 0, 3, 10), (7, 0, 0, 7), (7, 0, 0, 7)]
    assert desk.facts() == [("mug", 3, later(60))], "one sale is told once"
    assert desk.told("order.heard") == 1


def test_an_unpaid_order_holds_its_unit_for_days_and_gives_it_back_when_it_lapses(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(UNPAID, at=60)
    desk.hear_line(UNPAID, at=5 * 86_400)
    assert desk.stock() == (7, 3, 0, 10)
    desk.hear_line(CANCELLED, 3, 0, at=6 * 86_400)
    assert desk.stock() == (10, 0, 0, 10)
    assert desk.facts() == [("mug", 3, later(60)), ("mug", -3, later(60))]


def test_an_order_first_seen_cancelled_is_two_facts_and_no_move(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(CANCELLED, 3, 0, at=90)
    assert desk.facts() == [("mug", 3, later(60)), ("mug", -3, later(60))]
    assert (desk.stock(), desk.held()) == ((10, 0, 0, 10), [Held()])


def test_each_part_cancellation_is_told_and_gives_back_its_own_pieces(database: Database) -> None:
    desk = open_desk(database)
    for at, left in ((60, 3), (100, 2), (100, 2), (200, 1)):
        desk.hear_line(PAID, 3, left, at=at)
    assert desk.stock() == (9, 0, 1, 10)
    desk.hear_line(CANCELLED, 3, 0, at=300)
    assert desk.stock() == (10, 0, 0, 10)
    assert [units for _, units, _ in desk.facts()] == [3, -1, -1, -1]
    assert desk.sound()


def test_a_hold_cancelled_in_part_and_then_paid_promises_what_is_left(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(UNPAID, at=60)
    desk.hear_line(UNPAID, 3, 2, at=100)
    assert desk.stock() == (8, 2, 0, 10)
    desk.hear_line(PAID, 3, 1, at=200)
    assert (desk.stock(), desk.sound()) == ((9, 0, 1, 10), True)


def test_returned_goods_stay_gone_until_they_lie_on_the_shelf_but_the_cell_hears_of_them(database: Database) -> None:
    desk = open_desk(database)
    for at, state in ((60, PAID), (100, SHIPPED), (200, RETURNED)):
        desk.hear_line(state, at=at)
    assert desk.stock() == (7, 0, 0, 7)
    assert [units for _, units, _ in desk.facts()] == [3, -3]


def test_an_unknown_state_keeps_what_is_held_and_is_noted_once(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(UNPAID, at=60)
    for at in (100, 101):
        desk.hear_line(UNKNOWN, at=at)
        assert desk.stock() == (7, 3, 0, 10)
    assert desk.told("order.unknown_state") == 1
    desk.hear_line(PAID, at=200)
    assert desk.stock() == (7, 0, 3, 10)


def test_a_state_the_manifest_does_not_name_keeps_what_is_held(database: Database) -> None:
    desk = open_desk(database)
    desk.view = replace(desk.view, effects={PAID: desk.view.effects[PAID]})
    desk.hear_line(PAID, at=60)
    desk.hear_line(SHIPPED, at=100)
    assert desk.stock() == (7, 0, 3, 10)


# -- repeats, old news, doubt -----------------------------------------------------------------------------


def test_the_same_snapshot_again_moves_nothing_by_whichever_door_it_comes(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(PAID, at=60)
    before = desk.stock(), desk.facts(), desk.stored().run
    for begun, by in ((61, "poll"), (90, "webhook"), (20, "replay")):
        done = desk.hear(order(line(PAID)), begun, by=by)
        assert (done.new, done.changed, done.fetch_again) == (False, 0, False)
    assert (desk.stock(), desk.facts(), desk.stored().run) == before


def test_an_older_snapshot_is_refused_and_moves_nothing(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(SHIPPED, at=200)
    done = desk.hear(order(line(PAID), at=100), 300)
    assert done == orders.Recorded()
    assert (desk.stock(), desk.stored().line.state) == ((7, 0, 0, 7), SHIPPED)


def test_a_cancelled_order_never_lives_again_not_even_by_way_of_an_unknown_state(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(CANCELLED, 3, 3, at=60)
    for at, state in ((100, UNKNOWN), (200, PAID)):
        desk.hear_line(state, at=at)
    assert (desk.stock(), desk.stored().line.state) == ((10, 0, 0, 10), CANCELLED)


def test_two_overlapping_readings_that_differ_are_read_again_and_move_nothing(database: Database) -> None:
    desk = open_desk(database)
    desk.hear(order(line(PAID)), 61, took=10)
    done = desk.hear(order(line(CANCELLED, 3, 0)), 65, took=2)
    assert (done.fetch_again, done.changed) == (True, 0)
    assert desk.stock() == (7, 0, 3, 10)
    assert not desk.hear(order(line(CANCELLED, 3, 0)), 72).fetch_again
    assert desk.stock() == (10, 0, 0, 10)


def test_a_quick_reading_that_says_the_same_does_not_end_the_doubt_about_a_slow_one(database: Database) -> None:
    desk = open_desk(database)
    desk.hear(order(line(PAID)), 61, took=10)
    desk.hear(order(line(PAID)), 62, took=1)
    assert desk.hear(order(line(CANCELLED, 3, 0)), 66).fetch_again, "the slow answer came at 71"


def test_one_line_in_doubt_does_not_hold_up_the_others_of_its_order(database: Database) -> None:
    desk = open_desk(database)
    first, second = line(PAID, 1), line(PAID, 1, remote_id="l2")
    desk.hear(order(first), 61, took=10)
    done = desk.hear(order(replace(first, state=CANCELLED, remaining=0), second), 65)
    assert (done.fetch_again, done.changed) == (True, 1)
    assert desk.stock() == (8, 0, 2, 10)


def test_a_time_that_does_not_move_hides_no_cancellation(database: Database) -> None:
    desk = open_desk(database)
    desk.hear(order(line(PAID)), 61)
    desk.hear(order(line(CANCELLED, 3, 0)), 90)
    assert desk.stock() == (10, 0, 0, 10)


@pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True)
def test_one_order_heard_through_two_doors_at_once_is_one_order(database: Database, open_door: OpenDoor) -> None:
    desk = open_desk(database)
    doors, both = [replace(desk, database=open_door()) for _ in range(2)], threading.Barrier(2)

    def hear(door: Desk) -> None:
        both.wait(10)
        for number in range(8):
            snapshot = order(line(PAID, 1, remote_id=f"l{number}"), id_=f"o{number}")
            door.hear(snapshot, 61, by="poll")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(hear, doors))
    assert [units for _, units, _ in desk.facts()] == [1] * 8
    assert (desk.stock(), desk.told("order.heard")) == ((2, 0, 8, 10), 8)


# -- links ------------------------------------------------------------------------------------------------


def test_a_line_without_a_link_is_parked_told_once_and_moves_when_it_is_linked(database: Database) -> None:
    desk = open_desk(database, linked=False)
    for at in (60, 70):
        desk.hear_line(PAID, at=at)
    assert (desk.stock(), desk.stored().linked, desk.told("order.unlinked")) == ((10, 0, 0, 10), False, 1)
    assert link_late(desk) == 0
    assert desk.told("order.unlinked") == 1
    by_hand(database, desk.view.id, "mug", "MUG", units=2)
    assert link_late(desk) == 1
    assert (desk.stock(), desk.stored().linked) == ((4, 0, 6, 10), True)
    assert link_late(desk) == 0, "it is moved once"
    assert desk.stock() == (4, 0, 6, 10)
    assert desk.facts() == [("mug", 3, later(60))]


def test_a_line_of_an_offer_nobody_imported_waits_for_the_import_and_tells_its_cell_then(database: Database) -> None:
    desk = open_desk(database)
    stray = line(PAID, 2, listing_id="L7", offer_key="new", sku="NEW")
    desk.hear(order(stray), 61)
    assert (desk.facts(), link_late(desk)) == ([], 0)
    take(database, desk.view.id, listing("L7", offer("new", "NEW", cell="L7")))
    by_hand(database, desk.view.id, "new", "MUG")
    assert link_late(desk) == 1
    assert (desk.facts(), desk.stock()) == ([("L7", 2, later(60))], (8, 0, 2, 10))


def test_what_a_line_holds_is_given_back_as_it_was_taken_though_the_link_has_changed(database: Database) -> None:
    desk = open_desk(database)
    desk.hear_line(PAID, at=60)
    by_hand(database, desk.view.id, "mug", "OTHER", units=2)
    desk.hear_line(CANCELLED, 3, 0, at=100)
    assert (desk.stock(), desk.sound()) == ((10, 0, 0, 10), True)


def test_a_cancellation_is_told_to_the_cell_of_the_sale_though_the_code_became_doubtful(database: Database) -> None:
    desk = open_desk(database)
    sold = line(PAID, 1, offer_key="")
    desk.hear(order(sold), 61)
    take(database, desk.view.id, listing("L1", offer("mug", "MUG"), offer("twin", "MUG")))
    desk.hear(order(replace(sold, state=CANCELLED, remaining=0), at=90), 91)
    assert [(cell, units) for cell, units, _ in desk.facts()] == [("mug", 1), ("mug", -1)]


def test_a_kit_takes_each_of_its_parts(database: Database) -> None:
    desk = open_desk(database)
    by_hand(database, desk.view.id, "mug", "SAUCER", units=2, add=True)
    desk.hear_line(PAID, 3, at=60)
    assert desk.stock() == (7, 0, 3, 10)
    assert sorted(held.committed for held in desk.held()) == [3, 6]


# -- before we came, and more than there is ---------------------------------------------------------------


@pytest.mark.parametrize("first", [SHIPPED, DELIVERED, CANCELLED])
def test_a_line_that_was_over_before_we_came_moves_nothing_ever(database: Database, first: LineState) -> None:
    desk = open_desk(database)
    old = line(first, 3, lowered_at=LONG_AGO)
    desk.hear(replace(order(old), updated_at=LONG_AGO), 61)
    assert (desk.stock(), desk.held(), desk.facts()) == ((10, 0, 0, 10), [], [])
    assert link_late(desk) == 0, "it waits for no link"
    if first is not CANCELLED:
        desk.hear(order(replace(old, state=DELIVERED), at=90), 91)
        desk.hear(order(replace(old, state=LineState.CLOSED), at=95), 96)
    assert (desk.stock(), desk.facts()) == ((10, 0, 0, 10), [])


def test_goods_of_old_that_come_back_are_told_to_the_cell_and_not_to_the_shelf(database: Database) -> None:
    desk = open_desk(database)
    old = line(SHIPPED, 3, lowered_at=LONG_AGO)
    desk.hear(replace(order(old), updated_at=LONG_AGO), 61)
    desk.hear(order(replace(old, state=RETURNED), at=90), 91)
    assert desk.stock() == (10, 0, 0, 10)
    assert [units for _, units, _ in desk.facts()] == [-3]


def test_an_open_line_of_before_holds_its_units_and_is_not_called_oversold(database: Database) -> None:
    desk = open_desk(database, counted=0)
    done = desk.hear(replace(order(line(PAID, 3, lowered_at=LONG_AGO)), updated_at=LONG_AGO), 61)
    assert (desk.stock(), done.oversold, desk.told("stock.oversold")) == ((-3, 0, 3, 0), (), 0)


def test_selling_more_than_there_is_is_told_once_for_orders_placed_since_we_came(database: Database) -> None:
    desk = open_desk(database, counted=2)
    done = desk.hear(order(line(UNPAID, 3)), 61)
    assert (done.oversold, desk.told("stock.oversold")) == ((desk.mug,), 1)
    for at, state in ((100, PAID), (200, SHIPPED)):
        assert desk.hear_line(state, at=at).oversold == tuple[VariantId, ...]()
    assert desk.told("stock.oversold") == 1


# -- what is kept, and how ---------------------------------------------------------------------------------


def test_a_line_is_kept_as_told_with_its_parcels(database: Database) -> None:
    desk = open_desk(database)
    parcel = Parcel("CJGLS", "1234", later(80))
    sent = line(SHIPPED, 3, 2, claim="ASKED", acknowledged=False, ship_by=later(500), parcels=(parcel,))
    desk.hear(order(sent, at=90, extra={"note": "gift"}), 91)
    assert desk.stored().line == replace(sent, parcels=())
    assert database.read_now(lambda tx: orders.parcels_of(tx, desk.view.id, "l1")) == [parcel]
    head = database.read_now(lambda tx: orders.order(tx, desk.view.id, "o1"))
    assert head is not None
    assert (head.total.amount, head.extra, head.heard_by) == (2700, {"note": "gift"}, "poll")
    assert [row.remote_id for row in database.read_now(lambda tx: orders.orders_by_id(tx, "o1"))] == ["o1"]
    assert database.read_now(lambda tx: orders.orders_by_id(tx, "o2")) == []


def test_the_most_urgent_open_lines_come_first_and_ended_ones_not_at_all(database: Database) -> None:
    desk = open_desk(database)
    for name, state, by in (("late", PAID, 900), ("soon", PAID, 100), ("gone", SHIPPED, 50), ("held", UNPAID, 500)):
        left = line(state, 1, remote_id=name, ship_by=later(by))
        desk.hear(order(left, id_=f"order {name}"), 61)
    found = database.read_now(lambda tx: orders.open_lines(tx, desk.view.id))
    assert [row.line.remote_id for row in found] == ["soon", "held", "late"]
    assert len(database.read_now(lambda tx: orders.open_lines(tx, limit=2))) == 2
    latest = database.read_now(lambda tx: orders.latest_orders(tx, desk.view.id, 3))
    assert len(latest) == 3


def test_no_byte_of_a_buyers_data_lies_open_in_any_table(database: Database) -> None:
    desk = open_desk(database)
    snapshot = order(line(PAID, personalisation="zebra-engraved"), ship_to=person("walrus"))
    desk.hear(snapshot, 61)
    desk.hear(replace(snapshot, ship_to=person("walrus")), 70)
    at_rest = database.read_now(lambda tx: everything(tx, database.kind))
    assert b"o1" in at_rest, "the search looks where the rows are"
    assert b"walrus" not in at_rest
    assert b"zebra" not in at_rest
    assert "walrus" not in repr(snapshot)


def test_a_buyers_data_opens_with_the_shops_key_and_only_in_its_own_place(database: Database) -> None:
    desk = open_desk(database)
    desk.hear(order(line(PAID, personalisation="zebra"), ship_to=person("walrus")), 61)
    desk.hear(order(line(PAID), at=70), 71)
    shop = desk.view.id
    head = database.read_now(lambda tx: orders.order(tx, shop, "o1"))
    assert head is not None
    sealed = head.ship_to
    assert sealed is not None, "a later reading without an address keeps the one we have"
    clear = database.read_now(lambda tx: shops.unseal(tx, desk.vault, shop, f"orders.ship_to:{shop}/o1", sealed))
    assert b"walrus-customs_code" in clear
    row = database.read_now(lambda tx: tx.one("SELECT personalisation FROM order_line"))
    assert row is not None
    words = database.read_now(
        lambda tx: shops.unseal(tx, desk.vault, shop, f"order_line.personalisation:{shop}/l1", bytes(row[0]))
    )
    assert words == b"zebra"
    with pytest.raises(Exception, match="another place"):
        database.read_now(lambda tx: shops.unseal(tx, desk.vault, shop, f"orders.ship_to:{shop}/o2", sealed))


# -- the horizon ------------------------------------------------------------------------------------------


def test_a_horizon_never_goes_back_in_either_clock(database: Database) -> None:
    desk = open_desk(database)
    assert database.read_now(lambda tx: orders.horizon(tx, desk.view.id)) is None
    for begun, remote in ((100, 50), (90, 60), (95, 40)):
        database.write_now(lambda tx, b=begun, r=remote: orders.put_horizon(tx, desk.view.id, b, r))  # type: ignore[misc]
    assert database.read_now(lambda tx: orders.horizon(tx, desk.view.id)) == (100, 60)
