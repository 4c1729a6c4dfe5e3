"""A marketplace's order feed by script, and the poller that reads it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from tests.orders.desk import PAID, Desk, line, order
from tests.shops.samples import BAZAAR, HandClock, later

from jangbu.intake import service as intake
from jangbu.intake.model import FeedState
from jangbu.intake.poller import Outfit, Poller
from jangbu.intake.store import Delivery
from jangbu.kernel.errors import ChannelError
from jangbu.orders import service as orders
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.records import LineState, RemoteOrder, Sweep, WebhookHint

Answer: TypeAlias = Sweep | ChannelError


def placed(name: str, state: LineState = PAID, at: float = 60, **more: Any) -> RemoteOrder:
    """Give an order of one mug."""
    return order(line(state, 1, remote_id=f"{name}-line", **more), at=at, id_=name)


def answer(
    *found: RemoteOrder,
    mark: str = "w1",
    done: bool = True,
    complete_to: float | None = None,
    missing: Sequence[str] = (),
) -> Sweep:
    return Sweep(found, mark, done, None if complete_to is None else later(complete_to), tuple(missing))


class Feed:
    """An adapter whose sweeps are scripted; each call takes two seconds."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.script: list[Answer] = []
        self.orders: dict[str, RemoteOrder] = {}
        self.spoiled: dict[str, ChannelError] = {}
        self.asked: list[tuple[str, bool]] = []
        self.fetched: list[list[str]] = []
        self.while_asking: Callable[[], object] | None = None
        self.while_fetching: list[Callable[[], object]] = []

    def __call__(self, _order: Order) -> Feed:
        return self

    async def sweep(self, watermark: str, *, deep: bool = False) -> Sweep:
        self.asked.append((watermark, deep))
        self.clock.tick(1)
        if self.while_asking is not None:
            self.while_asking()
        self.clock.tick(1)
        given = self.script.pop(0)
        if isinstance(given, ChannelError):
            raise given
        return given

    async def read_orders(self, order_ids: Sequence[str]) -> list[RemoteOrder]:
        self.fetched.append(list(order_ids))
        self.clock.tick(1)
        if self.while_fetching:
            self.while_fetching.pop(0)()
        self.clock.tick(1)
        for id_ in order_ids:
            if id_ in self.spoiled:
                raise self.spoiled[id_]
        return [self.orders[id_] for id_ in order_ids if id_ in self.orders]


class Post:
    """A poller at its shop: the desk that keeps the orders, the feed, a clock."""

    def __init__(self, desk: Desk, manifest: Manifest = BAZAAR, **outfit: Any) -> None:
        self.desk, self.clock = desk, HandClock(later(1_000))
        self.feed = Feed(self.clock)
        self.poller = Poller(Outfit(desk.view, manifest, self.feed, desk.database, self.clock, **outfit))

    def horizon(self) -> tuple[datetime, datetime | None] | None:
        """Give how far the feed is known to be complete, in our time and in the marketplace's."""
        found = self.desk.database.read_now(lambda tx: orders.horizon(tx, self.desk.view.id))
        if found is None:
            return None
        return _moment(found[0]), _moment(found[1]) if found[1] else None

    def state(self) -> FeedState:
        return self.desk.database.read_now(lambda tx: intake.feed_state(tx, self.desk.view.id))

    def deliver(self, id_: str, order_id: str, body: bytes = b"{}") -> bool:
        """Have a webhook delivery arrive."""
        hint = WebhookHint("order.paid", "r1", order_id)
        return self.desk.database.write_now(
            lambda tx: intake.take_delivery(tx, self.desk.view.id, id_, hint, body, self.clock.tick(1))
        )

    def deliveries(self) -> dict[str, Delivery]:
        return {d.delivery_id: d for d in self.desk.database.read_now(intake.deliveries)}

    def known(self) -> list[str]:
        found = self.desk.database.read_now(lambda tx: orders.latest_orders(tx, self.desk.view.id))
        return sorted(row.remote_id for row in found)


def by_remote_time(manifest: Manifest = BAZAAR) -> Manifest:
    """Give a channel whose completeness is told in the marketplace's own time."""
    return replace(manifest, assumptions=replace(manifest.assumptions, horizon="remote_time"))


def _moment(ms: int) -> datetime:
    return later((ms - round(later(0).timestamp() * 1000)) / 1000)
