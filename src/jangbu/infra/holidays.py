"""The door to public holidays: which days couriers and marketplaces in Korea work. Owns no deadline."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final

SATURDAY: Final = 5


def is_business_day(day: date) -> bool:
    """Tell whether a day is a working day in Korea: no weekend, no public holiday, no day given instead of one."""
    return day.weekday() < SATURDAY and day not in _of_year(day.year)


@cache
def _of_year(year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - slow to load, and seldom needed

    return frozenset(holidays.country_holidays("KR", years=[year]))
