"""What adapters hand to the hub: listings, numbers, orders, answers. Owns no wire shapes and no decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from jangbu.kernel.money import Money


class ListingState(StrEnum):
    """Whether buyers can buy on a listing; the channel's own word stays in `Listing.raw_state`."""

    ON_SALE = "on_sale"
    OFF_SALE = "off_sale"  # taken down by the seller or by us; keeps its numbers
    SOLD_OUT = "sold_out"
    DRAFT = "draft"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ListingRef:
    """Enough to read or write a listing's numbers: its remote id and the kind of write it takes."""

    remote_id: str
    write_kind: str


@dataclass(frozen=True)
class Offer:
    """One sellable option combination of a listing.

    `key` is stable for as long as the combination exists (never an id that a write changes); offers that
    share one number carry the same `cell_key`. Both are unique within the shop.
    """

    key: str
    cell_key: str
    sku: str  # the seller's code; "" when none
    options: tuple[tuple[str, str], ...]  # (name, value) in the listing's order
    price: Money
    quantity: int
    enabled: bool


@dataclass(frozen=True)
class Listing:
    """A shop's page with its offers, as read at one time."""

    ref: ListingRef
    title: str
    state: ListingState
    raw_state: str
    offers: tuple[Offer, ...]
    url: str = ""
    owned_stock: bool = True  # False: a warehouse of others owns the number; never written
    pictures: tuple[str, ...] = ()  # addresses, the page's first picture first; [] where the read does not tell


@dataclass(frozen=True)
class NumbersRead:
    """The numbers of one listing as one read (or a write's echo) showed them.

    `remote_at` is the answer's Date, the marketplace's own clock. `document` is what the adapter needs to
    write back unchanged fields; opaque to the hub and never stored.
    """

    ref: ListingRef
    state: ListingState
    numbers: Mapping[str, int]  # cell key -> number standing there
    remote_at: datetime
    document: object = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class StockWrite:
    """Wanted numbers of one listing.

    `numbers` names every cell the call will carry when the write kind carries whole listings, else only the
    changed ones. `basis` is the fresh read whose other fields must be preserved (None where none is needed).
    """

    ref: ListingRef
    numbers: Mapping[str, int]
    basis: NumbersRead | None = None


@dataclass(frozen=True)
class WriteAnswer:
    """A known outcome of one write: accepted, or refused with nothing changed.

    An unknown outcome is never an answer: it is raised as OutcomeUnknown.
    """

    ref: ListingRef
    accepted: bool
    echo: NumbersRead | None = None  # the state after the write, when the answer shows it
    refusal: str = ""  # message code
    remote_code: str = ""


class LineState(StrEnum):
    """States of an order line in the hub's own words; the manifest says what each does to stock."""

    UNPAID = "unpaid"
    PAID = "paid"
    SHIPPED = "shipped"
    DELIVERED = "delivered"
    CLOSED = "closed"  # purchase decided: nothing more comes
    CANCELLED = "cancelled"
    RETURNED = "returned"
    EXCHANGED = "exchanged"
    REFUNDED = "refunded"  # money went back; says nothing about the goods
    UNKNOWN = "unknown"


@dataclass(frozen=True, repr=False)
class Person:
    """Whom a parcel goes to. Personal data: never shown by repr, sealed at rest."""

    name: str = ""
    phone: str = ""
    phone_2: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    zip_code: str = ""
    region: str = ""
    city: str = ""
    line_1: str = ""
    line_2: str = ""
    message: str = ""  # the buyer's words to the courier or the seller
    customs_code: str = ""

    def __repr__(self) -> str:
        return "Person(‹hidden›)"


@dataclass(frozen=True)
class Parcel:
    """One shipment as the marketplace shows it."""

    carrier: str  # the marketplace's own code
    tracking_number: str
    shipped_at: datetime | None = None


@dataclass(frozen=True)
class OrderLine:
    """One line of a remote order.

    `lowered_at` is the earliest moment the marketplace may have lowered its number for it.
    `remaining` = quantity less what was cancelled in part.
    """

    remote_id: str
    listing_id: str
    offer_key: str  # "" when the wire does not tell the combination
    sku: str
    title: str
    options: str
    quantity: int
    remaining: int
    state: LineState
    raw_state: str
    lowered_at: datetime
    price: Money
    claim: str = ""  # the marketplace's own claim state, when one is open
    acknowledged: bool = True  # False: the marketplace waits for us to confirm it
    parcels: tuple[Parcel, ...] = ()
    personalisation: str = field(default="", repr=False)
    ship_by: datetime | None = None


@dataclass(frozen=True)
class RemoteOrder:
    """A snapshot of one remote order.

    `updated_at` is the marketplace's own time of last change; it may fail to move on cancellations.
    """

    remote_id: str
    placed_at: datetime
    updated_at: datetime
    lines: tuple[OrderLine, ...]
    total: Money
    ship_to: Person = field(default_factory=Person)
    extra: Mapping[str, str] = field(default_factory=dict)  # shown to the seller, never personal


@dataclass(frozen=True)
class Sweep:
    """The answer of one pass over the order feed.

    `watermark` is durable and opaque; give it back next time. `done` is False when more waits (call again at
    once). `complete_to`: every lowering that happened up to this moment of the marketplace's own clock is in
    this sweep or an earlier one; None where only "begun after" counts. `missing`: ids the feed named but the
    reading did not give.
    """

    orders: tuple[RemoteOrder, ...]
    watermark: str
    done: bool
    complete_to: datetime | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Dispatch:
    """Tracking to give to the marketplace for some lines of one order (one parcel)."""

    order_id: str
    line_ids: tuple[str, ...]
    carrier: str  # the hub's carrier word: see sdk.carriers
    tracking_number: str
    shipped_at: datetime


@dataclass(frozen=True)
class LineAnswer:
    """What became of one line in a call with partial success."""

    line_id: str
    accepted: bool
    refusal: str = ""  # message code
    remote_code: str = ""


@dataclass(frozen=True)
class ShopProfile:
    """Who the credential belongs to, as the marketplace tells."""

    remote_id: str
    name: str
    currency: str
    url: str = ""
    on_vacation: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)  # title, announcement, active listing count, grade …


@dataclass(frozen=True)
class WebhookHint:
    """What a verified webhook points at; never the truth itself."""

    event: str
    remote_shop_id: str
    order_id: str  # "" when it points at nothing we read
