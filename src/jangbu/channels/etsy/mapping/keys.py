"""How offers and cells are named, and Etsy's amounts as money. Pure.

A key must outlive every write, and Etsy gives products new ids with each one, so it is made of what stays:
the listing's id and its property values.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Final

from jangbu.channels.etsy import wire
from jangbu.kernel.money import Money, minor_digits

NO_CURRENCY: Final = "XXX"  # ISO 4217 for "no currency"

_ESCAPES: Final = str.maketrans({"%": "%25", "|": "%7C", ",": "%2C"})


def key(listing_id: int, values: Iterable[tuple[int, Sequence[str]]]) -> str:
    """Name a combination of property values of a listing.

    Shape: `<listing>` or `<listing>/<property>=<value>|…`, properties in the order of their ids.
    """
    parts = [f"{number}={_text(texts)}" for number, texts in sorted(values, key=lambda each: each[0])]
    return f"{listing_id}/{'|'.join(parts)}" if parts else str(listing_id)


def offer_key(listing_id: int, values: Sequence[wire.PropertyValue]) -> str:
    """Name the offer with these property values."""
    return key(listing_id, [(value.property_id, texts(value)) for value in values])


def cell_key(listing_id: int, values: Sequence[wire.PropertyValue], counted_by: Collection[int]) -> str:
    """Name the number an offer draws on: only properties in `quantity_on_property` tell numbers apart."""
    return offer_key(listing_id, [value for value in values if value.property_id in counted_by])


def texts(value: wire.PropertyValue) -> list[str]:
    """Give the value's words, or its ids where a scale has no words."""
    return value.values or [f"#{number}" for number in value.value_ids or ()]


def money(amount: wire.Amount | None) -> Money:
    """Turn Etsy's amount into minor units; what is absent is 0 of no currency.

    A fraction below the minor unit is rounded: it is shown, never sent.
    """
    if amount is None:
        return Money(0, NO_CURRENCY)
    major = Decimal(amount.amount) / (amount.divisor or 1)
    minor = major.scaleb(minor_digits(amount.currency_code)).to_integral_value(ROUND_HALF_EVEN)
    return Money(int(minor), amount.currency_code)


def _text(words: Sequence[str]) -> str:
    return ",".join(word.translate(_ESCAPES) for word in words)
