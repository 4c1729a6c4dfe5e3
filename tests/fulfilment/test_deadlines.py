"""Until when an order must ship, by working days, Korean holidays and the courier's last pick-up."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from jangbu.fulfilment.deadlines import Courier, Group, due, group
from jangbu.infra.holidays import is_business_day

SEOUL = ZoneInfo("Asia/Seoul")
MAN = Courier(time(16, 0), SEOUL, is_business_day)


def at(text: str) -> datetime:
    """Read a moment of Seoul, "MM-DD HH:MM" of 2026, as the marketplaces give it: in UTC."""
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SEOUL).astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-03-03", True), ("2026-02-28", False), ("2026-03-01", False),
        ("2026-03-02", False),  # given instead of the 1st, a Sunday
        ("2026-02-16", False), ("2026-02-17", False), ("2026-02-18", False), ("2026-02-19", True),  # lunar new year
        ("2026-09-24", False), ("2026-09-25", False), ("2027-02-09", False), ("2026-12-25", False),
    ],
)  # fmt: skip
def test_working_days_are_no_weekend_no_holiday_and_no_day_given_instead(day: str, works: bool) -> None:
    assert is_business_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("until", "pick_up"),
    [
        ("03-05 23:59", "03-05 16:00"), ("03-05 15:59", "03-04 16:00"), ("03-05 16:00", "03-05 16:00"),
        ("03-08 12:00", "03-06 16:00"),  # a Sunday
        ("03-02 23:59", "02-27 16:00"),  # holidays back to Friday
        ("02-18 10:00", "02-13 16:00"),
    ],
)  # fmt: skip
def test_the_last_pick_up_that_keeps_a_date(until: str, pick_up: str) -> None:
    assert MAN.last_before(at(until)) == at(pick_up)


@pytest.mark.parametrize(
    ("now", "next_one"),
    [("03-04 10:00", "03-04 16:00"), ("03-04 16:00", "03-05 16:00"), ("03-06 17:00", "03-09 16:00"),
     ("02-13 16:01", "02-19 16:00")],
)  # fmt: skip
def test_the_next_pick_up(now: str, next_one: str) -> None:
    assert MAN.next_after(at(now)) == at(next_one)


@pytest.mark.parametrize(
    ("now", "until", "expected"),
    [
        ("03-04 10:00", "03-04 09:59", Group.LATE), ("03-04 10:00", "03-04 15:00", Group.LATE),
        ("03-04 10:00", "03-04 23:59", Group.TODAY), ("03-04 16:30", "03-04 23:59", Group.LATE),
        ("03-04 10:00", "03-05 15:00", Group.TODAY), ("03-04 10:00", "03-05 23:59", Group.TOMORROW),
        ("03-04 16:30", "03-05 23:59", Group.TOMORROW), ("03-04 16:30", "03-06 23:59", Group.LATER),
        ("03-04 10:00", "03-06 23:59", Group.LATER),
        ("03-06 10:00", "03-08 23:59", Group.TODAY),  # nothing goes at the weekend
        ("03-06 10:00", "03-09 23:59", Group.TOMORROW), ("03-07 10:00", "03-09 23:59", Group.TOMORROW),
        ("02-13 10:00", "02-18 23:59", Group.TODAY),  # the whole new year lies between
    ],
)  # fmt: skip
def test_how_pressing_an_order_is(now: str, until: str, expected: Group) -> None:
    assert group(due(at(until), at("02-01 00:00"), 2, MAN), at(now), MAN) is expected


def test_without_a_date_of_the_marketplace_working_days_are_counted_from_our_own_rule() -> None:
    found = due(None, at("02-13 11:00"), 2, MAN)
    assert (found.told, found.ship_by, found.pick_up) == (
        False, at("02-20 23:59").replace(second=59), at("02-20 16:00")
    )  # fmt: skip
    assert due(at("03-05 12:00"), at("02-13 11:00"), 2, MAN).told


def test_a_country_without_working_days_ends_the_search() -> None:
    never = Courier(time(16, 0), SEOUL, lambda _: False)
    assert never.next_after(at("03-04 10:00")) > at("03-04 10:00")
