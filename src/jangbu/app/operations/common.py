"""What all operations share: the plain values they give, and moments as text."""

from __future__ import annotations

from datetime import datetime
from typing import Any

Facts = dict[str, Any]


def iso(moment: datetime | None) -> str | None:
    """Write a moment for programs."""
    return moment.isoformat() if moment else None
