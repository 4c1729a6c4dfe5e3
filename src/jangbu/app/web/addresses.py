"""Reads what an address asks for, and makes addresses of the same page with one thing asked differently."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request

_SEARCH_LENGTH_MAX: Final = 100
_PAGE_MAX: Final = 10_000
_DIGITS_MAX: Final = 8


class Address:
    """Addresses of a page; parts at their default are left out."""

    def __init__(self, base: str, asked: Mapping[str, str | int], default: Mapping[str, str | int]) -> None:
        """Take what is asked now, and what is asked when nothing is said."""
        self.base, self._asked, self._default = base, asked, default

    def __call__(self, **changed: str | int) -> str:
        """Give the address with these parts changed."""
        asked = {**self._asked, **changed}
        kept = {name: value for name, value in asked.items() if value != self._default.get(name)}
        return f"{self.base}?{urlencode(kept)}" if kept else self.base


def search_in(request: Request) -> str:
    """Read what is searched for."""
    return request.query_params.get("q", "").strip()[:_SEARCH_LENGTH_MAX].replace("\0", "")


def page_in(request: Request) -> int:
    """Read which page is wanted, from one on."""
    return number_in(request.query_params.get("page", ""), 1, _PAGE_MAX)


def one_of(request: Request, name: str, known: Sequence[str]) -> str:
    """Read a choice; what is none is the first."""
    given = request.query_params.get(name, "")
    return given if given in known else known[0]


def number_in(text: str, least: int, most: int) -> int:
    """Read a whole number from an address, within bounds; what is no number is the least."""
    fits = text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX
    return min(max(int(text), least), most) if fits else least


def pages_of(found: int, size: int) -> int:
    """Tell how many pages so many rows fill."""
    return max(1, -(-found // size))
