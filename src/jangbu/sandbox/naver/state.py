"""What the emulated shop remembers, as plain data that can be saved and put back; no rule of the shop.

Units: every time is whole milliseconds since the epoch, every amount whole KRW.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from jangbu.sandbox.naver.words import ChangeType, ClaimStatus, LineStatus, PlaceStatus, ProductStatus

T = TypeVar("T")
_VERSIONS_KEPT = 128


class Timeline(msgspec.Struct, Generic[T]):
    """A thing with its recent past, so that a stale read can be served honestly."""

    versions: list[tuple[int, T]] = []

    @property
    def latest(self) -> T:
        return self.versions[-1][1]

    def at(self, ms: int) -> T | None:
        """The thing as it stood then, None before it existed."""
        return next((value for since, value in reversed(self.versions) if since <= ms), None)

    def put(self, ms: int, value: T) -> None:
        """Adds a version; the oldest one kept stands for all before it."""
        self.versions.append((ms, value))
        if len(self.versions) > _VERSIONS_KEPT:
            since, _ = self.versions.pop(0)
            self.versions[0] = (since, self.versions[0][1])


class Option(msgspec.Struct, frozen=True):
    """One option combination, which holds its own stock."""

    id: int
    names: tuple[str, ...]
    stock: int
    price: int
    code: str
    sku: str
    usable: bool = True


class Product(msgspec.Struct, frozen=True):
    """An origin product with its one channel product; `stock` counts only without options."""

    no: int
    channel_no: int
    name: str
    sale_price: int
    status: ProductStatus
    stock: int
    code: str
    sku: str
    registered_at: int
    modified_at: int
    group_names: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    discount: dict[str, object] | None = None
    sale_starts_at: int | None = None
    sale_ends_at: int | None = None
    picture: str = ""

    @property
    def number(self) -> int:
        """What the shop shows: the sum over the options, or the product's own number."""
        return sum(option.stock for option in self.options) if self.options else self.stock

    def option(self, option_id: int | None) -> Option | None:
        return next((option for option in self.options if option.id == option_id), None)


class Claim(msgspec.Struct, frozen=True):
    """One cancellation, asked for or finished."""

    id: str
    status: ClaimStatus
    quantity: int
    reason: str
    by_buyer: bool
    asked_at: int
    restock: bool
    detail: str = ""
    done_at: int | None = None


class Delivery(msgspec.Struct, frozen=True):
    """The parcel of a dispatched line."""

    method: str
    company: str | None
    number: str | None
    sent_at: int


class Change(msgspec.Struct, frozen=True):
    """One entry of the change feed: when it happened and when the feed begins to tell it."""

    kind: ChangeType
    at: int
    visible_at: int


class Line(msgspec.Struct, frozen=True):
    """A product order: one option line of a checkout."""

    id: str
    order_id: str
    package: str
    product_no: int
    option_id: int | None
    offer: str
    sku: str
    unit_price: int
    option_price: int
    quantity: int
    remain: int
    delivery_fee: int
    placed_at: int
    status: LineStatus
    buyer: int
    place: PlaceStatus = "NOT_YET"
    place_at: int | None = None
    paid_at: int | None = None
    pay_due_at: int | None = None
    claim: Claim | None = None
    closed_claims: tuple[Claim, ...] = ()
    delivery: Delivery | None = None
    changes: tuple[Change, ...] = ()
    moved: str = ""  # the door the buyer gave instead of the first one

    def told(self, ms: int) -> Change | None:
        """The latest change the feed shows at that moment: a line is listed once, by its last change."""
        return max((c for c in self.changes if c.visible_at <= ms), key=lambda c: c.at, default=None)


class Token(msgspec.Struct, frozen=True):
    """An access token, with the count of the secret it was issued under."""

    value: str
    expires_at: int
    generation: int


class Due(msgspec.Struct, order=True):
    """Something that will happen by itself: a payment, a lapse, a restock, a late call."""

    at: int
    turn: int
    kind: str
    what: dict[str, object]


class Bucket(msgspec.Struct):
    """The call budget of one operation."""

    tokens: float
    at: int


class State(msgspec.Struct):
    """The whole shop."""

    products: dict[int, Timeline[Product]] = {}
    lines: dict[str, Timeline[Line]] = {}
    orders: dict[str, list[str]] = {}
    feed: list[tuple[int, str]] = []
    parcels: dict[str, str] = {}
    agenda: list[Due] = []
    tokens: list[Token] = []
    issued_at: list[int] = []
    violation_days: list[str] = []
    buckets: dict[str, Bucket] = {}
    ids: int = 0
    draws: int = 0
    traces: int = 0
    turns: int = 0
    disappointed: int = 0
