"""What all operations share: the plain values they give, and moments as text."""

from __future__ import annotations

import platform
from datetime import datetime
from typing import Any

from jangbu import __version__
from jangbu.app.bootstrap import House

Facts = dict[str, Any]


def iso(moment: datetime | None) -> str | None:
    """Write a moment for programs."""
    return moment.isoformat() if moment else None


def our_versions(house: House) -> str:
    """Say which Jangbu this is, on what it runs and when, for somebody who helps."""
    return f"jangbu {__version__} · Python {platform.python_version()} · {house.db.kind}\nnow {iso(house.clock.now())}"
