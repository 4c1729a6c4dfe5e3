"""Owns the answers to writing operations of the Etsy emulator: checks first, then one change of the shop."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.traffic import Traffic
from jangbu.sandbox.etsy import inventory, render, render_orders
from jangbu.sandbox.etsy.asking import Asked, RefusedError, form_flag
from jangbu.sandbox.etsy.reads import Reads
from jangbu.sandbox.etsy.render import Json
from jangbu.sandbox.etsy.seed import RETURN_POLICY, SECTION, SHIPPING_PROFILE, Identity
from jangbu.sandbox.etsy.shop import Shop

_IGNORED: Final = {"price", "quantity"}
_RENEW: Final = "should_auto_renew"
_LISTS: Final = {"tags", "materials"}
_PLAIN: Final = {"title", "description"}
_REFERENCES: Final = {
    "shipping_profile_id": SHIPPING_PROFILE,
    "return_policy_id": RETURN_POLICY,
    "shop_section_id": SECTION,
}
_NOT_YET: Final = {
    "image_ids", "item_weight", "item_length", "item_width", "item_height", "item_weight_unit",
    "item_dimensions_unit", "is_taxable", "taxonomy_id", "who_made", "when_made", "featured_rank",
    "is_personalizable", "personalization_is_required", "personalization_char_count_max",
    "personalization_instructions", "is_supply", "production_partner_ids", "type",
}  # fmt: skip
_SHIPMENT: Final = {
    "tracking_code", "carrier_name", "send_bcc", "note_to_buyer", "mail_class", "weight",
    "weight_units", "length", "width", "height", "dimension_units", "shipping_label_cost",
    "shipping_label_currency", "revenue_eligibility", "ship_from_country", "ship_to_country",
    "incoterm", "customs_data", "duty_amount", "duty_currency", "ship_date",
}  # fmt: skip
_SHOP_TEXTS: Final = ("title", "announcement", "sale_message", "digital_sale_message", "policy_additional")
_FREE_OF_TRACKING_CENTS: Final = 1_000
_TRACKED_ALWAYS: Final = "IN"


class Writes:
    """One method per writing operation; each returns the answer's JSON."""

    def __init__(
        self,
        *,
        who: Identity,
        shop: Shop,
        reads: Reads,
        clock: Clock,
        traffic: Traffic,
        origin: str,
        strict: bool,
    ) -> None:
        self._who = who
        self._shop = shop
        self._reads = reads
        self._clock = clock
        self._traffic = traffic
        self._origin = origin
        self._strict = strict

    def table(self) -> Mapping[str, Callable[[Asked, bool], Any]]:
        """Operation id → method(asked, owner)."""
        return {
            "updateShop": self._update_shop,
            "updateListing": self._update_listing,
            "updateListingInventory": self._update_inventory,
            "createReceiptShipment": self._create_shipment,
        }

    def _update_shop(self, asked: Asked, _: bool) -> Json:
        form = asked.form()
        self._shop.state.profile |= {name: form[name] for name in _SHOP_TEXTS if name in form}
        self._traffic.wrote("updateShop")
        return self._reads.shop()

    def _update_listing(self, asked: Asked, _: bool) -> Json:
        listing = self._reads.listing(asked)
        form = asked.form()
        state = form.pop("state", None)
        if state not in (None, "active", "inactive"):
            raise RefusedError(400, "There was a problem with /state : must be active or inactive")
        self._check_names(form, _IGNORED | _LISTS | _PLAIN | _NOT_YET | set(_REFERENCES) | {_RENEW})
        texts = {name: _text(name, form) for name in form if name not in _IGNORED}
        changed = self._shop.update(listing, texts, state)
        self._traffic.wrote("updateListing")
        return render.listing(self._who, changed, self._origin)

    def _update_inventory(self, asked: Asked, _: bool) -> Json:
        listing = self._reads.listing(asked)
        most = int(asked.one_of("max_variations_supported", ("2", "3"), "2"))
        products, drivers = inventory.read(asked.json(), strict=self._strict, variations=most)
        changed = self._shop.put_inventory(listing, products, drivers)
        self._traffic.wrote("updateListingInventory")
        return render.inventory(changed)

    def _check_names(self, given: dict[str, Any], known: set[str]) -> None:
        unknown = sorted(set(given) - known)
        if unknown and self._strict:
            raise RefusedError(400, f"Unknown parameter: [{', '.join(unknown)}]")
        for name in unknown:
            del given[name]

    def _create_shipment(self, asked: Asked, _: bool) -> Json:
        receipt = self._reads.receipt(asked)
        now = self._clock.now()
        body = asked.json() or {}  # a form is overlooked: the receipt ends up shipped without tracking
        self._check_names(body, _SHIPMENT)
        code, carrier = _optional_text(body, "tracking_code"), _optional_text(body, "carrier_name")
        if receipt.canceled_at(now) is not None or not receipt.is_paid(now):
            raise RefusedError(409, "The receipt is canceled or not paid for.")
        costly = render_orders.total_cents(receipt) > _FREE_OF_TRACKING_CENTS
        if (receipt.country == _TRACKED_ALWAYS or (receipt.country == "US" and costly)) and not (code and carrier):
            raise RefusedError(400, "A tracking number is required")
        if carrier and carrier not in carriers():
            raise RefusedError(400, "The carrier is not supported; use other")
        shipped = self._shop.ship(receipt, carrier, code)
        self._traffic.wrote("createReceiptShipment")
        return self._reads.render_receipt(shipped)


@cache
def carriers() -> frozenset[str]:
    """The carrier codes known to the tracking endpoint."""
    text = files(__package__).joinpath("carriers.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset({"other"}.union(*(line.split() for line in lines)))


def _optional_text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise RefusedError(400, f"There was a problem with /{name} : must be a string")
    return value.strip()


def _text(name: str, form: dict[str, str]) -> Any:  # noqa: ANN401 -- a text, list, id or switch
    value = form[name]
    if name in _PLAIN:
        if not value.strip():
            raise RefusedError(400, [{"path": f"/{name}", "type": "empty", "message": "can't be empty"}])
        return value
    if name in _LISTS:
        return [part for part in value.split(",") if part]
    if name in _REFERENCES:
        if value != str(_REFERENCES[name]):
            raise RefusedError(400, f"There was a problem with /{name} : is not of this shop")
        return int(value)
    if name == _RENEW:
        return form_flag(form, name)
    raise RefusedError(501, f"The sandbox does not emulate {name} of updateListing yet.")
