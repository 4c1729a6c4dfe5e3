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


@dataclass(frozen=True)
class Leave:
    """What may be written where, as the owners said. Read once, for however many components are looked at."""

    shops: Mapping[ShopId, Shop]
    stopped: bool
    scopes: Mapping[ShopId, str]
    chosen: Mapping[ShopId, frozenset[VariantId]]  # of shops where only some SKUs may be written

    def allows(self, shop: Shop, sold: frozenset[VariantId]) -> bool:
        """Tell whether a number that sells these variants may be written now."""
        return shop.writes and not self.stopped and sold <= self.chosen.get(shop.id, sold)


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
    ours: bool = True  # the stock lies with us, not with the marketplace


@dataclass(frozen=True)
class Component:
    """Variants, groups and the rows they came from."""

    variants: tuple[Variant, ...]
    groups: tuple[Group, ...]
    info: Mapping[tuple[ShopId, str], GroupInfo]

    def cells(self) -> Iterable[CellRow]:
        return (cell for info in self.info.values() for cell in info.cells.values())


def leave(tx: ReadTx) -> Leave:
    """Read what may be written where."""
    scopes = store.scope_kinds(tx)
    return Leave(
        {shop.id: shop for shop in shops.all_shops(tx)},
        shops.stopped_since(tx) is not None,
        scopes,
        {shop: store.scope_variants(tx, shop) for shop, kind in scopes.items() if kind == Scope.SKUS},
    )


def load(
    tx: ReadTx,
    manifests: Mapping[str, Manifest],
    start: Iterable[CellRow],
    now_ms: int,
    *,
    as_if_started: bool = False,
    given: Leave | None = None,
) -> Component:
    """Load everything joined with these cells: by a shared variant, or by standing on the same listing.

    `as_if_started` shows what would be done if every shop were started and nothing stopped. `given`: what may be
    written, where the caller has read it already.
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
    given = given or leave(tx)
    return _component(tx, manifests, given, rows, units, sorted(seen_variants), now_ms, as_if_started=as_if_started)


def _component(
    tx: ReadTx,
    manifests: Mapping[str, Manifest],
    given: Leave,
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
    groups: list[Group] = []
    info: dict[tuple[ShopId, str], GroupInfo] = {}
    for (shop_id, listing), cells in sorted(by_listing.items()):
        found = catalog.listing_ref(tx, shop_id, listing)
        if found is None:
            continue
        write_kind, title, state, owned = found
        shop = given.shops[shop_id]
        manifest = manifests[shop.channel]
        kind = manifest.write_kinds[write_kind]
        sold = frozenset(variant for cell in cells for variant in units[cell.id])
        counted = sold <= booked
        may_write = counted and (as_if_started or given.allows(shop, sold))
        lowering = given.scopes.get(shop_id) == Scope.LOWERING and not as_if_started
        views = [_cell(row, shop, manifest, units[row.id], lowering=lowering) for row in cells]
        groups.append(_group(tx, shop, manifest, listing, kind, state, views, bool(owned) and may_write, now_ms))
        info[shop_id, listing] = GroupInfo(
            ListingRef(listing, write_kind), kind, title, {cell.id: cell for cell in cells}, counted, bool(owned)
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
    most = min(manifest.number_max, row.book.number) if lowering else manifest.number_max
    return Cell(row.id, row.key, row.book, units, shop.share, most)


def _fee_left(tx: ReadTx, shop: Shop, now_ms: int) -> int:
    allowed = int(shop.options.get(FEE_CAP, "0"))
    if allowed <= 0:
        return 0
    return allowed - store.reopenings_since(tx, shop.id, now_ms - MONTH_MS)
