"""The kinds of write that change a cell's number. Words only: what they cost is the business of the book."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class WriteKind(StrEnum):
    """What one write does to a cell."""

    SET = "set"  # a plain absolute number
    ZERO_TOLD = "zero_told"  # zero whose answer tells the number before
    COMPARE = "compare"  # set n only if the number is x
    CHANGE = "change"  # relative, answered with the quantity after
    OFF = "off"  # off sale, the number stays
    ON = "on"  # on sale again with the number that stands there


@dataclass(frozen=True, slots=True)
class Write:
    """One write to one cell: `number` n for SET, COMPARE; `expected` x; `change` δ."""

    kind: WriteKind
    number: int = 0
    expected: int = 0
    change: int = 0

    @property
    def only_lowers(self) -> bool:
        """Tell whether repeating it can never raise the number (then it may be repeated at once)."""
        match self.kind:
            case WriteKind.SET:
                return self.number == 0
            case WriteKind.ZERO_TOLD | WriteKind.OFF:
                return True
            case WriteKind.COMPARE:
                return self.number < self.expected
            case WriteKind.CHANGE:
                return self.change < 0
            case WriteKind.ON:
                return False
