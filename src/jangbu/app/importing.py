"""Reads the listings that somebody asked for, one shop after the other, and goes on after a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import structlog

from jangbu.app.bootstrap import House
from jangbu.app.operations.catalog import catalog_import
from jangbu.catalog import import_runs as runs
from jangbu.kernel.errors import JangbuError, Transient
from jangbu.kernel.ids import ShopId

log = structlog.get_logger()

LOOKED_EVERY_S: Final = 5.0
TRIES: Final = 3
TRY_AGAIN_AFTER_S: Final = 30.0
CRASHED: Final = "import.crashed"


class Importer:
    """The hub's reader of listings. Its calls wait behind all that is urgent: the call budget sees to that."""

    def __init__(self, house: House, works_for: Callable[[ShopId], bool]) -> None:
        """Read only for shops this process works for, so that no two processes read one shop."""
        self._house, self._works_for = house, works_for

    async def run(self) -> None:
        """Work until cancelled. A reading that was cut off is begun anew at the next start."""
        wake = self._house.db.subscribe(runs.TOPIC)
        while True:
            for shop in await self._house.db.read(runs.waiting):
                if self._works_for(shop):
                    await self._read(shop)
            await wake.wait(LOOKED_EVERY_S)

    async def _read(self, shop: ShopId) -> None:
        """Read one shop; what fails is noted on its run, for a person to ask again."""
        for left in reversed(range(TRIES)):
            try:
                await catalog_import(self._house, name=shop)
            except Transient as error:
                log.warning("import.broken_off", shop=shop, code=error.code, tries_left=left)
                if not left:
                    return
                await self._house.clock.sleep(TRY_AGAIN_AFTER_S)
            except JangbuError as error:
                await self._failed(shop, error.code)
                return
            except Exception as error:  # the reading crashes, the hub does not
                log.exception("import.crashed", shop=shop, kind=type(error).__name__)
                await self._failed(shop, CRASHED)
                return
            else:
                return

    async def _failed(self, shop: ShopId, code: str) -> None:
        log.warning("import.failed", shop=shop, code=code)
        now = self._house.clock.now()
        await self._house.db.write(lambda tx: runs.ended(tx, shop, now, code))
