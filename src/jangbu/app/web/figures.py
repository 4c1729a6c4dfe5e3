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
)
SELECT v.id, v.sku, v.title, CASE WHEN v.policy = 'escrow' AND c.exposed < {UNBOUNDED // 2} AND c.exposed > 0
    AND c.exposed > COALESCE(s.free, 0) THEN 1 ELSE 0 END, COALESCE(c.waits, 0), COALESCE(s.free, 0)
FROM variant v LEFT JOIN shelf s ON s.id = v.id LEFT JOIN cells c ON c.id = v.id
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """Enough of a SKU to count it and to find its place."""

    id: VariantId
    sku: str
    title: str
    over: bool  # more could be sold than there is, or was
    waiting: bool
    soldout: bool
    oversold: bool

    def fits(self, shown: str, search: str) -> bool:
        """Tell whether it is asked for; `search` is in lower case."""
        if search and search not in self.sku.lower() and search not in self.title.lower():
            return False
        return shown == "all" or bool(getattr(self, shown))


@dataclass(frozen=True)
class StockCounts:
    """How many SKUs there are, and how many of each kind that wants a look."""

    variants: int
    over: int
    waiting: int
    soldout: int
    oversold: int


@dataclass(frozen=True)
class OrderCounts:
    """Open order lines: all, past their ship-by time, due before a moment; and by shop."""

    open: int
    late: int
    due: int
    by_shop: dict[str, int]


def stock_figures(tx: ReadTx) -> list[Figure]:
    """Give every SKU: oversold ones first, then over-exposed ones, then by SKU."""
    found = [
        Figure(VariantId(i), sku, title, bool(over) or free < 0, waits > 0, free <= 0, free < 0)
        for i, sku, title, over, waits, free in tx.all(_VARIANTS)
    ]
    return sorted(found, key=lambda figure: (not figure.oversold, not figure.over, figure.sku))


def stock_counts(found: Sequence[Figure]) -> StockCounts:
    """Count SKUs."""
    kinds = (*SHOWN[1:], "oversold")
    return StockCounts(len(found), *(sum(getattr(figure, kind) for figure in found) for kind in kinds))


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
        "SELECT shop_id, COUNT(*), SUM(CASE WHEN waiting <> '' THEN 1 ELSE 0 END) FROM cell "
        "WHERE gone = 0 GROUP BY shop_id"
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
