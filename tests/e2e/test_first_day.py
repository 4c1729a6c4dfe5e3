"""The first day: Jangbu watches and writes nothing; after start it writes what the plan said, and no more (P13)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.town import START, Town, a_town
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.kernel.errors import InputError, NotFound

OWNER = "person:owner"


async def watching(town: Town) -> None:
    """Do all of the first day but pressing start."""
    await town.connect("etsy", "etsy")
    await town.connect("naver", "naver")
    await ops.catalog_import(town.house)
    await ops.catalog_link_by_sku(town.house, actor=OWNER)
    town.start_hub()
    await town.sleep(30)
    counted = list(town.world.goods.physical.items())
    await ops.stock_many(town.house, action="count", rows=counted, actor=OWNER)
    await town.sleep(60)


def planned(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {row["cell"]: row["target"] for row in rows}


async def shown(town: Town, name: str) -> dict[str, int]:
    rows = await ops.plan(town.house, name=name)
    return {row["cell"]: row["now"] for row in rows}


def test_before_start_nothing_is_written_and_after_it_what_the_plan_said(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=8) as town:
            await watching(town)
            assert await ops.recent_writes(town.house) == []
            plan = {name: planned(await ops.plan(town.house, name=name)) for name in ("etsy", "naver")}
            for name in ("etsy", "naver"):
                await ops.shop_state(town.house, name=name, action="start", actor=OWNER)
            await town.quiet()
            assert {name: await shown(town, name) for name in plan} == plan

    run_virtual(play(), start=START)


def test_a_shop_started_for_a_few_skus_is_written_for_those_alone(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=8) as town:
            await watching(town)
            before = await shown(town, "naver")
            skus = sorted({row["sku"] for row in town.books()["channels"]["naver"]["numbers"].values()})[:3]
            cells = {
                cell["cell"]
                for sku in skus
                for cell in (await ops.stock_show(town.house, sku=sku))[0]["shops"]
                if cell["shop"] == "naver"
            }
            facts = await ops.shop_state(
                town.house, name="naver", action="start", actor=OWNER, scope="skus", skus=skus
            )
            assert facts["scope"] == "skus"
            await town.quiet()
            after = await shown(town, "naver")
            changed = {cell for cell, number in after.items() if number != before[cell]}
            assert changed
            assert changed <= cells

    run_virtual(play(), start=START)


@pytest.mark.parametrize(
    ("scope", "skus", "error"),
    [("some", [], InputError), ("skus", [], InputError), ("all", ["X"], InputError), ("skus", ["NO-SUCH"], NotFound)],
)
def test_a_start_that_makes_no_sense_starts_nothing(
    tmp_path: Path, scope: str, skus: list[str], error: type[Exception]
) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=8) as town:
            await town.connect("naver", "naver")
            with pytest.raises(error):
                await ops.shop_state(
                    town.house, name="naver", action="start", actor=OWNER, scope=scope, skus=skus
                )
            facts = await ops.shop_show(town.house, name="naver")
            assert (facts["state"], facts["scope"]) == ("watching", "all")

    run_virtual(play(), start=START)
