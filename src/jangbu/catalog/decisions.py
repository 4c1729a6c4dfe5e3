"""What a person decided about pairs of listings, so that no question comes twice. Owns `pair_decision`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from jangbu.catalog.suggesting import PageId
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import to_ms
from jangbu.kernel.ids import ShopId

_MADE: Final = 3  # values kept of a link that was made; of one that was replaced a fourth, its units


@dataclass(frozen=True)
class Decision:
    """One answer. `offers`: (shop, offer, SKU) for each link made by it; `before`: links it replaced, with units."""

    seq: int
    left: PageId
    right: PageId
    same: bool
    offers: tuple[tuple[str, str, str], ...]
    before: tuple[tuple[str, str, str, int], ...] = ()


def keep(
    tx: WriteTx, left: PageId, right: PageId, offers: Sequence[tuple[str, str, str]], *, same: bool, actor: str,
    at: datetime, before: Sequence[tuple[str, str, str, int]] = (),
) -> None:  # fmt: skip
    """Remember an answer."""
    tx.run(
        "INSERT INTO pair_decision (left_shop, left_listing, right_shop, right_listing, same, offers, actor, at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*left, *right, int(same), msgspec.json.encode([*offers, *before]).decode(), actor, to_ms(at)),
    )


def refused(tx: ReadTx) -> set[frozenset[PageId]]:
    """Name the pairs that are not the same goods."""
    rows = tx.all(
        "SELECT left_shop, left_listing, right_shop, right_listing FROM pair_decision "
        "WHERE same = 0 AND undone_at IS NULL"
    )
    return {frozenset({(ShopId(row[0]), row[1]), (ShopId(row[2]), row[3])}) for row in rows}


def latest(tx: ReadTx, actor: str) -> Decision | None:
    """Give the last answer of a person that still holds."""
    row = tx.one(
        "SELECT seq, left_shop, left_listing, right_shop, right_listing, same, offers FROM pair_decision "
        "WHERE actor = ? AND undone_at IS NULL ORDER BY seq DESC LIMIT 1",
        (actor,),
    )
    if row is None:
        return None
    told = [tuple(each) for each in msgspec.json.decode(row[6])]
    offers = tuple(each for each in told if len(each) == _MADE)
    before = tuple(each for each in told if len(each) > _MADE)
    return Decision(row[0], (ShopId(row[1]), row[2]), (ShopId(row[3]), row[4]), bool(row[5]), offers, before)


def undo(tx: WriteTx, decision: Decision, at: datetime) -> bool:
    """Take an answer back; tell False when it was taken back already."""
    sql = "UPDATE pair_decision SET undone_at = ? WHERE seq = ? AND undone_at IS NULL"
    return bool(tx.run(sql, (to_ms(at), decision.seq)))
