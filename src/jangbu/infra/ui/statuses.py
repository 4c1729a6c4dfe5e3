"""Which HTTP status an error of ours has: the one table. Owns no errors and no texts."""

from __future__ import annotations

from typing import Final

from jangbu.kernel.errors import (
    AccessError,
    ChannelError,
    ConfigError,
    InputError,
    JangbuError,
    NotFound,
    StateError,
    Throttled,
)

# The first that fits counts, so what is special stands before what is general.
_STATUSES: Final[tuple[tuple[type[JangbuError], int], ...]] = (
    (InputError, 422),
    (NotFound, 404),
    (StateError, 409),
    (AccessError, 403),
    (ConfigError, 500),
    (Throttled, 503),
    (ChannelError, 502),
)


def status_of(error: JangbuError) -> int:
    """Give the HTTP status of an error."""
    if type(error) is StateError and error.code.startswith("database."):
        return 503  # our own store does not answer: the caller did nothing wrong
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)
