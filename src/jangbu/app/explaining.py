"""What a ledger move did to the two numbers sellers ask about. Pure; the ledger itself is `inventory`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jangbu.inventory.model import ON_SHELF, Account, Phase


@dataclass(frozen=True)
class Balance:
    """What may be promised, and what lies on the shelf; or the change of both."""

    available: int = 0
    on_hand: int = 0

    def __add__(self, other: Balance) -> Balance:
        return Balance(self.available + other.available, self.on_hand + other.on_hand)


def effect(move: Mapping[str, Any]) -> Balance:
    """Tell what a move changed: a hold takes off what is available, its fulfilment no more than that."""
    units, phase = int(move["quantity"]), Phase(move["phase"])
    debit, credit = Account(move["from"]), Account(move["to"])
    if phase is Phase.PENDING:
        return Balance(available=-units)
    if phase is Phase.VOID:
        return Balance(available=units)
    shelf = units * ((credit in ON_SHELF) - (debit in ON_SHELF))
    free = 0 if phase is Phase.POST else units * ((credit is Account.AVAILABLE) - (debit is Account.AVAILABLE))
    return Balance(free, shelf)
