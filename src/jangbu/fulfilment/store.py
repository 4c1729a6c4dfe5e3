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
    """What goes into one box. `tracking_number` is "" until a courier gave one.

    `packed`: a sum over whom and what it was packed for, without telling either. `with_key`: the box it travels in.
    """

    key: str
    shop_id: ShopId
    order_id: str
    line_ids: tuple[str, ...]
    carrier: str
    created_at: datetime
    tracking_number: str
    packed: str = ""
    with_key: str = ""


_BOX = "SELECT key, shop_id, order_id, line_ids, carrier, created_at, tracking_number, packed, with_key FROM box "


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


def set_packed(tx: WriteTx, key: str, packed: str) -> None:
    """Keep what a box was packed for."""
    tx.run("UPDATE box SET packed = ? WHERE key = ?", (packed, key))


def set_with(tx: WriteTx, key: str, with_key: str) -> None:
    """Have a box travel in another; "" has it travel alone."""
    tx.run("UPDATE box SET with_key = ? WHERE key = ?", (with_key, key))


def travelling_in(tx: ReadTx, key: str) -> list[Box]:
    """Give the boxes that travel in another one."""
    return [_box(row) for row in tx.all(f"{_BOX}WHERE with_key = ? ORDER BY key", (key,))]


def of_order(tx: ReadTx, shop: ShopId, order_id: str) -> list[Box]:
    """Give every box of an order, the oldest first."""
    rows = tx.all(f"{_BOX}WHERE shop_id = ? AND order_id = ? ORDER BY created_at, key", (shop, order_id))
    return [_box(row) for row in rows]


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
    """Give the boxes that wait for a number, newest first; those that travel in another wait with it."""
    rows = tx.all(f"{_BOX}WHERE tracking_number = '' AND with_key = '' ORDER BY created_at DESC, key LIMIT ?", (limit,))
    return [_box(row) for row in rows]


def _ids(line_ids: Sequence[str]) -> str:
    return msgspec.json.encode(sorted(line_ids)).decode()


def _box(row: tuple[object, ...]) -> Box:
    key, shop, order, lines, carrier, created, tracking, packed, with_key = row
    return Box(
        str(key), ShopId(str(shop)), str(order), tuple(msgspec.json.decode(str(lines))), str(carrier),
        from_ms(int(str(created))), str(tracking), str(packed), str(with_key),
    )  # fmt: skip
