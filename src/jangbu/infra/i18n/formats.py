"""Numbers, money and moments as people of each language write them. Owns no rounding of stored values."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime, get_timezone_location
from babel.numbers import format_currency, format_decimal, get_currency_name

from jangbu.kernel.money import Money

_LOCALES: Final = {"en": "en_GB", "ko": "ko_KR"}
_DAYS: Final = {"en": "EEEE d MMMM", "ko": "M월 d일 EEEE"}
_MOMENTS: Final = {"en": "d MMM yyyy, HH:mm", "ko": "yyyy. M. d. HH:mm"}


def money(amount: Money, lang: str) -> str:
    """Write an amount with its currency's sign."""
    return format_currency(amount.to_decimal(), amount.currency, locale=_locale(lang))


def number(value: float | Decimal, lang: str) -> str:
    """Write a number with separators."""
    return format_decimal(value, locale=_locale(lang))


def when(moment: datetime, lang: str, zone: str) -> str:
    """Write an aware moment as day and minute in a time zone.

    Errors: ValueError for a moment without a time zone, which is a mistake of ours.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone is no moment")
    pattern = _MOMENTS.get(lang, _MOMENTS["en"])
    return format_datetime(moment.astimezone(ZoneInfo(zone)), pattern, locale=_locale(lang))


def day_name(moment: datetime, lang: str, zone: str) -> str:
    """Write the day of a moment in a time zone with its weekday, without the year."""
    pattern = _DAYS.get(lang, _DAYS["en"])
    return format_datetime(moment.astimezone(ZoneInfo(zone)), pattern, locale=_locale(lang))


def zone_name(zone: str, lang: str, at: datetime) -> str:
    """Name a time zone by its place, with its distance from UTC at a moment."""
    gap = format_datetime(at.astimezone(ZoneInfo(zone)), "ZZZZ", locale=_locale("en"))
    place = zone if zone == "UTC" else get_timezone_location(zone, locale=_locale(lang), return_city="/" in zone)
    return f"{place} ({gap})" if place != gap else zone


def currency_name(code: str, lang: str) -> str:
    """Name a currency."""
    return get_currency_name(code, locale=_locale(lang))


@cache
def _locale(lang: str) -> Locale:
    return Locale.parse(_LOCALES.get(lang, _LOCALES["en"]))
