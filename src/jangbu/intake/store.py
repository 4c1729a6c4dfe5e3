"""Tables of deliveries and watermarks. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.intake.model import FeedState
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.ids import ShopId


@dataclass(frozen=True)
class Delivery:
    """One webhook delivery as taken. `state`: received, done, kept (nothing to fetch), failed."""

    shop_id: ShopId
    delivery_id: str
    event: str
    order_id: str
    received_at: datetime
    state: str
    attempts: int
    repeats: int
    error: str
    ended_at: datetime | None


_DELIVERY = (
    "SELECT shop_id, delivery_id, event, order_id, received_at, state, attempts, repeats, error, ended_at "
    "FROM webhook_delivery "
)


def add_delivery(
    tx: WriteTx, shop: ShopId, delivery_id: str, event: str, order_id: str, body: bytes, at: datetime
) -> bool:
    """Keep a delivery once; a repeat is only counted. Tell whether it is new."""
    new = tx.run(
        "INSERT INTO webhook_delivery (shop_id, delivery_id, event, order_id, body, received_at, state) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop_id, delivery_id) DO NOTHING",
        (shop, delivery_id, event, order_id, body, to_ms(at), "received" if order_id else "kept"),
    )
    if not new:
        tx.run(
            "UPDATE webhook_delivery SET repeats = repeats + 1 WHERE shop_id = ? AND delivery_id = ?",
            (shop, delivery_id),
        )
    return bool(new)


def open_deliveries(tx: ReadTx, shop: ShopId, limit: int = 100) -> list[Delivery]:
    """Give deliveries whose order was not fetched yet, oldest first."""
    rows = tx.all(f"{_DELIVERY} WHERE shop_id = ? AND state = 'received' ORDER BY received_at LIMIT ?", (shop, limit))
    return [_delivery(row) for row in rows]


def deliveries(
    tx: ReadTx, limit: int = 200, shop: ShopId | None = None, *, failed: bool = False
) -> list[Delivery]:
    """Give the latest deliveries, newest first; with `failed` only those with an error."""
    clauses = [*(["shop_id = ?"] if shop else []), *(["error <> ''"] if failed else [])]
    where, params = f" WHERE {' AND '.join(clauses)}" if clauses else "", [shop] if shop else []
    rows = tx.all(f"{_DELIVERY}{where} ORDER BY received_at DESC, delivery_id LIMIT ?", (*params, limit))
    return [_delivery(row) for row in rows]


def end_delivery(tx: WriteTx, shop: ShopId, delivery_id: str, state: str, error: str, at: datetime) -> None:
    """Note what became of a delivery."""
    tx.run(
        "UPDATE webhook_delivery SET state = ?, error = ?, ended_at = ?, attempts = attempts + 1 "
        "WHERE shop_id = ? AND delivery_id = ?",
        (state, error, to_ms(at), shop, delivery_id),
    )


def try_delivery(tx: WriteTx, shop: ShopId, delivery_id: str, error: str) -> None:
    """Note a failed attempt; the delivery stays open."""
    tx.run(
        "UPDATE webhook_delivery SET attempts = attempts + 1, error = ? WHERE shop_id = ? AND delivery_id = ?",
        (error, shop, delivery_id),
    )


def feed_state(tx: ReadTx, shop: ShopId) -> FeedState:
    """Give where a shop's reading stands."""
    row = tx.one("SELECT mark, swept_at, deep_at, caught_up FROM watermark WHERE shop_id = ?", (shop,))
    if row is None:
        return FeedState()
    return FeedState(row[0], from_ms(row[1]), from_ms(row[2]) if row[2] else None, bool(row[3]))


def put_feed_state(tx: WriteTx, shop: ShopId, state: FeedState) -> None:
    """Keep where a shop's reading stands."""
    tx.run(
        "INSERT INTO watermark (shop_id, mark, swept_at, deep_at, caught_up) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id) DO UPDATE SET mark = excluded.mark, swept_at = excluded.swept_at, "
        "deep_at = excluded.deep_at, caught_up = excluded.caught_up",
        (
            shop, state.watermark, to_ms(state.swept_at) if state.swept_at else 0,
            to_ms(state.deep_at) if state.deep_at else 0, int(state.caught_up),
        ),
    )  # fmt: skip


def last_sale(tx: ReadTx, shop: ShopId, since: datetime) -> datetime | None:
    """Tell when the latest order of a shop was placed; None when none was since a time."""
    # joined with '', the shop is no key to SQLite, which else walks all its orders instead of the latest
    row = tx.one("SELECT MAX(placed_at) FROM orders WHERE placed_at >= ? AND shop_id || '' = ?", (to_ms(since), shop))
    return from_ms(row[0]) if row and row[0] else None


def _delivery(row: tuple[object, ...]) -> Delivery:
    shop, id_, event, order, received, state, attempts, repeats, error, ended = row
    return Delivery(
        ShopId(str(shop)), str(id_), str(event), str(order), from_ms(int(str(received))), str(state),
        int(str(attempts)), int(str(repeats)), str(error), from_ms(int(str(ended))) if ended else None,
    )  # fmt: skip


@dataclass(frozen=True)
class MissingOrder:
    """An order a feed named and did not give. `told`: a person was told; `dismissed_at`: she has looked."""

    shop_id: ShopId
    remote_id: str
    since: datetime
    told: bool
    dismissed_at: datetime | None


def missing_orders(tx: ReadTx, shop: ShopId | None = None) -> list[MissingOrder]:
    """Give the orders feeds named and did not give, oldest first, dismissed ones too."""
    where, params = ("WHERE shop_id = ? ", (shop,)) if shop else ("", ())
    rows = tx.all(
        f"SELECT shop_id, remote_id, since, told, dismissed_at FROM missing_order {where}ORDER BY since, remote_id",
        params,
    )
    return [
        MissingOrder(ShopId(of), remote, from_ms(since), bool(told), from_ms(at) if at is not None else None)
        for of, remote, since, told, at in rows
    ]


def add_missing(tx: WriteTx, shop: ShopId, remote_id: str, at: datetime) -> None:
    """Keep that an order was named and not given; the first time counts."""
    tx.run(
        "INSERT INTO missing_order (shop_id, remote_id, since) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (shop, remote_id, to_ms(at)),
    )


def set_missing_told(tx: WriteTx, shop: ShopId, remote_id: str) -> None:
    """Note that a person was told."""
    tx.run("UPDATE missing_order SET told = 1 WHERE shop_id = ? AND remote_id = ?", (shop, remote_id))


def dismiss_missing(tx: WriteTx, shop: ShopId, remote_id: str, at: datetime) -> bool:
    """Note that a person has looked; tell whether such an order was missing."""
    return bool(
        tx.run(
            "UPDATE missing_order SET dismissed_at = ? WHERE shop_id = ? AND remote_id = ?",
            (to_ms(at), shop, remote_id),
        )
    )


def drop_missing(tx: WriteTx, shop: ShopId, remote_id: str) -> None:
    """Forget an order that was given after all."""
    tx.run("DELETE FROM missing_order WHERE shop_id = ? AND remote_id = ?", (shop, remote_id))
