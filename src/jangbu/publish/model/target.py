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


@dataclass(frozen=True)
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
    return {
        claim.cell: max(0, min(claim.most, *(available[v] // n for v, n in claim.units.items())))
        for claim in claims
    }


def promised(claims: Sequence[Claim], available: Mapping[VariantId, int]) -> dict[CellId, int]:
    """Divide units so that every one is promised at most once, staying near what is shown now.

    What stands is kept while it is near its fair part: moving a unit between shops darkens one of them for a
    moment. Spare units go to whoever is furthest below its part.
    """
    shown = {claim.cell: max(0, min(claim.shown, claim.most)) for claim in claims}
    fair = _fair(claims, available)
    if not _fits(claims, shown, available) or not _near(claims, shown, fair, available):
        return fair
    return _fill(claims, shown, fair, available)


def _fair(claims: Sequence[Claim], available: Mapping[VariantId, int]) -> dict[CellId, int]:
    """Divide by share alone."""
    variants = {v for claim in claims for v in claim.units}
    if len(variants) == 1 and all(set(claim.units.values()) == {1} for claim in claims):
        return _by_share(claims, max(available[next(iter(variants))], 0))
    return _fill(claims, dict.fromkeys((claim.cell for claim in claims), 0), {}, available)


def _by_share(claims: Sequence[Claim], units: int) -> dict[CellId, int]:
    """Give each cell its share of the units, the remainders to the largest fractions, ties to who shows more."""
    whole = sum(claim.share for claim in claims)
    if whole == 0:
        return {claim.cell: 0 for claim in claims}
    parts = {claim.cell: min(units * claim.share // whole, claim.most) for claim in claims}
    rest = units - sum(parts.values())
    by_fraction = sorted(claims, key=lambda c: (-(units * c.share % whole), -c.shown, c.cell))
    while rest > 0:
        open_ = [c for c in by_fraction if parts[c.cell] < c.most and c.share > 0]
        if not open_:
            break
        for claim in open_[:rest]:
            parts[claim.cell] += 1
        rest = units - sum(parts.values())
    return parts


def _used(claims: Sequence[Claim], numbers: Mapping[CellId, int]) -> dict[VariantId, int]:
    used: dict[VariantId, int] = {}
    for claim in claims:
        for variant, n in claim.units.items():
            used[variant] = used.get(variant, 0) + n * numbers[claim.cell]
    return used


def _fits(claims: Sequence[Claim], numbers: Mapping[CellId, int], available: Mapping[VariantId, int]) -> bool:
    return all(n <= max(available[variant], 0) for variant, n in _used(claims, numbers).items())


def _near(
    claims: Sequence[Claim],
    shown: Mapping[CellId, int],
    fair: Mapping[CellId, int],
    available: Mapping[VariantId, int],
) -> bool:
    """Tell whether what is shown is near enough to the fair parts to be left alone."""
    used = _used(claims, shown)
    if all(used[v] == max(available[v], 0) for v in used) and max(used.values(), default=0) <= len(claims):
        return True  # the last pieces stay where they are
    return all(
        shown[c.cell] >= fair[c.cell] // 2 and (shown[c.cell] > 0 or fair[c.cell] == 0 or _spare(c, used, available))
        for c in claims
    )


def _spare(claim: Claim, used: Mapping[VariantId, int], available: Mapping[VariantId, int]) -> bool:
    return all(available[variant] - used[variant] >= n for variant, n in claim.units.items())


def _fill(
    claims: Sequence[Claim],
    start: Mapping[CellId, int],
    fair: Mapping[CellId, int],
    available: Mapping[VariantId, int],
) -> dict[CellId, int]:
    """Hand out what is left, a step at a time, to the cell furthest below its part."""
    numbers = dict(start)
    left = {v: max(available[v], 0) - n for v, n in _used(claims, numbers).items()}
    while True:
        open_ = [
            c for c in claims
            if c.share > 0 and numbers[c.cell] < c.most and all(left[v] >= n for v, n in c.units.items())
        ]  # fmt: skip
        if not open_:
            return numbers
        claim = min(open_, key=lambda c: (numbers[c.cell] - fair.get(c.cell, 0), numbers[c.cell] / c.share, c.cell))
        room = min(left[v] // n for v, n in claim.units.items())
        step = max(1, min(room // (2 * len(open_)), claim.most - numbers[claim.cell]))
        numbers[claim.cell] += step
        for variant, n in claim.units.items():
            left[variant] -= n * step
