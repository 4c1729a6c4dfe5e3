"""What we owe the marketplaces for orders: confirmations and tracking, journaled like every other write.

Owns the table of these writes and the decisions on it; the courier in `orders.courier` sends them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.errors import IllegalTransition, InputError, NotFound
from jangbu.kernel.ids import ShopId, new_id
from jangbu.orders import store
from jangbu.sdk.carriers import CARRIERS
from jangbu.sdk.records import LineState

TRACKING_LENGTH_MAX = 50
_SHIPPABLE = frozenset({LineState.PAID})


@dataclass(frozen=True)
class Owed:
    """One confirmation or parcel the marketplace must be told of."""

    id: str
    shop_id: ShopId
    kind: str  # "acknowledge" | "ship"
    order_id: str
    line_ids: tuple[str, ...]
    carrier: str
    tracking_number: str
    state: str  # wanted, sending, unknown, done, refused
    error: str
    remote_code: str
    attempts: int
    deadline: datetime | None
    actor: str
    wanted_at: datetime
    ended_at: datetime | None


_OWED = (
    "id, shop_id, kind, order_id, line_ids, carrier, tracking_number, state, error, remote_code, attempts, deadline, "
    "actor, wanted_at, ended_at"
)


def want_ship(
    tx: WriteTx, shop: ShopId, order_id: str, carrier: str, tracking_number: str, at: datetime, *,
    actor: str, line_ids: Sequence[str] = (), acknowledges: bool = False,
) -> Owed:  # fmt: skip
    """Ask for a parcel's tracking number to be handed over, confirming the lines first where that is needed.

    Errors: InputError for an unknown carrier or a bad number; NotFound for the order; IllegalTransition when a
    line is not there to be shipped (cancelled, unpaid, shipped). Nothing is changed then.
    Repeat: the same parcel asked for twice is one.
    """
    tracking_number = _checked(carrier, tracking_number)
    lines = store.lines_of(tx, shop, order_id)
    if not lines:
        raise NotFound(f"no order {order_id}", code="order_unknown", order=order_id)
    chosen = [row for row in lines if row.line.remote_id in line_ids] if line_ids else [
        row for row in lines if row.line.state in _SHIPPABLE
    ]  # fmt: skip
    if line_ids and len(chosen) != len(set(line_ids)):
        raise NotFound("the order has no such line", code="line_unknown", order=order_id)
    for owed in of_order(tx, shop, order_id):
        same = (owed.kind, owed.tracking_number) == ("ship", tracking_number) and owed.state != "refused"
        if same and (not line_ids or set(owed.line_ids) == set(line_ids)):
            return owed
    wrong = [row for row in chosen if row.line.state not in _SHIPPABLE]
    if wrong or not chosen:
        state = (wrong or lines)[0].line.state.value
        raise IllegalTransition("nothing there to ship", code="order_not_shippable", order=order_id, state=state)
    ids = tuple(row.line.remote_id for row in chosen)
    if acknowledges and any(not row.line.acknowledged for row in chosen):
        want_acknowledge(
            tx, shop, order_id, [r.line.remote_id for r in chosen if not r.line.acknowledged], at, actor=actor
        )
    owed = _owed(shop, "ship", order_id, ids, at, actor, carrier, tracking_number)
    _add(tx, owed)
    note(tx, at, "ship.wanted", shop_id=shop, actor=actor, order=order_id, carrier=carrier, tracking=tracking_number)
    return owed


def want_acknowledge(
    tx: WriteTx, shop: ShopId, order_id: str, line_ids: Sequence[str], at: datetime, *, actor: str
) -> Owed:
    """Ask for lines to be confirmed (발주확인). Repeat: lines already asked for are asked once."""
    ids = tuple(sorted(line_ids))
    for owed in of_order(tx, shop, order_id):
        if owed.kind == "acknowledge" and set(ids) <= set(owed.line_ids) and owed.state != "refused":
            return owed
    owed = _owed(shop, "acknowledge", order_id, ids, at, actor)
    _add(tx, owed)
    return owed


def _checked(carrier: str, tracking_number: str) -> str:
    if carrier not in CARRIERS:
        raise InputError(f"unknown carrier {carrier}", code="input.carrier", carrier=carrier, known=", ".join(CARRIERS))
    number = tracking_number.strip()
    if not number or len(number) > TRACKING_LENGTH_MAX or not number.replace("-", "").isalnum():
        raise InputError("a tracking number is letters, digits and dashes", code="input.tracking")
    return number


def _owed(
    shop: ShopId, kind: str, order_id: str, ids: tuple[str, ...], at: datetime, actor: str, carrier: str = "",
    tracking_number: str = "",
) -> Owed:  # fmt: skip
    return Owed(
        new_id("owed"), shop, kind, order_id, ids, carrier, tracking_number, "wanted", "", "", 0, None, actor, at, None
    )


def _add(tx: WriteTx, owed: Owed) -> None:
    tx.run(
        "INSERT INTO order_write (id, shop_id, kind, order_id, line_ids, carrier, tracking_number, state, actor, "
        "wanted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            owed.id, owed.shop_id, owed.kind, owed.order_id, msgspec.json.encode(owed.line_ids).decode(), owed.carrier,
            owed.tracking_number, owed.state, owed.actor, to_ms(owed.wanted_at),
        ),
    )  # fmt: skip
    tx.notify("owed")


def due(tx: ReadTx, shop: ShopId, now: datetime, limit: int = 100) -> list[Owed]:
    """Give what is owed and may be sent now: confirmations first, and no parcel before its confirmation."""
    rows = tx.all(
        f"SELECT {_OWED} FROM order_write WHERE shop_id = ? AND ended_at IS NULL AND not_before <= ? "
        "ORDER BY kind, wanted_at, order_id LIMIT ?",
        (shop, to_ms(now), limit),
    )
    found = [_row(row) for row in rows]
    unconfirmed = {owed.order_id for owed in of_shop_open(tx, shop) if owed.kind == "acknowledge"}
    return [owed for owed in found if owed.kind == "acknowledge" or owed.order_id not in unconfirmed]


def of_shop_open(tx: ReadTx, shop: ShopId) -> list[Owed]:
    """Give everything still owed to a shop."""
    rows = tx.all(f"SELECT {_OWED} FROM order_write WHERE shop_id = ? AND ended_at IS NULL ORDER BY wanted_at", (shop,))
    return [_row(row) for row in rows]


def of_order(tx: ReadTx, shop: ShopId, order_id: str) -> list[Owed]:
    """Give all that was ever owed for an order."""
    rows = tx.all(
        f"SELECT {_OWED} FROM order_write WHERE shop_id = ? AND order_id = ? ORDER BY wanted_at, kind", (shop, order_id)
    )
    return [_row(row) for row in rows]


def on_its_way(tx: ReadTx, shop: ShopId, order_id: str) -> bool:
    """Tell whether a parcel of an order was asked for and was not refused."""
    return any(owed.kind == "ship" and owed.state != "refused" for owed in of_order(tx, shop, order_id))


def set_sending(tx: WriteTx, ids: Sequence[str], now: datetime, deadline: datetime) -> bool:
    """Journal that the bytes leave now; False when one of them was ended meanwhile."""
    changed = sum(
        tx.run(
            "UPDATE order_write SET state = 'sending', sent_at = ?, deadline = ?, attempts = attempts + 1 "
            "WHERE id = ? AND ended_at IS NULL",
            (to_ms(now), to_ms(deadline), id_),
        )
        for id_ in ids
    )
    return changed == len(ids)


def end(tx: WriteTx, owed: Owed, state: str, now: datetime, *, error: str = "", remote_code: str = "") -> None:
    """Journal how it ended: done, or refused with the reason. Repeat: what ended once stays as it ended."""
    ended = tx.run(
        "UPDATE order_write SET state = ?, error = ?, remote_code = ?, ended_at = ? WHERE id = ? AND ended_at IS NULL",
        (state, error, remote_code, to_ms(now), owed.id),
    )
    if not ended:
        return
    code = {
        ("ship", "done"): "ship.done",
        ("ship", "refused"): "ship.refused",
        ("acknowledge", "done"): "acknowledge.done",
        ("acknowledge", "refused"): "acknowledge.refused",
    }[owed.kind, state]
    note(
        tx, now, code, shop_id=owed.shop_id, actor=owed.actor, order=owed.order_id, error=error,
        carrier=owed.carrier, tracking=owed.tracking_number,
    )  # fmt: skip


def put_off(tx: WriteTx, owed: Owed, now: datetime, *, state: str, error: str, for_s: float) -> None:
    """Leave it for later: "wanted" when nothing was sent, "unknown" when only a read can tell.

    What never left stays wanted, whatever is said of it.
    """
    not_before = now + timedelta(seconds=for_s)
    tx.run(
        "UPDATE order_write SET state = CASE WHEN state = 'wanted' THEN state ELSE ? END, error = ?, not_before = ? "
        "WHERE id = ? AND ended_at IS NULL",
        (state, error, to_ms(not_before), owed.id),
    )


def _row(row: tuple[object, ...]) -> Owed:
    (id_, shop, kind, order_id, line_ids, carrier, tracking, state, error, remote_code, attempts, deadline, actor,
     wanted, ended) = row  # fmt: skip
    return Owed(
        str(id_), ShopId(str(shop)), str(kind), str(order_id), tuple(msgspec.json.decode(str(line_ids))), str(carrier),
        str(tracking), str(state), str(error), str(remote_code), int(str(attempts)), _at(deadline), str(actor),
        from_ms(int(str(wanted))), _at(ended),
    )  # fmt: skip


def _at(value: object) -> datetime | None:
    return from_ms(int(str(value))) if value is not None else None
