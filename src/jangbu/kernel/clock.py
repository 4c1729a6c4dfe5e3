"""Time as a value that can be handed in. Owns no calendar rules."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What time it is and how to wait; tests and simulations bring their own."""

    def now(self) -> datetime:
        """Tell the present moment, aware, in UTC."""

    def monotonic(self) -> float:
        """Tell seconds that never go back, for measuring spans."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class LoopClock:
    """The running event loop's own time, anchored once to the wall.

    On a real loop this is the system's monotonic clock; on a virtual loop it jumps with it.
    """

    def __init__(self, anchor: datetime | None = None, loop_time: float | None = None) -> None:
        """Anchor `loop_time` (default: now) to the wall-clock moment `anchor` (default: now)."""
        self._anchor = anchor
        self._loop_time = loop_time

    def now(self) -> datetime:
        if self._anchor is None:
            return datetime.now(UTC)
        return self._anchor + timedelta(seconds=self.monotonic() - (self._loop_time or 0.0))

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def to_ms(moment: datetime) -> int:
    """Turn an aware moment into whole milliseconds since 1970 UTC."""
    return round(moment.timestamp() * 1000)


def from_ms(ms: int) -> datetime:
    """Turn milliseconds since 1970 into an aware UTC moment."""
    return datetime.fromtimestamp(ms / 1000, UTC)
