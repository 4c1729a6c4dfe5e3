"""Owns what happens to an Etsy shop: sales, cancellations, restocks, shipments, listing writes; no wire."""

import random
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.emulator import OfferView
from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.etsy.model import (
    Cancellation,
    Drivers,
    Line,
    Listing,
    Product,
    Receipt,
    Restock,
    Shipment,
    State,
    Version,
    find,
    on_offer,
    with_number,
    with_products,
)
from jangbu.sandbox.etsy.seed import COUNTRIES, fresh

_VERSIONS_KEPT: Final = 400
_MOST: Final = 999
_MESSAGE_SHARE: Final = 0.1

Announce = Callable[[str, int, float], None]  # event, receipt id, not before


class Shop:
    """The shop of the emulator. `announce` hears what webhooks tell; `withdraw` what no longer comes true."""

    def __init__(
        self,
        *,
        state: State,
        clock: Clock,
        rng: random.Random,
        settings: Settings,
        announce: Announce,
        withdraw: Announce,
    ) -> None:
        self.state = state
        self._clock = clock
        self._rng = rng
        self._settings = settings
        self._announce = announce
        self._withdraw = withdraw

    def settle(self) -> None:
        """Lets everything happen that is due by now; every door calls it first."""
        now = self._clock.now()
        while self.state.restocks and self.state.restocks[0].due <= now:
            self._land(self.state.restocks.pop(0))

    # reading

    def listing(self, listing_id: int, as_of: float | None = None) -> Listing | None:
        """A listing now, or as it stood at a moment."""
        versions = self.state.listings.get(listing_id)
        if not versions:
            return None
        if as_of is None:
            return versions[-1].listing
        return next((each.listing for each in reversed(versions) if each.at <= as_of), versions[0].listing)

    def listings(self, as_of: float | None = None) -> list[Listing]:
        """All listings, oldest id first."""
        found = (self.listing(listing_id, as_of) for listing_id in sorted(self.state.listings))
        return [each for each in found if each is not None]

    def receipts(self, at: float) -> list[Receipt]:
        """The receipts the API shows at a moment."""
        return [each for each in self.state.receipts.values() if each.visible_at <= at]

    def offers(self) -> list[OfferView]:
        """What buyers see."""
        return [self._view(listing, product) for listing in self.listings() for product in listing.products]

    # buyers

    def buy(self, offer_id: str, quantity: int) -> str | None:
        """A purchase; the number falls now, the receipt shows later."""
        listing, product = self._offer(offer_id)
        if listing is None or product is None or not _buyable(listing, product, quantity):
            self.state.disappointed += 1
            return None
        now = self._clock.now()
        self._sell(listing, product, quantity, now)
        title = str(listing.texts["title"])
        sku = self.state.goods_skus.get(offer_id, product.sku)
        line = Line(fresh(self.state, "transaction"), listing.listing_id, product, title, quantity, sku)
        return str(self._place(line, now).receipt_id)

    def cancel(self, order_id: str, line_id: str | None, quantity: int | None, *, restock: bool) -> bool:
        """Calls units off; refused once shipped, for unknown orders and for more than is left."""
        receipt = self.state.receipts.get(int(order_id)) if order_id.isdigit() else None
        now = self._clock.now()
        if receipt is None or receipt.shipments or receipt.canceled_at(now) is not None:
            return False
        parts = _parts(receipt, line_id, quantity, now)
        changed = replace(
            receipt,
            cancellations=receipt.cancellations
            + tuple(Cancellation(now, line.transaction_id, units, restock) for line, units in parts),
        )
        whole = changed.canceled_at(now) is not None
        if not parts or (not whole and not receipt.is_paid(now)):
            return False
        self.state.receipts[receipt.receipt_id] = changed
        if restock:
            for line, units in parts:
                self._plan_restock(line, units, now)
        if whole:
            if not receipt.is_paid(now):
                self._withdraw("order.paid", receipt.receipt_id, now)
            self._announce("order.canceled", receipt.receipt_id, max(now, receipt.visible_at))
        return True

    # the seller's writes

    def ship(self, receipt: Receipt, carrier_name: str, tracking_code: str) -> Receipt:
        """Adds a shipment, mails the buyer."""
        now = self._clock.now()
        shipment = Shipment(fresh(self.state, "shipping"), now, carrier_name, tracking_code)
        changed = replace(receipt, shipments=(*receipt.shipments, shipment))
        self.state.receipts[receipt.receipt_id] = changed
        self.state.mails += 1
        self._announce("order.shipped", receipt.receipt_id, now)
        return changed

    def put_inventory(self, listing: Listing, products: tuple[Product, ...], drivers: Drivers) -> Listing:
        """Replaces the whole inventory, every product under new ids; the listing's state stays."""
        renewed = tuple(self._with_new_ids(each) for each in products)
        return self._put(replace(listing, products=renewed, drivers=drivers))

    def update(self, listing: Listing, texts: dict[str, Any], state: str | None) -> Listing:
        """What updateListing does: texts, and the two states one may write.

        Activating an empty listing sets its number to 1 and costs a renewal; an inactive one with stock
        comes back as it was, free of charge.
        """
        changed = replace(listing, texts={**listing.texts, **texts})
        if state is None or state == listing.state:
            return self._put(changed)
        if state == "active" and (listing.state == "sold_out" or not on_offer(listing)):
            self.state.fees["renewal"] += 1
            changed = _single(changed)
        now = self._clock.now()
        return self._put(replace(changed, state=state, state_at=now))

    # inside

    def _sell(self, listing: Listing, product: Product, quantity: int, now: float) -> None:
        changed = with_number(listing, product, product.quantity - quantity)
        if on_offer(changed):
            self.state.fees["renew_sold_auto"] += 1
        else:
            changed = replace(changed, state="sold_out", state_at=now)
        self._put(changed)

    def _place(self, line: Line, now: float) -> Receipt:
        lag_min, lag_max = self._settings.number("feed_lag_min_s"), self._settings.number("feed_lag_max_s")
        visible_at = now + self._rng.uniform(min(lag_min, lag_max), lag_max)
        pays_at = now
        if self._rng.random() < self._settings.number("processing_share"):
            pays_at = now + self._rng.uniform(0.5, 1) * self._settings.number("processing_max_s")
        buyer = fresh(self.state, "buyer")
        message = "Please add a small card." if self._rng.random() < _MESSAGE_SHARE else None
        receipt = Receipt(
            receipt_id=fresh(self.state, "receipt"),
            buyer=buyer,
            country=self._rng.choice(COUNTRIES),
            placed_at=now,
            visible_at=visible_at,
            pays_at=pays_at,
            lines=(line,),
            message=message,
        )
        self.state.receipts[receipt.receipt_id] = receipt
        self._announce("order.paid", receipt.receipt_id, max(visible_at, pays_at))
        return receipt

    def _plan_restock(self, line: Line, units: int, now: float) -> None:
        due = now + self._rng.uniform(0, self._settings.number("restock_delay_max_s"))
        self.state.restocks.append(Restock(due, line.listing_id, line.product.key, units))
        self.state.restocks.sort()

    def _land(self, restock: Restock) -> None:
        listing = self.listing(restock.listing_id)
        product = find(listing, restock.key) if listing else None
        if listing is None or product is None:
            return  # the seller has removed that combination since
        changed = with_number(listing, product, min(_MOST, product.quantity + restock.quantity))
        if changed.state == "sold_out" and on_offer(changed):
            changed = replace(changed, state="active", state_at=restock.due)
        self._put(changed, restock.due)

    def _put(self, listing: Listing, at: float | None = None) -> Listing:
        moment = self._clock.now() if at is None else at
        changed = replace(listing, updated_at=moment)
        versions = self.state.listings[listing.listing_id]
        versions.append(Version(moment, changed))
        del versions[:-_VERSIONS_KEPT]
        return changed

    def _with_new_ids(self, product: Product) -> Product:
        product_id = fresh(self.state, "product")
        values = tuple(
            replace(each, value_ids=each.value_ids or tuple(fresh(self.state, "value") for _ in each.values))
            for each in product.property_values
        )
        return replace(product, product_id=product_id, offering_id=product_id + 789_037_718, property_values=values)

    def _offer(self, offer_id: str) -> tuple[Listing | None, Product | None]:
        listing_id, _, key = offer_id.partition("/")
        listing = self.listing(int(listing_id)) if listing_id.isdigit() else None
        return listing, find(listing, key) if listing else None

    def _view(self, listing: Listing, product: Product) -> OfferView:
        offer_id = f"{listing.listing_id}/{product.key}"
        sku = self.state.goods_skus.get(offer_id, product.sku)
        return OfferView(offer_id, sku, product.quantity, listing.state == "active" and product.is_enabled)


def _buyable(listing: Listing, product: Product, quantity: int) -> bool:
    return listing.state == "active" and product.is_enabled and 0 < quantity <= product.quantity


def _single(listing: Listing) -> Listing:
    first = next((each for each in listing.products if each.is_enabled), listing.products[0])
    return with_number(with_products(listing, lambda _: 0), first, 1)


def _parts(receipt: Receipt, line_id: str | None, quantity: int | None, now: float) -> list[tuple[Line, int]]:
    lines = [each for each in receipt.lines if line_id in (None, str(each.transaction_id))]
    open_lines = [(line, receipt.left(line, now)) for line in lines if receipt.left(line, now)]
    if quantity is None:
        return open_lines
    fitting = [(line, quantity) for line, left in open_lines if 0 < quantity <= left]
    return fitting[:1]
