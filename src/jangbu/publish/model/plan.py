"""The planner: which write would help most now, for which reason, and what waits for what.

Pure and explainable. Sees books, policies and what each listing can do; never sends anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish.model import book as books
from jangbu.publish.model.book import UNBOUNDED, Book, Write, WriteKind
from jangbu.publish.model.target import Claim, Policy, mirrored, promised
from jangbu.sdk.manifest import Priority
from jangbu.sdk.records import ListingState


@dataclass(frozen=True)
class Cell:
    """One number at one shop, as the planner needs it."""

    id: CellId
    key: str
    book: Book
    units: Mapping[VariantId, int]
    share: int = 1
    most: int = 10**9

    @property
    def shown(self) -> int:
        """Give the number believed to stand where buyers see it."""
        return max(self.book.stands, 0) if self.book.on_sale else 0


@dataclass(frozen=True)
class Group:
    """What one remote call covers: a listing with its cells and what can be done to it.

    `returns`: it may be put back on sale by us. `parked_by_us`: it is off sale because we took it off.
    `reopens`: sold out, it comes back only by a paid renewal, and the seller allows one now.
    """

    id: str
    shop: ShopId
    cells: tuple[Cell, ...]
    state: ListingState = ListingState.ON_SALE
    carries_all: bool = False
    can_zero: bool = True
    switchable: bool = False
    returns: bool = False
    parked_by_us: bool = False
    needs_reopening: bool = False
    reopens: bool = False
    writable: bool = True


@dataclass(frozen=True)
class Variant:
    """One stocked thing: what is available of it and how it is divided."""

    id: VariantId
    available: int
    policy: Policy = Policy.ESCROW


class Act(StrEnum):
    """What a planned call does."""

    SET = "set"
    OFF = "off"
    ON = "on"
    REOPEN = "reopen"


@dataclass(frozen=True)
class Planned:
    """One call the planner proposes.

    `numbers` are all numbers it carries. `why` is a message code (`plan.*`), `freed` and `charged` units of the
    scarcest variant it touches.
    """

    shop: ShopId
    group: str
    act: Act
    numbers: Mapping[CellId, int]
    priority: Priority
    why: str
    charged: int = 0
    freed: int = 0
    urgency: int = 0

    def writes(self) -> dict[CellId, Write]:
        """Give the write of each cell, in the terms of its book."""
        kind = {Act.OFF: WriteKind.OFF, Act.ON: WriteKind.ON}.get(self.act, WriteKind.SET)
        return {cell: Write(kind, number=n) for cell, n in self.numbers.items()}

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sort key: zeros, then lowering, then raising; the most dangerous first."""
        return (self.priority, -self.urgency, self.group)


@dataclass(frozen=True)
class Waiting:
    """A group that is not where it should be and cannot be moved now; `why` is a message code (`wait.*`)."""

    shop: ShopId
    group: str
    why: str


@dataclass(frozen=True)
class Plan:
    """Everything the planner says about one set of joined variants."""

    targets: Mapping[CellId, int]
    planned: tuple[Planned, ...]
    waiting: tuple[Waiting, ...]
    free: Mapping[VariantId, int]

    @property
    def over_exposed(self) -> dict[VariantId, int]:
        """Give the variants whose law does not hold, with the deficit in units."""
        return {variant: -units for variant, units in self.free.items() if units < 0}


@dataclass
class _World:
    """The planner's working view of one component: kept small so that each rule reads as a sentence."""

    variants: Mapping[VariantId, Variant]
    targets: Mapping[CellId, int]
    free: Mapping[VariantId, int]
    unknown: frozenset[VariantId]
    starving: frozenset[VariantId]
    now: int
    planned: list[Planned] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)

    def lawful(self, cell: Cell) -> bool:
        return all(self.variants[v].policy is Policy.ESCROW for v in cell.units)

    def covered(self, cells: Iterable[tuple[Cell, int]]) -> bool:
        """Tell whether adding these units to the exposure is covered by free units (always, where no law is kept)."""
        return all(units <= max(self.free[v], 0) for v, units in _demand(cells, self.lawful).items())

    def most(self, cell: Cell, wanted: int) -> int:
        """Give the largest number up to `wanted` whose charge the free units cover."""
        if not self.lawful(cell):
            return wanted
        return max(0, min(wanted, *(max(self.free[v], 0) // n for v, n in cell.units.items())))

    def deficit(self, cells: Iterable[Cell]) -> int:
        return max((max(-self.free[v], 0) for cell in cells for v in cell.units), default=0)


def plan(variants: Sequence[Variant], groups: Sequence[Group], *, now: int) -> Plan:
    """Plan one component: variants joined by kits or by a call that carries them together.

    Units: `now` is the hub's time in ms. Repeat: the same input gives the same plan.
    """
    by_id = {variant.id: variant for variant in variants}
    cells = [cell for group in groups for cell in group.cells]
    targets = _targets(by_id, groups)
    free = {v.id: v.available - _exposed(v.id, cells) for v in variants}
    world = _World(
        by_id,
        targets,
        free,
        frozenset(v for cell in cells if cell.book.exposure >= UNBOUNDED // 2 for v in cell.units),
        frozenset(v for cell in cells if targets.get(cell.id, 0) > 0 and cell.shown == 0 for v in cell.units),
        now,
    )
    for group in groups:
        _consider(world, group)
    return Plan(targets, tuple(sorted(world.planned, key=lambda p: p.rank)), tuple(world.waiting), free)


def _exposed(variant: VariantId, cells: Iterable[Cell]) -> int:
    return sum(cell.book.exposure * cell.units.get(variant, 0) for cell in cells)


def _demand(cells: Iterable[tuple[Cell, int]], counts: object) -> dict[VariantId, int]:
    demand: dict[VariantId, int] = {}
    for cell, number in cells:
        if not callable(counts) or counts(cell):
            for variant, n in cell.units.items():
                demand[variant] = demand.get(variant, 0) + n * number
    return demand


def _targets(variants: Mapping[VariantId, Variant], groups: Sequence[Group]) -> dict[CellId, int]:
    """Ask the policies; a group that cannot be written keeps what it shows and the rest shares what is left."""
    available = {v.id: v.available for v in variants.values()}
    targets: dict[CellId, int] = {}
    claims: list[Claim] = []
    for group in groups:
        for cell in group.cells:
            if group.writable and _can_sell(group):
                claims.append(Claim(cell.id, cell.units, cell.share, _standing(group, cell), cell.most))
            else:
                targets[cell.id] = cell.shown
                for variant, n in cell.units.items():
                    available[variant] -= n * max(cell.book.exposure % UNBOUNDED, 0)
    lawful = [c for c in claims if all(variants[v].policy is Policy.ESCROW for v in c.units)]
    free_hand = [c for c in claims if c not in lawful]
    targets |= promised(lawful, available) if lawful else {}
    targets |= mirrored(free_hand, {v.id: v.available for v in variants.values()}) if free_hand else {}
    return targets


def _can_sell(group: Group) -> bool:
    """Tell whether units promised to this group could ever reach a buyer."""
    if group.needs_reopening:
        return group.reopens
    if any(not cell.book.on_sale for cell in group.cells):
        return group.parked_by_us and group.returns
    return True


def _standing(group: Group, cell: Cell) -> int:
    """Give what a cell stands for when units are divided: a listing we parked is on its way back."""
    return cell.shown if cell.book.on_sale else 0


def _consider(world: _World, group: Group) -> None:
    """Decide the one next call for a group, or what it waits for."""
    wanted = {cell.id: world.targets[cell.id] for cell in group.cells}
    if not group.writable or not group.cells:
        return
    if any(cell.book.pending for cell in group.cells):
        if any(cell.shown != wanted[cell.id] for cell in group.cells):
            _wait(world, group, "wait.unsettled")
        return
    if any(not cell.book.on_sale for cell in group.cells):
        _consider_parked(world, group, wanted)
    elif any(cell.shown != wanted[cell.id] for cell in group.cells):
        _consider_shown(world, group, wanted)


def _consider_parked(world: _World, group: Group, wanted: Mapping[CellId, int]) -> None:
    """A listing off sale: set its numbers while nothing can be bought, then put it back with covered units."""
    if not any(wanted.values()):
        if not group.parked_by_us:
            return
        if not group.returns and any(world.most(cell, 1) for cell in group.cells):
            _wait(world, group, "wait.return_not_allowed")
        return
    numbers = _covered_numbers(world, group, wanted)
    if not any(numbers.values()):
        return _wait(world, group, "wait.no_free_units")
    if any(world.now <= cell.book.clear_from for cell in group.cells):
        return _wait(world, group, "wait.restock")
    if any(cell.book.parked != numbers[cell.id] for cell in group.cells):
        return _propose(world, group, Act.SET, numbers, Priority.RAISE, "plan.set_while_off")
    return _propose(world, group, Act.ON, numbers, Priority.RAISE, "plan.back_on_sale", charged=sum(numbers.values()))


def _covered_numbers(world: _World, group: Group, wanted: Mapping[CellId, int]) -> dict[CellId, int]:
    """Give each cell of a group the most that free units cover, one cell after another."""
    free = dict(world.free)
    numbers: dict[CellId, int] = {}
    for cell in group.cells:
        number = replace(world, free=free).most(cell, wanted[cell.id])
        numbers[cell.id] = number
        for variant, n in cell.units.items():
            free[variant] -= n * number
    return numbers


def _consider_shown(world: _World, group: Group, wanted: Mapping[CellId, int]) -> None:
    """A listing on sale whose numbers differ from the wanted ones."""
    lower = [cell for cell in group.cells if wanted[cell.id] < cell.shown]
    lawful = any(world.lawful(cell) for cell in group.cells)
    if not any(wanted.values()):
        act = Act.SET if group.can_zero else Act.OFF
        if act is Act.OFF and not group.switchable:
            return _wait(world, group, "wait.cannot_zero")
        return _propose(world, group, act, wanted, Priority.ZERO, "plan.nothing_left", freed=_shown(lower))
    if group.needs_reopening:
        numbers = {cell.id: 1 for cell in group.cells}
        if not world.covered((cell, 1) for cell in group.cells):
            return _wait(world, group, "wait.no_free_units")
        return _propose(world, group, Act.REOPEN, numbers, Priority.RAISE, "plan.reopen", charged=len(numbers))
    if lawful and any(v in world.unknown for cell in group.cells for v in cell.units):
        zeros = {cell.id: 0 for cell in lower if wanted[cell.id] == 0}
        if zeros and not group.carries_all:
            return _propose(world, group, Act.SET, zeros, Priority.ZERO, "plan.nothing_left", freed=_shown(lower))
        return _wait(world, group, "wait.first_look")
    carried = group.cells if group.carries_all else [c for c in group.cells if wanted[c.id] != c.shown]
    if world.covered((cell, wanted[cell.id]) for cell in carried):
        return _propose_set(world, group, carried, wanted)
    return _consider_uncovered(world, group, wanted, lower)


def _consider_uncovered(
    world: _World, group: Group, wanted: Mapping[CellId, int], lower: Sequence[Cell]
) -> None:
    """The wanted numbers would cost more units than are free: zero what can be, freeze, or wait."""
    raise_ = [cell for cell in group.cells if wanted[cell.id] > cell.shown]
    zeros = {cell.id: 0 for cell in lower if wanted[cell.id] == 0}
    if zeros and not group.carries_all:
        return _propose(world, group, Act.SET, zeros, Priority.ZERO, "plan.nothing_left", freed=_shown(lower))
    if raise_ and not group.carries_all:
        part = {cell.id: world.most(cell, wanted[cell.id]) for cell in raise_}
        part = {cell.id: part[cell.id] for cell in raise_ if part[cell.id] > cell.shown}
        if part and world.covered((cell, part[cell.id]) for cell in raise_ if cell.id in part):
            return _propose(
                world, group, Act.SET, part, Priority.RAISE, "plan.raise_in_part", charged=sum(part.values())
            )
    needed = world.deficit(lower) > 0 or any(v in world.starving for cell in lower for v in cell.units)
    if lower and needed:
        if group.switchable and group.returns:
            numbers = {cell.id: 0 for cell in group.cells}
            return _propose(world, group, Act.OFF, numbers, Priority.LOWER, "plan.freeze", freed=_shown(group.cells))
        if group.can_zero and not group.carries_all:
            zeros = {cell.id: 0 for cell in lower}
            return _propose(world, group, Act.SET, zeros, Priority.LOWER, "plan.zero_to_fence", freed=_shown(lower))
        if world.deficit(lower) > 0 and group.switchable:
            numbers = {cell.id: 0 for cell in group.cells}
            return _propose(world, group, Act.OFF, numbers, Priority.ZERO, "plan.off_to_be_safe", freed=_shown(lower))
    return _wait(world, group, "wait.no_free_units")


def _propose_set(world: _World, group: Group, carried: Sequence[Cell], wanted: Mapping[CellId, int]) -> None:
    numbers = {cell.id: wanted[cell.id] for cell in carried}
    if any(wanted[cell.id] == 0 < cell.shown for cell in carried):
        priority, why = Priority.ZERO, "plan.nothing_left"
    elif any(wanted[cell.id] < cell.shown for cell in carried):
        priority, why = Priority.LOWER, "plan.lower"
    else:
        priority, why = Priority.RAISE, "plan.raise"
    freed = sum(max(cell.shown - wanted[cell.id], 0) for cell in carried)
    _propose(world, group, Act.SET, numbers, priority, why, charged=sum(numbers.values()), freed=freed)


def _propose(
    world: _World,
    group: Group,
    act: Act,
    numbers: Mapping[CellId, int],
    priority: Priority,
    why: str,
    *,
    charged: int = 0,
    freed: int = 0,
) -> None:
    urgency = min(world.deficit(group.cells), UNBOUNDED // 2) + freed
    world.planned.append(
        Planned(group.shop, group.id, act, dict(numbers), priority, why, charged=charged, freed=freed, urgency=urgency)
    )


def _wait(world: _World, group: Group, why: str) -> None:
    world.waiting.append(Waiting(group.shop, group.id, why))


def _shown(cells: Iterable[Cell]) -> int:
    return sum(cell.shown for cell in cells)


def allows(variants: Sequence[Variant], groups: Sequence[Group], proposed: Planned) -> bool:
    """Check a call against the law once more, cell by cell, with the books as they stand now.

    The last gate before an intent is written: whatever proposed the call, it is refused when the exposure it
    adds is not covered, or when a cell has an unsettled write.
    """
    by_id = {variant.id: variant for variant in variants}
    cells = {cell.id: cell for group in groups for cell in group.cells}
    extra: dict[VariantId, int] = {}
    for cell_id, write in proposed.writes().items():
        cell = cells[cell_id]
        if cell.book.pending is not None:
            return False
        added = books.charge(cell.book, write) - cell.book.exposure
        if all(by_id[v].policy is Policy.ESCROW for v in cell.units):
            for variant, n in cell.units.items():
                extra[variant] = extra.get(variant, 0) + n * added
    every = list(cells.values())
    return all(
        units <= max(by_id[variant].available - _exposed(variant, every), 0) for variant, units in extra.items()
    )
