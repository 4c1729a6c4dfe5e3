"""Secrets of chance and what is kept of them. Pure but for chance."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token() -> str:
    """Make a token nobody can guess (256 bits)."""
    return secrets.token_urlsafe(32)


def sum_of(token: str) -> str:
    """Give what is kept of a token: it finds its row and opens nothing."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()


def form_token(cookie: str) -> str:
    """Give what every form of one session carries; without the session's cookie nobody can make it."""
    return hmac.new(cookie.encode("utf-8", "surrogateescape"), b"jangbu form", hashlib.sha256).hexdigest()[:40]


def is_form_token(cookie: str, shown: str) -> bool:
    """Tell whether a form was made for this session."""
    return bool(cookie) and hmac.compare_digest(form_token(cookie).encode(), shown.encode("utf-8", "replace"))
