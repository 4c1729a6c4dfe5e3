"""One step of a pump under way beside others: who may choose now, and which listings are taken. Owns no decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Self


def nobody() -> None:
    """Tell nobody that the bytes leave."""


class Lane:
    """One step: it has the turn from its choice until its bytes leave, and its listings until it ends.

    So at each call slot only one choice is made, the best at that moment, and a call that is not answered holds
    back nothing but what it is about.
    """

    def __init__(self, lanes: Lanes, left: Callable[[], None] = nobody) -> None:
        """Tell `left` when the next may choose."""
        self._lanes, self._left, self._mine = lanes, left, False
        self.writing: frozenset[str] = frozenset()
        self.reading: frozenset[str] = frozenset()

    async def take_turn(self) -> None:
        """Wait until nobody else is choosing; what was taken before is given back."""
        self.writing = self.reading = frozenset()
        await self.retake_turn()

    async def retake_turn(self) -> None:
        """Wait until nobody else is choosing, keeping the listings."""
        if not self._mine:
            await self._lanes.turn.acquire()
            self._mine = True

    def leave(self) -> None:
        """Let the next choose: our bytes leave now. Repeat: only the first counts."""
        if self._mine:
            self._mine = False
            self._lanes.turn.release()
            self._left()

    def taken_by_others(self) -> frozenset[str]:
        """Give the listings another step is writing or settling: nothing is begun on them meanwhile."""
        return frozenset().union(*(lane.writing for lane in self._lanes.open if lane is not self))

    def read_by_others(self) -> frozenset[str]:
        """Give the listings another step is reading."""
        return frozenset().union(*(lane.reading for lane in self._lanes.open if lane is not self))

    def __enter__(self) -> Self:
        self._lanes.open.add(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._lanes.open.discard(self)
        self.leave()


class Lanes:
    """All steps of one pump that are under way, and when each listing was last touched by a write or a read."""

    def __init__(self) -> None:
        """Begin with none."""
        self.turn = asyncio.Lock()
        self.open: set[Lane] = set()
        self._touched: dict[str, datetime] = {}

    def touched(self, listings: Iterable[str], at: datetime) -> None:
        """Note that what is known of listings may have changed: a reading begun before tells nothing new."""
        self._touched |= dict.fromkeys(listings, at)

    def overtaken(self, listing: str, begun: datetime) -> bool:
        """Tell whether a reading begun then was overtaken by a write or a later reading."""
        at = self._touched.get(listing)
        return at is not None and at >= begun
