"""Owns the shape of an Etsy shop's state and pure questions about it; no clock, no chance, no wire.

Units: prices in US cents, moments in epoch seconds.
"""

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace


class PropertyValue(Struct, frozen=True):
    """One variation value of a product."""

    property_id: int
    property_name: str | None
    scale_id: int | None
    value_ids: tuple[int, ...]
    values: tuple[str, ...]


class Product(Struct, frozen=True):
    """One combination of variation values with its one offering."""

    product_id: int
    offering_id: int
    sku: str
    quantity: int
    price: int
    is_enabled: bool
    readiness_state_id: int | None
    property_values: tuple[PropertyValue, ...]

    @property
    def key(self) -> str:
        """The combination in words: what stays when ids change."""
        return "/".join(",".join(each.values) for each in self.property_values)


class Drivers(Struct, frozen=True):
    """Which variation property drives which field; empty means one value for the whole listing."""

    price: tuple[int, ...] = ()
    quantity: tuple[int, ...] = ()
    sku: tuple[int, ...] = ()
    readiness: tuple[int, ...] = ()


class Listing(Struct, frozen=True):
    """One listing. `texts` holds what updateListing may write besides the state."""

    listing_id: int
    state: str
    created_at: float
    updated_at: float
    state_at: float
    products: tuple[Product, ...]
    drivers: Drivers
    texts: dict[str, Any]
    picture: str = ""


class Version(Struct, frozen=True):
    """A listing as it stood from a moment on."""

    at: float
    listing: Listing


class Line(Struct, frozen=True):
    """One transaction of a receipt; `goods_sku` is what really leaves the shelf."""

    transaction_id: int
    listing_id: int
    product: Product
    title: str
    quantity: int
    goods_sku: str


class Cancellation(Struct, frozen=True):
    """Units of one line called off."""

    at: float
    transaction_id: int
    quantity: int
    restock: bool


class Shipment(Struct, frozen=True):
    """One tracking entry of a receipt."""

    shipping_id: int
    at: float
    carrier_name: str
    tracking_code: str


class Receipt(Struct, frozen=True):
    """One order as a log of what happened to it; what it looks like follows from the moment one looks."""

    receipt_id: int
    buyer: int
    country: str
    placed_at: float
    visible_at: float
    pays_at: float
    lines: tuple[Line, ...]
    message: str | None = None
    cancellations: tuple[Cancellation, ...] = ()
    shipments: tuple[Shipment, ...] = ()

    def left(self, line: Line, at: float) -> int:
        """Units of a line not called off by a moment."""
        return line.quantity - sum(
            each.quantity for each in self.cancellations if each.transaction_id == line.transaction_id and each.at <= at
        )

    def canceled_at(self, at: float) -> float | None:
        """When the last unit was called off, if all were by that moment."""
        if any(self.left(line, at) for line in self.lines):
            return None
        return max(each.at for each in self.cancellations)

    def is_paid(self, at: float) -> bool:
        """Whether the payment went through by a moment; one called off before never does."""
        gone = self.canceled_at(at)
        return self.pays_at <= at and (gone is None or self.pays_at <= gone)

    def shipped_at(self, at: float) -> float | None:
        """The first shipment by a moment."""
        return min((each.at for each in self.shipments if each.at <= at), default=None)

    def status(self, at: float) -> str:
        """The status word of the description."""
        if self.canceled_at(at) is not None:
            return "canceled"
        if self.shipped_at(at) is not None:
            return "completed"
        if not self.is_paid(at):
            return "payment processing"
        return "partially refunded" if any(each.at <= at for each in self.cancellations) else "paid"

    def updated_at(self, at: float, *, cancels_count: bool) -> float:
        """The moment of the last change Etsy counts as one."""
        moments = [self.placed_at, *(each.at for each in self.shipments)]
        if self.is_paid(at):
            moments.append(self.pays_at)
        if cancels_count:
            moments += [each.at for each in self.cancellations]
        return max(moment for moment in moments if moment <= at)


class Restock(Struct, frozen=True, order=True):
    """Units on their way back to a listing's number."""

    due: float
    listing_id: int
    key: str
    quantity: int


class State(Struct):
    """Everything about the shop that changes."""

    listings: dict[int, list[Version]]
    receipts: dict[int, Receipt]
    restocks: list[Restock]
    goods_skus: dict[str, str]
    next_id: dict[str, int]
    fees: dict[str, int]
    profile: dict[str, Any]
    mails: int = 0
    disappointed: int = 0


def cells(listing: Listing) -> dict[tuple[Any, ...], list[Product]]:
    """The listing's products grouped by the number they share."""
    grouped: dict[tuple[Any, ...], list[Product]] = {}
    for product in listing.products:
        grouped.setdefault(_driving(product, listing.drivers.quantity), []).append(product)
    return grouped


def on_offer(listing: Listing) -> int:
    """Units a buyer can take over all numbers, whatever the listing's state."""
    open_to_buyers = ([each.quantity for each in group if each.is_enabled] for group in cells(listing).values())
    return sum(max(numbers, default=0) for numbers in open_to_buyers)


def shown(listing: Listing) -> int:
    """The listing's quantity: its numbers added up, a shared one once."""
    return sum(max(each.quantity for each in group) for group in cells(listing).values())


def find(listing: Listing, key: str) -> Product | None:
    """The product of a combination."""
    return next((each for each in listing.products if each.key == key), None)


def with_number(listing: Listing, product: Product, quantity: int) -> Listing:
    """The listing with another number in the product's cell."""
    cell = _driving(product, listing.drivers.quantity)
    return with_products(
        listing, lambda each: quantity if _driving(each, listing.drivers.quantity) == cell else each.quantity
    )


def with_products(listing: Listing, number: Callable[[Product], int]) -> Listing:
    """The listing with every number newly told."""
    return replace(listing, products=tuple(replace(each, quantity=number(each)) for each in listing.products))


def agree(products: tuple[Product, ...], by: tuple[int, ...], field: Callable[[Product], object]) -> bool:
    """Whether products alike in the driving properties are alike in the field."""
    seen: dict[tuple[Any, ...], object] = {}
    return all(seen.setdefault(_driving(each, by), field(each)) == field(each) for each in products)


def _driving(product: Product, by: tuple[int, ...]) -> tuple[Any, ...]:
    return tuple(_values(product, by))


def _values(product: Product, by: tuple[int, ...]) -> Iterator[tuple[int, tuple[str, ...]]]:
    for each in product.property_values:
        if each.property_id in by:
            yield each.property_id, each.values
