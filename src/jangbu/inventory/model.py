"""The ledger's words and its one decision: which moves bring an order line from where it is to its target.

Pure. Owns no tables and does not know orders or shops beyond the names in a move's cause.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from jangbu.kernel.errors import InputError
from jangbu.kernel.ids import LocationId, MoveId, VariantId


class Account(StrEnum):
    """Where units are, as a variant at a location counts them."""

    AVAILABLE = "available"
    COMMITTED = "committed"
    SAFETY_STOCK = "safety_stock"
    QUALITY_CONTROL = "quality_control"
    DAMAGED = "damaged"
    INCOMING = "incoming"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    ADJUSTMENT = "adjustment"


ON_SHELF = (
    Account.AVAILABLE,
    Account.COMMITTED,
    Account.SAFETY_STOCK,
    Account.QUALITY_CONTROL,
    Account.DAMAGED,
)


class Phase(StrEnum):
    """How a move counts: at once, as a hold, or as the end of a hold."""

    POSTED = "posted"
    PENDING = "pending"  # a reservation: taken off what is available until posted or voided
    POST = "post"  # the pending move happens
    VOID = "void"  # the pending move does not happen


@dataclass(frozen=True)
class Why:
    """Who or what moved stock, and on what grounds: every move carries it.

    `actor`: "person:<name>", "shop:<id>" or "jangbu". `cause`: a stable reference such as
    "order:<shop>/<order>/<line>", "count:<sku>", "receipt:<note>". Neither holds personal data of buyers.
    """

    actor: str
    cause: str
    reason: str


@dataclass(frozen=True)
class Move:
    """One immutable row: `quantity` units from `debit` to `credit`. `id` is the caller's, so a repeat posts nothing."""

    id: MoveId
    variant: VariantId
    location: LocationId
    debit: Account
    credit: Account
    quantity: int
    phase: Phase
    why: Why
    at: datetime
    pending_id: MoveId | None = None

    def __post_init__(self) -> None:
        """Refuse what no ledger may hold."""
        if self.quantity <= 0:
            raise InputError("a move needs at least one unit", code="input.quantity", quantity=self.quantity)
        if self.debit is self.credit:
            raise InputError("a move needs two accounts", code="input.accounts")
        if (self.phase in {Phase.POST, Phase.VOID}) != (self.pending_id is not None):
            raise InputError("only the end of a hold names one", code="input.pending")


@dataclass(frozen=True)
class Stock:
    """Balances of one variant at one location (or over several, added up)."""

    balances: Mapping[Account, int]
    reserved: int = 0

    @property
    def available(self) -> int:
        """Give what may still be promised: what lies free less open reservations. May be below zero."""
        return self.balances.get(Account.AVAILABLE, 0) - self.reserved

    @property
    def committed(self) -> int:
        return self.balances.get(Account.COMMITTED, 0)

    @property
    def on_hand(self) -> int:
        """Give what lies on the shelf, promised or not."""
        return sum(self.balances.get(account, 0) for account in ON_SHELF)


def balances(moves: Iterable[Move]) -> dict[tuple[VariantId, LocationId, Account], int]:
    """Add moves up. Shape: only posted effects; open reservations are `reservations`."""
    sums: dict[tuple[VariantId, LocationId, Account], int] = {}
    for move in moves:
        if move.phase in {Phase.POSTED, Phase.POST}:
            for account, sign in ((move.debit, -1), (move.credit, 1)):
                key = (move.variant, move.location, account)
                sums[key] = sums.get(key, 0) + sign * move.quantity
    return sums


def reservations(moves: Iterable[Move]) -> dict[tuple[VariantId, LocationId], int]:
    """Add up the holds that are neither posted nor voided."""
    sums: dict[tuple[VariantId, LocationId], int] = {}
    for move in moves:
        sign = {Phase.PENDING: 1, Phase.POST: -1, Phase.VOID: -1}.get(move.phase, 0)
        key = (move.variant, move.location)
        sums[key] = sums.get(key, 0) + sign * move.quantity
    return {key: units for key, units in sums.items() if units}


@dataclass(frozen=True)
class Held:
    """What one order line holds of one variant at one location, in units: the state a target is compared with."""

    reserved: int = 0
    committed: int = 0
    shipped: int = 0


@dataclass(frozen=True)
class Step:
    """One difference to post for a line: units from one account to another, as a hold, its end, or at once."""

    debit: Account
    credit: Account
    quantity: int
    phase: Phase


def steps_to(held: Held, target: Held) -> list[Step]:
    """Decide the differences that bring a line from what it holds to its target. Repeat: at target, none.

    A reservation that becomes a commitment is posted; one that ends is voided; the rest are plain moves.
    """
    steps: list[Step] = []
    reserved, committed, shipped = held.reserved, held.committed, held.shipped

    def step(debit: Account, credit: Account, quantity: int, phase: Phase = Phase.POSTED) -> None:
        if quantity > 0:
            steps.append(Step(debit, credit, quantity, phase))

    owed = max(target.committed + target.shipped - committed - shipped, 0)
    posted = min(owed, max(reserved - target.reserved, 0))
    step(Account.AVAILABLE, Account.COMMITTED, posted, Phase.POST)
    step(Account.AVAILABLE, Account.COMMITTED, owed - posted)
    reserved, committed = reserved - posted, committed + owed
    step(Account.AVAILABLE, Account.COMMITTED, reserved - target.reserved, Phase.VOID)
    step(Account.AVAILABLE, Account.COMMITTED, target.reserved - reserved, Phase.PENDING)
    step(Account.COMMITTED, Account.CUSTOMER, target.shipped - shipped)
    committed -= max(target.shipped - shipped, 0)
    step(Account.CUSTOMER, Account.COMMITTED, shipped - target.shipped)
    committed += max(shipped - target.shipped, 0)
    step(Account.COMMITTED, Account.AVAILABLE, committed - target.committed)
    return steps


def held_after(held: Held, steps: Iterable[Step]) -> Held:
    """Apply steps to what a line holds."""
    reserved, committed, shipped = held.reserved, held.committed, held.shipped
    for step in steps:
        match step.phase:
            case Phase.PENDING:
                reserved += step.quantity
                continue
            case Phase.VOID:
                reserved -= step.quantity
                continue
            case Phase.POST:
                reserved -= step.quantity
        for account, sign in ((step.debit, -1), (step.credit, 1)):
            if account is Account.COMMITTED:
                committed += sign * step.quantity
            elif account is Account.CUSTOMER:
                shipped += sign * step.quantity
    return Held(reserved, committed, shipped)
