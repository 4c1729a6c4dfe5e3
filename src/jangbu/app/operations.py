"""What a person or program can ask Jangbu to do, whatever the door: each takes a house and gives plain values.

Owns the order of use cases across rooms; no texts, no arguments' parsing, no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from jangbu.app import calls
from jangbu.app.bootstrap import House, ShopDoor, open_door, view_of
from jangbu.catalog import service as catalog
from jangbu.catalog.model import Imported, OfferRow
from jangbu.infra.activity import note, recent
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.intake import poller
from jangbu.intake import service as intake
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why
from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import InputError, InsufficientStock, NotFound
from jangbu.kernel.ids import ShopId
from jangbu.orders import service as orders
from jangbu.orders import ship
from jangbu.orders.store import StoredLine
from jangbu.publish import service as publish
from jangbu.publish.model.book import UNBOUNDED
from jangbu.sdk.adapter import Grant
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Priority
from jangbu.sdk.records import Listing, Person
from jangbu.shops import service as shops
from jangbu.shops.model import Shop, own_manifest
from jangbu.shops.service import NewShop

Facts = dict[str, Any]

CHUNK = 100


# -- shops ------------------------------------------------------------------------------------------------


async def shop_add(
    house: House, *, channel: str, name: str, credentials: Mapping[str, str], actor: str, api_url: str = "",
    egress: str = "direct", options: Mapping[str, str] | None = None, share: int = 1,
) -> Facts:  # fmt: skip
    """Try a credential against the marketplace and keep the shop if it works; it begins in watching.

    Errors: InputError for a bad field; GrantError or Transient from the marketplace; Conflict. Nothing is kept then.
    """
    if channel not in house.manifests:
        raise InputError(
            f"no channel {channel}", code="input.channel", channel=channel, known=", ".join(house.manifests)
        )
    manifest = house.manifests[channel]
    new = NewShop(
        channel, name, credentials, api_url or house.api_url(channel), house.auth_url(channel), egress, options, share
    )
    fields = shops.check_new(manifest, new)
    latest: list[Grant] = [Grant(fields)]

    async def keep(grant: Grant) -> None:
        latest.append(grant)

    door = ShopDoor(
        house, manifest, latest[0], key=f"new:{name}", api_url=new.api_url, egress=egress, options=options, keep=keep
    )
    try:
        profile = await door.adapter(Order(Priority.INTERACTIVE, "shop add")).read_shop()
    finally:
        await door.close()
    now = house.clock.now()
    shop = await house.db.write(lambda tx: shops.add(tx, house.vault, manifest, new, profile, latest[-1], now))
    del actor
    return shop_facts(house, shop)


async def shop_list(house: House) -> list[Facts]:
    """List the shops with their health."""
    return [shop_facts(house, shop) for shop in await house.db.read(shops.all_shops)]


async def shop_show(house: House, *, name: str) -> Facts:
    """Show one shop."""
    return shop_facts(house, await house.db.read(lambda tx: shops.named(tx, name)))


async def shop_state(house: House, *, name: str, action: str, actor: str) -> Facts:
    """Start, pause or resume a shop. `action` is one of these words."""
    change = {"start": shops.start, "pause": shops.pause, "resume": shops.resume}[action]
    now = house.clock.now()

    def write(tx: WriteTx) -> Shop:
        shop = change(tx, name, now, actor=actor)
        publish.reconsider(tx)
        return shop

    return shop_facts(house, await house.db.write(write))


async def shop_set(house: House, *, name: str, option: str, value: str) -> Facts:
    """Change one option of a shop.

    Options: share, return_free, fee_cap_monthly, news_interval_s, settle_s, feed_margin_s, deep_every_s, look_back_days.
    Errors: InputError for an unknown option or a value it cannot have.
    """
    if option == "share":
        if not value.isdigit():
            raise InputError("a share is a whole number", code="input.share", share=value[:20])
        await house.db.write(lambda tx: shops.set_share(tx, name, int(value)))
    else:
        _check_option(option, value)
        await house.db.write(lambda tx: shops.set_option(tx, name, option, value))
    await house.db.write(publish.reconsider)
    return await shop_show(house, name=name)


def _check_option(option: str, value: str) -> None:
    numbers = {
        "fee_cap_monthly": 1000.0,
        "news_interval_s": 86_400.0,
        "settle_s": 3_600.0,
        "feed_margin_s": 3_600.0,
        "deep_every_s": 86_400.0,
        "look_back_days": 365.0,
    }
    if option == "return_free" and value in {"yes", "no"}:
        return
    if option in numbers:
        try:
            if 0 <= float(value) <= numbers[option]:
                return
        except ValueError:
            pass
    raise InputError(
        f"{option} cannot be {value[:40]}", code="input.option", option=option,
        known="share, return_free, " + ", ".join(numbers),
    )  # fmt: skip


async def stop_all(house: House, *, actor: str) -> Facts:
    """Stop all writing everywhere."""
    now = house.clock.now()
    await house.db.write(lambda tx: shops.stop_all(tx, now, actor=actor))
    await house.db.write(publish.reconsider)
    return {"writing": "stopped"}


async def resume_all(house: House, *, actor: str) -> Facts:
    """Take the general stop back."""
    now = house.clock.now()
    await house.db.write(lambda tx: shops.resume_all(tx, now, actor=actor))
    await house.db.write(publish.reconsider)
    return {"writing": "allowed"}


def shop_facts(house: House, shop: Shop) -> Facts:
    """Tell a shop as plain values, without secrets."""
    return {
        "id": shop.id, "channel": shop.channel, "channel_title": house.manifests[shop.channel].title,
        "name": shop.name, "state": shop.state.value, "currency": shop.currency, "remote_id": shop.remote_id,
        "remote_name": shop.remote_name, "share": shop.share, "trouble": shop.trouble,
        "trouble_facts": dict(shop.trouble_facts), "trouble_at": _iso(shop.trouble_at), "heard_at": _iso(shop.heard_at),
        "created_at": _iso(shop.created_at), "started_at": _iso(shop.started_at), "egress": shop.egress,
        "options": {k: v for k, v in shop.options.items() if k != "remote_shop_id"},
        "notice": house.manifests[shop.channel].notice,
    }  # fmt: skip


# -- catalogue --------------------------------------------------------------------------------------------


async def catalog_import(house: House, *, name: str = "") -> list[Facts]:
    """Read all listings of a shop (or of every shop) and keep them; usable from the first hundred on.

    Repeat: the same listings change nothing. Errors: those of reading; what was read before stays.
    """
    wanted = await house.db.read(lambda tx: [shops.named(tx, name)] if name else shops.all_shops(tx))
    return [await _import_one(house, shop) for shop in wanted]


async def _import_one(house: House, shop: Shop) -> Facts:
    begun, door = house.clock.now(), open_door(house, shop)
    listings = offers = 0
    chunk: list[Listing] = []

    async def keep() -> Imported:
        now, part = house.clock.now(), list(chunk)
        chunk.clear()
        return await house.db.write(lambda tx: catalog.take_listings(tx, shop.id, part, now))

    try:
        async for listing in door.adapter(Order(Priority.CATALOGUE, "import")).listings():
            chunk.append(listing)
            if len(chunk) >= CHUNK:
                done = await keep()
                listings, offers = listings + done.listings, offers + done.offers
        done = await keep()
        listings, offers = listings + done.listings, offers + done.offers
    finally:
        await door.close()
    gone = await house.db.write(lambda tx: catalog.finish_import(tx, shop.id, begun))
    now = house.clock.now()
    await house.db.write(
        lambda tx: note(tx, now, "catalog.imported", shop_id=shop.id, listings=listings, offers=offers)
    )
    return {"shop": shop.name, "listings": listings, "offers": offers, "gone": gone}


async def catalog_link_by_sku(house: House, *, actor: str, policy: str = "escrow") -> Facts:
    """Link every offer whose code is certain; lines that waited for it move their stock now."""
    _check_policy(policy)
    now = house.clock.now()
    views = _views(house)

    def link(tx: WriteTx) -> Facts:
        done, linked = catalog.link_by_code(tx, now, actor=actor, policy=policy)
        new_cells = publish.sync_cells(tx)
        late = sum(orders.link_late(tx, view) for view in views)
        if linked:
            note(tx, now, "catalog.linked", actor=actor, offers=len(linked))
        return {
            "linked": done.linked, "without_code": done.without_code, "doubtful": done.doubtful, "cells": new_cells,
            "late_lines": late,
        }  # fmt: skip

    return await house.db.write(link)


async def catalog_link_by_hand(
    house: House, *, name: str, offer: str, sku: str, actor: str, units: int = 1, add: bool = False
) -> Facts:
    """Link one offer to a SKU by hand; `add` keeps its other links (a kit)."""
    now, views = house.clock.now(), _views(house)

    def link(tx: WriteTx) -> Facts:
        shop = shops.named(tx, name)
        row = catalog.link_by_hand(tx, shop.id, offer, sku, now, units=units, actor=actor, add=add)
        publish.sync_cells(tx)
        for view in views:
            orders.link_late(tx, view)
        note(tx, now, "catalog.linked_by_hand", shop_id=shop.id, actor=actor, offer=offer, sku=sku, units=units)
        return _offer_facts(tx, row)

    return await house.db.write(link)


async def catalog_offers(house: House, *, name: str = "", unlinked: bool = False) -> list[Facts]:
    """List offers with their links."""

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name).id if name else None
        rows = catalog.offers(tx, shop)
        return [_offer_facts(tx, row) for row in rows if not (unlinked and row.links)]

    return await house.db.read(read)


async def set_policy(house: House, *, sku: str, policy: str, actor: str) -> Facts:
    """Choose how a SKU's stock is divided: mirror or escrow."""
    _check_policy(policy)
    now = house.clock.now()

    def write(tx: WriteTx) -> None:
        variant = catalog.variant_of(tx, sku)
        catalog.set_policy(tx, variant.id, policy)
        inventory.mark_dirty(tx, [variant.id])
        note(tx, now, "policy.set", actor=actor, sku=sku, policy=policy)

    await house.db.write(write)
    return {"sku": sku, "policy": policy}


def _check_policy(policy: str) -> None:
    if policy not in {"mirror", "escrow"}:
        raise InputError(f"no policy {policy}", code="input.policy", policy=policy, known="escrow, mirror")


def _offer_facts(tx: ReadTx, row: OfferRow) -> Facts:
    names = {v.id: v.sku for v in catalog.variants(tx, list(row.links))} if row.links else {}
    return {
        "shop": row.shop_id, "offer": row.key, "listing": row.listing_id, "title": row.title,
        "options": " / ".join(f"{name}: {value}" for name, value in row.options), "code": row.sku,
        "quantity": row.quantity, "state": row.listing_state, "price": row.price.amount, "currency": row.price.currency,
        "links": {names[variant]: units for variant, units in row.links.items()},
    }  # fmt: skip


def _views(house: House) -> list[orders.ShopView]:
    return [view_of(house, shop) for shop in house.db.read_now(shops.all_shops)]


# -- stock ------------------------------------------------------------------------------------------------


async def stock_change(house: House, *, action: str, sku: str, quantity: int, actor: str, reason: str = "") -> Facts:
    """Book stock: `receive` units, `adjust` by a signed number, or `count` what lies on the shelf.

    Errors: InputError for a bad number, NotFound for an unknown SKU, InsufficientStock. Nothing is changed then.
    """
    change = {"receive": inventory.receive, "adjust": inventory.adjust, "count": inventory.count}[action]
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        variant = catalog.variant_of(tx, sku)
        change(tx, variant.id, quantity, Why(actor, f"{action}:{variant.sku}", reason or f"stock.{action}"), now)
        note(tx, now, f"stock.{action}", actor=actor, sku=variant.sku, quantity=quantity)
        return _stock_facts(tx, variant.sku)

    return await house.db.write(write)


async def stock_many(house: House, *, action: str, rows: list[tuple[str, int]], actor: str, reason: str = "") -> Facts:
    """Book many rows, all or none. Errors: as for one; the first bad row ends it and nothing is changed."""
    change = {"receive": inventory.receive, "adjust": inventory.adjust, "count": inventory.count}[action]
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        for sku, quantity in rows:
            variant = catalog.variant_of(tx, sku)
            change(tx, variant.id, quantity, Why(actor, f"{action}:{variant.sku}", reason or f"stock.{action}"), now)
        note(tx, now, f"stock.{action}_many", actor=actor, rows=len(rows))
        return {"rows": len(rows)}

    return await house.db.write(write)


async def stock_show(house: House, *, sku: str = "") -> list[Facts]:
    """Show stock by SKU with each shop's exposure."""

    def read(tx: ReadTx) -> list[Facts]:
        if sku:
            return [_stock_facts(tx, sku)]
        return [_stock_facts(tx, variant.sku) for variant in catalog.variants(tx)]

    return await house.db.read(read)


def _stock_facts(tx: ReadTx, sku: str) -> Facts:
    variant = catalog.variant_of(tx, sku)
    stock = inventory.stock(tx, variant.id)
    rows = publish.cells_of_variant(tx, variant.id)
    exposed = sum(units * min(cell.book.exposure, UNBOUNDED) for cell, units in rows)
    names = {shop.id: shop.name for shop in shops.all_shops(tx)}
    return {
        "sku": variant.sku, "title": variant.title, "policy": variant.policy, "on_hand": stock.on_hand,
        "available": stock.available, "committed": stock.committed, "reserved": stock.reserved,
        "exposed": None if exposed >= UNBOUNDED // 2 else exposed,
        "over_exposed": max(exposed - stock.available, 0) if exposed < UNBOUNDED // 2 else None,
        "shops": [
            {
                "shop": names.get(cell.shop_id, cell.shop_id), "cell": cell.key, "units": units,
                "shown": cell.book.stands if cell.book.on_sale else 0, "on_sale": cell.book.on_sale,
                "parked": cell.book.parked if not cell.book.on_sale else 0,
                "exposure": None if cell.book.exposure >= UNBOUNDED // 2 else cell.book.exposure,
                "unread": None if cell.book.unread >= UNBOUNDED // 2 else cell.book.unread,
                "target": cell.target, "waiting": cell.waiting, "under_way": cell.book.pending is not None,
            }
            for cell, units in rows
        ],
    }  # fmt: skip


async def why(house: House, *, sku: str, at: datetime | None = None) -> Facts:
    """Explain a SKU's numbers down to order lines, receipts and persons, now or at a past moment."""

    def read(tx: ReadTx) -> Facts:
        variant = catalog.variant_of(tx, sku)
        moves = inventory.history(tx, variant.id, until=at)
        return {
            **_stock_facts(tx, sku),
            "at": _iso(at),
            "then": _then(moves),
            "moves": [
                {
                    "at": _iso(m.at), "from": m.debit.value, "to": m.credit.value, "quantity": m.quantity,
                    "phase": m.phase.value, "actor": m.why.actor, "cause": m.why.cause, "reason": m.why.reason,
                }
                for m in moves
            ],
        }  # fmt: skip

    return await house.db.read(read)


def _then(moves: list[Any]) -> Facts:
    from_moves = inventory.stock_of(moves)
    return {
        "on_hand": from_moves.on_hand, "available": from_moves.available, "committed": from_moves.committed,
        "reserved": from_moves.reserved,
    }  # fmt: skip


async def ledger_verify(house: House) -> Facts:
    """Recompute every balance from the moves and compare."""
    verdict = await house.db.read(inventory.verify)
    return {
        "sound": verdict.sound, "moves": verdict.moves, "unbalanced": list(verdict.unbalanced),
        "differences": [
            {"variant": v, "location": loc, "account": a, "kept": kept, "recomputed": again}
            for v, loc, a, kept, again in verdict.differences
        ],
    }  # fmt: skip


# -- orders -----------------------------------------------------------------------------------------------


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
        "shop": found.name if found else shop, "order": order_id, "placed_at": _iso(row.placed_at),
        "heard_at": _iso(row.heard_at), "heard_by": row.heard_by, "total": row.total.amount,
        "currency": row.total.currency, "extra": row.extra,
        "lines": [_line_facts(tx, line) for line in orders.lines_of(tx, shop, order_id)],
        "owed": [
            {
                "kind": o.kind, "state": o.state, "carrier": o.carrier, "tracking_number": o.tracking_number,
                "error": o.error, "remote_code": o.remote_code, "ended_at": _iso(o.ended_at),
            }
            for o in ship.of_order(tx, shop, order_id)
        ],
    }  # fmt: skip


def _line_facts(tx: ReadTx, stored: StoredLine) -> Facts:
    line = stored.line
    return {
        "line": line.remote_id, "title": line.title, "options": line.options, "code": line.sku, "quantity": line.quantity,
        "remaining": line.remaining, "state": line.state.value, "raw_state": line.raw_state, "claim": line.claim,
        "acknowledged": line.acknowledged, "ship_by": _iso(line.ship_by), "linked": stored.linked,
        "price": line.price.amount, "currency": line.price.currency,
        "parcels": [
            {"carrier": p.carrier, "tracking_number": p.tracking_number, "shipped_at": _iso(p.shipped_at)}
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


# -- publication ------------------------------------------------------------------------------------------


async def plan(house: House, *, name: str = "") -> list[Facts]:
    """Tell for every linked number what it is, what it should be, why, and what it waits for."""
    now = house.clock.now()

    def read(tx: ReadTx) -> list[Facts]:
        only = shops.named(tx, name).id if name else None
        return publish.plan_rows(tx, house.manifests, now, only)

    return await house.db.read(read)


async def recent_writes(house: House, *, limit: int = 50) -> list[Facts]:
    """Give the journal's latest rows."""
    rows = await house.db.read(lambda tx: publish.latest_writes(tx, limit))
    names = {shop.id: shop.name for shop in await house.db.read(shops.all_shops)}
    return [
        {
            "shop": names.get(row.shop_id, row.shop_id), "listing": row.listing_id, "act": row.act, "why": row.why,
            "state": row.state, "numbers": dict(row.numbers), "before": dict(row.before), "charged": row.charged,
            "freed": row.freed, "intent_at": _iso(row.intent_at), "sending_at": _iso(row.sending_at),
            "answered_at": _iso(row.answered_at), "ended_at": _iso(row.ended_at), "error": row.error,
        }
        for row in rows
    ]  # fmt: skip


# -- records ----------------------------------------------------------------------------------------------


async def call_list(house: House, *, name: str = "", limit: int = 50) -> list[Facts]:
    """Give the latest remote calls, redacted."""
    await house.calls.flush()

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name).id if name else ""
        names = {s.id: s.name for s in shops.all_shops(tx)}
        return [
            {
                "at": _iso(c.started_at), "shop": names.get(ShopId(c.shop_id), c.shop_id), "operation": c.operation,
                "write": c.write, "cause": c.cause, "status": c.status, "error": c.error, "remote_code": c.remote_code,
                "request_id": c.request_id, "elapsed_ms": c.elapsed_ms, "attempt": c.attempt, "quota_left": c.quota_left,
                "sent_bytes": c.sent_bytes, "received_bytes": c.received_bytes,
            }
            for c in calls.latest(tx, limit, shop)
        ]  # fmt: skip

    return await house.db.read(read)


async def call_summary(house: House, *, hours: int = 24) -> list[Facts]:
    """Give calls, failures and response times by shop and operation."""
    since = house.clock.now() - timedelta(hours=hours)

    def read(tx: ReadTx) -> list[Facts]:
        names = {s.id: s.name for s in shops.all_shops(tx)}
        return [
            {
                "shop": names.get(ShopId(s), s),
                "operation": op,
                "calls": n,
                "failed": bad,
                "slowest_ms": most,
                "mean_ms": mean,
            }
            for s, op, n, bad, most, mean in calls.summary(tx, since)
        ]

    return await house.db.read(read)


async def delivery_list(house: House, *, limit: int = 100) -> list[Facts]:
    """Give the latest webhook deliveries."""
    names = {shop.id: shop.name for shop in await house.db.read(shops.all_shops)}
    rows = await house.db.read(lambda tx: intake.deliveries(tx, limit))
    return [
        {
            "shop": names.get(d.shop_id, d.shop_id), "id": d.delivery_id, "event": d.event, "order": d.order_id,
            "received_at": _iso(d.received_at), "state": d.state, "attempts": d.attempts, "repeats": d.repeats,
            "error": d.error,
        }
        for d in rows
    ]  # fmt: skip


async def activity(house: House, *, limit: int = 50) -> list[Facts]:
    """Give what just happened, newest first, as codes with facts."""
    names = {shop.id: shop.name for shop in await house.db.read(shops.all_shops)}
    rows = await house.db.read(lambda tx: recent(tx, limit))
    return [
        {
            "at": _iso(a.at), "shop": names.get(ShopId(a.shop_id), ""), "code": a.code, "facts": a.facts, "actor": a.actor,
        }
        for a in rows
    ]  # fmt: skip


async def status(house: House) -> Facts:
    """Give the whole at a glance: shops, open orders, over-exposed SKUs, whether writing is stopped."""

    def read(tx: ReadTx) -> Facts:
        stopped = shops.stopped_since(tx)
        return {
            "stopped_since": _iso(stopped), "open_lines": len(orders.open_lines(tx)),
            "unlinked_lines": len(orders.unlinked_lines(tx)), "now_ms": to_ms(house.clock.now()),
        }  # fmt: skip

    return {**await house.db.read(read), "shops": await shop_list(house)}


def _address(to: Person) -> Facts:
    return {name: getattr(to, name) for name in to.__dataclass_fields__ if getattr(to, name)}


def _masked(name: str) -> str:
    return name[:1] + "*" * max(len(name) - 1, 0)


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


async def stock_rows(
    house: House, *, action: str, rows: list[tuple[int, str, int]], actor: str, reason: str = "", dry: bool = False
) -> Facts:
    """Book rows (line, SKU, quantity) of a table, all or none; with `dry` only find out which would be refused.

    Shape: every refused row with line, column, message code and facts; while there is one, nothing is changed.
    """
    change = {"receive": inventory.receive, "adjust": inventory.adjust, "count": inventory.count}[action]
    now = house.clock.now()

    def write(tx: WriteTx) -> None:
        refused: list[Facts] = []
        for line, sku, quantity in rows:
            column = "sku"
            try:
                variant = catalog.variant_of(tx, sku)
                column = "quantity"
                why = Why(actor, f"{action}:{variant.sku}", reason or f"stock.{action}")
                change(tx, variant.id, quantity, why, now)
            except (InputError, NotFound, InsufficientStock) as error:
                refused.append({"line": line, "column": column, "code": error.code, "facts": dict(error.facts)})
        if refused or dry:
            raise _UndoneError(refused)
        note(tx, now, f"stock.{action}_many", actor=actor, rows=len(rows))

    try:
        await house.db.write(write)
    except _UndoneError as undone:
        return {"rows": len(rows), "refused": undone.refused}
    return {"rows": len(rows), "refused": []}


class _UndoneError(Exception):
    """Ends a unit of work so that nothing of it is kept."""

    def __init__(self, refused: list[Facts]) -> None:
        """Take the rows that were refused."""
        super().__init__()
        self.refused = refused


OPERATIONS = {
    fn.__name__: fn
    for fn in (
        shop_add, shop_list, shop_show, shop_state, shop_set, stop_all, resume_all, catalog_import, catalog_link_by_sku,
        catalog_link_by_hand, catalog_offers, set_policy, stock_change, stock_many, stock_show, why, ledger_verify,
        orders_read, order_list, order_show, ship_order, plan, recent_writes, call_list, call_summary, delivery_list, activity, status,
        stock_rows,
    )
}  # fmt: skip
"""Every operation by name: what the loopback door of a running hub may be asked for."""
