"""Use cases of linking by pairs: what seems to be the same, a person's answers, SKUs for goods without codes.

Never commits. What a link then means for stock is the business of publish and orders, as for any link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from jangbu.catalog import decisions, photos, service, store
from jangbu.catalog.decisions import Decision
from jangbu.catalog.model import OfferRow, Variant, checked_sku, checked_units
from jangbu.catalog.suggesting import Experience, Page, PageId, learned
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import Conflict, InputError, NotFound
from jangbu.kernel.ids import ShopId, VariantId

OWN_CODE: Final = "J-"
_DIGITS: Final = 4
Made = tuple[str, str, str]  # shop, offer, SKU


@dataclass(frozen=True)
class Same:
    """Two offers a person calls the same thing; one sale left takes so many pieces, one right so many."""

    left: str
    right: str
    left_units: int = 1
    right_units: int = 1


def pages(tx: ReadTx) -> tuple[list[Page], Experience]:
    """Give every listing as suggestions see it, and what the links so far teach."""
    rows, seen = store.offers(tx), photos.hashes(tx)
    grouped: dict[PageId, list[OfferRow]] = {}
    for row in rows:
        grouped.setdefault((row.shop_id, row.listing_id), []).append(row)
    found = [
        Page(shop, listing, offers[0].title, tuple(offers), seen.get((shop, listing), ()))
        for (shop, listing), offers in grouped.items()
    ]
    return found, learned(rows)


def join(
    tx: WriteTx, left: PageId, right: PageId, pairs: Sequence[Same], at: datetime, *, actor: str
) -> list[Made]:
    """Link the offers a person calls the same: to the SKU one of them has, else to a new one of our own.

    Errors: InputError for no pairs or units that do not fit; NotFound for an unknown offer; Conflict when both are
    linked already to different things. Repeat: what is linked so already stays as it is.
    """
    if not pairs:
        raise InputError("no pair was chosen", code="linking_none")
    store.lock(tx)
    made = [each for pair in pairs for each in _join(tx, left[0], right[0], pair, at, actor=actor)]
    if made:
        decisions.keep(tx, left, right, made, same=True, actor=actor, at=at)
    return made


def _join(tx: WriteTx, here: ShopId, there: ShopId, pair: Same, at: datetime, *, actor: str) -> list[Made]:
    one, other = offer_of(tx, here, pair.left), offer_of(tx, there, pair.right)
    units = checked_units(pair.left_units), checked_units(pair.right_units)
    if one.links and _times(one.links, units[1]) == _times(other.links, units[0]):
        return []
    if one.links and other.links:
        raise Conflict("both are linked already", code="linking_both", left=one.title, right=other.title)
    if not (one.links or other.links):
        variant = new_sku(tx, one if one.sku.strip() else other if other.sku.strip() else one, at)
        return [_link(tx, row, variant, n, at, actor) for row, n in ((one, units[0]), (other, units[1]))]
    known, missing, ratio = (one, other, (units[1], units[0])) if one.links else (other, one, units)
    made = []
    for id_, taken in known.links.items():
        (variant,) = store.variants(tx, [id_])
        if taken * ratio[0] % ratio[1]:
            raise InputError("pieces do not come out even", code="linking_units", sku=variant.sku)
        made.append(_link(tx, missing, variant, taken * ratio[0] // ratio[1], at, actor))
    return made


def _times(links: Mapping[VariantId, int], ratio: int) -> dict[VariantId, int]:
    return {variant: units * ratio for variant, units in links.items()}


def part(tx: WriteTx, left: PageId, right: PageId, at: datetime, *, actor: str) -> None:
    """Remember that two listings are different goods, once. Errors: NotFound."""
    store.lock(tx)
    for shop, listing in (left, right):
        if not store.offers(tx, shop, listing=listing):
            raise NotFound("no such listing", code="linking_gone", listing=listing)
    if frozenset({left, right}) not in decisions.refused(tx):
        decisions.keep(tx, left, right, [], same=False, actor=actor, at=at)


def alone(tx: WriteTx, page: PageId, at: datetime, *, actor: str) -> list[Made]:
    """Give every unlinked offer of a listing a SKU of its own. Errors: NotFound."""
    store.lock(tx)
    rows = store.offers(tx, page[0], listing=page[1])
    if not rows:
        raise NotFound("no such listing", code="linking_gone", listing=page[1])
    made = [_link(tx, row, new_sku(tx, row, at), 1, at, actor) for row in rows if not row.links]
    if made:
        decisions.keep(tx, page, page, made, same=True, actor=actor, at=at)
    return made


def kit(
    tx: WriteTx, shop: ShopId, offer: str, parts: Sequence[tuple[str, int]], at: datetime, *, actor: str
) -> list[Made]:
    """Make an offer a kit of known SKUs, each with the pieces one sale takes; its links before are replaced.

    Errors: InputError for no parts, one named twice, or units that cannot be; NotFound.
    """
    store.lock(tx)
    row = offer_of(tx, shop, offer)
    names = [checked_sku(sku) for sku, _ in parts]
    if not parts or len(set(names)) < len(names):
        raise InputError("a kit names each of its SKUs once", code="linking_parts")
    known = [(service.variant_of(tx, sku), checked_units(units)) for sku, units in parts]
    store.drop_links(tx, shop, offer)
    made = [_link(tx, row, variant, units, at, actor) for variant, units in known]
    before = [(shop, offer, variant.sku, row.links[variant.id]) for variant in store.variants(tx, list(row.links))]
    page = (row.shop_id, row.listing_id)
    decisions.keep(tx, page, page, made, same=True, actor=actor, at=at, before=before)
    return made


def take_back(tx: WriteTx, decision: Decision, at: datetime, *, actor: str) -> list[OfferRow]:
    """Undo an answer: links it made go, links it replaced come back. Shape: the offers that lost links."""
    store.lock(tx)
    decisions.undo(tx, decision, at)
    lost: dict[tuple[str, str], OfferRow] = {}
    kept = {(shop, offer, sku) for shop, offer, sku, _ in decision.before}
    for shop, key, sku in decision.offers:
        row = next(iter(store.offers(tx, ShopId(shop), key=key)), None)
        variant = service.variant_of(tx, sku).id
        if row is not None and variant in row.links and (shop, key, sku) not in kept:
            store.drop_link(tx, row.shop_id, key, variant)
            lost[shop, key] = row
    for shop, key, sku, units in decision.before:
        store.put_link(tx, ShopId(shop), key, service.variant_of(tx, sku).id, units, actor, at)
    return list(lost.values())


def offer_of(tx: ReadTx, shop: ShopId, key: str) -> OfferRow:
    """Give an offer. Errors: NotFound."""
    found = store.offers(tx, shop, key=key)
    if not found:
        raise NotFound(f"no offer {key}", code="offer_unknown", offer=key)
    return found[0]


def new_sku(tx: WriteTx, row: OfferRow, at: datetime) -> Variant:
    """Make a SKU for an offer: under its own code where that is free, else under one of ours."""
    own, title = row.sku.strip(), " · ".join([row.title, *(value for _, value in row.options)])
    try:
        code = checked_sku(own)
    except InputError:
        code = ""
    if not code or store.variant_by_sku(tx, code):
        code = _next_code(tx)
    return service.add_variant(tx, code, title, at)


def _next_code(tx: ReadTx) -> str:
    """Give the next code that neither a SKU nor any offer has: an offer's own code would link it by itself."""
    taken = [code.strip().removeprefix(OWN_CODE) for code in store.codes_like(tx, OWN_CODE)]
    number = max((int(code) for code in taken if code.isascii() and code.isdigit()), default=0) + 1
    return f"{OWN_CODE}{number:0{_DIGITS}}"


def _link(tx: WriteTx, row: OfferRow, variant: Variant, units: int, at: datetime, actor: str) -> Made:
    store.put_link(tx, row.shop_id, row.key, variant.id, units, actor, at)
    return row.shop_id, row.key, variant.sku
