"""Import listings, link offers to SKUs, choose policies."""

from __future__ import annotations

from datetime import datetime

from jangbu.app.bootstrap import House, open_door, view_of
from jangbu.app.operations.common import Facts
from jangbu.catalog import import_runs as runs
from jangbu.catalog import service as catalog
from jangbu.catalog.model import Imported, OfferRow
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.kernel.errors import InputError, JangbuError
from jangbu.orders import service as orders
from jangbu.publish import service as publish
from jangbu.publish.store import CellRow
from jangbu.sdk.adapter import CountsListings
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Priority
from jangbu.sdk.records import Listing
from jangbu.shops import service as shops
from jangbu.shops.model import Shop

CHUNK = 25  # listings kept at a time: the first are usable while the rest are read


async def catalog_import(house: House, *, name: str = "") -> list[Facts]:
    """Read all listings of a shop (or of every shop) and keep them; usable from the first hundred on.

    Repeat: the same listings change nothing. Errors: those of reading; what was read before stays.
    """
    wanted = await house.db.read(lambda tx: [shops.named(tx, name)] if name else shops.all_shops(tx))
    return [await _import_one(house, shop) for shop in wanted]


async def _import_one(house: House, shop: Shop) -> Facts:
    begun, door = house.clock.now(), open_door(house, shop)
    adapter = door.adapter(Order(Priority.CATALOGUE, "import"))
    taken = Imported()
    chunk: list[Listing] = []

    async def keep() -> None:
        nonlocal taken
        part, so_far = list(chunk), taken
        chunk.clear()
        taken = await house.db.write(lambda tx: _keep(tx, shop, part, so_far, house.clock.now()))

    try:
        expected = await adapter.count_listings() if isinstance(adapter, CountsListings) else 0
        await house.db.write(lambda tx: runs.begun(tx, shop.id, begun, expected))
        async for listing in adapter.listings():
            chunk.append(listing)
            if len(chunk) >= CHUNK:
                await keep()
        await keep()
    except JangbuError as error:
        code = error.code
        await house.db.write(lambda tx: runs.ended(tx, shop.id, house.clock.now(), code))
        raise
    finally:
        await door.close()
    gone = await house.db.write(lambda tx: _end(tx, shop, begun, taken, house.clock.now()))
    return {"shop": shop.name, "listings": taken.listings, "offers": taken.offers, "gone": gone}


def _keep(tx: WriteTx, shop: Shop, part: list[Listing], so_far: Imported, now: datetime) -> Imported:
    done = catalog.take_listings(tx, shop.id, part, now)
    taken = Imported(listings=so_far.listings + done.listings, offers=so_far.offers + done.offers)
    runs.went(tx, shop.id, taken.listings, taken.offers)
    return taken


def _end(tx: WriteTx, shop: Shop, begun: datetime, taken: Imported, now: datetime) -> int:
    gone = catalog.finish_import(tx, shop.id, begun)
    runs.ended(tx, shop.id, now)
    note(tx, now, "catalog.imported", shop_id=shop.id, listings=taken.listings, offers=taken.offers)
    return gone


async def catalog_link_by_sku(house: House, *, actor: str, policy: str = "escrow") -> Facts:
    """Link every offer whose code is certain; lines that waited for it move their stock now."""
    _check_policy(policy)
    now = house.clock.now()
    views = views_of(house)

    def link(tx: WriteTx) -> Facts:
        done, linked = catalog.link_by_code(tx, now, actor=actor, policy=policy)
        new_cells = publish.sync_cells(tx)
        late = sum(orders.link_late(tx, view) for view in views)
        if linked:
            note(tx, now, "catalog.linked", actor=actor, offers=len(linked))
        return {
            "linked": done.linked, "without_code": done.without_code, "doubtful": done.doubtful, "cells": new_cells,
            "late_lines": late,
        }  # fmt: skip

    return await house.db.write(link)


async def catalog_link_by_hand(
    house: House, *, name: str, offer: str, sku: str, actor: str, units: int = 1, add: bool = False, new: bool = False
) -> Facts:
    """Link one offer to a SKU by hand; `add` keeps its other links (a kit), `new` makes the SKU if it is not there.

    Errors: NotFound for an unknown SKU unless it is meant to be new, and for an unknown offer.
    """
    now, views = house.clock.now(), views_of(house)

    def link(tx: WriteTx) -> Facts:
        shop = shops.named(tx, name)
        if not new:
            catalog.variant_of(tx, sku)
        row = catalog.link_by_hand(tx, shop.id, offer, sku, now, units=units, actor=actor, add=add)
        publish.sync_cells(tx)
        for view in views:
            orders.link_late(tx, view)
            if add and view.id == shop.id:
                orders.link_more(tx, view, offer)
        note(tx, now, "catalog.linked_by_hand", shop_id=shop.id, actor=actor, offer=offer, sku=sku, units=units)
        return _offer_facts(tx, row)

    return await house.db.write(link)


async def catalog_unlink(house: House, *, name: str, offer: str, actor: str, sku: str = "") -> Facts:
    """Take an offer's link to a SKU away, or all of them: Jangbu writes that number no more and leaves it as it is.

    What open orders hold stays held. Errors: NotFound; IllegalTransition while a write there is under way.
    """
    now = house.clock.now()

    def unlink(tx: WriteTx) -> Facts:
        shop = shops.named(tx, name)
        row = catalog.unlink(tx, shop.id, offer, sku)
        publish.unlinked(tx, shop.id, row.cell_key)
        note(tx, now, "catalog.unlinked", shop_id=shop.id, actor=actor, offer=offer, title=row.title)
        return _offer_facts(tx, catalog.offers(tx, shop.id, key=offer)[0])

    return await house.db.write(unlink)


async def catalog_offers(house: House, *, name: str = "", unlinked: bool = False) -> list[Facts]:
    """List offers with their links.

    Shape: `quantity` is what stands there by our books where `tracked`, else what the last import read.
    """

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name).id if name else None
        rows = catalog.offers(tx, shop)
        known = {(cell.shop_id, cell.key): cell for cell in publish.cells_of_shop(tx, shop) if cell.read_at > 0}
        return [
            _offer_facts(tx, row) | _now(row, known.get((row.shop_id, row.cell_key)))
            for row in rows
            if not (unlinked and row.links)
        ]

    return await house.db.read(read)


async def set_policy(house: House, *, sku: str, policy: str, actor: str) -> Facts:
    """Choose how a SKU's stock is divided: mirror or escrow."""
    _check_policy(policy)
    now = house.clock.now()

    def write(tx: WriteTx) -> None:
        variant = catalog.variant_of(tx, sku)
        catalog.set_policy(tx, variant.id, policy)
        inventory.mark_dirty(tx, [variant.id])
        note(tx, now, "policy.set", actor=actor, sku=sku, policy=policy)

    await house.db.write(write)
    return {"sku": sku, "policy": policy}


def _check_policy(policy: str) -> None:
    if policy not in {"mirror", "escrow"}:
        raise InputError(f"no policy {policy}", code="input.policy", policy=policy, known="escrow, mirror")


def _offer_facts(tx: ReadTx, row: OfferRow) -> Facts:
    names = {v.id: v.sku for v in catalog.variants(tx, list(row.links))} if row.links else {}
    return {
        "shop": row.shop_id, "offer": row.key, "listing": row.listing_id, "title": row.title,
        "options": " / ".join(f"{name}: {value}" for name, value in row.options), "code": row.sku,
        "quantity": row.quantity, "state": row.listing_state, "price": row.price.amount, "currency": row.price.currency,
        "links": {names[variant]: units for variant, units in row.links.items()},
    }  # fmt: skip


def _now(row: OfferRow, cell: CellRow | None) -> Facts:
    if cell is None:
        return {"tracked": False}
    return {
        "tracked": True, "quantity": cell.book.number, "imported_quantity": row.quantity,
    }  # fmt: skip


def views_of(house: House) -> list[orders.ShopView]:
    """Give what taking in orders needs to know of every shop."""
    return [view_of(house, shop) for shop in house.db.read_now(shops.all_shops)]
