"""Use cases of shipping: put lines into boxes, take couriers' numbers in. Never commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jangbu.fulfilment import store
from jangbu.fulfilment.model import parcel_key
from jangbu.fulfilment.store import Box
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import NotFound
from jangbu.kernel.ids import ShopId
from jangbu.orders import ship

WAITING_MAX = 20_000

waiting = store.waiting


def by_key(tx: ReadTx, key: str) -> Box:
    """Give one box. Errors: NotFound."""
    found = store.by_key(tx, key)
    if found is None:
        raise NotFound(f"no box {key[:12]}", code="box_unknown", key=key[:12])
    return found


def box(
    tx: WriteTx, shop: ShopId, order_id: str, line_ids: Sequence[str], carrier: str, at: datetime
) -> Box:
    """Put lines of one order into a box. Repeat: the same lines have one box, and one key, for ever."""
    found = store.of_lines(tx, shop, order_id, line_ids)
    if found is not None:
        store.set_carrier(tx, found.key, carrier)
        return found
    new = Box(parcel_key(store.count(tx) + 1), shop, order_id, tuple(sorted(line_ids)), carrier, at, "")
    store.add(tx, new)
    return new


def dispatch(
    tx: WriteTx, key: str, carrier: str, tracking_number: str, at: datetime, *, actor: str, acknowledges: bool
) -> Box:
    """Take a courier's number for a box and have it told to the marketplace.

    Errors: NotFound for an unknown box; those of asking for a shipment, when its lines are not there to be shipped.
    Repeat: the same number for the same box is one shipment.
    """
    found = by_key(tx, key)
    ship.want_ship(
        tx, found.shop_id, found.order_id, carrier or found.carrier, tracking_number, at, actor=actor,
        line_ids=found.line_ids, acknowledges=acknowledges,
    )  # fmt: skip
    store.set_number(tx, key, tracking_number)
    return found


def note_sheet(tx: WriteTx, courier: str, boxes: int, held: int, at: datetime, *, actor: str) -> None:
    """Write down that a sheet was made."""
    note(tx, at, "sheet.made", actor=actor, courier=courier, boxes=boxes, held=held)
