"""What the tests of the Naver emulator share: a seller with a client whose answers are held against the description."""

from __future__ import annotations

import base64
import random
from typing import Any

import bcrypt
import httpx2
from tests.support.oas import Description

from jangbu.sandbox.core.clock import HandClock
from jangbu.sandbox.core.emulator import OfferView
from jangbu.sandbox.core.faults import Faults
from jangbu.sandbox.core.goods import Goods, seeded_goods
from jangbu.sandbox.core.inprocess import InProcessTransport
from jangbu.sandbox.naver import build
from jangbu.sandbox.naver.emulator import NaverEmulator
from jangbu.sandbox.naver.wire import stamp

BASE = "http://127.0.0.1:9102"
ORDERS = "/v1/pay-order/seller/product-orders"
ORIGIN = "/v1/products/origin-products"


class Seller:
    """A seller's program with its own signature code, talking to an emulator in this process."""

    def __init__(
        self,
        description: Description | None = None,
        *,
        strict: bool = False,
        seed: int = 7,
        unpaid: float = 0,
    ) -> None:
        self.clock = HandClock()
        self.goods: Goods = seeded_goods(seed, ("etsy", "naver"))
        self.faults = Faults(random.Random(seed))
        self.shop: NaverEmulator = build(
            goods=self.goods,
            clock=self.clock,
            rng=random.Random(f"{seed}:naver"),
            faults=self.faults,
            strict=strict,
            base_url=BASE,
        )
        self.shop.settings.update({"unpaid_share": unpaid})
        self.client_id = self.shop.env()["NAVER_CLIENT_ID"]
        self.secret = self.shop.env()["NAVER_CLIENT_SECRET"]
        self.http = httpx2.AsyncClient(
            transport=InProcessTransport({"127.0.0.1:9102": self.shop.app}), base_url=BASE, timeout=30
        )
        self.token = ""
        self._description = description

    @property
    def now_ms(self) -> int:
        return round(self.clock.now() * 1000)

    def ago(self, seconds: float) -> str:
        """The date-time that long ago; a negative number looks ahead."""
        return stamp(self.now_ms - round(seconds * 1000))

    def form(self, **changes: str | None) -> dict[str, str]:
        """A token request; None leaves a field out."""
        timestamp = changes.get("timestamp") or str(self.now_ms)
        signed = bcrypt.hashpw(f"{self.client_id}_{timestamp}".encode(), self.secret.encode())
        form: dict[str, str | None] = {
            "client_id": self.client_id,
            "timestamp": timestamp,
            "grant_type": "client_credentials",
            "client_secret_sign": base64.b64encode(signed).decode(),
            "type": "SELF",
            **changes,
        }
        return {name: value for name, value in form.items() if value is not None}

    async def ask_token(self, **changes: str | None) -> httpx2.Response:
        """A token request on its own, after a moment's rest."""
        self.clock.advance(1)
        answer = await self.http.post("/external/v1/oauth2/token", data=self.form(**changes))
        if answer.status_code == 200 and not self.token:
            self.token = answer.json()["access_token"]
        return self._checked("issueToken", answer)

    async def send(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        body: object = None,
        params: list[tuple[str, str]] | None = None,
        rest_s: float = 1,
    ) -> httpx2.Response:
        """A call with a token, after a moment's rest; its answer is held against the description."""
        if not self.token:
            await self.ask_token()
        self.clock.advance(rest_s)
        answer = await self.http.request(
            method,
            "/external" + path,
            json=body,
            params=tuple(params) if params else None,
            headers={"Authorization": f"Bearer {self.token}"},
        )
        return self._checked(operation, answer)

    def _checked(self, operation: str, answer: httpx2.Response) -> httpx2.Response:
        if self._description is not None:
            self._description.check(operation, answer)
        return answer

    # --- the calls most tests make -------------------------------------------------------------

    async def product(self, no: int) -> dict[str, Any]:
        path = f"/v2/products/origin-products/{no}"
        answer = await self.send("getOriginProduct", "GET", path)
        product: dict[str, Any] = answer.json()["originProduct"]
        return product

    async def changes(self, **params: str) -> dict[str, Any]:
        """The change feed of the last hour or as asked; the whole body."""
        asked = {"lastChangedFrom": self.ago(3600), **params}
        path = f"{ORDERS}/last-changed-statuses"
        answer = await self.send("listLastChangedStatuses", "GET", path, params=list(asked.items()))
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def line(self, line_id: str) -> dict[str, Any]:
        """The details of one product order."""
        body = {"productOrderIds": [line_id]}
        answer = await self.send("queryProductOrders", "POST", f"{ORDERS}/query", body=body)
        details: list[dict[str, Any]] = answer.json()["data"]
        assert len(details) == 1
        return details[0]

    async def confirm(self, *line_ids: str) -> dict[str, Any]:
        body = {"productOrderIds": list(line_ids)}
        answer = await self.send("confirmProductOrders", "POST", f"{ORDERS}/confirm", body=body)
        data: dict[str, Any] = answer.json()["data"]
        return data

    async def dispatch(self, *parcels: dict[str, Any]) -> dict[str, Any]:
        body = {"dispatchProductOrders": list(parcels)}
        answer = await self.send("dispatchProductOrders", "POST", f"{ORDERS}/dispatch", body=body)
        data: dict[str, Any] = answer.json()["data"]
        return data

    def parcel(self, line_id: str, number: str | None = "100000000001", **changes: str | None) -> dict[str, Any]:
        """A parcel to dispatch; None leaves a field out."""
        parcel: dict[str, str | None] = {
            "productOrderId": line_id,
            "deliveryMethod": "DELIVERY",
            "deliveryCompanyCode": "CJGLS",
            "trackingNumber": number,
            "dispatchDate": self.ago(0),
            **changes,
        }
        return {name: value for name, value in parcel.items() if value is not None}

    def offer(self, *, options: bool = False, at_least: int = 3) -> OfferView:
        """An offer with some stock, of a product with options or without."""
        return next(
            view for view in self.shop.offers() if (":" in view.offer_id) == options and view.quantity >= at_least
        )

    def buy(self, offer: OfferView, quantity: int = 1) -> tuple[str, str]:
        """A purchase that has reached the feed: its order and its line."""
        order = self.shop.buy(offer.offer_id, quantity)
        assert order is not None
        self.clock.advance(3)
        line = next(row["line"] for row in self.shop.books()["orders"] if row["id"] == order)
        return order, line

    def number(self, offer_id: str) -> int:
        """What the marketplace shows for that offer."""
        return next(view.quantity for view in self.shop.offers() if view.offer_id == offer_id)
