"""Keeps the last look at each broken connection, and has it looked at again rarely and quietly. Owns `shop_check`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import structlog

from jangbu.app.bootstrap import House
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.errors import JangbuError
from jangbu.kernel.ids import ShopId
from jangbu.shops import service as shops
from jangbu.shops.model import Shop, ShopState
from jangbu.watch.diagnosis import CHECK_FIRST, next_check

log = structlog.get_logger()

LOOKED_EVERY_S: Final = 30.0


@dataclass(frozen=True)
class Check:
    """One look: when, what each rung showed, and how long until the next."""

    at: datetime
    wait: timedelta
    rungs: list[dict[str, Any]]

    @property
    def next_at(self) -> datetime:
        """Tell when the next look is due."""
        return self.at + self.wait


def keep(tx: WriteTx, shop: ShopId, rungs: Sequence[dict[str, Any]], now: datetime) -> None:
    """Keep a look; after a sound one there is nothing to keep.

    After a broken one the next comes later and later, but at once again when the trouble is a new one or has moved to
    another rung. A look asked for by hand makes nothing later.
    """
    if all(each["state"] != "broken" for each in rungs):
        tx.run("DELETE FROM shop_check WHERE shop_id = ?", (shop,))
        return
    found = shops.by_id(tx, shop)
    before = of_trouble(tx, found) if found else None
    if before is not None and _broken(before.rungs) != _broken(rungs):
        before = None
    early = before is not None and now < before.next_at
    wait = before.wait if before and early else next_check(before.wait if before else None)
    tx.run(
        "INSERT INTO shop_check (shop_id, at, wait_ms, rungs) VALUES (?, ?, ?, ?) ON CONFLICT (shop_id) DO UPDATE SET "
        "at = excluded.at, wait_ms = excluded.wait_ms, rungs = excluded.rungs",
        (shop, to_ms(now), int(wait.total_seconds() * 1000), msgspec.json.encode(list(rungs)).decode()),
    )


def latest(tx: ReadTx, shop: ShopId) -> Check | None:
    """Give the last look at a shop that was broken then."""
    row = tx.one("SELECT at, wait_ms, rungs FROM shop_check WHERE shop_id = ?", (shop,))
    return Check(from_ms(row[0]), timedelta(milliseconds=row[1]), msgspec.json.decode(row[2])) if row else None


def of_trouble(tx: ReadTx, shop: Shop) -> Check | None:
    """Give the last look at the trouble a shop is in; None when nobody looked since it began."""
    last = latest(tx, shop.id)
    return last if last and shop.trouble and shop.trouble_at is not None and last.at >= shop.trouble_at else None


def _broken(rungs: Sequence[dict[str, Any]]) -> tuple[str, str]:
    return next(((each["rung"], each["code"]) for each in rungs if each["state"] == "broken"), ("", ""))


class Checker:
    """Looks at broken connections again, one token call each time."""

    def __init__(
        self, house: House, works_for: Callable[[ShopId], bool], look: Callable[..., Any]
    ) -> None:
        """Look only at shops this process works for; `look(house, name=…)` walks the ladder and keeps what it saw."""
        self._house, self._works_for, self._look = house, works_for, look

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            await self._house.clock.sleep(LOOKED_EVERY_S)
            await self.step()

    async def step(self) -> int:
        """Look at what is due, side by side, so that a slow shop keeps no other waiting; tell how many."""
        due = await self._house.db.read(self._due)
        await asyncio.gather(*(self._one(shop) for shop in due))
        return len(due)

    async def _one(self, shop: Shop) -> None:
        try:
            await self._look(self._house, name=shop.id)
        except JangbuError as error:  # the shop went, or nothing can be asked now: another time
            log.info("check.failed", shop=shop.id, code=error.code)
        except Exception as error:  # the look crashes, the hub does not
            log.exception("check.crashed", shop=shop.name, kind=type(error).__name__)

    def _due(self, tx: ReadTx) -> list[Shop]:
        return [shop for shop in shops.all_shops(tx) if self._works_for(shop.id) and self._is_due(tx, shop)]

    def _is_due(self, tx: ReadTx, shop: Shop) -> bool:
        if not shop.trouble or shop.trouble_at is None or shop.state is ShopState.DISCONNECTED:
            return False
        last = of_trouble(tx, shop)
        return self._house.clock.now() >= (last.next_at if last else shop.trouble_at + CHECK_FIRST)
