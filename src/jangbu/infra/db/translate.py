"""Turns `?` placeholders into the ones psycopg wants. Owns no SQL of its own."""

from __future__ import annotations

import re
from functools import lru_cache

# A quoted literal or name (a doubled quote simply starts the next one), a comment, or one such character.
_PIECE = re.compile(r"""'[^']*'|"[^"]*"|--[^\n]*|/\*.*?\*/|[?%]""", re.DOTALL)


@lru_cache(maxsize=4096)
def to_psycopg(sql: str) -> str:
    """Write `%s` for each placeholder and double every `%`; quoted text and comments keep their `?`."""
    return _PIECE.sub(_one, sql)


def _one(piece: re.Match[str]) -> str:
    text = piece.group()
    return "%s" if text == "?" else text.replace("%", "%%")
