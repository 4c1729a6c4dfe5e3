"""Hides secrets and personal data in what is logged or shown. Owns no log and no encryption."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

HIDDEN: Final = "‹hidden›"

# Names are compared without case, hyphens and underscores, so each stands for all its spellings.
_CREDENTIALS: Final = """
    accesstoken refreshtoken idtoken token clientsecret clientsecretsign secret sharedsecret signingsecret
    password passphrase authorization proxyauthorization cookie setcookie xapikey apikey codeverifier
    xamzaccesstoken xshopifyaccesstoken xshopifyhmacsha256 webhooksignature privatekey masterkey
"""
_PERSONAL: Final = """
    email buyeremail selleremail paymentemail primaryemail firstname lastname formattedaddress firstline
    secondline zip messagefrombuyer messagefromseller messagefrompayment giftmessage giftsender
    orderername orderertel ordererid baseaddress detailedaddress zipcode tel1 tel2 individualcustomuniquecode
    shippingmemo customerid customername maskedwriterid
    phone phonenumber address address1 address2 addressline1 addressline2 postcode postalcode
    recipient recipientname buyername shippingaddress billingaddress personalisation personalization
"""
_ALWAYS: Final = frozenset((_CREDENTIALS + _PERSONAL).split())

# Everyday words that are private only beside others of one kind.
_BESIDE_ADDRESS: Final = frozenset(
    {"zip", "zipcode", "postcode", "firstline", "address1", "addressline1", "baseaddress", "phone", "tel1"}
)
_BESIDE: Final = {
    "code": frozenset({"granttype", "codeverifier", "redirecturi", "state"}),
    "name": _BESIDE_ADDRESS,
    "city": _BESIDE_ADDRESS,
    "state": _BESIDE_ADDRESS,
}

_NAMED: Final = re.compile(
    r"""(?P<name>["']?(?<![\w-])(?:access_token|refresh_token|id_token|client_secret(?:_sign)?|shared_secret
        |code_verifier|password|authorization|x-api-key|x-amz-access-token|x-shopify-access-token
        |webhook-signature|(?:set-)?cookie)["']?\s*[:=]\s*|[?&]code=)
        (?P<value>"[^"]*"|'[^']*'|(?:Bearer|Basic)\s+[^\s,;&"']+|[^\s,;&"']+)""",
    re.IGNORECASE | re.VERBOSE,
)
_SHAPES: Final = tuple(
    re.compile(shape, re.IGNORECASE)
    for shape in (
        r"(?<=\bBearer )[\w.~+/=:-]{8,}",
        r"(?<=\bBasic )[\w.~+/=:-]{8,}",
        r"\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{22,}",  # a Naver client secret, or a signature made with it,
        r"\bJDJ[hi45][A-Za-z0-9+/]{20,}={0,2}",  # also in the base64 it is sent in
        r"\b\d{4,}\.[\w-]{20,}",  # an Etsy token
        r"[\w.+-]+@[\w-]+\.[\w.-]+",
        r"(?<![\w-])(?:\+?82[- ]?|0)1[016789][- ]?\d{3,4}[- ]?\d{4}(?![\w-])",  # a Korean mobile number
    )
)


def redact(value: Any) -> Any:  # noqa: ANN401 - any document
    """Give a copy fit to be shown: a document with hidden fields, or text with hidden passages.

    In mappings names decide, and a hidden name hides all below it; in text, values included, shapes decide.
    """
    if isinstance(value, str):
        return _redact_text(value)
    if isinstance(value, bytes):
        return _redact_text(value.decode(errors="replace"))
    if isinstance(value, Mapping):
        return _redact_mapping(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return [redact(each) for each in value]
    return value


def _redact_mapping(value: Mapping[Any, Any]) -> dict[Any, Any]:
    plain = {key: _plain(key) for key in value}
    present = frozenset(plain.values())
    return {key: HIDDEN if _is_hidden(plain[key], present) else redact(below) for key, below in value.items()}


def _plain(key: object) -> str:
    return str(key).lower().replace("_", "").replace("-", "")


def _is_hidden(name: str, present: frozenset[str]) -> bool:
    return name in _ALWAYS or not present.isdisjoint(_BESIDE.get(name, frozenset()))


def _redact_text(text: str) -> str:
    text = _NAMED.sub(lambda found: found["name"] + HIDDEN, text)
    for shape in _SHAPES:
        text = shape.sub(HIDDEN, text)
    return text
