"""Fetches the pictures of listings in the background, so that goods without codes can be recognised."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from jangbu.app.bootstrap import House
from jangbu.catalog import photos
from jangbu.catalog.photos import Wanted
from jangbu.infra.pictures import Looked, UnreadablePicture, look_at
from jangbu.kernel.ids import ShopId
from jangbu.sdk.http import PictureFetcher, is_loopback
from jangbu.shops import service as shops

log = structlog.get_logger()

LOOKED_EVERY_S: Final = 5.0
AT_ONCE: Final = 10
LARGE: Final = 200_000  # bytes; unpacking more takes a while, so that is done beside the loop
PAUSE_S: Final = 0.2  # between two pictures: they never hurry


class Picturer:
    """Looks at pictures, a few at a time; one that cannot be had is left out after some tries."""

    def __init__(self, house: House, works_for: Callable[[ShopId], bool]) -> None:
        """Fetch only for shops this process works for."""
        self._house, self._works_for = house, works_for

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            if not await self.step():
                await self._house.clock.sleep(LOOKED_EVERY_S)

    async def step(self) -> int:
        """Fetch the next few; tell how many were tried."""
        now = self._house.clock.now()
        mine = [shop for shop in await self._house.db.read(shops.all_shops) if self._works_for(shop.id)]
        local = {shop.id: is_loopback(shop.api_url) for shop in mine}
        wanted = await self._house.db.read(lambda tx: photos.due(tx, now, AT_ONCE, list(local)))
        for picture in wanted:
            await self._keep(picture, await self._look(picture, local=local[picture.shop_id]))
            await self._house.clock.sleep(PAUSE_S)
        return len(wanted)

    async def _look(self, picture: Wanted, *, local: bool) -> Looked | None:
        fetcher = PictureFetcher(local=local, transport=self._house.transport)
        try:
            content = await fetcher.get(picture.address)
            if content and len(content) > LARGE:
                return await asyncio.to_thread(_looked, content)
            return _looked(content)
        except Exception as error:  # one picture is lost, the hub goes on
            log.exception("picture.crashed", shop=picture.shop_id, kind=type(error).__name__)
            return None
        finally:
            await fetcher.aclose()

    async def _keep(self, picture: Wanted, looked: Looked | None) -> None:
        now = self._house.clock.now()
        if looked is None:
            log.info("picture.missing", shop=picture.shop_id, listing=picture.listing_id, place=picture.place)
            await self._house.db.write(lambda tx: photos.failed(tx, picture, now))
            return
        await self._house.db.write(lambda tx: photos.seen(tx, picture, looked.hashes, looked.small))


def _looked(content: bytes | None) -> Looked | None:
    try:
        return look_at(content) if content else None
    except UnreadablePicture:
        return None
