"""Owns Etsy's webhooks: signing, delivery, retries, what goes wrong on the way; events come from the shop.

Source: developers.etsy.com/documentation/essentials/webhooks, read 2026.
"""

import asyncio
import base64
import hashlib
import hmac
import random
from typing import Any, Final

import httpx2
import msgspec
from msgspec import Struct

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.faults import Faults
from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.etsy.seed import Identity

RETRY_AFTER_S: Final = (5, 300, 1_800, 7_200, 18_000, 36_000, 36_000)
_TIMEOUT_S: Final = 15.0
_WAITING: Final = "waiting"
_FORGED_KEY: Final = "whsec_" + base64.b64encode(b"not the key of this endpoint....").decode()


class Attempt(Struct, frozen=True):
    """One try: the status answered, or None when there was no answer."""

    at: float
    status: int | None


class Delivery(Struct):
    """One message on its way; its id stays the same over all tries."""

    id: str
    event: str
    receipt_id: int
    due: float
    state: str = _WAITING
    fault: str | None = None
    held: bool = False
    attempts: list[Attempt] = []


class Courier:
    """Delivers events to the one endpoint set in the settings. `transport` may replace the network."""

    def __init__(
        self,
        *,
        who: Identity,
        origin: str,
        clock: Clock,
        rng: random.Random,
        faults: Faults,
        settings: Settings,
    ) -> None:
        self._who = who
        self._origin = origin
        self._clock = clock
        self._rng = rng
        self._faults = faults
        self._settings = settings
        self._news = asyncio.Event()
        self.deliveries: list[Delivery] = []
        self.transport: httpx2.AsyncBaseTransport | None = None

    def announce(self, event: str, receipt_id: int, not_before: float) -> None:
        """Takes an event for delivery; without an endpoint it is nobody's news."""
        if not self._settings.text("webhook_url"):
            return
        fault = self._faults.for_news("etsy", event)
        delivery = Delivery(f"msg_{self._rng.getrandbits(128):032x}", event, receipt_id, not_before)
        copies = [delivery]
        if fault is not None:
            delivery.fault = fault.kind
            match fault.kind:
                case "lost":
                    delivery.state = "lost"
                case "duplicate":
                    copies.append(msgspec.structs.replace(delivery, attempts=[]))
                case "delayed":
                    delivery.due += fault.number("delay_s", 30)
                case "out_of_order":
                    delivery.held = True
                    delivery.due += fault.number("hold_s", 10)
        self.deliveries += copies
        self._news.set()

    def withdraw(self, event: str, receipt_id: int, at: float) -> None:
        """Takes back an event that will not come true."""
        for each in self._waiting():
            if (each.event, each.receipt_id) == (event, receipt_id) and each.due > at and not each.attempts:
                each.state = "withdrawn"

    def resume(self, deliveries: list[Delivery]) -> None:
        """Takes over the deliveries of a snapshot; what was on its way is tried again."""
        for each in deliveries:
            each.state = _WAITING if each.state == "sending" else each.state
        self.deliveries = deliveries
        self._news.set()

    def log(self) -> list[dict[str, Any]]:
        """All deliveries, for the books."""
        rows: list[dict[str, Any]] = msgspec.to_builtins(self.deliveries)
        return rows

    async def run(self) -> None:
        """Delivers until cancelled."""
        async with (
            httpx2.AsyncClient(transport=_Road(self), timeout=_TIMEOUT_S, trust_env=False) as client,
            asyncio.TaskGroup() as group,
        ):
            while True:
                now = self._clock.now()
                for delivery in [each for each in self._waiting() if each.due <= now + 1e-6]:
                    delivery.state = "sending"
                    group.create_task(self._try(client, delivery))
                next_due = min((each.due for each in self._waiting()), default=None)
                if await self._clock.wait(self._news, next_due):
                    self._news.clear()

    def _waiting(self) -> list[Delivery]:
        return [each for each in self.deliveries if each.state == _WAITING]

    async def _try(self, client: httpx2.AsyncClient, delivery: Delivery) -> None:
        url = self._settings.text("webhook_url")
        if not url:
            delivery.state = "stopped"
            return
        at = self._clock.now()
        status = await self._post(client, url, delivery, int(at))
        delivery.attempts = [*delivery.attempts, Attempt(at, status)]
        if status is not None and 200 <= status < 300:  # noqa: PLR2004 -- any success acknowledges
            delivery.state = "delivered"
        elif len(delivery.attempts) > len(RETRY_AFTER_S):
            delivery.state = "given up"
        else:
            delivery.due = self._clock.now() + RETRY_AFTER_S[len(delivery.attempts) - 1]
            delivery.state = _WAITING
        self._release_held()
        self._news.set()

    def _release_held(self) -> None:
        for each in self._waiting():
            if each.held:
                each.held, each.due = False, min(each.due, self._clock.now())

    async def _post(self, client: httpx2.AsyncClient, url: str, delivery: Delivery, timestamp: int) -> int | None:
        body = self.body(delivery.event, delivery.receipt_id)
        secret = _FORGED_KEY if delivery.fault == "forged" else self._who.webhook_secret
        signature = sign(secret, delivery.id, timestamp, body)
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature if self._settings.on("webhook_bare") else f"v1,{signature}",
        }
        try:
            return (await client.post(url, content=body, headers=headers)).status_code
        except (httpx2.HTTPError, httpx2.InvalidURL):
            return None

    def body(self, event: str, receipt_id: int) -> bytes:
        """The thin message: what happened to which receipt of which shop."""
        origin = self._settings.text("resource_origin") or self._origin
        path = f"/v3/application/shops/{self._who.shop_id}/receipts/{receipt_id}"
        message = {"event_type": event, "resource_url": origin + path, "shop_id": self._who.shop_id}
        return msgspec.json.encode(message)


class _Road(httpx2.AsyncBaseTransport):
    """The network, or what stands in for it at the moment of the call."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._network = httpx2.AsyncHTTPTransport(verify=False)  # endpoints are on this machine

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await (self._courier.transport or self._network).handle_async_request(request)

    async def aclose(self) -> None:
        await self._network.aclose()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The bare base64 signature of a message."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
