"""Issue and check of access tokens, and the penalty for malformed requests; no signature is made here."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import parse_qsl

from jangbu.sandbox.core.wire import Call as Arrival
from jangbu.sandbox.naver import signature
from jangbu.sandbox.naver.shop import Shop
from jangbu.sandbox.naver.state import State, Token
from jangbu.sandbox.naver.wire import Refusal, bad_product, day_of, over_quota
from jangbu.sandbox.naver.words import DAY_MS

_LIFE_MS = 3 * 3600 * 1000
_KEPT_MS = 30 * 60 * 1000
_SKEW_MS = 5 * 60 * 1000
_HOUR_MS = 3600 * 1000
_FORM = "application/x-www-form-urlencoded"


class Tokens:
    """The application's credentials and the tokens issued for them.

    Errors: every refusal is a `Refusal` in the shapes of facts/naver.md 2.5.
    """

    def __init__(self, shop: Shop, seed: str, client_id: str, *, strict: bool) -> None:
        self._shop = shop
        self._seed = seed
        self._client_id = client_id
        self._strict = strict

    @property
    def _state(self) -> State:
        return self._shop.state

    def issue(self, call: Arrival, secret: str | None, now: int) -> dict[str, Any]:
        """The token of the application: the same one while half an hour of it is left.

        A secret of None is one that stopped working: no signature fits.
        """
        self._check_quota(now)
        form = self._form(call, now)
        self._check_kind(form, now)
        self._check_signature(form, secret, now)
        self._state.issued_at.append(now)
        token = next((t for t in reversed(self._living(now)) if t.expires_at - now >= _KEPT_MS), None)
        if token is None:
            token = Token(self._value(), now + _LIFE_MS, self._generation())
            self._state.tokens = [*self._living(now), token]
        left = (token.expires_at - now) // 1000
        return {"access_token": token.value, "expires_in": left, "token_type": "Bearer"}

    def accepts(self, authorization: str, now: int) -> bool:
        """Whether the header carries a token that lives."""
        scheme, _, value = authorization.partition(" ")
        return scheme == "Bearer" and any(token.value == value for token in self._living(now))

    def revoke(self) -> None:
        """Ends every token issued so far."""
        self._state.tokens = []

    def _living(self, now: int) -> list[Token]:
        """Tokens not yet expired; those of an older secret die with it where the switch says so."""
        oldest = self._generation() if self._shop.settings.on("tokens_die_on_reissue") else 0
        return [t for t in self._state.tokens if t.expires_at > now and t.generation >= oldest]

    def _generation(self) -> int:
        return int(self._shop.settings.number("secret_generation"))

    def _check_quota(self, now: int) -> None:
        punished = self._shop.settings.on("token_penalty") or day_of(now - DAY_MS) in self._state.violation_days
        self._state.issued_at = [at for at in self._state.issued_at if at > now - _HOUR_MS]
        most = int(self._shop.settings.number("token_issues_per_hour"))
        if punished and len(self._state.issued_at) >= most:
            raise over_quota(most)

    def _form(self, call: Arrival, now: int) -> dict[str, str]:
        if call.media_type != _FORM:
            self._violated(now)
            raise _bad("client_id", "NotNull")
        form = dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
        if call.query:
            self._violated(now)
            if self._strict:
                raise _bad("queryString", "NotValid")
            form = {**dict(call.query), **form}
        return form

    def _check_kind(self, form: dict[str, str], now: int) -> None:
        if "grant_type" not in form:
            self._violated(now)
            raise _bad("grant_type", "NotNull")
        if form["grant_type"] != "client_credentials":
            raise _bad("grant_type", "NotValid")
        if form.get("type") != "SELF":  # an own-store application issues nothing else
            raise _bad("account_id" if form.get("type") == "SELLER" and not form.get("account_id") else "type")
        if "account_id" in form:
            self._violated(now)
            if self._strict:
                raise _bad("account_id")

    def _check_signature(self, form: dict[str, str], secret: str | None, now: int) -> None:
        if form.get("client_id") != self._client_id:
            raise _bad("client_id")
        timestamp = form.get("timestamp", "")
        if not re.fullmatch(r"\d{13}", timestamp) or abs(int(timestamp) - now) > _SKEW_MS:
            raise _bad("timestamp")
        given = form.get("client_secret_sign", "")
        if secret is None or not signature.matches(given, self._client_id, secret, timestamp):
            raise _bad("client_secret_sign")

    def _violated(self, now: int) -> None:
        """Counts against the whole next day, as the notices say."""
        day = day_of(now)
        if day not in self._state.violation_days:
            self._state.violation_days.append(day)

    def _value(self) -> str:
        self._state.draws += 1
        return hashlib.sha256(f"{self._seed}|token|{self._state.draws}".encode()).hexdigest()[:40]


def _bad(name: str, kind: str = "NotValid") -> Refusal:
    return bad_product(name, kind, f"{name} 항목이 유효하지 않습니다.")
