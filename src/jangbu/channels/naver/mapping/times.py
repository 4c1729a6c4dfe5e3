"""Naver's times: Korean time on the wire, aware UTC inside. Knows no clock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

KST: Final = timezone(timedelta(hours=9))


def moment(text: str | None) -> datetime | None:
    """Read a date-time of Naver's; None when absent or unreadable. A time without offset is Korean time."""
    try:
        read = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=KST)).astimezone(UTC)


def latest(texts: Iterable[str | None]) -> datetime | None:
    """Give the latest of these date-times; None when none is readable."""
    return max((read for text in texts if (read := moment(text))), default=None)


def kst_text(at: datetime) -> str:
    """Write a moment as Naver asks for it: milliseconds and +09:00."""
    return at.astimezone(KST).isoformat(timespec="milliseconds")
