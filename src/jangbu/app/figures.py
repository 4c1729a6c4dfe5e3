"""Read model across rooms: counts, names, which SKUs come first. Only reads; the rooms own tables and numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from jangbu.catalog.model import Variant
from jangbu.infra.db import ReadTx
from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish.model.book import UNBOUNDED

SHOWN: Final = ("all", "oversold", "over", "uncounted", "waiting", "low", "soldout")
LOW: Final = 2
"""So few pieces are nearly none: one sale at each of two shops and nothing is left."""

# For each variant: what is free, what its cells may still sell, how many of them wait for something.
_VARIANTS: Final = f"""
WITH shelf AS (
  SELECT b.variant_id AS id, SUM(CASE b.account WHEN 'available' THEN b.quantity WHEN 'reserved' THEN -b.quantity
    ELSE 0 END) AS free
  FROM balance b JOIN location l ON l.id = b.location_id WHERE l.ships = 1 GROUP BY b.variant_id
), cells AS (
  SELECT u.variant_id AS id, SUM(u.units * (c.unread + c.stands)) AS exposed,
    SUM(CASE WHEN c.waiting <> '' THEN 1 ELSE 0 END) AS waits, COUNT(*) AS numbers
  FROM cell_units u JOIN cell c ON c.id = u.cell_id WHERE c.gone = 0 GROUP BY u.variant_id
)
SELECT v.id, v.sku, v.title, CASE WHEN v.policy = 'escrow' AND c.exposed < {UNBOUNDED // 2} AND c.exposed > 0
    AND c.exposed > COALESCE(s.free, 0) THEN 1 ELSE 0 END, COALESCE(c.waits, 0), COALESCE(s.free, 0),
  CASE WHEN k.variant_id IS NULL THEN 0 ELSE 1 END, COALESCE(c.numbers, 0)
FROM variant v LEFT JOIN shelf s ON s.id = v.id LEFT JOIN cells c ON c.id = v.id
LEFT JOIN counted_variant k ON k.variant_id = v.id
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """Enough of a SKU to count it and to find its place."""

    id: VariantId
    sku: str
    title: str
    free: int
    oversold: bool
    over: bool  # more could be sold than there is
    uncounted: bool  # some shop sells it, and nobody said what lies on the shelf
    waiting: bool
    low: bool
    soldout: bool

    def fits(self, shown: str, search: str) -> bool:
        """Tell whether it is asked for; `search` is in lower case."""
        if search and search not in self.sku.lower() and search not in self.title.lower():
            return False
        return shown == "all" or bool(getattr(self, shown))


@dataclass(frozen=True)
class StockCounts:
    """How many SKUs there are, and how many of each kind that wants a look."""

    all: int
    oversold: int
    over: int
    uncounted: int
    waiting: int
    low: int
    soldout: int


@dataclass(frozen=True)
class OrderCounts:
    """Open orders by shop, and open lines of goods that are linked to no SKU: they take no stock."""

    by_shop: dict[str, int]
    unlinked_lines: int


def stock_figures(tx: ReadTx) -> list[Figure]:
    """Give every SKU: oversold ones first, then over-exposed ones, then by SKU."""
    found = [
        Figure(
            VariantId(id_), sku, title, free, oversold=free < 0, over=bool(over) or free < 0,
            uncounted=numbers > 0 and not counted, waiting=waits > 0, low=0 < free <= LOW and numbers > 0,
            soldout=free <= 0 and bool(counted),
        )
        for id_, sku, title, over, waits, free, counted, numbers in tx.all(_VARIANTS)
    ]  # fmt: skip
    return sorted(found, key=lambda figure: (not figure.oversold, not figure.over, figure.sku))


def stock_counts(found: Sequence[Figure]) -> StockCounts:
    """Count SKUs."""
    return StockCounts(len(found), *(sum(getattr(figure, kind) for figure in found) for kind in SHOWN[1:]))


def order_counts(tx: ReadTx) -> OrderCounts:
    """Count what is open."""
    rows = tx.all(
        "SELECT shop_id, COUNT(DISTINCT order_id), SUM(CASE WHEN linked = 0 THEN 1 ELSE 0 END) FROM order_line "
        "WHERE open = 1 GROUP BY shop_id"
    )
    return OrderCounts({row[0]: int(row[1]) for row in rows}, sum(int(row[2] or 0) for row in rows))


def cell_counts(tx: ReadTx) -> dict[str, tuple[int, int]]:
    """Give for each shop how many linked numbers it has and how many of them wait for something."""
    rows = tx.all(
        "SELECT shop_id, COUNT(*), SUM(CASE WHEN waiting <> '' THEN 1 ELSE 0 END) FROM cell "
        "WHERE gone = 0 GROUP BY shop_id"
    )
    return {row[0]: (int(row[1]), int(row[2])) for row in rows}


@dataclass(frozen=True, slots=True)
class OfferCounts:
    """How many things shops offer, and how many of them are linked to no SKU."""

    offers: int
    unlinked: int


def offer_counts(tx: ReadTx, shop: ShopId | None = None) -> OfferCounts:
    """Count what is offered (by a shop)."""
    where, params = ("AND o.shop_id = ?", [shop]) if shop else ("", [])
    row = tx.one(
        "SELECT COUNT(*), SUM(CASE WHEN EXISTS (SELECT 1 FROM link k WHERE k.shop_id = o.shop_id "
        f"AND k.offer_key = o.key) THEN 0 ELSE 1 END) FROM offer o WHERE o.gone = 0 {where}",
        params,
    )
    return OfferCounts(int(row[0]), int(row[1] or 0)) if row else OfferCounts(0, 0)


_UNCOUNTED: Final = (
    "FROM variant v WHERE NOT EXISTS (SELECT 1 FROM counted_variant k WHERE k.variant_id = v.id) AND EXISTS "
    "(SELECT 1 FROM cell_units u JOIN cell c ON c.id = u.cell_id WHERE u.variant_id = v.id AND c.gone = 0)"
)


def uncounted_count(tx: ReadTx) -> int:
    """Count the SKUs that some shop sells and nobody ever counted."""
    row = tx.one(f"SELECT COUNT(*) {_UNCOUNTED}")
    return int(row[0]) if row else 0


def uncounted(tx: ReadTx, search: str = "") -> list[Variant]:
    """Give the SKUs that some shop sells and nobody ever counted, those that fit a search, by SKU."""
    text = search.strip().lower()
    rows = tx.all(f"SELECT v.id, v.sku, v.title, v.policy {_UNCOUNTED} ORDER BY v.sku")
    found = (Variant(VariantId(id_), sku, title, policy) for id_, sku, title, policy in rows)
    return [each for each in found if text in each.sku.lower() or text in each.title.lower()]


def titles_of_orders(tx: ReadTx, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Name orders (shop, number) by what was bought, as its shop words it; nothing of the buyer's."""
    asked = sorted(set(wanted))
    if not asked:
        return {}
    holes = " OR ".join(["(shop_id = ? AND order_id = ?)"] * len(asked))
    found: dict[tuple[str, str], list[str]] = {}
    sql = f"SELECT shop_id, order_id, title FROM order_line WHERE {holes} ORDER BY remote_id"
    for shop, order, title in tx.all(sql, [part for each in asked for part in each]):
        found.setdefault((shop, order), []).append(title)
    return {key: ", ".join(dict.fromkeys(titles)) for key, titles in found.items()}


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
    asked = sorted(set(wanted))
    titles = {key: key[1] for key in asked}
    for start in range(0, len(asked), 100):
        part = asked[start : start + 100]
        holes = " OR ".join(["(shop_id = ? AND remote_id = ?)"] * len(part))
        rows = tx.all(f"SELECT shop_id, remote_id, title FROM listing WHERE {holes}", [x for key in part for x in key])
        titles |= {(ShopId(shop), listing): title for shop, listing, title in rows}
    return titles
