"""One-time links printed on this machine, and what they open for a moment. Kept in memory: a restart ends them all."""

from __future__ import annotations

import hmac
import secrets
from datetime import datetime, timedelta
from typing import Final

from jangbu.kernel.clock import Clock

LINK_LASTS: Final = timedelta(hours=12)
PASS_LASTS: Final = timedelta(hours=1)
AT_ONCE_MAX: Final = 20


class Links:
    """Keys that can be used once, and passes that last for an hour."""

    def __init__(self, clock: Clock, first_key: str) -> None:
        """Let the first link in; it has no end but its use, for nobody knows when the hub's owner comes."""
        self._clock = clock
        self._keys: dict[str, datetime | None] = {first_key: None} if first_key else {}
        self._passes: dict[str, datetime | None] = {}
        self._once: dict[str, datetime | None] = {}

    def issue_key(self) -> str:
        """Make the key of another one-time link; the oldest is dropped when there are too many."""
        key = secrets.token_urlsafe(24)
        _add(self._keys, key, self._clock.now() + LINK_LASTS)
        return key

    def use(self, key: str) -> bool:
        """Use a link's key up; False for one that is wrong, used or too old."""
        return self._take(self._keys, key)

    def issue_pass(self) -> str:
        """Make a pass to the set-up, for who came through a link."""
        value = secrets.token_urlsafe(24)
        _add(self._passes, value, self._clock.now() + PASS_LASTS)
        return value

    def has_pass(self, value: str) -> bool:
        """Tell whether a pass is good."""
        found = _find(self._passes, value)
        ends = self._passes.get(found) if found else None
        return ends is not None and self._clock.now() < ends

    def grant_once(self, name: str) -> None:
        """Allow something one time, soon."""
        _add(self._once, name, self._clock.now() + PASS_LASTS)

    def take_once(self, name: str) -> bool:
        """Use an allowance up; tell whether there was one."""
        return self._take(self._once, name)

    def drop_passes(self) -> None:
        """End every pass."""
        self._passes.clear()

    def _take(self, kept: dict[str, datetime | None], shown: str) -> bool:
        found = _find(kept, shown)
        if found is None:
            return False
        ends = kept.pop(found)
        return ends is None or self._clock.now() < ends


def _find(kept: dict[str, datetime | None], shown: str) -> str | None:
    given = shown.encode("utf-8", "replace")
    return next((known for known in kept if hmac.compare_digest(known.encode(), given)), None)


def _add(kept: dict[str, datetime | None], key: str, ends: datetime) -> None:
    if len(kept) >= AT_ONCE_MAX:
        del kept[next(iter(kept))]
    kept[key] = ends
