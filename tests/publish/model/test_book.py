from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.publish.model.builders import begun, complete, mark, put, settled

from jangbu.publish.model import book as books
from jangbu.publish.model.book import UNBOUNDED, Book, Write, WriteKind

OFF, ON, ZERO = Write(WriteKind.OFF), Write(WriteKind.ON), Write(WriteKind.ZERO_TOLD)
MARKED = Book(unread=2, stands=3, mark=mark(10))


def compare(expected: int, number: int) -> Write:
    return Write(WriteKind.COMPARE, number=number, expected=expected)


def change(by: int) -> Write:
    return Write(WriteKind.CHANGE, change=by)


def parts(book: Book) -> tuple[int, int]:
    return book.unread, book.stands


# -- news


def test_a_line_from_before_the_mark_lowers_what_is_unread() -> None:
    assert parts(books.sold(MARKED, 1, lowered_at=9)) == (1, 3)


def test_a_line_from_after_the_mark_lowers_what_stands() -> None:
    assert parts(books.sold(MARKED, 1, lowered_at=11)) == (2, 2)


def test_a_line_of_the_marks_own_moment_is_doubtful_and_lowers_what_drops_out_first() -> None:
    assert parts(books.sold(MARKED, 1, lowered_at=10)) == (1, 3)


def test_without_a_mark_or_with_a_write_under_way_every_line_lowers_the_unread_first() -> None:
    assert parts(books.sold(replace(MARKED, mark=None), 1, lowered_at=99)) == (1, 3)
    assert parts(books.sold(begun(MARKED, OFF), 1, lowered_at=99)) == (1, 3)


def test_what_exceeds_the_unread_lowers_what_stands_even_below_zero() -> None:
    assert parts(books.sold(MARKED, 6, lowered_at=5)) == (0, -1)
    assert parts(books.restocked(books.sold(MARKED, 6, lowered_at=5), 1, clear_from=0)) == (0, 0)


def test_a_restock_raises_what_stands_and_holds_fences_back() -> None:
    book = books.restocked(MARKED, 2, clear_from=70)
    assert (parts(book), book.clear_from) == ((2, 5), 70)
    assert books.restocked(book, 1, clear_from=60).clear_from == 70


def test_a_restock_while_off_sale_is_exposed_as_soon_as_it_is_put_back() -> None:
    book = books.restocked(Book(on_sale=False, parked=3), 1, clear_from=9)
    assert (book.exposure, begun(book, ON).exposure) == (1, 4)


def test_the_horizon_takes_out_what_was_unread_before_the_mark() -> None:
    assert parts(books.heard(MARKED, complete(10))) == (0, 3)
    assert books.heard(MARKED, complete(9)) == MARKED
    assert books.heard(replace(MARKED, mark=None), complete(99)) == replace(MARKED, mark=None)


def test_a_mark_serves_once() -> None:
    passed = books.heard(MARKED, complete(10))
    assert passed.mark is None
    assert parts(books.sold(passed, 1, lowered_at=5)) == (0, 2)


# -- charges


@pytest.mark.parametrize(
    ("write", "exposure"),
    [
        (put(4), 5 + 4),
        (put(0), 5),
        (ZERO, 5),
        (OFF, 5),
        (compare(5, 2), 5),
        (compare(3, 3), 5),
        (compare(2, 6), 5 - 2 + 6),
        (change(-2), 5),
        (change(3), 8),
    ],
)
def test_each_row_of_the_table_is_charged_from_the_intent_on(write: Write, exposure: int) -> None:
    assert books.charge(MARKED, write) == exposure
    assert begun(MARKED, write).exposure == exposure


def test_a_number_set_while_off_costs_nothing_and_putting_it_back_costs_it_whole() -> None:
    off = Book(unread=1, on_sale=False, parked=4)
    assert books.charge(off, put(7)) == 1
    assert settled(off, put(7), at=5, told=7).parked == 7
    assert books.charge(off, ON) == 5


def test_one_write_at_a_time_and_none_that_the_books_cannot_charge() -> None:
    with pytest.raises(ValueError, match="one unsettled write"):
        begun(begun(MARKED, put(1)), put(1))
    with pytest.raises(ValueError, match="compare value above"):
        begun(MARKED, compare(6, 1))
    for write in (OFF, ZERO, compare(0, 0), change(1)):
        with pytest.raises(ValueError, match="no part of the exposure"):
            begun(Book(on_sale=False, parked=3), write)


def test_nothing_can_be_settled_that_was_not_begun() -> None:
    with pytest.raises(ValueError, match="no unsettled write"):
        books.applied(MARKED, mark(20))
    with pytest.raises(ValueError, match="no unsettled write"):
        books.refused(MARKED)
    with pytest.raises(ValueError, match="no unsettled write"):
        books.resolved(MARKED, 0, on_sale=True, mark=mark(20))


def test_a_book_is_fenced_when_nothing_is_unread_and_nothing_under_way() -> None:
    assert Book(stands=3).fenced
    assert not MARKED.fenced
    assert not begun(Book(), put(0)).fenced


# -- known outcomes


def test_a_settled_set_marks_the_cell_and_drops_the_old_number_at_the_horizon() -> None:
    book = settled(MARKED, put(4), at=20)
    assert (parts(book), book.mark, book.pending) == ((5, 4), mark(20), None)
    assert books.heard(book, complete(20)).exposure == 4


def test_a_write_begun_too_soon_after_a_cancellation_fences_nothing() -> None:
    book = settled(replace(MARKED, clear_from=30), put(4), at=20)
    assert (book.mark, book.clear_from) == (None, 30)
    assert books.heard(book, complete(99)).exposure == 9


def test_a_write_begun_late_enough_ends_the_waiting_unless_a_cancellation_came_meanwhile() -> None:
    late = begun(replace(MARKED, clear_from=15), put(4))
    assert books.applied(late, mark(20)).clear_from == 0
    meanwhile = books.applied(books.restocked(late, 1, clear_from=80), mark(20))
    assert (meanwhile.clear_from, meanwhile.stands) == (80, 5)


def test_a_zero_whose_answer_tells_the_change_frees_it_at_once() -> None:
    assert parts(settled(MARKED, ZERO, at=20, told=3)) == (2, 0)
    assert parts(settled(MARKED, ZERO, at=20, told=-1)) == (5, 0)


def test_a_restock_that_the_zero_swept_away_is_not_left_standing() -> None:
    swept = books.restocked(begun(MARKED, ZERO), 1, clear_from=0)
    assert parts(books.applied(swept, mark(20), told=6)) == (0, 0)
    assert parts(books.applied(swept, mark(20), told=5)) == (0, 1)


def test_a_write_under_way_leaves_no_mark_for_the_horizon_to_pass() -> None:
    book = begun(MARKED, put(4))
    assert book.mark is None
    assert books.heard(book, complete(99)).exposure == 9


def test_a_compare_and_set_frees_the_difference() -> None:
    assert parts(settled(MARKED, compare(5, 2), at=20)) == (0, 2)
    assert parts(settled(MARKED, compare(2, 6), at=20)) == (3, 6)


@pytest.mark.parametrize(
    ("by", "after", "expected"),
    [(2, 5, (2, 5)), (-2, 1, (2, 1)), (-5, -2, (2, 0)), (3, 1, (5, 1)), (2, -1, (5, 0))],
)
def test_a_relative_change_counts_only_what_came_above_zero(by: int, after: int, expected: tuple[int, int]) -> None:
    assert parts(settled(MARKED, change(by), at=20, told=after)) == expected


def test_news_during_a_relative_change_survives_its_answer() -> None:
    book = books.restocked(begun(MARKED, change(2)), 1, clear_from=0)
    assert parts(books.applied(book, mark(20), told=5)) == (2, 6)


def test_going_off_sale_frees_at_once_what_is_read_standing_there() -> None:
    book = settled(MARKED, OFF, at=20, told=3)
    assert (book.exposure, book.parked, book.on_sale, book.mark) == (2, 3, False, mark(20))
    assert settled(MARKED, OFF, at=20, told=5).fenced
    assert settled(MARKED, OFF, at=20, told=7).exposure == 0


def test_a_negative_number_read_off_sale_parks_nothing() -> None:
    assert settled(MARKED, OFF, at=20, told=-1).parked == 0


def test_a_number_set_while_off_is_believed_no_lower_than_it_was_set() -> None:
    off = Book(on_sale=False, parked=4)
    assert settled(off, put(2), at=5, told=3).parked == 3
    assert settled(off, put(2), at=5).parked == 2


def test_back_on_sale_adds_the_number_so_that_news_in_between_survives() -> None:
    off = Book(unread=2, on_sale=False, parked=4, mark=mark(3))
    book = books.sold(begun(off, ON), 3, lowered_at=5)
    book = books.applied(book, None)
    assert (parts(book), book.on_sale, book.parked, book.mark) == ((0, 3), True, 0, mark(3))


@pytest.mark.parametrize("write", [put(4), put(0), ZERO, compare(5, 1), compare(2, 6), change(2), change(-1), OFF])
def test_a_refused_write_leaves_the_exposure_as_it_was_less_the_news_since(write: Write) -> None:
    assert books.refused(begun(MARKED, write)).exposure == 5
    assert books.refused(books.sold(begun(MARKED, write), 1, lowered_at=99)).exposure == 4
    assert books.refused(begun(MARKED, write)).pending is None


def test_a_refused_switch_keeps_the_parts_and_their_mark() -> None:
    assert books.refused(begun(MARKED, OFF)) == MARKED
    off = Book(unread=2, on_sale=False, parked=4, mark=mark(3))
    assert books.refused(begun(off, ON)) == off
    assert books.refused(begun(off, put(9))) == off


def test_after_any_other_refusal_all_counts_as_standing_until_a_read() -> None:
    book = books.refused(begun(MARKED, put(4)))
    assert (parts(book), book.mark) == ((0, 5), None)


# -- unknown outcomes


@pytest.mark.parametrize("write", [put(4), put(0), ZERO, compare(5, 1), compare(2, 6), change(2), change(-1)])
def test_an_unknown_outcome_keeps_the_charge_until_the_horizon_passes_the_read(write: Write) -> None:
    charged = begun(MARKED, write)
    book = books.resolved(charged, 1, on_sale=True, mark=mark(90))
    assert (book.exposure, book.stands) == (charged.exposure, 1)
    assert books.heard(book, complete(90)).exposure == 1


def test_a_number_read_above_the_charge_raises_it() -> None:
    assert parts(books.resolved(begun(MARKED, put(1)), 9, on_sale=True, mark=mark(90))) == (0, 9)


def test_off_answered_by_a_read_off_frees_what_stands_there_at_once() -> None:
    book = books.resolved(begun(MARKED, OFF), 3, on_sale=False, mark=mark(90))
    assert (book.exposure, book.parked, book.mark) == (2, 3, mark(90))


def test_off_that_reads_still_on_sale_frees_nothing() -> None:
    book = books.resolved(begun(MARKED, OFF), 3, on_sale=True, mark=mark(90))
    assert (parts(book), book.on_sale) == ((2, 3), True)


def test_a_set_while_off_leaves_what_is_read_standing_there() -> None:
    off = Book(unread=2, on_sale=False, parked=4, mark=mark(3))
    book = books.resolved(begun(off, put(9)), 4, on_sale=False, mark=mark(90))
    assert book == off
    switched_on_by_others = books.resolved(begun(off, put(9)), 9, on_sale=True, mark=mark(90))
    assert (parts(switched_on_by_others), switched_on_by_others.on_sale) == ((2, 9), True)


def test_on_that_reads_still_off_is_not_charged() -> None:
    off = Book(unread=2, on_sale=False, parked=4, mark=mark(3))
    book = books.resolved(begun(off, ON), 4, on_sale=False, mark=mark(90))
    assert (book.exposure, book.parked, book.on_sale) == (2, 4, False)


def test_a_restock_heard_before_an_on_that_failed_is_not_dropped_by_the_older_mark() -> None:
    off = books.restocked(Book(unread=2, on_sale=False, parked=4, mark=mark(3)), 1, clear_from=200)
    book = books.resolved(begun(off, ON), 4, on_sale=False, mark=mark(90))
    assert books.heard(book, complete(50)).exposure == 3


def test_on_that_reads_on_sale_keeps_its_charge() -> None:
    off = Book(unread=2, on_sale=False, parked=4)
    book = books.resolved(begun(off, ON), 1, on_sale=True, mark=mark(90))
    assert (parts(book), book.on_sale, book.parked) == ((5, 1), True, 0)


def test_a_set_that_reads_off_sale_by_other_hands_keeps_its_whole_charge() -> None:
    book = books.resolved(begun(MARKED, put(4)), 4, on_sale=False, mark=mark(90))
    assert (book.exposure, book.parked, book.on_sale) == (9, 4, False)


def test_a_read_too_soon_after_a_cancellation_settles_but_fences_nothing() -> None:
    charged = books.restocked(begun(MARKED, put(4)), 1, clear_from=100)
    book = books.resolved(charged, 4, on_sale=True, mark=mark(90))
    assert (parts(book), book.mark) == ((0, 10), None)
    assert books.heard(book, complete(99)).exposure == 10


# -- reads


def test_the_first_read_of_a_cell_knows_nothing_until_the_horizon_passes_it() -> None:
    book = books.first_seen(5, on_sale=True, mark=mark(10))
    assert book.exposure == UNBOUNDED + 5
    assert books.heard(book, complete(10)).exposure == 5
    off = books.first_seen(5, on_sale=False, mark=mark(10))
    assert (books.heard(off, complete(10)).exposure, off.parked) == (0, 5)


def test_any_read_repairs_the_books_at_the_horizon() -> None:
    book = books.read(MARKED, 1, on_sale=True, mark=mark(20))
    assert parts(book) == (4, 1)
    assert books.heard(book, complete(20)).exposure == 1


def test_a_read_that_tells_nothing_new_keeps_the_earlier_mark() -> None:
    assert books.read(MARKED, 3, on_sale=True, mark=mark(20)) == MARKED
    off = Book(unread=2, on_sale=False, parked=4, mark=mark(3))
    assert books.read(off, 4, on_sale=False, mark=mark(20)) == off
    assert books.read(replace(MARKED, mark=None), 3, on_sale=True, mark=mark(20)) == replace(MARKED, mark=mark(20))


def test_a_parked_cell_that_a_restock_may_have_changed_is_marked_anew() -> None:
    off = books.restocked(Book(on_sale=False, parked=4, mark=mark(3)), 1, clear_from=10)
    book = books.read(off, 4, on_sale=False, mark=mark(20))
    assert (book.exposure, book.mark, book.clear_from) == (1, mark(20), 0)


def test_a_number_above_the_exposure_surprises_and_raises_it() -> None:
    assert books.surprising(MARKED, 6, on_sale=True)
    assert not books.surprising(MARKED, 5, on_sale=True)
    assert not books.surprising(MARKED, 6, on_sale=False)
    assert not books.surprising(begun(MARKED, put(0)), 6, on_sale=True)
    assert parts(books.read(MARKED, 6, on_sale=True, mark=mark(20))) == (0, 6)


def test_a_number_below_zero_is_read_as_zero() -> None:
    assert parts(books.read(MARKED, -2, on_sale=True, mark=mark(20))) == (5, 0)


def test_other_hands_switch_a_listing_off_and_all_of_it_may_have_been_sold_before() -> None:
    book = books.read(MARKED, 3, on_sale=False, mark=mark(20))
    assert (parts(book), book.parked, book.on_sale, book.mark) == ((5, 0), 3, False, mark(20))


def test_other_hands_switch_a_listing_on_and_what_stands_there_is_exposed() -> None:
    book = books.read(Book(unread=2, on_sale=False, parked=4), 4, on_sale=True, mark=mark(20))
    assert (parts(book), book.on_sale, book.parked) == ((2, 4), True, 0)


def test_a_read_too_soon_after_a_cancellation_proves_nothing_but_is_kept_as_a_bound() -> None:
    unclear = replace(MARKED, clear_from=30)
    book = books.read(unclear, 1, on_sale=True, mark=mark(20))
    assert (parts(book), book.mark, book.clear_from) == ((0, 5), None, 30)
    off = Book(unread=1, on_sale=False, parked=4, clear_from=30)
    assert books.read(off, 6, on_sale=False, mark=mark(20)) == replace(off, parked=6)
    assert books.read(off, 2, on_sale=False, mark=mark(20)) == off


def test_a_read_wants_doing_where_no_mark_on_its_way_will_set_units_free() -> None:
    assert not books.wants_read(MARKED, 99)
    assert books.wants_read(replace(MARKED, mark=None), 99)
    assert not books.wants_read(Book(stands=3), 99)
    assert books.wants_read(Book(stands=-1), 99)
    restocked = Book(stands=1, clear_from=50)
    assert not books.wants_read(restocked, 50)
    assert books.wants_read(restocked, 51)
    assert not books.wants_read(begun(restocked, put(0)), 51)


# -- writes


@pytest.mark.parametrize(
    ("write", "lowers"),
    [
        (put(0), True),
        (put(1), False),
        (ZERO, True),
        (OFF, True),
        (ON, False),
        (compare(3, 2), True),
        (compare(3, 3), False),
        (change(-1), True),
        (change(1), False),
    ],
)
def test_only_a_write_that_can_never_raise_may_be_repeated_at_once(write: Write, lowers: bool) -> None:
    assert write.only_lowers is lowers


kinds = st.builds(
    Write,
    st.sampled_from(list(WriteKind)),
    number=st.integers(0, 6),
    expected=st.integers(0, 3),
    change=st.integers(-4, 4),
)


@given(kinds, st.integers(0, 5), st.integers(3, 6), st.integers(-3, 8))
def test_settling_never_costs_more_than_was_charged(write: Write, unread: int, stands: int, told: int) -> None:
    book = Book(unread=unread, stands=stands, mark=mark(10))
    charged = begun(book, write)
    told = told if write.kind is WriteKind.CHANGE else max(told, 0)
    assert books.applied(charged, mark(20), told=told).exposure <= charged.exposure
    assert books.refused(charged).exposure == book.exposure
