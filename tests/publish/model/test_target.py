from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.publish.model.builders import A, B

from jangbu.kernel.ids import CellId, VariantId
from jangbu.publish.model.target import Claim, mirrored, promised


def claim(
    name: str, shown: int = 0, *, share: int = 1, most: int = 999, units: dict[VariantId, int] | None = None
) -> Claim:
    return Claim(CellId(name), units or {A: 1}, share, shown, most)


def test_a_mirror_shows_everything_everywhere() -> None:
    kit = claim("kit", units={A: 2, B: 1})
    assert mirrored([claim("x"), claim("y", most=3), kit], {A: 7, B: 9}) == {"x": 7, "y": 3, "kit": 3}


def test_a_mirror_of_less_than_nothing_shows_nothing() -> None:
    assert mirrored([claim("x")], {A: -2}) == {"x": 0}


def test_units_are_divided_by_share() -> None:
    assert promised([claim("x", share=3), claim("y")], {A: 12}) == {"x": 9, "y": 3}


def test_remainders_go_to_the_largest_fraction_and_ties_to_the_first_in_order() -> None:
    assert promised([claim("x"), claim("y", share=2)], {A: 4}) == {"x": 1, "y": 3}
    assert promised([claim("y"), claim("x")], {A: 3}) == {"x": 2, "y": 1}


def test_a_cap_leaves_the_rest_to_the_others() -> None:
    assert promised([claim("x", most=999), claim("y", most=10**9)], {A: 100_000}) == {"x": 999, "y": 99_001}
    assert promised([claim("x", most=2), claim("y", most=1)], {A: 9}) == {"x": 2, "y": 1}


def test_a_cell_without_a_share_shows_nothing() -> None:
    assert promised([claim("x", 4, share=0), claim("y")], {A: 4}) == {"x": 0, "y": 4}
    assert promised([claim("x", 4, share=0)], {A: 4}) == {"x": 0}


def test_less_than_nothing_is_nothing() -> None:
    assert promised([claim("x", 2), claim("y", 1)], {A: -3}) == {"x": 0, "y": 0}


def test_what_stands_is_kept_while_nobody_starves() -> None:
    assert promised([claim("x", 9), claim("y", 1)], {A: 10}) == {"x": 9, "y": 1}


def test_a_starving_cell_has_all_divided_anew() -> None:
    assert promised([claim("x", 10), claim("y", 0)], {A: 10}) == {"x": 5, "y": 5}


def test_the_last_pieces_stay_where_they_are() -> None:
    assert promised([claim("x", 2), claim("y", 0)], {A: 2}) == {"x": 2, "y": 0}
    assert promised([claim("x", 3), claim("y", 0)], {A: 3}) == {"x": 2, "y": 1}


def test_more_shown_than_there_is_is_divided_anew() -> None:
    assert promised([claim("x", 5), claim("y", 5)], {A: 5}) == {"x": 3, "y": 2}


def test_spare_units_go_to_whoever_is_furthest_below_its_part() -> None:
    assert promised([claim("x", 4), claim("y", 1)], {A: 8}) == {"x": 4, "y": 4}
    assert promised([claim("x", 4), claim("y", 2)], {A: 9}) == {"x": 5, "y": 4}


def test_one_spare_unit_for_two_that_are_equally_far_below_goes_to_who_has_least_for_its_share() -> None:
    assert promised([claim("x", 7), claim("y", 1), claim("z", 1)], {A: 10}) == {"x": 7, "y": 2, "z": 1}


def test_a_dark_cell_gets_back_what_it_had_and_what_it_darkened_for() -> None:
    lit = promised([claim("x", 5), claim("y", 5)], {A: 11})
    assert lit == {"x": 6, "y": 5}
    assert promised([claim("x", 0), claim("y", 5)], {A: 11}) == lit


def test_a_kit_is_divided_with_its_parts() -> None:
    kit = claim("kit", units={A: 2, B: 1})
    assert promised([kit, claim("a"), claim("b", units={B: 1})], {A: 9, B: 2}) == {"kit": 1, "a": 7, "b": 1}


def test_a_large_stock_of_kits_is_divided_in_few_steps() -> None:
    kit = claim("kit", units={A: 2, B: 1}, share=3, most=10**9)
    parts = promised([kit, claim("a", most=10**9)], {A: 700_000, B: 10**9})
    assert parts == {"kit": 300_000, "a": 100_000}


units = st.sampled_from([{A: 1}, {A: 1}, {B: 1}, {A: 2}, {A: 1, B: 2}])
claims = st.lists(
    st.tuples(units, st.integers(0, 3), st.integers(0, 9), st.sampled_from([3, 999])), min_size=1, max_size=4
).map(
    lambda rows: [
        Claim(CellId(f"c{i}"), taken, share, shown, most) for i, (taken, share, shown, most) in enumerate(rows)
    ]
)
stock = st.fixed_dictionaries({A: st.integers(-2, 30), B: st.integers(-2, 30)})


def used(found: list[Claim], numbers: dict[CellId, int], variant: VariantId) -> int:
    return sum(numbers[c.cell] * c.units.get(variant, 0) for c in found)


def shown_as(found: list[Claim], numbers: dict[CellId, int]) -> list[Claim]:
    return [Claim(c.cell, c.units, c.share, numbers[c.cell], c.most) for c in found]


@settings(max_examples=300)
@given(claims, stock)
def test_no_unit_is_promised_twice_and_none_that_fits_is_left(
    found: list[Claim], available: dict[VariantId, int]
) -> None:
    numbers = promised(found, available)
    left = {v: max(available[v], 0) - used(found, numbers, v) for v in (A, B)}
    assert min(left.values()) >= 0
    for c in found:
        assert 0 <= numbers[c.cell] <= c.most
        fits = all(left[v] >= n for v, n in c.units.items())
        assert not (fits and c.share and numbers[c.cell] < c.most)


@settings(max_examples=300)
@given(claims, stock)
def test_once_shown_the_promises_stand(found: list[Claim], available: dict[VariantId, int]) -> None:
    once = promised(found, available)
    twice = promised(shown_as(found, once), available)
    assert promised(shown_as(found, twice), available) == twice
