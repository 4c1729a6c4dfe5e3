"""The consent page's address, the exchange of its code, and what a grant really may."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.channels.etsy.support import NOW, FakeClient, Reply, replies

from jangbu.channels.etsy import CHANNEL
from jangbu.channels.etsy.consent import EtsyConsent
from jangbu.channels.etsy.operations import OPERATIONS
from jangbu.kernel.errors import ContractBroken, ReauthRequired
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import AsksConsent, ConsentAsk, Grant

TYPED = {"keystring": "samplekeystring", "shared_secret": "sample-shared-secret"}
REDIRECT = "https://jangbu.example/shops/connect/etsy/return"
ASK = ConsentAsk("https://www.etsy.com", REDIRECT, "sample-state", "c" * 43)
TOKENS = Reply(
    {"access_token": "12.new-access", "token_type": "Bearer", "expires_in": 3600, "refresh_token": "12.new-refresh"}
)
CODE, VERIFIER = Secret("sample-code"), Secret("v" * 43)


def refused(error: str, description: str) -> Reply:
    return Reply({"error": error, "error_description": description}, 400)


async def redeemed(answer: Reply) -> tuple[Grant, FakeClient]:
    client = FakeClient(replies(redeemCode=answer))
    grant = await EtsyConsent().redeem(client, TYPED, code=CODE, redirect=REDIRECT, verifier=VERIFIER, now=NOW)
    return grant, client


def test_it_is_a_consent_of_the_contract_and_the_manifest_names_it() -> None:
    assert CHANNEL.consent is not None
    assert isinstance(CHANNEL.consent(), AsksConsent)


def test_the_manifest_says_what_is_typed_and_what_the_consent_brings() -> None:
    typed = {field.name for field in CHANNEL.credentials if field.required and not field.by_consent}
    brought = {field.name for field in CHANNEL.credentials if field.by_consent}
    assert (typed, brought) == (set(TYPED), {"refresh_token", "access_token"})


def test_the_address_is_the_documented_one_and_carries_no_secret() -> None:
    address = EtsyConsent().address(TYPED, ASK)
    assert parse_qs(urlsplit(address).query) == {
        "response_type": ["code"],
        "client_id": ["samplekeystring"],
        "redirect_uri": [REDIRECT],
        "scope": ["listings_r listings_w shops_r transactions_r transactions_w"],
        "state": ["sample-state"],
        "code_challenge": ["c" * 43],
        "code_challenge_method": ["S256"],
    }
    assert address.startswith("https://www.etsy.com/oauth/connect?")
    assert "+" not in address  # scopes are parted by %20
    assert "sample-shared-secret" not in address


def test_each_scope_asked_for_is_needed_by_an_operation_and_none_is_left_out() -> None:
    assert set(EtsyConsent().scopes) == {operation.scope for operation in OPERATIONS.values()} - {""}


async def test_a_code_becomes_a_grant_with_what_was_typed_and_what_was_brought() -> None:
    grant, client = await redeemed(TOKENS)
    assert dict(grant.fields) == {**TYPED, "refresh_token": "12.new-refresh"}
    assert grant.access_token.reveal() == "12.new-access"
    assert grant.expires_at == NOW + timedelta(hours=1)
    (request,) = client.requests
    assert request.form == {
        "grant_type": "authorization_code",
        "client_id": "samplekeystring",
        "redirect_uri": REDIRECT,
        "code": "sample-code",
        "code_verifier": "v" * 43,
    }


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refused("invalid_grant", "code is invalid, used or expired"), "etsy.code_refused"),
        (refused("invalid_grant", "redirect_uri differs"), "etsy.redirect_wrong"),
        (refused("invalid_request", "code is required"), "etsy.consent_refused"),
        (refused("invalid_client", "client_id is unknown"), "etsy.key_unknown"),
        (Reply({"access_token": "12.a", "expires_in": 3600}), "etsy.refresh_missing"),
    ],
)
async def test_refusals_are_told_apart(answer: Reply, code: str) -> None:
    with pytest.raises(ReauthRequired) as told:
        await redeemed(answer)
    assert told.value.code == code
    assert not {"sample-code", "v" * 43} & set(str(told.value).split())


async def test_an_application_is_tried_with_key_and_secret_and_no_token() -> None:
    client = FakeClient(replies(ping=Reply({"application_id": 1})))
    await EtsyConsent().try_application(client, TYPED)
    assert client.requests[0].headers == {"x-api-key": "samplekeystring:sample-shared-secret"}
    unknown = FakeClient(replies(ping=Reply({"error": "Invalid API key"}, 403)))
    with pytest.raises(ReauthRequired) as told:
        await EtsyConsent().try_application(unknown, TYPED)
    assert told.value.code == "etsy.key_unknown"


@pytest.mark.parametrize(
    "document", [["shops_r", "listings_r"], {"scopes": ["shops_r", "listings_r"]}, {"scope": "shops_r listings_r"}]
)
async def test_the_scopes_of_a_grant_are_read_in_any_shape(document: object) -> None:
    client = FakeClient(replies(tokenScopes=Reply(document)))
    grant = Grant(TYPED, Secret("12.new-access"))
    assert await EtsyConsent().granted(client, grant) == {"shops_r", "listings_r"}
    assert client.requests[0].form == {"token": "12.new-access"}


async def test_an_answer_without_scopes_names_none_and_one_that_is_no_json_is_broken() -> None:
    grant = Grant(TYPED, Secret("12.new-access"))
    assert await EtsyConsent().granted(FakeClient(replies(tokenScopes=Reply(7))), grant) == frozenset()
    with pytest.raises(ContractBroken):
        await EtsyConsent().granted(FakeClient(replies(tokenScopes=Reply(body=b"<html>"))), grant)
