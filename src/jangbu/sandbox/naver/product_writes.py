"""Writes of number, price and status; they are absolute, and every one keeps the shop's own rules."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from jangbu.sandbox.naver import stock
from jangbu.sandbox.naver.call import Call
from jangbu.sandbox.naver.render_products import written
from jangbu.sandbox.naver.state import Product
from jangbu.sandbox.naver.wire import bad_product, no_product
from jangbu.sandbox.naver.words import PRICE_MAX, PRICE_MIN_WITH_OPTION, STOCK_MAX, UNMANAGED_STOCK, MultiType

Units = Annotated[int, Meta(ge=0, le=STOCK_MAX)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Price(msgspec.Struct, rename="camel", frozen=True):
    """A sale price alone."""

    sale_price: Annotated[int, Meta(ge=0, le=PRICE_MAX)]


class DiscountMethod(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """An immediate discount."""

    value: Annotated[float, Meta(ge=1, le=10_000_000)]
    unit_type: Literal["PERCENT", "WON", "YEN", "COUNT"]
    start_date: str | None = None
    end_date: str | None = None


class DiscountPolicy(msgspec.Struct, rename="camel", frozen=True):
    """The frame around it."""

    discount_method: DiscountMethod


class StatusRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of change-status."""

    status_type: Literal["SALE", "OUTOFSTOCK", "SUSPENSION"]
    stock_quantity: Units | None = None
    sale_start_date: datetime | None = None
    sale_end_date: datetime | None = None


class OptionRow(msgspec.Struct, rename="camel", frozen=True):
    """One option as sent: what is left out falls to its default, as documented."""

    id: int
    stock_quantity: Units = 0
    price: Annotated[int, Meta(le=PRICE_MAX)] | UnsetType = UNSET
    usable: bool = True


class OptionRows(msgspec.Struct, rename="camel", frozen=True):
    """The options of a product as sent."""

    option_combinations: tuple[OptionRow, ...] = ()
    option_standards: tuple[OptionRow, ...] = ()
    use_stock_management: bool = False


class OptionStockRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of option-stock."""

    option_info: OptionRows
    product_sale_price: Price | None = None
    immediate_discount_policy: DiscountPolicy | None = None


class MultiItem(msgspec.Struct, rename="camel", frozen=True):
    """One product of a multi update."""

    origin_product_no: int
    multi_update_types: tuple[MultiType, ...] = ()
    product_sale_price: Price | None = None
    immediate_discount_policy: DiscountPolicy | None = None
    stock_quantity: Units | None = None


class MultiRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of multi-update."""

    multi_product_update_request_vos: Annotated[tuple[MultiItem, ...], Meta(min_length=1)]


def change_status(call: Call) -> dict[str, Any]:
    """On sale, out of stock or suspended.

    Errors: 400 for a step that facts/naver.md 7.4 does not allow.
    """
    product = _asked(call)
    wanted = call.read(StatusRequest, "product")
    if not stock.may_turn(product, wanted.status_type, wanted.stock_quantity):
        raise bad_product("statusType", "NotValid", "변경할 수 없는 판매 상태입니다.")
    after = replace(product, status=wanted.status_type)
    if wanted.stock_quantity is not None and not product.options:
        after = replace(after, stock=wanted.stock_quantity)
    if wanted.status_type == "OUTOFSTOCK":
        after = stock.emptied(after)
    call.shop.keep(_with_period(after, wanted), call.now)
    return {"data": True}


def option_stock(call: Call) -> dict[str, Any]:
    """Numbers, price differences and usability of the rows sent; other rows stay.

    Errors: 400 where nothing is changed at all.
    """
    product = _asked(call)
    wanted = call.read(OptionStockRequest, "product")
    rows = {row.id: row for row in wanted.option_info.option_combinations}
    _check_rows(product, wanted, list(rows), strict=call.strict)
    price = wanted.product_sale_price.sale_price if wanted.product_sale_price else product.sale_price
    options = []
    for option in product.options:
        row = rows.get(option.id)
        if row is not None:
            number = row.stock_quantity if wanted.option_info.use_stock_management else UNMANAGED_STOCK
            difference = row.price if isinstance(row.price, int) else 0
            option = replace(option, stock=number, price=difference, usable=row.usable)  # noqa: PLW2901
        options.append(option)
    if any(price + option.price < PRICE_MIN_WITH_OPTION for option in options):
        raise bad_product("optionInfo.optionCombinations.price", "NotValid", "옵션가를 확인해 주세요.")
    after = replace(product, sale_price=price, options=tuple(options))
    if wanted.immediate_discount_policy is not None:
        after = replace(after, discount=_discount(wanted.immediate_discount_policy))
    call.shop.keep(after, call.now)
    return written(call.shop.state.products[product.no].latest)


def multi_update(call: Call) -> dict[str, Any]:
    """Own values for several products; each succeeds or fails alone, and the answer is 200 all the same."""
    wanted = call.read(MultiRequest, "product")
    failed = [item.origin_product_no for item in wanted.multi_product_update_request_vos if not _update(call, item)]
    if failed:
        numbers = ", ".join(str(number) for number in failed)
        return {"code": "BAD_REQUEST", "message": f"변경하지 못한 상품이 있습니다: {numbers}", "data": False}
    return {"data": True}


def _asked(call: Call) -> Product:
    product = call.shop.product(call.number("originProductNo"))
    if product is None:
        raise no_product()
    return product


def _check_rows(product: Product, wanted: OptionStockRequest, ids: list[int], *, strict: bool) -> None:
    rows = wanted.option_info.option_combinations
    if not product.options or wanted.option_info.option_standards or not rows:
        raise bad_product("optionInfo.optionCombinations", "NotValid", "옵션 정보가 유효하지 않습니다.")
    known = {option.id for option in product.options}
    for place, row in enumerate(rows):
        if row.id not in known or len(ids) != len(rows):
            name = f"optionInfo.optionCombinations[{place}].id"
            raise bad_product(name, "NotValid", "옵션 번호가 유효하지 않습니다.")
    if strict and wanted.product_sale_price is None and any(isinstance(row.price, int) for row in rows):
        raise bad_product("productSalePrice.salePrice", "NotNull", "판매가를 입력해 주세요.")


def _update(call: Call, item: MultiItem) -> bool:
    product = call.shop.product(item.origin_product_no)
    if product is None or not item.multi_update_types:
        return False
    # the number first: a product out of stock can be put on sale only with one
    for kind in sorted(set(item.multi_update_types), key=lambda kind: kind != "STOCK"):
        changed = _changed(product, kind, item)
        if changed is None:
            return False
        product = changed
    call.shop.keep(product, call.now)
    return True


def _changed(product: Product, kind: MultiType, item: MultiItem) -> Product | None:
    match kind:
        case "STOCK":
            usable = item.stock_quantity is not None and not product.options
            return replace(product, stock=item.stock_quantity or 0) if usable else None
        case "SALE_PRICE":
            price = item.product_sale_price
            return replace(product, sale_price=price.sale_price) if price else None
        case "IMMEDIATE_DISCOUNT":
            policy = item.immediate_discount_policy
            return replace(product, discount=_discount(policy)) if policy else None
        case "PRODUCT_STATUS_SALE":
            allowed = product.status == "SALE" or stock.may_turn(product, "SALE", product.number)
            return replace(product, status="SALE") if allowed else None
        case "PRODUCT_STATUS_SUSPENSION":
            allowed = product.status == "SUSPENSION" or stock.may_turn(product, "SUSPENSION", None)
            return replace(product, status="SUSPENSION") if allowed else None


def _discount(policy: DiscountPolicy) -> dict[str, object]:
    return {"discountMethod": msgspec.to_builtins(policy.discount_method)}


def _with_period(product: Product, wanted: StatusRequest) -> Product:
    if wanted.sale_start_date is not None:
        product = replace(product, sale_starts_at=_ms(wanted.sale_start_date))
    if wanted.sale_end_date is not None:
        product = replace(product, sale_ends_at=_ms(wanted.sale_end_date))
    return product


def _ms(moment: datetime) -> int:
    if moment.tzinfo is None:
        raise bad_product("saleStartDate", "TypeMismatch", "일시에 시간대가 없습니다.")
    return round((moment - _EPOCH).total_seconds() * 1000)
