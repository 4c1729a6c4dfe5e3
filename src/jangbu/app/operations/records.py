"""What publication plans and did, the calls, deliveries and activity."""

from __future__ import annotations

from datetime import timedelta

from jangbu.app import calls
from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso
from jangbu.infra.activity import recent
from jangbu.infra.db import ReadTx
from jangbu.intake import service as intake
from jangbu.kernel.ids import ShopId
from jangbu.publish import service as publish
from jangbu.shops import service as shops


async def recent_writes(house: House, *, limit: int = 50) -> list[Facts]:
    """Give the journal's latest rows."""
    rows = await house.db.read(lambda tx: publish.latest_writes(tx, limit))
    names = {shop.id: shop.name for shop in await house.db.read(shops.all_shops)}
    return [
        {
            "shop": names.get(row.shop_id, row.shop_id), "listing": row.listing_id, "act": row.act, "why": row.why,
            "state": row.state, "numbers": dict(row.numbers), "before": dict(row.before), "charged": row.charged,
            "freed": row.freed, "intent_at": iso(row.intent_at), "sending_at": iso(row.sending_at),
            "answered_at": iso(row.answered_at), "ended_at": iso(row.ended_at), "error": row.error,
        }
        for row in rows
    ]  # fmt: skip


async def call_list(house: House, *, name: str = "", limit: int = 50) -> list[Facts]:
    """Give the latest remote calls, redacted."""
    await house.calls.flush()

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name).id if name else ""
        names = {s.id: s.name for s in shops.all_shops(tx)}
        return [
            {
                "at": iso(c.started_at), "shop": names.get(ShopId(c.shop_id), c.shop_id), "operation": c.operation,
                "write": c.write, "cause": c.cause, "status": c.status, "error": c.error, "remote_code": c.remote_code,
                "request_id": c.request_id, "elapsed_ms": c.elapsed_ms, "attempt": c.attempt,
                "quota_left": c.quota_left,
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
            "received_at": iso(d.received_at), "state": d.state, "attempts": d.attempts, "repeats": d.repeats,
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
            "at": iso(a.at), "shop": names.get(ShopId(a.shop_id), ""), "code": a.code, "facts": a.facts,
            "actor": a.actor,
        }
        for a in rows
    ]  # fmt: skip
