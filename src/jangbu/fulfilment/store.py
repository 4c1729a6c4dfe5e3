"""The table of boxes and all its SQL. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.ids import ShopId


@dataclass(frozen=True)
class Box:
    """What goes into one box. `tracking_number` is "" until a courier gave one."""

    key: str
    shop_id: ShopId
    order_id: str
    line_ids: tuple[str, ...]
    carrier: str
    created_at: datetime
    tracking_number: str


_BOX = "SELECT key, shop_id, order_id, line_ids, carrier, created_at, tracking_number FROM box "


def count(tx: ReadTx) -> int:
    """Tell how many boxes there ever were."""
    row = tx.one("SELECT COUNT(*) FROM box")
    return int(row[0]) if row else 0


def add(tx: WriteTx, box: Box) -> None:
    """Keep a new box."""
    tx.run(
        "INSERT INTO box (key, shop_id, order_id, line_ids, carrier, created_at) VALUES (?, ?, ?, ?, ?, ?)",
        (box.key, box.shop_id, box.order_id, _ids(box.line_ids), box.carrier, to_ms(box.created_at)),
    )


def of_lines(tx: ReadTx, shop: ShopId, order_id: str, line_ids: Sequence[str]) -> Box | None:
    """Give the box of exactly these lines, if there is one."""
    row = tx.one(f"{_BOX}WHERE shop_id = ? AND order_id = ? AND line_ids = ?", (shop, order_id, _ids(line_ids)))
    return _box(row) if row else None


def set_carrier(tx: WriteTx, key: str, carrier: str) -> None:
    """Note which courier was asked last."""
    tx.run("UPDATE box SET carrier = ? WHERE key = ?", (carrier, key))


def set_number(tx: WriteTx, key: str, tracking_number: str) -> None:
    """Keep the number a courier gave."""
    tx.run("UPDATE box SET tracking_number = ? WHERE key = ?", (tracking_number, key))


def by_key(tx: ReadTx, key: str) -> Box | None:
    """Give one box."""
    row = tx.one(f"{_BOX}WHERE key = ?", (key,))
    return _box(row) if row else None


def waiting(tx: ReadTx, limit: int) -> list[Box]:
    """Give the boxes that wait for a number, newest first."""
    rows = tx.all(f"{_BOX}WHERE tracking_number = '' ORDER BY created_at DESC, key LIMIT ?", (limit,))
    return [_box(row) for row in rows]


def _ids(line_ids: Sequence[str]) -> str:
    return msgspec.json.encode(sorted(line_ids)).decode()


def _box(row: tuple[object, ...]) -> Box:
    key, shop, order, lines, carrier, created, tracking = row
    return Box(
        str(key), ShopId(str(shop)), str(order), tuple(msgspec.json.decode(str(lines))), str(carrier),
        from_ms(int(str(created))), str(tracking),
    )  # fmt: skip
