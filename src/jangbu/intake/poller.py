"""Asks one shop for news: whole passes over its feed, and orders that webhooks point at. One corridor for both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jangbu.infra.db import Database
from jangbu.intake import service
from jangbu.intake.model import DEEP_EVERY, HOT_FOR, deep_due, interval_s
from jangbu.intake.store import Delivery
from jangbu.kernel.clock import Clock
from jangbu.kernel.errors import ContractBroken, Rejected
from jangbu.orders.service import ShopView
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest, Priority

ATTEMPTS_MAX = 8
AGAIN_MAX = 3
ANSWERS_MAX = 2_000
"""No pass is longer than this many answers of the feed: past it the rest waits for the next pass."""


@dataclass(frozen=True)
class Outfit:
    """What a poller works with. `adapter(order)` builds the shop's adapter around a client that treats calls so."""

    shop: ShopView
    manifest: Manifest
    adapter: Callable[[Order], Any]
    db: Database
    clock: Clock
    interval_s: float | None = None  # the shop's own choice, instead of the manifest's
    deep_every: timedelta = DEEP_EVERY


class Poller:
    """Reads one shop's orders to the present, again and again."""

    def __init__(self, outfit: Outfit) -> None:
        """Take what it works with."""
        self._o = outfit
        self._rested: dict[str, datetime] = {}

    async def sweep(self, *, deep: bool | None = None) -> int:
        """Read the feed to the present; tell how many orders it held.

        Errors: those of the adapter; what was read before them is kept, and nothing is lost: the watermark
        moves with the rows, in one transaction.
        """
        o = self._o
        pass_begun = o.clock.now()
        state = await o.db.read(lambda tx: service.feed_state(tx, o.shop.id))
        looks_deep = deep_due(state, pass_begun, o.deep_every) if deep is None else deep
        heard, whole = 0, True
        for _ in range(ANSWERS_MAX):
            begun = o.clock.now()
            found = await self._adapter("feed").sweep(state.watermark, deep=looks_deep)
            answered = o.clock.now()
            again, all_given = await o.db.write(
                lambda tx, found=found, begun=begun, answered=answered, whole=whole: service.take_sweep(  # type: ignore[misc]
                    tx, o.shop, o.manifest.assumptions, found,
                    pass_begun_at=pass_begun, begun_at=begun, answered_at=answered, deep=looks_deep, whole=whole,
                )
            )  # fmt: skip
            heard += len(found.orders)
            whole = whole and all_given
            if again:
                await self.fetch(again, "again")
            if found.done or not all_given:
                return heard
            state = await o.db.read(lambda tx: service.feed_state(tx, o.shop.id))
        return heard

    async def fetch(self, order_ids: list[str], heard_by: str) -> set[str]:
        """Read these orders fresh and take them in; give the ids that were found.

        An order that another door heard meanwhile, and heard otherwise, is read again at once.
        """
        heard, again = await self._fetch_once(order_ids, heard_by)
        for _ in range(AGAIN_MAX):
            if not again:
                break
            _, again = await self._fetch_once(again, heard_by)
        return heard

    async def _fetch_once(self, order_ids: list[str], heard_by: str) -> tuple[set[str], list[str]]:
        o = self._o
        begun = o.clock.now()
        found = await self._adapter(heard_by).read_orders(order_ids)
        answered = o.clock.now()
        again = await o.db.write(lambda tx: service.take_orders(tx, o.shop, found, begun, answered, heard_by))
        return {order.remote_id for order in found}, again

    async def follow_hints(self) -> int:
        """Fetch the orders that deliveries point at; tell how many deliveries were followed to their end."""
        o = self._o
        waiting = await o.db.read(lambda tx: service.open_deliveries(tx, o.shop.id))
        now = o.clock.now()
        due = [d for d in waiting if self._rested.get(d.delivery_id, now) <= now]
        if not due:
            return 0
        errors = await self._look_up(sorted({delivery.order_id for delivery in due}))
        ended = 0
        for delivery in due:
            ended += await self._end(delivery, errors.get(delivery.order_id, ""))
        return ended

    async def _look_up(self, order_ids: list[str]) -> dict[str, str]:
        """Fetch orders in one call, or each alone where one of them spoils it; give what went wrong, by id."""
        try:
            found = await self.fetch(order_ids, "webhook")
        except (Rejected, ContractBroken) as error:
            if len(order_ids) == 1:
                return {order_ids[0]: error.code}
        else:
            return {id_: "intake.order_not_found" for id_ in order_ids if id_ not in found}
        errors: dict[str, str] = {}
        for id_ in order_ids:
            errors |= await self._look_up([id_])
        return errors

    async def _end(self, delivery: Delivery, error: str) -> bool:
        o, now = self._o, self._o.clock.now()
        if not error or delivery.attempts + 1 >= ATTEMPTS_MAX:
            state = "failed" if error else "done"
            await o.db.write(lambda tx: service.end_delivery(tx, o.shop.id, delivery.delivery_id, state, error, now))
            self._rested.pop(delivery.delivery_id, None)
            return True
        await o.db.write(lambda tx: service.try_delivery(tx, o.shop.id, delivery.delivery_id, error))
        self._rested[delivery.delivery_id] = now + timedelta(seconds=2.0**delivery.attempts)
        return False

    async def pause_s(self) -> float:
        """Tell how long to wait before the next look."""
        o = self._o
        if o.interval_s is not None:
            return o.interval_s
        now = o.clock.now()
        last = await o.db.read(lambda tx: service.last_sale(tx, o.shop.id, now - HOT_FOR))
        return interval_s(o.manifest.news_interval_s, o.manifest.news_interval_hot_s, last_sale=last, now=now)

    def _adapter(self, cause: str) -> Any:  # noqa: ANN401 - the channel's own type
        return self._o.adapter(Order(Priority.ORDERS, cause))
