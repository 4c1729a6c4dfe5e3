"""A hub and its marketplaces in one process on one virtual clock: a day takes seconds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House, open_house
from jangbu.app.hub import Hub
from jangbu.infra.settings import Settings
from jangbu.kernel.clock import LoopClock, to_ms
from jangbu.sandbox.core.buyers import BuyersConfig
from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.inprocess import InProcessTransport
from jangbu.sandbox.core.world import World

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
QUICK = {"settle_s": "8", "feed_margin_s": "3", "news_interval_s": "4", "look_back_days": "3", "deep_every_s": "60"}
"""What a shop's options are in quick worlds: the emulators keep to these bounds."""


class Town:
    """One seller's world: two marketplaces, buyers, faults, and the hub under test."""

    def __init__(
        self, home: Path, *, seed: int = 1, database_url: str = "", options: Mapping[str, str] = QUICK,
        products: int = 10, uncoded: int = 0,
    ) -> None:  # fmt: skip
        """Build everything at the loop's second 0; nothing runs yet."""
        self.home, self.options, self._database_url = home, dict(options), database_url
        self.world = World(
            seed=seed, channels=("etsy", "naver"), strict=True, clock=Clock(START.timestamp(), loop0=0.0),
            buyers=BuyersConfig(running=False), products=products, uncoded=uncoded,
        )  # fmt: skip
        ports = {f"127.0.0.1:{port}": self.world.emulators[name].app for name, port in self.world.ports.items()}
        self.transport = InProcessTransport(ports)
        self.clock = LoopClock(START, 0.0)
        self.house = self._open()
        self._tasks: list[asyncio.Task[None]] = []
        self._hub: asyncio.Task[None] | None = None

    def _open(self) -> House:
        env = {"HOME": str(self.home), "JANGBU_HOME": str(self.home), "JANGBU_PROFILE": "dev"}
        env |= {key: value for key, value in self.world.env().items() if key.startswith("JANGBU_")}
        if self._database_url:
            env["JANGBU_DATABASE_URL"] = self._database_url
        settings = Settings.load(env, self.home)
        return open_house(settings, clock=self.clock, transport=self.transport, inline=True, synchronous="OFF")

    async def connect(self, channel: str, name: str, **more: Any) -> dict[str, Any]:
        """Add a shop with the credential the emulator prints."""
        return await ops.shop_add(
            self.house, channel=channel, name=name, credentials=self.credentials(channel), actor="person:owner",
            options={**self.options, **({"return_free": "yes"} if channel == "etsy" else {})}, **more,
        )  # fmt: skip

    def credentials(self, channel: str) -> dict[str, str]:
        """Give what a seller would paste."""
        env, prefix = self.world.env(), f"{channel.upper()}_"
        fields = {field.name for field in self.house.manifests[channel].credentials}
        return {
            k.removeprefix(prefix).lower(): v
            for k, v in env.items()
            if k.removeprefix(prefix).lower() in fields and k.startswith(prefix)
        }

    async def settle_in(self, policy: str = "escrow") -> None:
        """Do what a seller does on the first day: connect, import, link, let the hub read, count, start."""
        await self.connect("etsy", "etsy")
        await self.connect("naver", "naver")
        await ops.catalog_import(self.house)
        await ops.catalog_link_by_sku(self.house, actor="person:owner", policy=policy)
        self.start_hub()
        await self.sleep(20)
        counted = list(self.world.goods.physical.items())
        await ops.stock_many(self.house, action="count", rows=counted, actor="person:owner")
        for name in ("etsy", "naver"):
            await ops.shop_state(self.house, name=name, action="start", actor="person:owner")
        if policy == "escrow":
            await self.divided()

    async def divided(self) -> None:
        """Wait until every piece is promised once: both shops showed all of it before Jangbu took over."""
        for _ in range(120):
            stock = await ops.stock_show(self.house)
            if not any(row["over_exposed"] or row["over_exposed"] is None for row in stock):
                return
            await self.sleep(1)
        raise AssertionError("the stock was never divided")

    def run_world(self) -> None:
        """Let the marketplaces' own life begin."""
        self._tasks.append(asyncio.create_task(self.world.run(), name="world"))

    def start_hub(self) -> None:
        """Start the hub."""
        self._hub = asyncio.create_task(Hub(self.house, alone=True).run(), name="hub")

    async def stop_hub(self) -> None:
        """End the hub's tasks at once, wherever they are."""
        if self._hub is not None:
            self._hub.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._hub
            self._hub = None

    async def restart(self) -> None:
        """Crash the hub (nothing in memory survives) and start a new one on the same files."""
        await self.stop_hub()
        await self.house.close()
        self.house = self._open()
        self.start_hub()

    async def sleep(self, seconds: float) -> None:
        """Let virtual time pass."""
        await asyncio.sleep(seconds)
        if self._hub is not None and self._hub.done():
            await self._hub

    async def quiet(self, at_most_s: float = 900) -> None:
        """Wait until nothing was under way at two looks in a row: no open write, no due cell, no owed parcel."""
        begun, still = self.clock.now(), 0
        deadline = begun + timedelta(seconds=at_most_s)
        while self.clock.now() < deadline:
            await self.sleep(10)
            still = 0 if any(self._under_way(begun).values()) else still + 1
            if still == 2:
                return
        raise AssertionError(f"still busy: {self._under_way(begun)}")

    def _under_way(self, begun: datetime) -> dict[str, int]:
        return self.house.db.read_now(lambda tx: _busy(tx, to_ms(begun)))

    def books(self) -> dict[str, Any]:
        """The marketplaces' own books."""
        return self.world.books()

    async def close(self) -> None:
        """End everything."""
        await self.stop_hub()
        for task in self._tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.house.close()
        await self.transport.aclose()


def _busy(tx: Any, since_ms: int) -> dict[str, int]:
    return {
        "not looked deep": tx.one("SELECT COUNT(*) FROM watermark WHERE deep_at < ?", (since_ms,))[0],
        "writes": tx.one("SELECT COUNT(*) FROM stock_write WHERE ended_at IS NULL")[0],
        "unpaid": tx.one("SELECT COUNT(*) FROM order_line WHERE state = 'unpaid'")[0],
        "owed": tx.one("SELECT COUNT(*) FROM order_write WHERE ended_at IS NULL")[0],
        "facts": tx.one("SELECT COUNT(*) FROM stock_fact WHERE folded = 0")[0],
        "cells": tx.one("SELECT COUNT(*) FROM cell WHERE dirty = 1 AND waiting = ''")[0],
        "unread": tx.one(
            "SELECT COUNT(*) FROM cell WHERE unread > 0 OR stands < 0 OR read_at <= 1 OR clear_from > 0 "
            "OR look_at > 0"
        )[0],
    }


@contextlib.asynccontextmanager
async def a_town(home: Path, **more: Any) -> AsyncIterator[Town]:
    """Give a town for a test, ended whatever happens."""
    town = Town(home, **more)
    try:
        yield town
    finally:
        await town.close()
