"""Sets a SKU's moves with what they changed and what stood after each. Owns no words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jangbu.app.explaining import Balance, effect


@dataclass(frozen=True)
class MoveRow:
    """One move as people read it: what it changed, what was left, whose doing."""

    at: datetime
    reason: str
    phase: str
    change: int
    available: int
    on_hand: int
    order: str
    shop: str
    who: str


def history(moves: Sequence[Mapping[str, Any]], shops: Mapping[str, str]) -> list[MoveRow]:
    """Give the moves, newest first. `shops`: names by id."""
    rows: list[MoveRow] = []
    balance = Balance()
    for move in moves:
        change = effect(move)
        balance += change
        kind, _, rest = move["cause"].partition(":")
        of_shop, _, line = rest.partition("/")
        by, _, who = move["actor"].partition(":")
        rows.append(
            MoveRow(
                datetime.fromisoformat(move["at"]), move["reason"], move["phase"],
                change.available or change.on_hand, balance.available, balance.on_hand,
                line.split("/")[0] if kind == "order" else "", shops.get(of_shop, "") if kind == "order" else "",
                shops.get(who, who) if by in {"shop", "person"} else move["actor"],
            )
        )  # fmt: skip
    return rows[::-1]
