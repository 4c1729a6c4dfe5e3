"""What marketplaces do that their descriptions leave out: every exception to strictness, each with its reason."""

from __future__ import annotations

from typing import Any, Final

Json = Any

COMMA_ARRAYS: Final = frozenset({"etsy"})
"""Etsy's arrays are one value with commas; a repeated name keeps the last only. The description names no style.

Source: Etsy's page on URL syntax.
"""

ONE_ADDRESS: Final = {"redeemCode": "token"}
"""Operations of ours that share an address: what is described for the second is true of the first."""

_REFRESH: Final = {
    "type": "object",
    "required": ["grant_type", "client_id", "refresh_token"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["refresh_token"]},
        "client_id": {"type": "string"},
        "refresh_token": {"type": "string", "pattern": r"^\d+\.\S+$"},
    },
}
_REDEEM: Final = {
    "type": "object",
    "required": ["grant_type", "client_id", "redirect_uri", "code", "code_verifier"],
    "properties": {
        "grant_type": {"type": "string", "enum": ["authorization_code"]},
        "client_id": {"type": "string"},
        "redirect_uri": {"type": "string"},
        "code": {"type": "string"},
        "code_verifier": {"type": "string", "pattern": r"^[A-Za-z0-9._~-]{43,128}$"},
    },
}
_TOKEN_FORM: Final = {"oneOf": [_REFRESH, _REDEEM]}
_TOKEN: Final = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "refresh_token"],
    "properties": {
        "access_token": {"type": "string", "pattern": r"^\d+\.\S+$"},
        "token_type": {"type": "string", "enum": ["Bearer"]},
        "expires_in": {"type": "integer", "minimum": 1},
        "refresh_token": {"type": "string", "pattern": r"^\d+\.\S+$"},
    },
}


def amended(channel: str, document: Json) -> Json:
    """Give a description with what is missing in it. Shape: the document handed in is changed."""
    return {"etsy": _etsy, "naver": _naver}[channel](document)


def _etsy(document: Json) -> Json:
    schemas = document["components"]["schemas"]
    # The OAuth layer says more than ErrorSchema has room for: {"error", "error_description"}.
    # Source: bodies reported by developers (facts, 2.5 and 4.1).
    schemas["ErrorSchema"]["properties"]["error_description"] = {"type": "string"}
    # Described as an object without properties; taken to be a list of words (facts: shape unconfirmed).
    schemas["Scopes"] = {"oneOf": [{"type": "array", "items": {"type": "string"}}, schemas["Scopes"]]}
    # The live wire writes "Paid" where the description has "paid". Source: facts, 6.9.
    words = schemas["ShopReceipt"]["properties"]["status"]["enum"]
    words += [word.title() for word in words if word.title() not in words]
    refused = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorSchema"}}}}
    for methods in document["paths"].values():
        for entry in methods.values():
            # Key, token and limits are looked at before any operation, whatever its own list of statuses says;
            # 429 stands in none of them. Source: Etsy's pages on authentication and on rate limits.
            for status in ("401", "403", "429"):
                entry["responses"].setdefault(status, refused)
    # The description names the token endpoint only as the tokenUrl of its security scheme.
    # Source: Etsy's page on authentication; 500 as reported by developers (facts, 2.3 to 2.5).
    document["paths"]["/v3/public/oauth/token"] = {
        "post": {
            "operationId": "token",
            "security": [],
            "requestBody": {
                "required": True,
                "content": {"application/x-www-form-urlencoded": {"schema": _TOKEN_FORM}},
            },
            "responses": {
                "200": {"content": {"application/json": {"schema": _TOKEN}}},
                **dict.fromkeys(("400", "429", "500"), refused),
            },
        }
    }
    return document


def _naver(document: Json) -> Json:
    return document
