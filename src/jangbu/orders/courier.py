"""Sends what is owed for orders: confirmations, then tracking. Reads before repeating what may have arrived.

Nothing leaves while writing is stopped, at this shop or everywhere; what is owed waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jangbu.infra.db import Database, ReadTx, WriteTx
from jangbu.kernel.clock import Clock
from jangbu.kernel.errors import ChannelError, ContractBroken, GrantError, OutcomeUnknown, Rejected, Throttled
from jangbu.orders import ship
from jangbu.orders.ship import Owed
from jangbu.sdk.adapter import ReadsLines
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest, Priority
from jangbu.sdk.records import Dispatch, LineAnswer, LineState, RemoteOrder

HTTP_TIMEOUT = timedelta(seconds=20)
SOON_S = 5.0
RARELY_S = 300.0
FRESH = timedelta(hours=1)
GIVE_UP = timedelta(hours=24)
"""What could not be sent for so long is shown to a person, who may ask for it again."""
_GONE_OUT = frozenset({LineState.SHIPPED, LineState.DELIVERED, LineState.CLOSED})
_ENDED = frozenset({LineState.CANCELLED, LineState.RETURNED, LineState.EXCHANGED})


class _Withdrawn(Exception):  # noqa: N818 - not an error
    """The last check said no: nothing was sent."""


@dataclass(frozen=True)
class Outfit:
    """What a courier works with. `record(orders, begun, answered)` takes fresh readings in.

    `writes` tells whether this shop may be written now; `differs` why a parcel is no longer what was packed, or "".
    """

    manifest: Manifest
    adapter: Callable[[Order], Any]
    db: Database
    clock: Clock
    shop: Any  # orders.service.ShopView
    may_send: Callable[[datetime], bool]
    record: Callable[[Sequence[RemoteOrder], datetime, datetime], Awaitable[None]]
    settle_s: float
    writes: Callable[[ReadTx], bool] = lambda _tx: True
    differs: Callable[[ReadTx, Owed], str] = lambda _tx, _owed: ""
    prepare: Callable[[WriteTx, datetime], int] = lambda _tx, _now: 0  # what is owed by the seller's own rules


class Courier:
    """Works off what one shop is owed for its orders."""

    def __init__(self, outfit: Outfit) -> None:
        """Take what it works with."""
        self._o = outfit

    async def step(self) -> bool:
        """Send one call's worth, or settle what is unknown; False when nothing is due."""
        o, now = self._o, self._o.clock.now()
        if not await o.db.read(o.writes):
            return False
        await o.db.write(lambda tx: o.prepare(tx, now))
        due = await o.db.read(lambda tx: ship.due(tx, o.shop.id, now))
        lost = [owed for owed in due if owed.state in {"sending", "unknown"}]
        if lost:
            await self._settle(lost)
            return True
        if not due:
            return False
        same = [owed for owed in due if owed.kind == due[0].kind]
        batch = 30 if same[0].kind == "acknowledge" else o.adapter(Order()).ship_batch
        await self._send(self._within(same, batch))
        return True

    def _within(self, owed: Sequence[Owed], batch: int) -> list[Owed]:
        """Take as many as one call may carry, counted in lines."""
        taken, lines = [owed[0]], len(owed[0].line_ids)
        for more in owed[1:]:
            lines += len(more.line_ids)
            if lines > batch or len(taken) >= batch:
                break
            taken.append(more)
        return taken

    async def _send(self, owed: Sequence[Owed]) -> None:  # noqa: C901 - one branch for each way a call can end
        """Send one call. What a confirmed shipment cannot undo is checked by a fresh read first."""
        if owed[0].kind == "ship":
            owed = await self._last_look(owed)
            if not owed:
                return
        adapter = self._o.adapter(Order(Priority.SHIP, owed[0].kind, self._last_check(owed)))
        try:
            answers = await self._call(adapter, owed)
        except _Withdrawn:
            return
        except (OutcomeUnknown, ContractBroken) as error:
            await self._put_off(owed, "unknown", error.code, SOON_S)
        except Rejected as error:
            if len(owed) == 1:
                await self._refuse(owed, error)
            else:  # one bad line may have refused the call for all: try each alone
                for one in owed:
                    await self._send([one])
        except ChannelError as error:
            wait = error.retry_after_s if isinstance(error, Throttled) else SOON_S
            patient = isinstance(error, GrantError)  # the shop itself is in trouble, and says so: no parcel gives up
            await self._put_off(owed, "wanted", error.code, max(wait, 1.0), patient=patient)
            if patient:
                raise
        else:
            await self._answered(owed, answers)

    async def _call(self, adapter: Any, owed: Sequence[Owed]) -> list[LineAnswer]:  # noqa: ANN401
        if owed[0].kind == "acknowledge":
            return list(await adapter.acknowledge([line for one in owed for line in one.line_ids]))
        now = self._o.clock.now()
        return list(
            await adapter.ship(
                [Dispatch(one.order_id, one.line_ids, one.carrier, one.tracking_number, now) for one in owed]
            )
        )

    def _last_check(self, owed: Sequence[Owed]) -> Callable[[], Awaitable[None]]:
        def journal(tx: WriteTx) -> None:
            now = self._o.clock.now()
            if not self._o.writes(tx):
                raise _Withdrawn
            if not ship.set_sending(tx, [one.id for one in owed], now, now + HTTP_TIMEOUT):
                raise _Withdrawn  # inside the unit: then none of them says it is being sent

        async def check() -> None:
            now, o = self._o.clock.now(), self._o
            if not o.may_send(now):
                raise _Withdrawn
            await o.db.write(journal)

        return check

    async def _last_look(self, owed: Sequence[Owed]) -> list[Owed]:
        """Re-read exactly these orders: a line cancelled meanwhile is held back, a shipped one is done."""
        found = await self._read(owed)
        now, o = self._o.clock.now(), self._o
        go: list[Owed] = []

        def sort(tx: WriteTx) -> None:
            for one in owed:
                order = found.get(one.order_id)
                lines = [line for line in order.lines if line.remote_id in one.line_ids] if order else []
                if len(lines) == len(one.line_ids) and _carried(lines, one.tracking_number):
                    ship.end(tx, one, "done", now)
                elif any(line.state in _ENDED for line in lines):
                    ship.end(tx, one, "refused", now, error="ship.line_cancelled")
                elif any(line.claim for line in lines):
                    ship.end(tx, one, "refused", now, error="ship.buyer_asks_to_cancel")
                elif order is None or len(lines) < len(one.line_ids):
                    _later(tx, one, now, state="wanted", error="order_unread", for_s=SOON_S)
                elif why := o.differs(tx, one):
                    ship.end(tx, one, "refused", now, error=why)
                else:
                    go.append(one)

        await o.db.write(sort)
        return go

    async def _settle(self, owed: Sequence[Owed]) -> None:
        """Find out by reading what became of calls that never answered; only what surely failed is sent again."""
        begun = self._o.clock.now()
        found = await self._read(owed)
        now, o = self._o.clock.now(), self._o

        def settle(tx: WriteTx) -> None:
            for one in owed:
                order = found.get(one.order_id)
                lines = [line for line in order.lines if line.remote_id in one.line_ids] if order else []
                if len(lines) == len(one.line_ids) and (
                    _carried(lines, one.tracking_number)
                    if one.kind == "ship"
                    else all(line.acknowledged for line in lines)
                ):
                    ship.end(tx, one, "done", now)
                elif one.deadline is None or begun > one.deadline + timedelta(seconds=o.settle_s):
                    ship.put_off(tx, one, now, state="wanted", error="", for_s=0.0)
                else:
                    _later(tx, one, now, state="unknown", error=one.error, for_s=SOON_S)

        await o.db.write(settle)

    async def _read(self, owed: Sequence[Owed]) -> dict[str, RemoteOrder]:
        o, begun = self._o, self._o.clock.now()
        ids, lines = sorted({one.order_id for one in owed}), sorted({line for one in owed for line in one.line_ids})
        orders = await fresh(o.adapter, ids, lines)
        await o.record(orders, begun, o.clock.now())
        return {order.remote_id: order for order in orders}

    async def _answered(self, owed: Sequence[Owed], answers: Sequence[LineAnswer]) -> None:
        now, by_line = self._o.clock.now(), {answer.line_id: answer for answer in answers}

        def settle(tx: WriteTx) -> None:
            for one in owed:
                of = [by_line[line] for line in one.line_ids if line in by_line]
                bad = next((answer for answer in of if not answer.accepted), None)
                if bad is not None:
                    ship.end(tx, one, "refused", now, error=bad.refusal, remote_code=bad.remote_code)
                elif len(of) == len(one.line_ids):
                    ship.end(tx, one, "done", now)
                else:
                    ship.put_off(tx, one, now, state="unknown", error="channel.no_answer_for_item", for_s=SOON_S)

        await self._o.db.write(settle)
        if owed[0].kind == "ship" or any(not answer.accepted for answer in answers):
            await self._read(owed)

    async def _refuse(self, owed: Sequence[Owed], error: Rejected) -> None:
        now = self._o.clock.now()

        def settle(tx: WriteTx) -> None:
            for one in owed:
                ship.end(tx, one, "refused", now, error=error.code, remote_code=error.remote_code)

        await self._o.db.write(settle)

    async def _put_off(
        self, owed: Sequence[Owed], state: str, error: str, for_s: float, *, patient: bool = False
    ) -> None:
        now = self._o.clock.now()

        def settle(tx: WriteTx) -> None:
            for one in owed:
                _later(tx, one, now, state=state, error=error, for_s=for_s, patient=patient)

        await self._o.db.write(settle)


async def fresh(
    adapter: Callable[[Order], Any], order_ids: Sequence[str], line_ids: Sequence[str]
) -> list[RemoteOrder]:
    """Read lines once more before what cannot be undone: exactly those where the marketplace can, else their orders.

    `adapter(order)` builds the shop's adapter. Errors: those of reading.
    """
    reader = adapter(Order(Priority.SHIP, "last look"))
    if isinstance(reader, ReadsLines):  # hundreds in a call
        return list(await reader.read_lines(line_ids))
    return list(await reader.read_orders(order_ids))


def _later(
    tx: WriteTx, one: Owed, now: datetime, *, state: str, error: str, for_s: float, patient: bool = False
) -> None:
    """Leave it for later, rarely after an hour; after a day of what surely did not arrive, leave it to a person."""
    age = now - one.wanted_at
    if age > GIVE_UP and state == "wanted" and not patient:
        ship.end(tx, one, "refused", now, error="ship.given_up")
        return
    ship.put_off(tx, one, now, state=state, error=error, for_s=max(for_s, RARELY_S) if age > FRESH else for_s)


def _carried(lines: Sequence[Any], tracking_number: str) -> bool:
    """Tell whether every line shows this parcel already."""
    return bool(lines) and all(
        line.state in _GONE_OUT and any(p.tracking_number == tracking_number for p in line.parcels) for line in lines
    )
