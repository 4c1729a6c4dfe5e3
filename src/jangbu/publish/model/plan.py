"""The planner: which write would help most now, for which reason, and what waits for what.

Pure and explainable. Sees books, policies and what each listing can do; never sends anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jangbu.kernel.ids import CellId, VariantId
from jangbu.publish.model.book import UNBOUNDED
from jangbu.publish.model.law import World, allows, free_units, unknown
from jangbu.publish.model.scene import Act, Cell, Group, Plan, Planned, Variant, Waiting
from jangbu.publish.model.steps import consider
from jangbu.publish.model.target import Claim, Policy, mirrored, promised

__all__ = ["Act", "Cell", "Group", "Plan", "Planned", "Variant", "Waiting", "allows", "plan"]


def plan(variants: Sequence[Variant], groups: Sequence[Group], *, now: int) -> Plan:
    """Plan one component: variants joined by kits or by a call that carries them together.

    Each proposal is judged alone, so two may count on the same free units: `allows` decides before an intent.
    Units: `now` is the hub's time in ms. Repeat: the same input gives the same plan.
    """
    by_id = {variant.id: variant for variant in variants}
    cells = [cell for group in groups for cell in group.cells]
    targets = _targets(by_id, groups)
    world = World(
        by_id,
        targets,
        free_units(variants, cells),
        restless=frozenset(
            v
            for group in groups
            if group.writable and not group.dark
            for cell in group.cells
            if cell.book.unread or cell.book.pending
            for v in cell.units
        ),
        starving=frozenset(v for cell in cells if targets[cell.id] > 0 and cell.shown == 0 for v in cell.units),
        now=now,
    )
    for group in groups:
        consider(world, group)
    ranked = sorted(world.planned, key=lambda planned: planned.rank)
    return Plan(targets, tuple(ranked), tuple(world.waiting), world.free)


def _targets(variants: Mapping[VariantId, Variant], groups: Sequence[Group]) -> dict[CellId, int]:
    """Ask the policies; what cannot be moved keeps what it shows, and the rest shares what is left."""
    left = {variant.id: variant.available for variant in variants.values()}
    targets: dict[CellId, int] = {}
    lawful: list[Claim] = []
    free_hand: list[Claim] = []
    for group in groups:
        movable = group.writable and _can_sell(group)
        for cell in group.cells:
            if movable and (cell.book.on_sale or group.parked):
                bound = any(variants[v].policy is Policy.ESCROW for v in cell.units)
                claim = Claim(cell.id, cell.units, cell.share, cell.shown, cell.most)
                (lawful if bound else free_hand).append(claim)
                continue
            targets[cell.id] = cell.shown
            for variant, n in cell.units.items():
                left[variant] -= n * _bounded(cell)
    everything = {variant.id: variant.available for variant in variants.values()}
    return targets | promised(lawful, left) | mirrored(free_hand, everything)


def _bounded(cell: Cell) -> int:
    """Give the exposure to keep back for a cell that cannot be moved; of the unknown only what it shows."""
    exposure = cell.book.exposure
    return max(exposure - UNBOUNDED if unknown(cell) else exposure, 0)


def _can_sell(group: Group) -> bool:
    """Tell whether units promised to this group could ever reach a buyer."""
    if group.parked:
        return group.parked_by_us and group.returns
    return group.reopens or not group.needs_reopening
