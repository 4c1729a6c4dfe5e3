"""Owns the buyers: who comes when, wants what and changes their mind; selling is the emulators' business."""

import asyncio
import heapq
import itertools
import math
import random
from collections.abc import Mapping
from typing import Any

import msgspec

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.emulator import Emulator, OfferView


class BuyersConfig(msgspec.Struct, forbid_unknown_fields=True):
    """How buyers behave.

    Units: `rate` is arrivals per second over all shops (times `rush_factor` in a rush), `skew` sharpens
    popularity (0 = all alike), shares lie in 0..1, times are seconds.
    """

    rate: float = 0.5
    skew: float = 1.0
    running: bool = True
    max_orders: int | None = None
    rush: bool = False
    rush_factor: float = 6.0
    pairs_share: float = 0.15
    cancel_share: float = 0.08
    cancel_after_s: float = 8.0
    restock_share: float = 0.6
    channel_shares: dict[str, float] = {}


class _Regret(msgspec.Struct, frozen=True, order=True):
    due: float
    order: int
    channel: str
    order_id: str
    quantity: int | None
    restock: bool


class Buyers:
    """Poisson arrivals at all shops; deterministic for one seed and one course of stock."""

    def __init__(
        self,
        *,
        clock: Clock,
        rng: random.Random,
        weights: Mapping[str, float],
        emulators: Mapping[str, Emulator],
        config: BuyersConfig,
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._rng_start = rng.getstate()
        self._weights = weights
        self._emulators = emulators
        self._config_start = config
        self.config = config
        self.placed = 0
        self._regrets: list[_Regret] = []
        self._running_number = itertools.count()
        self._changed = asyncio.Event()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Changes some of the configuration.

        Errors: ValueError naming what is wrong; nothing changes then.
        """
        try:
            config = msgspec.convert({**msgspec.to_builtins(self.config), **changes}, BuyersConfig)
        except msgspec.ValidationError as error:
            raise ValueError(str(error)) from None
        if config.rate < 0 or config.skew < 0 or config.rush_factor < 0:
            raise ValueError("rate, skew and rush_factor must not be negative")
        if config.max_orders is not None and config.max_orders < 0:
            raise ValueError("max_orders must not be negative")
        self.config = config
        self._changed.set()

    def reset(self) -> None:
        """Forgets all orders; the configuration of the start holds again."""
        self._rng.setstate(self._rng_start)
        self.config = self._config_start
        self.placed = 0
        self._regrets.clear()
        self._changed.set()

    async def run(self) -> None:
        """Lets buyers come and go until cancelled."""
        next_visit = self._next_visit()
        while True:
            moments = [each for each in (next_visit, self._next_regret()) if each is not None]
            if await self._clock.wait(self._changed, min(moments, default=None)):
                self._changed.clear()
                next_visit = self._next_visit()
                continue
            self._change_minds()
            if next_visit is not None and next_visit <= self._clock.now() + 1e-6:
                self.visit()
                next_visit = self._next_visit()

    def visit(self) -> str | None:
        """One buyer comes: the order's id, or None when there was nothing to sell."""
        names = sorted(self._emulators)
        if not names:
            return None
        shares = [self.config.channel_shares.get(name, 1.0) for name in names]
        channel = self._rng.choices(names, shares)[0]
        offers = self._emulators[channel].offers()
        offer = self._rng.choices(offers, [self._pull(each) for each in offers])[0]
        quantity = 2 if self._rng.random() < self.config.pairs_share else 1
        order = self._emulators[channel].buy(offer.offer_id, quantity)
        if order is not None:
            self.placed += 1
            self._maybe_regret(channel, order, quantity)
        return order

    def _pull(self, offer: OfferView) -> float:
        return math.pow(self._weights.get(offer.sku, 1.0), self.config.skew)

    def _maybe_regret(self, channel: str, order: str, quantity: int) -> None:
        chance, delay, part, restock = (self._rng.random() for _ in range(4))
        if chance >= self.config.cancel_share:
            return
        regret = _Regret(
            due=self._clock.now() + 2 * delay * self.config.cancel_after_s,
            order=next(self._running_number),
            channel=channel,
            order_id=order,
            quantity=1 if quantity > 1 and part < 0.5 else None,  # noqa: PLR2004 -- every second one
            restock=restock < self.config.restock_share,
        )
        heapq.heappush(self._regrets, regret)

    def _change_minds(self) -> None:
        while self._regrets and self._regrets[0].due <= self._clock.now() + 1e-6:
            regret = heapq.heappop(self._regrets)
            self._emulators[regret.channel].cancel(regret.order_id, None, regret.quantity, restock=regret.restock)

    def _next_regret(self) -> float | None:
        return self._regrets[0].due if self._regrets else None

    def _next_visit(self) -> float | None:
        config = self.config
        rate = config.rate * (config.rush_factor if config.rush else 1.0)
        full = config.max_orders is not None and self.placed >= config.max_orders
        if not config.running or rate <= 0 or full:
            return None
        return self._clock.now() + self._rng.expovariate(rate)
