"""Headers and renewal."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.channels.etsy.support import NOW, FakeClient, Reply, replies

from jangbu.channels.etsy import wire
from jangbu.channels.etsy.auth import EtsyAuth
from jangbu.kernel.errors import ChannelError, ContractBroken, ReauthRequired, Transient
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Auth, Grant

SECRETS = ("sample-shared-secret", "12.old-access", "12.old-refresh", "12.new-access", "12.new-refresh")
FIELDS = {
    "keystring": "samplekeystring",
    "shared_secret": SECRETS[0],
    "refresh_token": SECRETS[2],
    "access_token": SECRETS[1],
    "shop_id": "41230987",
}
GRANT = Grant(FIELDS, Secret(SECRETS[1]), NOW + timedelta(hours=1), version=4)
TOKENS = Reply(
    {
        "access_token": SECRETS[3],
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": SECRETS[4],
    }
)
REVOKED = Reply({"error": "invalid_grant", "error_description": "refresh_token is revoked"}, 400)


def test_it_is_an_auth_of_the_contract() -> None:
    assert isinstance(EtsyAuth(), Auth)


def test_key_and_secret_are_joined_and_the_token_sent_as_received() -> None:
    assert EtsyAuth().headers(GRANT) == {
        "x-api-key": "samplekeystring:sample-shared-secret",
        "Authorization": "Bearer 12.old-access",
    }


def test_without_a_token_only_the_key_is_sent() -> None:
    assert set(EtsyAuth().headers(Grant(FIELDS))) == {"x-api-key"}


def test_limits_are_counted_by_keystring() -> None:
    assert EtsyAuth().app_key(FIELDS) == "samplekeystring"


@pytest.mark.parametrize(
    ("left_s", "wanted"), [(3600, False), (301, False), (300, False), (299, True), (0, True), (-9, True)]
)
def test_a_token_is_renewed_when_under_five_minutes_are_left(left_s: int, wanted: bool) -> None:
    grant = replace(GRANT, expires_at=NOW + timedelta(seconds=left_s))
    assert EtsyAuth().needs_renewal(grant, NOW) is wanted


def test_a_token_that_is_absent_or_of_unknown_age_is_renewed() -> None:
    assert EtsyAuth().needs_renewal(replace(GRANT, expires_at=None), NOW)
    assert EtsyAuth().needs_renewal(replace(GRANT, access_token=Secret("")), NOW)


async def test_a_renewal_keeps_the_new_refresh_token() -> None:
    client = FakeClient(replies(token=TOKENS))
    renewed = await EtsyAuth().renew(client, GRANT, NOW)
    (request,) = client.requests
    assert request.form == {
        "grant_type": "refresh_token",
        "client_id": "samplekeystring",
        "refresh_token": "12.old-refresh",
    }
    assert renewed.access_token.reveal() == "12.new-access"
    assert renewed.fields == {
        "keystring": "samplekeystring",
        "shared_secret": "sample-shared-secret",
        "refresh_token": "12.new-refresh",
        "shop_id": "41230987",
    }
    assert renewed.expires_at == NOW + timedelta(hours=1)
    assert renewed.version == 5
    assert GRANT.fields["refresh_token"] == "12.old-refresh"


async def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one() -> None:
    client = FakeClient(replies(token=Reply({"access_token": "12.a", "expires_in": "3600"})))
    renewed = await EtsyAuth().renew(client, GRANT, NOW)
    assert renewed.fields["refresh_token"] == "12.old-refresh"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (REVOKED, ReauthRequired, "etsy.refresh_refused"),
        (Reply({"error": "Server Error"}, 500), Transient, "etsy.server_error"),
        (Reply({"unexpected": 1}), ContractBroken, "channel.unexpected_shape"),
        (Reply(body=b"<html>"), ContractBroken, "channel.not_json"),
    ],
)
async def test_a_failed_renewal_says_who_can_help_and_shows_no_secret(
    reply: Reply, kind: type[ChannelError], code: str
) -> None:
    with pytest.raises(kind) as raised:
        await EtsyAuth().renew(FakeClient(replies(token=reply)), GRANT, NOW)
    assert raised.value.code == code
    shown = f"{raised.value!r} {raised.value.__cause__!r}"
    assert not [secret for secret in SECRETS if secret in shown]


async def test_without_a_refresh_token_nothing_is_sent() -> None:
    client = FakeClient(replies())
    grant = Grant({"keystring": "samplekeystring", "shared_secret": "s"})
    with pytest.raises(ReauthRequired) as raised:
        await EtsyAuth().renew(client, grant, NOW)
    assert raised.value.code == "etsy.refresh_missing"
    assert client.requests == []


async def test_nothing_secret_is_printed() -> None:
    client = FakeClient(replies(token=TOKENS))
    renewed = await EtsyAuth().renew(client, GRANT, NOW)
    token = wire.Token(access_token=SECRETS[3], expires_in=1, refresh_token=SECRETS[4])
    shown = repr([GRANT, renewed, client.requests, token])
    assert not [secret for secret in SECRETS if secret in shown]
