"""Owns consent, codes and tokens of the Etsy emulator (authorization code with PKCE); no listing, no order.

Source: developers.etsy.com/documentation/essentials/authentication, read April 2026.
"""

import base64
import hashlib
import random
import re
import string
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from msgspec import Struct

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.etsy.operations import all_scopes
from jangbu.sandbox.etsy.seed import Identity

ACCESS_S: Final = 3_600
REFRESH_S: Final = 90 * 86_400
_CODE_S: Final = 600
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Access(Struct, frozen=True):
    """An access token's reach."""

    expires_at: float
    scopes: frozenset[str]


class Refresh(Struct):
    """A refresh token; the enrolment token is never used up."""

    expires_at: float
    scopes: frozenset[str]
    used: bool = False
    enrolment: bool = False


class Code(Struct):
    """An authorization code."""

    expires_at: float
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str
    used: bool = False


class Grants(Struct):
    """All tokens and codes handed out."""

    access: dict[str, Access]
    refresh: dict[str, Refresh]
    codes: dict[str, Code]


class OAuthError(Exception):
    """A refusal of the OAuth layer."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.body = {"error": error, "error_description": description}


class RedirectRefusedError(Exception):
    """The redirect address is not the registered one: a page for people, no way back."""


class Authority:
    """Hands out and checks tokens for one app and one shop owner."""

    def __init__(self, *, who: Identity, clock: Clock, rng: random.Random, settings: Settings) -> None:
        self._who = who
        self._clock = clock
        self._rng = rng
        self._settings = settings
        self.grants = Grants({}, {}, {})
        self.enrol()

    def enrol(self) -> None:
        """Starts anew with the printed access token and the printed refresh token."""
        now, scopes = self._clock.now(), all_scopes()
        self.grants = Grants(
            access={self._who.access_token: Access(now + ACCESS_S, scopes)},
            refresh={self._who.refresh_token: Refresh(now + REFRESH_S, scopes, enrolment=True)},
            codes={},
        )

    def check(self, authorization: str, *, revoked: bool) -> Access:
        """What the bearer of an Authorization header may do.

        Errors: OAuthError for a missing, unknown, expired or revoked token.
        """
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token.startswith(f"{self._who.user_id}."):
            raise OAuthError("invalid_token", "access token is missing or malformed")
        access = self.grants.access.get(token)
        if access is None:
            raise OAuthError("invalid_token", "access token is invalid")
        if revoked:
            raise OAuthError("invalid_token", "access token is revoked")
        if access.expires_at <= self._clock.now():
            raise OAuthError("invalid_token", "access token is expired")
        return access

    def scopes_of(self, token: str) -> frozenset[str]:
        """The scopes of a token, for tokenScopes.

        Errors: OAuthError as `check`.
        """
        return self.check(f"Bearer {token}", revoked=False).scopes

    # the consent page

    def consent(self, query: Mapping[str, str]) -> str:
        """The address the browser is sent to after the owner's yes: with a code, or with an error.

        Errors: RedirectRefusedError.
        """
        self.check_redirect(query)
        answer = self._judge(query)
        if query.get("state"):
            answer["state"] = query["state"]
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def denial(self, query: Mapping[str, str]) -> str:
        """The address the browser is sent to after the owner's no (RFC 6749, 4.1.2.1).

        Errors: RedirectRefusedError.
        """
        self.check_redirect(query)
        answer = {"error": "access_denied", "error_description": "The user denied access"}
        if query.get("state"):
            answer["state"] = query["state"]
        return f"{query['redirect_uri']}?{urlencode(answer)}"

    def check_redirect(self, query: Mapping[str, str]) -> None:
        """Errors: RedirectRefusedError unless client and redirect address are the registered ones."""
        if query.get("client_id") != self._who.keystring:
            raise RedirectRefusedError("The application is unknown.")
        if query.get("redirect_uri") != self._settings.text("redirect_uri"):
            raise RedirectRefusedError("The requested redirect URL is not permitted.")

    def _judge(self, query: Mapping[str, str]) -> dict[str, str]:
        scopes = frozenset(query.get("scope", "").split())
        if query.get("response_type") != "code":
            return {"error": "unsupported_response_type", "error_description": "response_type must be code"}
        if not query.get("state"):
            return {"error": "invalid_request", "error_description": "state is required"}
        if query.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(query.get("code_challenge", "")):
            return {"error": "invalid_request", "error_description": "an S256 code_challenge is required"}
        if not scopes or not scopes <= all_scopes():
            return {
                "error": "invalid_scope",
                "error_description": "The requested scope is invalid or unknown",
            }
        code = self._token(48)
        self.grants.codes[code] = Code(
            self._clock.now() + _CODE_S, scopes, query["redirect_uri"], query["code_challenge"]
        )
        return {"code": code}

    # the token endpoint

    def token(self, form: Mapping[str, str], *, revoked: bool) -> dict[str, object]:
        """The answer to a token request.

        Errors: OAuthError.
        """
        if form.get("client_id") != self._who.keystring:
            raise OAuthError("invalid_client", "client_id is unknown")
        match form.get("grant_type"):
            case "authorization_code":
                return self._pair(self._redeem(form))
            case "refresh_token":
                return self._pair(self._rotate(form, revoked=revoked))
        raise OAuthError("unsupported_grant_type", "grant_type must be authorization_code or refresh_token")

    def _redeem(self, form: Mapping[str, str]) -> frozenset[str]:
        for name in ("code", "redirect_uri", "code_verifier"):
            if not form.get(name):
                raise OAuthError("invalid_request", f"{name} is required")
        code = self.grants.codes.get(form["code"])
        if code is None or code.used or code.expires_at <= self._clock.now():
            raise OAuthError("invalid_grant", "code is invalid, used or expired")
        if form["redirect_uri"] != code.redirect_uri:
            raise OAuthError("invalid_grant", "redirect_uri differs from the authorization request")
        verifier = form["code_verifier"]
        if not _VERIFIER.fullmatch(verifier) or challenge_of(verifier) != code.challenge:
            raise OAuthError("invalid_grant", "code_verifier does not match the code_challenge")
        code.used = True
        return code.scopes

    def _rotate(self, form: Mapping[str, str], *, revoked: bool) -> frozenset[str]:
        if not form.get("refresh_token"):
            raise OAuthError("invalid_request", "refresh_token is required")
        refresh = self.grants.refresh.get(form["refresh_token"])
        spent = refresh is not None and refresh.used and not self._settings.on("old_refresh_survives")
        if refresh is None or revoked or spent:
            raise OAuthError("invalid_grant", "refresh_token is revoked")
        if refresh.expires_at <= self._clock.now() and not refresh.enrolment:
            raise OAuthError("invalid_grant", "refresh_token is expired")
        refresh.used = not refresh.enrolment
        return refresh.scopes

    def _pair(self, scopes: frozenset[str]) -> dict[str, object]:
        now = self._clock.now()
        access, refresh = (f"{self._who.user_id}.{self._token(40)}" for _ in range(2))
        self.grants.access[access] = Access(now + ACCESS_S, scopes)
        self.grants.refresh[refresh] = Refresh(now + REFRESH_S, scopes)
        return {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": ACCESS_S,
            "refresh_token": refresh,
        }

    def _token(self, length: int) -> str:
        return "".join(self._rng.choices(string.ascii_letters + string.digits + "_-", k=length))


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
