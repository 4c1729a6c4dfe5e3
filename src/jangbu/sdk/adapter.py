"""Capabilities an adapter may have, as small protocols. Owns no implementation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from jangbu.kernel.secret import Secret
from jangbu.sdk.records import (
    Dispatch,
    LineAnswer,
    Listing,
    ListingRef,
    NumbersRead,
    RemoteOrder,
    ShopProfile,
    StockWrite,
    Sweep,
    WriteAnswer,
)


@dataclass(frozen=True)
class Grant:
    """A stored credential: what the seller gave plus the tokens it yields.

    `version` rises with every change, so that a stale token is renewed once however many callers meet it.
    """

    fields: Mapping[str, str] = field(repr=False)  # names of manifest.credentials; secret
    access_token: Secret = field(default_factory=lambda: Secret(""))
    expires_at: datetime | None = None
    version: int = 0


@runtime_checkable
class Auth(Protocol):
    """How calls are signed and tokens renewed."""

    def headers(self, grant: Grant) -> dict[str, str]:
        """Give the headers every authorised call carries."""

    def app_key(self, fields: Mapping[str, str]) -> str:
        """Name the application whose limits are counted together; not secret."""

    def needs_renewal(self, grant: Grant, now: datetime) -> bool:
        """Tell whether to renew before the next call."""

    async def renew(self, client: object, grant: Grant, now: datetime) -> Grant:
        """Fetch a new token with a bare client (`sdk.client.Client` that adds no authorisation).

        Errors: ReauthRequired when only a person can help; AddressNotAllowed; Transient.
        """


@dataclass(frozen=True)
class ConsentAsk:
    """One asking for a seller's consent. All of it stands in an address, so none of it may open anything alone."""

    auth_url: str  # scheme and host of the marketplace's consent page
    redirect: str  # where the browser comes back to, byte for byte as registered
    state: str  # single use, made by `sdk.consent`
    challenge: str  # of a verifier that stays here


@runtime_checkable
class AsksConsent(Protocol):
    """Gets a credential by the seller's consent: authorization code with PKCE (S256).

    `client` is a bare one, as for `Auth.renew`; `fields` are the credential fields a person typed.
    """

    @property
    def scopes(self) -> tuple[str, ...]:
        """Name what is asked for: the least that the operations in use need."""

    def address(self, fields: Mapping[str, str], ask: ConsentAsk) -> str:
        """Build the consent page's address; it carries no secret."""

    async def try_application(self, client: object, fields: Mapping[str, str]) -> None:
        """Find out whether the marketplace knows the application, before the seller is sent away.

        Errors: ReauthRequired for a key or secret it does not accept; Transient.
        """

    async def redeem(
        self, client: object, fields: Mapping[str, str], *, code: Secret, redirect: str, verifier: Secret, now: datetime
    ) -> Grant:
        """Trade a code for a grant. Errors: ReauthRequired for a code that is stale, used or another's.

        Repeat: never; a code is good once.
        """

    async def granted(self, client: object, grant: Grant) -> frozenset[str]:
        """Ask which scopes a fresh grant really has."""


@runtime_checkable
class ReadsShop(Protocol):
    """Tells whose shop the credential opens."""

    async def read_shop(self) -> ShopProfile:
        """Read the shop's profile."""


@runtime_checkable
class ReadsListings(Protocol):
    """Reads listings and their numbers."""

    def listings(self) -> AsyncIterator[Listing]:
        """Walk all listings that hold stock, in any state a seller would want to see.

        Repeat: ends even when pages repeat; each listing at most once.
        """

    async def read_numbers(self, refs: Sequence[ListingRef]) -> list[NumbersRead]:
        """Read the numbers of these listings. Shape: one result per listing found; gone ones are absent."""


@runtime_checkable
class WritesStock(Protocol):
    """Sets absolute numbers."""

    async def write_numbers(self, writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        """Send one call carrying these writes, all of one write kind, at most its batch.

        Shape: one answer per write. Errors: OutcomeUnknown for the whole call; Rejected and the like before effect.
        """


@runtime_checkable
class SwitchesSale(Protocol):
    """Takes listings off sale and puts them back."""

    async def set_on_sale(self, ref: ListingRef, on_sale: bool) -> WriteAnswer:
        """Switch one listing; its numbers stay. Errors: as for write_numbers."""


@runtime_checkable
class ReadsOrders(Protocol):
    """Reads the order feed and single orders."""

    async def sweep(self, watermark: str, *, deep: bool = False) -> Sweep:
        """Read what changed since the watermark ("" = the channel's sensible first look back: all open orders).

        `deep` also looks where changes are known to hide (cancellations that do not move times).
        """

    async def read_orders(self, order_ids: Sequence[str]) -> list[RemoteOrder]:
        """Read these orders fresh. Shape: absent ones are left out."""


@runtime_checkable
class ReadsLines(Protocol):
    """Reads single order lines, many in a call, where the marketplace lets one."""

    async def read_lines(self, line_ids: Sequence[str]) -> list[RemoteOrder]:
        """Read these lines fresh. Shape: their orders, each with those lines alone; what cannot be read is absent."""


@runtime_checkable
class AcknowledgesOrders(Protocol):
    """Confirms that an order line was accepted (발주확인)."""

    async def acknowledge(self, line_ids: Sequence[str]) -> list[LineAnswer]:
        """Confirm lines, in batches the channel allows. Repeat: an already confirmed line counts as accepted."""


@runtime_checkable
class ConfirmsShipment(Protocol):
    """Hands tracking numbers over."""

    async def ship(self, dispatches: Sequence[Dispatch]) -> list[LineAnswer]:
        """Send one call's worth of dispatches (at most `ship_batch`). Errors: as for write_numbers."""

    @property
    def ship_batch(self) -> int:
        """Tell how many dispatches one call may carry."""


@runtime_checkable
class CountsListings(Protocol):
    """Tells beforehand how many listings a walk will give."""

    async def count_listings(self) -> int:
        """Count them, cheaply; a walk may still give a few more or less."""


@runtime_checkable
class Probes(Protocol):
    """Asks the least of each part of the marketplace's doors that we need, to tell which of them are open."""

    def parts(self) -> tuple[str, ...]:
        """Name the parts (API groups, scopes) in the order they are tried."""

    async def probe(self, part: str) -> None:
        """Make the cheapest read of a part. Errors: what stands in the way; ScopeMissing for a part not granted."""
