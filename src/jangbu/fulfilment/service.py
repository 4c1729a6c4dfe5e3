"""Use cases of shipping: put lines into boxes, take couriers' numbers in. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jangbu.fulfilment import store
from jangbu.fulfilment.model import parcel_key
from jangbu.fulfilment.store import Box
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import Conflict, NotFound
from jangbu.kernel.ids import ShopId
from jangbu.orders import ship

WAITING_MAX = 20_000

waiting = store.waiting
of_order = store.of_order
travelling_in = store.travelling_in


def by_key(tx: ReadTx, key: str) -> Box:
    """Give one box. Errors: NotFound."""
    found = store.by_key(tx, key)
    if found is None:
        raise NotFound(f"no box {key[:12]}", code="box_unknown", key=key[:12])
    return found


def box(
    tx: WriteTx, shop: ShopId, order_id: str, line_ids: Sequence[str], carrier: str, at: datetime, packed: str = ""
) -> Box:
    """Put lines of one order into a box; `packed` sums up whom and what it is for now; a carrier of "" keeps the last.

    Repeat: the same lines have one box, and one key, for ever.
    """
    found = store.of_lines(tx, shop, order_id, line_ids)
    if found is not None:
        if carrier:
            store.set_carrier(tx, found.key, carrier)
        store.set_packed(tx, found.key, packed)
        return by_key(tx, found.key)
    new = Box(parcel_key(store.count(tx) + 1), shop, order_id, tuple(sorted(line_ids)), carrier, at, "", packed)
    store.add(tx, new)
    store.set_packed(tx, new.key, packed)
    return new


def dispatch(
    tx: WriteTx, key: str, carrier: str, tracking_number: str, at: datetime, *, actor: str, acknowledges: bool
) -> Box:
    """Take a courier's number for a box and have it told to the marketplace.

    Errors: NotFound for an unknown box; those of asking for a shipment, when its lines are not there to be shipped.
    Repeat: the same number for the same box is one shipment.
    """
    found = by_key(tx, key)
    for each in (found, *store.travelling_in(tx, key)):
        ship.want_ship(
            tx, each.shop_id, each.order_id, carrier or found.carrier, tracking_number, at, actor=actor,
            line_ids=each.line_ids, acknowledges=acknowledges,
        )  # fmt: skip
        store.set_number(tx, each.key, tracking_number)
    return found


def join(tx: WriteTx, boxes: Sequence[Box]) -> None:
    """Have several boxes travel as one: the first carries the others. Errors: Conflict for boxes of two shops, or sent.

    Repeat: the same boxes joined again stay joined.
    """
    if len({each.shop_id for each in boxes}) > 1 or any(each.tracking_number for each in boxes):
        raise Conflict("boxes of one shop that wait can travel together", code="box_not_joinable")
    for each in boxes:
        for other in store.travelling_in(tx, each.key):
            store.set_with(tx, other.key, boxes[0].key)
        store.set_with(tx, each.key, "" if each.key == boxes[0].key else boxes[0].key)


def part(tx: WriteTx, boxes: Sequence[Box]) -> None:
    """Have each box travel alone again, as long as no number was given."""
    for each in boxes:
        if not each.tracking_number:
            store.set_with(tx, each.key, "")


def note_sheet(tx: WriteTx, courier: str, boxes: int, held: int, at: datetime, *, actor: str) -> None:
    """Write down that a sheet was made."""
    note(tx, at, "sheet.made", actor=actor, courier=courier, boxes=boxes, held=held)
