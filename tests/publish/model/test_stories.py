"""The twenty stories of what goes wrong between shops, each on the pure model."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.publish.model.builders import (
    MINUTE,
    A,
    B,
    D,
    begun,
    cell,
    complete,
    draw,
    listing,
    mark,
    only,
    put,
    said,
    settled,
    sold_one_by_one,
    variants,
    waits,
)

from jangbu.inventory.model import Account, Held, Phase, Step, Stock, steps_to
from jangbu.inventory.pools import book_at, feasible
from jangbu.kernel.ids import CellId, LocationId
from jangbu.publish.model import book as books
from jangbu.publish.model import timing
from jangbu.publish.model.book import Book, Horizon, Mark, Write, WriteKind
from jangbu.publish.model.plan import allows
from jangbu.sdk.manifest import Priority


def test_i01_five_sell_unread_at_naver_before_our_four_lands() -> None:
    book = settled(Book(stands=5), put(4), at=10)
    assert book.exposure == 9
    book = sold_one_by_one(book, [5] * 5)  # the five become known, one by one
    assert book.exposure == 4
    book = books.heard(settled(Book(stands=5), put(4), at=10), complete(10))
    assert book.exposure == 4


def test_i01_until_the_horizon_passes_the_books_stay_at_nine() -> None:
    book = settled(Book(stands=5), put(4), at=10)
    assert books.heard(book, Horizon(begun_at=10)).exposure == 9


def test_i02_a_killed_raise_frees_nothing_before_its_deadline_and_d() -> None:
    left_before = timing.send_before(0)
    deadline = timing.deadline(left_before)
    assert deadline == 50_000
    assert timing.freed_at(deadline, D) == 50_000 + D
    book = begun(Book(), put(5))
    assert book.exposure == 5
    read = books.resolved(book, 0, on_sale=True, mark=mark(timing.freed_at(deadline, D) + 1))
    assert read.exposure == 5  # it shows 0: five may have been sold since it landed
    assert books.heard(read, complete(timing.freed_at(deadline, D) + 1)).exposure == 0


def test_i03_a_zero_accepted_now_and_in_force_later_is_no_fence_by_our_clock() -> None:
    accepted, in_force = 0, 90_000
    book = begun(Book(stands=1), put(0))
    seen_zero = mark(in_force + 1)  # the zero is proved only by the read that shows it
    book = books.applied(book, seen_zero)
    assert books.heard(book, Horizon(begun_at=70_000)).exposure == 1
    assert books.heard(book, Horizon(begun_at=in_force + 1, remote_to=accepted)).exposure == 1
    assert books.heard(book, complete(in_force + 1)).exposure == 0


def test_i04_a_worker_that_stalled_before_its_last_check_does_not_send() -> None:
    lease_until = 60_000
    woke_at = 70_000
    assert timing.may_send(29_999, lease_until, timing.send_before(0))
    assert not timing.may_send(woke_at, lease_until, timing.send_before(0))
    assert not timing.may_send(woke_at, lease_until, timing.send_before(woke_at))
    assert not timing.may_send(woke_at, woke_at + MINUTE, timing.send_before(0))


def test_i04_after_its_last_check_all_that_is_freed_waits_for_the_deadline_and_d() -> None:
    passed_at = 29_999
    assert timing.may_send(passed_at, 60_000, timing.send_before(0))
    freed = timing.freed_at(timing.deadline(timing.send_before(0)), D)
    assert freed >= passed_at + timing.HTTP_TIMEOUT + D


def test_i05_a_listing_frozen_half_way_comes_back_only_if_we_took_it_off() -> None:
    book = begun(Book(stands=5), Write(WriteKind.OFF))
    book = books.resolved(book, 3, on_sale=False, mark=mark(1000))
    assert (book.exposure, book.parked) == (2, 3)  # two may have been sold before it went off
    ours = listing(cell("x", book=book), switchable=True, returns=True, parked_by_us=True)
    assert said(only(draw(5, ours, now=1001))) == ("on", "plan.back_on_sale", {"x": 3})
    theirs = replace(ours, parked_by_us=False)
    assert draw(5, theirs, now=1001).planned == ()
    assert draw(5, theirs, now=1001).targets == {"x": 0}


def test_i06_a_stale_compare_and_set_is_known_and_the_next_keeps_the_three_unread() -> None:
    book = books.refused(begun(Book(stands=10), Write(WriteKind.COMPARE, number=4, expected=10)))
    assert book.exposure == 10
    book = settled(book, Write(WriteKind.COMPARE, number=4, expected=7), at=10)
    assert (book.exposure, book.unread, book.stands) == (10 - 7 + 4, 3, 4)
    assert sold_one_by_one(book, [5] * 3).exposure == 4


def test_i07_one_row_that_keeps_being_refused_leaves_the_batch_and_goes_by_zero_fence_raise() -> None:
    hot = cell("hot", 3, refusals=2)
    calm = cell("calm", 0, units={B: 1})
    drawn = draw({A: 9, B: 4}, listing(hot, calm))
    assert said(only(drawn)) == ("set", "plan.raise", {"calm": 4})
    drawn = draw({A: 9, B: 4}, listing(hot, cell("calm", 4, units={B: 1})))
    assert said(only(drawn)) == ("set", "plan.zero_to_fence", {"hot": 0})
    dark = cell("hot", book=Book(unread=3, mark=mark(1)), refusals=3)
    assert waits(draw(3, listing(dark))) == ["wait.no_free_units"]
    fenced = cell("hot", 0, refusals=3)
    assert said(only(draw(9, listing(fenced)))) == ("set", "plan.raise", {"hot": 9})


def test_i08_zeroing_one_option_charges_the_other_with_its_own_number() -> None:
    one, other = cell("one", 2), cell("other", 3, units={B: 1})
    book = begun(other.book, put(3))
    assert book.exposure == 3 + 3
    page = listing(one, other, carries_all=True, can_zero=False)
    assert waits(draw({A: 0, B: 3}, page)) == ["wait.cannot_zero"]
    assert said(only(draw({A: 0, B: 6}, page))) == ("set", "plan.nothing_left", {"one": 0, "other": 3})


def test_i09_a_restock_by_the_seller_is_not_given_elsewhere_before_a_fence() -> None:
    sold_out = Book(mark=None)
    book = books.restocked(sold_out, 1, clear_from=D)
    elsewhere = listing(cell("elsewhere", 0))
    drawn = draw(1, listing(cell("here", book=book), shop="etsy"), elsewhere)
    assert drawn.free == {A: 0}
    assert not any(planned.shop == "shop-elsewhere" for planned in drawn.planned)
    fenced = books.heard(settled(book, put(0), at=D + 1), complete(D + 1))
    drawn = draw(1, listing(cell("here", book=fenced), shop="etsy", writable=False), elsewhere)
    assert said(only(drawn)) == ("set", "plan.raise", {"elsewhere": 1})


def test_i10_an_unpaid_order_holds_its_unit_for_days_and_payment_commits_it() -> None:
    assert steps_to(Held(), Held(reserved=1)) == [Step(Account.AVAILABLE, Account.COMMITTED, 1, Phase.PENDING)]
    assert Stock({Account.AVAILABLE: 1}, reserved=1).available == 0
    book = books.sold(Book(stands=1), 1, lowered_at=5)
    assert book.exposure == 0
    assert draw(0, listing(cell("naver", book=book)), listing(cell("etsy", 0))).planned == ()
    assert steps_to(Held(reserved=1), Held(committed=1)) == [Step(Account.AVAILABLE, Account.COMMITTED, 1, Phase.POST)]


def test_i11_a_call_that_carries_numbers_along_is_refused_unless_every_number_is_charged() -> None:
    page = listing(cell("one", 2, most=5), cell("other", 3, units={B: 1}, most=5), carries_all=True)
    call = only(draw({A: 9, B: 9}, page))
    assert allows(variants({A: 9, B: 9}), [page], call)
    assert not allows(variants({A: 9, B: 9}), [page], replace(call, numbers={CellId("one"): 2}))
    assert not allows(variants({A: 2, B: 3}), [page], call)  # sales would be written over


def test_i12_a_sold_kit_lowers_both_variants_together_and_they_are_planned_together() -> None:
    kit = cell("kit", 1, units={A: 2, B: 1})
    sold = replace(kit, book=books.sold(kit.book, 1, lowered_at=5))
    before = draw({A: 3, B: 1}, listing(kit), listing(cell("single", 1)))
    assert before.free == {A: 0, B: 0}
    after = draw({A: 1, B: 0}, listing(sold), listing(cell("single", 1)))
    assert after.free == {A: 0, B: 0}
    assert after.targets == {"kit": 0, "single": 1}
    assert after.planned == ()


def test_i13_a_sale_first_seen_cancelled_leaves_its_restocked_unit_standing() -> None:
    book = settled(Book(stands=1), put(0), at=10)
    assert (book.unread, book.stands) == (1, 0)
    book = books.sold(book, 1, lowered_at=5)
    book = books.restocked(book, 1, clear_from=20 + D)
    assert (book.unread, book.stands) == (0, 1)
    book = books.heard(book, complete(10))
    assert book.exposure == 1
    elsewhere = draw(1, listing(cell("here", book=book), writable=False), listing(cell("elsewhere", 0)))
    assert elsewhere.planned == ()


def test_i14_a_read_that_shows_our_number_while_the_write_may_still_land_settles_nothing() -> None:
    book = begun(Book(stands=3), put(3))
    with pytest.raises(ValueError, match="unsettled proves nothing"):
        books.read(book, 3, on_sale=True, mark=mark(10))
    with pytest.raises(ValueError, match="one unsettled write"):
        begun(book, put(2))
    assert waits(draw(2, listing(cell("x", book=book)))) == ["wait.unsettled"]
    book = books.sold(book, 1, lowered_at=12)
    assert book.exposure == 5  # three may stand again, and two of the first three may be sold


def test_i15_a_feed_request_that_left_before_the_proof_passes_nothing_whatever_its_date() -> None:
    proved = Mark(begun_at=100, answered_at=110, remote_at=115)
    assert not Horizon(begun_at=99).passes(proved)
    assert not Horizon(begun_at=110).passes(proved)
    assert Horizon(begun_at=111).passes(proved)
    assert not Horizon(begun_at=999, remote_to=115).passes(proved)
    assert Horizon(begun_at=1, remote_to=116).passes(proved)


def test_i16_a_write_lost_for_good_leaves_what_is_read_standing() -> None:
    book = begun(Book(stands=1), put(3))
    book = books.resolved(book, 1, on_sale=True, mark=mark(1000))
    assert (book.unread, book.stands, book.exposure) == (3, 1, 4)
    assert books.heard(book, complete(999)).exposure == 4
    assert books.heard(book, complete(1000)).exposure == 1


def test_i17_a_gap_in_the_heartbeat_starts_d_anew_for_what_was_being_sent() -> None:
    deadline = timing.deadline(timing.send_before(0))
    woke_at = 9 * 60 * MINUTE
    assert timing.freed_at(deadline, D, gap=woke_at) == woke_at + D
    assert timing.freed_at(deadline, D, gap=1) == deadline + D
    assert timing.freed_at(deadline, D) == deadline + D


def test_i18_a_plain_set_that_could_raise_the_deficit_is_not_planned_over_exposed() -> None:
    here, there = cell("here", 2), cell("there", 2)
    groups = [listing(here, can_zero=False), listing(there, can_zero=False)]
    drawn = draw(2, *groups)
    assert drawn.over_exposed == {A: 2}
    assert drawn.planned == ()
    lower = replace(only(draw(9, listing(cell("here", 2), can_zero=False))), numbers={CellId("here"): 1})
    assert not allows(variants({A: 2}), groups, lower)
    zeros = draw(2, *(replace(group, can_zero=True) for group in groups))
    assert [said(planned)[2] for planned in zeros.planned] == [{"here": 0}, {"there": 0}]
    assert {planned.priority for planned in zeros.planned} == {Priority.ZERO}


def test_i19_a_sale_is_booked_where_the_other_offers_keep_their_units() -> None:
    x, y = CellId("x"), CellId("y")
    one, two = LocationId("1"), LocationId("2")
    pools = {x: {one}, y: {one, two}}
    shelves = {one: 1, two: 1}
    assert feasible({x: 1, y: 1}, pools, shelves)
    assert book_at(y, {x: 1, y: 0}, pools, shelves) == two
    assert not feasible({x: 1, y: 0}, pools, {one: 0, two: 1})


def test_i20_a_zero_before_a_late_restock_is_no_fence_and_one_begun_d_later_is() -> None:
    heard_at = 1000
    book = books.restocked(Book(stands=0), 1, clear_from=heard_at + D)
    zeroed = settled(book, put(0), at=heard_at + 1)
    assert (zeroed.unread, zeroed.stands, zeroed.mark) == (1, 0, None)
    assert books.heard(zeroed, complete(heard_at + 2)).exposure == 1  # the unit may come back after the zero
    assert books.wants_read(zeroed, heard_at + D + 1)
    fenced = books.read(zeroed, 1, on_sale=True, mark=mark(heard_at + D + 1))  # and it did
    assert books.heard(fenced, complete(heard_at + D + 1)).exposure == 1
    zeroed = settled(zeroed, put(0), at=heard_at + D + 1)
    assert books.heard(zeroed, complete(heard_at + D + 1)).exposure == 0
