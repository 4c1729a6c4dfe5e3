"""One-time links and the browser sessions they open. Kept in memory: a restart closes every page."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final, TypeVar

from jangbu.kernel.clock import Clock

T = TypeVar("T")

COOKIE: Final = "jangbu_page"
LINK_LASTS: Final = timedelta(hours=12)
SESSION_LASTS: Final = timedelta(hours=12)
AT_ONCE_MAX: Final = 20


class Sessions:
    """Who may see the page."""

    def __init__(self, clock: Clock, first_key: str) -> None:
        """Let the first link in; it has no end but its use, for nobody knows when the hub's owner comes."""
        self._clock = clock
        self._links: dict[str, datetime | None] = {first_key: None} if first_key else {}
        self._open: dict[str, datetime] = {}

    def issue_key(self) -> str:
        """Make the key of another one-time link; the oldest is dropped when there are too many."""
        key = secrets.token_urlsafe(24)
        _add(self._links, key, self._clock.now() + LINK_LASTS)
        return key

    def enter(self, key: str) -> str | None:
        """Trade a link's key for a new session's value, once; None for a key that is wrong, used or too old."""
        found = next((known for known in self._links if hmac.compare_digest(known.encode(), key.encode())), None)
        if found is None:
            return None
        ends = self._links.pop(found)
        if ends is not None and self._clock.now() >= ends:
            return None
        value = secrets.token_urlsafe(32)
        _add(self._open, value, self._clock.now() + SESSION_LASTS)
        return value

    def is_open(self, value: str) -> bool:
        """Tell whether a cookie's value is a session that still lasts."""
        ends = self._open.get(value)
        if ends is not None and self._clock.now() >= ends:
            del self._open[value]
            ends = None
        return ends is not None


def _add(kept: dict[str, T], key: str, ends: T) -> None:
    if len(kept) >= AT_ONCE_MAX:
        del kept[next(iter(kept))]
    kept[key] = ends
