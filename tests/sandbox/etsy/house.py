"""An Etsy emulator in this process with a clock moved by hand and a client that knows the way in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import httpx2

from jangbu.sandbox.core.clock import HandClock
from jangbu.sandbox.core.world import World
from jangbu.sandbox.etsy.emulator import EtsyEmulator

ORIGIN = "http://127.0.0.1:9101"


class House:
    """World, emulator and client of one test."""

    def __init__(self, *, strict: bool = True, seed: int = 1, limits: bool = False) -> None:
        self.clock = HandClock()
        self.world = World(seed=seed, channels=("etsy",), clock=self.clock, strict=strict)
        emulator = self.world.emulators["etsy"]
        assert isinstance(emulator, EtsyEmulator)
        self.etsy = emulator
        self.env = emulator.env()
        self.shop = f"/shops/{self.env['ETSY_SHOP_ID']}"
        if not limits:
            self.set(limit_per_second=10_000)
        self.set(feed_lag_min_s=0.0, feed_lag_max_s=0.0, processing_share=0.0)
        self.client = httpx2.AsyncClient(transport=httpx2.ASGITransport(self.etsy.app), base_url=ORIGIN)
        self.headers = {
            "x-api-key": f"{self.env['ETSY_KEYSTRING']}:{self.env['ETSY_SHARED_SECRET']}",
            "authorization": f"Bearer {self.env['ETSY_ACCESS_TOKEN']}",
        }

    def set(self, **settings: object) -> None:
        self.etsy.settings.update(settings)

    async def call(self, method: str, path: str, **kwargs: Any) -> httpx2.Response:
        headers = {**self.headers, **kwargs.pop("headers", {})}
        return await self.client.request(method, f"/v3/application{path}", headers=headers, **kwargs)

    async def get(self, path: str, **params: str | int) -> Any:
        answer = await self.call("GET", path, params=params or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def refusal(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        answer = await self.call(method, path, **kwargs)
        return answer.status_code, answer.json()

    # the shop

    def offer(self, sku: str) -> str:
        return next(each.offer_id for each in self.etsy.offers() if each.sku == sku)

    def number(self, sku: str) -> int:
        return next(each.quantity for each in self.etsy.offers() if each.sku == sku)

    def on_sale(self, sku: str) -> bool:
        return next(each.on_sale for each in self.etsy.offers() if each.sku == sku)

    def listing_id(self, sku: str) -> int:
        return int(self.offer(sku).partition("/")[0])

    def buy(self, sku: str, quantity: int = 1) -> str:
        order = self.etsy.buy(self.offer(sku), quantity)
        assert order is not None
        return order

    async def sell_out(self, sku: str) -> None:
        while self.number(sku):
            self.buy(sku)

    async def inventory(self, sku: str) -> Any:
        return await self.get(f"/listings/{self.listing_id(sku)}/inventory")

    async def put(self, sku: str, body: Any, **params: str) -> httpx2.Response:
        return await self.call("PUT", f"/listings/{self.listing_id(sku)}/inventory", json=body, params=params)

    async def patch(self, sku: str, /, **form: str) -> httpx2.Response:
        return await self.call("PATCH", f"{self.shop}/listings/{self.listing_id(sku)}", data=form)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.etsy.run())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def writable(inventory: Any, **numbers: int) -> Any:
    """The PUT body for an inventory as read, with new numbers by SKU."""
    products = [
        {
            "sku": product["sku"],
            "property_values": [
                {name: value[name] for name in ("property_id", "property_name", "scale_id", "value_ids", "values")}
                for value in product["property_values"]
            ],
            "offerings": [
                {
                    "price": offering["price"]["amount"] / offering["price"]["divisor"],
                    "quantity": numbers.get(product["sku"].replace("-", "_"), offering["quantity"]),
                    "is_enabled": offering["is_enabled"],
                    "readiness_state_id": offering["readiness_state_id"],
                }
                for offering in product["offerings"]
            ],
        }
        for product in inventory["products"]
    ]
    return {
        **{key: value for key, value in inventory.items() if key.endswith("_on_property")},
        "products": products,
    }


def numbers_of(inventory: Any) -> dict[str, int]:
    return {each["sku"]: each["offerings"][0]["quantity"] for each in inventory["products"]}
