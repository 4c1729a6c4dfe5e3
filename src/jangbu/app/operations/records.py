"""What publication plans and did, the calls, deliveries and activity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from jangbu.app import calls
from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso, our_versions
from jangbu.infra.activity import recent
from jangbu.infra.db import ReadTx
from jangbu.intake import service as intake
from jangbu.kernel.errors import InputError
from jangbu.kernel.ids import ShopId
from jangbu.publish import service as publish
from jangbu.shops import service as shops

ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "trouble": (
        "shop.trouble", "shop.mended", "write.refused", "write.unknown", "ship.refused", "acknowledge.refused",
        "stock.oversold", "stock.raised_by_others", "order.unknown_state", "order.unlinked", "order.fewer",
        "feed.order_missing", "listing.gone", "hub.step_crashed",
    ),
    "orders": ("order.", "ship.", "acknowledge.", "sheet.", "print.", "box.", "feed."),
    "stock": ("stock.", "policy.", "write.", "listing."),
    "setup": ("shop.", "all.", "catalog.", "hub."),
}  # fmt: skip
"""What a line of the story is about, by its code (`order.` = all that begin so). A line may be about two things."""
_TOLD_TO_HELPERS: Final = 40


async def recent_writes(house: House, *, name: str = "", failed: bool = False, limit: int = 50) -> list[Facts]:
    """Give the journal's latest rows, of one shop if named, only those with an error if asked."""
    rows = await house.db.read(lambda tx: publish.latest_writes(tx, limit, _only(tx, name), failed=failed))
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


async def call_list(house: House, *, name: str = "", failed: bool = False, limit: int = 50) -> list[Facts]:
    """Give the latest remote calls, redacted."""
    await house.calls.flush()

    def read(tx: ReadTx) -> list[Facts]:
        names = {s.id: s.name for s in shops.all_shops(tx)}
        return [
            {
                "at": iso(c.started_at), "shop": names.get(ShopId(c.shop_id), c.shop_id), "operation": c.operation,
                "write": c.write, "cause": c.cause, "status": c.status, "error": c.error, "remote_code": c.remote_code,
                "request_id": c.request_id, "elapsed_ms": c.elapsed_ms, "attempt": c.attempt,
                "quota_left": c.quota_left,
                "sent_bytes": c.sent_bytes, "received_bytes": c.received_bytes,
            }
            for c in calls.latest(tx, limit, _only(tx, name) or "", failed=failed)
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


async def delivery_list(house: House, *, name: str = "", failed: bool = False, limit: int = 100) -> list[Facts]:
    """Give the latest webhook deliveries."""
    names = {shop.id: shop.name for shop in await house.db.read(shops.all_shops)}
    rows = await house.db.read(lambda tx: intake.deliveries(tx, limit, _only(tx, name), failed=failed))
    return [
        {
            "shop": names.get(d.shop_id, d.shop_id), "id": d.delivery_id, "event": d.event, "order": d.order_id,
            "received_at": iso(d.received_at), "state": d.state, "attempts": d.attempts, "repeats": d.repeats,
            "error": d.error,
        }
        for d in rows
    ]  # fmt: skip


async def activity(house: House, *, name: str = "", about: str = "", limit: int = 50) -> list[Facts]:
    """Give what just happened, newest first, as codes with facts.

    `name`: of one shop. `about`: one of ABOUT. Errors: NotFound for a shop that is not there, InputError.
    """
    if about and about not in ABOUT:
        raise InputError(f"no kind of story {about}", code="records_about", name=about[:50])
    codes = ABOUT.get(about, ())
    names = {shop.id: shop.name for shop in await house.db.read(shops.all_shops)}
    rows = await house.db.read(lambda tx: recent(tx, limit, _only(tx, name) or "", codes))
    return [
        {
            "at": iso(a.at), "shop": names.get(ShopId(a.shop_id), ""), "code": a.code, "facts": a.facts,
            "actor": a.actor,
        }
        for a in rows
    ]  # fmt: skip


async def records_evidence(house: House, *, name: str = "", about: str = "", limit: int = _TOLD_TO_HELPERS) -> Facts:
    """Write down what happened last for somebody who helps: times, shops by id, codes; no secret, nobody's data."""
    ids = {shop.name: shop.id for shop in await house.db.read(shops.all_shops)}
    story = await activity(house, name=name, about=about, limit=limit)
    failed = await call_list(house, name=name, failed=True, limit=limit)
    lines = [
        our_versions(house),
        *(
            f"story {row['at']} {ids.get(row['shop'], '-')} {row['code']} {row['facts'].get('error', '')}"
            for row in story
        ),
        *(
            f"call {row['at']} {ids.get(row['shop'], '-')} {row['operation']} {row['status']} {row['error']} "
            f"{row['remote_code']} {row['request_id']}"
            for row in failed
        ),
    ]  # fmt: skip
    return {"text": "\n".join(line.rstrip() for line in lines)}


def _only(tx: ReadTx, name: str) -> ShopId | None:
    return shops.named(tx, name).id if name else None
