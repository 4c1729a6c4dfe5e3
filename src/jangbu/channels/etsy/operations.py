"""The operation table: every Etsy operation in use, by its official id. Data only.

Source: specs/etsy.oas.json, version 3.0.0, read 2026-08-17. The token endpoint stands there only as the
`tokenUrl` of the security scheme; its two ids are ours.
"""

from __future__ import annotations

from typing import Final

from jangbu.sdk.manifest import Encoding, Operation

_APP: Final = "/v3/application"
_SHOP: Final = f"{_APP}/shops/{{shop_id}}"
_LISTING: Final = f"{_APP}/listings/{{listing_id}}"
_BATCH: Final = f"{_APP}/listings/batch"
_RECEIPT: Final = f"{_SHOP}/receipts/{{receipt_id}}"

_ALL: Final = (
    # Sent again when the answer is a 5xx, as the same request was seen to succeed then. An answer lost on the
    # way may have used the refresh token up; the next try is then refused and a person must connect anew.
    Operation("token", "POST", "/v3/public/oauth/token", Encoding.FORM, authorised=False),
    # The same address with a code in place of a refresh token, so that its refusal says what a seller can do.
    Operation("redeemCode", "POST", "/v3/public/oauth/token", Encoding.FORM, authorised=False),
    Operation("tokenScopes", "POST", f"{_APP}/scopes", Encoding.FORM),
    Operation("ping", "GET", f"{_APP}/openapi-ping"),
    Operation("getMe", "GET", f"{_APP}/users/me", scope="shops_r"),
    Operation("getShop", "GET", _SHOP),
    Operation("getShopSections", "GET", f"{_SHOP}/sections"),
    Operation("getListingsByShop", "GET", f"{_SHOP}/listings", scope="listings_r"),
    Operation("getListing", "GET", _LISTING),
    Operation("getListingInventory", "GET", f"{_LISTING}/inventory", scope="listings_r"),
    Operation("getListingsInventoryByListingIds", "GET", f"{_BATCH}/inventory", scope="listings_r"),
    Operation(
        "updateListingInventory",
        "PUT",
        f"{_LISTING}/inventory",
        Encoding.JSON,
        scope="listings_w",
        write=True,
        moves_stock=True,
    ),
    # Activating a sold-out listing sets its quantity to 1.
    Operation(
        "updateListing",
        "PATCH",
        f"{_SHOP}/listings/{{listing_id}}",
        Encoding.FORM,
        scope="listings_w",
        write=True,
        moves_stock=True,
    ),
    Operation("getShopReceipts", "GET", f"{_SHOP}/receipts", scope="transactions_r"),
    Operation("getShopReceipt", "GET", _RECEIPT, scope="transactions_r"),
    Operation(
        "createReceiptShipment",
        "POST",
        f"{_RECEIPT}/tracking",
        Encoding.JSON,
        scope="transactions_w",
        write=True,
    ),
)

OPERATIONS: Final = {operation.id: operation for operation in _ALL}
