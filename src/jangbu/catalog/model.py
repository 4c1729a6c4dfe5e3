"""The catalogue's words and its one decision: which offers link to which SKU by code. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from jangbu.kernel.errors import InputError
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.kernel.money import Money

SKU_LENGTH_MAX = 100
UNITS_MAX = 1000


@dataclass(frozen=True)
class Variant:
    """One stocked thing."""

    id: VariantId
    sku: str
    title: str
    policy: str


@dataclass(frozen=True)
class OfferRow:
    """An offer as the catalogue keeps it, with its listing's words and its links."""

    shop_id: ShopId
    key: str
    listing_id: str
    cell_key: str
    sku: str
    title: str
    options: tuple[tuple[str, str], ...]
    price: Money
    quantity: int
    enabled: bool
    listing_state: str
    links: Mapping[VariantId, int]


@dataclass(frozen=True)
class Imported:
    """What one import did."""

    listings: int = 0
    offers: int = 0
    gone: int = 0
    linked: int = 0
    without_code: int = 0
    doubtful: int = 0


def checked_sku(text: str) -> str:
    """Accept a SKU as sellers write them. Errors: InputError naming what is wrong."""
    sku = text.strip()
    if not sku:
        raise InputError("a SKU is needed", code="input.sku_empty")
    if not _well_formed(sku):
        raise InputError("a SKU has at most 100 printable characters", code="input.sku_form", sku=sku[:40])
    return sku


def _well_formed(sku: str) -> bool:
    return len(sku) <= SKU_LENGTH_MAX and all(ord(char) >= 32 for char in sku)  # noqa: PLR2004 - control characters


def checked_units(units: int) -> int:
    """Accept how many units one sale takes. Errors: InputError outside 1..1000."""
    if not 1 <= units <= UNITS_MAX:
        raise InputError("one sale takes 1 to 1000 units", code="input.units", units=units)
    return units


def matches(offers: Iterable[OfferRow]) -> tuple[dict[str, list[OfferRow]], list[OfferRow]]:
    """Group unlinked offers by code; a code that stands twice in one shop is doubtful and links nothing.

    Shape: (SKU → offers to link to it, doubtful offers). A code no SKU may have is doubtful too.
    """
    by_sku: dict[str, list[OfferRow]] = {}
    for offer in offers:
        if sku := offer.sku.strip():
            by_sku.setdefault(sku, []).append(offer)
    sure: dict[str, list[OfferRow]] = {}
    doubtful: list[OfferRow] = []
    for sku, rows in by_sku.items():
        unlinked = [row for row in rows if not row.links]
        cells = {(row.shop_id, row.cell_key) for row in rows}  # linked ones count: they hold the code already
        if not _well_formed(sku) or len({row.shop_id for row in rows}) < len(cells):
            doubtful.extend(unlinked)
        elif unlinked:
            sure[sku] = unlinked
    return sure, doubtful
