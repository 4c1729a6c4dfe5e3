"""Read model of the page: counts, and which SKUs come first. Only reads; the rooms own the tables and the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from jangbu.infra.db import ReadTx
from jangbu.kernel.clock import to_ms
from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish.model.book import UNBOUNDED

SHOWN: Final = ("all", "over", "waiting", "soldout")

# For each variant: what is free, what its cells may still sell, how many of them wait for something.
_VARIANTS: Final = f"""
WITH shelf AS (
  SELECT b.variant_id AS id, SUM(CASE b.account WHEN 'available' THEN b.quantity WHEN 'reserved' THEN -b.quantity
    ELSE 0 END) AS free
  FROM balance b JOIN location l ON l.id = b.location_id WHERE l.ships = 1 GROUP BY b.variant_id
), cells AS (
  SELECT u.variant_id AS id, SUM(u.units * (c.unread + c.stands)) AS exposed,
    SUM(CASE WHEN c.waiting <> '' THEN 1 ELSE 0 END) AS waits
  FROM cell_units u JOIN cell c ON c.id = u.cell_id WHERE c.gone = 0 GROUP BY u.variant_id
), figures AS (
  SELECT v.id, v.sku, v.title, COALESCE(s.free, 0) AS free, COALESCE(c.waits, 0) AS waits,
    CASE WHEN v.policy = 'escrow' AND c.exposed < {UNBOUNDED // 2} AND c.exposed > 0
      AND c.exposed > COALESCE(s.free, 0) THEN 1 ELSE 0 END AS is_over
  FROM variant v LEFT JOIN shelf s ON s.id = v.id LEFT JOIN cells c ON c.id = v.id
)
"""
_ONLY: Final = {"all": "1 = 1", "over": "is_over = 1", "waiting": "waits > 0", "soldout": "free <= 0"}


@dataclass(frozen=True)
class StockCounts:
    """How many SKUs there are, and how many of each kind that wants a look."""

    variants: int
    over: int
    waiting: int
    soldout: int


@dataclass(frozen=True)
class OrderCounts:
    """Open order lines: all, past their ship-by time, due before a moment; and by shop."""

    open: int
    late: int
    due: int
    by_shop: dict[str, int]


def stock_counts(tx: ReadTx) -> StockCounts:
    """Count SKUs."""
    row = tx.one(
        f"{_VARIANTS} SELECT COUNT(*), " + ", ".join(
            f"COALESCE(SUM(CASE WHEN {_ONLY[kind]} THEN 1 ELSE 0 END), 0)" for kind in SHOWN[1:]
        ) + " FROM figures"
    )  # fmt: skip
    assert row is not None  # noqa: S101 - a count always has a row
    return StockCounts(*(int(n) for n in row))


def variant_page(tx: ReadTx, shown: str, search: str, limit: int, offset: int) -> tuple[list[VariantId], int]:
    """Give one page of SKUs, over-exposed ones first, and how many there are in all."""
    where, params = _ONLY[shown], []
    if search:
        where += " AND (LOWER(sku) LIKE ? ESCAPE '!' OR LOWER(title) LIKE ? ESCAPE '!')"
        params = [_like(search)] * 2
    total = tx.one(f"{_VARIANTS} SELECT COUNT(*) FROM figures WHERE {where}", params)
    rows = tx.all(
        f"{_VARIANTS} SELECT id FROM figures WHERE {where} ORDER BY is_over DESC, sku "
        "LIMIT ? OFFSET ?",
        (*params, limit, offset),
    )
    return [VariantId(row[0]) for row in rows], int(total[0]) if total else 0


def order_counts(tx: ReadTx, now: datetime, due_before: datetime) -> OrderCounts:
    """Count open order lines."""
    rows = tx.all(
        "SELECT shop_id, COUNT(*), SUM(CASE WHEN ship_by < ? THEN 1 ELSE 0 END), "
        "SUM(CASE WHEN ship_by >= ? AND ship_by < ? THEN 1 ELSE 0 END) FROM order_line WHERE open = 1 GROUP BY shop_id",
        (to_ms(now), to_ms(now), to_ms(due_before)),
    )
    late, due = (sum(int(row[i] or 0) for row in rows) for i in (2, 3))
    return OrderCounts(sum(int(row[1]) for row in rows), late, due, {row[0]: int(row[1]) for row in rows})


def cell_counts(tx: ReadTx) -> dict[str, tuple[int, int]]:
    """Give for each shop how many linked numbers it has and how many of them wait for something."""
    rows = tx.all(
        "SELECT shop_id, COUNT(*), SUM(CASE WHEN waiting <> '' THEN 1 ELSE 0 END) FROM cell WHERE gone = 0 GROUP BY shop_id"
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


def skus_of_cells(tx: ReadTx, cells: Iterable[CellId]) -> dict[CellId, str]:
    """Name cells by the SKUs they sell."""
    wanted = sorted(set(cells))
    found: dict[CellId, list[str]] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        holes = ", ".join("?" * len(part))
        for cell, sku in tx.all(
            "SELECT u.cell_id, v.sku FROM cell_units u JOIN variant v ON v.id = u.variant_id "
            f"WHERE u.cell_id IN ({holes}) ORDER BY v.sku",
            part,
        ):
            found.setdefault(CellId(cell), []).append(sku)
    return {cell: " + ".join(skus) for cell, skus in found.items()}


def options_of(tx: ReadTx, variants: Sequence[VariantId]) -> dict[VariantId, str]:
    """Give the option words under which a variant is sold, as one of its shops writes them."""
    if not variants:
        return {}
    holes = ", ".join("?" * len(variants))
    rows = tx.all(
        "SELECT k.variant_id, o.options FROM link k JOIN offer o ON o.shop_id = k.shop_id AND o.key = k.offer_key "
        f"WHERE k.variant_id IN ({holes}) AND o.gone = 0 ORDER BY k.shop_id DESC, o.key DESC",
        variants,
    )
    return {VariantId(id_): " / ".join(value for _, value in msgspec.json.decode(text)) for id_, text in rows}


def listing_titles(tx: ReadTx, wanted: Iterable[tuple[ShopId, str]]) -> dict[tuple[ShopId, str], str]:
    """Give the titles of listings."""
    titles: dict[tuple[ShopId, str], str] = {}
    for shop, listing in set(wanted):
        row = tx.one("SELECT title FROM listing WHERE shop_id = ? AND remote_id = ?", (shop, listing))
        titles[shop, listing] = row[0] if row else listing
    return titles


def _like(text: str) -> str:
    escaped = text.lower().replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"
