"""Products as the product API writes them; reads nothing but the product."""

from __future__ import annotations

from jangbu.sandbox.naver.state import Option, Product
from jangbu.sandbox.naver.wire import stamp

CATEGORY = "50000830"
_IMAGE = "https://shop-phinf.pstatic.net/sandbox/{no}.jpg"
_RETURN_FEE = 3000
_EXCHANGE_FEE = 6000
DELIVERY_FEE = 3000
FREE_FROM = 50_000

Json = dict[str, object]


def summary(product: Product) -> Json:
    """One row of the product list; it names no option."""
    channel: Json = {
        "originProductNo": product.no,
        "channelProductNo": product.channel_no,
        "channelServiceType": "STOREFARM",
        "categoryId": CATEGORY,
        "name": product.name,
        "statusType": product.status,
        "channelProductDisplayStatusType": "ON",
        "salePrice": product.sale_price,
        "discountedPrice": discounted(product),
        "stockQuantity": product.number,
        "knowledgeShoppingProductRegistration": True,
        "deliveryAttributeType": "NORMAL",
        "deliveryFee": DELIVERY_FEE,
        "returnFee": _RETURN_FEE,
        "exchangeFee": _EXCHANGE_FEE,
        "wholeCategoryId": CATEGORY,
        "representativeImage": {"url": product.picture or _IMAGE.format(no=product.no)},
        "regDate": stamp(product.registered_at),
        "modifiedDate": stamp(product.modified_at),
        **_sale_period(product),
    }
    if product.code:
        channel["sellerManagementCode"] = product.code
    return {"originProductNo": product.no, "channelProducts": [channel]}


def full(product: Product) -> Json:
    """The product as a read answers it: its own numbers are not repeated inside.

    Source: facts/naver.md 6.2.
    """
    origin: Json = {
        "statusType": product.status,
        "saleType": "NEW",
        "leafCategoryId": CATEGORY,
        "name": product.name,
        "detailContent": f"<p>{product.name}</p>",
        "images": {"representativeImage": {"url": product.picture or _IMAGE.format(no=product.no)}},
        "salePrice": product.sale_price,
        "stockQuantity": product.number,
        "deliveryInfo": _delivery(),
        "detailAttribute": _details(product),
        **_sale_period(product),
    }
    if product.discount is not None:
        origin["customerBenefit"] = {"immediateDiscountPolicy": product.discount}
    channel: Json = {
        "channelProductName": product.name,
        "storeKeepExclusiveProduct": False,
        "naverShoppingRegistration": True,
        "channelProductDisplayStatusType": "ON",
    }
    return {"originProduct": origin, "smartstoreChannelProduct": channel}


def written(product: Product) -> Json:
    """The answer to a write of one product: its numbers and the product after it."""
    numbers: Json = {"originProductNo": product.no, "smartstoreChannelProductNo": product.channel_no}
    return {**numbers, **full(product)}


def discounted(product: Product) -> int:
    """The price after the immediate discount."""
    method = (product.discount or {}).get("discountMethod")
    if not isinstance(method, dict):
        return product.sale_price
    value = float(method["value"])
    off = product.sale_price * value / 100 if method["unitType"] == "PERCENT" else value
    return max(0, product.sale_price - int(off))


def _sale_period(product: Product) -> Json:
    period: Json = {}
    if product.sale_starts_at is not None:
        period["saleStartDate"] = stamp(product.sale_starts_at)
    if product.sale_ends_at is not None:
        period["saleEndDate"] = stamp(product.sale_ends_at)
    return period


def _delivery() -> Json:
    return {
        "deliveryType": "DELIVERY",
        "deliveryAttributeType": "NORMAL",
        "deliveryCompany": "CJGLS",
        "deliveryFee": {
            "deliveryFeeType": "CONDITIONAL_FREE",
            "baseFee": DELIVERY_FEE,
            "freeConditionalAmount": FREE_FROM,
            "deliveryFeePayType": "PREPAID",
        },
        "claimDeliveryInfo": {
            "returnDeliveryCompanyPriorityType": "PRIMARY",
            "returnDeliveryFee": _RETURN_FEE,
            "exchangeDeliveryFee": _EXCHANGE_FEE,
            "shippingAddressId": 200000001,
            "returnAddressId": 200000002,
        },
    }


def _details(product: Product) -> Json:
    notice = dict.fromkeys(
        ("returnCostReason", "noRefundReason", "qualityAssuranceStandard", "compensationProcedure",
         "troubleShootingContents"), "1",
    )  # fmt: skip
    named = {"itemName": product.name, "manufacturer": "장부공방", "modelName": product.name}
    details: Json = {
        "afterServiceInfo": {
            "afterServiceTelephoneNumber": "02-0000-0000",
            "afterServiceGuideContent": "평일 10시~17시 톡톡 문의",
        },
        "originAreaInfo": {"originAreaCode": "00", "plural": False},
        "taxType": "TAX",
        "minorPurchasable": True,
        "productInfoProvidedNotice": {"productInfoProvidedNoticeType": "ETC", "etc": {**notice, **named}},
        "seoInfo": {"pageTitle": product.name},
    }
    if product.code:
        details["sellerCodeInfo"] = {"sellerManagementCode": product.code}
    if product.options:
        details["optionInfo"] = _options(product)
    return details


def _options(product: Product) -> Json:
    return {
        "optionCombinationSortType": "CREATE",
        "optionCombinationGroupNames": {
            f"optionGroupName{place}": name for place, name in enumerate(product.group_names, 1)
        },
        "optionCombinations": [_option(option) for option in product.options],
        "useStockManagement": True,
    }


def _option(option: Option) -> Json:
    names = {f"optionName{place}": name for place, name in enumerate(option.names, 1)}
    return {
        "id": option.id,
        **names,
        "stockQuantity": option.stock,
        "price": option.price,
        "sellerManagerCode": option.code,
        "usable": option.usable,
    }
