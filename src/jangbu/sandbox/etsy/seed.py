"""Owns the Etsy shop at its start: identities, listings and open receipts from the seeded goods."""

import base64
import random
import string
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from jangbu.sandbox.core.goods import Good, Goods, Variant
from jangbu.sandbox.core.pictures import path_of
from jangbu.sandbox.etsy.model import (
    Drivers,
    Line,
    Listing,
    Product,
    PropertyValue,
    Receipt,
    State,
    Version,
)

SHIPPING_PROFILE: Final = 223_344_556_677
RETURN_POLICY: Final = 1_180_033
READINESS_READY: Final = 1_402_336_017_455
READINESS_MADE: Final = 1_402_336_017_456
SECTION: Final = 50_411_238
COUNTRIES: Final = ("US", "US", "US", "GB", "DE", "JP", "CA", "AU")
_CUSTOM_PROPERTIES: Final = (513, 514)  # the two property ids free for a seller's own names
_DAY_S: Final = 86_400.0


class Identity(Struct, frozen=True):
    """Who the shop and its app are; the same for the same seed."""

    user_id: int
    shop_id: int
    application_id: int
    keystring: str
    shared_secret: str
    access_token: str
    refresh_token: str
    webhook_secret: str


def identity(rng: random.Random) -> Identity:
    """Draws an identity."""
    user_id = 800_000_000 + rng.randrange(10_000_000)
    return Identity(
        user_id=user_id,
        shop_id=41_000_000 + rng.randrange(1_000_000),
        application_id=90_000_000 + rng.randrange(1_000_000),
        keystring=_text(rng, 24),
        shared_secret=_text(rng, 10),
        access_token=f"{user_id}.{_text(rng, 40)}",
        refresh_token=f"{user_id}.{_text(rng, 40)}",
        webhook_secret="whsec_" + base64.b64encode(rng.randbytes(32)).decode(),
    )


def _text(rng: random.Random, length: int) -> str:
    return "".join(rng.choices(string.ascii_lowercase + string.digits, k=length))


def start(goods: Goods, channel: str, now: float) -> State:
    """The shop with its listings, and its open receipts placed some hours before now."""
    state = State(
        listings={},
        receipts={},
        restocks=[],
        goods_skus={},
        next_id={
            "product": 20_944_871_103,
            "value": 1_203_344_550_011,
            "receipt": 3_512_009_984,
            "transaction": 4_400_118_273,
            "shipping": 1_180_044_556,
            "buyer": 1,
        },
        fees={"renewal": 0, "renew_sold_auto": 0},
        profile={
            "title": "Things made by hand in Seoul",
            "announcement": "Orders placed before noon KST ship the same day.",
            "sale_message": "Thank you! Your order is on our bench.",
            "digital_sale_message": None,
            "policy_additional": None,
        },
    )
    values: dict[tuple[str, str], int] = {}
    for number, good in enumerate(goods.goods):
        at, listing_id = now - (90 - number) * _DAY_S, 1_734_509_281 + 1_013 * number
        _add_listing(state, goods, good, channel, listing_id, at, values)
    for number, order in enumerate(goods.orders_of(channel)):
        _add_receipt(state, order, now - (number + 2) * 3_600)
    return state


def fresh(state: State, kind: str) -> int:
    """The next id of a kind."""
    state.next_id[kind] += 1 if kind == "buyer" else 7
    return state.next_id[kind]


def _add_listing(
    state: State, goods: Goods, good: Good, channel: str, listing_id: int, at: float, values: dict[tuple[str, str], int]
) -> None:
    products = tuple(_product(state, goods, good, variant, values) for variant in good.variants)
    driving = tuple(each.property_id for each in products[0].property_values)
    prices = {each.price for each in products}
    listing = Listing(
        listing_id=listing_id,
        state="active",
        created_at=at,
        updated_at=at,
        state_at=at,
        products=products,
        drivers=Drivers(price=driving if len(prices) > 1 else (), quantity=driving, sku=driving),
        texts=_texts(good),
        picture=path_of(good.key, channel),
    )
    state.listings[listing_id] = [Version(at, listing)]
    for product, variant in zip(products, good.variants, strict=True):
        state.goods_skus[f"{listing_id}/{product.key}"] = variant.sku


def _texts(good: Good) -> dict[str, Any]:
    return {
        "title": good.title,
        "description": f"{good.title}, made by hand in a small workshop.",
        "tags": ["handmade", good.key.lower().replace("-", " ")],
        "materials": [],
        "should_auto_renew": True,
        "shop_section_id": SECTION,
        "shipping_profile_id": SHIPPING_PROFILE,
        "return_policy_id": RETURN_POLICY,
    }


def _product(
    state: State, goods: Goods, good: Good, variant: Variant, values: dict[tuple[str, str], int]
) -> Product:
    product_id = fresh(state, "product")
    return Product(
        product_id=product_id,
        offering_id=product_id + 789_037_718,
        sku=good.code(variant.sku),
        quantity=goods.initial(variant.sku),
        price=variant.price_usd_cents,
        is_enabled=True,
        readiness_state_id=READINESS_READY,
        property_values=tuple(_property_values(state, variant, values)),
    )


def _property_values(state: State, variant: Variant, values: dict[tuple[str, str], int]) -> Iterator[PropertyValue]:
    for property_id, option in zip(_CUSTOM_PROPERTIES, variant.options, strict=False):
        known = values.get((option.name, option.value))
        value_id = values.setdefault((option.name, option.value), known or fresh(state, "value"))
        yield PropertyValue(property_id, option.name, None, (value_id,), (option.value,))


def _add_receipt(state: State, order: tuple[tuple[str, int], ...], at: float) -> None:
    lines = tuple(_line(state, sku, quantity) for sku, quantity in order)
    buyer = fresh(state, "buyer")
    receipt = Receipt(
        receipt_id=fresh(state, "receipt"),
        buyer=buyer,
        country=COUNTRIES[buyer % len(COUNTRIES)],
        placed_at=at,
        visible_at=at,
        pays_at=at,
        lines=lines,
    )
    state.receipts[receipt.receipt_id] = receipt


def _line(state: State, sku: str, quantity: int) -> Line:
    for versions in state.listings.values():
        listing = versions[-1].listing
        for product in listing.products:
            if state.goods_skus[f"{listing.listing_id}/{product.key}"] == sku:
                title = str(listing.texts["title"])
                return Line(fresh(state, "transaction"), listing.listing_id, product, title, quantity, sku)
    raise LookupError(f"no listing holds {sku}")
