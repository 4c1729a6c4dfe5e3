"""Listings in few words."""

from __future__ import annotations

from collections.abc import Sequence

from tests.shops.samples import NOW, OWNER, later

from jangbu.catalog import service as catalog
from jangbu.catalog.model import Imported, OfferRow
from jangbu.infra.db import Database, ReadTx
from jangbu.kernel.ids import ShopId
from jangbu.kernel.money import Money
from jangbu.sdk.records import Listing, ListingRef, ListingState, Offer


def offer(key: str, sku: str = "", *, cell: str = "", quantity: int = 5, price: int = 900) -> Offer:
    options = (("Colour", key),)
    return Offer(key, cell or key, sku, options, Money(price, "USD"), quantity, enabled=True)


def listing(id_: str, *offers: Offer, kind: str = "rows", state: ListingState = ListingState.ON_SALE) -> Listing:
    return Listing(ListingRef(id_, kind), f"Listing {id_}", state, f"raw {state.value}", offers)


def take(database: Database, shop: ShopId, *listings: Listing, at: float = 0) -> Imported:
    return database.write_now(lambda tx: catalog.take_listings(tx, shop, listings, later(at)))


def link(database: Database) -> tuple[Imported, list[OfferRow]]:
    return database.write_now(lambda tx: catalog.link_by_code(tx, NOW, actor=OWNER))


def by_hand(database: Database, shop: ShopId, key: str, sku: str, units: int = 1, *, add: bool = False) -> OfferRow:
    return database.write_now(
        lambda tx: catalog.link_by_hand(tx, shop, key, sku, NOW, units=units, actor=OWNER, add=add)
    )


def linked(database: Database) -> dict[str, dict[str, int]]:
    """Give, by offer key, what one sale takes of each SKU."""

    def read(tx: ReadTx) -> dict[str, dict[str, int]]:
        names = {variant.id: variant.sku for variant in catalog.variants(tx)}
        return {row.key: {names[v]: n for v, n in row.links.items()} for row in catalog.offers(tx)}

    return database.read_now(read)


def keys(rows: Sequence[OfferRow]) -> list[str]:
    return [row.key for row in rows]
