"""Products as listings, offers and numbers. Pure; decides nothing about what to write.

Keys: a product without options that hold stock has one cell and one offer, named by its origin number;
each option combination or standard option is a cell and an offer "<origin number>/<option id>".
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from jangbu.channels.naver.wire.products import (
    ChannelProduct,
    FoundProduct,
    OptionInfo,
    OptionRow,
    OriginProduct,
    ProductRead,
)
from jangbu.kernel.errors import ContractBroken
from jangbu.kernel.money import Money
from jangbu.sdk.records import Listing, ListingRef, ListingState, NumbersRead, Offer

SIMPLE: Final = "simple"
OPTIONS: Final = "options"

_STATES: Final = {
    "SALE": ListingState.ON_SALE,
    "SUSPENSION": ListingState.OFF_SALE,
    "OUTOFSTOCK": ListingState.SOLD_OUT,
    "WAIT": ListingState.DRAFT,
    "UNADMISSION": ListingState.DRAFT,
    "REJECTION": ListingState.DRAFT,
    "CLOSE": ListingState.EXPIRED,
}
_WAREHOUSE_DELIVERY: Final = "ARRIVAL_GUARANTEE"


def option_key(origin_no: str, option_id: str) -> str:
    """Name the cell and the offer of one option row."""
    return f"{origin_no}/{option_id}"


def listing_state(status_type: str | None) -> ListingState:
    """Tell in our words whether buyers can buy; a status we do not know is UNKNOWN."""
    return _STATES.get(status_type or "", ListingState.UNKNOWN)


def option_rows(product: OriginProduct) -> tuple[OptionRow, ...]:
    """Give the option rows that hold stock; none for a product whose number is its own."""
    options = _options(product)
    return tuple(options.option_combinations or options.option_standards or ())


def listing(found: FoundProduct, read: ProductRead, shop_url: str) -> Listing:
    """Make a listing of what the search and the read of one product tell."""
    product, shown = read.origin_product, _shown(found)
    origin_no = str(found.origin_product_no)
    return Listing(
        ref=ListingRef(origin_no, OPTIONS if option_rows(product) else SIMPLE),
        title=product.name or shown.name or "",
        state=listing_state(product.status_type),
        raw_state=_raw_state(product, shown),
        offers=_offers(origin_no, product),
        url=_url(shop_url, shown),
        owned_stock=not _warehouse_owned(product, shown),
        pictures=_pictures(product),
    )


def _pictures(product: OriginProduct) -> tuple[str, ...]:
    shown = product.images
    every = [shown.representative_image, *(shown.optional_images or [])] if shown else []
    return tuple(image.url for image in every if image and image.url)


def unreadable_listing(found: FoundProduct, shop_url: str) -> Listing:
    """Make a listing without offers of a product whose read does not fit: seen, but not to be sold from."""
    shown = _shown(found)
    return Listing(
        ref=ListingRef(str(found.origin_product_no), SIMPLE),
        title=shown.name or "",
        state=ListingState.UNKNOWN,
        raw_state=shown.status_type or "",
        offers=(),
        url=_url(shop_url, shown),
        owned_stock=False,
    )


def numbers_of_product(ref: ListingRef, read: ProductRead, remote_at: datetime) -> NumbersRead:
    """Give the numbers one product read shows; the read itself is the document for writing back."""
    product = read.origin_product
    return NumbersRead(
        ref=ref,
        state=listing_state(product.status_type),
        numbers={offer.cell_key: offer.quantity for offer in _offers(ref.remote_id, product)},
        remote_at=remote_at,
        document=read,
    )


def numbers_of_found(ref: ListingRef, found: FoundProduct, remote_at: datetime) -> NumbersRead:
    """Give the number a search row shows of a product without options."""
    shown = _shown(found)
    number = _product_number(shown.stock_quantity, shown.status_type, "searchProducts")
    return NumbersRead(
        ref=ref,
        state=listing_state(shown.status_type),
        numbers={ref.remote_id: number},
        remote_at=remote_at,
    )


def _options(product: OriginProduct) -> OptionInfo:
    detail = product.detail_attribute
    return (detail.option_info if detail else None) or OptionInfo()


def _shown(found: FoundProduct) -> ChannelProduct:
    """Choose the SmartStore's row among the shop windows one product stands in."""
    rows = found.channel_products or []
    store_rows = [row for row in rows if row.channel_service_type == "STOREFARM"]
    return next(iter(store_rows or rows), ChannelProduct())


def _raw_state(product: OriginProduct, shown: ChannelProduct) -> str:
    """Give Naver's status word, followed by what makes an unusual product unusual."""
    words = [product.status_type or ""]
    if shown.channel_product_display_status_type not in {None, "ON"}:
        words.append(f"channelProductDisplayStatusType={shown.channel_product_display_status_type}")
    if option_rows(product) and not _options(product).use_stock_management:
        words.append("useStockManagement=false")
    return "; ".join(words)


def _offers(origin_no: str, product: OriginProduct) -> tuple[Offer, ...]:
    rows = option_rows(product)
    if not rows:
        return (_product_offer(origin_no, product),)
    names = tuple(_group_names(_options(product)))
    return tuple(_row_offer(origin_no, product, row, names) for row in rows)


def _product_offer(origin_no: str, product: OriginProduct) -> Offer:
    return Offer(
        key=origin_no,
        cell_key=origin_no,
        sku=_product_code(product),
        options=(),
        price=Money(product.sale_price, "KRW"),
        quantity=_product_number(product.stock_quantity, product.status_type, "getOriginProduct"),
        enabled=True,
    )


def _row_offer(origin_no: str, product: OriginProduct, row: OptionRow, names: tuple[str, ...]) -> Offer:
    if row.id is None:
        raise ContractBroken(
            "getOriginProduct: an option row without its id",
            code="channel.unexpected_shape",
            operation="getOriginProduct",
            place="optionInfo",
        )
    key = option_key(origin_no, str(row.id))
    return Offer(
        key=key,
        cell_key=key,
        sku=row.seller_manager_code or "",
        options=_chosen(row, names),
        price=Money(product.sale_price + (row.price or 0), "KRW"),
        quantity=row.stock_quantity or 0,  # Naver's documented default
        enabled=row.usable is not False,
    )


def _group_names(options: OptionInfo) -> Iterator[str]:
    if options.option_combinations and (names := options.option_combination_group_names):
        yield from (
            name or ""
            for name in (
                names.option_group_name1,
                names.option_group_name2,
                names.option_group_name3,
                names.option_group_name4,
            )
        )
    else:
        yield from (group.group_name or "" for group in options.standard_option_groups or ())


def _chosen(row: OptionRow, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    values = (row.option_name1, row.option_name2, row.option_name3, row.option_name4)
    named = zip(names + ("",) * (len(values) - len(names)), values, strict=False)
    return tuple((name, value) for name, value in named if value)


def _product_code(product: OriginProduct) -> str:
    codes = product.detail_attribute.seller_code_info if product.detail_attribute else None
    return (codes.seller_management_code if codes else None) or ""


def _product_number(number: int | None, status_type: str | None, operation: str) -> int:
    """Read a product's own number. A missing one is taken for zero only when the product is sold out."""
    if number is not None:
        return number
    if status_type == "OUTOFSTOCK":
        return 0
    raise ContractBroken(
        f"{operation}: a product without its number",
        code="channel.unexpected_shape",
        operation=operation,
        place="stockQuantity",
    )


def _warehouse_owned(product: OriginProduct, shown: ChannelProduct) -> bool:
    """Tell whether Naver's fulfilment owns the number."""
    delivery = product.delivery_info.delivery_attribute_type if product.delivery_info else None
    by_delivery = _WAREHOUSE_DELIVERY in {delivery, shown.delivery_attribute_type}
    by_sku = bool(product.detail_attribute and product.detail_attribute.sku_yn)
    return by_delivery or by_sku or any(row.sku_yn for row in option_rows(product))


def _url(shop_url: str, shown: ChannelProduct) -> str:
    if not shop_url or shown.channel_product_no is None:
        return ""
    return f"{shop_url.rstrip('/')}/products/{shown.channel_product_no}"
