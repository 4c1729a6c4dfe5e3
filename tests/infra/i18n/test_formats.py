from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from jangbu.infra.i18n import money, number, when
from jangbu.kernel.money import Money

MOMENT = datetime(2026, 3, 1, 16, 5, 9, tzinfo=UTC)


def test_money_shows_the_digits_of_its_currency() -> None:
    assert money(Money(1234500, "KRW"), "ko") == "₩1,234,500"
    assert money(Money(1234500, "KRW"), "en") == "₩1,234,500"
    assert money(Money(123456, "USD"), "ko") == "US$1,234.56"
    assert money(Money(-5, "EUR"), "en") == "-€0.05"


def test_numbers_have_separators() -> None:
    assert number(1234567, "ko") == "1,234,567"
    assert number(Decimal("0.5"), "en") == "0.5"


def test_a_moment_is_told_in_the_sellers_zone() -> None:
    assert when(MOMENT, "ko", "Asia/Seoul") == "2026. 3. 2. 01:05"
    assert when(MOMENT, "en", "Asia/Seoul") == "2 Mar 2026, 01:05"
    assert when(MOMENT, "en", "America/New_York") == "1 Mar 2026, 11:05"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        when(MOMENT.replace(tzinfo=None), "ko", "Asia/Seoul")


def test_an_unknown_language_is_written_as_english() -> None:
    assert when(MOMENT, "fr", "UTC") == "1 Mar 2026, 16:05"
