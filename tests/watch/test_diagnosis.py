"""What of a shop stands still and what still works, by when each last succeeded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jangbu.watch.diagnosis import (
    CHECK_FIRST,
    CHECK_MOST,
    Elsewhere,
    Side,
    Standing,
    Work,
    next_check,
    stands,
    whose_line,
)
from jangbu.watch.ladder import Certainty

NOW = datetime(2026, 3, 4, 9, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(hours=1), NOW + timedelta(minutes=1)
W, S, U, H = Standing.WORKS, Standing.STOPPED, Standing.UNTRIED, Standing.HELD


@pytest.mark.parametrize(
    ("last", "since", "writes", "stops_all", "expected"),
    [
        ({}, None, True, False, (U, U, U)),
        ({Work.READING: BEFORE, Work.WRITING: BEFORE}, None, True, False, (W, W, U)),
        ({Work.READING: BEFORE, Work.WRITING: BEFORE}, NOW, True, True, (S, S, S)),
        ({Work.READING: BEFORE, Work.WRITING: AFTER}, NOW, True, False, (S, W, U)),
        ({Work.READING: AFTER, Work.WRITING: BEFORE}, NOW, True, False, (W, U, U)),
        ({Work.READING: AFTER}, NOW, False, False, (W, H, H)),
        ({Work.READING: BEFORE}, None, False, False, (W, H, H)),
    ],
)
def test_each_kind_of_work_stands_as_its_last_success_says(
    last: dict[Work, datetime], since: datetime | None, *, writes: bool, stops_all: bool,
    expected: tuple[Standing, ...],
) -> None:  # fmt: skip
    found = stands(last, since, writes=writes, stops_all=stops_all)
    assert tuple(each.standing for each in found) == expected
    assert [each.last for each in found] == [last.get(work) for work in Work]


def test_what_the_trouble_itself_stopped_is_not_called_held_and_reading_goes_on() -> None:
    last = {Work.READING: AFTER, Work.WRITING: AFTER, Work.SHIPPING: BEFORE}
    found = stands(last, NOW, writes=True, stops_all=False, halted=True)
    assert tuple(each.standing for each in found) == (W, S, S)


def test_nothing_is_said_to_work_while_what_lies_under_all_is_broken() -> None:
    found = stands({Work.READING: AFTER}, NOW, writes=True, stops_all=True)
    assert {each.standing for each in found} == {S}


def test_a_broken_connection_is_looked_at_ever_more_rarely() -> None:
    waits, wait = [], None
    for _ in range(7):
        wait = next_check(wait)
        waits.append(wait)
    assert waits[:3] == [CHECK_FIRST, 2 * CHECK_FIRST, 4 * CHECK_FIRST]
    assert waits[-1] == CHECK_MOST


@pytest.mark.parametrize(
    ("elsewhere", "side", "certainty"),
    [
        ([], Side.UNKNOWN, Certainty.POSSIBLE),
        ([Elsewhere(AFTER, dark=False)], Side.THEIRS, Certainty.LIKELY),
        ([Elsewhere(BEFORE, dark=True)], Side.OURS, Certainty.CERTAIN),
        ([Elsewhere(BEFORE, dark=True), Elsewhere(AFTER, dark=False)], Side.THEIRS, Certainty.LIKELY),
        ([Elsewhere(BEFORE, dark=True), Elsewhere(None, dark=False)], Side.UNKNOWN, Certainty.POSSIBLE),
        ([Elsewhere(BEFORE, dark=False)], Side.UNKNOWN, Certainty.POSSIBLE),
        ([Elsewhere(AFTER, dark=True)], Side.OURS, Certainty.CERTAIN),
    ],
)
def test_whose_line_is_down_is_told_by_the_other_marketplaces(
    elsewhere: list[Elsewhere], side: Side, certainty: Certainty
) -> None:
    assert whose_line(NOW, elsewhere) == (side, certainty)
