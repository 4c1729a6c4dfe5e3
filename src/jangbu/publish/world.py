"""Loads what the planner needs to see: the component of cells and variants joined with some cells. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from jangbu.catalog import service as catalog
from jangbu.infra.db import ReadTx
from jangbu.inventory import service as inventory
from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish import store
from jangbu.publish.model.plan import Cell, Group, Variant
from jangbu.publish.model.target import Policy
from jangbu.publish.store import CellRow
from jangbu.sdk.manifest import Manifest, WriteKind
from jangbu.sdk.records import ListingRef, ListingState
from jangbu.shops import service as shops
from jangbu.shops.model import Shop

RETURN_FREE = "return_free"  # shop option: the seller confirmed that putting back on sale costs nothing
FEE_CAP = "fee_cap_monthly"  # shop option: paid renewals allowed a month
MONTH_MS = 30 * 24 * 3600 * 1000


class Scope(StrEnum):
    """How much of a started shop its owner lets us write."""

    ALL = "all"
    LOWERING = "lowering"  # numbers go down and off sale, and back up to no more than stood there
    SKUS = "skus"  # only listings whose every SKU was chosen


@dataclass(frozen=True)
class GroupInfo:
    """What sending to a listing needs beyond the planner's view."""

    ref: ListingRef
    kind: WriteKind
    title: str
    cells: Mapping[CellId, CellRow]
    counted: bool = True  # a person booked the shelf of everything it sells


@dataclass(frozen=True)
class Component:
    """Variants, groups and the rows they came from."""

    variants: tuple[Variant, ...]
    groups: tuple[Group, ...]
    info: Mapping[tuple[ShopId, str], GroupInfo]

    def cells(self) -> Iterable[CellRow]:
        return (cell for info in self.info.values() for cell in info.cells.values())


def load(
    tx: ReadTx, manifests: Mapping[str, Manifest], start: Iterable[CellRow], now_ms: int, *, as_if_started: bool = False
) -> Component:
    """Load everything joined with these cells: by a shared variant, or by standing on the same listing.

    `as_if_started` shows what would be done if every shop were started and nothing stopped.
    """
    rows = {row.id: row for row in start}
    seen_listings: set[tuple[ShopId, str]] = set()
    seen_variants: set[VariantId] = set()
    while True:
        listings = {(row.shop_id, row.listing_id) for row in rows.values()} - seen_listings
        for shop, listing in sorted(listings):
            rows |= {row.id: row for row in store.cells_of_listing(tx, shop, listing)}
        seen_listings |= listings
        units = store.units_of(tx, list(rows))
        variants = {v for taken in units.values() for v in taken} - seen_variants
        if not variants and not listings:
            break
        seen_variants |= variants
        rows |= {row.id: row for row in store.cells_of_variants(tx, sorted(variants))}
    return _component(tx, manifests, rows, units, sorted(seen_variants), now_ms, as_if_started=as_if_started)


def _component(
    tx: ReadTx,
    manifests: Mapping[str, Manifest],
    rows: Mapping[CellId, CellRow],
    units: Mapping[CellId, Mapping[VariantId, int]],
    variant_ids: list[VariantId],
    now_ms: int,
    *,
    as_if_started: bool,
) -> Component:
    stocks, booked = inventory.stocks(tx, variant_ids), inventory.counted(tx, variant_ids)
    variants = tuple(Variant(v.id, stocks[v.id].available, Policy(v.policy)) for v in catalog.variants(tx, variant_ids))
    by_listing: dict[tuple[ShopId, str], list[CellRow]] = {}
    for row in rows.values():
        if units.get(row.id):
            by_listing.setdefault((row.shop_id, row.listing_id), []).append(row)
    stopped = shops.stopped_since(tx) is not None
    by_shop = {shop.id: shop for shop in shops.all_shops(tx)}
    kinds = store.scope_kinds(tx)
    chosen = {shop: store.scope_variants(tx, shop) for shop, kind in kinds.items() if kind == Scope.SKUS}
    groups: list[Group] = []
    info: dict[tuple[ShopId, str], GroupInfo] = {}
    for (shop_id, listing), cells in sorted(by_listing.items()):
        found = catalog.listing_ref(tx, shop_id, listing)
        if found is None:
            continue
        write_kind, title, state, owned = found
        shop, manifest = by_shop[shop_id], manifests[by_shop[shop_id].channel]
        kind = manifest.write_kinds[write_kind]
        sold = {variant for cell in cells for variant in units[cell.id]}
        counted = sold <= booked
        allowed = shop.writes and not stopped and sold <= chosen.get(shop_id, sold)
        may_write = counted and (as_if_started or allowed)
        lowering = kinds.get(shop_id) == Scope.LOWERING and not as_if_started
        views = [_cell(row, shop, manifest, units[row.id], lowering=lowering) for row in cells]
        groups.append(_group(tx, shop, manifest, listing, kind, state, views, bool(owned) and may_write, now_ms))
        info[shop_id, listing] = GroupInfo(
            ListingRef(listing, write_kind), kind, title, {cell.id: cell for cell in cells}, counted
        )
    return Component(variants, tuple(groups), info)


def _group(
    tx: ReadTx,
    shop: Shop,
    manifest: Manifest,
    listing: str,
    kind: WriteKind,
    state: str,
    cells: Iterable[Cell],
    may_write: bool,
    now_ms: int,
) -> Group:
    sale = store.sale(tx, shop.id, listing)
    known = ListingState(sale.state if sale else state)
    sold_out = known is ListingState.SOLD_OUT and manifest.return_fee
    return Group(
        listing,
        shop.id,
        tuple(sorted(cells, key=lambda cell: cell.key)),
        state=known,
        carries_all=kind.carries_all,
        can_zero=kind.can_zero,
        switchable=manifest.switches_sale,
        returns=not manifest.return_fee or shop.options.get(RETURN_FREE) == "yes",
        parked_by_us=bool(sale and sale.parked_by_us),
        needs_reopening=sold_out,
        reopens=sold_out and _fee_left(tx, shop, now_ms) > 0,
        writable=may_write and known not in {ListingState.DRAFT, ListingState.EXPIRED},
        dark=bool(shop.trouble),
    )


def _cell(row: CellRow, shop: Shop, manifest: Manifest, units: Mapping[VariantId, int], *, lowering: bool) -> Cell:
    """Show a cell to the planner; where only lowering is allowed, it may show no more than stands there."""
    stands = max(row.book.stands if row.book.on_sale else row.book.parked, 0)
    most = min(manifest.number_max, stands) if lowering else manifest.number_max
    return Cell(row.id, row.key, row.book, units, shop.share, most)


def _fee_left(tx: ReadTx, shop: Shop, now_ms: int) -> int:
    allowed = int(shop.options.get(FEE_CAP, "0"))
    if allowed <= 0:
        return 0
    return allowed - store.reopenings_since(tx, shop.id, now_ms - MONTH_MS)
