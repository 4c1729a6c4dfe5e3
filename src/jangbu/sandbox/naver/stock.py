"""What a change of number or status does to a product: pure, without clock or storage."""

from __future__ import annotations

from msgspec.structs import replace

from jangbu.sandbox.naver.state import Option, Product
from jangbu.sandbox.naver.words import ProductStatus

_MAY_SUSPEND = frozenset({"SALE", "OUTOFSTOCK", "WAIT"})


def numbered(product: Product, option_id: int | None, number: int) -> Product:
    """The product with one number set; the option's if it has options."""
    if option_id is None:
        return replace(product, stock=number)
    rows = tuple(replace(o, stock=number) if o.id == option_id else o for o in product.options)
    return replace(product, options=rows)


def number_at(product: Product, option_id: int | None) -> int:
    """The number that offer shows."""
    option = product.option(option_id)
    return option.stock if option else product.stock


def emptied(product: Product) -> Product:
    """The product with every number at zero."""
    return replace(product, stock=0, options=tuple(replace(o, stock=0) for o in product.options))


def self_adjusted(product: Product, *, reopens: bool) -> Product:
    """The status Naver gives by itself: out of stock at zero, and perhaps on sale again above it.

    A suspended product stays suspended whatever its number.
    """
    if product.status == "SALE" and product.number == 0:
        return replace(product, status="OUTOFSTOCK")
    if product.status == "OUTOFSTOCK" and product.number > 0 and reopens:
        return replace(product, status="SALE")
    return product


def buyable(product: Product, option: Option | None) -> bool:
    """Whether buyers see a way to buy that offer, whatever its number."""
    return product.status == "SALE" and (option is None or option.usable)


def may_turn(product: Product, wanted: ProductStatus, number: int | None) -> bool:
    """Whether change-status allows that step.

    Source: facts/naver.md 7.4.
    """
    if wanted == "OUTOFSTOCK":
        return product.status == "SALE"
    if wanted == "SUSPENSION":
        return product.status in _MAY_SUSPEND
    if product.status == "SUSPENSION":
        return True
    return product.status == "OUTOFSTOCK" and bool(number) and (not product.options or product.number > 0)
