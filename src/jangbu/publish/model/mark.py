"""When a number was proved, and how far the order feed is complete. Compares the two; reads no clock."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """When a read (or a settled write) proved the number, in both clocks.

    Units: milliseconds since 1970. `begun_at` and `answered_at` are the hub's clock when the proving request
    left and its answer arrived; `remote_at` is the marketplace's own Date of it, rounded up.
    """

    begun_at: int
    answered_at: int
    remote_at: int


@dataclass(frozen=True, slots=True)
class Horizon:
    """How far the order feed is known to be complete.

    Units: milliseconds since 1970. `begun_at`: the hub's clock when the last whole feed request left, less
    the feed's own lag. `remote_to`: the marketplace's time up to which every lowering is known; 0 where only
    "begun after" counts.
    """

    begun_at: int
    remote_to: int = 0

    def passes(self, mark: Mark) -> bool:
        """Tell whether everything that happened before the mark is in the books."""
        if self.remote_to:
            return self.remote_to > mark.remote_at
        return self.begun_at > mark.answered_at
