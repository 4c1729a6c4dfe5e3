"""Holds the marketplaces' own books against ours: every line taken once, nothing sold twice? Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jangbu.app.bootstrap import House
from jangbu.infra.db import ReadTx
from jangbu.inventory import service as inventory

Books = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What a comparison found; `problems` is empty when the promises held."""

    orders: int
    units: int
    oversold: int
    tracked: int
    to_track: int
    problems: tuple[str, ...]


def compare(house: House, books: Books) -> Verdict:
    """Compare the books that marketplaces keep themselves with the ledger.

    Shape of `books`: {"oversold_total", "channels": {channel: {"orders": [rows], …}}} as the sandbox gives it.
    """
    held = house.db.read_now(_held)
    problems: list[str] = []
    units = 0
    rows = [(channel, row) for channel, each in books["channels"].items() for row in each["orders"]]
    for channel, row in rows:
        units += row["quantity"] - row["cancelled"]
        problem = _line_problem(channel, row, held.get((channel, str(row["line"]))))
        if problem:
            problems.append(problem)
    verdict = house.db.read_now(inventory.verify)
    if not verdict.sound:
        problems.append(f"ledger: {len(verdict.differences)} balances differ, {len(verdict.unbalanced)} unbalanced")
    if books["oversold_total"]:
        problems.append(f"sold twice: {books['oversold']}")
    return Verdict(
        books["orders_total"], units, books["oversold_total"],
        sum(1 for _, row in rows if row["tracking"]),
        sum(1 for _, row in rows if row["cancelled"] == 0 and row["quantity"] and row["status"] != "unpaid"),
        tuple(problems),
    )  # fmt: skip


def _held(tx: ReadTx) -> dict[tuple[str, str], int]:
    """Give units held (reserved, committed or shipped) by line, as the ledger's moves have it."""
    rows = tx.all(
        "SELECT s.channel, h.line_id, SUM(h.reserved + h.committed + h.shipped) FROM line_held h "
        "JOIN shop s ON s.id = h.shop_id GROUP BY s.channel, h.line_id"
    )
    return {(channel, line): int(units) for channel, line, units in rows}


def _line_problem(channel: str, row: Mapping[str, Any], held: int | None) -> str:
    """Say what is wrong with one line, if anything.

    Etsy does not tell which units a part-cancellation took back, so between the two numbers either is right.
    """
    most, least = row["quantity"], row["quantity"] - row["cancelled"]
    if held is None:
        return "" if least == 0 else f"{channel} line {row['line']} ({row['status']}) was never heard"
    if not least <= held <= most or (least == 0 and held != 0):
        return f"{channel} line {row['line']} ({row['status']}) holds {held} of {least}..{most}"
    return ""
