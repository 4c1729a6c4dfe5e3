"""Keeps the last look at each broken connection, and has it looked at again rarely and quietly. Owns `shop_check`."""

from __future__ import annotations

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
    """Keep a look; after a broken one the next comes later and later, after a sound one there is nothing to keep."""
    before = latest(tx, shop)
    if all(each["state"] != "broken" for each in rungs):
        tx.run("DELETE FROM shop_check WHERE shop_id = ?", (shop,))
        return
    wait = next_check(before.wait if before else None)
    tx.run(
        "INSERT INTO shop_check (shop_id, at, wait_ms, rungs) VALUES (?, ?, ?, ?) ON CONFLICT (shop_id) DO UPDATE SET "
        "at = excluded.at, wait_ms = excluded.wait_ms, rungs = excluded.rungs",
        (shop, to_ms(now), int(wait.total_seconds() * 1000), msgspec.json.encode(list(rungs)).decode()),
    )


def latest(tx: ReadTx, shop: ShopId) -> Check | None:
    """Give the last look at a shop that was broken then."""
    row = tx.one("SELECT at, wait_ms, rungs FROM shop_check WHERE shop_id = ?", (shop,))
    return Check(from_ms(row[0]), timedelta(milliseconds=row[1]), msgspec.json.decode(row[2])) if row else None


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
            for shop in await self._house.db.read(self._due):
                try:
                    await self._look(self._house, name=shop.id)
                except JangbuError as error:  # the shop went, or nothing can be asked now: another time
                    log.info("check.failed", shop=shop.id, code=error.code)

    def _due(self, tx: ReadTx) -> list[Shop]:
        return [shop for shop in shops.all_shops(tx) if self._works_for(shop.id) and self._is_due(tx, shop)]

    def _is_due(self, tx: ReadTx, shop: Shop) -> bool:
        if not shop.trouble or shop.trouble_at is None or shop.state is ShopState.DISCONNECTED:
            return False
        now, last = self._house.clock.now(), latest(tx, shop.id)
        if last is None or last.at < shop.trouble_at:
            return now >= shop.trouble_at + CHECK_FIRST
        return now >= last.next_at
