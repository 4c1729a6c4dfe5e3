"""The day at a glance, by order of need: what is broken, what to decide, how the shops are, what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from jangbu.app import figures
from jangbu.app.bootstrap import House
from jangbu.app.figures import Figure, OrderCounts
from jangbu.app.operations.common import Facts, iso
from jangbu.infra.activity import Activity, recent
from jangbu.infra.db import ReadTx
from jangbu.intake import service as intake
from jangbu.kernel.ids import ShopId
from jangbu.publish import service as publish
from jangbu.publish.store import WriteRow
from jangbu.shops import service as shops
from jangbu.shops.model import GrantState, Shop, ShopState, grant_state

NAMED: Final = 3  # SKUs named of each kind that wants a decision
HAPPENED: Final = 8
WRITES: Final = 6
SILENT_AFTER: Final = timedelta(minutes=5)
DECIDE: Final = ("oversold", "over", "uncounted", "low")
_WRITES: Final = frozenset({"write.set", "write.off", "write.on", "write.reopen"})  # told apart, as writes
_ENDING: Final = frozenset({GrantState.ENDED, GrantState.ENDS_SOON})


async def today(house: House) -> Facts:
    """Tell what a seller needs to know today, by order of need; what to ship is told by `order_board`.

    Shape: `broken`: what a person must mend, each with `kind` (`trouble`, `grant`, `silent`, `missing`);
    `unlinked_lines`: what was sold and took no stock; `decide`: kinds of SKUs that want a decision with how many and
    the first of them; `steps`: how far a beginner has come; `shops`, `happened`, `writes`.
    """
    now = house.clock.now()

    def read(tx: ReadTx) -> Facts:
        everyone = shops.all_shops(tx)
        names = {shop.id: shop.name for shop in everyone}
        counts, stock = figures.order_counts(tx), figures.stock_figures(tx)
        cards = _shops(tx, house, everyone, counts, now)
        return {
            "now": iso(now), "broken": _broken(tx, cards, names),
            "unlinked_lines": counts.unlinked_lines,
            "stock": asdict(figures.stock_counts(stock)), "decide": _decide(stock), "shops": cards,
            "steps": _steps(tx, everyone, stock), "happened": _happened(tx, names),
            "writes": writes_told(tx, publish.latest_writes(tx, WRITES), names),
        }  # fmt: skip

    return await house.db.read(read)


# -- shops, and what is broken of them --------------------------------------------------------------------


def _shops(tx: ReadTx, house: House, everyone: list[Shop], counts: OrderCounts, now: datetime) -> list[Facts]:
    numbers, renewed = figures.cell_counts(tx), shops.grant_times(tx)
    return [_shop(house, each, numbers, renewed.get(each.id), counts, now) for each in everyone]


def _shop(
    house: House,
    shop: Shop,
    numbers: dict[str, tuple[int, int]],
    renewed_at: datetime | None,
    counts: OrderCounts,
    now: datetime,
) -> Facts:
    manifest, (linked, waiting) = house.manifests[shop.channel], numbers.get(shop.id, (0, 0))
    grant, ends = grant_state(manifest.grant_life, shop, renewed_at, now)
    usual = timedelta(seconds=3 * manifest.news_interval_s)
    silent = now - (shop.heard_at or shop.created_at) > max(usual, SILENT_AFTER)
    return {
        "id": shop.id, "name": shop.name, "channel_title": manifest.title, "state": shop.state.value,
        "heard_at": iso(shop.heard_at), "silent": silent and shop.state is not ShopState.DISCONNECTED,
        "open": counts.by_shop.get(shop.id, 0), "numbers": linked, "waiting": waiting, "grant": grant.value,
        "grant_ends_at": iso(ends), "trouble": shop.trouble, "trouble_facts": dict(shop.trouble_facts),
        "trouble_at": iso(shop.trouble_at),
    }  # fmt: skip


def _broken(tx: ReadTx, cards: list[Facts], names: dict[ShopId, str]) -> list[Facts]:
    """Give what a person must mend, what stops a shop first."""
    found: list[Facts] = [
        {**card, "kind": kind, "shop": card["name"], "stopped": card["state"] == ShopState.NEEDS_ATTENTION}
        for card in cards
        if (kind := _kind(card))
    ]
    missing = [each for each in intake.missing_orders(tx, None) if each.dismissed_at is None]
    found += [
        {"kind": "missing", "shop": names.get(each.shop_id, ""), "order": each.remote_id, "since": iso(each.since)}
        for each in missing
    ]
    return sorted(found, key=lambda each: not each.get("stopped", False))


def _kind(card: Facts) -> str:
    if card["trouble"] and card["grant"] != GrantState.TRYING:
        return "trouble"
    if card["grant"] in _ENDING:
        return "grant"
    return "silent" if card["silent"] else ""


# -- stock, first steps -----------------------------------------------------------------------------------


def _decide(stock: Sequence[Figure]) -> list[Facts]:
    found = []
    for kind in DECIDE:
        fitting = [each for each in stock if getattr(each, kind) and not (kind == "over" and each.oversold)]
        if fitting:
            first = [{"sku": each.sku, "title": each.title, "free": each.free} for each in fitting[:NAMED]]
            found.append({"kind": kind, "n": len(fitting), "first": first})
    return found


def _steps(tx: ReadTx, everyone: Sequence[Shop], stock: Sequence[Figure]) -> Facts:
    offers = figures.offer_counts(tx)
    return {
        "shops": len(everyone), "started": sum(shop.started_at is not None for shop in everyone),
        "offers": offers.offers, "linked": offers.offers - offers.unlinked,
        "uncounted": sum(each.uncounted for each in stock),
    }  # fmt: skip


# -- what was done ----------------------------------------------------------------------------------------


def _happened(tx: ReadTx, names: dict[ShopId, str]) -> list[Facts]:
    """Give the latest lines of the story; settled writes have a place of their own."""
    rows = [row for row in recent(tx, HAPPENED * 6) if row.code not in _WRITES][:HAPPENED]
    goods = figures.titles_of_orders(tx, (at for row in rows if (at := _order_of(row))))
    return [
        {
            "at": iso(row.at), "shop": names.get(ShopId(row.shop_id), ""), "code": row.code, "facts": row.facts,
            "order": str(row.facts.get("order", "")), "goods": goods.get(_order_of(row) or ("", ""), ""),
        }
        for row in rows
    ]  # fmt: skip


def _order_of(row: Activity) -> tuple[str, str] | None:
    return (row.shop_id, str(row.facts["order"])) if row.shop_id and row.facts.get("order") else None


def writes_told(tx: ReadTx, rows: Sequence[WriteRow], names: dict[ShopId, str]) -> list[Facts]:
    """Tell rows of the journal by product: what changed from what to what, why, and what came of it."""
    skus = figures.skus_of_cells(tx, (cell for row in rows for cell in row.numbers))
    titles = figures.listing_titles(tx, ((row.shop_id, row.listing_id) for row in rows))
    return [
        {
            "at": iso(row.intent_at), "shop": names.get(row.shop_id, ""), "title": titles[row.shop_id, row.listing_id],
            "act": row.act, "why": row.why, "state": row.state, "error": row.error,
            "changes": [
                {"sku": skus.get(cell, ""), "before": row.before.get(cell, 0), "after": n}
                for cell, n in row.numbers.items()
            ],
        }
        for row in rows
    ]  # fmt: skip
