"""What the conformance kit builds its cases from: one shop's door, its listings, writes made for any channel."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
from tests.contract.lives import a_recorded_town
from tests.support.recording import Recording
from tests.support.town import START, Town
from tests.support.vtime import run_virtual

from jangbu.app.bootstrap import ShopDoor, open_door
from jangbu.kernel.secret import Secret
from jangbu.sandbox.core.world import World
from jangbu.sdk.adapter import Grant
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.records import Listing, RemoteOrder, StockWrite
from jangbu.shops import service as shops


@dataclass
class Bench:
    """One connected shop of a town, with nobody else at work."""

    town: Town
    channel: str

    @property
    def manifest(self) -> Manifest:
        return self.town.house.manifests[self.channel]

    @property
    def emulator(self) -> Any:
        return self.town.world.emulators[self.channel]

    def door(self) -> ShopDoor:
        """Open a way to the shop with the credential that is stored."""
        shop = self.town.house.db.read_now(lambda tx: shops.named(tx, self.channel))
        return open_door(self.town.house, shop)

    def adapter(self) -> Any:
        return self.door().adapter(Order())

    def door_with(self, token: str, expires_at: datetime | None) -> ShopDoor:
        """Open a way with another access token; the rest of the credential is the seller's own."""
        grant = Grant(self.town.credentials(self.channel), Secret(token), expires_at)
        address = self.town.house.api_url(self.channel)
        return ShopDoor(self.town.house, self.manifest, grant, key="bench", api_url=address)

    async def listings(self) -> list[Listing]:
        return [listing async for listing in self.adapter().listings()]

    async def one_of_each_kind(self) -> list[Listing]:
        """Give one listing for each kind of write the channel has."""
        by_kind = {listing.ref.write_kind: listing for listing in await self.listings()}
        assert set(by_kind) == set(self.manifest.write_kinds)
        return list(by_kind.values())

    async def write_of(self, listing: Listing, more: int) -> StockWrite:
        """Make a write that raises every number of a listing, read first where its kind needs that."""
        kind = self.manifest.write_kinds[listing.ref.write_kind]
        (read,) = await self.adapter().read_numbers([listing.ref])
        numbers = {cell: number + more for cell, number in read.numbers.items()}
        return StockWrite(listing.ref, numbers, read if kind.needs_read else None)

    def shown(self) -> dict[str, tuple[int, bool]]:
        """Give what buyers see of every offer."""
        return {view.offer_id: (view.quantity, view.on_sale) for view in self.emulator.offers()}

    def sell(self, quantity: int = 1) -> str:
        """Have a buyer take something of which there is enough; give the order."""
        offer = max(self.emulator.offers(), key=lambda each: each.quantity if each.on_sale else 0)
        order = self.emulator.buy(offer.offer_id, quantity)
        assert order is not None
        return str(order)

    async def order(self, remote_id: str) -> RemoteOrder:
        (found,) = await self.adapter().read_orders([remote_id])
        assert isinstance(found, RemoteOrder)
        return found


Case = Callable[[Bench, Recording], Coroutine[Any, Any, None]]


async def bench(town: Town, channel: str, **settings: Any) -> Bench:
    """Connect one shop of a town. `settings` are the emulator's; without any nothing is late or unpaid there."""
    quiet = {"etsy": {"processing_share": 0.0}, "naver": {"unpaid_share": 0.0}}[channel]
    town.world.emulators[channel].settings.update({"feed_lag_min_s": 0.0, "feed_lag_max_s": 0.0, **quiet, **settings})
    await town.connect(channel, channel)
    return Bench(town, channel)


def on_a_bench(case: Case, channel: str, home: Path, **settings: Any) -> None:
    """Play a case with one connected shop; what goes over the wire is judged at the end."""

    async def play() -> None:
        async with a_recorded_town(home) as (town, recording):
            await case(await bench(town, channel, **settings), recording)

    run_virtual(play(), start=START)


class Insatiable(Recording):
    """A way on which every list claims to go on: its first page comes again and again, or empty ones do.

    What a page says of itself is overwritten in the words of either channel.
    """

    def __init__(self, world: World, *, empty: bool) -> None:
        """Begin truthful; lie from the moment `lying` is set."""
        super().__init__(world)
        self.lying = False
        self._empty = empty
        self._first: dict[str, Any] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await super().handle_async_request(request)
        if not self.lying:
            return answer
        state = request.url.params.get("state", "")
        page = self._first.setdefault(f"{request.method} {request.url.path} {state}", answer.json())
        return httpx2.Response(200, headers={"date": answer.headers["date"]}, json=self._lie(page))

    def _lie(self, page: Any) -> Any:
        if not isinstance(page, dict):
            return page
        told = {name: self._lie(value) if name == "data" else value for name, value in page.items()}
        if "results" in page:
            told["count"] = 250
        if page.get("contents") or (self._empty and "contents" in page):
            told |= {"totalPages": 3, "last": False, "pagination": {"page": 1, "size": 300, "hasNext": True}}
        if "lastChangeStatuses" in page:
            told["more"] = {"moreFrom": page["lastChangeStatuses"][0]["lastChangedDate"], "moreSequence": "1"}
        if self._empty:
            told |= {name: [] for name in ("results", "contents", "lastChangeStatuses") if name in page}
        return told
