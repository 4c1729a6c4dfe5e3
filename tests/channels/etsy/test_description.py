"""Our operation table and sample payloads against the official description."""

from __future__ import annotations

from typing import Any

import pytest
from tests.channels.etsy import support
from tests.support import oas

from jangbu.channels.etsy.consent import EtsyConsent
from jangbu.channels.etsy.operations import OPERATIONS
from jangbu.sdk.manifest import Encoding, Operation

_DESCRIPTION = oas.needed("etsy")

_ENCODINGS = {
    "application/json": Encoding.JSON,
    "application/x-www-form-urlencoded": Encoding.FORM,
}


_OURS = {"token", "redeemCode"}  # the description names their address, not them
_ASKING = {"tokenScopes"}  # a POST that changes nothing


@pytest.mark.parametrize("operation", [each for each in OPERATIONS.values() if each.id not in _OURS], ids=str)
def test_every_operation_is_the_official_one(operation: Operation) -> None:
    official = _DESCRIPTION.operations[operation.id]
    described = official.entry
    media = described.get("requestBody", {}).get("content", {})
    scopes = [scope for each in described.get("security") or () for scope in each.get("oauth2", ())]
    assert (operation.method, operation.path) == (official.method, official.path)
    assert operation.encoding == (_ENCODINGS[next(iter(media))] if media else Encoding.NONE)
    assert operation.scope == " ".join(scopes)
    assert operation.write == (official.method != "GET" and operation.id not in _ASKING)


def test_the_token_endpoint_is_the_one_the_security_scheme_names() -> None:
    flow = _DESCRIPTION.document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    for name in sorted(_OURS):
        assert flow["tokenUrl"] == f"https://openapi.etsy.com{OPERATIONS[name].path}"


def test_only_scopes_that_etsy_has_are_asked_for() -> None:
    flow = _DESCRIPTION.document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]
    assert set(EtsyConsent().scopes) <= set(flow["scopes"])


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("ListingInventory", support.ring_inventory()),
        ("ShopListingWithAssociations", support.listing(1, support.plain_inventory(3))),
        ("ShopReceipt", support.receipt(shipments=[support.shipment("T1")])),
    ],
)
def test_our_sample_payloads_fit_the_description(name: str, payload: Any) -> None:
    _DESCRIPTION.fits(name, payload)


def test_every_payload_field_we_use_is_described() -> None:
    from jangbu.channels.etsy import wire  # noqa: PLC0415 - the types are looked through by name

    names = {
        wire.Self: "Self",
        wire.Shop: "Shop",
        wire.Amount: "Money",
        wire.PropertyValue: "ListingPropertyValue",
        wire.Offering: "ListingInventoryProductOffering",
        wire.Product: "ListingInventoryProduct",
        wire.Inventory: "ListingInventory",
        wire.Listing: "ShopListingWithAssociations",
        wire.Listings: "ShopListingsWithAssociations",
        wire.Variation: "TransactionVariations",
        wire.Transaction: "ShopReceiptTransaction",
        wire.Shipment: "ShopReceiptShipment",
        wire.Receipt: "ShopReceipt",
        wire.ReceiptPage: "ShopReceipts",
    }
    schemas = _DESCRIPTION.document["components"]["schemas"]
    for kind, name in names.items():
        assert set(kind.__struct_fields__) <= set(schemas[name]["properties"]), name
