from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from tests.orders.desk import CANCELLED, PAID, SHIPPED, UNPAID, Desk, line, open_desk, order
from tests.shops.samples import OWNER, later

from jangbu.infra.db import Database
from jangbu.kernel.errors import IllegalTransition, InputError, NotFound
from jangbu.orders import ship
from jangbu.orders.ship import Owed
from jangbu.sdk.records import LineState


def open_order(database: Database, *states: LineState, acknowledged: bool = False) -> Desk:
    desk = open_desk(database)
    lines = [line(s, 1, remote_id=f"l{n}", acknowledged=acknowledged) for n, s in enumerate(states or (PAID, PAID))]
    desk.hear(order(*lines), 61)
    return desk


def want(desk: Desk, *, number: str = "1234-5678", carrier: str = "cj", order_id: str = "o1", **more: Any) -> Owed:
    return desk.database.write_now(
        lambda tx: ship.want_ship(tx, desk.view.id, order_id, carrier, number, later(100), actor=OWNER, **more)
    )


def confirm(desk: Desk, lines: Sequence[str]) -> Owed:
    return desk.database.write_now(
        lambda tx: ship.want_acknowledge(tx, desk.view.id, "o1", lines, later(90), actor=OWNER)
    )


def owed(desk: Desk) -> list[Owed]:
    return desk.database.read_now(lambda tx: ship.of_order(tx, desk.view.id, "o1"))


def due(desk: Desk, at: float = 200) -> list[str]:
    return [one.kind for one in desk.database.read_now(lambda tx: ship.due(tx, desk.view.id, later(at)))]


def test_a_parcel_is_for_all_lines_that_can_be_shipped_unless_some_are_named(database: Database) -> None:
    desk = open_order(database, PAID, UNPAID, PAID)
    assert want(desk).line_ids == ("l0", "l2")
    assert want(desk, number="77", line_ids=["l2"]).line_ids == ("l2",)


def test_the_same_parcel_asked_for_twice_is_one(database: Database) -> None:
    desk = open_order(database)
    assert want(desk) == want(desk, number=" 1234-5678 ")
    assert len(owed(desk)) == 1
    assert desk.told("ship.wanted") == 1
    assert want(desk, number="other").id != want(desk).id


def test_a_parcel_that_was_refused_can_be_asked_for_again(database: Database) -> None:
    desk = open_order(database)
    first = want(desk)
    database.write_now(lambda tx: ship.end(tx, first, "refused", later(150), error="x"))
    assert want(desk).id != first.id


@pytest.mark.parametrize(
    ("more", "error", "code"),
    [
        ({"carrier": "pigeon"}, InputError, "input.carrier"),
        ({"number": " "}, InputError, "input.tracking"),
        ({"number": "12 34"}, InputError, "input.tracking"),
        ({"number": "x" * 51}, InputError, "input.tracking"),
        ({"order_id": "o9"}, NotFound, "order_unknown"),
        ({"line_ids": ["l0", "l9"]}, NotFound, "line_unknown"),
    ],
)
def test_a_parcel_that_cannot_be_is_refused_and_nothing_is_owed(
    database: Database, more: dict[str, Any], error: type[InputError | NotFound], code: str
) -> None:
    desk = open_order(database)
    with pytest.raises(error) as refused:
        want(desk, acknowledges=True, **more)
    assert refused.value.code == code
    assert owed(desk) == []


@pytest.mark.parametrize("state", [UNPAID, SHIPPED, CANCELLED])
def test_what_is_not_there_to_be_shipped_is_not_shipped(database: Database, state: LineState) -> None:
    desk = open_order(database, state, PAID)
    with pytest.raises(IllegalTransition) as refused:
        want(desk, line_ids=["l0", "l1"], acknowledges=True)
    assert (refused.value.code, refused.value.facts["state"]) == ("order_not_shippable", state.value)
    assert owed(desk) == []


def test_an_order_with_nothing_to_ship_says_what_state_it_is_in(database: Database) -> None:
    desk = open_order(database, UNPAID)
    with pytest.raises(IllegalTransition) as refused:
        want(desk)
    assert refused.value.facts["state"] == "unpaid"


def test_lines_the_marketplace_waits_for_are_confirmed_before_they_are_shipped(database: Database) -> None:
    desk = open_order(database)
    want(desk, acknowledges=True)
    assert {(one.kind, one.line_ids) for one in owed(desk)} == {("acknowledge", ("l0", "l1")), ("ship", ("l0", "l1"))}
    assert due(desk) == ["acknowledge"]
    (first,) = [one for one in owed(desk) if one.kind == "acknowledge"]
    database.write_now(lambda tx: ship.end(tx, first, "done", later(150)))
    assert due(desk) == ["ship"]


def test_a_shop_that_wants_no_confirmation_gets_none(database: Database) -> None:
    desk = open_order(database)
    want(desk)
    assert due(desk) == ["ship"]


def test_lines_confirmed_already_are_not_confirmed_again(database: Database) -> None:
    desk = open_order(database, acknowledged=True)
    want(desk, acknowledges=True)
    assert due(desk) == ["ship"]


def test_a_confirmation_is_asked_for_once_whatever_the_order_of_lines(database: Database) -> None:
    desk = open_order(database)
    assert confirm(desk, ["l1", "l0"]) == confirm(desk, ["l0", "l1"]) == confirm(desk, ["l1"])
    assert len(owed(desk)) == 1


def test_a_confirmation_that_waits_for_a_read_still_holds_the_parcel_back(database: Database) -> None:
    desk = open_order(database)
    want(desk, acknowledges=True)
    (first,) = [one for one in owed(desk) if one.kind == "acknowledge"]
    database.write_now(lambda tx: ship.set_sending(tx, [first.id], later(110), later(130)))
    database.write_now(lambda tx: ship.put_off(tx, first, later(111), state="unknown", error="x", for_s=500))
    assert due(desk) == []


@pytest.mark.parametrize(("sent", "said", "kept"), [
    (False, "unknown", "wanted"), (False, "wanted", "wanted"), (True, "unknown", "unknown"), (True, "wanted", "wanted"),
])  # fmt: skip
def test_what_never_left_stays_wanted_whatever_is_said_of_it(
    database: Database, *, sent: bool, said: str, kept: str
) -> None:
    desk = open_order(database)
    one = want(desk)
    if sent:
        assert database.write_now(lambda tx: ship.set_sending(tx, [one.id], later(110), later(130)))
    database.write_now(lambda tx: ship.put_off(tx, one, later(120), state=said, error="channel.x", for_s=5))
    (now,) = owed(desk)
    assert (now.state, now.error, now.attempts) == (kept, "channel.x", int(sent))
    assert (due(desk, 124.9), due(desk, 125)) == ([], ["ship"])


def test_what_ended_stays_ended_and_is_never_sent(database: Database) -> None:
    desk = open_order(database)
    one = want(desk)
    database.write_now(lambda tx: ship.end(tx, one, "refused", later(110), error="first"))
    assert not database.write_now(lambda tx: ship.set_sending(tx, [one.id], later(120), later(140)))
    database.write_now(lambda tx: ship.put_off(tx, one, later(120), state="wanted", error="x", for_s=0))
    database.write_now(lambda tx: ship.end(tx, one, "done", later(130)))
    (now,) = owed(desk)
    assert (now.state, now.error, now.ended_at) == ("refused", "first", later(110))
    assert (due(desk), desk.told("ship.done")) == ([], 0)
