"""The shop's first day: products made from the goods and the orders that stand open from the start."""

from __future__ import annotations

from jangbu.sandbox.core.goods import Good, Goods, Variant
from jangbu.sandbox.core.pictures import path_of
from jangbu.sandbox.naver.shop import Shop, Wish
from jangbu.sandbox.naver.state import Option, Product, Timeline
from jangbu.sandbox.naver.words import DAY_MS

_FIRST_PRODUCT = 9_000_000_001
_FIRST_OPTION = 40_000_000_001
_CHANNEL_STEP = 100_000_000
_ON_SALE_FOR_MS = 30 * DAY_MS
_HOUR_MS = 3600 * 1000


def fill(shop: Shop, goods: Goods, channel: str, now: int, origin: str) -> None:
    """Puts products and seeded orders into an empty shop; the numbers shown already lack what is owed."""
    option_id = _FIRST_OPTION
    for place, good in enumerate(goods.goods):
        product = _product(good, goods, _FIRST_PRODUCT + place, option_id, now - _ON_SALE_FOR_MS, origin)
        option_id += len(product.options)
        # known since ever, so that a stale read at the start finds it
        shop.state.products[product.no] = Timeline([(0, product)])
    places = {sku: wish for product in shop.products() for sku, wish in _places(product)}
    seeded = goods.orders_of(channel)
    for number, lines in enumerate(seeded):
        wishes = [Wish(*places[sku], quantity) for sku, quantity in lines]
        shop.take_over(wishes, now - (len(seeded) - number) * _HOUR_MS)


def _product(good: Good, goods: Goods, no: int, first_option: int, since: int, origin: str) -> Product:
    base = min(variant.price_krw for variant in good.variants)
    first = good.variants[0]
    plain = not first.options
    options = () if plain else tuple(
        _option(good, variant, goods, first_option + place, base) for place, variant in enumerate(good.variants)
    )  # fmt: skip
    return Product(
        no=no,
        channel_no=no + _CHANNEL_STEP,
        name=good.title_ko,
        sale_price=base,
        status="SALE",
        stock=goods.initial(first.sku) if plain else 0,
        code=good.code(first.sku if plain else good.key),
        sku=first.sku if plain else "",
        registered_at=since,
        modified_at=since,
        group_names=tuple(option.name_ko for option in first.options),
        options=options,
        picture=f"{origin}{path_of(good.key, 'naver')}",
    )


def _option(good: Good, variant: Variant, goods: Goods, option_id: int, base: int) -> Option:
    return Option(
        id=option_id,
        names=tuple(option.value_ko for option in variant.options),
        stock=goods.initial(variant.sku),
        price=variant.price_krw - base,
        code=good.code(variant.sku),
        sku=variant.sku,
    )


def _places(product: Product) -> list[tuple[str, tuple[int, int | None]]]:
    if not product.options:
        return [(product.sku, (product.no, None))]
    return [(option.sku, (product.no, option.id)) for option in product.options]
