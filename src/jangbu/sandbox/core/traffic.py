"""Owns the count of calls and writes of one emulator; bodies and headers are never kept."""

from collections import Counter, deque
from typing import Any

_KEPT = 2000


class Traffic:
    """What was called, how it was answered, and which writes took effect."""

    def __init__(self) -> None:
        self._operations: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._writes: Counter[str] = Counter()
        self._recent: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def note(self, operation: str, outcome: str, at: float) -> None:
        """One call: `outcome` is the status, or what happened to the connection."""
        self._operations[operation] += 1
        self._statuses[outcome] += 1
        self._recent.append({"operation": operation, "status": outcome, "at": round(at, 3)})

    def wrote(self, operation: str) -> None:
        """One write that changed something."""
        self._writes[operation] += 1

    def recent(self, last: int) -> list[dict[str, Any]]:
        """The last calls, oldest first."""
        return list(self._recent)[-last:] if last > 0 else []

    def calls(self) -> dict[str, Any]:
        """Counts for the books."""
        return {
            "total": self._operations.total(),
            "by_operation": dict(self._operations),
            "by_status": dict(self._statuses),
        }

    def writes(self) -> dict[str, int]:
        """Writes that took effect, by operation."""
        return dict(self._writes)

    def clear(self) -> None:
        """Forgets everything."""
        for counter in (self._operations, self._statuses, self._writes):
            counter.clear()
        self._recent.clear()
