from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.publish.house import House, one_shop, several
from tests.publish.market import (
    Call,
    Market,
    accept,
    accept_blindly,
    accept_but,
    fail,
)
from tests.shops.samples import BAZAAR

from jangbu.infra.db import Database
from jangbu.kernel.errors import ContractBroken, OutcomeUnknown, ReauthRequired, Rejected, Throttled, Transient
from jangbu.publish import service as publish
from jangbu.sdk.client import Order
from jangbu.sdk.records import ListingRef, WriteAnswer


async def wants_more(database: Database) -> House:
    """One shop that shows 3 of 10: the first call raises it by a plain set to 7, charged 3 + 7."""
    return await one_shop(database, shown=3, counted=10)


# -- what a call may come to ------------------------------------------------------------------------------


async def test_an_accepted_write_whose_answer_shows_the_number_is_settled_at_once(database: Database) -> None:
    house = await wants_more(database)
    await house.step("a")
    (row,) = house.writes("a")
    assert (row.state, row.why, row.act, row.error) == ("applied", "plan.raise_in_part", "set", "")
    assert list(row.numbers.values()) == [7]
    assert list(row.before.values()) == [3]
    book = house.book("a", "MUG")
    assert (book.pending, book.unread, book.stands, book.mark is None) == (None, 3, 7, False)
    assert house.markets["a"].reads == [["L1"]], "the one at the very first"
    assert house.told() == ["write.set"]


async def test_what_was_unread_when_we_wrote_is_free_again_when_the_feed_has_passed_it(database: Database) -> None:
    house = await wants_more(database)
    await house.step("a")
    house.read_feeds()
    await house.work()
    assert house.shown("MUG") == {"a": 10}
    house.read_feeds()
    house.fold()
    assert house.exposure("MUG") == {"a": 10}


async def test_an_accepted_write_is_settled_by_a_read_begun_after_the_answer(database: Database) -> None:
    house = await wants_more(database)
    house.markets["a"].script = [accept_blindly]
    await house.step("a")
    assert (house.states("a"), house.exposure("MUG")) == (["accepted"], {"a": 10})
    answered = house.clock.now()
    await house.step("a")
    (row,) = house.writes("a")
    assert row.state == "applied"
    mark = house.book("a", "MUG").mark
    assert mark is not None
    assert mark.begun_at >= round(answered.timestamp() * 1000)


async def test_a_sale_between_the_write_and_the_read_back_is_no_longer_counted_as_standing(database: Database) -> None:
    house = await wants_more(database)
    house.markets["a"].script = [accept_blindly]
    await house.step("a")
    house.markets["a"].sell("a/MUG", 2)
    await house.step("a")
    book = house.book("a", "MUG")
    assert (book.stands, book.exposure) == (5, 10), "two more may have been sold unread"


@pytest.mark.parametrize("whole_call", [True, False])
async def test_a_refused_write_leaves_the_books_as_they_were_and_its_number_is_read_again(
    database: Database, *, whole_call: bool
) -> None:
    house = await wants_more(database)
    refusal = Rejected("no", code="naver.bad_row", remote_code="E9")
    house.markets["a"].script = [fail(refusal) if whole_call else accept_but("L1")]
    await house.step("a")
    (row,) = house.writes("a")
    assert (row.state, row.error, row.remote_code) == ("refused", "naver.bad_row", "E9")
    assert (house.exposure("MUG"), house.book("a", "MUG").pending) == ({"a": 3}, None)
    assert house.told() == ["write.refused"]
    await house.step("a")
    assert len(house.markets["a"].reads) == 2


async def test_a_refused_write_is_not_repeated_unchanged_for_five_minutes_whatever_else_is_read(
    database: Database,
) -> None:
    house = await wants_more(database)
    market = house.markets["a"]
    market.script = [fail(Rejected("no"))] * 3
    await house.keep_working(280)
    assert len(market.sent) == 1
    await house.keep_working(60)
    assert len(market.sent) == 2


async def test_a_refused_raise_keeps_no_zero_from_being_written(database: Database) -> None:
    house = await wants_more(database)
    house.markets["a"].script = [fail(Rejected("no"))]
    await house.keep_working(20)
    house.count("MUG", 0)
    await house.keep_working(20)
    assert house.shown("MUG") == {"a": 0}


@pytest.mark.parametrize(("error", "wait_s"), [(Transient("busy"), 5), (Throttled("slow", retry_after_s=60), 60)])
@pytest.mark.parametrize("leaves", [True, False])
async def test_a_write_that_surely_did_not_happen_charges_nothing_and_is_made_again_when_it_is_time(
    database: Database, error: Transient, wait_s: float, *, leaves: bool
) -> None:
    house = await wants_more(database)
    house.markets["a"].script = [fail(error, leaves=leaves)]
    await house.step("a")
    assert (house.exposure("MUG"), house.shown("MUG")) == ({"a": 3}, {"a": 3})
    assert house.writes("a")[0].error == error.code
    before = len(house.markets["a"].sent)
    await house.keep_working(wait_s - 4)
    assert len(house.markets["a"].sent) == before
    await house.keep_working(20)
    assert house.shown("MUG") == {"a": 10}


@pytest.mark.parametrize("error", [OutcomeUnknown("reset"), ContractBroken("not what is written")])
async def test_a_write_whose_answer_tells_nothing_keeps_its_charge(database: Database, error: OutcomeUnknown) -> None:
    house = await wants_more(database)
    house.markets["a"].script = [fail(error, arrives=True)]
    await house.step("a")
    (row,) = house.writes("a")
    assert (row.state, row.error, house.exposure("MUG")) == ("unknown", error.code, {"a": 10})
    assert house.told() == ["write.unknown"]


async def test_an_unreadable_answer_before_anything_left_is_no_unknown_outcome(database: Database) -> None:
    house = await wants_more(database)
    house.markets["a"].script = [fail(OutcomeUnknown("reading failed"), leaves=False)]
    await house.step("a")
    assert (house.states("a"), house.exposure("MUG")) == (["refused"], {"a": 3})


async def test_a_refused_credential_comes_out_after_the_charge_was_given_back(database: Database) -> None:
    house = await wants_more(database)
    house.markets["a"].script = [fail(ReauthRequired("who are you"))]
    with pytest.raises(ReauthRequired):
        await house.step("a")
    assert (house.states("a"), house.exposure("MUG")) == (["refused"], {"a": 3})


# -- the last check ---------------------------------------------------------------------------------------


async def test_the_journal_holds_three_durable_facts_and_the_deadline_before_the_bytes_leave(
    database: Database,
) -> None:
    house = await wants_more(database)
    seen: list[tuple[str, bool]] = []

    async def look(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        seen.append((house.states("a")[0], house.writes("a")[0].deadline is not None))
        await market.leave(call)
        seen.append((house.states("a")[0], house.writes("a")[0].deadline is not None))
        market.carry_out(call)
        return [WriteAnswer(ref, accepted=True, echo=market.show(ref)) for ref in refs]

    house.markets["a"].script = [look]
    assert house.exposure("MUG") == {"a": 3}
    await house.step("a")
    assert seen == [("intent", False), ("sending", True)]
    (row,) = house.writes("a")
    assert row.sending_at is not None
    assert row.deadline == row.sending_at + publish.HTTP_TIMEOUT
    assert (row.state, row.ended_at is not None) == ("applied", True)


async def test_news_that_makes_a_waiting_write_too_much_withdraws_it(database: Database) -> None:
    house = await wants_more(database)

    async def sold_meanwhile(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        house.count("MUG", 5)
        return await accept(market, refs, call)

    house.markets["a"].script = [sold_meanwhile]
    await house.step("a")
    assert (house.states("a"), house.markets["a"].sent, house.exposure("MUG")) == (["dropped"], [], {"a": 3})
    await house.keep_working(60)
    assert house.shown("MUG") == {"a": 5}


async def test_news_that_still_leaves_enough_for_a_waiting_write_lets_it_go(database: Database) -> None:
    house = await wants_more(database)

    async def counted_meanwhile(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        house.count("MUG", 8)
        return await accept(market, refs, call)

    house.markets["a"].script = [counted_meanwhile]
    await house.step("a")
    assert (house.states("a"), house.shown("MUG")) == (["applied"], {"a": 7})


async def test_a_pump_that_lost_its_lease_sends_nothing_and_gives_the_charge_back(database: Database) -> None:
    house = await wants_more(database)
    house.leases["a"] = False
    await house.step("a")
    assert (house.states("a"), house.markets["a"].sent, house.exposure("MUG")) == (["dropped"], [], {"a": 3})


async def test_a_write_that_waited_too_long_for_its_call_is_planned_anew(database: Database) -> None:
    house = await wants_more(database)

    async def wait(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        house.clock.tick(31)
        return await accept(market, refs, call)

    house.markets["a"].script = [wait]
    await house.step("a")
    assert (house.states("a"), house.markets["a"].sent) == (["dropped"], [])
    await house.step("a")
    await house.step("a")
    assert house.shown("MUG") == {"a": 7}


# -- batches ----------------------------------------------------------------------------------------------


async def three_pages(database: Database) -> House:
    house = House(database)
    house.add_shop("a")
    for number, sku in enumerate(("MUG", "CUP", "VASE"), 1):
        house.add_page("a", f"L{number}", **{sku: 3})
    house.link()
    for sku in ("MUG", "CUP", "VASE"):
        house.count(sku, 0)
    await house.settle_in()
    return house


async def test_listings_that_want_the_same_kind_of_call_share_one(database: Database) -> None:
    house = await three_pages(database)
    await house.step("a")
    (call,) = house.markets["a"].sent
    assert {listing: dict(numbers) for listing, numbers in call.numbers.items()} == {
        "L1": {"a/MUG": 0}, "L2": {"a/CUP": 0}, "L3": {"a/VASE": 0},
    }  # fmt: skip
    assert house.states("a") == ["applied"] * 3


async def test_one_refused_item_of_a_batch_spoils_no_other(database: Database) -> None:
    house = await three_pages(database)
    house.markets["a"].script = [accept_but("L2")]
    await house.step("a")
    assert {row.listing_id: row.state for row in house.writes("a")} == {
        "L1": "applied", "L2": "refused", "L3": "applied",
    }  # fmt: skip
    assert [house.book("a", sku).exposure for sku in ("CUP", "MUG")] == [3, 3]
    assert (house.book("a", "CUP").stands, house.book("a", "MUG").stands) == (3, 0)


async def test_an_item_of_a_batch_nobody_answered_for_is_unknown(database: Database) -> None:
    house = await three_pages(database)
    house.markets["a"].script = [accept_but("L2", forget=True)]
    await house.step("a")
    assert {row.listing_id: row.state for row in house.writes("a")} == {
        "L1": "applied", "L2": "unknown", "L3": "applied",
    }  # fmt: skip


async def test_one_bad_row_that_has_a_whole_batch_refused_keeps_the_others_back_for_seconds_only(
    database: Database,
) -> None:
    house = await three_pages(database)

    async def picky(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        """Refuse any call that carries L2."""
        if any(ref.remote_id == "L2" for ref in refs):
            await market.leave(call)
            raise Rejected("no", code="naver.bad_row")
        return await accept(market, refs, call)

    house.markets["a"].script = [picky] * 20
    await house.keep_working(30)
    ended = {row.listing_id: row.state for row in house.writes("a")}
    assert ended == {"L1": "applied", "L2": "refused", "L3": "applied"}
    assert [sorted(call.numbers) for call in house.markets["a"].sent].count(["L2"]) == 1, "alone, and then it rests"


async def test_a_batch_holds_no_more_listings_than_a_call_may_carry(database: Database) -> None:
    house = await three_pages(database)
    pairs = replace(BAZAAR.write_kinds["rows"], batch=2)
    house.manifest = replace(BAZAAR, write_kinds={**BAZAAR.write_kinds, "rows": pairs})
    house.pumps["a"] = house.new_pump("a")
    await house.work()
    assert sorted(len(call.numbers) for call in house.markets["a"].sent) == [1, 2]


# -- whole pages, read first ------------------------------------------------------------------------------


async def test_a_page_is_read_before_it_is_written_and_its_other_fields_ride_along(database: Database) -> None:
    house = await several(database, ("a",), 3, 10, "page", BAZAAR)
    market = house.markets["a"]
    await house.step("a")
    assert (len(market.reads), len(market.sent)) == (2, 1)
    (basis,) = market.bases
    assert basis is not None
    assert (basis.document, basis.numbers) == ({"price": 900}, {"a/MUG": 3})


async def test_what_the_read_before_a_write_shows_is_decided_upon_anew(database: Database) -> None:
    house = await several(database, ("a",), 3, 10, "page", BAZAAR)
    house.markets["a"].while_reading = [lambda: house.count("MUG", 3)]
    await house.step("a")
    assert (house.markets["a"].sent, house.writes("a")) == ([], [])


async def test_a_listing_with_other_options_than_we_know_is_not_written_and_says_so(database: Database) -> None:
    house = await several(database, ("a",), 3, 10, "page", BAZAAR)
    page = house.markets["a"].pages["L1"]
    page.numbers = {"a/MUG/red": 3, "a/MUG/blue": 3}
    await house.step("a")
    assert (house.markets["a"].sent, house.writes("a"), house.told()) == ([], [], ["listing.changed"])
    await house.step("a")
    assert house.told() == ["listing.changed"], "it is left alone for a minute"
    page.numbers = {"a/MUG": 3}
    house.clock.tick(61)
    await house.step("a")
    assert len(house.markets["a"].sent) == 1


async def test_a_listing_that_is_gone_is_not_written_and_says_so(database: Database) -> None:
    house = await several(database, ("a",), 3, 10, "page", BAZAAR)
    del house.markets["a"].pages["L1"]
    await house.step("a")
    assert (house.markets["a"].sent, house.told()) == ([], ["listing.gone"])
    house.clock.tick(60)
    await house.step("a")
    assert house.told() == ["listing.gone"]


async def test_a_read_that_fails_comes_out_and_nothing_was_changed(database: Database) -> None:
    house = await several(database, ("a",), 3, 10, "page", BAZAAR)
    house.markets["a"].read_trouble = [Transient("slow")]
    with pytest.raises(Transient):
        await house.step("a")
    assert (house.writes("a"), house.exposure("MUG")) == ([], {"a": 3})


async def test_an_order_of_priority_and_reason_goes_with_every_call(database: Database) -> None:
    house = await one_shop(database, shown=3, counted=0)
    seen: list[Order] = []

    async def look(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        seen.append(market._order)
        return await accept(market, refs, call)

    house.markets["a"].script = [look]
    await house.step("a")
    assert [(order.priority.name, order.cause) for order in seen] == [("ZERO", "plan.nothing_left")]
