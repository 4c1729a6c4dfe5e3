"""When orders are confirmed at the marketplace (발주확인): at once, once a day, or by hand.

After it a buyer's cancellation needs the seller's consent, so a person chooses.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from jangbu.infra.db import WriteTx
from jangbu.kernel.ids import ShopId
from jangbu.orders import ship, store
from jangbu.sdk.records import LineState

OPTION: Final = "acknowledge"
BY_HAND: Final = "hand"
AT_ONCE: Final = "once"
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def is_policy(text: str) -> bool:
    """Tell whether a text is a way to confirm: "hand", "once", or a time of day such as "09:30"."""
    return text in {BY_HAND, AT_ONCE} or bool(_CLOCK.fullmatch(text))


def is_due(policy: str, heard_at: datetime, now: datetime, zone: ZoneInfo) -> bool:
    """Tell whether an order heard at a moment is to be confirmed by now.

    At a time of day: once that time has come round since it was heard, so nothing is missed while the hub was off.
    """
    if policy == AT_ONCE:
        return True
    if not _CLOCK.fullmatch(policy):
        return False
    heard, clock = heard_at.astimezone(zone), time.fromisoformat(policy)
    day = heard.date() if heard.time() < clock else heard.date() + timedelta(days=1)
    return datetime.combine(day, clock, zone) <= now


def confirm_due(tx: WriteTx, shop: ShopId, policy: str, now: datetime, zone: ZoneInfo) -> int:
    """Ask for every line to be confirmed that its policy makes due; tell how many orders.

    Lines with a cancellation asked for are left to a person. Repeat: asked for once.
    """
    if policy == BY_HAND or not is_policy(policy):
        return 0
    waiting: dict[str, list[str]] = {}
    for stored in store.open_lines(tx, shop, 1000):
        if stored.line.state is LineState.PAID and not stored.line.acknowledged and not stored.line.claim:
            waiting.setdefault(stored.order_id, []).append(stored.line.remote_id)
    asked = 0
    for order_id, lines in waiting.items():
        row = store.order(tx, shop, order_id)
        if row is not None and is_due(policy, row.heard_at, now, zone) and _new(tx, shop, order_id, lines):
            ship.want_acknowledge(tx, shop, order_id, lines, now, actor="jangbu")
            asked += 1
    return asked


def _new(tx: WriteTx, shop: ShopId, order_id: str, lines: list[str]) -> bool:
    """Tell whether these were not asked for before; one that was refused is left to a person."""
    owed = [each for each in ship.of_order(tx, shop, order_id) if each.kind == "acknowledge"]
    return not any(set(lines) <= set(each.line_ids) for each in owed)
