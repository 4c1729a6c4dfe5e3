"""When an order must be given to the courier so that the marketplace's date is kept. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

WorkingDay = Callable[[date], bool]
_LOOK_MAX: Final = 30  # days without a working one; longer there are none


class Group(StrEnum):
    """Where an order stands on the board."""

    LATE = "late"
    TODAY = "today"
    TOMORROW = "tomorrow"  # the courier's next day after today
    LATER = "later"
    WAITS = "waits"  # cannot be shipped now: unpaid, or a cancellation is asked for
    SENT = "sent"  # its number is on its way to the marketplace


@dataclass(frozen=True)
class Courier:
    """When the courier comes: once on every working day, at `cut_off` in the seller's zone."""

    cut_off: time
    zone: ZoneInfo
    works: WorkingDay

    def last_before(self, moment: datetime) -> datetime:
        """Give the last pick-up not later than a moment."""
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() >= self.cut_off else local.date() - timedelta(days=1)
        return self._at(self._working(day, -1))

    def next_after(self, moment: datetime) -> datetime:
        """Give the first pick-up later than a moment."""
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.cut_off else local.date() + timedelta(days=1)
        return self._at(self._working(day, 1))

    def days_after(self, moment: datetime, days: int) -> datetime:
        """Give the end of the n-th working day after a moment's own day."""
        day = moment.astimezone(self.zone).date()
        for _ in range(days):
            day = self._working(day + timedelta(days=1), 1)
        return datetime.combine(day, time(23, 59, 59), self.zone)

    def _working(self, day: date, step: int) -> date:
        for _ in range(_LOOK_MAX):
            if self.works(day):
                return day
            day += timedelta(days=step)
        return day

    def _at(self, day: date) -> datetime:
        return datetime.combine(day, self.cut_off, self.zone)


@dataclass(frozen=True)
class Due:
    """Until when an order must ship, by whose word, and with which pick-up it must go at the latest."""

    ship_by: datetime
    told: bool  # the marketplace names the date; else it is counted from our own rule
    pick_up: datetime


def due(ship_by: datetime | None, placed_at: datetime, within_days: int, courier: Courier) -> Due:
    """Tell until when an order must ship: by the marketplace's date, else so many working days after it was placed."""
    until = ship_by or courier.days_after(placed_at, within_days)
    return Due(until, ship_by is not None, courier.last_before(until))


def group(found: Due, now: datetime, courier: Courier) -> Group:
    """Tell how pressing an order is by the pick-ups that are left before its date."""
    if found.ship_by <= now:
        return Group.LATE
    first = courier.next_after(now)
    if found.pick_up < first:  # no pick-up is left before its date: whatever goes now is late, or goes by hand
        return Group.LATE
    second = courier.next_after(first)
    if found.pick_up < second:
        return Group.TODAY if _same_day(first, now, courier.zone) else Group.TOMORROW
    third = courier.next_after(second)
    today = _same_day(first, now, courier.zone)
    return Group.TOMORROW if today and found.pick_up < third else Group.LATER


def _same_day(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    return one.astimezone(zone).date() == other.astimezone(zone).date()
