from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.publish.model.builders import A, B, begun, cell, draw, listing, mark, only, parked, put, said, waits

from jangbu.publish.model import book as books
from jangbu.publish.model.book import Book
from jangbu.publish.model.plan import Group, Plan, Variant, plan
from jangbu.publish.model.target import Policy
from jangbu.sdk.manifest import Priority

FROZEN: dict[str, Any] = {"switchable": True, "returns": True, "can_zero": False}
PARKED: dict[str, Any] = {"switchable": True, "returns": True, "parked_by_us": True}
STUCK: dict[str, Any] = {"can_zero": False}
UNKNOWN = books.first_seen(3, on_sale=True, mark=mark(1))


def unsettled(shown: int) -> Book:
    return begun(Book(stands=9), put(shown))


# -- targets


def test_equal_needs_no_write() -> None:
    drawn = draw(5, listing(cell("x", 3)), listing(cell("y", 2)))
    assert (drawn.planned, drawn.waiting, drawn.free) == ((), (), {A: 0})


def test_a_listing_that_cannot_be_written_keeps_what_it_shows_and_the_others_share_the_rest() -> None:
    drawn = draw(7, listing(cell("x", 3), writable=False), listing(cell("y", 0)))
    assert drawn.targets == {"x": 3, "y": 4}
    assert said(only(drawn)) == ("set", "plan.raise", {"y": 4})


def test_units_that_may_be_unread_at_a_listing_that_cannot_be_written_are_kept_back_too() -> None:
    dark = cell("x", book=Book(unread=2, stands=3, mark=mark(1)))
    assert draw(7, listing(dark, writable=False), listing(cell("y", 0))).targets == {"x": 3, "y": 2}


def test_of_a_cell_nobody_knows_yet_what_it_shows_is_kept_back() -> None:
    drawn = draw(7, listing(cell("x", book=UNKNOWN), writable=False), listing(cell("y", 0)))
    assert drawn.targets == {"x": 3, "y": 4}
    assert waits(drawn) == ["wait.no_free_units"]
    sold = books.sold(UNKNOWN, 8, lowered_at=9)
    drawn = draw(7, listing(cell("x", book=sold), writable=False), listing(cell("y", 0)))
    assert drawn.targets == {"x": 0, "y": 7}


def test_a_listing_the_seller_took_off_sale_gets_nothing_and_is_left_alone() -> None:
    theirs = listing(parked("x", 3), switchable=True, returns=True)
    assert draw(4, theirs, listing(cell("y", 4))).planned == ()
    assert draw(4, theirs, listing(cell("y", 4))).targets == {"x": 0, "y": 4}


def test_a_mirror_shows_all_everywhere_and_charges_nothing() -> None:
    drawn = draw(5, listing(cell("x", 2)), listing(cell("y", 9)), policy=Policy.MIRROR)
    assert drawn.targets == {"x": 5, "y": 5}
    assert [said(p) for p in drawn.planned] == [
        ("set", "plan.lower", {"y": 5}),
        ("set", "plan.raise", {"x": 5}),
    ]
    assert drawn.over_exposed == {A: 6}  # the risk


def test_a_kit_keeps_the_law_of_each_of_its_parts_that_has_one() -> None:
    kit, single = cell("kit", 0, units={A: 1, B: 1}), cell("single", 5)
    found = [Variant(A, 5, Policy.ESCROW), Variant(B, 9, Policy.MIRROR)]
    drawn = plan(found, [listing(kit), listing(single)], now=1)
    assert sum(drawn.targets.values()) == 5
    assert not any(p.priority is Priority.RAISE for p in drawn.planned)


def test_a_listing_in_part_off_sale_is_managed_where_it_sells() -> None:
    page = listing(cell("on", 4), parked("off", 2, units={B: 1}))
    assert said(only(draw({A: 0, B: 9}, page))) == ("set", "plan.nothing_left", {"on": 0})
    whole = replace(page, carries_all=True)
    assert said(only(draw({A: 9, B: 9}, whole))) == ("set", "plan.raise_in_part", {"on": 5, "off": 2})
    assert said(only(draw({A: 5, B: 9}, whole))) == ("set", "plan.zero_to_fence", {"on": 0, "off": 2})


# -- what buyers see: covered


def test_raising_from_nothing_takes_one_plain_set() -> None:
    call = only(draw(5, listing(cell("x", 0))))
    assert said(call) == ("set", "plan.raise", {"x": 5})
    assert (call.priority, call.charged, call.freed) == (Priority.RAISE, 5, 0)


def test_a_row_is_raised_as_far_as_free_units_reach() -> None:
    waiting = listing(cell("y", book=Book(unread=3, mark=mark(1))), writable=False)
    drawn = draw(10, waiting, listing(cell("x", 0, most=9), cell("z", 0)))
    assert drawn.targets == {"y": 0, "x": 4, "z": 3}
    drawn = draw(10, listing(cell("y", book=Book(unread=6, mark=mark(1)))), listing(cell("x", 0)))
    assert [said(p) for p in drawn.planned] == [
        ("set", "plan.raise_in_part", {"x": 4}),
        ("set", "plan.raise_in_part", {"y": 4}),
    ]


def test_rows_of_one_call_do_not_count_on_the_same_units() -> None:
    page = listing(cell("x", 0, share=1), cell("y", 0, share=1))
    dark = listing(cell("z", book=Book(unread=5, mark=mark(1)), share=0))
    assert said(only(draw(8, dark, page))) == ("set", "plan.raise_in_part", {"x": 3})


def test_a_covered_lowering_is_a_plain_set() -> None:
    call = only(draw(20, listing(cell("x", 9, most=4))))
    assert said(call) == ("set", "plan.lower", {"x": 4})
    assert (call.priority, call.freed) == (Priority.LOWER, 5)


def test_a_lowering_that_is_covered_does_not_wait_for_a_raise_that_is_not() -> None:
    page = listing(cell("low", 9, most=4), cell("high", 4, units={B: 1}), **STUCK)
    drawn = draw({A: 20, B: 6}, page)
    assert said(only(drawn)) == ("set", "plan.lower", {"low": 4})


def test_zeros_come_before_lowering_and_lowering_before_raising() -> None:
    drawn = draw(
        {A: 0, B: 30},
        listing(cell("raise", 0, units={B: 1}, most=2)),
        listing(cell("lower", 5, units={B: 1}, most=2)),
        listing(cell("zero", 1)),
    )
    assert [p.why for p in drawn.planned] == ["plan.nothing_left", "plan.lower", "plan.raise"]


def test_the_most_dangerous_zero_comes_first() -> None:
    drawn = draw(0, listing(cell("x", 1)), listing(cell("y", 5)))
    assert [p.group for p in drawn.planned] == ["listing-y", "listing-x"]


def test_a_call_that_carries_a_whole_listing_names_all_its_numbers() -> None:
    page = listing(cell("x", 0), cell("y", 2, units={B: 1}), carries_all=True)
    capped = replace(page, cells=(page.cells[0], replace(page.cells[1], most=2)))
    assert said(only(draw({A: 3, B: 9}, capped))) == ("set", "plan.raise", {"x": 3, "y": 2})
    assert said(only(draw({A: 3, B: 4}, page))) == ("set", "plan.raise_in_part", {"x": 3, "y": 2})
    assert said(only(draw({A: 3, B: 3}, page)))[1] == "plan.zero_to_fence"  # y can neither be kept nor charged


def test_the_rows_a_call_carries_along_are_charged_together() -> None:
    page = listing(cell("x", 2), cell("y", 2), carries_all=True)
    assert said(only(draw(6, page))) == ("set", "plan.zero_to_fence", {"x": 0, "y": 0})
    assert said(only(draw(9, page))) == ("set", "plan.raise_in_part", {"x": 3, "y": 2})


# -- what buyers see: nothing left


def test_nothing_left_is_a_zero_for_the_rows_that_show_something() -> None:
    page = listing(cell("x", 2), cell("y", 0))
    assert said(only(draw(0, page))) == ("set", "plan.nothing_left", {"x": 0})
    assert said(only(draw(0, replace(page, carries_all=True)))) == ("set", "plan.nothing_left", {"x": 0, "y": 0})


def test_nothing_left_takes_a_listing_off_sale_that_cannot_be_zeroed() -> None:
    page = listing(cell("x", 2), cell("y", 0), can_zero=False, switchable=True)
    assert said(only(draw(0, page))) == ("off", "plan.nothing_left", {"x": 0, "y": 0})


def test_nothing_left_and_no_way_to_say_so_is_shown() -> None:
    assert waits(draw(0, listing(cell("x", 2), **STUCK))) == ["wait.cannot_zero"]


def test_one_row_may_go_to_zero_while_another_stands_but_never_the_last() -> None:
    page = listing(cell("x", 2), cell("y", 3, units={B: 1}), **STUCK)
    assert said(only(draw({A: 0, B: 3}, page))) == ("set", "plan.nothing_left", {"x": 0})
    last = listing(cell("x", 2), cell("y", 0, units={B: 1}), **STUCK)
    blocked = listing(cell("z", book=Book(unread=4, mark=mark(1)), units={B: 1}), writable=False)
    assert waits(draw({A: 0, B: 4}, last, blocked)) == ["wait.cannot_zero"]


# -- what buyers see: not covered


def test_over_exposed_cells_are_frozen_zeroed_or_taken_off_at_once() -> None:
    def answer(**can: Any) -> tuple[str, str, dict[str, int]]:
        call = only(draw(2, listing(cell("x", 5), **can)))
        assert call.priority is Priority.ZERO
        return said(call)

    assert answer(**FROZEN) == ("off", "plan.freeze", {"x": 0})
    assert answer(can_zero=True) == ("set", "plan.zero_to_fence", {"x": 0})
    assert answer(can_zero=False, switchable=True) == ("off", "plan.off_to_be_safe", {"x": 0})
    assert waits(draw(2, listing(cell("x", 5), **STUCK))) == ["wait.cannot_zero"]


def test_over_exposed_a_listing_written_as_a_whole_goes_dark_as_a_whole() -> None:
    page = listing(cell("x", 5), cell("y", 3, units={B: 1}), carries_all=True)
    assert said(only(draw({A: 2, B: 3}, page))) == ("set", "plan.zero_to_fence", {"x": 0, "y": 0})


@pytest.mark.parametrize(
    ("can", "call"),
    [(FROZEN, ("off", "plan.freeze", {"x": 0})), ({}, ("set", "plan.zero_to_fence", {"x": 0}))],
)
def test_a_starving_cell_has_units_moved_from_one_that_has_many(
    can: dict[str, Any], call: tuple[str, str, dict[str, int]]
) -> None:
    drawn = draw(6, listing(cell("x", 6), **can), listing(cell("y", 0)))
    assert said(only(drawn)) == call
    assert only(drawn).priority is Priority.LOWER
    assert waits(drawn) == ["wait.no_free_units"]


def test_no_units_are_moved_by_switching_off_what_cannot_come_back() -> None:
    drawn = draw(6, listing(cell("x", 6), can_zero=False, switchable=True), listing(cell("y", 0)))
    assert drawn.planned == ()
    assert waits(drawn) == ["wait.cannot_zero", "wait.no_free_units"]


def test_a_free_unit_that_no_plain_set_reaches_is_worth_a_moment_in_the_dark() -> None:
    assert said(only(draw(6, listing(cell("x", 5))))) == ("set", "plan.zero_to_fence", {"x": 0})
    assert said(only(draw(6, listing(cell("x", 5), **FROZEN)))) == ("off", "plan.freeze", {"x": 0})
    assert only(draw(6, listing(cell("x", 5)))).priority is Priority.RAISE


def test_a_busy_listing_is_not_darkened_only_to_show_more() -> None:
    assert waits(draw(6, listing(cell("x", 5), busy=True))) == ["wait.no_free_units"]
    assert said(only(draw(4, listing(cell("x", 5), busy=True))))[1] == "plan.zero_to_fence"


def test_nothing_is_darkened_for_units_that_may_yet_come_free_by_themselves() -> None:
    unread = cell("x", book=Book(unread=1, stands=5, mark=mark(1)))
    assert waits(draw(7, listing(unread))) == ["wait.no_free_units"]
    coming = listing(cell("y", book=unsettled(0)))
    assert waits(draw(20, listing(cell("x", 7)), coming)) == ["wait.no_free_units", "wait.unsettled"]


def test_nothing_is_darkened_for_units_that_others_hold() -> None:
    holds = listing(cell("y", book=Book(unread=3, mark=mark(1))), writable=False)
    shown = listing(cell("x", book=Book(stands=5)))
    drawn = draw(8, holds, shown)
    assert (drawn.planned, drawn.targets) == ((), {"y": 0, "x": 5})


def test_a_mirrored_row_beside_an_uncovered_one_still_gets_its_number() -> None:
    page = listing(cell("m", 0, units={B: 1}), cell("e", 3), carries_all=True)
    found = [Variant(A, 3, Policy.ESCROW), Variant(B, 4, Policy.MIRROR)]
    assert said(only(plan(found, [page], now=1))) == ("set", "plan.zero_to_fence", {"m": 0, "e": 0})


def test_a_hot_row_is_not_zeroed_where_the_listing_would_stand_at_nothing() -> None:
    drawn = draw(9, listing(cell("hot", 3, refusals=2), **STUCK))
    assert waits(drawn) == ["wait.cannot_zero"]


# -- what buyers see: not yet


def test_a_cell_with_an_unsettled_write_waits_only_if_it_is_not_where_it_should_be() -> None:
    assert waits(draw(9, listing(cell("x", book=unsettled(3))))) == ["wait.unsettled"]
    right = draw(9, listing(cell("x", book=unsettled(9))))
    assert (right.planned, right.waiting) == ((), ())


def test_before_the_first_look_is_complete_nothing_but_zeros_is_written() -> None:
    assert waits(draw(9, listing(cell("x", book=UNKNOWN)))) == ["wait.first_look"]
    assert said(only(draw(0, listing(cell("x", book=UNKNOWN)))))[:2] == ("set", "plan.nothing_left")


def test_an_empty_listing_and_one_that_may_not_be_written_are_passed_over() -> None:
    empty = replace(listing(cell("x")), cells=())
    drawn = draw(9, empty, listing(cell("y", 3), writable=False))
    assert (drawn.planned, drawn.waiting) == ((), ())


# -- sold out


def test_a_sold_out_listing_comes_back_with_one_of_each_if_the_fee_is_allowed_and_the_units_are_free() -> None:
    page = listing(cell("x", 0), needs_reopening=True, reopens=True)
    assert said(only(draw(4, page))) == ("reopen", "plan.reopen", {"x": 1})
    assert draw(4, replace(page, reopens=False)).targets == {"x": 0}
    held = listing(cell("y", book=Book(unread=4, mark=mark(1))))
    assert "wait.no_free_units" in waits(draw(4, page, held))
    assert not any(p.group == "listing-x" for p in draw(4, page, held).planned)


def test_a_sold_out_listing_stays_so_while_there_is_nothing_to_sell() -> None:
    page = listing(cell("x", 0), needs_reopening=True, reopens=True)
    assert (draw(0, page).planned, draw(0, page).waiting) == ((), ())


# -- parked by us


def frozen(number: int, **book: Any) -> Group:
    return listing(cell("x", book=Book(on_sale=False, parked=number, **book)), **PARKED)


def test_a_parked_listing_gets_its_number_first_and_then_comes_back() -> None:
    assert said(only(draw(4, frozen(9)))) == ("set", "plan.set_while_off", {"x": 4})
    assert only(draw(4, frozen(9))).charged == 0
    back = only(draw(4, frozen(4)))
    assert said(back) == ("on", "plan.back_on_sale", {"x": 4})
    assert (back.charged, back.priority) == (4, Priority.RAISE)


def test_a_parked_listing_comes_back_with_no_more_than_is_free() -> None:
    assert said(only(draw(4, frozen(9, unread=1))))[2] == {"x": 3}
    assert waits(draw(4, frozen(9, unread=4))) == ["wait.no_free_units"]


def test_a_parked_listing_waits_while_a_restock_may_still_arrive() -> None:
    assert waits(draw(4, frozen(4, clear_from=50), now=50)) == ["wait.restock"]
    assert said(only(draw(4, frozen(4, clear_from=50), now=51)))[0] == "on"


def test_a_parked_listing_with_nothing_to_sell_stays_parked() -> None:
    assert (draw(0, frozen(4)).planned, draw(0, frozen(4)).waiting) == ((), ())


def test_a_parked_listing_that_may_not_come_back_says_so_once_there_is_something_to_sell() -> None:
    page = replace(frozen(4), returns=False)
    assert waits(draw(4, page)) == ["wait.return_not_allowed"]
    assert waits(draw(0, page)) == []


def test_parked_rows_are_covered_one_after_another() -> None:
    page = listing(parked("x", 9), parked("y", 9), **PARKED)
    dark = listing(cell("z", book=Book(unread=3, mark=mark(1)), share=0))
    drawn = draw(8, dark, page)
    assert drawn.targets == {"z": 0, "x": 4, "y": 4}
    assert said(only(drawn))[2] == {"x": 4, "y": 1}


# -- the plan


def test_the_same_input_gives_the_same_plan() -> None:
    def once() -> Plan:
        return draw({A: 5, B: 3}, listing(cell("x", 5)), listing(cell("kit", 0, units={A: 2, B: 1})))

    assert once() == once()


def test_what_is_missing_of_the_law_is_told_by_variant() -> None:
    drawn = draw({A: 1, B: 3}, listing(cell("x", 5)), listing(cell("y", 1, units={B: 2})))
    assert drawn.free == {A: -4, B: 1}
    assert drawn.over_exposed == {A: 4}
