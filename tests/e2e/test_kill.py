"""Real programs, killed with -9 at random moments and started again: nothing lost, nothing doubled (P2, P5, P6)."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest
from tests.support.processes import Program, ask, free_ports, sandbox, until_up

from jangbu.app import operations as ops
from jangbu.app import promises
from jangbu.app.bootstrap import House, open_house
from jangbu.infra.settings import Settings

KILLS = 20
KILLS_A_WORLD = 100
PATIENCE = 240  # seconds, for a machine with much else to do
OWNER = "person:owner"
OPTIONS = {
    "settle_s": "6", "feed_margin_s": "3", "news_interval_s": "1", "look_back_days": "2", "deep_every_s": "5",
    "return_free": "yes",
}  # fmt: skip


def play(folder: Path, seed: int, kills: int) -> None:
    """Set a shop up, let buyers come, kill the hub again and again, then let it come to rest and compare books."""
    chance = random.Random(seed)
    with sandbox(folder, seed) as base:
        control = f"http://127.0.0.1:{base}"
        env = _environment(folder, control)
        settings = Settings.load(env, folder)
        asyncio.run(_first_day(settings, control))
        hub_port = int(env["JANGBU_PORT"])
        hub = Program("serve", "--port", str(hub_port), env=env, log=folder / "hub.log")
        asyncio.run(_until_divided(settings, hub))
        hub.kill()
        ask(f"{control}/buyers", {"rate": 0.8 if kills > KILLS else 1.6, "running": True, "cancel_share": 0.06})
        for kill in range(kills):
            hub = Program("serve", "--port", str(hub_port), env=env, log=folder / "hub.log")
            if kill % 2:  # at work, however slow the machine; else anywhere, its beginning included
                until_up(hub, f"http://127.0.0.1:{hub_port}/healthz")
            assert hub.lives(chance.uniform(0.2, 2.2)), (folder / "hub.log").read_text()[-2000:]
            hub.kill()
        ask(f"{control}/buyers", {"running": False})
        hub = Program("serve", "--port", str(hub_port), env=env, log=folder / "hub.log")
        try:
            until_up(hub, f"http://127.0.0.1:{hub_port}/healthz")
            asyncio.run(_until_quiet(settings, hub))
            verdict = asyncio.run(_compare(settings, control))
        finally:
            assert hub.end() == 0
        assert not verdict.problems, "\n".join(verdict.problems)
        assert verdict.orders > 10, "nobody came: the kills prove nothing"


def _environment(folder: Path, control: str) -> dict[str, str]:
    urls = {key: value for key, value in ask(f"{control}/env").items() if key.startswith("JANGBU_")}
    port = str(free_ports(1))
    return urls | {
        "HOME": str(folder),
        "JANGBU_HOME": str(folder / "home"),
        "JANGBU_PROFILE": "dev",
        "JANGBU_PORT": port,
    }


async def _first_day(settings: Settings, control: str) -> None:
    house = open_house(settings)
    try:
        env = ask(f"{control}/env")
        for channel in ("etsy", "naver"):
            known = {field.name for field in house.manifests[channel].credentials}
            given = {k.split("_", 1)[1].lower(): v for k, v in env.items() if k.startswith(f"{channel.upper()}_")}
            await ops.shop_add(
                house, channel=channel, name=channel, actor=OWNER, options=OPTIONS,
                credentials={k: v for k, v in given.items() if k in known},
            )  # fmt: skip
        shops = {shop["name"]: shop["id"] for shop in await ops.shop_list(house)}
        hook = f"http://127.0.0.1:{settings.port}/hooks/etsy/{shops['etsy']}"
        ask(f"{control}/news", {"etsy_webhook_url": hook})
        await ops.catalog_import(house)
        await ops.catalog_link_by_sku(house, actor=OWNER)
        await _read_orders(house)
        await ops.stock_many(house, action="count", rows=list(ask(f"{control}/books")["physical"].items()), actor=OWNER)
        for name in shops:
            await ops.shop_state(house, name=name, action="start", actor=OWNER)
    finally:
        await house.close()


async def _read_orders(house: House) -> None:
    """Read the open orders first: the count that follows is of what lies there, promised or not."""
    for shop in await ops.shop_list(house):
        await ops.orders_read(house, name=shop["name"])


async def _until_divided(settings: Settings, hub: Program) -> None:
    """Wait until every piece is promised once: before, both shops showed all of it, and no hub can undo a sale."""
    house = open_house(settings)
    try:
        for _ in range(PATIENCE * 4):
            assert hub.lives(0.25), "the hub ended by itself"
            stock = await ops.stock_show(house)
            if not any(row["over_exposed"] or row["over_exposed"] is None for row in stock):
                return
        raise AssertionError("the stock was never divided")
    finally:
        await house.close()


async def _until_quiet(settings: Settings, hub: Program) -> None:
    house = open_house(settings)
    try:
        quiet = 0
        for _ in range(PATIENCE * 2):
            assert hub.lives(0.5), "the hub ended by itself"
            row = await house.db.read(
                lambda tx: tx.one(
                    "SELECT (SELECT COUNT(*) FROM stock_write WHERE ended_at IS NULL) "
                    "+ (SELECT COUNT(*) FROM stock_fact WHERE folded = 0) "
                    "+ (SELECT COUNT(*) FROM order_line WHERE open = 1 AND state = 'unpaid')"
                )
            )
            quiet = quiet + 1 if row and row[0] == 0 else 0
            if quiet >= 24:  # twelve seconds: feeds and a deep look were read meanwhile
                return
        raise AssertionError("the hub never came to rest")
    finally:
        await house.close()


async def _compare(settings: Settings, control: str) -> promises.Verdict:
    house = open_house(settings)
    try:
        return promises.compare(house, ask(f"{control}/books"))
    finally:
        await house.close()


@pytest.mark.kill
@pytest.mark.timeout(600)
def test_a_hub_killed_twenty_times_loses_and_doubles_nothing(tmp_path: Path) -> None:
    play(tmp_path, seed=11, kills=KILLS)


@pytest.mark.long
@pytest.mark.kill
@pytest.mark.parametrize("world", range(max(1, int(os.environ.get("JANGBU_TEST_N", "1000")) // KILLS_A_WORLD)))
@pytest.mark.timeout(3600)
def test_a_hub_killed_a_thousand_times_loses_and_doubles_nothing(world: int, tmp_path: Path) -> None:
    play(tmp_path, seed=1000 + world, kills=KILLS_A_WORLD)
