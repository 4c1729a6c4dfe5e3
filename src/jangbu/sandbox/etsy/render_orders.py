"""Owns how receipts and transactions look on the wire at a moment; pure, changes nothing.

Source: the schemas ShopReceipt, ShopReceiptTransaction, ShopReceiptShipment, ShopRefund.
"""

from typing import Final

from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.etsy import render
from jangbu.sandbox.etsy.model import Cancellation, Line, PropertyValue, Receipt
from jangbu.sandbox.etsy.render import Json, money
from jangbu.sandbox.etsy.seed import SHIPPING_PROFILE, Identity

SHIPPING_CENTS: Final = 650
_DISPATCH_S: Final = 3 * 86_400
_COUNTRY_NAMES: Final = {
    "US": "United States",
    "GB": "United Kingdom",
    "DE": "Germany",
    "JP": "Japan",
    "CA": "Canada",
    "AU": "Australia",
}
_ADDRESS_KEYS: Final = (
    "first_line", "second_line", "city", "state", "zip", "country_iso", "formatted_address",
)  # fmt: skip


def total_cents(each: Receipt) -> int:
    """What the buyer pays: goods and shipping."""
    return _goods_cents(each) + SHIPPING_CENTS


def receipt(who: Identity, each: Receipt, at: float, settings: Settings) -> Json:
    """The ShopReceipt resource."""
    goods = _goods_cents(each)
    placed = int(each.placed_at)
    updated = int(each.updated_at(at, cancels_count=settings.on("cancel_bumps_updated")))
    status = each.status(at)
    return {
        "receipt_id": each.receipt_id,
        "receipt_type": 0,
        "seller_user_id": who.user_id,
        "seller_email": "owner@example.com",
        "buyer_user_id": 690_000_000 + each.buyer,
        "buyer_email": None,
        "name": f"Buyer {each.buyer}",
        **_address(each, settings),
        "status": status.title() if settings.on("status_capitalised") else status,
        "payment_method": "cc",
        "payment_email": None,
        "message_from_seller": None,
        "message_from_buyer": each.message,
        "message_from_payment": None,
        "is_paid": each.is_paid(at),
        "is_shipped": each.shipped_at(at) is not None,
        "create_timestamp": placed,
        "created_timestamp": placed,
        "update_timestamp": updated,
        "updated_timestamp": updated,
        "is_gift": False,
        "gift_message": "",
        "gift_sender": "",
        "grandtotal": money(goods + SHIPPING_CENTS),
        "subtotal": money(goods),
        "total_price": money(goods),
        "total_shipping_cost": money(SHIPPING_CENTS),
        "total_tax_cost": money(0),
        "total_vat_cost": money(0),
        "discount_amt": money(0),
        "gift_wrap_price": money(0),
        "shipments": [
            {
                "receipt_shipping_id": shipment.shipping_id,
                "shipment_notification_timestamp": int(shipment.at),
                "carrier_name": shipment.carrier_name,
                "tracking_code": shipment.tracking_code,
            }
            for shipment in each.shipments
            if shipment.at <= at
        ],
        "transactions": transactions(who, each, at),
        "refunds": [_refund(each, called_off) for called_off in _refunded(each, at)],
    }


def transactions(who: Identity, each: Receipt, at: float) -> list[Json]:
    """The ShopReceiptTransaction resources of a receipt; shipping stands on the first."""
    return [_transaction(who, each, line, at, first=place == 0) for place, line in enumerate(each.lines)]


def _transaction(who: Identity, each: Receipt, line: Line, at: float, *, first: bool) -> Json:
    shipped = each.shipped_at(at)
    placed = int(each.placed_at)
    return {
        "transaction_id": line.transaction_id,
        "title": line.title,
        "description": f"{line.title}, made by hand in a small workshop.",
        "seller_user_id": who.user_id,
        "buyer_user_id": 690_000_000 + each.buyer,
        "create_timestamp": placed,
        "created_timestamp": placed,
        "paid_timestamp": int(each.pays_at) if each.is_paid(at) else None,
        "shipped_timestamp": None if shipped is None else int(shipped),
        "quantity": line.quantity,
        "listing_image_id": None,
        "receipt_id": each.receipt_id,
        "is_digital": False,
        "file_data": "",
        "listing_id": line.listing_id,
        "transaction_type": "listing",
        "product_id": line.product.product_id,
        "sku": line.product.sku,
        "price": money(line.product.price),
        "shipping_cost": money(SHIPPING_CENTS if first else 0),
        "variations": [_variation(value) for value in line.product.property_values],
        "product_data": [render.property_value(value) for value in line.product.property_values],
        "shipping_profile_id": SHIPPING_PROFILE,
        "min_processing_days": 1,
        "max_processing_days": 3,
        "shipping_method": "Standard",
        "shipping_upgrade": None,
        "expected_ship_date": placed + _DISPATCH_S,
        "buyer_coupon": 0,
        "shop_coupon": 0,
    }


def _variation(value: PropertyValue) -> Json:
    return {
        "property_id": value.property_id,
        "value_id": value.value_ids[0] if value.value_ids else None,
        "formatted_name": value.property_name or "",
        "formatted_value": ", ".join(value.values),
        "question_id": None,
    }


def _address(each: Receipt, settings: Settings) -> Json:
    if settings.on("null_addresses"):
        return dict.fromkeys(_ADDRESS_KEYS)
    street, city, postcode = f"{each.buyer} Sample Street", "Sampletown", f"{10_000 + each.buyer}"
    country = _COUNTRY_NAMES[each.country]
    return {
        "first_line": street,
        "second_line": None,
        "city": city,
        "state": "OR" if each.country == "US" else None,
        "zip": postcode,
        "country_iso": each.country,
        "formatted_address": f"Buyer {each.buyer}\n{street}\n{city} {postcode}\n{country}",
    }


def _refunded(each: Receipt, at: float) -> list[Cancellation]:
    return [one for one in each.cancellations if one.at <= at and each.pays_at <= one.at]


def _refund(each: Receipt, called_off: Cancellation) -> Json:
    price = next(one.product.price for one in each.lines if one.transaction_id == called_off.transaction_id)
    return {
        "amount": money(price * called_off.quantity),
        "created_timestamp": int(called_off.at),
        "reason": "The order was changed",
        "note_from_issuer": None,
        "status": "succeeded",
    }


def _goods_cents(each: Receipt) -> int:
    return sum(line.product.price * line.quantity for line in each.lines)
