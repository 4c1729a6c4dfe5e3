"""What just happened, as message codes with facts, for people to read. Owns no texts and no personal data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms


@dataclass(frozen=True)
class Activity:
    """One line of the story."""

    at: datetime
    shop_id: str
    code: str
    facts: dict[str, str | int]
    actor: str


def note(tx: WriteTx, at: datetime, code: str, *, shop_id: str = "", actor: str = "jangbu", **facts: str | int) -> None:
    """Write down that something happened, in the transaction in which it did."""
    tx.run(
        "INSERT INTO activity (at, shop_id, code, facts, actor) VALUES (?, ?, ?, ?, ?)",
        (to_ms(at), shop_id, code, msgspec.json.encode(facts).decode(), actor),
    )


def of_order(tx: ReadTx, shop_id: str, order: str, since: datetime) -> list[Activity]:
    """Give what happened to one order of a shop since a moment, the oldest first."""
    rows = tx.all(
        "SELECT at, shop_id, code, facts, actor FROM activity WHERE shop_id = ? AND at >= ? AND facts LIKE ? "
        "ORDER BY at, seq",
        (shop_id, to_ms(since), f'%"order":{msgspec.json.encode(order).decode()}%'),
    )
    return [Activity(from_ms(at), shop, code, msgspec.json.decode(facts), who) for at, shop, code, facts, who in rows]


def recent(tx: ReadTx, limit: int = 50, shop_id: str = "", codes: Sequence[str] = ()) -> list[Activity]:
    """Give the latest lines, newest first: of one shop, of some codes (`order.` stands for all that begin so)."""
    clauses, params = [], []
    if shop_id:
        clauses, params = ["shop_id = ?"], [shop_id]
    if codes:
        clauses.append(f"({' OR '.join('code LIKE ?' if code.endswith('.') else 'code = ?' for code in codes)})")
        params += [f"{code}%" if code.endswith(".") else code for code in codes]
    where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
    rows = tx.all(
        f"SELECT at, shop_id, code, facts, actor FROM activity {where} ORDER BY seq DESC LIMIT ?", (*params, limit)
    )
    return [Activity(from_ms(at), shop, code, msgspec.json.decode(facts), who) for at, shop, code, facts, who in rows]
