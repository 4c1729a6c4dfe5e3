"""Decisions about order snapshots: is it news, what does the line hold now, what must the cells hear. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from jangbu.inventory.model import Held
from jangbu.sdk.manifest import Effect
from jangbu.sdk.records import LineState, OrderLine

HISTORIC_MARGIN = timedelta(minutes=10)

_ENDED = frozenset({LineState.CANCELLED, LineState.RETURNED, LineState.EXCHANGED, LineState.CLOSED})
_BACK = frozenset({LineState.CANCELLED, LineState.RETURNED})
OPEN = frozenset({LineState.UNPAID, LineState.PAID, LineState.UNKNOWN})


class News(StrEnum):
    """What to do with a snapshot."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    FETCH_AGAIN = "fetch_again"


@dataclass(frozen=True)
class Seen:
    """When one snapshot of a line was true: the marketplace's time of change, our times of asking."""

    remote_at: datetime
    begun_at: datetime
    answered_at: datetime
    state: LineState
    quantity: int
    remaining: int


def judge(stored: Seen | None, new: Seen) -> News:
    """Decide whether a snapshot is news.

    Older in remote time is refused, for it is surely older. Any other is accepted if its request began after
    the stored one's answer arrived, whatever the remote time says (some cancellations do not move it); between
    the two nobody knows which is newer: ask again. What ended never lives again.
    """
    if stored is None:
        return News.ACCEPT
    if stored.state in _ENDED and new.state not in _ENDED:
        return News.REFUSE
    if new.remote_at < stored.remote_at or new.remaining > stored.remaining:
        return News.REFUSE
    if new.begun_at >= stored.answered_at or _same(stored, new):
        return News.ACCEPT
    return News.FETCH_AGAIN


def _same(stored: Seen, new: Seen) -> bool:
    return (stored.state, stored.quantity, stored.remaining) == (new.state, new.quantity, new.remaining)


def target(line: OrderLine, effect: Effect, held: Held, units: int) -> Held:
    """Decide what a line should hold of a variant of which one piece takes `units`.

    Goods that left are never released by a state: a return counts only once it is on the shelf.
    """
    owed = max(line.remaining * units - held.shipped, 0)
    match effect:
        case Effect.KEEP:
            return held
        case Effect.NONE | Effect.RELEASE:
            return Held(shipped=held.shipped)
        case Effect.RESERVE:
            return Held(reserved=owed, shipped=held.shipped)
        case Effect.COMMIT:
            return Held(committed=owed, shipped=held.shipped)
        case Effect.SHIP:
            return Held(shipped=max(line.remaining * units, held.shipped))


@dataclass(frozen=True)
class Told:
    """How many pieces of a line the cell's books were told: sold, and put back."""

    sold: int
    back: int


def tell(line: OrderLine) -> Told:
    """Decide what the cell's books must have heard of a line: both markets lower the number when it is placed.

    An order first seen cancelled is two facts, a sale and a restock; a part-cancellation likewise.
    """
    back = line.quantity if line.state in _BACK else line.quantity - line.remaining
    return Told(line.quantity, max(back, 0))


def historic(line: OrderLine, effect: Effect, remote_at: datetime, known_from: datetime) -> bool:
    """Tell whether a line was over before we knew the shop: it is kept for reading and moves nothing.

    The seller's first count is taken with such goods long gone from (or back on) the shelf.
    """
    over = effect is Effect.SHIP or line.state in _BACK
    return over and line.lowered_at < known_from and remote_at < known_from - HISTORIC_MARGIN
