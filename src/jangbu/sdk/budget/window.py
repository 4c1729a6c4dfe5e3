"""The arithmetic of a quota over a rolling window. Pure: owns no clock and no store."""

from __future__ import annotations

from typing import Final

SEGMENTS: Final = 12  # the window is counted in so many parts; a day in parts of two hours


class Window:
    """Calls counted by part of the window; a part is forgotten when all of it has left the window.

    So never more than the quota falls into any window, and up to a part's worth may stay unused.
    """

    def __init__(self, quota: int, window_s: float, reserve: float) -> None:
        """Start unused, keeping the share `reserve` for the highest classes."""
        self.quota = quota
        self.used: dict[int, int] = {}
        self._part_s = window_s / SEGMENTS
        self._reserve = reserve

    @property
    def part_s(self) -> float:
        """Tell how long one part is."""
        return self._part_s

    @property
    def total(self) -> int:
        """Tell how many calls are counted."""
        return sum(self.used.values())

    def part(self, now: float) -> int:
        """Name the part that `now` falls into."""
        return int(now // self._part_s)

    def forget(self, now: float) -> int:
        """Drop the parts that have left the window; give the oldest that counts.

        Parts ahead of us were counted by a clock that has since been set back.
        """
        newest = self.part(now)
        oldest = newest - SEGMENTS
        self.used = {part: used for part, used in self.used.items() if oldest <= part <= newest + 1}
        return oldest

    def wait_s(self, now: float, *, top: bool) -> float:
        """Tell how long until a call may be free: 0 = now. `top` classes may use the reserve."""
        self.forget(now)
        allowed = self.quota if top else self.quota - int(self.quota * self._reserve)
        if self.total < allowed:
            return 0.0
        oldest = min((part for part, used in self.used.items() if used), default=self.part(now))
        return (oldest + SEGMENTS + 1) * self._part_s - now

    def count(self, now: float, calls: int = 1) -> None:
        """Count calls made now."""
        part = self.part(now)
        self.used[part] = self.used.get(part, 0) + calls

    def give_back(self) -> None:
        """Undo one call counted lately."""
        newest = max((part for part, used in self.used.items() if used), default=None)
        if newest is not None:
            self.used[newest] -= 1

    def adjust(self, now: float, left: int) -> None:
        """Adopt what the far side says is left.

        It may know of more calls than we (others use the application, or we have just started), and of fewer:
        then the oldest are taken off, but for a margin, since calls under way are not counted there yet.
        """
        self.forget(now)
        difference = self.quota - left - self.total
        if difference > 0:
            self.count(now, difference)
        surplus = -difference - margin(self.quota)
        for part in sorted(self.used):
            less = max(0, min(surplus, self.used[part]))
            self.used[part] -= less
            surplus -= less


def margin(quota: int) -> int:
    """Tell how far our count may stand above the far side's."""
    return max(20, quota // 100)
