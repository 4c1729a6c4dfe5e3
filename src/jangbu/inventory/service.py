"""Use cases on the ledger: receive, adjust, count, and bring an order line to its target. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import store
from jangbu.inventory.model import Account, Held, Move, Phase, Step, Stock, Why, balances, reservations, steps_to
from jangbu.kernel.errors import InputError, InsufficientStock
from jangbu.kernel.ids import MAIN_LOCATION, LocationId, MoveId, VariantId, new_id

stock = store.stock
stocks = store.stocks
mark_dirty = store.mark_dirty
counted = store.counted


def receive(tx: WriteTx, variant: VariantId, quantity: int, why: Why, at: datetime) -> Stock:
    """Book units that arrived from a supplier. Errors: InputError when not at least one."""
    _at_least_one(quantity)
    _post(tx, variant, Account.SUPPLIER, Account.AVAILABLE, quantity, why, at)
    return stock(tx, variant)


def adjust(tx: WriteTx, variant: VariantId, change: int, why: Why, at: datetime) -> Stock:
    """Book a correction up or down.

    Errors: InputError for zero; InsufficientStock when more would leave than is available.
    """
    if change == 0:
        raise InputError("a change of zero changes nothing", code="input.zero_change")
    if change < 0:
        store.lock(tx, variant)
        left = stock(tx, variant).available
        if left < 0:
            raise InsufficientStock("more is promised than there is", code="adjust_oversold", missing=-left)
        if left + change < 0:
            raise InsufficientStock(f"only {left} available", code="insufficient_stock", available=left, wanted=-change)
        _post(tx, variant, Account.AVAILABLE, Account.ADJUSTMENT, -change, why, at)
    else:
        _post(tx, variant, Account.ADJUSTMENT, Account.AVAILABLE, change, why, at)
    return stock(tx, variant)


def count(tx: WriteTx, variant: VariantId, counted: int, why: Why, at: datetime) -> Stock:
    """Book what a person counted on the shelf, promised units included: on hand becomes `counted`.

    Errors: InputError below zero. Repeat: a count equal to the books posts nothing.
    """
    if counted < 0:
        raise InputError("a shelf never holds less than nothing", code="input.negative_count", counted=counted)
    store.lock(tx, variant)
    difference = counted - stock(tx, variant).on_hand
    if difference > 0:
        _post(tx, variant, Account.ADJUSTMENT, Account.AVAILABLE, difference, why, at)
    elif difference < 0:
        _post(tx, variant, Account.AVAILABLE, Account.ADJUSTMENT, -difference, why, at)
    store.mark_counted(tx, variant, at)
    store.mark_dirty(tx, [variant])
    return stock(tx, variant)


@dataclass(frozen=True)
class LineMove:
    """What bringing a line to its target did: what it holds now and the open reservation, if any."""

    held: Held
    pending_id: MoveId | None
    posted: int


def move_line(
    tx: WriteTx,
    variant: VariantId,
    held: Held,
    target: Held,
    *,
    pending_id: MoveId | None,
    id_prefix: str,
    why: Why,
    at: datetime,
    location: LocationId = MAIN_LOCATION,
) -> LineMove:
    """Post the differences that bring an order line's units of one variant to its target.

    `id_prefix` is unique per line, target state and run, so that a repeat posts nothing. A remote order is a
    fact: it may drive what is available below zero. Repeat: at target, nothing is posted.
    """
    steps = _whole_holds(steps_to(held, target), held.reserved)
    for number, step in enumerate(steps):
        id_ = MoveId(f"{id_prefix}/{variant}/{number}")
        ends = pending_id if step.phase in {Phase.POST, Phase.VOID} else None
        store.add_move(
            tx,
            Move(id_, variant, location, step.debit, step.credit, step.quantity, step.phase, why, at, ends),
        )
        if step.phase is Phase.PENDING:
            pending_id = id_
        elif ends:
            pending_id = None
    if steps:
        store.mark_dirty(tx, [variant])
    return LineMove(target, pending_id, len(steps))


def _whole_holds(steps: Sequence[Step], reserved: int) -> list[Step]:
    """Rewrite steps so that a hold ends as a whole, once: what stays held is held anew."""
    ends = [step for step in steps if step.phase in {Phase.POST, Phase.VOID}]
    ended = sum(step.quantity for step in ends)
    grows = any(step.phase is Phase.PENDING for step in steps)
    if not reserved or (not ends and not grows) or (len(ends) == 1 and ended == reserved and not grows):
        return list(steps)
    fresh = reserved - ended + sum(step.quantity for step in steps if step.phase is Phase.PENDING)
    void = [Step(Account.AVAILABLE, Account.COMMITTED, reserved, Phase.VOID)]
    hold = [Step(Account.AVAILABLE, Account.COMMITTED, fresh, Phase.PENDING)] if fresh else []
    plain = [
        Step(step.debit, step.credit, step.quantity, Phase.POSTED)
        for step in steps
        if step.phase in {Phase.POSTED, Phase.POST}
    ]
    return [*void, *plain, *hold]


@dataclass(frozen=True)
class Verdict:
    """What `ledger verify` found: balances that differ from the moves, variants with ends that match no hold."""

    moves: int
    differences: tuple[tuple[str, str, str, int, int], ...]  # variant, location, account, cached, recomputed
    unbalanced: tuple[str, ...]

    @property
    def sound(self) -> bool:
        return not self.differences and not self.unbalanced


def verify(tx: ReadTx) -> Verdict:
    """Recompute every balance from the moves and compare."""
    sums: dict[tuple[str, str, str], int] = {}
    holds: dict[MoveId, Move] = {}
    unbalanced: set[str] = set()
    after, total = 0, 0
    while page := store.all_moves(tx, after):
        after, total = page[-1][0], total + len(page)
        moves = [move for _, move in page]
        for (variant, location, account), units in balances(moves).items():
            key = (str(variant), str(location), account.value)
            sums[key] = sums.get(key, 0) + units
        for (variant, location), units in reservations(moves).items():
            key = (str(variant), str(location), store.RESERVED)
            sums[key] = sums.get(key, 0) + units
        unbalanced |= {move.variant for move in moves if not _balanced(move, holds)}
    sums = {key: units for key, units in sums.items() if units}
    cached = store.all_balances(tx)
    differences = tuple(
        (*key, cached.get(key, 0), sums.get(key, 0))
        for key in sorted(cached.keys() | sums.keys())
        if cached.get(key, 0) != sums.get(key, 0)
    )
    return Verdict(total, differences, tuple(sorted(unbalanced)))


def _balanced(move: Move, holds: dict[MoveId, Move]) -> bool:
    """Keep a hold until its end comes; tell whether an end ends just what was held."""
    if move.phase is Phase.PENDING:
        holds[move.id] = move
    if move.pending_id is None:
        return True
    hold = holds.pop(move.pending_id, None)
    return hold is not None and _place(hold) == _place(move)


def _place(move: Move) -> tuple[VariantId, LocationId, int]:
    return move.variant, move.location, move.quantity


def history(tx: ReadTx, variant: VariantId, *, until: datetime | None = None, limit: int = 0) -> list[Move]:
    """Give the moves that explain a variant's numbers, oldest first."""
    return store.moves(tx, variant, until=until, limit=limit)


def _post(
    tx: WriteTx, variant: VariantId, debit: Account, credit: Account, quantity: int, why: Why, at: datetime
) -> None:
    move = Move(MoveId(new_id("move")), variant, MAIN_LOCATION, debit, credit, quantity, Phase.POSTED, why, at)
    store.add_move(tx, move)
    store.mark_counted(tx, variant, at)
    store.mark_dirty(tx, [variant])


def _at_least_one(quantity: int) -> None:
    if quantity <= 0:
        raise InputError("at least one unit is needed", code="input.quantity", quantity=quantity)


def stock_of(moves: Sequence[Move]) -> Stock:
    """Add up one variant's moves into the stock they make: how any past moment is rebuilt."""
    sums: dict[Account, int] = {}
    for (_, _, account), units in balances(moves).items():
        sums[account] = sums.get(account, 0) + units
    return Stock(sums, sum(reservations(moves).values()))
