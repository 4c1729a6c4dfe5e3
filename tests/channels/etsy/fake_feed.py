"""A small receipts feed as Etsy documents it, whose rows change while it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.channels.etsy.support import Reply, page, receipt, usd

from jangbu.sdk.client import Request

START = 1_789_990_000


@dataclass
class Row:
    """One receipt; `version` counts its changes."""

    receipt_id: int
    created: int
    updated: int
    version: int = 1
    shipped: bool = False
    cancelled: bool = False

    def document(self) -> Any:
        return receipt(
            receipt_id=self.receipt_id,
            created_timestamp=self.created,
            updated_timestamp=self.updated,
            status="canceled" if self.cancelled else "paid",
            is_shipped=self.shipped,
            grandtotal=usd(self.version),
        )


@dataclass
class FakeFeed:
    """Answers getShopReceipts. `most` caps a page below its limit; time bounds may exclude their second."""

    most: int = 100
    inclusive: bool = True
    now: int = START
    rows: dict[int, Row] = field(default_factory=dict)
    between: Callable[[FakeFeed], None] | None = None

    def add(self, *, ago_s: int = 0, **more: Any) -> Row:
        number = len(self.rows) + 1
        row = Row(number, self.now - ago_s, self.now - ago_s, **more)
        self.rows[number] = row
        return row

    def touch(self, number: int, **changes: Any) -> None:
        """Change a row, and its time of change."""
        self.quietly(number, **changes)
        self.rows[number].updated = self.now

    def quietly(self, number: int, **changes: Any) -> None:
        """Change a row without its time of change, as cancellations were seen to do."""
        row = self.rows[number]
        row.version += 1
        for name, value in changes.items():
            setattr(row, name, value)

    def versions(self) -> dict[str, int]:
        return {str(row.receipt_id): row.version for row in self.rows.values()}

    def __call__(self, request: Request) -> Reply:
        asked = request.query
        key = str(asked["sort_on"])
        found = [row for row in self.rows.values() if self._wanted(row, asked)]
        assert asked["sort_order"] == "asc"
        found.sort(key=lambda row: (getattr(row, key), row.receipt_id))
        start = int(str(asked["offset"]))
        assert start <= 12_000
        shown = found[start : start + min(self.most, int(str(asked["limit"])))]
        reply = page(*(row.document() for row in shown), count=len(found))
        reply.at = datetime.fromtimestamp(self.now, UTC)
        if self.between is not None:
            self.between(self)
        return reply

    def _wanted(self, row: Row, asked: Any) -> bool:
        for name, moment in (("min_created", row.created), ("min_last_modified", row.updated)):
            if name in asked and moment < int(asked[name]) + (not self.inclusive):
                return False
        for name, flag in (("was_shipped", row.shipped), ("was_canceled", row.cancelled)):
            if name in asked and asked[name] != str(flag).lower():
                return False
        return True
