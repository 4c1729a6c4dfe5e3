"""The next call for one group: what would bring it nearer to its targets, or what it waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from jangbu.kernel.ids import CellId, VariantId
from jangbu.publish.model.book import UNBOUNDED
from jangbu.publish.model.law import World, unknown
from jangbu.publish.model.scene import Act, Cell, Group, Planned, Waiting
from jangbu.sdk.manifest import Priority

HOT = 2
"""A number refused this often in a row leaves the batch, so that the others of its call proceed."""


def consider(world: World, group: Group) -> None:
    """Decide the one next call for a group, or what it waits for."""
    if not group.writable or not group.cells:
        return
    wrong = [cell for cell in group.cells if cell.shown != world.targets[cell.id]]
    if any(cell.book.pending for cell in group.cells):
        if wrong:
            _wait(world, group, "wait.unsettled")
    elif group.parked:
        _consider_parked(world, group)
    elif wrong:
        _consider_shown(world, group, wrong)


# -- off sale ---------------------------------------------------------------------------------------------


def _consider_parked(world: World, group: Group) -> None:
    """Nothing of it can be bought: set its numbers at leisure, then put it back with covered units."""
    if not any(world.targets[cell.id] for cell in group.cells):
        if group.parked_by_us and not group.returns and _sellable(world, group):
            _wait(world, group, "wait.return_not_allowed")
        return
    numbers = _cover(world, group.cells)
    if not any(numbers.values()):
        _wait(world, group, "wait.no_free_units")
    elif any(world.now <= cell.book.clear_from for cell in group.cells):
        _wait(world, group, "wait.restock")
    elif any(cell.book.parked != numbers[cell.id] for cell in group.cells):
        _propose(world, group, Act.SET, numbers, Priority.RAISE, why="plan.set_while_off")
    else:
        _propose(world, group, Act.ON, numbers, Priority.RAISE, why="plan.back_on_sale")


def _sellable(world: World, group: Group) -> bool:
    return any(all(world.free[v] >= n for v, n in cell.units.items()) for cell in group.cells)


def _cover(world: World, cells: Iterable[Cell]) -> dict[CellId, int]:
    """Give each cell the most that free units cover, one cell after another."""
    left, numbers = dict(world.free), {}
    for cell in cells:
        numbers[cell.id] = world.most(cell, left)
        _take(left, cell, numbers[cell.id])
    return numbers


def _take(left: dict[VariantId, int], cell: Cell, number: int) -> None:
    for variant, n in cell.units.items():
        left[variant] -= n * number


# -- on sale ----------------------------------------------------------------------------------------------


def _consider_shown(world: World, group: Group, wrong: Sequence[Cell]) -> None:
    """Some number that buyers see is not the wanted one."""
    if not any(world.targets[cell.id] for cell in group.cells):
        _empty(world, group, wrong)
    elif group.needs_reopening:
        _reopen(world, group)
    elif numbers := _affordable(world, group, wrong):
        _propose_set(world, group, numbers)
    elif any(unknown(cell) for cell in group.cells):
        _wait(world, group, "wait.first_look")
    elif hot := _hot(group, wrong):
        _propose(world, group, Act.SET, hot, Priority.LOWER, why="plan.zero_to_fence")
    else:
        _consider_unaffordable(world, group, wrong)


def _empty(world: World, group: Group, wrong: Sequence[Cell]) -> None:
    """Nothing of it should be shown."""
    if group.can_zero:
        _propose(world, group, Act.SET, _zeros(group, wrong), Priority.ZERO, why="plan.nothing_left")
    elif group.switchable:
        _propose(world, group, Act.OFF, _all_off(group), Priority.ZERO, why="plan.nothing_left")
    else:
        _wait(world, group, "wait.cannot_zero")


def _reopen(world: World, group: Group) -> None:
    """Sold out: the renewal brings it back with one piece of each."""
    if world.covered((cell, 1) for cell in group.cells):
        ones = {cell.id: 1 for cell in group.cells}
        _propose(world, group, Act.REOPEN, ones, Priority.RAISE, why="plan.reopen")
    else:
        _wait(world, group, "wait.no_free_units")


def _affordable(world: World, group: Group, wrong: Sequence[Cell]) -> dict[CellId, int]:
    """Give the numbers one call may carry now, row by row what is covered; {} when there are none.

    A row is lowered to its target only, for any other number would cost a second call; it is raised as far as
    free units reach.
    """
    if group.carries_all:
        return _affordable_whole(world, group)
    numbers, left = {}, {variant: max(units, 0) for variant, units in world.free.items()}
    for cell in sorted(wrong, key=lambda cell: world.targets[cell.id] > cell.shown):
        number = world.most(cell, left)
        if _leaves_batch(group, cell) and cell.shown:
            continue
        if number == world.targets[cell.id] or number > cell.shown:
            numbers[cell.id] = number
            _take(left, cell, number)
    return numbers if _may_stand(group, numbers) else {}


def _affordable_whole(world: World, group: Group) -> dict[CellId, int]:
    """Give all numbers of a listing, each charged anew: lowered where wanted, raised as far as units reach."""
    on_sale = [cell for cell in group.cells if cell.book.on_sale]
    numbers = {cell.id: min(cell.shown, world.targets[cell.id]) for cell in group.cells}
    if not world.covered((cell, numbers[cell.id]) for cell in on_sale):
        return {}
    left = {variant: max(units, 0) for variant, units in world.free.items()}
    for cell in on_sale:
        _take(left, cell, numbers[cell.id])
    for cell in on_sale:
        more = world.most(cell, left, above=numbers[cell.id])
        _take(left, cell, more)
        numbers[cell.id] += more
    changes = any(numbers[cell.id] != cell.shown for cell in on_sale)
    return _whole(group, numbers) if changes and _may_stand(group, numbers) else {}


def _consider_unaffordable(world: World, group: Group, wrong: Sequence[Cell]) -> None:
    """A plain set would cost more than is free: darken, so that a fence sets units free, or wait."""
    lower = [cell for cell in wrong if world.targets[cell.id] < cell.shown]
    higher = [cell for cell in wrong if world.targets[cell.id] > cell.shown]
    if world.deficit(lower):
        _darken(world, group, lower, Priority.ZERO)
    elif any(v in world.starving for cell in lower for v in cell.units):
        _darken(world, group, lower, Priority.LOWER)
    elif any(_gains(world, cell) for cell in higher) and not group.busy:
        _darken(world, group, higher, Priority.RAISE)
    else:
        _wait(world, group, "wait.no_free_units")


def _gains(world: World, cell: Cell) -> bool:
    """Tell whether a moment in the dark lets it show more, and nothing gentler will."""
    if any(v in world.restless for v in cell.units):
        return False
    alone = ((world.free[v] + n * cell.book.exposure) // n for v, n in world.bound(cell))
    return min(alone, default=UNBOUNDED) > cell.shown


def _darken(world: World, group: Group, cells: Sequence[Cell], priority: Priority) -> None:
    zeros = _zeros(group, cells)
    if group.switchable and group.returns:
        _propose(world, group, Act.OFF, _all_off(group), priority, why="plan.freeze")
    elif _may_stand(group, zeros):
        _propose(world, group, Act.SET, zeros, priority, why="plan.zero_to_fence")
    elif priority is Priority.ZERO and group.switchable:
        _propose(world, group, Act.OFF, _all_off(group), priority, why="plan.off_to_be_safe")
    else:
        _wait(world, group, "wait.cannot_zero")


# -- the numbers of a call --------------------------------------------------------------------------------


def _hot(group: Group, wrong: Sequence[Cell]) -> dict[CellId, int]:
    """Give the zero of a row that was refused again and again, for it is a number nobody reads in time."""
    rows = [{cell.id: 0} for cell in wrong if _leaves_batch(group, cell) and cell.shown]
    return next((row for row in rows if _may_stand(group, row)), {})


def _leaves_batch(group: Group, cell: Cell) -> bool:
    return cell.refusals >= HOT and not group.carries_all


def _whole(group: Group, numbers: Mapping[CellId, int]) -> dict[CellId, int]:
    """Give every number of a listing; what stands parked beside cells on sale is carried along."""
    return {cell.id: numbers[cell.id] if cell.book.on_sale else cell.book.parked for cell in group.cells}


def _zeros(group: Group, cells: Sequence[Cell]) -> dict[CellId, int]:
    """Give the zeros for some cells, or for the whole listing where a call carries it all."""
    if group.carries_all:
        return _whole(group, {cell.id: 0 for cell in group.cells})
    return {cell.id: 0 for cell in cells}


def _all_off(group: Group) -> dict[CellId, int]:
    return {cell.id: 0 for cell in group.cells if cell.book.on_sale}


def _may_stand(group: Group, numbers: Mapping[CellId, int]) -> bool:
    """Tell whether a plain set may leave these numbers: not all of some listings can be brought to zero."""
    return group.can_zero or any(numbers.get(cell.id, cell.shown) > 0 for cell in group.cells)


def _propose_set(world: World, group: Group, numbers: Mapping[CellId, int]) -> None:
    shown = {cell.id: cell.shown for cell in group.cells if cell.book.on_sale and cell.id in numbers}
    if any(numbers[cell] == 0 < n for cell, n in shown.items()):
        priority, why = Priority.ZERO, "plan.nothing_left"
    elif any(numbers[cell] < n for cell, n in shown.items()):
        priority, why = Priority.LOWER, "plan.lower"
    elif any(numbers[cell] < world.targets[cell] for cell in shown):
        priority, why = Priority.RAISE, "plan.raise_in_part"
    else:
        priority, why = Priority.RAISE, "plan.raise"
    _propose(world, group, Act.SET, numbers, priority, why=why)


def _propose(
    world: World, group: Group, act: Act, numbers: Mapping[CellId, int], priority: Priority, *, why: str
) -> None:
    changed = [cell for cell in group.cells if cell.id in numbers]
    on_sale = act is Act.ON or not group.parked
    charged = sum(numbers[cell.id] for cell in changed) if on_sale else 0
    freed = sum(max(cell.shown - numbers[cell.id], 0) for cell in changed)
    urgency = min(world.deficit(group.cells), UNBOUNDED // 2) + freed
    world.planned.append(Planned(group.shop, group.id, act, dict(numbers), priority, why, charged, freed, urgency))


def _wait(world: World, group: Group, why: str) -> None:
    world.waiting.append(Waiting(group.shop, group.id, why))
