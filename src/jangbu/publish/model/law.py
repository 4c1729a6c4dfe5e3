"""The law in the planner's hands: what is free, what a number would cost, and the last gate before an intent.

Pure. Decides nothing about what ought to be shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from jangbu.kernel.ids import CellId, VariantId
from jangbu.publish.model import book as books
from jangbu.publish.model.book import UNBOUNDED
from jangbu.publish.model.scene import Act, Cell, Group, Planned, Variant, Waiting
from jangbu.publish.model.target import Policy


def free_units(variants: Iterable[Variant], cells: Iterable[Cell]) -> dict[VariantId, int]:
    """Give what is available and not exposed anywhere; below zero where the law does not hold."""
    free = {variant.id: variant.available for variant in variants}
    for cell in cells:
        exposure = cell.book.exposure
        for variant, n in cell.units.items():
            free[variant] -= n * exposure
    return free


def unknown(cell: Cell) -> bool:
    """Tell whether nobody knows yet what was sold there."""
    return cell.book.exposure >= UNBOUNDED // 2


@dataclass(slots=True)
class World:
    """The planner's working view of one set of joined variants, so that each rule reads as a sentence.

    `restless`: variants with something unread or unsettled, whose free units may yet grow by themselves.
    `starving`: variants of which some cell should show units and shows none.
    """

    variants: Mapping[VariantId, Variant]
    targets: Mapping[CellId, int]
    free: Mapping[VariantId, int]
    restless: frozenset[VariantId]
    starving: frozenset[VariantId]
    now: int
    planned: list[Planned] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    def bound(self, cell: Cell) -> list[tuple[VariantId, int]]:
        """Give the variants of a cell for which the law holds, with the units one piece takes."""
        return [(v, n) for v, n in cell.units.items() if self.variants[v].policy is Policy.ESCROW]

    def covered(self, numbers: Iterable[tuple[Cell, int]]) -> bool:
        """Tell whether free units cover these numbers being added to the exposure."""
        demand: dict[VariantId, int] = {}
        for cell, number in numbers:
            for variant, n in self.bound(cell):
                demand[variant] = demand.get(variant, 0) + n * number
        return all(units <= max(self.free[variant], 0) for variant, units in demand.items())

    def most(self, cell: Cell, left: Mapping[VariantId, int], *, above: int = 0) -> int:
        """Give how many pieces on top of `above`, and up to the cell's target, these units cover."""
        return max(0, min([self.targets[cell.id] - above, *(left[v] // n for v, n in self.bound(cell))]))

    def deficit(self, cells: Iterable[Cell]) -> int:
        """Give by how many units the law is missed, at worst, for what these cells draw on."""
        return max((-self.free[v] for cell in cells for v, _ in self.bound(cell) if self.free[v] < 0), default=0)


def allows(variants: Sequence[Variant], groups: Sequence[Group], proposed: Planned) -> bool:
    """Check a call against the law once more, cell by cell, with the books as they stand now.

    The last gate before an intent is written: whatever proposed the call, it is refused when the exposure it
    adds is not covered, when a cell has an unsettled write, or when a call that rewrites a whole listing does
    not name all its numbers.
    """
    cells = {cell.id: cell for group in groups for cell in group.cells}
    if any(cells[cell].book.pending is not None for cell in proposed.numbers) or _forgets(groups, proposed):
        return False
    added: dict[VariantId, int] = {}
    for cell_id, write in proposed.writes().items():
        cell = cells[cell_id]
        units = books.charge(cell.book, write) - cell.book.exposure
        for variant, n in cell.units.items():
            added[variant] = added.get(variant, 0) + n * units
    free = free_units(variants, cells.values())
    bound = [variant.id for variant in variants if variant.policy is Policy.ESCROW]
    return all(added.get(variant, 0) <= max(free[variant], 0) for variant in bound)


def _forgets(groups: Sequence[Group], proposed: Planned) -> bool:
    """Tell whether the call would also write numbers that nobody charged."""
    if proposed.act not in {Act.SET, Act.REOPEN}:
        return False
    return any(
        group.carries_all and any(cell.id not in proposed.numbers for cell in group.cells)
        for group in groups
        if (group.shop, group.id) == (proposed.shop, proposed.group)
    )
