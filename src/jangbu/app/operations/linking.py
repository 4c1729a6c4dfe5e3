"""Link goods without codes: pairs that seem to be the same, a person's answers, kits, and the last answer undone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from jangbu.app.bootstrap import House
from jangbu.app.operations.catalog import views_of
from jangbu.app.operations.common import Facts
from jangbu.catalog import decisions, pairing, photos
from jangbu.catalog import service as catalog
from jangbu.catalog.model import OfferRow, Variant
from jangbu.catalog.pairing import Made, Same
from jangbu.catalog.suggesting import Experience, Page, PageId, Pair, Scored, choose, compare, suggest
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import IllegalTransition
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.orders import service as orders
from jangbu.publish import service as publish
from jangbu.shops import service as shops

SHOWN: Final = 10
_MANY: Final = 150  # listings; more are compared beside the loop
_COMPARED: Final[dict[int, list[Scored]]] = {}  # the last comparison of many listings, by all that it rests on


async def linking_pairs(house: House, *, limit: int = SHOWN, skip: int = 0) -> Facts:
    """Suggest pairs of listings, the surest first, and count what is left to do.

    Shape: `pairs`; `left` pairs in all; `alone`: listings with unlinked offers for which nothing is suggested.
    """

    def read(tx: ReadTx) -> tuple[list[Page], Experience, set[frozenset[PageId]]]:
        return *pairing.pages(tx), decisions.refused(tx)

    pages, known, refused = await house.db.read(read)
    found = await _suggested(pages, known, refused)
    paired = {page.id for pair in found for page in (pair.left, pair.right)}
    lonely = [page for page in pages if page.unlinked and page.id not in paired]

    def tell(tx: ReadTx) -> Facts:
        face = _Face(tx)
        return {
            "pairs": [face.pair(pair) for pair in found[skip : skip + limit]], "left": len(found),
            "alone": len(lonely), "alone_first": [face.page(page) for page in lonely[:limit]],
            "unlinked": sum(not offer.links for page in pages for offer in page.offers),
            "pictures_waiting": photos.waiting(tx),
        }  # fmt: skip

    return await house.db.read(tell)


async def _suggested(pages: list[Page], known: Experience, refused: set[frozenset[PageId]]) -> list[Pair]:
    """Suggest; of many listings what was compared is kept until one of them changes, so that an answer is quick."""
    if len(pages) <= _MANY:
        return suggest(pages, known, refused)
    looks = hash(tuple((page.id, page.title, page.photos, *_offers(page)) for page in pages))
    if looks not in _COMPARED:
        found = await asyncio.to_thread(compare, pages, known)
        _COMPARED.clear()
        _COMPARED[looks] = found
    return choose(_COMPARED[looks], pages, known, refused)


def _offers(page: Page) -> list[tuple[object, ...]]:
    return [(offer.key, offer.sku, offer.options, offer.price) for offer in page.offers]


async def linking_same(
    house: House, *, left: PageId, right: PageId, pairs: Sequence[Same], actor: str
) -> Facts:
    """Link what a person calls the same. Errors: as `pairing.join`; nothing is linked then."""
    return await _link(house, actor, lambda tx, now: pairing.join(tx, left, right, pairs, now, actor=actor))


async def linking_alone(house: House, *, page: PageId, actor: str) -> Facts:
    """Give every unlinked offer of one listing a SKU of its own. Errors: NotFound."""
    return await _link(house, actor, lambda tx, now: pairing.alone(tx, page, now, actor=actor))


async def linking_kit(
    house: House, *, name: str, offer: str, parts: Sequence[tuple[str, int]], actor: str
) -> Facts:
    """Make an offer a kit of several SKUs. Errors: as `pairing.kit`; nothing changes then."""

    def make(tx: WriteTx, now: datetime) -> list[Made]:
        return pairing.kit(tx, shops.named(tx, name).id, offer, parts, now, actor=actor)

    return await _link(house, actor, make, grown=True)


async def linking_different(house: House, *, left: PageId, right: PageId, actor: str) -> None:
    """Remember that two listings are different goods: the pair does not come again. Errors: NotFound."""
    now = house.clock.now()
    await house.db.write(lambda tx: pairing.part(tx, left, right, now, actor=actor))


async def linking_undo(house: House, *, actor: str) -> Facts:
    """Take a person's last answer back; links it made are taken away, what open orders hold stays held.

    Errors: IllegalTransition when there is nothing to take back, or while a write there is under way.
    """
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        last = decisions.latest(tx, actor)
        if last is None:
            raise IllegalTransition("nothing to undo", code="linking_nothing_to_undo")
        for row in pairing.take_back(tx, last, now, actor=actor):
            publish.unlinked(tx, row.shop_id, row.cell_key)
        publish.sync_cells(tx)
        note(tx, now, "catalog.link_undone", actor=actor, offers=len(last.offers))
        return {"offers": len(last.offers), "same": last.same}

    return await house.db.write(write)


async def listing_picture(house: House, *, shop: str, listing: str) -> bytes | None:
    """Give the small copy of a listing's first picture, a JPEG; None where there is none yet."""
    return await house.db.read(lambda tx: photos.small(tx, ShopId(shop), listing))


async def _link(
    house: House, actor: str, make: Callable[[WriteTx, datetime], list[Made]], *, grown: bool = False
) -> Facts:
    """Make links in one transaction; lines that waited for them move their stock now.

    `grown`: the offers may have had links before, so that open lines hold their new parts too.
    """
    now, views = house.clock.now(), views_of(house)

    def write(tx: WriteTx) -> Facts:
        made = make(tx, now)
        publish.sync_cells(tx)
        late = sum(orders.link_late(tx, view) for view in views)
        for view in views if grown else ():
            for offer in {offer for shop, offer, _ in made if shop == view.id}:
                orders.link_more(tx, view, offer)
        if made:
            note(tx, now, "catalog.linked", actor=actor, offers=len({(shop, offer) for shop, offer, _ in made}))
        return {"links": [{"shop": s, "offer": o, "sku": sku} for s, o, sku in made], "late_lines": late}

    return await house.db.write(write)


class _Face:
    """Tells pages, pairs and offers as plain facts."""

    def __init__(self, tx: ReadTx) -> None:
        self._shops = {shop.id: shop.name for shop in shops.all_shops(tx)}
        self._skus: Mapping[VariantId, Variant] = {variant.id: variant for variant in catalog.variants(tx)}
        self._photos = photos.with_small(tx)

    def pair(self, pair: Pair) -> Facts:
        left, right = ({option.left.key for option in pair.options}, {option.right.key for option in pair.options})
        return {
            "left": self.page(pair.left), "right": self.page(pair.right), "points": round(pair.points, 1),
            "strength": pair.strength.value, "why": [why.value for why in pair.why], "units": list(pair.units),
            "options": [
                {"left": self.offer(o.left), "right": self.offer(o.right), "sure": o.sure} for o in pair.options
            ],
            "left_rest": [self.offer(o) for o in pair.left.offers if o.key not in left],
            "right_rest": [self.offer(o) for o in pair.right.offers if o.key not in right],
        }  # fmt: skip

    def page(self, page: Page) -> Facts:
        prices = sorted(offer.price.amount for offer in page.offers)
        return {
            "shop": page.shop_id, "shop_name": self._shops.get(page.shop_id, page.shop_id), "listing": page.listing_id,
            "title": page.title, "photo": page.id in self._photos, "offers": len(page.offers),
            "unlinked": sum(not offer.links for offer in page.offers),
            "price": prices[0], "price_most": prices[-1], "currency": page.offers[0].price.currency,
        }  # fmt: skip

    def offer(self, row: OfferRow) -> Facts:
        return {
            "offer": row.key, "options": " / ".join(value for _, value in row.options), "code": row.sku,
            "price": row.price.amount, "currency": row.price.currency, "quantity": row.quantity,
            "links": {self._skus[variant].sku: units for variant, units in row.links.items()},
        }  # fmt: skip


def page_id(given: Mapping[str, Any], side: str) -> PageId:
    """Read the name of a listing from plain facts: `<side>_shop` and `<side>_listing`."""
    return ShopId(str(given.get(f"{side}_shop", ""))), str(given.get(f"{side}_listing", ""))
