"""The ledger's tables and all their SQL: moves, balances, locations, the dirty mark. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory.model import Account, Move, Phase, Stock, Why
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.ids import MAIN_LOCATION, LocationId, MoveId, VariantId

RESERVED = "reserved"

_MOVE = "id, variant_id, location_id, debit, credit, quantity, phase, pending_id, actor, cause, reason, at"
_BALANCE = (
    "INSERT INTO balance (variant_id, location_id, account, quantity) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (variant_id, location_id, account) DO UPDATE SET quantity = balance.quantity + excluded.quantity"
)


def add_move(tx: WriteTx, move: Move) -> bool:
    """Insert a move and its effect on the balances; tell False when its id is there already (then nothing)."""
    inserted = tx.run(
        f"INSERT INTO move ({_MOVE}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        (
            move.id, move.variant, move.location, move.debit.value, move.credit.value, move.quantity,
            move.phase.value, move.pending_id, move.why.actor, move.why.cause, move.why.reason, to_ms(move.at),
        ),
    )  # fmt: skip
    if inserted != 1:
        return False
    tx.run_many(_BALANCE, [(move.variant, move.location, account, units) for account, units in _effects(move)])
    return True


def _effects(move: Move) -> list[tuple[str, int]]:
    posted = [(move.debit.value, -move.quantity), (move.credit.value, move.quantity)]
    match move.phase:
        case Phase.POSTED:
            return posted
        case Phase.PENDING:
            return [(RESERVED, move.quantity)]
        case Phase.VOID:
            return [(RESERVED, -move.quantity)]
        case Phase.POST:
            return [*posted, (RESERVED, -move.quantity)]


def lock(tx: WriteTx, variant: VariantId) -> None:
    """Let one person at a time decide by what is available of a variant, until this transaction ends."""
    tx.run(
        "INSERT INTO balance (variant_id, location_id, account, quantity) VALUES (?, ?, ?, 0) "
        "ON CONFLICT (variant_id, location_id, account) DO UPDATE SET quantity = balance.quantity",
        (variant, MAIN_LOCATION, Account.AVAILABLE.value),
    )


def mark_dirty(tx: WriteTx, variants: Iterable[VariantId]) -> None:
    """Say that what is available of these variants changed; the commit wakes publication."""
    tx.run_many(
        "INSERT INTO dirty_variant (variant_id) VALUES (?) ON CONFLICT (variant_id) DO NOTHING",
        [(variant,) for variant in sorted(set(variants))],
    )
    tx.notify("stock")


def mark_counted(tx: WriteTx, variant: VariantId, at: datetime) -> None:
    """Note that a person booked what lies on the shelf: only from then on do the numbers mean anything."""
    tx.run(
        "INSERT INTO counted_variant (variant_id, at) VALUES (?, ?) ON CONFLICT (variant_id) DO NOTHING",
        (variant, to_ms(at)),
    )


def counted(tx: ReadTx, variants: Sequence[VariantId]) -> set[VariantId]:
    """Give those of these variants whose shelf a person ever booked."""
    found: set[VariantId] = set()
    for start in range(0, len(variants), 500):
        part = variants[start : start + 500]
        holes = ", ".join("?" * len(part))
        rows = tx.all(f"SELECT variant_id FROM counted_variant WHERE variant_id IN ({holes})", part)
        found |= {VariantId(row[0]) for row in rows}
    return found


def stock(tx: ReadTx, variant: VariantId, location: LocationId | None = None) -> Stock:
    """Give one variant's balances, at one location or over all that ship."""
    where, params = ("b.location_id = ?", [location]) if location else ("l.ships = 1", [])
    rows = tx.all(
        "SELECT b.account, SUM(b.quantity) FROM balance b JOIN location l ON l.id = b.location_id "
        f"WHERE b.variant_id = ? AND {where} GROUP BY b.account",
        (variant, *params),
    )
    return _stock(rows)


def stocks(tx: ReadTx, variants: Sequence[VariantId]) -> dict[VariantId, Stock]:
    """Give many variants' balances over all locations that ship."""
    found: dict[VariantId, list[tuple[str, int]]] = {variant: [] for variant in variants}
    for start in range(0, len(variants), 500):
        part = variants[start : start + 500]
        holes = ", ".join("?" * len(part))
        for variant, account, units in tx.all(
            "SELECT b.variant_id, b.account, SUM(b.quantity) FROM balance b JOIN location l ON l.id = b.location_id "
            f"WHERE l.ships = 1 AND b.variant_id IN ({holes}) GROUP BY b.variant_id, b.account",
            part,
        ):
            found[VariantId(variant)].append((account, units))
    return {variant: _stock(rows) for variant, rows in found.items()}


def _stock(rows: Iterable[tuple[str, int]]) -> Stock:
    sums = {account: int(units) for account, units in rows}
    reserved = sums.pop(RESERVED, 0)
    return Stock({Account(account): units for account, units in sums.items()}, reserved)


def moves(tx: ReadTx, variant: VariantId, *, until: datetime | None = None, limit: int = 0) -> list[Move]:
    """Give a variant's moves, oldest first (the latest `limit` of them, when given)."""
    until_ms = to_ms(until) if until else 1 << 62
    rows = tx.all(
        f"SELECT {_MOVE} FROM move WHERE variant_id = ? AND at <= ? ORDER BY seq DESC LIMIT ?",
        (variant, until_ms, limit or 1 << 40),
    )
    return [_move(row) for row in reversed(rows)]


def all_moves(tx: ReadTx, after: int = 0, limit: int = 10_000) -> list[tuple[int, Move]]:
    """Walk the whole ledger in order, a page at a time, with each row's sequence number."""
    rows = tx.all(f"SELECT seq, {_MOVE} FROM move WHERE seq > ? ORDER BY seq LIMIT ?", (after, limit))
    return [(row[0], _move(row[1:])) for row in rows]


def all_balances(tx: ReadTx) -> dict[tuple[str, str, str], int]:
    """Give every cached balance that is not zero."""
    rows = tx.all("SELECT variant_id, location_id, account, quantity FROM balance WHERE quantity <> 0")
    return {(variant, location, account): int(units) for variant, location, account, units in rows}


def _move(row: tuple[object, ...]) -> Move:
    id_, variant, location, debit, credit, quantity, phase, pending, actor, cause, reason, at = row
    return Move(
        MoveId(str(id_)), VariantId(str(variant)), LocationId(str(location)), Account(str(debit)), Account(str(credit)),
        int(str(quantity)), Phase(str(phase)), Why(str(actor), str(cause), str(reason)), from_ms(int(str(at))),
        MoveId(str(pending)) if pending else None,
    )  # fmt: skip
