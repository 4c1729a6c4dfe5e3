"""A sentence said once on the next page: kept in a short-lived signed cookie. Owns no words."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

COOKIE: Final = "jangbu_said"
_LASTS_S: Final = 60


@dataclass(frozen=True)
class Sentence:
    """A code with its facts."""

    code: str
    facts: Mapping[str, str | int]


class _Kept(msgspec.Struct):
    code: str
    facts: dict[str, str | int]


class Said:
    """Keeps and gives sentences, signed with a key that lives as long as the process."""

    def __init__(self) -> None:
        """Begin with a new key."""
        self._key = secrets.token_bytes(32)

    def keep(self, answer: Response, code: str, facts: Mapping[str, str | int]) -> None:
        """Have the next page say it."""
        body = msgspec.json.encode(_Kept(code, dict(facts)))
        value = base64.urlsafe_b64encode(self._sign(body) + body).decode()
        answer.set_cookie(COOKIE, value, max_age=_LASTS_S, path="/", httponly=True, samesite="strict")

    def of(self, request: Request) -> Sentence | None:
        """Give what is to be said; None when nothing is, or somebody else wrote it."""
        try:
            raw = base64.urlsafe_b64decode(request.cookies.get(COOKIE, "").encode())
        except (ValueError, binascii.Error):
            return None
        sign, body = raw[:32], raw[32:]
        if not body or not hmac.compare_digest(sign, self._sign(body)):
            return None
        kept = msgspec.json.decode(body, type=_Kept)
        return Sentence(kept.code, kept.facts)

    @staticmethod
    def forget(answer: Response) -> None:
        """Say it no more."""
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")

    def _sign(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")
