"""Naver's signed token request. Owns the signature and when to renew; keeps no token and sends nothing else.

The signature is a bcrypt hash whose first 29 characters are the client secret itself: it is secret material,
sent in the form body alone and shown nowhere.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, cast

import bcrypt

from jangbu.channels.naver.wire.access import Token
from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import ReauthRequired
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant
from jangbu.sdk.client import Client, Request
from jangbu.sdk.decoding import convert

SECRET_PATTERN: Final = r"^\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{22}$"  # noqa: S105 - a form, no secret

_SALT_ALPHABET: Final = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_PASSWORD_BYTES_MAX: Final = 72
_RENEW_BEFORE: Final = timedelta(minutes=10)  # a fresh token is only given under 30 minutes
_CLOCK_SKEW_S_MAX: Final = 240  # a timestamp is good for five minutes


def signature(client_id: str, client_secret: Secret, timestamp_ms: int) -> Secret:
    """Sign a token request.

    Errors: ReauthRequired when id or secret cannot be what Naver issued.
    Source: apicenter.commerce.naver.com, page auth (전자서명), read October 2026.
    """
    secret = client_secret.reveal()
    if not re.fullmatch(SECRET_PATTERN, secret):
        raise _refused_here("the client secret is not whole", "naver.secret_wrong")
    password = f"{client_id}_{timestamp_ms}".encode()
    if not client_id or len(password) > _PASSWORD_BYTES_MAX:
        raise _refused_here("the client id is not whole", "naver.client_id_wrong")
    hashed = bcrypt.hashpw(password, _canonical(secret).encode())
    return Secret(base64.b64encode(hashed).decode())


def _refused_here(sentence: str, code: str) -> ReauthRequired:
    return ReauthRequired(sentence, code=code, operation="issueToken")


def _canonical(salt: str) -> str:
    """Clear the four bits of the last character that a salt does not use; bcrypt refuses them set."""
    last = _SALT_ALPHABET.index(salt[-1]) & 0x30
    return salt[:-1] + _SALT_ALPHABET[last]


class NaverAuth:
    """Signs calls with a bearer token and renews it by a signed request: there is no refresh token."""

    def headers(self, grant: Grant) -> dict[str, str]:
        return {"Authorization": f"Bearer {grant.access_token.reveal()}"}

    def app_key(self, fields: Mapping[str, str]) -> str:
        return fields["client_id"]

    def needs_renewal(self, grant: Grant, now: datetime) -> bool:
        if not grant.access_token or grant.expires_at is None:
            return True
        return grant.expires_at - now < _RENEW_BEFORE

    async def renew(self, client: object, grant: Grant, now: datetime) -> Grant:
        request = _token_request(grant.fields, to_ms(now))
        try:
            answer = await cast("Client", client).send(request)
        except ReauthRequired as refused:
            raise _judged_by_clock(refused, now) from None  # the cause would carry the request
        token = convert(answer.json(), Token, "issueToken")
        return replace(
            grant,
            access_token=Secret(token.access_token),
            expires_at=now + timedelta(seconds=token.expires_in),
            version=grant.version + 1,
        )


def _token_request(fields: Mapping[str, str], timestamp_ms: int) -> Request:
    client_id = fields["client_id"]
    sign = signature(client_id, Secret(fields["client_secret"]), timestamp_ms)
    # Exactly these, in the form alone: any other shape cuts the application to one token an hour.
    form = {
        "client_id": client_id,
        "timestamp": str(timestamp_ms),
        "grant_type": "client_credentials",
        "client_secret_sign": sign.reveal(),
        "type": "SELF",
    }
    return Request("issueToken", form=form)


def _judged_by_clock(refused: ReauthRequired, now: datetime) -> ReauthRequired:
    """Tell a stale timestamp from a wrong secret: Naver blames the signature for both."""
    remote_s = refused.facts.get("remote_epoch_s")
    if refused.code != "naver.secret_wrong" or not isinstance(remote_s, int):
        return refused
    if abs(now.timestamp() - remote_s) <= _CLOCK_SKEW_S_MAX:
        return refused
    return ReauthRequired(
        "the hub's clock differs from Naver's by more than a token request allows",
        code="naver.clock_wrong",
        operation=refused.operation,
        status=refused.status,
        remote_code=refused.remote_code,
        request_id=refused.request_id,
    )
