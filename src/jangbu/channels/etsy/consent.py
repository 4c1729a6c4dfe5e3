"""Etsy's consent: the page's address, the code's exchange, the scopes really given. Owns no pending consent.

Source: developers.etsy.com/documentation/essentials/authentication; specs/etsy.oas.json (scopes, tokenScopes).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, cast
from urllib.parse import quote, urlencode

from jangbu.channels.etsy import wire
from jangbu.channels.etsy.auth import EtsyAuth
from jangbu.channels.etsy.operations import OPERATIONS
from jangbu.kernel.errors import ReauthRequired
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import ConsentAsk, Grant
from jangbu.sdk.client import Client, Request
from jangbu.sdk.decoding import convert

_PAGE: Final = "/oauth/connect"

# Etsy freezes scopes at consent, so what a later version calls needs a new one: ask no more than is used.
SCOPES: Final = tuple(sorted({operation.scope for operation in OPERATIONS.values() if operation.scope}))


class EtsyConsent:
    """Asks the owner of one Etsy shop."""

    @property
    def scopes(self) -> tuple[str, ...]:
        return SCOPES

    def address(self, fields: Mapping[str, str], ask: ConsentAsk) -> str:
        query = {
            "response_type": "code",
            "client_id": fields["keystring"],  # without the secret: that stands in no address
            "redirect_uri": ask.redirect,
            "scope": " ".join(SCOPES),
            "state": ask.state,
            "code_challenge": ask.challenge,
            "code_challenge_method": "S256",
        }
        return f"{ask.auth_url}{_PAGE}?{urlencode(query, quote_via=quote)}"

    async def try_application(self, client: object, fields: Mapping[str, str]) -> None:
        await cast("Client", client).send(Request("ping", headers=EtsyAuth().headers(Grant(fields))))

    async def redeem(
        self, client: object, fields: Mapping[str, str], *, code: Secret, redirect: str, verifier: Secret, now: datetime
    ) -> Grant:
        form = {
            "grant_type": "authorization_code",
            "client_id": fields["keystring"],
            "redirect_uri": redirect,
            "code": code.reveal(),
            "code_verifier": verifier.reveal(),
        }
        try:
            response = await cast("Client", client).send(Request("redeemCode", form=form))
        except ReauthRequired as refused:
            raise _judged(refused) from None  # the cause would carry the request
        token = convert(response.json(), wire.Token, "redeemCode")
        if not token.refresh_token:
            raise ReauthRequired("Etsy gave no refresh token", code="etsy.refresh_missing", operation="redeemCode")
        return Grant(
            {**fields, "refresh_token": token.refresh_token},
            Secret(token.access_token),
            now + timedelta(seconds=token.expires_in),
            1,
        )

    async def granted(self, client: object, grant: Grant) -> frozenset[str]:
        form = {"token": grant.access_token.reveal()}
        request = Request("tokenScopes", form=form, headers=EtsyAuth().headers(grant))
        return _names((await cast("Client", client).send(request)).json())


def _judged(refused: ReauthRequired) -> ReauthRequired:
    """Tell a wrong redirect address from a code that is of no use any more: Etsy answers both with one word."""
    if "redirect" not in refused.remote_code.lower():
        return refused
    return ReauthRequired(
        "the redirect address is not the one the code was given for",
        code="etsy.redirect_wrong",
        operation=refused.operation,
        status=refused.status,
        remote_code=refused.remote_code,
        request_id=refused.request_id,
    )


def _names(document: Any) -> frozenset[str]:  # noqa: ANN401 - a decoded document
    """Read scopes from a list of names or, as the description leaves it open, from an object holding one."""
    if isinstance(document, dict):
        document = next((value for value in document.values() if isinstance(value, (list, str))), [])
    if isinstance(document, str):
        document = document.split()
    return frozenset(each for each in document if isinstance(each, str)) if isinstance(document, list) else frozenset()
