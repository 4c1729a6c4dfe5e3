"""Names of offers and cells, and amounts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jangbu.channels.etsy import wire
from jangbu.channels.etsy.mapping.keys import cell_key, key, money, offer_key
from jangbu.kernel.money import Money

_WORDS = st.lists(st.text(alphabet="ab|,%=/ é", max_size=4), min_size=1, max_size=2)
_VALUES = st.dictionaries(st.integers(1, 999), _WORDS, max_size=3)


def _value(property_id: int, *words: str) -> wire.PropertyValue:
    return wire.PropertyValue(property_id, values=list(words))


def test_a_listing_without_variations_is_named_by_its_id() -> None:
    assert offer_key(12, []) == "12"


def test_properties_stand_in_the_order_of_their_ids() -> None:
    assert offer_key(12, [_value(513, "S"), _value(200, "Silver")]) == "12/200=Silver|513=S"


def test_a_cell_is_named_by_the_properties_that_tell_numbers_apart() -> None:
    values = [_value(513, "S"), _value(200, "Silver")]
    assert cell_key(12, values, [200]) == "12/200=Silver"
    assert cell_key(12, values, []) == "12"


def test_a_value_without_words_is_named_by_its_ids() -> None:
    assert offer_key(12, [wire.PropertyValue(300, value_ids=[4, 5], values=[])]) == "12/300=#4,#5"


@given(_VALUES, _VALUES)
def test_two_combinations_never_share_a_name(one: dict[int, list[str]], other: dict[int, list[str]]) -> None:
    assert (key(1, one.items()) == key(1, other.items())) == (one == other)


@given(_VALUES, st.randoms())
def test_the_order_on_the_wire_does_not_matter(values: dict[int, list[str]], chance: object) -> None:
    shuffled = list(values.items())
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert key(1, shuffled) == key(1, values.items())


def test_amounts_become_minor_units_of_their_currency() -> None:
    assert money(wire.Amount(8950, 100, "USD")) == Money(8950, "USD")
    assert money(wire.Amount(895, 10, "USD")) == Money(8950, "USD")
    assert money(wire.Amount(1200000, 100, "KRW")) == Money(12000, "KRW")


def test_odd_amounts_do_not_crash() -> None:
    assert money(None) == Money(0, "XXX")
    assert money(wire.Amount(5, 0, "USD")) == Money(500, "USD")
    assert money(wire.Amount(12345, 1000, "USD")) == Money(1234, "USD")
