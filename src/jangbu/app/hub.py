"""The running hub: for every shop a poller, a pump and a courier under one lease.

Owns when things run, not what they do.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from jangbu.app import lanes
from jangbu.app.bootstrap import House, ShopDoor, open_door, view_of
from jangbu.app.checks import Checker
from jangbu.app.importing import Importer
from jangbu.app.operations.repair import shop_check
from jangbu.app.packing import differs
from jangbu.app.picturing import Picturer
from jangbu.app.presence import Presence
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, Wake, WriteTx
from jangbu.intake import poller
from jangbu.intake import service as intake
from jangbu.intake.model import DEEP_EVERY
from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import ChannelError, GrantError, JangbuError
from jangbu.kernel.ids import ShopId
from jangbu.orders import confirming, courier
from jangbu.publish import pump
from jangbu.publish import service as publish
from jangbu.shops import service as shops
from jangbu.shops.model import Shop, ShopState, own_manifest

log = structlog.get_logger()

LEASE = timedelta(seconds=15)
LEASE_RENEWED_EVERY_S = 5.0
SWEPT_EVERY_S = 1.0
OWED_EVERY_S = 5.0
FAULT_PAUSE_S = 5.0
GRANT_PAUSE_S = 60.0  # when a credential is refused; reading doubles it with each further refusal
GRANT_PAUSE_MOST_S = 480.0
GAP = timedelta(seconds=10)
FIRST_LOOK_PATIENCE_S = 60.0


class ShopWorker:
    """Works for one shop while the lease holds."""

    def __init__(self, house: House, shop: Shop, holder: str) -> None:
        """Open the way to the shop."""
        self.house, self.shop, self._holder = house, shop, holder
        self.manifest = own_manifest(house.manifests[shop.channel], shop)
        self.door: ShopDoor = open_door(house, shop)
        self.lease_until: datetime | None = None
        view = view_of(house, shop)
        interval, deep = shop.options.get("news_interval_s"), shop.options.get("deep_every_s")
        self.poller = poller.Poller(
            poller.Outfit(
                view,
                self.manifest,
                self.door.adapter,
                house.db,
                house.clock,
                float(interval) if interval else None,
                timedelta(seconds=float(deep)) if deep else DEEP_EVERY,
            )
        )
        self.pump = pump.Pump(
            pump.Outfit(
                shop.id,
                self.manifest,
                house.manifests,
                self.door.adapter,
                house.db,
                house.clock,
                self.manifest.assumptions.settle_s,
                self.may_send,
            )
        )
        self.courier = courier.Courier(
            courier.Outfit(
                self.manifest,
                self.door.adapter,
                house.db,
                house.clock,
                view,
                self.may_send,
                self._record,
                self.manifest.assumptions.settle_s,
                self._writes,
                differs(house),
                self._confirm,
            )
        )
        self._view = view
        self._caught_up = asyncio.Event()
        self._quiet_until: dict[str, float] = {}
        self._refused = 0  # how often in a row reading was refused for the credential

    def may_send(self, now: datetime) -> bool:
        """Say whether our lease still holds at this moment."""
        return self.lease_until is not None and now < self.lease_until

    def _writes(self, tx: ReadTx) -> bool:
        """Say whether this shop may be written: it was started, is not paused, and nobody stopped all writing."""
        shop = shops.by_id(tx, self.shop.id)
        return shop is not None and shop.writes and shops.stopped_since(tx) is None

    def _confirm(self, tx: WriteTx, now: datetime) -> int:
        """Ask for what the seller's own rule has confirmed by now."""
        if not self.manifest.acknowledges:
            return 0
        policy = self.shop.options.get(confirming.OPTION, confirming.BY_HAND)
        return confirming.confirm_due(tx, self.shop.id, policy, now, ZoneInfo(self.house.settings.time_zone))

    async def _record(self, orders: Any, begun: datetime, answered: datetime) -> None:  # noqa: ANN401
        await self.house.db.write(lambda tx: intake.take_orders(tx, self._view, orders, begun, answered, "last look"))

    async def run(self) -> None:
        """Work until cancelled or until the lease is lost."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_lease(), name=f"lease {self.shop.name}")
                group.create_task(self._poll(), name=f"poll {self.shop.name}")
                group.create_task(self._pump(), name=f"pump {self.shop.name}")
                group.create_task(self._deliver(), name=f"courier {self.shop.name}")
        finally:
            await self.door.close()
            await self.house.db.write(lambda tx: shops.drop_lease(tx, f"shop:{self.shop.id}", self._holder))

    async def _keep_lease(self) -> None:
        while True:
            now = self.house.clock.now()
            until = now + LEASE
            kept = await self.house.db.write(
                lambda tx, now=now, until=until: shops.take_lease(  # type: ignore[misc]
                    tx, f"shop:{self.shop.id}", self._holder, to_ms(now), to_ms(until)
                )
            )
            if not kept:
                raise _LeaseLostError
            self.lease_until = until
            await self.house.clock.sleep(LEASE_RENEWED_EVERY_S)

    async def _poll(self) -> None:
        wake = self.house.db.subscribe(f"hint:{self.shop.id}")
        hinted = False
        while True:
            ok = await self._guarded("poll", self._hear(hinted))
            if ok:
                self._caught_up.set()
            pause = await self.poller.pause_s() if ok else max(FAULT_PAUSE_S, self._left("poll"))
            hinted = await wake.wait(pause)

    async def _hear(self, hinted: bool) -> bool:
        if hinted and await self.poller.follow_hints():
            return True
        await self.poller.sweep()
        await self.poller.follow_hints()
        await self.house.db.write(self._mended)
        return True

    def _mended(self, tx: WriteTx) -> None:
        if shops.mended(tx, self.shop.id, self.house.clock.now()):
            publish.reconsider(tx)

    async def _pump(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_LOOK_PATIENCE_S):
                await self._caught_up.wait()  # what was sold while we were away comes before any number

        async def step(left: Callable[[], None]) -> bool:
            return await self._guarded("pump", self.pump.step(left))

        await lanes.run(step, lambda: self._rest("pump"), self.house.db.subscribe("stock"), SWEPT_EVERY_S)

    async def _deliver(self) -> None:
        await self._work("courier", self.courier.step, self.house.db.subscribe("owed"), OWED_EVERY_S)

    async def _work(self, name: str, step: Callable[[], Awaitable[bool]], wake: Wake, every_s: float) -> None:
        while True:
            await self._rest(name)
            if not await self._guarded(name, step()):
                await wake.wait(every_s)

    async def _rest(self, name: str) -> None:
        if (left := self._left(name)) > 0:
            await self.house.clock.sleep(left)

    def _left(self, name: str) -> float:
        """Tell how long a kind of work still rests."""
        return self._quiet_until.get(name, 0.0) - self.house.clock.monotonic()

    def _patience(self, name: str) -> float:
        """Tell how long to rest after a refused credential; reading, which finds out that it works, ever longer."""
        if name != "poll":
            return GRANT_PAUSE_S
        self._refused += 1
        return min(GRANT_PAUSE_S * 2.0 ** (self._refused - 1), GRANT_PAUSE_MOST_S)

    async def _guarded(self, name: str, step: Awaitable[bool]) -> bool:
        """Run one step; a failure is noted, explained on the shop, and never reaches another shop."""
        try:
            done = await step
        except GrantError as error:
            await self._trouble(error, stops=True)
            self._pause(name, self._patience(name))
        except JangbuError as error:
            await self._trouble(error, stops=False)
            self._pause(name, FAULT_PAUSE_S)
        except Exception as error:  # the attempt crashes, the hub does not
            log.exception("step.crashed", shop=self.shop.name, step=name, kind=type(error).__name__)
            await self._crashed(name, type(error).__name__)
            self._pause(name, FAULT_PAUSE_S)
        else:
            self._refused = 0 if name == "poll" else self._refused
            return done
        return False

    def _pause(self, name: str, seconds: float) -> None:
        self._quiet_until[name] = self.house.clock.monotonic() + seconds

    async def _trouble(self, error: JangbuError, *, stops: bool) -> None:
        now = self.house.clock.now()
        operation = error.operation if isinstance(error, ChannelError) else ""
        log.warning("shop.trouble", shop=self.shop.name, code=error.code, operation=operation)
        await self.house.db.write(lambda tx: shops.trouble(tx, self.shop.id, error, now, stops=stops))

    async def _crashed(self, name: str, kind: str) -> None:
        now = self.house.clock.now()
        await self.house.db.write(
            lambda tx: note(tx, now, "hub.step_crashed", shop_id=self.shop.id, step=name, kind=kind)
        )

    async def woke_after_gap(self) -> None:
        """Forget connections that a sleeping machine let die."""
        await self.door.client.drop_connections()


class _LeaseLostError(Exception):
    """Another worker has this shop now."""


class Hub:
    """All shops of one installation, as far as this process holds their leases."""

    def __init__(self, house: House, *, alone: bool = False) -> None:
        """`alone`: this process surely is the only one (a lock says so), so leases left behind are dead."""
        self.house = house
        self.holder = f"hub-{secrets.token_hex(6)}"
        self._alone = alone
        self._workers: dict[ShopId, tuple[ShopWorker, asyncio.Task[None]]] = {}
        self._presence = Presence(house, self.holder)

    async def run(self) -> None:
        """Work until cancelled."""
        if self._alone:
            await self.house.db.write(lambda tx: tx.run("DELETE FROM lease WHERE name LIKE 'shop:%'"))
        await self._presence.begin()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tend(group), name="tend shops")
                group.create_task(self._flush_calls(), name="flush calls")
                group.create_task(self._watch_gaps(), name="watch gaps")
                group.create_task(Importer(self.house, self._works_for).run(), name="imports")
                group.create_task(Picturer(self.house, self._works_for).run(), name="pictures")
                group.create_task(Checker(self.house, self._works_for, shop_check).run(), name="checks")
        finally:
            with contextlib.suppress(Exception):
                await self._presence.end()
                await self.house.calls.flush()

    async def _tend(self, group: asyncio.TaskGroup) -> None:
        """Start a worker for every shop whose lease we get; restart those whose shop changed."""
        wake = self.house.db.subscribe("shops")
        while True:
            for shop in await self.house.db.read(shops.all_shops):
                running = self._workers.get(shop.id)
                if running and running[0].shop.options != shop.options:
                    running[1].cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await running[1]
                    running = None
                if shop.state is not ShopState.DISCONNECTED and (running is None or running[1].done()):
                    await self._start(group, shop)
            await wake.wait(SWEPT_EVERY_S * 5)

    async def _start(self, group: asyncio.TaskGroup, shop: Shop) -> None:
        now = self.house.clock.now()
        taken = await self.house.db.write(
            lambda tx: shops.take_lease(tx, f"shop:{shop.id}", self.holder, to_ms(now), to_ms(now + LEASE))
        )
        if not taken:
            return
        await self.house.db.write(lambda tx: publish.drop_left_intents(tx, shop.id, now))
        try:
            worker = ShopWorker(self.house, shop, self.holder)
        except JangbuError as error:
            failure = error
            await self.house.db.write(lambda tx: shops.trouble(tx, shop.id, failure, now, stops=True))
            return
        worker.lease_until = now + LEASE
        self._workers[shop.id] = (worker, group.create_task(self._run(worker), name=f"shop {shop.name}"))

    async def _run(self, worker: ShopWorker) -> None:
        try:
            await worker.run()
        except* _LeaseLostError:
            log.warning("shop.lease_lost", shop=worker.shop.name)

    def _works_for(self, shop: ShopId) -> bool:
        running = self._workers.get(shop)
        return running is not None and not running[1].done()

    async def _flush_calls(self) -> None:
        while True:
            await self.house.clock.sleep(2.0)
            await self.house.calls.flush()

    async def _watch_gaps(self) -> None:
        """Notice when the machine slept: then nothing that was under way may be believed before its time."""
        while True:
            gap = await self._presence.beat()
            if gap > GAP:
                now = self.house.clock.now()
                await self.house.db.write(lambda tx, now=now: publish.delay_deadlines(tx, to_ms(now)))  # type: ignore[misc]
                for worker, _ in list(self._workers.values()):
                    await worker.woke_after_gap()
            await self.house.clock.sleep(LEASE_RENEWED_EVERY_S)
