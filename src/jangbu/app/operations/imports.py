"""Have a shop's listings read by the running hub, and tell how far that has come."""

from __future__ import annotations

from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso
from jangbu.catalog import import_runs as runs
from jangbu.catalog.import_runs import ImportRun
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.shops import service as shops


async def import_begin(house: House, *, name: str, actor: str) -> Facts:
    """Ask for a shop's listings to be read in the background. Repeat: one under way goes on."""
    now = house.clock.now()

    def write(tx: WriteTx) -> str:
        shop = shops.named(tx, name)
        runs.ask(tx, shop.id, now, actor=actor)
        return shop.id

    shop = await house.db.write(write)
    return next(each for each in await import_list(house) if each["shop_id"] == shop)


async def import_list(house: House) -> list[Facts]:
    """Tell how far the reading of each shop's listings has come."""

    def read(tx: ReadTx) -> list[Facts]:
        found = runs.all_runs(tx)
        return [_facts(shop.name, found[shop.id]) for shop in shops.all_shops(tx) if shop.id in found]

    return await house.db.read(read)


def _facts(name: str, run: ImportRun) -> Facts:
    return {
        "shop": name, "shop_id": run.shop_id, "state": run.state, "asked_at": iso(run.asked_at),
        "begun_at": iso(run.begun_at), "ended_at": iso(run.ended_at), "expected": max(run.expected, run.listings),
        "listings": run.listings, "offers": run.offers, "trouble": run.trouble,
    }  # fmt: skip
