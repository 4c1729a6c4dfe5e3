"""What is hidden before it is shown."""

from __future__ import annotations

import pytest

from jangbu.sdk.redact import HIDDEN, redact

SIGN = "$2a$10$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize(
    "name",
    [
        "access_token",
        "refreshToken",
        "client_secret",
        "client_secret_sign",
        "Authorization",
        "x-api-key",
        "X-Shopify-Access-Token",
        "Set-Cookie",
        "buyer_email",
        "formatted_address",
        "shippingAddress",
        "ordererName",
        "ordererTel",
        "individualCustomUniqueCode",
    ],
)
def test_a_field_with_such_a_name_is_hidden_with_all_below_it(name: str) -> None:
    assert redact({name: {"deep": "hush"}, "quantity": 3}) == {name: HIDDEN, "quantity": 3}


def test_everyday_words_are_hidden_only_beside_what_makes_them_private() -> None:
    plain = [{"code": "GW.RATE_LIMIT", "name": "stock"}, {"state": "active", "name": "Mug"}]
    assert redact(plain) == plain
    assert redact({"code": "hush", "grant_type": "authorization_code"})["code"] == HIDDEN
    address = redact({"name": "Buyer 17", "first_line": "1 Sample Road", "city": "Sampleton", "state": "NY"})
    assert set(address.values()) == {HIDDEN}


def test_lists_and_documents_are_walked() -> None:
    document = {"results": [{"buyer_email": "b@sample.example", "id": 1}, ({"tel1": "x"},)]}
    assert redact(document) == {"results": [{"buyer_email": HIDDEN, "id": 1}, [{"tel1": HIDDEN}]]}


@pytest.mark.parametrize(
    "text",
    [
        "grant_type=client_credentials&client_secret_sign=aHVzaA%3D%3D&type=SELF",
        "refresh_token=123.aHVzaA",
        '{"access_token": "hush", "expires_in": 3600}',
        "authorization: Bearer hush-hush-hush",
        "sent Bearer hush.hush-hush",
        "x-api-key: key:hush",
        "GET /callback?code=hush&state=s",
        "password='hush hush'",
    ],
)
def test_secrets_in_text_are_hidden(text: str) -> None:
    shown = redact(text)
    assert HIDDEN in shown
    assert "hush" not in shown
    assert "aHVza" not in shown


@pytest.mark.parametrize(
    "text",
    [
        SIGN,
        "JDJhJDEwJGFiY2RlZmdoaWprbG1ub3BxcnN0dXV4eHh4eHh4",
        "12345678.AbCdEfGhIjKlMnOpQrStUvWx",
        "write to buyer17@sample.example",
        "010-0000-0000",
        "+82 10-0000-0000",
    ],
)
def test_what_looks_like_a_secret_or_a_person_is_hidden_wherever_it_stands(text: str) -> None:
    shown = redact({"note": f"see {text} there"})["note"]
    assert HIDDEN in shown
    assert text not in shown


def test_ordinary_text_stays() -> None:
    text = "order 2026030212345 for SKU-1, 3 pieces, 12,500 KRW at 2026-03-02T09:00:00Z, version 1.2.3"
    assert redact(text) == text
    assert redact(b"bytes too") == "bytes too"
    assert redact(17) == 17
    assert redact(None) is None
