"""Use cases of intake: keep a delivery, book a pass over the feed. Never commits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jangbu.infra.activity import note
from jangbu.infra.db import WriteTx
from jangbu.intake import store
from jangbu.intake.model import FeedState, horizon_of
from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import NotFound
from jangbu.kernel.ids import ShopId
from jangbu.orders import service as orders
from jangbu.orders.service import ShopView
from jangbu.sdk.manifest import Assumptions
from jangbu.sdk.records import RemoteOrder, Sweep, WebhookHint
from jangbu.shops import service as shops

deliveries = store.deliveries
open_deliveries = store.open_deliveries
end_delivery = store.end_delivery
try_delivery = store.try_delivery
feed_state = store.feed_state
last_sale = store.last_sale
missing_orders = store.missing_orders

TOLD_AFTER = timedelta(minutes=3)
"""An order named and not given for so long is shown to a person: before, it is usually only late."""


def take_delivery(tx: WriteTx, shop: ShopId, delivery_id: str, hint: WebhookHint, body: bytes, at: datetime) -> bool:
    """Keep a verified delivery before it is answered; tell whether it is new. Repeat: counted, nothing else."""
    fingerprint = hashlib.sha256(body).digest()  # the hint is all we use; whatever else came is not kept
    new = store.add_delivery(tx, shop, delivery_id, hint.event, hint.order_id, fingerprint, at)
    if new:
        tx.notify(f"hint:{shop}")
    return new


def take_orders(
    tx: WriteTx, shop: ShopView, found: Sequence[RemoteOrder], begun_at: datetime, answered_at: datetime, heard_by: str
) -> list[str]:
    """Take in freshly read orders; give the ids to be read again because two readings overlap and differ."""
    return [
        order.remote_id
        for order in sorted(found, key=lambda o: o.updated_at)
        if orders.record_remote(tx, shop, order, begun_at, answered_at, heard_by).fetch_again
    ]


def take_sweep(
    tx: WriteTx,
    shop: ShopView,
    assumptions: Assumptions,
    sweep: Sweep,
    *,
    pass_begun_at: datetime,
    begun_at: datetime,
    answered_at: datetime,
    deep: bool,
    whole: bool = True,
) -> tuple[list[str], bool]:
    """Book one answer of the feed: orders, watermark and, when the pass is whole, the horizon, all at once.

    `whole`: no earlier answer of this pass named an order without giving it.
    Shape: order ids to be read again, and whether all the feed named was given (or dismissed by a person).
    Errors: none of its own; on failure nothing moves, the watermark neither.
    """
    again = take_orders(tx, shop, sweep.orders, begun_at, answered_at, "poll")
    sweep = replace(sweep, missing=_still_missing(tx, shop.id, sweep, answered_at))
    before = store.feed_state(tx, shop.id)
    mark = before.watermark if sweep.missing else sweep.watermark  # what was named and not given is asked for again
    state = FeedState(mark, answered_at, answered_at if deep and sweep.done else before.deep_at, sweep.done)
    if sweep.done and deep and before.deep_at is None:
        note(tx, answered_at, "feed.first_look", shop_id=shop.id)
    store.put_feed_state(tx, shop.id, state)
    if sweep.done and whole and not sweep.missing and not again:
        reach = horizon_of(assumptions, pass_begun_at, sweep.complete_to)
        if reach:
            orders.put_horizon(tx, shop.id, to_ms(reach[0]), to_ms(reach[1]) if reach[1] else 0)
        shops.set_heard(tx, shop.id, answered_at)
    return again, not sweep.missing


def _still_missing(tx: WriteTx, shop: ShopId, sweep: Sweep, at: datetime) -> tuple[str, ...]:
    """Keep what the feed named and did not give, tell a person in time; give what nobody has dismissed."""
    known = {order.remote_id: order for order in store.missing_orders(tx, shop)}
    given = {line.remote_id for order in sweep.orders for line in order.lines} | {o.remote_id for o in sweep.orders}
    for remote_id in given & set(known):
        store.drop_missing(tx, shop, remote_id)
    for remote_id in sweep.missing:
        if remote_id not in known:
            store.add_missing(tx, shop, remote_id, at)
        elif not known[remote_id].told and at - known[remote_id].since > TOLD_AFTER:
            store.set_missing_told(tx, shop, remote_id)
            note(tx, at, "feed.order_missing", shop_id=shop, order=remote_id)
    dismissed = {remote_id for remote_id, order in known.items() if order.dismissed_at is not None}
    return tuple(remote_id for remote_id in sweep.missing if remote_id not in dismissed)


def dismiss_missing(tx: WriteTx, shop: ShopId, remote_id: str, at: datetime, *, actor: str) -> None:
    """Have an order the marketplace names and never gives hold nothing back any more: a person has looked.

    Errors: NotFound when no such order is missing. Repeat: dismissing it again changes nothing.
    """
    if not store.dismiss_missing(tx, shop, remote_id, at):
        raise NotFound(f"no order {remote_id} is missing", code="order_not_missing", order=remote_id)
    note(tx, at, "feed.order_dismissed", shop_id=shop, actor=actor, order=remote_id)
    tx.notify(f"hint:{shop}")


def forget_watermark(tx: WriteTx, shop: ShopId) -> None:
    """Have the next pass begin from the channel's first look back (a replay: harmless, for orders count once)."""
    store.put_feed_state(tx, shop, replace(store.feed_state(tx, shop), watermark="", caught_up=False))
