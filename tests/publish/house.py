"""Shops that sell from one shelf, with pumps to scripted markets: what the tests of publication begin with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.catalog.shelf import by_hand, link, listing, offer, take
from tests.inventory.ledger import WHY
from tests.orders.desk import PAID, line, order, view_of
from tests.publish.market import Market, Page
from tests.shops.samples import BAZAAR, SETTLE_S, HandClock, connect, vault

from jangbu.catalog import service as catalog
from jangbu.infra.db import Database, WriteTx
from jangbu.infra.vault import Vault
from jangbu.inventory import service as inventory
from jangbu.kernel.clock import to_ms
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.orders import service as orders
from jangbu.publish import pump as pumps
from jangbu.publish import service as publish
from jangbu.publish import store
from jangbu.publish.lane import Lane
from jangbu.publish.model.book import Book
from jangbu.publish.pump import Pump
from jangbu.publish.store import CellRow, WriteRow
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.records import LineState
from jangbu.shops import service as shops


@dataclass
class House:
    """Shops by name, each with a market and a pump, on one clock."""

    database: Database
    manifest: Manifest = BAZAAR
    clock: HandClock = field(default_factory=HandClock)
    safe: Vault = field(default_factory=vault)
    ids: dict[str, ShopId] = field(default_factory=dict)
    markets: dict[str, Market] = field(default_factory=dict)
    pumps: dict[str, Pump] = field(default_factory=dict)
    leases: dict[str, bool] = field(default_factory=dict)

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        return {self.manifest.id: self.manifest}

    # -- building -----------------------------------------------------------------------------------------

    def add_shop(self, name: str) -> None:
        self.ids[name] = connect(self.database, name, safe=self.safe, manifest=self.manifest).id
        self.markets[name] = Market(self.clock)
        self.leases[name] = True
        self.pumps[name] = self.new_pump(name)

    def new_pump(self, name: str, database: Any = None) -> Pump:
        return Pump(
            pumps.Outfit(
                self.ids[name], self.manifest, self.manifests, self.markets[name], database or self.database,
                self.clock, SETTLE_S, lambda _now: self.leases[name],
            )
        )  # fmt: skip

    def add_page(self, name: str, page: str, kind: str = "rows", /, **numbers: int) -> None:
        """List offers that share their key with their cell and carry their cell's name as their code."""
        self.markets[name].pages[page] = Page({f"{name}/{cell}": n for cell, n in numbers.items()}, kind)
        offers = [offer(f"{name}/{cell}", cell, quantity=n) for cell, n in numbers.items()]
        take(self.database, self.ids[name], listing(page, *offers, kind=kind), at=self.clock.monotonic())

    def link(self) -> int:
        link(self.database)
        return self.database.write_now(publish.sync_cells)

    def link_by_hand(self, name: str, cell: str, sku: str, units: int = 1, *, add: bool = False) -> None:
        by_hand(self.database, self.ids[name], f"{name}/{cell}", sku, units, add=add)
        self.database.write_now(publish.sync_cells)

    def count(self, sku: str, units: int) -> None:
        variant, at = self.variant(sku), self.clock.now()
        self.database.write_now(lambda tx: inventory.count(tx, variant, units, WHY, at))

    def set_policy(self, sku: str, policy: str) -> None:
        self.database.write_now(lambda tx: catalog.set_policy(tx, self.variant_in(tx, sku), policy))

    async def settle_in(self) -> None:
        """Have every cell read once and every feed read past that."""
        for name in self.pumps:
            await self.mend(name)
        self.read_feeds()
        self.fold()

    # -- what happens -------------------------------------------------------------------------------------

    def read_feed(self, name: str) -> None:
        """Have a shop's feed read to this moment."""
        at = to_ms(self.clock.tick(1))
        self.database.write_now(lambda tx: orders.put_horizon(tx, self.ids[name], at, 0))
        self.clock.tick(1)

    def read_feeds(self) -> None:
        for name in self.ids:
            self.read_feed(name)

    def hear(
        self, name: str, cell: str, units: int = 1, state: LineState = PAID, *, order_id: str = "o1",
        at: datetime | None = None,
    ) -> None:  # fmt: skip
        """Hear of an order for a cell, placed `at` by the marketplace's clock (default: now)."""
        now = self.clock.now()
        remaining = 0 if state is LineState.CANCELLED else units
        key = f"{name}/{cell}"
        one = line(
            state, units, remaining, remote_id=f"{order_id}-line", listing_id="", offer_key=key, sku=cell,
            lowered_at=at or now,
        )  # fmt: skip
        snapshot = replace(order(one, id_=order_id), placed_at=at or now, updated_at=now)
        view = view_of(self.database, self.ids[name], self.safe)
        self.database.write_now(lambda tx: orders.record_remote(tx, view, snapshot, now, now, "poll"))
        self.clock.tick(1)

    def fold(self) -> None:
        def fold(tx: WriteTx) -> None:
            store.lock_planning(tx)
            publish.fold_news(tx, self.manifests)

        self.database.write_now(fold)

    async def step(self, name: str) -> bool:
        return await self.pumps[name].step()

    async def mend(self, name: str) -> bool:
        """Have a pump read what only a read can mend, whatever else it would do first."""
        with Lane(self.pumps[name]._lanes) as lane:
            return await self.pumps[name]._mend(lane)

    async def settle(self, name: str) -> bool:
        """Have a pump settle what waits to be seen, and nothing else."""
        with Lane(self.pumps[name]._lanes) as lane:
            return await self.pumps[name]._settle(lane)

    async def work(self, *names: str, at_most: int = 30) -> None:
        """Step these pumps (default: all) in turn until none finds anything to do."""
        busy = list(names or self.pumps)
        for _ in range(at_most):
            if not [name for name in busy if await self.step(name)]:
                return
        raise AssertionError("the pumps never rest")

    async def keep_working(self, seconds: float) -> None:
        """Let time pass as it does in the hub: pumps step, feeds are read."""
        end = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end:
            self.read_feeds()
            for name in self.pumps:
                await self.step(name)

    # -- what is to be seen -------------------------------------------------------------------------------

    def variant(self, sku: str) -> VariantId:
        return self.database.read_now(lambda tx: self.variant_in(tx, sku))

    def variant_in(self, tx: Any, sku: str) -> VariantId:
        return catalog.variant_of(tx, sku).id

    def cell(self, name: str, cell: str) -> CellRow:
        found = self.database.read_now(lambda tx: store.cell_by_key(tx, self.ids[name], f"{name}/{cell}"))
        assert found is not None
        return found

    def book(self, name: str, cell: str) -> Book:
        return self.cell(name, cell).book

    def exposure(self, cell: str) -> dict[str, int]:
        """Give the exposure of a cell of this name at every shop."""
        return {name: self.book(name, cell).exposure for name in self.ids}

    def shown(self, cell: str) -> dict[str, int]:
        """Give the number that truly stands at every shop."""
        return {
            name: page.numbers[f"{name}/{cell}"]
            for name, market in self.markets.items()
            for page in market.pages.values()
            if f"{name}/{cell}" in page.numbers
        }

    def writes(self, name: str) -> list[WriteRow]:
        """Give the journal of a shop, oldest first."""
        found = self.database.read_now(lambda tx: publish.latest_writes(tx, 100, self.ids[name]))
        return sorted(found, key=lambda row: (row.intent_at, row.id))

    def states(self, name: str) -> list[str]:
        return [row.state for row in self.writes(name)]

    def told(self) -> list[str]:
        return [
            code
            for (code,) in self.database.read_now(lambda tx: tx.all("SELECT code FROM activity ORDER BY seq"))
            if code.startswith(("write.", "listing.", "stock."))
        ]

    def available(self, sku: str) -> int:
        return self.database.read_now(lambda tx: inventory.stock(tx, self.variant_in(tx, sku))).available

    def pause(self, name: str) -> None:
        """Have the owner stop writing to a shop."""
        self.database.write_now(lambda tx: shops.pause(tx, name, self.clock.now(), actor="person:owner"))
        self.database.write_now(publish.reconsider)


async def one_shop(
    database: Database, shown: int = 3, counted: int = 5, kind: str = "rows", manifest: Manifest = BAZAAR
) -> House:
    """One shop that shows some mugs, all of them proved."""
    return await several(database, ("a",), shown, counted, kind, manifest)


async def two_shops(
    database: Database, shown: int = 3, counted: int = 6, kind: str = "rows", manifest: Manifest = BAZAAR
) -> House:
    """Two shops that each show some of the same mugs, all of them proved."""
    return await several(database, ("a", "b"), shown, counted, kind, manifest)


async def several(
    database: Database, names: tuple[str, ...], shown: int, counted: int, kind: str, manifest: Manifest
) -> House:
    house = House(database, manifest)
    for name in names:
        house.add_shop(name)
        house.add_page(name, "L1", kind, MUG=shown)
    house.link()
    house.count("MUG", counted)
    await house.settle_in()
    return house
