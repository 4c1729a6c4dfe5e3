"""Pages of orders: what is to be shipped, most urgent first, and one order with all that is known of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.board import ORDERS, read_board
from jangbu.app.web.forms import form_of
from jangbu.app.web.pages import BoardLinks, asked
from jangbu.app.web.site import Site, actor_of
from jangbu.sdk.carriers import CARRIERS


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = OrderPages(site)
    return [
        Route("/orders", site.guarded(pages.all)),
        Route("/orders/item", site.guarded(pages.one)),
        Route("/orders/ship", site.guarded(pages.ship, "packer"), methods=["POST"]),
        Route("/orders/dismiss", site.guarded(pages.dismiss, "operator"), methods=["POST"]),
    ]


class OrderPages:
    """What a seller sees of orders, and sends for them."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def all(self, request: Request) -> Response:
        """Show the open lines by the marketplaces' own deadlines."""
        ask, now = asked(request), self._house.clock.now()
        board = await self._house.db.read(lambda tx: read_board(tx, self._house, ask, now))
        missing = [each for each in await ops.orders_missing(self._house) if each["dismissed_at"] is None]
        return self._site.page(
            request, "orders.html", section="orders", b=board, link=BoardLinks(board.ask, "/orders"),
            orders_step=ORDERS, missing=missing,
        )  # fmt: skip

    async def one(self, request: Request) -> Response:
        """Show one order; whom it goes to only to those who pack. Errors: NotFound."""
        order, shop = request.query_params.get("order", ""), request.query_params.get("shop", "")
        packs = request.state.visitor.may("packer")
        told: dict[str, Any] = await ops.order_show(self._house, order=order, name=shop, personal=packs)
        return self._site.page(
            request, "order.html", section="orders", order=told, carriers=list(CARRIERS.items()),
        )  # fmt: skip

    async def ship(self, request: Request) -> Response:
        """Hand a tracking number over."""
        form = await form_of(request)
        order, shop = form.text("order"), form.text("shop")
        await ops.ship_order(
            self._house, order=order, name=shop, carrier=form.text("carrier"), tracking_number=form.text("number"),
            actor=actor_of(request),
        )  # fmt: skip
        there = f"/orders/item?{urlencode({'shop': shop, 'order': order})}"
        return self._site.back(there, said="orders.shipping")

    async def dismiss(self, request: Request) -> Response:
        """Let an order that is named and never given hold nothing back any more."""
        form = await form_of(request)
        await ops.order_dismiss(
            self._house, name=form.text("shop"), order=form.text("order"), actor=actor_of(request)
        )
        return self._site.back("/orders", said="orders.dismissed")
