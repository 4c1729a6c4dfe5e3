"""Etsy's payload fields that we use, as Etsy names them. Owns no meaning: see `mapping`.

Lenient on purpose: what the description calls non-null is taken as null too, and fields we do not know are
passed over. Only what nothing can be done without is required. Types with personal data or tokens print
hidden.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

# Beyond the year 9999 it is not a time in seconds.
Seconds = Annotated[int, msgspec.Meta(ge=0, le=253_402_300_799)]


class _Wire(msgspec.Struct, frozen=True):
    """A payload that may be shown."""


class _Hidden(msgspec.Struct, frozen=True):
    """A payload whose repr shows nothing."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(‹hidden›)"


class Token(_Hidden, frozen=True):
    """Answer of the token endpoint."""

    access_token: str
    expires_in: int
    refresh_token: str = ""


class Self(_Wire, frozen=True):
    """Answer of getMe."""

    user_id: int
    shop_id: int | None = None


class Shop(_Wire, frozen=True):
    """Answer of getShop."""

    shop_id: int
    shop_name: str | None = None
    currency_code: str | None = None
    url: str | None = None
    is_vacation: bool | None = None
    title: str | None = None
    announcement: str | None = None
    listing_active_count: int | None = None
    shipping_from_country_iso: str | None = None
    review_average: float | None = None


class Amount(_Wire, frozen=True):
    """Etsy's Money: `amount / divisor` in major units."""

    amount: int
    divisor: int
    currency_code: str


class PropertyValue(_Wire, frozen=True):
    """One variation property of a product and the value it has there."""

    property_id: int
    property_name: str | None = None
    scale_id: int | None = None
    value_ids: list[int] | None = None
    values: list[str] | None = None


class Offering(_Wire, frozen=True):
    """Price and quantity of a product."""

    quantity: int
    is_enabled: bool = True
    is_deleted: bool | None = None
    price: Amount | None = None
    readiness_state_id: int | None = None


class Product(_Wire, frozen=True):
    """One combination of variation values."""

    offerings: list[Offering]
    property_values: list[PropertyValue] | None = None
    sku: str | None = None
    is_deleted: bool | None = None


class Inventory(_Wire, frozen=True):
    """The inventory document, as read or as a write's answer."""

    products: list[Product]
    price_on_property: list[int] | None = None
    quantity_on_property: list[int] | None = None
    sku_on_property: list[int] | None = None
    readiness_state_on_property: list[int] | None = None


class ListingImage(_Wire, frozen=True):
    """One picture of a listing, as addresses of several sizes."""

    rank: int | None = None
    url_570xN: str | None = msgspec.field(default=None, name="url_570xN")  # noqa: N815 - Etsy's own name
    url_fullxfull: str | None = None


class Listing(_Wire, frozen=True):
    """A listing; `inventory` only where it was asked for, null for listings that have no record of it."""

    listing_id: int
    state: str | None = None
    title: str | None = None
    url: str | None = None
    quantity: int | None = None
    has_variations: bool | None = None
    inventory: Inventory | None = None
    images: list[ListingImage] | None = None


class Listings(_Wire, frozen=True):
    """A page of listings."""

    results: list[Listing]
    count: int | None = None


class Variation(_Hidden, frozen=True):
    """What the buyer chose, or typed when it answers a personalisation question."""

    property_id: int | None = None
    formatted_name: str | None = None
    formatted_value: str | None = None
    question_id: int | None = None


class Transaction(_Hidden, frozen=True):
    """One line of a receipt."""

    transaction_id: int
    quantity: int
    listing_id: int | None = None
    title: str | None = None
    sku: str | None = None
    price: Amount | None = None
    variations: list[Variation] | None = None
    product_data: list[PropertyValue] | None = None
    expected_ship_date: Seconds | None = None


class Shipment(_Wire, frozen=True):
    """One parcel of a receipt."""

    carrier_name: str | None = None
    tracking_code: str | None = None
    shipment_notification_timestamp: Seconds | None = None


class Receipt(_Hidden, frozen=True):
    """An order."""

    receipt_id: int
    created_timestamp: Seconds
    updated_timestamp: Seconds
    status: str | None = None
    is_paid: bool | None = None
    is_shipped: bool | None = None
    name: str | None = None
    first_line: str | None = None
    second_line: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country_iso: str | None = None
    formatted_address: str | None = None
    payment_method: str | None = None
    message_from_buyer: str | None = None
    is_gift: bool | None = None
    gift_message: str | None = None
    grandtotal: Amount | None = None
    shipments: list[Shipment] | None = None
    transactions: list[Transaction] | None = None


class ReceiptHead(_Wire, frozen=True):
    """The part of a receipt that walking the feed needs."""

    receipt_id: int
    created_timestamp: Seconds
    updated_timestamp: Seconds


class ReceiptPage(_Hidden, frozen=True):
    """A page of receipts, each still undecoded so that one bad row does not hide the others."""

    results: list[Any]
    count: int | None = None
