"""Reads of products: list, origin product, channel product; no writes."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

import msgspec

from jangbu.sandbox.naver.call import Call
from jangbu.sandbox.naver.render_products import discounted, full, summary
from jangbu.sandbox.naver.state import Product
from jangbu.sandbox.naver.wire import bad_product, day_of, no_product
from jangbu.sandbox.naver.words import KeywordType, PeriodType, ProductStatus, SortType


class SearchRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of the product list."""

    search_keyword_type: KeywordType | None = None
    channel_product_nos: tuple[int, ...] = ()
    origin_product_nos: tuple[int, ...] = ()
    group_product_nos: tuple[int, ...] = ()
    seller_management_code: str = ""
    product_status_types: tuple[ProductStatus, ...] = ()
    page: Annotated[int, msgspec.Meta(ge=1)] = 1
    size: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    order_type: SortType = "NO"
    period_type: PeriodType = "PROD_REG_DAY"
    from_date: date | None = None
    to_date: date | None = None


_Key = Callable[[Product], Any]
_SORTS: dict[str, tuple[str, str, _Key]] = {
    "NAME": ("name", "ASC", lambda p: p.name),
    "SELLER_CODE": ("sellerManagementCode", "ASC", lambda p: p.code),
    "LOW_PRICE": ("salePrice", "ASC", lambda p: p.sale_price),
    "HIGH_PRICE": ("salePrice", "DESC", lambda p: p.sale_price),
    "LOW_DISCOUNT_PRICE": ("discountedPrice", "ASC", discounted),
    "REG_DATE": ("regDate", "DESC", lambda p: p.registered_at),
    "MOD_DATE": ("modifiedDate", "DESC", lambda p: p.modified_at),
}
_BY_NUMBER: tuple[str, str, _Key] = ("channelProductNo", "DESC", lambda p: p.channel_no)
_DAYS: dict[str, Callable[[Product], int | None]] = {
    "PROD_REG_DAY": lambda p: p.registered_at,
    "PROD_MOD_DAY": lambda p: p.modified_at,
    "SALE_START_DAY": lambda p: p.sale_starts_at,
    "SALE_END_DAY": lambda p: p.sale_ends_at,
}


def search(call: Call) -> dict[str, Any]:
    """A page of products; options are not in it."""
    wanted = call.read(SearchRequest, "product")
    found = [p for p in _all(call) if _is_wanted(p, wanted)]
    field, direction, key = _SORTS.get(wanted.order_type, _BY_NUMBER)
    found.sort(key=_BY_NUMBER[2], reverse=True)
    found.sort(key=key, reverse=direction == "DESC")
    pages = math.ceil(len(found) / wanted.size)
    start = (wanted.page - 1) * wanted.size
    return {
        "contents": [summary(p) for p in found[start : start + wanted.size]],
        "page": wanted.page,
        "size": wanted.size,
        "totalElements": len(found),
        "totalPages": pages,
        "sort": {"sorted": True, "fields": [{"name": field, "direction": direction}]},
        "first": wanted.page == 1,
        "last": wanted.page >= pages,
    }


def origin_product(call: Call) -> dict[str, Any]:
    """One product by its origin number."""
    timeline = call.shop.state.products.get(call.number("originProductNo"))
    product = timeline.at(call.as_of) if timeline else None
    if product is None:
        raise no_product()
    return full(product)


def channel_product(call: Call) -> dict[str, Any]:
    """The same product by the number in its public address."""
    wanted = call.number("channelProductNo")
    product = next((p for p in _all(call) if p.channel_no == wanted), None)
    if product is None:
        raise no_product()
    return full(product)


def _all(call: Call) -> list[Product]:
    products = (timeline.at(call.as_of) for timeline in call.shop.state.products.values())
    return [product for product in products if product is not None]


def _is_wanted(product: Product, wanted: SearchRequest) -> bool:
    if wanted.product_status_types and product.status not in wanted.product_status_types:
        return False
    return _has_keyword(product, wanted) and _in_period(product, wanted)


def _has_keyword(product: Product, wanted: SearchRequest) -> bool:
    match wanted.search_keyword_type:
        case "CHANNEL_PRODUCT_NO":
            return product.channel_no in wanted.channel_product_nos
        case "PRODUCT_NO":
            return product.no in wanted.origin_product_nos
        case "GROUP_PRODUCT_NO":
            return False
        case "SELLER_CODE":  # matches parts of a code, as reported of the live search
            return bool(wanted.seller_management_code) and wanted.seller_management_code in product.code
        case None:
            return True


def _in_period(product: Product, wanted: SearchRequest) -> bool:
    if wanted.from_date is None and wanted.to_date is None:
        return True
    if wanted.from_date and wanted.to_date and wanted.from_date > wanted.to_date:
        raise bad_product("fromDate", "NotValid", "조회 기간이 유효하지 않습니다.")
    moment = _DAYS[wanted.period_type](product)
    if moment is None:
        return False
    day = date.fromisoformat(day_of(moment))
    return (wanted.from_date or day) <= day <= (wanted.to_date or day)
