"""Pages of orders: the board by the courier's pick-ups, and one order with its whole story. Owns no rule."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.addresses import number_in
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of
from jangbu.sdk.carriers import CARRIERS

SHOWN, SHOWN_MAX = 100, 5_000


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = OrderPages(site)
    return [
        Route("/orders", site.guarded(pages.board)),
        Route("/orders/item", site.guarded(pages.one)),
        Route("/orders/address", site.guarded(pages.address, "packer"), methods=["POST"]),
        Route("/orders/ship", site.guarded(pages.ship, "packer"), methods=["POST"]),
        Route("/orders/confirm", site.guarded(pages.confirm, "packer"), methods=["POST"]),
        Route("/orders/box", site.guarded(pages.box, "packer"), methods=["POST"]),
        Route("/orders/dismiss", site.guarded(pages.dismiss, "operator"), methods=["POST"]),
    ]


class OrderPages:
    """What a seller does with orders."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def board(self, request: Request) -> Response:
        """Show what must ship, by the pick-ups left before its date."""
        asked = request.query_params
        search, shop = asked.get("q", "").strip()[:100], asked.get("shop", "")
        limit = number_in(asked.get("n", ""), SHOWN, SHOWN_MAX)
        board = await ops.order_board(self._house, name=shop, search=search, limit=limit)
        missing = [each for each in await ops.orders_missing(self._house) if each["dismissed_at"] is None]
        return self._site.page(
            request, "orders.html", section="orders", board=board, search=search, shop=shop, limit=limit,
            missing=missing, boxes=await ops.box_suggestions(self._house, name=shop), address=_address,
            step=4 * SHOWN,
        )  # fmt: skip

    async def one(self, request: Request) -> Response:
        """Show one order; of whom it goes to only a trace. Errors: NotFound."""
        order, shop = request.query_params.get("order", ""), request.query_params.get("shop", "")
        return self._one(request, await ops.order_show(self._house, order=order, name=shop), opened=False)

    async def address(self, request: Request) -> Response:
        """Show one order with whom it goes to; the trail keeps who looked."""
        form = await form_of(request)
        told = await ops.order_address(
            self._house, order=form.text("order"), name=form.text("shop"), actor=actor_of(request)
        )
        return self._one(request, told, opened=True)

    def _one(self, request: Request, told: dict[str, Any], *, opened: bool) -> Response:
        return self._site.page(
            request, "order.html", section="orders", order=told, opened=opened, carriers=list(CARRIERS.items())
        )

    async def ship(self, request: Request) -> Response:
        """Hand a tracking number over."""
        form = await form_of(request)
        order, shop = form.text("order"), form.text("shop")
        await ops.ship_order(
            self._house, order=order, name=shop, carrier=form.text("carrier"), tracking_number=form.text("number"),
            actor=actor_of(request),
        )  # fmt: skip
        return self._site.back(_order(shop, order), said="orders.shipping")

    async def confirm(self, request: Request) -> Response:
        """Confirm an order at the marketplace."""
        form = await form_of(request)
        order, shop = form.text("order"), form.text("shop")
        await ops.order_confirm(self._house, order=order, name=shop, actor=actor_of(request))
        return self._site.back(_order(shop, order), said="orders.confirming")

    async def box(self, request: Request) -> Response:
        """Have several orders to one person travel in one box, or apart again."""
        form = await form_of(request)
        together = form.text("act") != "part"
        await ops.box_join(
            self._house, name=form.text("shop"), wanted=form.every.get("order", []), actor=actor_of(request),
            together=together,
        )  # fmt: skip
        return self._site.back("/orders", said="orders.box.joined" if together else "orders.box.parted")

    async def dismiss(self, request: Request) -> Response:
        """Let an order that is named and never given hold nothing back any more."""
        form = await form_of(request)
        await ops.order_dismiss(
            self._house, name=form.text("shop"), order=form.text("order"), actor=actor_of(request)
        )
        return self._site.back("/orders", said="orders.dismissed")


def _order(shop: str, order: str) -> str:
    return f"/orders/item?{urlencode({'shop': shop, 'order': order})}"


def _address(**asked: str | int) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"/orders?{urlencode(kept)}" if kept else "/orders"
