from __future__ import annotations

from dataclasses import replace

from tests.publish.model.builders import A, B, begun, cell, draw, listing, only, parked, put, variants

from jangbu.kernel.ids import CellId
from jangbu.publish.model.book import Book
from jangbu.publish.model.plan import Act, Group, Planned, allows
from jangbu.publish.model.target import Policy
from jangbu.sdk.manifest import Priority


def call(group: Group, act: Act, **numbers: int) -> Planned:
    named = {CellId(name): n for name, n in numbers.items()}
    return Planned(group.shop, group.id, act, named, Priority.RAISE, "plan.raise")


def test_the_last_gate_lets_through_what_free_units_cover_and_no_more() -> None:
    page = listing(cell("x", 2))
    assert allows(variants({A: 5}), [page], call(page, Act.SET, x=3))
    assert not allows(variants({A: 5}), [page], call(page, Act.SET, x=4))


def test_the_units_of_all_cells_of_a_call_count_together() -> None:
    page = listing(cell("x", 0), cell("kit", 0, units={A: 2, B: 1}))
    assert allows(variants({A: 5, B: 2}), [page], call(page, Act.SET, x=1, kit=2))
    assert not allows(variants({A: 5, B: 2}), [page], call(page, Act.SET, x=2, kit=2))
    assert not allows(variants({A: 9, B: 1}), [page], call(page, Act.SET, x=1, kit=2))


def test_a_call_that_adds_nothing_passes_even_over_exposed() -> None:
    page = listing(cell("x", 9))
    assert allows(variants({A: 2}), [page], call(page, Act.SET, x=0))
    assert allows(variants({A: 2}), [page], call(page, Act.OFF, x=0))
    assert not allows(variants({A: 2}), [page], call(page, Act.SET, x=1))


def test_putting_back_on_sale_is_charged_with_what_stands_parked_whatever_the_call_says() -> None:
    page = listing(parked("x", 4))
    assert allows(variants({A: 4}), [page], call(page, Act.ON, x=4))
    assert not allows(variants({A: 3}), [page], call(page, Act.ON, x=3))


def test_reopening_is_charged_with_its_one_piece() -> None:
    page = listing(cell("x", 0), needs_reopening=True)
    assert allows(variants({A: 1}), [page], call(page, Act.REOPEN, x=1))
    assert not allows(variants({A: 0}), [page], call(page, Act.REOPEN, x=1))


def test_a_cell_with_an_unsettled_write_takes_no_second_one() -> None:
    page = listing(cell("x", book=begun(Book(stands=1), put(0))))
    assert not allows(variants({A: 9}), [page], call(page, Act.SET, x=0))


def test_a_call_that_rewrites_a_whole_listing_must_name_it_whole() -> None:
    page = listing(cell("x", 0), cell("y", 0, units={B: 1}), carries_all=True)
    other = listing(cell("z", 0), carries_all=True)
    found = variants({A: 9, B: 9})
    assert not allows(found, [page, other], call(page, Act.SET, x=1))
    assert allows(found, [page, other], call(page, Act.SET, x=1, y=1))
    assert allows(found, [page, other], call(page, Act.OFF, x=0))
    assert not allows(found, [page, other], call(page, Act.REOPEN, x=1))


def test_where_no_law_is_kept_the_gate_stands_open() -> None:
    page = listing(cell("x", 2))
    assert allows(variants({A: 2}, Policy.MIRROR), [page], call(page, Act.SET, x=2))


def test_two_proposals_that_count_on_the_same_units_do_not_both_pass() -> None:
    first, second = listing(cell("x", 0)), listing(cell("y", 3))
    proposed = only(draw(4, first, replace(second, writable=False)))
    assert allows(variants({A: 4}), [first, second], proposed)
    taken = listing(cell("y", book=begun(Book(stands=3), put(1))))
    assert not allows(variants({A: 4}), [first, taken], proposed)
