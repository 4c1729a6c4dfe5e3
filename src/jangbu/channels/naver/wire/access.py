"""Wire types of the token, of error bodies and of the seller account. Owns no meaning."""

from __future__ import annotations

import msgspec

from jangbu.channels.naver.wire.base import Id, Wire


class Token(msgspec.Struct, frozen=True):
    """The answer of the token call."""

    access_token: str
    expires_in: int

    def __repr__(self) -> str:
        return "Token(‹hidden›)"


class InvalidInput(Wire, frozen=True):
    """One field that a 400 complains about."""

    name: str | None = None
    message: str | None = None


class ErrorBody(Wire, frozen=True):
    """What all error bodies have in common."""

    code: str | int | None = None
    message: str | None = None
    trace_id: str | None = None
    invalid_inputs: list[InvalidInput] | None = None


class Account(Wire, frozen=True):
    """Whose token it is."""

    account_id: str | None = None
    account_uid: str | None = None
    grade: str | None = None


class StoreChannel(Wire, frozen=True):
    """One shop window of the account."""

    channel_no: Id | None = None
    channel_type: str | None = None
    name: str | None = None
    url: str | None = None
