"""A marketplace's desk for confirmations and parcels, by script; and the courier that goes there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

from tests.orders.desk import PAID, SHIPPED, Desk, line, order
from tests.shops.samples import BAZAAR, OWNER, SETTLE_S, HandClock, later

from jangbu.infra.db import WriteTx
from jangbu.kernel.errors import ChannelError, OutcomeUnknown
from jangbu.orders import courier as couriers
from jangbu.orders import service as orders
from jangbu.orders import ship
from jangbu.orders.courier import Courier
from jangbu.orders.ship import Owed
from jangbu.sdk.client import Order
from jangbu.sdk.records import Dispatch, LineAnswer, LineState, OrderLine, Parcel, RemoteOrder

Step: TypeAlias = Callable[["Post", Sequence[str]], Awaitable[list[LineAnswer]]]


class Post:
    """An adapter whose answers are scripted. `sent` are the calls whose bytes left, `arrived` what was carried out."""

    ship_batch = 30

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.orders: dict[str, RemoteOrder] = {}
        self.script: list[Step] = []
        self.sent: list[tuple[str, ...]] = []
        self.reads: list[list[str]] = []
        self._order = Order()
        self._dispatches: Sequence[Dispatch] = ()

    def __call__(self, wanted: Order) -> Post:
        self._order = wanted
        return self

    async def read_orders(self, order_ids: Sequence[str]) -> list[RemoteOrder]:
        self.reads.append(list(order_ids))
        self.clock.tick(1)
        return [self.orders[id_] for id_ in order_ids if id_ in self.orders]

    async def acknowledge(self, line_ids: Sequence[str]) -> list[LineAnswer]:
        self._dispatches = ()
        return await self._next()(self, line_ids)

    async def ship(self, dispatches: Sequence[Dispatch]) -> list[LineAnswer]:
        self._dispatches = dispatches
        return await self._next()(self, [line_id for one in dispatches for line_id in one.line_ids])

    def _next(self) -> Step:
        return self.script.pop(0) if self.script else accept

    async def leave(self, line_ids: Sequence[str]) -> None:
        """Have the bytes leave, if the hub's last check lets them."""
        if self._order.before_write is not None:
            await self._order.before_write()
        self.sent.append(tuple(line_ids))
        self.clock.tick(1)

    def carry_out(self, line_ids: Sequence[str]) -> None:
        """Have the marketplace do what it was told for these lines."""
        parcels = {line_id: one for one in self._dispatches for line_id in one.line_ids}
        for id_, found in self.orders.items():
            lines = tuple(_after(each, parcels.get(each.remote_id), line_ids) for each in found.lines)
            self.orders[id_] = replace(found, lines=lines)

    def set_state(self, order_id: str, state: LineState, **more: Any) -> None:
        """Change an order at the marketplace."""
        found = self.orders[order_id]
        lines = tuple(replace(each, state=state, **more) for each in found.lines)
        self.orders[order_id] = replace(found, lines=lines)


def _after(each: OrderLine, parcel: Dispatch | None, line_ids: Sequence[str]) -> OrderLine:
    if each.remote_id not in line_ids:
        return each
    if parcel is None:
        return replace(each, acknowledged=True)
    return replace(each, state=SHIPPED, parcels=(Parcel(parcel.carrier, parcel.tracking_number),))


# -- what may become of a call ----------------------------------------------------------------------------


async def accept(post: Post, line_ids: Sequence[str]) -> list[LineAnswer]:
    await post.leave(line_ids)
    post.carry_out(line_ids)
    return [LineAnswer(line_id, accepted=True) for line_id in line_ids]


def accept_but(bad: str, *, forget: bool = False) -> Step:
    """Carry out all but one line, which is refused or (`forget`) not answered for."""

    async def step(post: Post, line_ids: Sequence[str]) -> list[LineAnswer]:
        await post.leave(line_ids)
        good = [line_id for line_id in line_ids if line_id != bad]
        post.carry_out(good)
        refused = [] if forget else [LineAnswer(bad, accepted=False, refusal="naver.not_now", remote_code="104")]
        return [*(LineAnswer(line_id, accepted=True) for line_id in good), *refused]

    return step


def fail(error: ChannelError, *, leaves: bool = True, arrives: bool = False) -> Step:
    async def step(post: Post, line_ids: Sequence[str]) -> list[LineAnswer]:
        if leaves:
            await post.leave(line_ids)
        if arrives:
            post.carry_out(line_ids)
        raise error

    return step


LOST_ANSWER = fail(OutcomeUnknown("the answer was lost"), arrives=True)
LOST_CALL = fail(OutcomeUnknown("the call was lost"))


# -- the courier and its shop -----------------------------------------------------------------------------


class Round:
    """A courier on its round: a desk, the marketplace, a clock and a lease."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.clock = desk, HandClock(later(1_000))
        self.post = Post(self.clock)
        self.lease = True
        self.courier = Courier(
            couriers.Outfit(
                BAZAAR, self.post, desk.database, self.clock, desk.view, lambda _now: self.lease, self._record, SETTLE_S
            )
        )

    async def _record(self, found: Sequence[RemoteOrder], begun: datetime, answered: datetime) -> None:
        def take(tx: WriteTx) -> None:
            for each in found:
                orders.record_remote(tx, self.desk.view, each, begun, answered, "last look")

        await self.desk.database.write(take)

    def place(self, *names: str, acknowledged: bool = True) -> None:
        """Have one-line orders placed, paid and heard."""
        for name in names:
            one = line(PAID, 1, remote_id=f"{name}-line", acknowledged=acknowledged)
            self.post.orders[name] = order(one, id_=name)
            self.desk.hear(self.post.orders[name], 61)

    def want(self, name: str, number: str = "", *, acknowledges: bool = False) -> Owed:
        """Ask for an order's parcel to be told."""
        wanted = self.desk.database.write_now(
            lambda tx: ship.want_ship(
                tx,
                self.desk.view.id,
                name,
                "cj",
                number or f"T-{name}",
                self.clock.now(),
                actor=OWNER,
                acknowledges=acknowledges,
            )
        )
        self.clock.tick(1)
        return wanted

    def owed(self, name: str) -> list[Owed]:
        return self.desk.database.read_now(lambda tx: ship.of_order(tx, self.desk.view.id, name))

    def states(self, *names: str) -> list[str]:
        return [owed.state for name in names for owed in self.owed(name)]

    async def work(self, at_most: int = 12) -> int:
        """Step until nothing is due; tell how many steps that took."""
        for steps in range(at_most):
            if not await self.courier.step():
                return steps
        raise AssertionError("the courier never rests")
