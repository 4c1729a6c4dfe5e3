"""Owns one sandbox as a whole: goods, emulators, faults and buyers together; no sockets, no arguments."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any, Final

from jangbu.sandbox.core.buyers import Buyers, BuyersConfig
from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.emulator import Emulator
from jangbu.sandbox.core.faults import Faults
from jangbu.sandbox.core.goods import seeded_goods

PORTS: Final = {"etsy": 1, "naver": 2, "shopify": 3, "amazon": 4}  # above the control's
GROUP: Final = "jangbu.sandbox"


class World:
    """Marketplaces, goods and buyers of one seed.

    Errors: ValueError when a channel has no emulator here.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        channels: Sequence[str] | None = None,
        clock: Clock | None = None,
        strict: bool = False,
        buyers: BuyersConfig | None = None,
        base_port: int = 9100,
        products: int = 10,
        uncoded: int = 0,
    ) -> None:
        names = available() if channels is None else tuple(channels)
        self.seed = seed
        self.clock = clock or Clock()
        self.goods = seeded_goods(seed, names, products, uncoded)
        self.faults = Faults(_rng(seed, "faults"))
        self.ports = {name: base_port + PORTS[name] for name in names if name in PORTS}
        self.emulators: dict[str, Emulator] = {name: self._build(name, strict=strict) for name in dict.fromkeys(names)}
        self.buyers = Buyers(
            clock=self.clock,
            rng=_rng(seed, "buyers"),
            weights={sku: variant.weight for sku, variant in self.goods.variants.items()},
            emulators=self.emulators,
            config=buyers or BuyersConfig(running=False),
        )

    def _build(self, name: str, *, strict: bool) -> Emulator:
        base_url = f"http://127.0.0.1:{self.ports.get(name, 0)}"
        made: Emulator = _builder(name)(
            goods=self.goods,
            clock=self.clock,
            rng=_rng(self.seed, name),
            faults=self.faults,
            strict=strict,
            base_url=base_url,
        )
        return made

    async def run(self) -> None:
        """Background work of all parts, until cancelled."""
        async with asyncio.TaskGroup() as group:
            for emulator in self.emulators.values():
                group.create_task(emulator.run())
            group.create_task(self.buyers.run())

    def env(self) -> dict[str, str]:
        """What a hub needs to connect, for all channels."""
        return {key: value for each in self.emulators.values() for key, value in each.env().items()}

    def books(self) -> dict[str, Any]:
        """The truth: physical stock, each marketplace's books, and what was sold beyond stock."""
        books = {name: emulator.books() for name, emulator in self.emulators.items()}
        oversold = self._oversold(books)
        return {
            "physical": dict(self.goods.physical),
            "channels": books,
            "oversold": oversold,
            "oversold_total": sum(oversold.values()),
            "orders_total": sum(len({row["id"] for row in each["orders"]}) for each in books.values()),
        }

    def _oversold(self, books: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
        sold = {sku: sum(each["sold"].get(sku, 0) for each in books.values()) for sku in self.goods.physical}
        return {
            sku: units - self.goods.physical[sku] for sku, units in sold.items() if units > self.goods.physical[sku]
        }

    def reset(self) -> None:
        """Back to the seeded start; time goes on."""
        self.faults.replace([])
        self.buyers.reset()
        for emulator in self.emulators.values():
            emulator.reset()

    def snapshot(self) -> dict[str, Any]:
        """The emulators' state as JSON-able data."""
        return {"seed": self.seed, "channels": {n: e.snapshot() for n, e in self.emulators.items()}}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Puts a snapshot back.

        Errors: ValueError when it is of another seed or other channels; nothing changes then.
        """
        channels = state.get("channels")
        same = isinstance(channels, dict) and set(channels) == set(self.emulators)
        if not same or state.get("seed") != self.seed:
            raise ValueError("the snapshot is of another seed or other channels")
        before = self.snapshot()["channels"]
        try:
            for name, emulator in self.emulators.items():
                emulator.restore(state["channels"][name])
        except ValueError:
            for name, emulator in self.emulators.items():
                emulator.restore(before[name])
            raise


def available() -> tuple[str, ...]:
    """The emulators installed here, in the order of their ports."""
    found = {point.name for point in entry_points(group=GROUP)}
    return tuple(name for name in PORTS if name in found) + tuple(sorted(found - set(PORTS)))


def _builder(name: str) -> Any:  # noqa: ANN401 -- an entry point is whatever its package says
    points = entry_points(group=GROUP, name=name)
    if not points:
        known = ", ".join(available()) or "none is installed"
        raise ValueError(f"no emulator for {name!r} here (available: {known})")
    try:
        return next(iter(points)).load()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"the emulator for {name!r} cannot be loaded: {error}") from error


def _rng(seed: int, part: str) -> random.Random:
    return random.Random(f"{seed}:{part}")
