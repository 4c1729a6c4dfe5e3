"""Owns the answers to reading operations of the Etsy emulator; nothing here changes the shop."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.etsy import render, render_orders
from jangbu.sandbox.etsy.asking import Asked, RefusedError
from jangbu.sandbox.etsy.model import Listing, Receipt
from jangbu.sandbox.etsy.render import Json
from jangbu.sandbox.etsy.seed import RETURN_POLICY, SHIPPING_PROFILE, Identity
from jangbu.sandbox.etsy.shop import Shop

_Test = Callable[[Receipt], bool]
_STATES: Final = ("active", "inactive", "sold_out", "draft", "expired")
_UP: Final = ("asc", "ascending", "up")
_ORDERS: Final = (*_UP, "desc", "descending", "down")


class Reads:
    """One method per reading operation; each returns the answer's JSON."""

    def __init__(self, *, who: Identity, shop: Shop, clock: Clock, settings: Settings, origin: str) -> None:
        self._who = who
        self._shop = shop
        self._clock = clock
        self._settings = settings
        self._origin = origin

    def table(self) -> Mapping[str, Callable[[Asked, bool], Any]]:
        """Operation id → method(asked, owner): `owner` tells that the shop's owner is asking."""
        return {
            "ping": lambda *_: {"application_id": self._who.application_id},
            "getMe": lambda *_: {"user_id": self._who.user_id, "shop_id": self._who.shop_id},
            "getShop": lambda *_: self.shop(),
            "getShopByOwnerUserId": self._shop_of_user,
            "getShopSections": lambda *_: _counted([self._section()]),
            "getShopShippingProfiles": lambda *_: _counted([render.shipping_profile(self._who)]),
            "getShopShippingProfile": self._shipping_profile,
            "getShopReturnPolicies": lambda *_: _counted([render.return_policy(self._who)]),
            "getShopReturnPolicy": self._return_policy,
            "getShopReadinessStateDefinitions": self._processing_profiles,
            "getShopReadinessStateDefinition": self._processing_profile,
            "getListingsByShop": self._listings,
            "getListing": self._listing,
            "getListingInventory": self._inventory,
            "getListingsByListingIds": self._listings_by_ids,
            "getListingsInventoryByListingIds": self._inventories_by_ids,
            "getShopReceipts": self._receipts,
            "getShopReceipt": lambda asked, _: self.render_receipt(self.receipt(asked), asked.as_of),
            "getShopReceiptTransactionsByReceipt": self._transactions,
        }

    # shop

    def shop(self) -> Json:
        """The Shop resource."""
        sold = sum(line.quantity for receipt in self._shop.state.receipts.values() for line in receipt.lines)
        return render.shop(self._who, self._shop.state.profile, self._shop.listings(), sold, self._origin)

    def _shop_of_user(self, asked: Asked, _: bool) -> Json:
        if asked.id("user_id") != self._who.user_id:
            raise RefusedError(404, f"Could not find a shop for user with user_id = {asked.id('user_id')}")
        return self.shop()

    def _section(self) -> Json:
        return render.section(self._who, sum(each.state == "active" for each in self._shop.listings()))

    def _shipping_profile(self, asked: Asked, _: bool) -> Json:
        _known(asked.id("shipping_profile_id") == SHIPPING_PROFILE, "Shipping Profile")
        return render.shipping_profile(self._who)

    def _return_policy(self, asked: Asked, _: bool) -> Json:
        _known(asked.id("return_policy_id") == RETURN_POLICY, "Return Policy")
        return render.return_policy(self._who)

    def _processing_profiles(self, asked: Asked, _: bool) -> Json:
        profiles = render.processing_profiles(self._who)
        return _counted(profiles, asked.page())

    def _processing_profile(self, asked: Asked, _: bool) -> Json:
        wanted = asked.id("readiness_state_definition_id")
        found = [each for each in render.processing_profiles(self._who) if each["readiness_state_id"] == wanted]
        _known(bool(found), "Readiness State Definition")
        return found[0]

    # listings

    def listing(self, asked: Asked) -> Listing:
        """The listing a path names. Errors: RefusedError 404."""
        return self._find(asked.id("listing_id"), asked.as_of)

    def _find(self, listing_id: int, as_of: float | None) -> Listing:
        found = self._shop.listing(listing_id, as_of)
        if found is None:
            raise RefusedError(404, f"Could not find a Listing with listing_id = {listing_id}.")
        return found

    def _listings(self, asked: Asked, _: bool) -> Json:
        state = asked.one_of("state", _STATES, "active")
        asked.one_of("sort_on", ("created", "price", "updated", "score"), "created")
        asked.one_of("sort_order", _ORDERS, "desc")
        includes = asked.names("includes")
        found = [each for each in self._shop.listings(asked.as_of) if each.state == state]
        newest_first = sorted(found, key=lambda each: (-each.created_at, each.listing_id))
        return _counted(
            [self._with(each, includes | {"skus"}) for each in newest_first[asked.page()]], total=len(found)
        )

    def _listing(self, asked: Asked, owner: bool) -> Json:
        extra = {"skus", "views"} if owner else set[str]()
        return self._with(self.listing(asked), (asked.names("includes") - {"Inventory", "Shipping"}) | extra)

    def _listings_by_ids(self, asked: Asked, owner: bool) -> Json:
        extra = {"skus"} if owner else set[str]()
        includes = (asked.names("includes") - {"Inventory", "Shipping"}) | extra
        found = [self._find(each, asked.as_of) for each in asked.ids("listing_ids")]
        return _counted([self._with(each, includes) for each in found])

    def _inventories_by_ids(self, asked: Asked, _: bool) -> Json:
        found = [self._find(each, asked.as_of) for each in asked.ids("listing_ids")]
        return _counted([self._with(each, {"Inventory"}) for each in found])

    def _inventory(self, asked: Asked, _: bool) -> Json:
        found = self.listing(asked)
        answer = render.inventory(found)
        if "Listing" in asked.names("includes"):
            answer["listing"] = render.listing(self._who, found, self._origin)
        return answer

    def _with(self, each: Listing, includes: frozenset[str] | set[str]) -> Json:
        extras: dict[str, Callable[[], Any]] = {
            "Inventory": lambda: {"inventory": render.inventory(each)},
            "Shipping": lambda: {"shipping_profile": render.shipping_profile(self._who)},
            "Shop": lambda: {"shop": self.shop()},
            "Images": lambda: {"images": render.images(each, self._origin)},
            "Videos": lambda: {"videos": []},
            "skus": lambda: {"skus": sorted({product.sku for product in each.products if product.sku})},
            "views": lambda: {"views": 0},
        }
        answer = render.listing(self._who, each, self._origin)
        for name in sorted(includes & set(extras)):
            answer |= extras[name]()
        return answer

    # orders

    def receipt(self, asked: Asked) -> Receipt:
        """The receipt a path names, if it shows by then. Errors: RefusedError 404."""
        receipt_id = asked.id("receipt_id")
        found = self._shop.state.receipts.get(receipt_id)
        if found is None or found.visible_at > self._moment(asked.as_of):
            raise RefusedError(
                404,
                f"Could not find a Shop Receipt with receipt_id = {receipt_id} "
                f"associated with shop_id = {self._who.shop_id}.",
            )
        return found

    def render_receipt(self, receipt: Receipt, as_of: float | None = None) -> Json:
        """The ShopReceipt resource, now or as of a moment."""
        return render_orders.receipt(self._who, receipt, self._moment(as_of), self._settings)

    def _transactions(self, asked: Asked, _: bool) -> Json:
        found = self.receipt(asked)
        return _counted(render_orders.transactions(self._who, found, self._moment(asked.as_of)))

    def _receipts(self, asked: Asked, _: bool) -> Json:
        at = self._moment(asked.as_of)
        upwards = asked.one_of("sort_order", _ORDERS, "desc") in _UP
        key = self._sorting(asked.one_of("sort_on", ("created", "updated", "receipt_id"), "created"), at)
        page = asked.page()
        found = self._shop.receipts(at)
        for fits in self._filters(asked, at):
            found = [each for each in found if fits(each)]
        found.sort(key=lambda each: (key(each), each.receipt_id), reverse=not upwards)
        return _counted([self.render_receipt(each, at) for each in found[page]], total=len(found))

    def _sorting(self, sort_on: str, at: float) -> Callable[[Receipt], int]:
        keys: dict[str, Callable[[Receipt], int]] = {
            "created": lambda each: int(each.placed_at),
            "updated": lambda each: self._updated(each, at),
            "receipt_id": lambda each: each.receipt_id,
        }
        return keys[sort_on]

    def _filters(self, asked: Asked, at: float) -> list[_Test]:
        """What the query asks of a receipt; times first, they leave the least."""
        chosen: list[_Test] = []
        for name, time_of in (
            ("last_modified", lambda each: self._updated(each, at)),
            ("created", lambda each: int(each.placed_at)),
        ):
            low, high = asked.moment(f"min_{name}"), asked.moment(f"max_{name}")
            if low is not None or high is not None:
                chosen.append(_between(time_of, low, high))
        facts: dict[str, _Test] = {
            "was_paid": lambda each: each.is_paid(at),
            "was_shipped": lambda each: each.shipped_at(at) is not None,
            "was_delivered": lambda _: False,  # nothing here follows a parcel
            "was_canceled": lambda each: each.canceled_at(at) is not None,
        }
        for name, fact in facts.items():
            wanted = asked.flag(name)
            if wanted is not None:
                chosen.append(_is(fact, wanted=wanted))
        return chosen

    def _updated(self, receipt: Receipt, at: float) -> int:
        return int(receipt.updated_at(at, cancels_count=self._settings.on("cancel_bumps_updated")))

    def _moment(self, as_of: float | None) -> float:
        return self._clock.now() if as_of is None else as_of


def _between(time_of: Callable[[Receipt], int], low: int | None, high: int | None) -> _Test:
    return lambda each: (low is None or time_of(each) >= low) and (high is None or time_of(each) <= high)


def _is(fact: _Test, *, wanted: bool) -> _Test:
    return lambda each: fact(each) == wanted


def _counted(rows: list[Json], page: slice | None = None, total: int | None = None) -> Json:
    return {"count": len(rows) if total is None else total, "results": rows if page is None else rows[page]}


def _known(there: bool, what: str) -> None:
    if not there:
        raise RefusedError(404, f"Could not find the {what}.")
