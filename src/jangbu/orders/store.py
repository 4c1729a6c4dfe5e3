"""Tables of orders, lines, what they hold, facts for the cells, and writes owed to the marketplace. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory.model import Held
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.ids import LocationId, MoveId, ShopId, VariantId
from jangbu.kernel.money import Money
from jangbu.orders.model import OPEN, Seen
from jangbu.sdk.records import LineState, OrderLine, Parcel, RemoteOrder


@dataclass(frozen=True)
class StoredLine:
    """A line as kept, with the counters that make repeats harmless."""

    shop_id: ShopId
    order_id: str
    line: OrderLine
    seen: Seen
    linked: bool
    cell_key: str
    run: int
    told_sold: int
    told_back: int


@dataclass(frozen=True)
class HeldRow:
    """What a line holds of one variant at one location."""

    variant: VariantId
    location: LocationId
    units: int
    held: Held
    pending_id: MoveId | None


@dataclass(frozen=True)
class Fact:
    """News for one cell: units sold (above zero) or put back (below), with the time the number fell."""

    seq: int
    shop_id: ShopId
    cell_key: str
    units: int
    lowered_at_ms: int
    heard_at_ms: int


_LINE = (
    "shop_id, order_id, remote_id, listing_id, offer_key, sku, title, options, quantity, remaining, state, raw_state, "
    "lowered_at, price_amount, price_currency, claim, acknowledged, ship_by, linked, cell_key, run, told_sold, "
    "told_back, remote_at, begun_at, answered_at"
)


def lock(tx: WriteTx, shop: ShopId) -> None:
    """Let one reading of a shop's orders be taken in at a time: two doors would each count the same news."""
    tx.run(
        "INSERT INTO lease (name, holder, until, renewed_at) VALUES (?, '', 0, 0) "
        "ON CONFLICT (name) DO UPDATE SET holder = ''",
        (f"orders:{shop}",),
    )


def put_order(
    tx: WriteTx, shop: ShopId, order: RemoteOrder, ship_to: bytes | None, at: datetime, heard_by: str
) -> bool:
    """Insert or refresh an order's head; tell whether it is new."""
    new = tx.run(
        "INSERT INTO orders (shop_id, remote_id, placed_at, updated_at, total_amount, total_currency, ship_to, extra, "
        "heard_at, heard_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop_id, remote_id) DO NOTHING",
        (
            shop, order.remote_id, to_ms(order.placed_at), to_ms(order.updated_at), order.total.amount,
            order.total.currency, ship_to, msgspec.json.encode(dict(order.extra)).decode(), to_ms(at), heard_by,
        ),
    )  # fmt: skip
    if not new:
        tx.run(
            "UPDATE orders SET updated_at = ?, total_amount = ?, ship_to = COALESCE(?, ship_to), extra = ? "
            "WHERE shop_id = ? AND remote_id = ?",
            (
                to_ms(order.updated_at), order.total.amount, ship_to,
                msgspec.json.encode(dict(order.extra)).decode(), shop, order.remote_id,
            ),
        )  # fmt: skip
    return bool(new)


def put_line(tx: WriteTx, stored: StoredLine, personalisation: bytes | None) -> None:
    """Insert or refresh a line."""
    line, seen = stored.line, stored.seen
    values = (
        stored.shop_id, stored.order_id, line.remote_id, line.listing_id, line.offer_key, line.sku, line.title,
        line.options, line.quantity, line.remaining, line.state.value, line.raw_state, to_ms(line.lowered_at),
        line.price.amount, line.price.currency, line.claim, int(line.acknowledged),
        to_ms(line.ship_by) if line.ship_by else None, int(stored.linked), stored.cell_key, stored.run,
        stored.told_sold, stored.told_back, to_ms(seen.remote_at), to_ms(seen.begun_at), to_ms(seen.answered_at),
        int(line.state in OPEN), personalisation,
    )  # fmt: skip
    names = f"{_LINE}, open, personalisation".split(", ")
    holes = ", ".join("?" * len(names))
    changed = [n for n in names if n not in {"shop_id", "remote_id", "personalisation"}]
    sets = ", ".join(f"{n} = excluded.{n}" for n in changed)
    tx.run(
        f"INSERT INTO order_line ({', '.join(names)}) VALUES ({holes}) ON CONFLICT (shop_id, remote_id) DO UPDATE SET "
        f"{sets}, personalisation = COALESCE(excluded.personalisation, order_line.personalisation)",
        values,
    )
    tx.run_many(
        "INSERT INTO parcel (shop_id, line_id, tracking_number, carrier, shipped_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id, line_id, tracking_number) DO NOTHING",
        [
            (
                stored.shop_id,
                line.remote_id,
                p.tracking_number,
                p.carrier,
                to_ms(p.shipped_at) if p.shipped_at else None,
            )
            for p in line.parcels
        ],
    )


def line(tx: ReadTx, shop: ShopId, line_id: str) -> StoredLine | None:
    """Give one line."""
    row = tx.one(f"SELECT {_LINE} FROM order_line WHERE shop_id = ? AND remote_id = ?", (shop, line_id))
    return _line(row) if row else None


def lines_of(tx: ReadTx, shop: ShopId, order_id: str) -> list[StoredLine]:
    """Give an order's lines."""
    rows = tx.all(f"SELECT {_LINE} FROM order_line WHERE shop_id = ? AND order_id = ?", (shop, order_id))
    # ordered here: asked to, SQLite walks the whole shop in the order of lines
    return sorted((_line(row) for row in rows), key=lambda row: row.line.remote_id)


def open_lines(tx: ReadTx, shop: ShopId | None = None, limit: int = 1000) -> list[StoredLine]:
    """Give lines still to be shipped or paid, the most urgent first."""
    # joined with '', the shop is no key to SQLite, which else walks all its lines instead of the open ones
    where, params = ("AND shop_id || '' = ?", [shop]) if shop else ("", [])
    rows = tx.all(
        f"SELECT {_LINE} FROM order_line WHERE open = 1 {where} ORDER BY COALESCE(ship_by, lowered_at), remote_id "
        "LIMIT ?",
        (*params, limit),
    )
    return [_line(row) for row in rows]


def personalisation_of(tx: ReadTx, shop: ShopId, line_id: str) -> bytes | None:
    """Give what the buyer wants made of a line, still sealed."""
    row = tx.one("SELECT personalisation FROM order_line WHERE shop_id = ? AND remote_id = ?", (shop, line_id))
    return bytes(row[0]) if row and row[0] is not None else None


def unlinked_lines(tx: ReadTx, shop: ShopId | None = None) -> list[StoredLine]:
    """Give lines whose offer is not linked to any SKU."""
    where, params = ("AND shop_id = ?", (shop,)) if shop else ("", ())
    return [_line(row) for row in tx.all(f"SELECT {_LINE} FROM order_line WHERE linked = 0 {where}", params)]


def parcels_of(tx: ReadTx, shop: ShopId, line_id: str) -> list[Parcel]:
    """Give the parcels the marketplace shows for a line."""
    rows = tx.all(
        "SELECT carrier, tracking_number, shipped_at FROM parcel WHERE shop_id = ? AND line_id = ? "
        "ORDER BY tracking_number",
        (shop, line_id),
    )
    return [Parcel(c, t, from_ms(at) if at else None) for c, t, at in rows]


@dataclass(frozen=True)
class OrderRow:
    """An order's head as kept; the address stays sealed."""

    shop_id: ShopId
    remote_id: str
    placed_at: datetime
    updated_at: datetime
    total: Money
    ship_to: bytes | None
    extra: dict[str, str]
    heard_at: datetime
    heard_by: str


_ORDER = (
    "SELECT shop_id, remote_id, placed_at, updated_at, total_amount, total_currency, ship_to, extra, "
    "heard_at, heard_by "
    "FROM orders "
)


def order(tx: ReadTx, shop: ShopId, remote_id: str) -> OrderRow | None:
    """Give one order's head."""
    row = tx.one(f"{_ORDER} WHERE shop_id = ? AND remote_id = ?", (shop, remote_id))
    return _order(row) if row else None


def orders_by_id(tx: ReadTx, remote_id: str) -> list[OrderRow]:
    """Find orders by the marketplace's number alone."""
    return [_order(row) for row in tx.all(f"{_ORDER} WHERE remote_id = ?", (remote_id,))]


def latest_orders(tx: ReadTx, shop: ShopId | None = None, limit: int = 50) -> list[OrderRow]:
    """Give the latest orders, newest first."""
    where, params = ("WHERE shop_id = ?", [shop]) if shop else ("", [])
    return [_order(row) for row in tx.all(f"{_ORDER} {where} ORDER BY placed_at DESC LIMIT ?", (*params, limit))]


def held(tx: ReadTx, shop: ShopId, line_id: str) -> list[HeldRow]:
    """Give what a line holds, by variant and location."""
    rows = tx.all(
        "SELECT variant_id, location_id, units, reserved, committed, shipped, pending_id FROM line_held "
        "WHERE shop_id = ? AND line_id = ? ORDER BY variant_id, location_id",
        (shop, line_id),
    )
    return [
        HeldRow(VariantId(v), LocationId(loc), units, Held(r, c, s), MoveId(p) if p else None)
        for v, loc, units, r, c, s, p in rows
    ]


def put_held(tx: WriteTx, shop: ShopId, line_id: str, row: HeldRow) -> None:
    """Keep what a line holds now."""
    tx.run(
        "INSERT INTO line_held (shop_id, line_id, variant_id, location_id, units, reserved, committed, shipped, "
        "pending_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop_id, line_id, variant_id, location_id) "
        "DO UPDATE SET units = excluded.units, reserved = excluded.reserved, committed = excluded.committed, "
        "shipped = excluded.shipped, pending_id = excluded.pending_id",
        (
            shop, line_id, row.variant, row.location, row.units, row.held.reserved, row.held.committed,
            row.held.shipped, row.pending_id,
        ),
    )  # fmt: skip


def add_fact(
    tx: WriteTx, shop: ShopId, cell_key: str, units: int, lowered_at: datetime, heard_at: datetime, line_id: str
) -> None:
    """Leave news for a cell's books; publication folds it in before it decides anything."""
    tx.run(
        "INSERT INTO stock_fact (shop_id, cell_key, units, lowered_at, heard_at, line_id) VALUES (?, ?, ?, ?, ?, ?)",
        (shop, cell_key, units, to_ms(lowered_at), to_ms(heard_at), line_id),
    )
    tx.notify("stock")


def take_facts(tx: WriteTx, limit: int = 1000) -> list[Fact]:
    """Give news not folded in yet, oldest first, and mark it folded: whoever takes it books it in this transaction."""
    rows = tx.all(
        "SELECT seq, shop_id, cell_key, units, lowered_at, heard_at FROM stock_fact WHERE folded = 0 "
        "ORDER BY seq LIMIT ?",
        (limit,),
    )
    tx.run_many("UPDATE stock_fact SET folded = 1 WHERE seq = ?", [(row[0],) for row in rows])
    return [Fact(row[0], ShopId(row[1]), *row[2:]) for row in rows]


def put_horizon(tx: WriteTx, shop: ShopId, begun_at_ms: int, remote_to_ms: int) -> None:
    """Note how far a shop's feed is known to be complete; it never goes back."""
    tx.run(
        "INSERT INTO feed_horizon (shop_id, begun_at, remote_to) VALUES (?, ?, ?) ON CONFLICT (shop_id) DO UPDATE SET "
        "begun_at = CASE WHEN excluded.begun_at > feed_horizon.begun_at THEN excluded.begun_at "
        "ELSE feed_horizon.begun_at END, remote_to = CASE WHEN excluded.remote_to > feed_horizon.remote_to "
        "THEN excluded.remote_to ELSE feed_horizon.remote_to END",
        (shop, begun_at_ms, remote_to_ms),
    )
    tx.notify("stock")


def horizon(tx: ReadTx, shop: ShopId) -> tuple[int, int] | None:
    """Give (begun at, remote time) of a shop's feed, in ms."""
    row = tx.one("SELECT begun_at, remote_to FROM feed_horizon WHERE shop_id = ?", (shop,))
    return (row[0], row[1]) if row else None


def _line(row: Sequence[object]) -> StoredLine:
    (shop, order_id, id_, listing, offer, sku, title, options, quantity, remaining, state, raw, lowered, amount,
     currency, claim, ack, ship_by, linked, cell_key, run, told_sold, told_back, remote_at, begun,
     answered) = row  # fmt: skip
    line_state = LineState(str(state))
    kept = OrderLine(
        str(id_), str(listing), str(offer), str(sku), str(title), str(options), _n(quantity), _n(remaining), line_state,
        str(raw), from_ms(_n(lowered)), Money(_n(amount), str(currency)), str(claim), bool(ack),
        ship_by=from_ms(_n(ship_by)) if ship_by else None,
    )  # fmt: skip
    seen = Seen(
        from_ms(_n(remote_at)), from_ms(_n(begun)), from_ms(_n(answered)), line_state, _n(quantity), _n(remaining)
    )
    return StoredLine(
        ShopId(str(shop)), str(order_id), kept, seen, bool(linked), str(cell_key), _n(run), _n(told_sold), _n(told_back)
    )


def _order(row: Sequence[object]) -> OrderRow:
    shop, id_, placed, updated, amount, currency, ship_to, extra, heard, heard_by = row
    return OrderRow(
        ShopId(str(shop)), str(id_), from_ms(_n(placed)), from_ms(_n(updated)), Money(_n(amount), str(currency)),
        bytes(ship_to) if isinstance(ship_to, (bytes, memoryview)) else None, msgspec.json.decode(str(extra)),
        from_ms(_n(heard)), str(heard_by),
    )  # fmt: skip


def _n(value: object) -> int:
    return value if isinstance(value, int) else int(str(value))
