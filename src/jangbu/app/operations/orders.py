"""List and show orders, read them now, hand tracking over."""

from __future__ import annotations

from typing import Any

import msgspec

from jangbu.app.bootstrap import House, open_door, view_of
from jangbu.app.operations.board import deadline_facts, story
from jangbu.app.operations.common import Facts, iso
from jangbu.app.packing import words_of
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.intake import poller
from jangbu.intake import service as intake
from jangbu.kernel.errors import IllegalTransition, InputError, NotFound
from jangbu.kernel.ids import ShopId
from jangbu.orders import service as orders
from jangbu.orders import ship
from jangbu.orders.store import StoredLine
from jangbu.people import service as people
from jangbu.sdk.records import LineState, Person
from jangbu.shops import service as shops
from jangbu.shops.model import own_manifest


async def orders_read(house: House, *, name: str) -> Facts:
    """Read a shop's orders to the present, now. Repeat: harmless, orders count once."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    manifest = own_manifest(house.manifests[shop.channel], shop)
    door = open_door(house, shop)
    try:
        outfit = poller.Outfit(view_of(house, shop), manifest, door.adapter, house.db, house.clock)
        return {"shop": shop.name, "orders": await poller.Poller(outfit).sweep()}
    finally:
        await door.close()


async def order_list(house: House, *, name: str = "", open_only: bool = True, limit: int = 100) -> list[Facts]:
    """List orders: what is still to be shipped, most urgent first, or the latest of all."""

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name).id if name else None
        if open_only:
            lines = orders.open_lines(tx, shop, limit)
            keys = list(dict.fromkeys((line.shop_id, line.order_id) for line in lines))
            return [_order_facts(tx, *key) for key in keys]
        return [_order_facts(tx, row.shop_id, row.remote_id) for row in orders.latest_orders(tx, shop, limit)]

    return await house.db.read(read)


async def order_address(house: House, *, order: str, name: str = "", actor: str) -> Facts:
    """Show one order with whom it goes to; that somebody looked is kept in the trail. Errors: as `order_show`."""
    facts, now = await order_show(house, order=order, name=name, personal=True), house.clock.now()
    await house.db.write(lambda tx: people.audit(tx, now, "address.opened", actor=actor, order=order))
    return facts


async def order_show(house: House, *, order: str, name: str = "", personal: bool = False) -> Facts:
    """Show one order; the address only when asked for. Errors: NotFound; InputError when two shops have it."""

    def read(tx: ReadTx) -> Facts:
        row = _found(tx, order, name)
        facts = _order_facts(tx, row.shop_id, row.remote_id)
        if row.ship_to is not None:
            context = f"orders.ship_to:{row.shop_id}/{row.remote_id}"
            clear = shops.unseal(tx, house.vault, row.shop_id, context, row.ship_to)
            to = msgspec.json.decode(clear, type=Person)
            facts["ship_to"] = _address(to) if personal else {"name": _masked(to.name), "country": to.country}
        stored = orders.lines_of(tx, row.shop_id, row.remote_id)
        facts |= deadline_facts(house, stored, row.placed_at)
        facts["story"] = story(tx, row.shop_id, row.remote_id, row.heard_at)
        for line in facts["lines"]:
            line["words"] = words_of(tx, house, row.shop_id, line["line"])
        return facts

    return await house.db.read(read)


def _found(tx: ReadTx, order: str, name: str) -> Any:  # noqa: ANN401 - a row of the orders' store
    if name:
        row = orders.order(tx, shops.named(tx, name).id, order)
        rows = [row] if row else []
    else:
        rows = orders.orders_by_id(tx, order)
    if not rows:
        raise NotFound(f"no order {order}", code="order_unknown", order=order)
    if len(rows) > 1:
        raise InputError("two shops have this order number", code="input.order_ambiguous", order=order)
    return rows[0]


def _order_facts(tx: ReadTx, shop: ShopId, order_id: str) -> Facts:
    row = orders.order(tx, shop, order_id)
    if row is None:
        raise NotFound(f"no order {order_id}", code="order_unknown", order=order_id)
    found = shops.by_id(tx, shop)
    return {
        "shop": found.name if found else shop, "order": order_id, "placed_at": iso(row.placed_at),
        "heard_at": iso(row.heard_at), "heard_by": row.heard_by, "total": row.total.amount,
        "currency": row.total.currency, "extra": row.extra,
        "lines": [_line_facts(tx, line) for line in orders.lines_of(tx, shop, order_id)],
        "owed": [
            {
                "kind": o.kind, "state": o.state, "carrier": o.carrier, "tracking_number": o.tracking_number,
                "error": o.error, "remote_code": o.remote_code, "ended_at": iso(o.ended_at),
            }
            for o in ship.of_order(tx, shop, order_id)
        ],
    }  # fmt: skip


def _line_facts(tx: ReadTx, stored: StoredLine) -> Facts:
    line = stored.line
    return {
        "line": line.remote_id, "title": line.title, "options": line.options, "code": line.sku,
        "quantity": line.quantity,
        "remaining": line.remaining, "state": line.state.value, "raw_state": line.raw_state, "claim": line.claim,
        "acknowledged": line.acknowledged, "ship_by": iso(line.ship_by), "linked": stored.linked,
        "price": line.price.amount, "currency": line.price.currency,
        "parcels": [
            {"carrier": p.carrier, "tracking_number": p.tracking_number, "shipped_at": iso(p.shipped_at)}
            for p in orders.parcels_of(tx, stored.shop_id, line.remote_id)
        ],
    }  # fmt: skip


async def ship_order(
    house: House, *, order: str, carrier: str, tracking_number: str, actor: str, name: str = "",
    lines: list[str] | None = None,
) -> Facts:  # fmt: skip
    """Ask for a parcel's tracking number to be handed to the marketplace; the hub sends it."""
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        row = _found(tx, order, name)
        shop = shops.named(tx, row.shop_id)
        ship.want_ship(
            tx, shop.id, order, carrier, tracking_number, now, actor=actor, line_ids=lines or (),
            acknowledges=house.manifests[shop.channel].acknowledges,
        )  # fmt: skip
        return _order_facts(tx, row.shop_id, order)

    return await house.db.write(write)


async def order_confirm(house: House, *, order: str, actor: str, name: str = "") -> Facts:
    """Ask for an order's paid lines to be confirmed (발주확인); the hub sends it. Repeat: asked for once.

    After it a buyer's cancellation needs the seller's consent.
    Errors: NotFound; IllegalTransition where nothing is there to confirm, or the marketplace knows no such step.
    """
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        row = _found(tx, order, name)
        shop = shops.named(tx, row.shop_id)
        lines = [
            line.line.remote_id
            for line in orders.lines_of(tx, shop.id, order)
            if line.line.state is LineState.PAID and not line.line.acknowledged
        ]
        if not lines or not house.manifests[shop.channel].acknowledges:
            raise IllegalTransition("nothing to confirm", code="order_not_confirmable", order=order)
        ship.want_acknowledge(tx, shop.id, order, lines, now, actor=actor)
        return _order_facts(tx, row.shop_id, order)

    return await house.db.write(write)


async def orders_missing(house: House, *, name: str = "") -> list[Facts]:
    """List orders a marketplace names and does not give: until read or dismissed, nothing is raised on its news."""

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name).id if name else None
        names = {s.id: s.name for s in shops.all_shops(tx)}
        return [
            {
                "shop": names.get(order.shop_id, order.shop_id), "order": order.remote_id, "since": iso(order.since),
                "dismissed_at": iso(order.dismissed_at),
            }
            for order in intake.missing_orders(tx, shop)
        ]  # fmt: skip

    return await house.db.read(read)


async def order_dismiss(house: House, *, name: str, order: str, actor: str) -> Facts:
    """Let an order that is named and never given hold nothing back any more. Errors: NotFound."""
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        shop = shops.named(tx, name)
        intake.dismiss_missing(tx, shop.id, order.strip(), now, actor=actor)
        return {"shop": shop.name, "order": order.strip()}

    return await house.db.write(write)


def _address(to: Person) -> Facts:
    return {name: getattr(to, name) for name in to.__dataclass_fields__ if getattr(to, name)}


def _masked(name: str) -> str:
    return name[:1] + "*" * max(len(name) - 1, 0)
