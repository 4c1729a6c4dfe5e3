"""When orders are confirmed by the seller's rule."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from jangbu.orders.confirming import is_due, is_policy

SEOUL = ZoneInfo("Asia/Seoul")


def at(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SEOUL).astimezone(UTC)


@pytest.mark.parametrize(
    ("policy", "heard", "now", "due"),
    [
        ("hand", "03-01 00:00", "03-31 00:00", False), ("once", "03-04 10:00", "03-04 10:00", True),
        ("09:30", "03-04 09:00", "03-04 09:29", False), ("09:30", "03-04 09:00", "03-04 09:30", True),
        ("09:30", "03-04 09:30", "03-04 18:00", False), ("09:30", "03-04 10:00", "03-05 09:29", False),
        ("09:30", "03-04 10:00", "03-05 09:30", True), ("09:30", "03-04 10:00", "03-09 03:00", True),
        ("00:00", "03-04 23:59", "03-05 00:00", True), ("nonsense", "03-01 00:00", "03-31 00:00", False),
    ],
)  # fmt: skip
def test_an_order_is_confirmed_when_its_time_has_come_round(
    policy: str, heard: str, now: str, *, due: bool
) -> None:
    assert is_due(policy, at(heard), at(now), SEOUL) is due


@pytest.mark.parametrize(("text", "is_one"), [
    ("hand", True), ("once", True), ("09:30", True), ("23:59", True), ("24:00", False), ("9:30", False), ("", False),
    ("at", False), ("09:30:00", False),
])  # fmt: skip
def test_ways_to_confirm(text: str, *, is_one: bool) -> None:
    assert is_policy(text) is is_one
