"""What a channel declares about itself: identity, capabilities, limits, assumptions. Data only, no I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

from jangbu.sdk.records import LineState, WebhookHint

if TYPE_CHECKING:
    from jangbu.sdk.client import Client


class Priority(IntEnum):
    """Classes of the call budget, most urgent first (lower number first)."""

    ZERO = 0
    TOKEN = 1
    ORDERS = 2
    LOWER = 3
    SHIP = 4
    INTERACTIVE = 5
    RAISE = 6
    CATALOGUE = 7
    BULK = 8
    AUDIT = 9


class Effect(StrEnum):
    """What a line state does to our stock. A state missing from the table keeps what is held and is shown."""

    NONE = "none"
    RESERVE = "reserve"
    COMMIT = "commit"
    SHIP = "ship"
    RELEASE = "release"
    KEEP = "keep"


class Scope(StrEnum):
    """Whom one limit bucket counts."""

    APP = "app"  # all calls with one application key
    SHOP = "shop"
    OPERATION = "operation"  # each operation of an app apart


@dataclass(frozen=True)
class Limit:
    """One call limit.

    Units: `rate` calls a second, `burst` calls at once, or `quota` calls in a rolling `window_s`.
    """

    name: str
    scope: Scope
    rate: float = 0.0
    burst: int = 1
    quota: int = 0
    window_s: float = 0.0


@dataclass(frozen=True)
class LimitNews:
    """What one answer's headers said about a limit; None = not said."""

    name: str
    rate: float | None = None
    burst: int | None = None
    remaining: int | None = None
    quota: int | None = None
    quota_remaining: int | None = None


class Encoding(StrEnum):
    """How an operation takes its body."""

    NONE = "none"
    JSON = "json"
    FORM = "form"
    MULTIPART = "multipart"


@dataclass(frozen=True)
class Operation:
    """One official operation: what it is called, where it lives, how it is sent.

    `lowers_only` writes may be repeated at once; `moves_stock` marks any that can change a quantity.
    """

    id: str
    method: str
    path: str  # with {names}
    encoding: Encoding = Encoding.NONE
    scope: str = ""  # OAuth scope or API group
    write: bool = False
    moves_stock: bool = False
    limits: tuple[str, ...] = ()  # names of Limit; empty = the channel's defaults
    authorised: bool = True  # False: sent without a token


@dataclass(frozen=True)
class CredentialField:
    """One value of a credential; the seller types it unless the marketplace's consent page brings it."""

    name: str
    secret: bool
    pattern: str = ""  # regular expression the whole value must match
    required: bool = True
    by_consent: bool = False

    def fits(self, value: str) -> bool:
        """Tell whether a value has the form the marketplace gives out."""
        return bool(value) and (not self.pattern or re.fullmatch(self.pattern, value) is not None)


@dataclass(frozen=True)
class GrantLife:
    """How long a credential lasts unless something is done.

    `since_option` names the shop's option that holds the day a person last confirmed the application; empty: it is
    counted from our own last renewal, so that only a hub that stood still lets it end.
    """

    days: int
    warn_days: int
    since_option: str = ""


@dataclass(frozen=True)
class Assumptions:
    """The stock model's assumptions for this channel, each with its default. Units: seconds."""

    settle_s: float  # D: no write takes effect later than this after its deadline, no restock after its news
    feed_margin_s: float  # the feed may lag by this much: a horizon counts only beyond it
    horizon: str  # "begun_after" | "remote_time"
    settles_by: str  # "echo" | "read_back" | "deadline"
    feed_fence: bool = True  # S4: every lowering is in the feed
    source: str = ""


@dataclass(frozen=True)
class WriteKind:
    """How one kind of listing takes its numbers."""

    batch: int  # listings a call may carry
    carries_all: bool  # a call replaces every number of the listing
    needs_read: bool  # a fresh read must precede it
    can_zero: bool  # a plain set may bring the whole listing to zero


@dataclass(frozen=True)
class Webhooks:
    """Pure verification and parsing of a channel's webhooks.

    `verify(body, headers, secret, now)` returns the delivery id, or raises InputError; constant time.
    `parse(body)` returns what the delivery points at.
    """

    verify: Callable[[bytes, Mapping[str, str], str, datetime], str]
    parse: Callable[[bytes], WebhookHint]


@dataclass(frozen=True)
class Manifest:
    """A channel's whole declaration; the only thing its package exports."""

    id: str
    title: str
    api_url: str  # official scheme and host
    auth_url: str
    credentials: tuple[CredentialField, ...]
    operations: Mapping[str, Operation]
    limits: tuple[Limit, ...]
    learn: Callable[[Mapping[str, str]], tuple[LimitNews, ...]]
    assumptions: Assumptions
    line_effects: Mapping[LineState, Effect]
    write_kinds: Mapping[str, WriteKind]
    number_max: int
    adapter: Callable[[Client], Any]  # builds the adapter, a cheap object, around a client
    auth: Callable[[], Any]  # builds the Auth of sdk.adapter
    faults: Callable[..., Any]  # see sdk.client
    webhooks: Webhooks | None = None
    consent: Callable[[], Any] | None = None  # builds the AsksConsent of sdk.adapter; None: everything is typed
    grant_life: GrantLife | None = None
    switches_sale: bool = False  # listings can be taken off sale and put back, keeping their numbers
    return_fee: bool = False  # putting back on sale may cost the seller money
    acknowledges: bool = False
    force_ipv4: bool = False
    notice: str = ""  # text the marketplace's terms ask to show
    desk_url: str = ""  # where a seller keeps the application: its secret, its addresses, its groups
    rungs: Mapping[str, str] = field(default_factory=dict)  # our code → the rung of a connection it stops at
    news_interval_s: float = 60.0
    news_interval_hot_s: float = 15.0
    description: Mapping[str, str] = field(default_factory=dict)  # spec pin: file, version, date read
