"""Etsy's headers and the renewal of its tokens. Owns no storage and no consent page.

A renewal gives a new refresh token too, and the old one may be dead from then on: the grant returned here
must be stored before it is used. Tokens and the shared secret leave only in headers and in the token form.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, cast

from jangbu.channels.etsy import wire
from jangbu.kernel.errors import ReauthRequired
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant
from jangbu.sdk.client import Client, Request
from jangbu.sdk.decoding import convert

_RENEW_BEFORE: Final = timedelta(minutes=5)


class EtsyAuth:
    """Signs calls with key, secret and token; renews the token by its refresh token."""

    def headers(self, grant: Grant) -> dict[str, str]:
        headers = {"x-api-key": f"{grant.fields['keystring']}:{grant.fields['shared_secret']}"}
        if grant.access_token:
            headers["Authorization"] = f"Bearer {grant.access_token.reveal()}"
        return headers

    def app_key(self, fields: Mapping[str, str]) -> str:
        return fields["keystring"]

    def needs_renewal(self, grant: Grant, now: datetime) -> bool:
        if not grant.access_token or grant.expires_at is None:
            return True
        return grant.expires_at - now < _RENEW_BEFORE

    async def renew(self, client: object, grant: Grant, now: datetime) -> Grant:
        refresh_token = grant.fields.get("refresh_token", "")
        if not refresh_token:
            raise ReauthRequired("there is no refresh token", code="etsy.refresh_missing", operation="token")
        form = {
            "grant_type": "refresh_token",
            "client_id": grant.fields["keystring"],
            "refresh_token": refresh_token,
        }
        response = await cast("Client", client).send(Request("token", form=form))
        token = convert(response.json(), wire.Token, "token")
        return _renewed(grant, token, now)


def _renewed(grant: Grant, token: wire.Token, now: datetime) -> Grant:
    # The pasted access token is older than this one and would only be a second secret to keep.
    kept = {name: value for name, value in grant.fields.items() if name != "access_token"}
    return replace(
        grant,
        fields=kept | {"refresh_token": token.refresh_token or grant.fields["refresh_token"]},
        access_token=Secret(token.access_token),
        expires_at=now + timedelta(seconds=token.expires_in),
        version=grant.version + 1,
    )
