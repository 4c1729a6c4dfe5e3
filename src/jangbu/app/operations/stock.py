"""Book stock, show it with its exposure, explain it, verify the book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from jangbu.app import figures
from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso
from jangbu.catalog import service as catalog
from jangbu.catalog.model import Variant
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Stock, Why
from jangbu.kernel.errors import InputError, InsufficientStock, NotFound
from jangbu.publish import service as publish
from jangbu.publish.model.book import UNBOUNDED
from jangbu.publish.store import CellRow
from jangbu.shops import service as shops
from jangbu.shops.model import Shop


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
        return stock_facts(tx, [variant])[0]

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
        return stock_facts(tx, [catalog.variant_of(tx, sku)] if sku else catalog.variants(tx))

    return await house.db.read(read)


async def stock_list(
    house: House, *, shown: str = "all", search: str = "", start: int = 0, limit: int = 50
) -> Facts:
    """Give a part of the stock, what wants a look first, with how many SKUs there are of each kind.

    `shown` is a kind of `figures.SHOWN`; a search looks at SKU and title. Shape: `rows` as of `stock_show` with the
    option words; `found` how many fit; `counts` how many there are of each kind.
    """

    def read(tx: ReadTx) -> Facts:
        every = figures.stock_figures(tx)
        fitting = [each.id for each in every if each.fits(shown, search.strip().lower())]
        wanted = fitting[start : start + limit]
        options = figures.options_of(tx, wanted)
        place = {id_: n for n, id_ in enumerate(wanted)}
        variants = sorted(catalog.variants(tx, wanted), key=lambda each: place[each.id])
        rows = zip(variants, stock_facts(tx, variants), strict=True)
        return {
            "rows": [{**facts, "options": options.get(variant.id, "")} for variant, facts in rows],
            "found": len(fitting), "counts": asdict(figures.stock_counts(every)),
        }  # fmt: skip

    return await house.db.read(read)


def stock_facts(tx: ReadTx, variants: Sequence[Variant]) -> list[Facts]:
    """Tell the numbers of SKUs, in as many questions for one as for fifty.

    `oversold`: pieces promised that are not there. `over_exposed`: pieces shops may still sell beyond what is there
    (None: not known yet). `at_risk`: the same where the seller chose to show everything everywhere.
    """
    ids = [variant.id for variant in variants]
    stocks, cells, counted = inventory.stocks(tx, ids), publish.cells_by_variant(tx, ids), inventory.counted(tx, ids)
    every = {shop.id: shop for shop in shops.all_shops(tx)}
    stopped = shops.stopped_since(tx) is not None
    return [
        {
            "sku": each.sku, "title": each.title, "policy": each.policy, "counted": each.id in counted,
            **_balance(each, stocks[each.id], cells[each.id]),
            "shops": [
                _cell(cell, units, every.get(cell.shop_id), stopped=stopped) for cell, units in cells[each.id]
            ],
        }
        for each in variants
    ]  # fmt: skip


def _balance(variant: Variant, stock: Stock, cells: Sequence[tuple[CellRow, int]]) -> Facts:
    exposed = sum(units * cell.book.exposure for cell, units in cells)
    known = exposed < UNBOUNDED // 2
    above = max(exposed - max(stock.available, 0), 0) if known else None
    lawful = variant.policy == "escrow"
    return {
        "on_hand": stock.on_hand, "available": stock.available, "committed": stock.committed,
        "reserved": stock.reserved, "exposed": exposed if known else None, "oversold": max(-stock.available, 0),
        "over_exposed": above if lawful or above is None else 0, "at_risk": above if not lawful else 0,
    }  # fmt: skip


def _cell(cell: CellRow, units: int, shop: Shop | None, *, stopped: bool) -> Facts:
    status, calm = _status(cell, writes=shop is not None and shop.writes and not stopped)
    return {
        "shop": shop.name if shop else cell.shop_id, "cell": cell.key, "units": units, "shown": cell.book.shown,
        "on_sale": cell.book.on_sale, "parked": 0 if cell.book.on_sale else cell.book.number,
        "exposure": _known(cell.book.exposure), "unread": _known(cell.book.unread), "target": cell.target,
        "waiting": cell.waiting, "under_way": cell.book.pending is not None, "status": status, "calm": calm,
    }  # fmt: skip


def _known(number: int) -> int | None:
    return number if number < UNBOUNDED // 2 else None


def _status(cell: CellRow, *, writes: bool) -> tuple[str, bool]:
    """Give what is to be said of a number, as a message code, and whether it is as it should be."""
    if cell.book.pending is not None:
        return "web.cell.under_way", True
    if cell.read_at == 0:
        return "web.cell.not_read", False
    if cell.waiting:
        return cell.waiting, False
    if cell.target is None:
        return "web.cell.not_planned", True
    if cell.target == cell.book.shown:
        return ("web.cell.listening", False) if cell.book.unread > 0 else ("web.cell.equal", True)
    return ("web.cell.next", True) if writes else ("web.cell.not_written", False)


async def why(house: House, *, sku: str, at: datetime | None = None) -> Facts:
    """Explain a SKU's numbers down to order lines, receipts and persons, now or at a past moment."""

    def read(tx: ReadTx) -> Facts:
        variant = catalog.variant_of(tx, sku)
        moves = inventory.history(tx, variant.id, until=at)
        return {
            **stock_facts(tx, [variant])[0],
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
