"""Owns the Etsy emulator as one piece: its parts put together, its books, reset and snapshot."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
from starlette.types import ASGIApp

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.emulator import OfferView
from jangbu.sandbox.core.faults import Faults
from jangbu.sandbox.core.goods import Goods
from jangbu.sandbox.core.traffic import Traffic
from jangbu.sandbox.core.wire import Wire
from jangbu.sandbox.etsy import seed
from jangbu.sandbox.etsy.desk import CHANNEL, EtsyDesk
from jangbu.sandbox.etsy.limits import KeyLimits
from jangbu.sandbox.etsy.model import Line, Receipt, State
from jangbu.sandbox.etsy.oauth import Authority, Grants
from jangbu.sandbox.etsy.reads import Reads
from jangbu.sandbox.etsy.settings import EtsySettings
from jangbu.sandbox.etsy.shop import Shop
from jangbu.sandbox.etsy.webhooks import Courier, Delivery
from jangbu.sandbox.etsy.writes import Writes


def build(
    *, goods: Goods, clock: Clock, rng: random.Random, faults: Faults, strict: bool, base_url: str
) -> "EtsyEmulator":
    """The emulator for a world."""
    return EtsyEmulator(goods=goods, clock=clock, rng=rng, faults=faults, strict=strict, base_url=base_url)


class EtsyEmulator:
    """One Etsy shop behind Etsy's wire contract."""

    name = CHANNEL

    def __init__(
        self, *, goods: Goods, clock: Clock, rng: random.Random, faults: Faults, strict: bool, base_url: str
    ) -> None:
        self._goods = goods
        self._clock = clock
        self._origin = base_url
        self._who = seed.identity(rng)
        # chance for the shop, for words on the wire and for deliveries never disturbs one another
        self._chances = [random.Random(rng.getrandbits(64)) for _ in range(4)]
        self._chances_start = [each.getstate() for each in self._chances]
        shop_rng, oauth_rng, wire_rng, news_rng = self._chances
        self.settings = EtsySettings()
        self.traffic = Traffic()
        self.webhooks = Courier(
            who=self._who, origin=base_url, clock=clock, rng=news_rng, faults=faults, settings=self.settings
        )
        self._shop = Shop(
            state=seed.start(goods, CHANNEL, clock.now()),
            clock=clock,
            rng=shop_rng,
            settings=self.settings,
            announce=self.webhooks.announce,
            withdraw=self.webhooks.withdraw,
        )
        self._authority = Authority(who=self._who, clock=clock, rng=oauth_rng, settings=self.settings)
        self._limits = KeyLimits(clock, self.settings)
        reads = Reads(who=self._who, shop=self._shop, clock=clock, settings=self.settings, origin=base_url)
        writes = Writes(
            who=self._who,
            shop=self._shop,
            reads=reads,
            clock=clock,
            traffic=self.traffic,
            origin=base_url,
            strict=strict,
        )
        desk = EtsyDesk(
            who=self._who,
            shop=self._shop,
            authority=self._authority,
            limits=self._limits,
            reads=reads,
            writes=writes,
            settings=self.settings,
            faults=faults,
            rng=wire_rng,
            strict=strict,
        )
        self.app: ASGIApp = Wire(
            channel=CHANNEL,
            desk=desk,
            clock=clock,
            faults=faults,
            traffic=self.traffic,
            settings=self.settings,
        )

    def offers(self) -> Sequence[OfferView]:
        self._shop.settle()
        return self._shop.offers()

    def buy(self, offer_id: str, quantity: int) -> str | None:
        self._shop.settle()
        return self._shop.buy(offer_id, quantity)

    def cancel(self, order_id: str, line_id: str | None, quantity: int | None, *, restock: bool) -> bool:
        self._shop.settle()
        return self._shop.cancel(order_id, line_id, quantity, restock=restock)

    def env(self) -> dict[str, str]:
        return {
            "JANGBU_ETSY_API_URL": self._origin,
            "JANGBU_ETSY_AUTH_URL": self._origin,
            "ETSY_KEYSTRING": self._who.keystring,
            "ETSY_SHARED_SECRET": self._who.shared_secret,
            "ETSY_ACCESS_TOKEN": self._who.access_token,
            "ETSY_REFRESH_TOKEN": self._who.refresh_token,
            "ETSY_SHOP_ID": str(self._who.shop_id),
            "ETSY_REDIRECT_URI": self.settings.text("redirect_uri"),
            "ETSY_WEBHOOK_SECRET": self._who.webhook_secret,
        }

    def books(self) -> dict[str, Any]:
        self._shop.settle()
        state, now = self._shop.state, self._clock.now()
        sold: dict[str, int] = {}
        for receipt, line in _lines(state):
            sold[line.goods_sku] = sold.get(line.goods_sku, 0) + receipt.left(line, now)
        return {
            "orders": [_order_row(receipt, line, now) for receipt, line in _lines(state)],
            "sold": sold,
            "numbers": {
                each.offer_id: {"sku": each.sku, "quantity": each.quantity, "on_sale": each.on_sale}
                for each in self._shop.offers()
            },
            "calls": self.traffic.calls(),
            "writes": self.traffic.writes(),
            "fees": dict(state.fees),
            "buyers_disappointed": state.disappointed,
            "buyer_mails": state.mails,
            "deliveries": self.webhooks.log(),
        }

    async def run(self) -> None:
        await self.webhooks.run()

    def reset(self) -> None:
        for chance, start in zip(self._chances, self._chances_start, strict=True):
            chance.setstate(start)
        self.settings.reset()
        self.traffic.clear()
        self._limits.clear()
        self._authority.enrol()
        self.webhooks.deliveries.clear()
        self._shop.state = seed.start(self._goods, CHANNEL, self._clock.now())

    def snapshot(self) -> dict[str, Any]:
        parts = {
            "state": self._shop.state,
            "grants": self._authority.grants,
            "deliveries": self.webhooks.deliveries,
            "settings": self.settings.as_dict(),
            "chances": [each.getstate() for each in self._chances],
        }
        taken: dict[str, Any] = msgspec.to_builtins(parts, str_keys=True)
        return taken

    def restore(self, state: dict[str, Any]) -> None:
        try:
            shop = msgspec.convert(state["state"], State, str_keys=True)
            grants = msgspec.convert(state["grants"], Grants, str_keys=True)
            deliveries = msgspec.convert(state["deliveries"], list[Delivery], str_keys=True)
            chances = [(version, tuple(words), gauss) for version, words, gauss in state["chances"]]
            self.settings.update(state["settings"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not a snapshot of the Etsy emulator: {error}") from None
        for chance, words in zip(self._chances, chances, strict=True):
            chance.setstate(words)
        self._shop.state, self._authority.grants = shop, grants
        self.webhooks.resume(deliveries)


def _lines(state: State) -> list[tuple[Receipt, Line]]:
    return [(receipt, line) for receipt in state.receipts.values() for line in receipt.lines]


def _order_row(receipt: Receipt, line: Line, now: float) -> dict[str, Any]:
    return {
        "id": str(receipt.receipt_id),
        "line": str(line.transaction_id),
        "sku": line.goods_sku,
        "offer": f"{line.listing_id}/{line.product.key}",
        "quantity": line.quantity,
        "cancelled": line.quantity - receipt.left(line, now),
        "placed_at": round(receipt.placed_at, 3),
        "status": receipt.status(now),
        "tracking": [{"carrier": each.carrier_name, "code": each.tracking_code} for each in receipt.shipments],
    }
