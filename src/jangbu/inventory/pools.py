"""Which locations cover which offers, and where a sale is booked so that the others stay covered. Pure.

Owns no stock and knows no shops: an offer draws on a pool, the set of locations it may ship from. The rule for
every set of offers (together they expose no more than lies in the union of their pools) holds exactly when
their exposure can flow into the locations; so it is asked as a flow, small enough to be pushed by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TypeAlias

from jangbu.kernel.ids import CellId, LocationId, VariantId

Pools: TypeAlias = Mapping[CellId, AbstractSet[LocationId]]


def feasible(exposure: Mapping[CellId, int], pools: Pools, available: Mapping[LocationId, int]) -> bool:
    """Tell whether every unit exposed by an offer has a unit of its own at a location of its pool.

    Units: of one variant. Exposure or stock below zero counts as none; a location not named holds none.
    """
    flow = _Flow(pools, available)
    return all(flow.place(offer, units) for offer, units in sorted(exposure.items()))


def book_at(
    offer: CellId, exposure: Mapping[CellId, int], pools: Pools, available: Mapping[LocationId, int]
) -> LocationId | None:
    """Choose where one unit sold on an offer is booked: where the rule still holds for all that is exposed.

    The place that fewest offers may draw on comes first, then the fullest. `exposure` counts the sold unit no
    more. Returns None when no location keeps the rule: the variant is over-exposed whatever is chosen.
    """
    places = [place for place in pools[offer] if available.get(place, 0) > 0]
    for place in sorted(places, key=lambda place: (_drawn_on_by(place, pools), -available[place], place)):
        if feasible(exposure, pools, {**available, place: available[place] - 1}):
            return place
    return None


def pieces(units: Mapping[VariantId, int], stock: Mapping[LocationId, Mapping[VariantId, int]]) -> int:
    """Tell how many pieces that each leave in one parcel can be made: location by location, then added up."""
    return sum(pieces_at(units, there) for there in stock.values())


def pieces_at(units: Mapping[VariantId, int], there: Mapping[VariantId, int]) -> int:
    """Tell how many pieces one location can send, each taking these units of each variant."""
    return max(0, min(there.get(variant, 0) // n for variant, n in units.items()))


def _drawn_on_by(place: LocationId, pools: Pools) -> int:
    return sum(place in pool for pool in pools.values())


@dataclass
class _Flow:
    """Units of offers placed at locations, one augmenting path after another."""

    pools: Pools
    available: Mapping[LocationId, int]
    held: dict[LocationId, dict[CellId, int]] = field(default_factory=dict)

    def place(self, offer: CellId, units: int) -> bool:
        """Find places for all units of an offer, moving others aside where that helps."""
        while units > 0:
            given = self._push(offer, units, set())
            if not given:
                return False
            units -= given
        return True

    def _push(self, offer: CellId, units: int, tried: set[LocationId]) -> int:
        """Place up to `units` of an offer where there is room, or where a holder finds another place."""
        for place in sorted(self.pools[offer] - tried):
            tried.add(place)
            holders = self.held.setdefault(place, {})
            room = self.available.get(place, 0) - sum(holders.values())
            given = min(units, room) if room > 0 else self._move_aside(place, units, tried)
            if given:
                holders[offer] = holders.get(offer, 0) + given
                return given
        return 0

    def _move_aside(self, place: LocationId, units: int, tried: set[LocationId]) -> int:
        """Have one holder of a full location move units elsewhere; tell how many went."""
        holders = self.held[place]
        for holder in sorted(holders):
            moved = self._push(holder, min(units, holders[holder]), tried) if holders[holder] else 0
            if moved:
                holders[holder] -= moved
                return moved
        return 0
