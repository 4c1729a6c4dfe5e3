"""How the receipts feed is walked: the watermark, the next question, what an answer leads to. Pure, no calls.

Etsy has offsets but no cursors, and a receipt that changes while pages are read moves to the end, so that an
offset then skips a row. Therefore the lower bound of the sort key is moved up to the last row instead, and
offsets serve only where a page holds a second or two alone; there each page starts with the last row of the
one before, unchanged, or else rows moved.

The walk of changes stands last: a sweep that is done has read to the end of the changes after it began.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec
from msgspec.structs import replace

from jangbu.kernel.errors import ContractBroken, InputError

PAGE_SIZE: Final = 100
OFFSET_MAX: Final = 12_000
OVERLAP_S: Final = 600
_RESTARTS_MAX: Final = 50  # each takes at least one row out of a crowd that no longer grows
_EARLIEST: Final = 946_684_800  # the least time the description allows: 2000-01-01

Query = dict[str, str | int | list[str]]


class Kind(StrEnum):
    """What a walk looks for."""

    CHANGED = "changed"
    OPEN = "open"  # not shipped, by time of creation
    CANCELLED = "cancelled"  # a cancellation may leave the time of change as it was


class Walk(msgspec.Struct, frozen=True):
    """A walk under way: the lower bound of its key and, where many rows share it, the place among them.

    `last` is the last row of the page before and `last_key` its sort key; `ordered` turns false for good when
    a page came out of order; `restarts` counts how often rows moved under the offset.
    """

    kind: Kind
    at: int
    offset: int = 0
    last: int = 0
    last_key: int = 0
    ordered: bool = True
    restarts: int = 0


class Place(msgspec.Struct, frozen=True):
    """The watermark: the latest change read (0 = none yet) and the walks still to be finished, in order."""

    updated: int = 0
    walks: tuple[Walk, ...] = ()


@dataclass(frozen=True)
class Row:
    """One receipt as the walk sees it."""

    receipt_id: int
    created: int
    updated: int


def place(watermark: str) -> Place:
    """Read a watermark. Errors: InputError when it is none of ours."""
    try:
        return msgspec.json.decode(watermark, type=Place) if watermark else Place()
    except msgspec.DecodeError as error:
        raise InputError("not a watermark of the receipts feed", code="etsy.watermark") from error


def text(where: Place) -> str:
    """Write a watermark."""
    return msgspec.json.encode(where).decode()


def begin(where: Place, *, deep: bool, look_back_at: int) -> Place:
    """Lay out the walks of a sweep; walks left over from the last one go on instead."""
    if where.walks:
        return where
    since = max(look_back_at, _EARLIEST)
    changed = Walk(Kind.CHANGED, max(where.updated - OVERLAP_S, _EARLIEST))
    if not where.updated:
        return Place(0, (Walk(Kind.OPEN, since), changed))
    hidden = (Walk(Kind.CANCELLED, since), Walk(Kind.OPEN, since)) if deep else ()
    return Place(where.updated, (*hidden, changed))


def query(walk: Walk) -> Query:
    """Give the parameters of the next question of a walk."""
    common: Query = {"limit": PAGE_SIZE, "offset": walk.offset, "sort_order": "asc", "legacy": "false"}
    match walk.kind:
        case Kind.CHANGED:
            return common | {"sort_on": "updated", "min_last_modified": walk.at}
        case Kind.OPEN:
            return common | {"sort_on": "created", "min_created": walk.at, "was_shipped": "false"}
        case Kind.CANCELLED:
            return common | {"sort_on": "created", "min_created": walk.at, "was_canceled": "true"}


def advance(where: Place, rows: Sequence[Row], count: int | None, answered_at: int) -> Place:
    """Take one answer to the first walk in.

    `answered_at` is the marketplace's own time of it: the very first answer says where the changes begin.
    Errors: ContractBroken when the feed repeats itself or cannot be walked to its end.
    """
    walk, *later = where.walks
    updated = where.updated
    if not updated:
        updated = answered_at
        later = [_since(each, answered_at - OVERLAP_S) for each in later]
    if walk.kind is Kind.CHANGED:
        # A time ahead of the answer's own would hide all changes up to it.
        updated = max([updated, *(min(row.updated, answered_at) for row in rows)])
    onward = _onward(walk, rows, count)
    return Place(updated, (onward, *later) if onward else tuple(later))


def _since(walk: Walk, moment: int) -> Walk:
    return replace(walk, at=moment) if walk.kind is Kind.CHANGED else walk


def _onward(walk: Walk, rows: Sequence[Row], count: int | None) -> Walk | None:
    """Tell how the walk goes on, None when it has ended."""
    if walk.last:
        if len(rows) > 1 and _is_last(walk, rows[-1]):
            raise _stuck()  # the page before once more
        if not rows or not _is_last(walk, rows[0]):
            return _anew(walk)
    if len(rows) < PAGE_SIZE and walk.offset + len(rows) >= (count or 0):
        return None
    keys = [_key(walk, row) for row in rows]
    in_order = walk.ordered and keys == sorted(keys)
    # One second below the last row: whether the bound itself is included is not said.
    if in_order and keys and keys[-1] - 1 > walk.at:
        return Walk(walk.kind, keys[-1] - 1)
    return _further(walk, rows, in_order)


def _key(walk: Walk, row: Row) -> int:
    return row.updated if walk.kind is Kind.CHANGED else row.created


def _is_last(walk: Walk, row: Row) -> bool:
    return row.receipt_id == walk.last and _key(walk, row) == walk.last_key


def _further(walk: Walk, rows: Sequence[Row], in_order: bool) -> Walk:
    overlap = rows[-1:] if len(rows) > 1 else ()
    last = overlap[0].receipt_id if overlap else 0
    last_key = _key(walk, overlap[0]) if overlap else 0
    offset = walk.offset + (len(rows) - len(overlap) or PAGE_SIZE)
    if offset > OFFSET_MAX:
        raise _stuck()
    return replace(walk, offset=offset, last=last, last_key=last_key, ordered=in_order)


def _anew(walk: Walk) -> Walk:
    """Read the crowded second again from its start: rows moved under the offset."""
    if walk.restarts >= _RESTARTS_MAX:
        raise _stuck()
    return replace(walk, offset=0, last=0, last_key=0, restarts=walk.restarts + 1)


def _stuck() -> ContractBroken:
    return ContractBroken(
        "the receipts feed repeats a page or has no end", code="etsy.feed_stuck", operation="getShopReceipts"
    )
