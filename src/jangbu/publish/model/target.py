"""What each cell should show: the policies. Pure; knows nothing of writes, only of units and shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from jangbu.kernel.ids import CellId, VariantId


class Policy(StrEnum):
    """How stock is divided among cells."""

    MIRROR = "mirror"  # every cell shows all that is available: no law, risk shown
    ESCROW = "escrow"  # units are promised to one cell each: the law holds


@dataclass(frozen=True, slots=True)
class Claim:
    """One cell's claim on stock.

    `units`: what one piece sold there takes of each variant (a kit takes several). `share`: its weight under
    escrow. `shown`: the number believed to stand there now (0 while off sale). `most`: the marketplace's cap.
    """

    cell: CellId
    units: Mapping[VariantId, int]
    share: int
    shown: int
    most: int


def mirrored(claims: Sequence[Claim], available: Mapping[VariantId, int]) -> dict[CellId, int]:
    """Show everything everywhere."""
    return {claim.cell: max(0, min(claim.most, _room(claim, available))) for claim in claims}


def promised(claims: Sequence[Claim], available: Mapping[VariantId, int]) -> dict[CellId, int]:
    """Divide units so that every one is promised at most once, staying near what is shown now.

    What stands is kept unless a cell that has a part in the units shows none: moving a unit between shops
    darkens one of them for a moment. Spare units go to whoever is furthest below its part, and the outcome
    does not depend on who happens to be dark, or two cells could darken in turn for ever.
    """
    units = {v: max(available[v], 0) for claim in claims for v in claim.units}
    shown = {claim.cell: max(0, min(claim.shown, claim.most)) if claim.share else 0 for claim in claims}
    used = _used(claims, shown)
    fair = _fair(claims, units)
    if any(used[v] > units[v] for v in used) or not _near(claims, shown, fair, units):
        return fair
    return _fill(claims, shown, fair, units)


def _fair(claims: Sequence[Claim], units: Mapping[VariantId, int]) -> dict[CellId, int]:
    """Divide by share alone."""
    if len(units) == 1 and all(set(claim.units.values()) == {1} for claim in claims):
        return _by_share(claims, next(iter(units.values())))
    return _by_steps(claims, units)


def _by_share(claims: Sequence[Claim], units: int) -> dict[CellId, int]:
    """Give each cell its share of the units, the remainders to the largest fractions, ties in order of id."""
    parts = dict.fromkeys((claim.cell for claim in claims), 0)
    open_, left = [claim for claim in claims if claim.share], units
    while open_:
        whole = sum(claim.share for claim in open_)
        capped = [claim for claim in open_ if claim.most <= left * claim.share // whole]
        if not capped:
            break
        parts |= {claim.cell: claim.most for claim in capped}
        left -= sum(claim.most for claim in capped)
        open_ = [claim for claim in open_ if claim not in capped]
    else:
        return parts
    parts |= {claim.cell: left * claim.share // whole for claim in open_}
    rest = left - sum(parts[claim.cell] for claim in open_)
    for claim in sorted(open_, key=lambda c: (-(left * c.share % whole), c.cell))[:rest]:
        parts[claim.cell] += 1
    return parts


def _by_steps(claims: Sequence[Claim], units: Mapping[VariantId, int]) -> dict[CellId, int]:
    """Divide where pieces take several units: whole rounds by share, then one piece to who has least for it."""
    numbers, left = dict.fromkeys((claim.cell for claim in claims), 0), dict(units)
    while open_ := _open(claims, numbers, left):
        round_ = _used(open_, {c.cell: c.share for c in open_})
        rounds = min((c.most - numbers[c.cell]) // c.share for c in open_)
        rounds = min([rounds, *(left[v] // n for v, n in round_.items())])
        if rounds:
            for claim in open_:
                _give(claim, rounds * claim.share, numbers, left)
        else:
            _give(min(open_, key=lambda c: (numbers[c.cell] / c.share, c.cell)), 1, numbers, left)
    return numbers


def _near(
    claims: Sequence[Claim],
    shown: Mapping[CellId, int],
    fair: Mapping[CellId, int],
    units: Mapping[VariantId, int],
) -> bool:
    """Tell whether what is shown may be left alone: nobody starves, or these are the last pieces."""
    used = _used(claims, shown)
    if all(n == units[v] for v, n in used.items()) and max(used.values(), default=0) <= len(claims):
        return True
    left = {v: units[v] - n for v, n in used.items()}
    return all(shown[c.cell] > 0 or fair[c.cell] == 0 or _room(c, left) > 0 for c in claims)


def _fill(
    claims: Sequence[Claim],
    start: Mapping[CellId, int],
    fair: Mapping[CellId, int],
    units: Mapping[VariantId, int],
) -> dict[CellId, int]:
    """Hand out what is left to the cells furthest below their parts, level by level like water."""
    numbers = dict(start)
    left = {v: units[v] - n for v, n in _used(claims, start).items()}
    while open_ := _open(claims, numbers, left):
        level = {c.cell: numbers[c.cell] - fair[c.cell] for c in open_}
        lowest = min(level.values())
        low = [c for c in open_ if level[c.cell] == lowest]
        step = min(c.most - numbers[c.cell] for c in low)
        step = min([step, *(n - lowest for n in level.values() if n > lowest)])
        step = min([step, *(left[v] // n for v, n in _used(low, dict.fromkeys(numbers, 1)).items())])
        if step:
            for claim in low:
                _give(claim, step, numbers, left)
        else:
            _give(min(low, key=lambda c: (numbers[c.cell] / c.share, c.cell)), 1, numbers, left)
    return numbers


def _used(claims: Sequence[Claim], numbers: Mapping[CellId, int]) -> dict[VariantId, int]:
    used: dict[VariantId, int] = {}
    for claim in claims:
        for variant, n in claim.units.items():
            used[variant] = used.get(variant, 0) + n * numbers[claim.cell]
    return used


def _open(claims: Sequence[Claim], numbers: Mapping[CellId, int], left: Mapping[VariantId, int]) -> list[Claim]:
    """Give the claims that could take one more piece."""
    return [c for c in claims if c.share > 0 and numbers[c.cell] < c.most and _room(c, left) > 0]


def _room(claim: Claim, left: Mapping[VariantId, int]) -> int:
    return min(left[variant] // n for variant, n in claim.units.items())


def _give(claim: Claim, pieces: int, numbers: dict[CellId, int], left: dict[VariantId, int]) -> None:
    numbers[claim.cell] += pieces
    for variant, n in claim.units.items():
        left[variant] -= n * pieces
