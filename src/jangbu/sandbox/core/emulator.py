"""Owns the protocol every emulator fulfils towards world, buyers and control; nothing of the wire."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec
from starlette.types import ASGIApp

from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.core.traffic import Traffic


class OfferView(msgspec.Struct, frozen=True):
    """What a buyer sees of one offer; its id stays the same whatever is written to the marketplace."""

    offer_id: str
    sku: str
    quantity: int
    on_sale: bool


class Emulator(Protocol):
    """One marketplace with one shop: its wire, its buyers' door, its own books."""

    @property
    def name(self) -> str:
        """Channel name, such as `etsy`."""

    @property
    def app(self) -> ASGIApp:
        """The wire."""

    @property
    def settings(self) -> Settings:
        """Adjustable numbers and switches, at least those of `settings.COMMON`."""

    @property
    def traffic(self) -> Traffic:
        """The calls it has answered."""

    def offers(self) -> Sequence[OfferView]:
        """All offers, in a stable order."""

    def buy(self, offer_id: str, quantity: int) -> str | None:
        """A purchase; the order's id, or None (sold out, off sale) with nothing changed but one count."""

    def cancel(self, order_id: str, line_id: str | None, quantity: int | None, *, restock: bool) -> bool:
        """A cancellation at the marketplace, whole or in part; False if it is not possible (any more)."""

    def env(self) -> dict[str, str]:
        """The settings a hub needs to reach it; the same for the same seed and address."""

    def books(self) -> dict[str, Any]:
        """The marketplace's own account of orders, numbers and calls."""

    async def run(self) -> None:
        """Background work until cancelled."""

    def reset(self) -> None:
        """Back to the seeded start, counters and settings included."""

    def snapshot(self) -> dict[str, Any]:
        """All state as JSON-able data."""

    def restore(self, state: dict[str, Any]) -> None:
        """The state of a snapshot."""
