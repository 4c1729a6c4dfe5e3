"""Book stock, show it with its exposure, explain it, verify the book."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso
from jangbu.catalog import service as catalog
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why
from jangbu.kernel.errors import InputError, InsufficientStock, NotFound
from jangbu.publish import service as publish
from jangbu.publish.model.book import UNBOUNDED
from jangbu.shops import service as shops


async def stock_change(house: House, *, action: str, sku: str, quantity: int, actor: str, reason: str = "") -> Facts:
    """Book stock: `receive` units, `adjust` by a signed number, or `count` what lies on the shelf.

    Errors: InputError for a bad number, NotFound for an unknown SKU, InsufficientStock. Nothing is changed then.
    """
    change = {"receive": inventory.receive, "adjust": inventory.adjust, "count": inventory.count}[action]
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        variant = catalog.variant_of(tx, sku)
        change(tx, variant.id, quantity, Why(actor, f"{action}:{variant.sku}", reason or f"stock.{action}"), now)
        note(tx, now, f"stock.{action}", actor=actor, sku=variant.sku, quantity=quantity)
        return _stock_facts(tx, variant.sku)

    return await house.db.write(write)


async def stock_many(house: House, *, action: str, rows: list[tuple[str, int]], actor: str, reason: str = "") -> Facts:
    """Book many rows, all or none. Errors: as for one; the first bad row ends it and nothing is changed."""
    change = {"receive": inventory.receive, "adjust": inventory.adjust, "count": inventory.count}[action]
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        for sku, quantity in rows:
            variant = catalog.variant_of(tx, sku)
            change(tx, variant.id, quantity, Why(actor, f"{action}:{variant.sku}", reason or f"stock.{action}"), now)
        note(tx, now, f"stock.{action}_many", actor=actor, rows=len(rows))
        return {"rows": len(rows)}

    return await house.db.write(write)


async def stock_show(house: House, *, sku: str = "") -> list[Facts]:
    """Show stock by SKU with each shop's exposure."""

    def read(tx: ReadTx) -> list[Facts]:
        if sku:
            return [_stock_facts(tx, sku)]
        return [_stock_facts(tx, variant.sku) for variant in catalog.variants(tx)]

    return await house.db.read(read)


def _stock_facts(tx: ReadTx, sku: str) -> Facts:
    """Tell a SKU's numbers.

    `oversold`: pieces promised that are not there. `over_exposed`: pieces shops may still sell beyond what is there
    (None: not known yet). `at_risk`: the same where the seller chose to show everything everywhere.
    """
    variant = catalog.variant_of(tx, sku)
    stock = inventory.stock(tx, variant.id)
    rows = publish.cells_of_variant(tx, variant.id)
    exposed = sum(units * min(cell.book.exposure, UNBOUNDED) for cell, units in rows)
    above = max(exposed - max(stock.available, 0), 0) if exposed < UNBOUNDED // 2 else None
    lawful = variant.policy == "escrow"
    names = {shop.id: shop.name for shop in shops.all_shops(tx)}
    return {
        "sku": variant.sku, "title": variant.title, "policy": variant.policy, "on_hand": stock.on_hand,
        "available": stock.available, "committed": stock.committed, "reserved": stock.reserved,
        "exposed": None if exposed >= UNBOUNDED // 2 else exposed,
        "oversold": max(-stock.available, 0), "over_exposed": above if lawful or above is None else 0,
        "at_risk": above if not lawful else 0,
        "shops": [
            {
                "shop": names.get(cell.shop_id, cell.shop_id), "cell": cell.key, "units": units,
                "shown": cell.book.stands if cell.book.on_sale else 0, "on_sale": cell.book.on_sale,
                "parked": cell.book.parked if not cell.book.on_sale else 0,
                "exposure": None if cell.book.exposure >= UNBOUNDED // 2 else cell.book.exposure,
                "unread": None if cell.book.unread >= UNBOUNDED // 2 else cell.book.unread,
                "target": cell.target, "waiting": cell.waiting, "under_way": cell.book.pending is not None,
            }
            for cell, units in rows
        ],
    }  # fmt: skip


async def why(house: House, *, sku: str, at: datetime | None = None) -> Facts:
    """Explain a SKU's numbers down to order lines, receipts and persons, now or at a past moment."""

    def read(tx: ReadTx) -> Facts:
        variant = catalog.variant_of(tx, sku)
        moves = inventory.history(tx, variant.id, until=at)
        return {
            **_stock_facts(tx, sku),
            "at": iso(at),
            "then": _then(moves),
            "moves": [
                {
                    "at": iso(m.at), "from": m.debit.value, "to": m.credit.value, "quantity": m.quantity,
                    "phase": m.phase.value, "actor": m.why.actor, "cause": m.why.cause, "reason": m.why.reason,
                }
                for m in moves
            ],
        }  # fmt: skip

    return await house.db.read(read)


def _then(moves: list[Any]) -> Facts:
    from_moves = inventory.stock_of(moves)
    return {
        "on_hand": from_moves.on_hand, "available": from_moves.available, "committed": from_moves.committed,
        "reserved": from_moves.reserved,
    }  # fmt: skip


async def ledger_verify(house: House) -> Facts:
    """Recompute every balance from the moves and compare."""
    verdict = await house.db.read(inventory.verify)
    return {
        "sound": verdict.sound, "moves": verdict.moves, "unbalanced": list(verdict.unbalanced),
        "differences": [
            {"variant": v, "location": loc, "account": a, "kept": kept, "recomputed": again}
            for v, loc, a, kept, again in verdict.differences
        ],
    }  # fmt: skip


async def stock_rows(
    house: House, *, action: str, rows: list[tuple[int, str, int]], actor: str, reason: str = "", dry: bool = False
) -> Facts:
    """Book rows (line, SKU, quantity) of a table, all or none; with `dry` only find out which would be refused.

    Shape: every refused row with line, column, message code and facts; while there is one, nothing is changed.
    """
    change = {"receive": inventory.receive, "adjust": inventory.adjust, "count": inventory.count}[action]
    now = house.clock.now()

    def write(tx: WriteTx) -> None:
        refused: list[Facts] = []
        for line, sku, quantity in rows:
            column = "sku"
            try:
                variant = catalog.variant_of(tx, sku)
                column = "quantity"
                why = Why(actor, f"{action}:{variant.sku}", reason or f"stock.{action}")
                change(tx, variant.id, quantity, why, now)
            except (InputError, NotFound, InsufficientStock) as error:
                refused.append({"line": line, "column": column, "code": error.code, "facts": dict(error.facts)})
        if refused or dry:
            raise _UndoneError(refused)
        note(tx, now, f"stock.{action}_many", actor=actor, rows=len(rows))

    try:
        await house.db.write(write)
    except _UndoneError as undone:
        return {"rows": len(rows), "refused": undone.refused}
    return {"rows": len(rows), "refused": []}


class _UndoneError(Exception):
    """Ends a unit of work so that nothing of it is kept."""

    def __init__(self, refused: list[Facts]) -> None:
        """Take the rows that were refused."""
        super().__init__()
        self.refused = refused
