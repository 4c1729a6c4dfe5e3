from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from tests.orders.desk import CANCELLED
from tests.publish.house import House, one_shop, several, two_shops
from tests.publish.market import (
    LOST_ANSWER,
    LOST_CALL,
    OFF_SALE,
    ON_SALE,
    Call,
    Market,
    accept,
    accept_blindly,
    lie,
)
from tests.shops.samples import BAZAAR, SETTLE_S

from jangbu.infra.db import Database
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.errors import OutcomeUnknown, Rejected
from jangbu.publish import service as publish
from jangbu.publish import store
from jangbu.publish.store import Sale
from jangbu.sdk.records import ListingRef, NumbersRead, WriteAnswer

L1 = ListingRef("L1", "rows")


async def lost(database: Database, *, arrives: bool = False) -> House:
    """One shop whose raise from 3 to 7 got no answer: charged 3 + 7."""
    house = await one_shop(database, shown=3, counted=10)
    house.markets["a"].script = [LOST_ANSWER if arrives else LOST_CALL]
    await house.step("a")
    return house


def past_settling(house: House) -> datetime:
    deadline = house.writes("a")[0].deadline
    assert deadline is not None
    return deadline + timedelta(seconds=SETTLE_S)


def sale(house: House) -> Sale | None:
    return house.database.read_now(lambda tx: store.sale(tx, house.ids["a"], "L1"))


# -- what nobody answered for -----------------------------------------------------------------------------


@pytest.mark.parametrize("arrives", [True, False])
async def test_a_raise_of_unknown_outcome_is_settled_only_by_a_read_begun_after_its_deadline_and_d(
    database: Database, *, arrives: bool
) -> None:
    house = await lost(database, arrives=arrives)
    reads = len(house.markets["a"].reads)
    for moment in (house.clock.now(), past_settling(house)):
        house.clock.at = moment
        await house.work()
        assert (house.states("a"), house.exposure("MUG")) == (["unknown"], {"a": 10})
    assert len(house.markets["a"].reads) == reads, "reading earlier would prove nothing"
    house.clock.tick(0.1)
    await house.settle("a")
    assert house.states("a") == ["resolved"]
    assert house.exposure("MUG") == {"a": 10}, "nothing is inferred from what was seen"
    stands = 7 if arrives else 3
    assert (house.book("a", "MUG").unread, house.book("a", "MUG").stands) == (10 - stands, stands)
    house.read_feeds()
    house.fold()
    assert house.exposure("MUG") == {"a": stands}


async def test_while_an_outcome_is_unknown_its_cell_is_not_written_and_its_units_go_nowhere(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=16)
    house.markets["a"].script = [LOST_CALL]
    await house.step("a")
    charged = house.exposure("MUG")["a"]
    house.read_feeds()
    await house.work()
    assert house.states("a") == ["unknown"]
    assert house.exposure("MUG")["a"] == charged
    assert charged + house.exposure("MUG")["b"] <= 16


async def test_a_lost_zero_is_settled_by_any_read_that_shows_zero(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=0)
    house.markets["a"].script = [LOST_ANSWER]
    await house.step("a")
    assert house.states("a") == ["unknown"]
    await house.step("a")
    assert (house.states("a"), house.book("a", "MUG").stands) == (["applied"], 0)


async def test_a_lost_zero_that_is_not_seen_is_not_settled_before_its_time(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=0)
    house.markets["a"].script = [LOST_CALL]
    for _ in range(3):
        await house.step("a")
        house.clock.tick(3)
    assert house.states("a") == ["unknown"]
    house.clock.at = past_settling(house) + timedelta(seconds=1)
    await house.work()
    assert house.states("a") == ["resolved", "applied"]
    assert house.shown("MUG") == {"a": 0}


async def test_a_number_that_is_not_seen_yet_waits_and_a_lie_is_found_out_in_time(database: Database) -> None:
    house = await several(database, ("a",), 3, 0, "page", BAZAAR)
    house.markets["a"].script = [lie]
    await house.step("a")
    assert (house.writes("a")[0].act, house.states("a")) == ("off", ["accepted"])
    await house.step("a")
    assert house.states("a") == ["accepted"], "it is still on sale, so the answer is not believed"
    assert house.exposure("MUG") == {"a": 3}
    house.clock.at = past_settling(house) + timedelta(seconds=1)
    await house.work()
    assert house.states("a") == ["resolved", "applied"]
    assert house.markets["a"].pages["L1"].state is OFF_SALE


async def test_a_gap_in_the_hubs_own_life_starts_d_anew_for_all_that_was_under_way(database: Database) -> None:
    house = await lost(database)
    settled = past_settling(house)
    house.clock.at = settled + timedelta(seconds=1)
    woke = house.clock.now()
    assert database.write_now(lambda tx: publish.delay_deadlines(tx, to_ms(woke))) == 1
    await house.work()
    assert house.states("a") == ["unknown"]
    house.clock.at = woke + timedelta(seconds=SETTLE_S + 1)
    await house.work()
    assert house.states("a")[0] == "resolved"


async def test_a_gap_brings_no_deadline_forward_and_touches_nothing_that_ended(database: Database) -> None:
    house = await lost(database)
    deadline = house.writes("a")[0].deadline
    database.write_now(lambda tx: publish.delay_deadlines(tx, to_ms(house.clock.now())))
    assert house.writes("a")[0].deadline == deadline
    house.clock.at = past_settling(house) + timedelta(seconds=1)
    await house.settle("a")
    assert database.write_now(lambda tx: publish.delay_deadlines(tx, to_ms(house.clock.now()))) == 0


# -- taking over ------------------------------------------------------------------------------------------


class _Crash(BaseException):
    """The program ends here."""


def take_over(house: House) -> tuple[int, int]:
    now = house.clock.now()
    return house.database.write_now(lambda tx: publish.drop_left_intents(tx, house.ids["a"], now))


async def crash(house: House, *, leaves: bool) -> None:
    async def step(market: Market, _refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        if leaves:
            await market.leave(call)
        raise _Crash

    house.markets["a"].script = [step]
    with pytest.raises(_Crash):
        await house.step("a")


async def test_an_intent_left_by_a_crash_never_left_and_is_dropped_with_its_charge(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=10)
    await crash(house, leaves=False)
    assert (house.states("a"), house.exposure("MUG")) == (["intent"], {"a": 10})
    assert take_over(house) == (1, 0)
    assert (house.states("a"), house.exposure("MUG")) == (["dropped"], {"a": 3})
    assert take_over(house) == (0, 0)


async def test_what_was_being_sent_at_a_crash_is_unknown_and_is_read_and_never_sent_again(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=10)
    await crash(house, leaves=True)
    assert take_over(house) == (0, 1)
    (row,) = house.writes("a")
    assert (row.state, row.error, house.exposure("MUG")) == ("unknown", "hub.ended_while_sending", {"a": 10})
    house.pumps["a"] = house.new_pump("a")
    await house.work()
    assert len(house.markets["a"].sent) == 1
    house.clock.at = past_settling(house) + timedelta(seconds=1)
    await house.settle("a")
    assert house.states("a") == ["resolved"]


async def test_a_pump_whose_intent_was_dropped_by_a_take_over_sends_nothing(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=10)

    async def stall(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        assert take_over(house) == (1, 0)
        return await accept(market, refs, call)

    house.markets["a"].script = [stall]
    await house.step("a")
    assert (house.markets["a"].sent, house.states("a"), house.exposure("MUG")) == ([], ["dropped"], {"a": 3})


@pytest.mark.parametrize("error", [None, Rejected("late"), OutcomeUnknown("late")])
async def test_what_comes_of_a_call_after_a_take_over_settled_its_write_changes_nothing(
    database: Database, error: Rejected | OutcomeUnknown | None
) -> None:
    house = await one_shop(database, shown=3, counted=10)

    async def stall(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        await market.leave(call)
        take_over(house)
        house.clock.at = past_settling(house) + timedelta(seconds=1)
        house.pumps["a"] = house.new_pump("a")
        await house.settle("a")
        if error is not None:
            raise error
        return [WriteAnswer(ref, accepted=False, refusal="late") for ref in refs]

    house.markets["a"].script = [stall]
    await house.step("a")
    (row,) = house.writes("a")
    assert (row.state, row.error, row.ended_at is None) == ("resolved", "hub.ended_while_sending", False)
    assert house.exposure("MUG") == {"a": 10}


# -- off, set, on -----------------------------------------------------------------------------------------


async def test_off_tells_what_is_unsold_and_what_is_off_is_set_and_put_back_with_what_is_free(
    database: Database,
) -> None:
    house = await one_shop(database, shown=3, counted=5)
    house.markets["a"].sell("a/MUG")
    await house.step("a")
    book = house.book("a", "MUG")
    assert (house.writes("a")[0].act, book.on_sale, book.parked, book.exposure) == ("off", False, 2, 1)
    assert sale(house) == Sale("off_sale", True, to_ms(house.clock.now()))  # noqa: FBT003 - parked by us
    await house.step("a")
    book = house.book("a", "MUG")
    assert (house.writes("a")[1].act, book.parked, book.exposure) == ("set", 4, 1), "one may be sold unread"
    await house.step("a")
    book = house.book("a", "MUG")
    assert (house.writes("a")[2].act, book.on_sale, book.exposure) == ("on", True, 5)
    assert sale(house) == Sale("on_sale", False, None)  # noqa: FBT003 - parked by nobody
    house.hear("a", "MUG", at=house.clock.now() - timedelta(seconds=60))
    house.read_feeds()
    await house.work()
    assert (house.shown("MUG"), house.available("MUG"), house.exposure("MUG")) == ({"a": 4}, 4, {"a": 4})


@pytest.mark.parametrize("lost_step", [0, 1, 2])
async def test_a_frozen_write_that_dies_half_way_is_carried_on_from_what_is_seen(
    database: Database, lost_step: int
) -> None:
    house = await one_shop(database, shown=3, counted=5)
    house.markets["a"].script = [*[accept] * lost_step, LOST_ANSWER]
    await house.keep_working(400)
    assert (house.shown("MUG"), house.markets["a"].pages["L1"].state) == ({"a": 5}, ON_SALE)
    assert house.exposure("MUG") == {"a": 5}


async def test_that_a_listing_is_off_by_our_doing_is_remembered_while_it_is_off(database: Database) -> None:
    house = await several(database, ("a",), 3, 0, "page", BAZAAR)
    house.markets["a"].script = [accept_blindly]
    await house.work()
    parked = sale(house)
    assert parked is not None
    assert parked.parked_by_us
    seen = NumbersRead(L1, OFF_SALE, {"a/MUG": 3}, house.clock.now())
    now = house.clock.tick(5)
    database.write_now(lambda tx: publish.take_read(tx, house.ids["a"], seen, now, now))
    assert sale(house) == parked


async def test_a_listing_its_seller_took_off_is_not_put_back_by_us(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=5)
    house.markets["a"].pages["L1"].state = OFF_SALE
    seen = NumbersRead(L1, OFF_SALE, {"a/MUG": 3}, house.clock.now())
    now = house.clock.tick(5)
    database.write_now(lambda tx: publish.take_read(tx, house.ids["a"], seen, now, now))
    assert sale(house) == Sale("off_sale", False, None)  # noqa: FBT003 - not by us
    await house.keep_working(30)
    assert (house.markets["a"].sent, house.markets["a"].pages["L1"].state) == ([], OFF_SALE)


async def test_a_listing_put_back_by_its_seller_is_no_longer_ours_to_put_back(database: Database) -> None:
    house = await several(database, ("a",), 3, 0, "page", BAZAAR)
    await house.work()
    now = house.clock.tick(publish.LATE_OFF.total_seconds() + 1)  # our own call can be the cause no more
    for state in (ON_SALE, OFF_SALE):
        seen = NumbersRead(L1, state, {"a/MUG": 0}, now)
        database.write_now(lambda tx, s=seen: publish.take_read(tx, house.ids["a"], s, now, now))  # type: ignore[misc]
    assert sale(house) == Sale("off_sale", False, None)  # noqa: FBT003 - not by us


# -- numbers that surprise --------------------------------------------------------------------------------


def read_number(house: House, number: int) -> list[str]:
    """Take in a read of this moment."""
    begun = house.clock.now()
    answered = house.clock.tick(1)
    seen = NumbersRead(L1, ON_SALE, {"a/MUG": number}, answered)
    found = house.database.write_now(lambda tx: publish.take_read(tx, house.ids["a"], seen, begun, answered))
    house.clock.tick(1)
    return found


async def test_a_number_above_all_we_knew_is_believed_only_after_the_orders_were_read(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=3)
    hints = database.subscribe(f"hint:{house.ids['a']}")
    assert read_number(house, 5) == ["a/MUG"]
    assert await hints.wait(5), "the orders are asked for"
    assert (house.exposure("MUG"), house.cell("a", "MUG").surprised) == ({"a": 3}, True)
    assert read_number(house, 5) == ["a/MUG"]
    house.read_feeds()
    assert read_number(house, 5) == []
    assert (house.exposure("MUG"), house.cell("a", "MUG").surprised) == ({"a": 5}, False)
    assert house.told() == ["stock.raised_by_others"]


async def test_a_restock_that_explains_a_surprise_is_no_hand_edit(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=3)
    house.hear("a", "MUG", 2)
    house.fold()
    assert read_number(house, 3) == ["a/MUG"]
    house.hear("a", "MUG", 2, CANCELLED)
    house.fold()
    assert read_number(house, 3) == []
    assert "stock.raised_by_others" not in house.told()


async def test_a_surprise_that_was_explained_vouches_for_no_later_one(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=3)
    house.hear("a", "MUG", 2)
    house.fold()
    assert read_number(house, 3) == ["a/MUG"]
    house.hear("a", "MUG", 2, CANCELLED)
    house.fold()
    read_number(house, 3)
    house.read_feeds()
    assert not house.cell("a", "MUG").surprised
    assert read_number(house, 9) == ["a/MUG"], "the orders have not been read since this one"


async def test_a_surprise_is_repaired_after_it_was_adopted(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=3)
    house.markets["a"].pages["L1"].numbers["a/MUG"] = 5
    read_number(house, 5)
    house.read_feeds()
    read_number(house, 5)
    await house.keep_working(60)
    assert (house.shown("MUG"), house.exposure("MUG")) == ({"a": 3}, {"a": 3})


async def test_a_read_while_a_write_is_under_way_proves_nothing(database: Database) -> None:
    house = await lost(database)
    book = house.book("a", "MUG")
    assert read_number(house, 3) == []
    assert house.book("a", "MUG") == book


async def test_the_first_read_of_a_number_leaves_it_without_bound_until_the_feed_has_passed_it(
    database: Database,
) -> None:
    house = House(database)
    house.add_shop("a")
    house.add_page("a", "L1", MUG=3)
    house.link()
    house.count("MUG", 3)
    refs = database.read_now(lambda tx: publish.unread_refs(tx, house.ids["a"], house.clock.now()))
    assert refs == [L1]
    await house.work()
    assert house.exposure("MUG")["a"] > 1_000_000
    assert database.read_now(lambda tx: publish.unread_refs(tx, house.ids["a"], house.clock.now())) == []
    house.read_feeds()
    house.fold()
    assert house.exposure("MUG") == {"a": 3}


async def test_a_cell_clouded_by_a_cancellation_is_read_again_once_no_restock_can_come(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=3)
    await house.work()
    house.hear("a", "MUG")
    house.hear("a", "MUG", 1, CANCELLED)
    house.fold()
    clear = house.book("a", "MUG").clear_from
    reads = len(house.markets["a"].reads)
    await house.work()
    assert len(house.markets["a"].reads) == reads, "too early to prove anything"
    house.clock.tick((clear - to_ms(house.clock.now())) / 1000 + 1)
    await house.work()
    assert len(house.markets["a"].reads) == reads + 1


async def test_a_slow_reading_that_began_before_a_cancellations_restock_was_over_is_made_again(
    database: Database,
) -> None:
    """The buyer cancels, nothing is put back; what a reading says that began too soon is no last word."""
    house = await one_shop(database, shown=3, counted=3)
    house.hear("a", "MUG")
    house.hear("a", "MUG", state=CANCELLED)
    house.fold()
    house.markets["a"].pages["L1"].numbers["a/MUG"] = 2
    clear = house.book("a", "MUG").clear_from
    begun, answered = from_ms(clear - 500), from_ms(clear + 500)
    house.clock.at = answered
    seen = house.markets["a"].show(ListingRef("L1", "rows"))
    house.database.write_now(lambda tx: publish.take_read(tx, house.ids["a"], seen, begun, answered))
    await house.keep_working(30)
    assert house.exposure("MUG") == {"a": 3}
    assert house.shown("MUG") == {"a": 3}, "the unit that did not come back is shown again"
