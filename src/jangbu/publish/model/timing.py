"""When a write may still be sent, and when what it held may be given away. Pure rules; reads no clock.

Units: every time is in milliseconds of the hub's clock. What the rules rest on: between the last check and
the last byte lies at most the HTTP timeout, and no write takes effect later than D ("settle") after its
deadline.
"""

from __future__ import annotations

from typing import Final

SEND_BEFORE: Final = 30_000
"""An intent older than this is not sent any more: it is planned anew."""

HTTP_TIMEOUT: Final = 20_000
"""A stock write is given up after this long; its bytes have left by then or never will."""


def send_before(planned_at: int) -> int:
    """Give the moment up to which an intent written now may be sent."""
    return planned_at + SEND_BEFORE


def deadline(send_before: int) -> int:
    """Give the latest moment the bytes of a write can leave; it stands in the journal before they do."""
    return send_before + HTTP_TIMEOUT


def may_send(now: int, lease_until: int, send_before: int) -> bool:
    """Tell, as the last check before the bytes, whether this worker may still send this intent."""
    return now < lease_until and now < send_before


def freed_at(deadline: int, settle: int, gap: int | None = None) -> int:
    """Give the moment later than which a write of unknown outcome can no longer take effect.

    A lease passes on, a read settles the write and its units are freed only after this. `gap`: when the last
    hole in the heartbeat (sleep, a paused machine) was noticed and the sockets were closed; what was being
    sent then may have left just before, so D starts anew from there.
    """
    return max(deadline, gap if gap is not None else deadline) + settle
