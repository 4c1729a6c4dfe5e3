from __future__ import annotations

from itertools import chain, combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from jangbu.inventory.pools import book_at, feasible, pieces, pieces_at
from jangbu.kernel.ids import CellId, LocationId, VariantId

X, Y, Z = CellId("x"), CellId("y"), CellId("z")
SEOUL, BUSAN, JEJU = LocationId("seoul"), LocationId("busan"), LocationId("jeju")
MUG, TRAY = VariantId("mug"), VariantId("tray")

places = st.sets(st.sampled_from([SEOUL, BUSAN, JEJU]))
pools_of_three = st.fixed_dictionaries({X: places, Y: places, Z: places})
exposures = st.fixed_dictionaries({X: st.integers(-1, 4), Y: st.integers(-1, 4), Z: st.integers(-1, 4)})
shelves = st.fixed_dictionaries({SEOUL: st.integers(-1, 4), BUSAN: st.integers(-1, 4), JEJU: st.integers(-1, 4)})


def law(exposure: dict[CellId, int], pools: dict[CellId, set[LocationId]], available: dict[LocationId, int]) -> bool:
    """The rule as it is written: for every set of offers."""
    sets = chain.from_iterable(combinations(exposure, size) for size in range(1, len(exposure) + 1))
    return all(
        sum(max(exposure[offer], 0) for offer in offers)
        <= sum(max(available[place], 0) for place in set().union(*(pools[offer] for offer in offers)))
        for offers in sets
    )


@settings(max_examples=400)
@given(exposures, pools_of_three, shelves)
def test_units_can_flow_exactly_when_the_rule_holds_for_every_set_of_offers(
    exposure: dict[CellId, int], pools: dict[CellId, set[LocationId]], available: dict[LocationId, int]
) -> None:
    assert feasible(exposure, pools, available) == law(exposure, pools, available)


@settings(max_examples=400)
@given(exposures, pools_of_three, shelves)
def test_while_the_rule_holds_every_sale_has_a_place_that_keeps_it(
    exposure: dict[CellId, int], pools: dict[CellId, set[LocationId]], available: dict[LocationId, int]
) -> None:
    if not law(exposure, pools, available) or exposure[X] <= 0:
        return
    left = {**exposure, X: exposure[X] - 1}
    place = book_at(X, left, pools, available)
    assert place is not None
    assert place in pools[X]
    assert law(left, pools, {**available, place: available[place] - 1})


def test_an_offer_moves_aside_for_one_that_has_no_other_place() -> None:
    pools = {X: {BUSAN, SEOUL}, Y: {BUSAN}}
    assert feasible({X: 1, Y: 1}, pools, {SEOUL: 1, BUSAN: 1})
    assert not feasible({X: 2, Y: 1}, pools, {SEOUL: 1, BUSAN: 1})


def test_among_places_that_keep_the_rule_the_fullest_of_the_least_wanted_is_taken() -> None:
    pools = {X: {SEOUL, BUSAN, JEJU}, Y: {SEOUL}}
    assert book_at(X, {X: 0, Y: 1}, pools, {SEOUL: 9, BUSAN: 1, JEJU: 2}) == JEJU


def test_a_sale_that_nothing_covers_has_no_place() -> None:
    assert book_at(X, {X: 0, Y: 1}, {X: {SEOUL}, Y: {SEOUL}}, {SEOUL: 1}) is None
    assert book_at(X, {X: 0}, {X: {SEOUL}}, {SEOUL: 0}) is None
    assert book_at(X, {X: 0}, {X: {SEOUL}}, {}) is None


def test_what_leaves_in_one_parcel_counts_location_by_location() -> None:
    kit = {MUG: 2, TRAY: 1}
    stock = {SEOUL: {MUG: 3, TRAY: 4}, BUSAN: {MUG: 1, TRAY: 1}, JEJU: {MUG: 9}}
    assert pieces_at(kit, stock[SEOUL]) == 1
    assert pieces(kit, stock) == 1  # four mugs and five trays lie about, and yet there is one parcel


def test_a_location_in_debt_makes_no_pieces_and_takes_none_away() -> None:
    assert pieces({MUG: 1}, {SEOUL: {MUG: -2}, BUSAN: {MUG: 3}}) == 3
