"""One SmartStore as world, buyers and control see it; the wire is the gateway's, the rules are the shop's."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random
from typing import Any

import msgspec
from starlette.types import ASGIApp

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.emulator import OfferView
from jangbu.sandbox.core.faults import Faults
from jangbu.sandbox.core.goods import Goods
from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.core.traffic import Traffic
from jangbu.sandbox.core.wire import Wire
from jangbu.sandbox.naver import seed, signature, stock
from jangbu.sandbox.naver.gateway import CHANNEL, Gateway
from jangbu.sandbox.naver.settings import DEFAULTS
from jangbu.sandbox.naver.shop import Shop, Wish, offer_id, read_offer
from jangbu.sandbox.naver.state import Line, Product, State
from jangbu.sandbox.naver.token import Tokens


class NaverEmulator:
    """The emulator; what happens by itself is carried out whenever somebody looks or calls."""

    name = CHANNEL

    def __init__(self, *, goods: Goods, clock: Clock, rng: Random, faults: Faults, strict: bool, base_url: str) -> None:
        self._goods = goods
        self._clock = clock
        self._base_url = base_url
        self._seed = f"{rng.getrandbits(64):016x}"
        self._client_id = signature.make_client_id(Random(f"{self._seed}|application"))
        self.settings = Settings(DEFAULTS)
        self.traffic = Traffic()
        self._shop = Shop(State(), self.settings, self._seed)
        self._tokens = Tokens(self._shop, self._seed, self._client_id, strict=strict)
        self._gateway = Gateway(
            shop=self._shop, tokens=self._tokens, secret=self._secret, clock=clock, faults=faults,
            traffic=self.traffic, strict=strict,
        )  # fmt: skip
        self.app: ASGIApp = Wire(
            channel=CHANNEL, desk=self._gateway, clock=clock, faults=faults, traffic=self.traffic,
            settings=self.settings,
        )  # fmt: skip
        seed.fill(self._shop, goods, CHANNEL, self._gateway.now(), self._base_url)

    def offers(self) -> list[OfferView]:
        self._catch_up()
        return [view for product in self._shop.products() for view in _views(product)]

    def buy(self, offer: str, quantity: int) -> str | None:
        """One line bought; a share of the buyers will pay by bank transfer, or never."""
        unpaid = self._shop.draw(0, 1) < self.settings.number("unpaid_share")
        return self.check_out([(offer, quantity)], unpaid=unpaid)

    def check_out(self, wishes: list[tuple[str, int]], *, unpaid: bool = False) -> str | None:
        """One order of several offers, all or none of them.

        Shape: (offer id, quantity) for each line.
        """
        now = self._catch_up()
        wanted = [Wish(*read_offer(offer), quantity) for offer, quantity in wishes]
        return self._shop.check_out(wanted, now, unpaid=unpaid)

    def cancel(self, order_id: str, line_id: str | None, quantity: int | None, *, restock: bool) -> bool:
        """The buyer's wish to cancel: done at once, or a request where the order was confirmed."""
        now = self._catch_up()
        ids = self._shop.state.orders.get(order_id, [])
        lines = [self._shop.line(each) for each in ids if line_id in (None, each)]
        done = [self._shop.buyer_cancels(line, quantity or line.remain, now, restock=restock) for line in lines]
        return any(done)

    def move(self, order_id: str, door: str) -> bool:
        """The buyer gives another door; orders already on their way stay as they are. The feed says nothing of it."""
        now = self._catch_up()
        lines = [self._shop.line(each) for each in self._shop.state.orders.get(order_id, [])]
        waiting = [line for line in lines if line.delivery is None]
        for line in waiting:
            self._shop.store(msgspec.structs.replace(line, moved=door), now)
        return bool(waiting)

    def env(self) -> dict[str, str]:
        return {
            "JANGBU_NAVER_API_URL": self._base_url,
            "NAVER_CLIENT_ID": self._client_id,
            "NAVER_CLIENT_SECRET": self._secret(),
        }

    def books(self) -> dict[str, Any]:
        self._catch_up()
        lines = [timeline.latest for timeline in self._shop.state.lines.values()]
        sold: Counter[str] = Counter()
        for line in lines:
            sold[line.sku] += line.remain
        return {
            "orders": [_book_row(line) for line in lines],
            "sold": dict(sold),
            "numbers": {
                view.offer_id: {"sku": view.sku, "quantity": view.quantity, "on_sale": view.on_sale}
                for view in self.offers()
            },
            "calls": self.traffic.calls(),
            "writes": self.traffic.writes(),
            "fees": 0,
            "buyers_disappointed": self._shop.state.disappointed,
        }

    async def run(self) -> None:
        """Waits to be cancelled: nothing here needs a task of its own."""
        await asyncio.Event().wait()

    def reset(self) -> None:
        self.settings.reset()
        self.traffic.clear()
        self._shop.state = State()
        seed.fill(self._shop, self._goods, CHANNEL, self._gateway.now(), self._base_url)

    def snapshot(self) -> dict[str, Any]:
        state = msgspec.to_builtins(self._shop.state, str_keys=True)
        return {"state": state, "settings": self.settings.as_dict()}

    def restore(self, state: dict[str, Any]) -> None:
        """Puts a snapshot back.

        Errors: ValueError where it is none; nothing changes then.
        """
        try:
            restored = msgspec.convert(state["state"], State, strict=False)
            self.settings.update(state["settings"])
        except (KeyError, msgspec.ValidationError) as error:
            raise ValueError(f"this is no snapshot of {CHANNEL}: {error}") from None
        self._shop.state = restored

    def _catch_up(self) -> int:
        now = self._gateway.now()
        self._shop.settle(now)
        return now

    def _secret(self) -> str:
        """The client secret now valid; each reissue gives another."""
        generation = int(self.settings.number("secret_generation"))
        return signature.make_secret(Random(f"{self._seed}|secret|{generation}"))


def build(*, goods: Goods, clock: Clock, rng: Random, faults: Faults, strict: bool, base_url: str) -> NaverEmulator:
    """The emulator of one SmartStore, filled from the goods."""
    return NaverEmulator(goods=goods, clock=clock, rng=rng, faults=faults, strict=strict, base_url=base_url)


def _views(product: Product) -> list[OfferView]:
    if not product.options:
        on_sale = stock.buyable(product, None)
        return [OfferView(offer_id(product.no, None), product.sku, product.stock, on_sale)]
    return [
        OfferView(offer_id(product.no, option.id), option.sku, option.stock, stock.buyable(product, option))
        for option in product.options
    ]


def _book_row(line: Line) -> dict[str, Any]:
    parcel = line.delivery
    return {
        "id": line.order_id,
        "line": line.id,
        "sku": line.sku,
        "offer": line.offer,
        "quantity": line.quantity,
        "cancelled": line.quantity - line.remain,
        "placed_at": line.placed_at / 1000,
        "status": line.status,
        "tracking": [{"carrier": parcel.company, "code": parcel.number}] if parcel and parcel.number else [],
    }
