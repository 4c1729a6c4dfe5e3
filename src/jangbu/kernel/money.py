"""Money as integer minor units with its currency. Owns no exchange rates."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from jangbu.kernel.errors import InputError

_NO_MINOR_UNIT = frozenset({"KRW", "JPY", "VND", "CLP", "ISK", "XAF", "XOF", "UGX", "PYG"})


def minor_digits(currency: str) -> int:
    """Tell how many digits the minor unit of a currency has (ISO 4217; the ones marketplaces here use)."""
    return 0 if currency in _NO_MINOR_UNIT else 2


@dataclass(frozen=True, order=True)
class Money:
    """An amount in the minor unit of its currency (cents, won)."""

    amount: int
    currency: str

    @classmethod
    def from_decimal(cls, value: Decimal, currency: str) -> Money:
        """Turn a decimal in major units into money.

        Errors: InputError when the value has more digits than the currency.
        """
        scaled = value.scaleb(minor_digits(currency))
        if scaled != scaled.to_integral_value():
            raise InputError(f"{value} has more digits than {currency} allows", code="input.money", value=str(value))
        return cls(int(scaled), currency)

    def to_decimal(self) -> Decimal:
        """Give the amount in major units."""
        return Decimal(self.amount).scaleb(-minor_digits(self.currency))

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise InputError(f"{self.currency} and {other.currency} do not add", code="input.money")
        return Money(self.amount + other.amount, self.currency)

    def __mul__(self, times: int) -> Money:
        return Money(self.amount * times, self.currency)
