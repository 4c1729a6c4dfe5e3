"""Shop, listings and numbers: wire to records, and wanted numbers to the body of an inventory write. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from jangbu.channels.etsy import wire
from jangbu.channels.etsy.mapping.keys import cell_key, money, offer_key, texts
from jangbu.kernel.errors import Rejected
from jangbu.sdk.records import Listing, ListingRef, ListingState, NumbersRead, Offer, ShopProfile, StockWrite

WRITE_KIND: Final = "listing"
NUMBER_MAX: Final = 999  # per offering

_THREE: Final = 3  # properties: a write of such a listing must say that it knows of the third

_DRIVEN_BY: Final = (
    "price_on_property",
    "quantity_on_property",
    "sku_on_property",
    "readiness_state_on_property",
)

_STATES: Final = {
    "active": ListingState.ON_SALE,
    "inactive": ListingState.OFF_SALE,
    "edit": ListingState.OFF_SALE,  # Etsy's inner word for inactive
    "sold_out": ListingState.SOLD_OUT,
    "draft": ListingState.DRAFT,
    "expired": ListingState.EXPIRED,
}


def shop_profile(shop: wire.Shop) -> ShopProfile:
    """Read a shop's profile."""
    told = {
        "title": shop.title,
        "announcement": shop.announcement,
        "active_listings": shop.listing_active_count,
        "ship_from_country": shop.shipping_from_country_iso,
        "review_average": shop.review_average,
    }
    return ShopProfile(
        remote_id=str(shop.shop_id),
        name=shop.shop_name or "",
        currency=shop.currency_code or "",
        url=shop.url or "",
        on_vacation=bool(shop.is_vacation),
        extra={name: str(value) for name, value in told.items() if value is not None},
    )


def listing_state(word: str | None) -> ListingState:
    """Read a listing's state; a word we do not know is UNKNOWN."""
    return _STATES.get((word or "").strip().lower(), ListingState.UNKNOWN)


def ref(listing_id: int) -> ListingRef:
    """Name a listing."""
    return ListingRef(str(listing_id), WRITE_KIND)


def listing(row: wire.Listing) -> Listing:
    """Read a listing with its offers; one without an inventory record has none, which is not zero stock."""
    state = listing_state(row.state)
    return Listing(
        ref=ref(row.listing_id),
        title=row.title or "",
        state=state,
        raw_state=row.state or "",
        offers=_offers(row.listing_id, row.inventory, state),
        url=row.url or "",
        pictures=_pictures(row),
    )


def _pictures(row: wire.Listing) -> tuple[str, ...]:
    ranked = sorted(row.images or [], key=lambda image: image.rank or 0)
    return tuple(url for image in ranked if (url := image.url_570xN or image.url_fullxfull))


def numbers_read(row: wire.Listing, remote_at: datetime) -> NumbersRead:
    """Read a listing's numbers, with the inventory kept for the next write."""
    state = listing_state(row.state)
    return NumbersRead(
        ref=ref(row.listing_id),
        state=state,
        numbers=_numbers(row.listing_id, row.inventory, state),
        remote_at=remote_at,
        document=row.inventory,
    )


def written(write: StockWrite, answer: wire.Inventory, remote_at: datetime) -> NumbersRead:
    """Read the echo of an inventory write; it tells no listing state, so that is the one read before."""
    listing_id = int(write.ref.remote_id)
    state = write.basis.state if write.basis else ListingState.UNKNOWN
    numbers = _numbers(listing_id, answer, ListingState.UNKNOWN)
    return NumbersRead(write.ref, state, numbers, remote_at, document=answer)


def switched(row: wire.Listing, remote_at: datetime) -> NumbersRead | None:
    """Read the echo of a state change; only a listing without variations shows its number there."""
    if row.has_variations is not False or row.quantity is None:
        return None
    number = {str(row.listing_id): row.quantity}
    return NumbersRead(ref(row.listing_id), listing_state(row.state), number, remote_at)


def took(row: wire.Listing, *, on_sale: bool) -> bool:
    """Tell whether a state change's echo shows what was asked for; a sold-out listing is off sale too."""
    state = listing_state(row.state)
    if on_sale:
        return state is ListingState.ON_SALE
    return state not in {ListingState.ON_SALE, ListingState.UNKNOWN}


def put_query(write: StockWrite) -> dict[str, str | int | list[str]]:
    """Give the query an inventory write needs. Errors: as for `put_body`."""
    widest = max(len(product.property_values or ()) for product in _live(_document(write)))
    return {"max_variations_supported": str(_THREE)} if widest >= _THREE else {}


def put_body(write: StockWrite) -> dict[str, Any]:
    """Make the whole new inventory: the one read, with the wanted numbers, without what Etsy refuses to take.

    Errors: Rejected when the cells are not the document's, a number cannot stand there, or all are zero.
    """
    document = _document(write)
    listing_id = int(write.ref.remote_id)
    _check_numbers(write, _numbers(listing_id, document, ListingState.UNKNOWN))
    products = [
        _put_product(product, write.numbers[_cell(listing_id, document, product)]) for product in _live(document)
    ]
    driven = {name: getattr(document, name) for name in _DRIVEN_BY}
    return {"products": products} | {name: ids for name, ids in driven.items() if ids is not None}


def _document(write: StockWrite) -> wire.Inventory:
    document = write.basis.document if write.basis else None
    if not isinstance(document, wire.Inventory) or not _live(document):
        raise Rejected("the listing has no inventory to write back", code="etsy.inventory_missing")
    for product in _live(document):
        offerings = _offerings(product)
        if len(offerings) != 1 or offerings[0].price is None:
            raise Rejected("a product has not exactly one priced offering", code="etsy.inventory_unusual")
    return document


def _check_numbers(write: StockWrite, standing: Mapping[str, int]) -> None:
    if set(write.numbers) != set(standing):
        raise Rejected("the listing's options are not the ones to be written", code="etsy.cells_changed")
    if any(not 0 <= number <= NUMBER_MAX for number in write.numbers.values()):
        raise Rejected(f"a number is outside 0 to {NUMBER_MAX}", code="etsy.number_out_of_range")
    if not any(write.numbers.values()):
        raise Rejected("Etsy takes no inventory with nothing in it", code="etsy.all_zero")


def _put_product(product: wire.Product, number: int) -> dict[str, Any]:
    (offering,) = _offerings(product)
    return {
        "sku": product.sku,
        "property_values": [_put_value(value) for value in product.property_values or ()],
        "offerings": [
            {
                "price": _decimal(offering.price),
                "quantity": number,
                "is_enabled": offering.is_enabled,
                "readiness_state_id": offering.readiness_state_id,
            }
        ],
    }


def _put_value(value: wire.PropertyValue) -> dict[str, Any]:
    body: dict[str, Any] = {
        "property_id": value.property_id,
        "scale_id": value.scale_id,
        "value_ids": value.value_ids or [],
        "values": value.values or [],
    }
    if value.property_name is not None:
        body["property_name"] = value.property_name
    return body


def _decimal(price: wire.Amount | None) -> float:
    # The nearest float prints as the shortest decimal, which for cents is the exact one.
    return price.amount / (price.divisor or 1) if price else 0.0


def _live(inventory: wire.Inventory) -> list[wire.Product]:
    return [product for product in inventory.products if not product.is_deleted]


def _offerings(product: wire.Product) -> list[wire.Offering]:
    return [offering for offering in product.offerings if not offering.is_deleted]


def _cell(listing_id: int, inventory: wire.Inventory, product: wire.Product) -> str:
    return cell_key(listing_id, product.property_values or (), inventory.quantity_on_property or ())


def _numbers(listing_id: int, inventory: wire.Inventory | None, state: ListingState) -> dict[str, int]:
    """Read each cell's number. Products of one cell show the same; should they differ, the larger counts."""
    numbers: dict[str, int] = {}
    if inventory is None:
        return numbers
    for product in _live(inventory):
        cell = _cell(listing_id, inventory, product)
        number = 0 if state is ListingState.SOLD_OUT else sum(o.quantity for o in _offerings(product))
        numbers[cell] = max(number, numbers.get(cell, 0))
    return numbers


def _offers(listing_id: int, inventory: wire.Inventory | None, state: ListingState) -> tuple[Offer, ...]:
    if inventory is None:
        return ()
    numbers = _numbers(listing_id, inventory, state)
    offers: dict[str, Offer] = {}
    for product in _live(inventory):
        values = product.property_values or []
        offerings = _offerings(product)
        if not offerings:
            continue
        name = offer_key(listing_id, values)
        offers.setdefault(
            name,
            Offer(
                key=name,
                cell_key=_cell(listing_id, inventory, product),
                sku=product.sku or "",
                options=tuple((value.property_name or "", ", ".join(texts(value))) for value in values),
                price=money(offerings[0].price),
                quantity=numbers[_cell(listing_id, inventory, product)],
                enabled=any(offering.is_enabled for offering in offerings),
            ),
        )
    return tuple(offers.values())
