"""Use cases on orders: take in a snapshot, link late, tell what a line holds. Never commits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from jangbu.catalog import service as catalog
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Held, Why
from jangbu.kernel.ids import MAIN_LOCATION, ShopId, VariantId
from jangbu.orders import store
from jangbu.orders.model import News, Seen, historic, judge, target, tell
from jangbu.orders.store import HeldRow, StoredLine
from jangbu.sdk.manifest import Effect
from jangbu.sdk.records import LineState, OrderLine, Person, RemoteOrder

_WAITS = frozenset({Effect.RESERVE, Effect.COMMIT})

take_facts = store.take_facts
put_horizon = store.put_horizon
horizon = store.horizon
open_lines = store.open_lines
unlinked_lines = store.unlinked_lines
lines_of = store.lines_of
line = store.line
order = store.order
orders_by_id = store.orders_by_id
latest_orders = store.latest_orders
parcels_of = store.parcels_of
personalisation_of = store.personalisation_of
held = store.held


@dataclass(frozen=True)
class ShopView:
    """What taking in a shop's orders needs to know of it. `seal(context, clear)` encrypts personal data."""

    id: ShopId
    effects: Mapping[LineState, Effect]
    known_from: datetime
    seal: Callable[[str, bytes], bytes]

    def effect(self, state: LineState) -> Effect:
        """Tell what a state does; one missing from the table keeps what is held."""
        return self.effects.get(state, Effect.KEEP)


@dataclass(frozen=True)
class Recorded:
    """What taking in one order did."""

    new: bool = False
    changed: int = 0
    fetch_again: bool = False
    oversold: tuple[VariantId, ...] = ()


def record_remote(
    tx: WriteTx, shop: ShopView, order: RemoteOrder, begun_at: datetime, answered_at: datetime, heard_by: str
) -> Recorded:
    """Take in one snapshot of an order, by whichever door it came.

    Repeat: the same snapshot, or an older one, moves nothing. `fetch_again` asks for a fresh reading because two
    overlapping ones differ.
    """
    store.lock(tx, shop.id)
    news = [
        (line, _judge(tx, shop.id, order, line, begun_at, answered_at))
        for line in order.lines
    ]  # fmt: skip
    accepted = [(line, seen, stored) for line, (verdict, seen, stored) in news if verdict is News.ACCEPT]
    again = any(verdict is News.FETCH_AGAIN for _, (verdict, _, _) in news)
    if not accepted:
        return Recorded(fetch_again=again)
    new = store.put_order(tx, shop.id, order, _sealed_person(shop, order), answered_at, heard_by)
    if new:
        units = sum(line.quantity for line in order.lines)
        note(tx, answered_at, "order.heard", shop_id=shop.id, order=order.remote_id, units=units, by=heard_by)
    changed, oversold = 0, set[VariantId]()
    for line, seen, stored in accepted:
        _tell_story(tx, shop.id, order, line, stored, answered_at)
        changed += stored is None or stored.seen.state is not line.state or stored.line.remaining != line.remaining
        oversold |= _take_line(tx, shop, order, line, seen, stored)
    return Recorded(new, changed, again, tuple(sorted(oversold)))


def _tell_story(
    tx: WriteTx, shop: ShopId, order: RemoteOrder, line: OrderLine, stored: StoredLine | None, at: datetime
) -> None:
    """Write down what changed at a line a person may want to look back at."""
    if stored is None:
        return
    id_, before = order.remote_id, stored.line
    if before.state is not line.state:
        note(tx, at, "order.changed", shop_id=shop, order=id_, title=line.title, state=line.state.value)
    if line.claim and not before.claim:
        note(tx, at, "order.claimed", shop_id=shop, order=id_, title=line.title)
    if before.remaining != line.remaining:
        note(
            tx, at, "order.fewer", shop_id=shop, order=id_, title=line.title, before=before.remaining,
            remaining=line.remaining,
        )  # fmt: skip
    if line.acknowledged and not before.acknowledged:
        note(tx, at, "order.confirmed", shop_id=shop, order=id_, title=line.title)


def _judge(
    tx: ReadTx, shop: ShopId, order: RemoteOrder, line: OrderLine, begun_at: datetime, answered_at: datetime
) -> tuple[News, Seen, StoredLine | None]:
    stored = store.line(tx, shop, line.remote_id)
    seen = Seen(order.updated_at, begun_at, answered_at, line.state, line.quantity, line.remaining)
    verdict = judge(stored.seen if stored else None, seen)
    if stored is not None:  # one that only repeats a slower reading leaves that one's doubt as long as it was
        seen = replace(seen, answered_at=max(answered_at, stored.seen.answered_at))
    return verdict, seen, stored


def _take_line(
    tx: WriteTx, shop: ShopView, order: RemoteOrder, line: OrderLine, seen: Seen, stored: StoredLine | None
) -> set[VariantId]:
    """Keep a line's snapshot, then bring its holdings and the cell's news to what it says."""
    effect = shop.effect(line.state)
    if line.state is LineState.UNKNOWN and (stored is None or stored.line.raw_state != line.raw_state):
        note(tx, seen.answered_at, "order.unknown_state", shop_id=shop.id, order=order.remote_id, state=line.raw_state)
    found = catalog.offer_for_line(tx, shop.id, line.listing_id, line.offer_key, line.sku)
    before = (stored.line.offer_key, stored.cell_key) if stored else (line.offer_key, "")
    offer_key, cell_key = found or before
    line = replace(line, offer_key=offer_key)
    over = stored is None and historic(line, effect, order.updated_at, shop.known_from)
    fresh = StoredLine(
        shop.id, order.remote_id, line, seen,
        linked=over or (stored.linked if stored else False),
        cell_key=cell_key,
        run=stored.run if stored else 0,
        told_sold=line.quantity if over else (stored.told_sold if stored else 0),
        told_back=tell(line).back if over else (stored.told_back if stored else 0),
    )  # fmt: skip
    fresh, oversold = _move_line(tx, shop, fresh, effect)
    if not fresh.linked and effect in _WAITS and (stored is None or shop.effect(stored.line.state) not in _WAITS):
        note(
            tx, seen.answered_at, "order.unlinked", shop_id=shop.id, order=order.remote_id, sku=line.sku,
            title=line.title,
        )  # fmt: skip
    sealed = None
    if line.personalisation:
        sealed = shop.seal(f"order_line.personalisation:{shop.id}/{line.remote_id}", line.personalisation.encode())
    store.put_line(tx, fresh, sealed)
    return oversold


def _move_line(
    tx: WriteTx, shop: ShopView, stored: StoredLine, effect: Effect, *, grown: bool = False
) -> tuple[StoredLine, set[VariantId]]:
    """Post the difference to the line's target for each variant it takes; tell the cell what is new to it.

    `grown`: its offer became a kit while it was open, so it takes what was added too.
    """
    line, at = stored.line, stored.seen.answered_at
    rows = store.held(tx, shop.id, line.remote_id)
    links = {row.variant: row.units for row in rows}
    if grown or not links:
        links = {**catalog.links_of(tx, shop.id, line.offer_key), **links}
    was_over = stored.linked and not rows  # before we knew the shop: whatever it becomes, it moves nothing
    if was_over or not links:
        return _tell_cell(tx, stored), set()
    by_variant = {row.variant: row for row in rows}
    oversold, run = set[VariantId](), stored.run + 1
    why = Why(f"shop:{shop.id}", f"order:{shop.id}/{stored.order_id}/{line.remote_id}", f"order.{line.state.value}")
    for variant, units in sorted(links.items()):
        row = by_variant.get(variant) or HeldRow(variant, MAIN_LOCATION, units, Held(), None)
        prefix = f"{shop.id}/{stored.order_id}/{line.remote_id}/{line.state.value}/{run}"
        done = inventory.move_line(
            tx, variant, row.held, target(line, effect, row.held, units),
            pending_id=row.pending_id, id_prefix=prefix, why=why, at=at, location=row.location,
        )  # fmt: skip
        store.put_held(tx, shop.id, line.remote_id, replace(row, held=done.held, pending_id=done.pending_id))
        if done.posted:
            stored = replace(stored, run=run)
            left = inventory.stock(tx, variant).available
            # before we came, and before a count, nobody knows what was there
            known = line.lowered_at >= shop.known_from and bool(inventory.counted(tx, [variant]))
            if known and left < 0 and row.held.committed + row.held.reserved < done.held.committed + done.held.reserved:
                oversold.add(variant)
                note(tx, at, "stock.oversold", shop_id=shop.id, order=stored.order_id, sku=line.sku, missing=-left)
    return _tell_cell(tx, replace(stored, linked=True)), oversold


def _tell_cell(tx: WriteTx, stored: StoredLine) -> StoredLine:
    """Leave the cell's books the news they have not had: the sale, then what was put back."""
    if not stored.cell_key:
        return stored
    line, told, at = stored.line, tell(stored.line), stored.seen.answered_at
    sold, back = told.sold - stored.told_sold, told.back - stored.told_back
    if sold > 0:
        store.add_fact(tx, stored.shop_id, stored.cell_key, sold, line.lowered_at, at, line.remote_id)
    if back > 0:
        store.add_fact(tx, stored.shop_id, stored.cell_key, -back, line.lowered_at, at, line.remote_id)
    return replace(stored, told_sold=max(told.sold, stored.told_sold), told_back=max(told.back, stored.told_back))


def link_late(tx: WriteTx, shop: ShopView) -> int:
    """Move the stock of lines that were parked without a link and have one now; tell how many."""
    store.lock(tx, shop.id)
    moved = 0
    for stored in store.unlinked_lines(tx, shop.id):
        line = stored.line
        found = catalog.offer_for_line(tx, shop.id, line.listing_id, line.offer_key, line.sku)
        if found is None:
            continue
        fresh = replace(stored, cell_key=found[1], line=replace(line, offer_key=found[0]))
        fresh, _ = _move_line(tx, shop, fresh, shop.effect(line.state))
        store.put_line(tx, fresh, None)
        moved += fresh.linked
    return moved


def link_more(tx: WriteTx, shop: ShopView, offer_key: str) -> int:
    """Have open lines of an offer that became a kit hold its new parts too; tell how many lines."""
    store.lock(tx, shop.id)
    moved = 0
    for stored in store.open_lines(tx, shop.id, limit=100_000):
        if stored.line.offer_key == offer_key and stored.linked:
            fresh, _ = _move_line(tx, shop, stored, shop.effect(stored.line.state), grown=True)
            store.put_line(tx, fresh, None)
            moved += 1
    return moved


def _sealed_person(shop: ShopView, order: RemoteOrder) -> bytes | None:
    if order.ship_to == Person():
        return None
    clear = msgspec.json.encode(order.ship_to)
    return shop.seal(f"orders.ship_to:{shop.id}/{order.remote_id}", clear)
