"""Owns how shop, listings and inventories look on the wire; pure, changes nothing.

Source: the schemas Shop, ShopListing(WithAssociations), ListingInventory of the official description.
"""

from collections.abc import Sequence
from typing import Any, Final

from jangbu.sandbox.etsy import seed
from jangbu.sandbox.etsy.model import Drivers, Listing, Product, PropertyValue, shown
from jangbu.sandbox.etsy.seed import Identity

_EXPIRES_S: Final = 120 * 86_400
_SHOP_NAME: Final = "SandboxAtelier"
_FOUNDED: Final = 1_617_235_200

Json = dict[str, Any]


def money(cents: int) -> Json:
    """A Money object in the shop's currency."""
    return {"amount": cents, "divisor": 100, "currency_code": "USD"}


def shop(who: Identity, profile: Json, listings: Sequence[Listing], sold: int, origin: str) -> Json:
    """The Shop resource."""
    return {
        "shop_id": who.shop_id,
        "user_id": who.user_id,
        "shop_name": _SHOP_NAME,
        "create_date": _FOUNDED,
        "created_timestamp": _FOUNDED,
        **profile,
        "currency_code": "USD",
        "is_vacation": False,
        "vacation_message": None,
        "update_date": _FOUNDED,
        "updated_timestamp": _FOUNDED,
        "listing_active_count": sum(each.state == "active" for each in listings),
        "digital_listing_count": 0,
        "login_name": _SHOP_NAME.lower(),
        "accepts_custom_requests": True,
        "policy_welcome": None,
        "policy_payment": None,
        "policy_shipping": None,
        "policy_refunds": None,
        "policy_seller_info": None,
        "policy_update_date": _FOUNDED,
        "policy_has_private_receipt_info": False,
        "has_unstructured_policies": False,
        "policy_privacy": None,
        "vacation_autoreply": None,
        "url": f"{origin}/shop/{_SHOP_NAME}",
        "image_url_760x100": None,
        "num_favorers": 0,
        "languages": ["en-US"],
        "icon_url_fullxfull": None,
        "is_using_structured_policies": True,
        "has_onboarded_structured_policies": True,
        "include_dispute_form_link": False,
        "is_direct_checkout_onboarded": True,
        "is_etsy_payments_onboarded": True,
        "is_calculated_eligible": False,
        "is_opted_in_to_buyer_promise": False,
        "is_shop_us_based": False,
        "transaction_sold_count": sold,
        "shipping_from_country_iso": "KR",
        "shop_location_country_iso": "KR",
        "review_count": None,
        "review_average": 0.0,
    }


def images(each: Listing, origin: str) -> list[Json]:
    """The ListingImage resources: one picture, or none for a listing made without."""
    if not each.picture:
        return []
    url = f"{origin}{each.picture}"
    return [
        {
            "listing_id": each.listing_id,
            "listing_image_id": 4_300_000_000 + each.listing_id,
            "hex_code": None, "red": None, "green": None, "blue": None, "hue": None, "saturation": None,
            "brightness": None, "is_black_and_white": None,
            "creation_tsz": int(each.created_at),
            "created_timestamp": int(each.created_at),
            "rank": 1,
            "url_75x75": url, "url_170x135": url, "url_570xN": url, "url_fullxfull": url,
            "full_height": None, "full_width": None,
            "alt_text": None,
        }
    ]  # fmt: skip


def listing(who: Identity, each: Listing, origin: str) -> Json:
    """The ShopListing resource."""
    created, updated = int(each.created_at), int(each.updated_at)
    return {
        "listing_id": each.listing_id,
        "user_id": who.user_id,
        "shop_id": who.shop_id,
        **each.texts,
        "rich_description": None,
        "state": each.state,
        "creation_timestamp": created,
        "created_timestamp": created,
        "ending_timestamp": created + _EXPIRES_S,
        "original_creation_timestamp": created,
        "last_modified_timestamp": updated,
        "updated_timestamp": updated,
        "state_timestamp": int(each.state_at),
        "quantity": shown(each),
        "featured_rank": -1,
        "url": f"{origin}/listing/{each.listing_id}",
        "num_favorers": 0,
        "non_taxable": False,
        "is_taxable": True,
        "is_customizable": False,
        "is_personalizable": False,
        "listing_type": "physical",
        "processing_min": None,
        "processing_max": None,
        "who_made": "i_did",
        "when_made": "made_to_order",
        "is_supply": False,
        "item_weight": 120.0,
        "item_weight_unit": "g",
        "item_length": None,
        "item_width": None,
        "item_height": None,
        "item_dimensions_unit": None,
        "is_private": False,
        "style": [],
        "file_data": "",
        "has_variations": any(product.property_values for product in each.products),
        "language": "en-US",
        "price": money(min(product.price for product in each.products)),
        "taxonomy_id": 1230,
        "readiness_state_id": each.products[0].readiness_state_id if each.state == "active" else None,
    }


def inventory(each: Listing) -> Json:
    """The ListingInventory resource."""
    return {"products": [product(one) for one in each.products], **_drivers(each.drivers)}


def product(each: Product) -> Json:
    """The ListingInventoryProduct resource."""
    return {
        "product_id": each.product_id,
        "sku": each.sku,
        "is_deleted": False,
        "offerings": [
            {
                "offering_id": each.offering_id,
                "quantity": each.quantity,
                "is_enabled": each.is_enabled,
                "is_deleted": False,
                "price": money(each.price),
                "readiness_state_id": each.readiness_state_id,
            }
        ],
        "property_values": [property_value(value) for value in each.property_values],
    }


def property_value(each: PropertyValue) -> Json:
    """The ListingPropertyValue resource."""
    return {
        "property_id": each.property_id,
        "property_name": each.property_name,
        "scale_id": each.scale_id,
        "scale_name": None,
        "value_ids": list(each.value_ids),
        "values": list(each.values),
    }


def _drivers(each: Drivers) -> Json:
    return {
        "price_on_property": list(each.price),
        "quantity_on_property": list(each.quantity),
        "sku_on_property": list(each.sku),
        "readiness_state_on_property": list(each.readiness),
    }


def section(who: Identity, active: int) -> Json:
    """The shop's one ShopSection."""
    return {
        "shop_section_id": seed.SECTION,
        "title": "Handmade",
        "rank": 1,
        "user_id": who.user_id,
        "active_listing_count": active,
    }


def shipping_profile(who: Identity) -> Json:
    """The shop's one ShopShippingProfile."""
    destination = {
        "shipping_profile_destination_id": seed.SHIPPING_PROFILE + 1,
        "shipping_profile_id": seed.SHIPPING_PROFILE,
        "origin_country_iso": "KR",
        "destination_country_iso": "",
        "destination_region": "none",
        "primary_cost": money(650),
        "secondary_cost": money(200),
        "shipping_carrier_id": None,
        "mail_class": None,
        "min_delivery_days": 7,
        "max_delivery_days": 21,
    }
    return {
        "shipping_profile_id": seed.SHIPPING_PROFILE,
        "title": "From Seoul",
        "user_id": who.user_id,
        "origin_country_iso": "KR",
        "is_deleted": False,
        "shipping_profile_destinations": [destination],
        "shipping_profile_upgrades": [],
        "origin_postal_code": "03000",
        "profile_type": "manual",
        "domestic_handling_fee": 0.0,
        "international_handling_fee": 0.0,
    }


def return_policy(who: Identity) -> Json:
    """The shop's one ShopReturnPolicy."""
    return {
        "return_policy_id": seed.RETURN_POLICY,
        "shop_id": who.shop_id,
        "accepts_returns": True,
        "accepts_exchanges": True,
        "return_deadline": 14,
    }


def processing_profiles(who: Identity) -> list[Json]:
    """The shop's ShopProcessingProfile resources."""
    return [
        {
            "shop_id": who.shop_id,
            "readiness_state_id": readiness_id,
            "readiness_state": state,
            "min_processing_days": shortest,
            "max_processing_days": longest,
            "processing_days_display_label": f"{shortest}-{longest} days",
        }
        for readiness_id, state, shortest, longest in (
            (seed.READINESS_READY, "ready_to_ship", 1, 3),
            (seed.READINESS_MADE, "made_to_order", 5, 10),
        )
    ]
