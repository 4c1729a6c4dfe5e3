"""Use cases of the catalogue: take in listings, link offers to SKUs by code or by hand. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jangbu.catalog import photos, store
from jangbu.catalog.model import Imported, OfferRow, Variant, checked_sku, checked_units, matches
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import NotFound
from jangbu.kernel.ids import ShopId, VariantId, new_id
from jangbu.sdk.records import Listing

offers = store.offers
variants = store.variants
offer_for_line = store.offer_for_line
links_of = store.links_of
listing_ref = store.listing_ref
set_policy = store.set_policy
units_by_cell = store.units_by_cell


def take_listings(tx: WriteTx, shop: ShopId, listings: Sequence[Listing], at: datetime) -> Imported:
    """Take in listings as read. Repeat: the same listings change nothing but the time of reading."""
    count = sum(store.put_listing(tx, shop, listing, at) for listing in listings)
    for listing in listings:
        photos.note_pictures(tx, shop, listing, at)
    return Imported(listings=len(listings), offers=count)


def finish_import(tx: WriteTx, shop: ShopId, begun_at: datetime) -> int:
    """Mark what a whole walk did not meet as gone; tell how many listings."""
    return store.mark_gone(tx, shop, begun_at)


def link_by_code(tx: WriteTx, at: datetime, *, actor: str, policy: str = "escrow") -> tuple[Imported, list[OfferRow]]:
    """Link every unlinked offer whose code is certain, making variants for codes not known yet.

    Shape: what was done, and the offers newly linked. A code standing on two cells of one shop links nothing, nor
    does one whose SKU the shop sells already under another number.
    """
    store.lock(tx)
    rows = offers(tx)
    sure, doubtful = matches(rows)
    linked: list[OfferRow] = []
    for sku, group in sorted(sure.items()):
        variant = store.variant_by_sku(tx, sku) or add_variant(tx, sku, group[0].title, at, policy)
        sold = {(row.shop_id, row.cell_key) for row in rows if variant.id in row.links}
        for offer in group:
            if any(shop == offer.shop_id and cell != offer.cell_key for shop, cell in sold):
                doubtful.append(offer)
                continue
            store.put_link(tx, offer.shop_id, offer.key, variant.id, 1, actor, at)
            linked.append(offer)
    without = sum(1 for row in rows if not row.sku.strip() and not row.links)
    return Imported(linked=len(linked), without_code=without, doubtful=len(doubtful)), linked


def link_by_hand(
    tx: WriteTx, shop: ShopId, offer_key: str, sku: str, at: datetime, *, units: int = 1, actor: str, add: bool = False
) -> OfferRow:
    """Link one offer to a SKU, `units` of it per sale; `add` keeps other links (a kit), else they are replaced.

    Errors: InputError for a bad SKU or units; NotFound for an unknown offer.
    """
    sku, units = checked_sku(sku), checked_units(units)
    store.lock(tx)
    found = offers(tx, shop, key=offer_key)
    if not found:
        raise NotFound(f"no offer {offer_key}", code="offer_unknown", offer=offer_key)
    variant = store.variant_by_sku(tx, sku) or add_variant(tx, sku, found[0].title, at)
    if not add:
        store.drop_links(tx, shop, offer_key)
    store.put_link(tx, shop, offer_key, variant.id, units, actor, at)
    return offers(tx, shop, key=offer_key)[0]


def unlink(tx: WriteTx, shop: ShopId, offer_key: str, sku: str = "") -> OfferRow:
    """Take an offer's link to a SKU away, or all its links.

    Errors: NotFound for an unknown offer, or one without such a link.
    """
    found = offers(tx, shop, key=offer_key)
    if not found:
        raise NotFound(f"no offer {offer_key}", code="offer_unknown", offer=offer_key)
    gone = [variant_of(tx, sku).id] if sku else list(found[0].links)
    if not gone or not all(store.drop_link(tx, shop, offer_key, variant) for variant in gone):
        raise NotFound("no such link", code="link_unknown", offer=offer_key)
    return found[0]


def variant_of(tx: ReadTx, sku: str) -> Variant:
    """Give the variant of a SKU. Errors: InputError for a bad one, NotFound for an unknown one."""
    sku = checked_sku(sku)
    variant = store.variant_by_sku(tx, sku)
    if variant is None:
        raise NotFound(f"no SKU {sku}", code="sku_unknown", sku=sku)
    return variant


def add_variant(tx: WriteTx, sku: str, title: str, at: datetime, policy: str = "escrow") -> Variant:
    """Make a SKU nobody had. Errors: InputError for a bad one."""
    variant = Variant(VariantId(new_id("var")), checked_sku(sku), title, policy)
    store.add_variant(tx, variant, at)
    return variant
