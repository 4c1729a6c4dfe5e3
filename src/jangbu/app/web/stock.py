"""Pages of stock: the list, and one SKU with what stands where, its history and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.figures import SHOWN
from jangbu.app.web.addresses import Address, one_of, page_in, pages_of, search_in
from jangbu.app.web.forms import form_of
from jangbu.app.web.moves import history
from jangbu.app.web.site import Site, actor_of
from jangbu.kernel.errors import InputError

PAGE: Final = 50
_ACTIONS: Final = frozenset({"receive", "adjust", "count"})
_POLICIES: Final = ("escrow", "mirror")


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = StockPages(site)
    return [
        Route("/stock", site.guarded(pages.all)),
        Route("/stock/item", site.guarded(pages.one)),
        Route("/stock/book", site.guarded(pages.book, "operator"), methods=["POST"]),
        Route("/stock/policy", site.guarded(pages.policy, "operator"), methods=["POST"]),
    ]


class StockPages:
    """What a seller sees and books of her stock."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def all(self, request: Request) -> Response:
        """Show every SKU with every shop's number."""
        shown, search, page = one_of(request, "show", SHOWN), search_in(request), page_in(request)
        told = await ops.stock_list(
            self._house, shown=shown, search=search, start=(page - 1) * PAGE, limit=PAGE
        )
        link = Address("/stock", {"show": shown, "q": search, "page": page}, {"show": "all", "q": "", "page": 1})
        return self._site.page(
            request, "stock.html", section="stock", stock=told, kinds=SHOWN, shown=shown, search=search, page=page,
            pages=pages_of(told["found"], PAGE), link=link,
        )  # fmt: skip

    async def one(self, request: Request) -> Response:
        """Show one SKU: its numbers now, or at a past moment, and each move that made them. Errors: NotFound."""
        sku, at = request.query_params.get("sku", ""), self._moment(request)
        told = await ops.why(self._house, sku=sku, at=at)
        planned = {(row["shop"], row["cell"]): row for row in await ops.plan(self._house, sku=told["sku"])}
        every = await ops.shop_list(self._house)
        return self._site.page(
            request, "stock_item.html", section="stock", item=told, at=request.query_params.get("at", ""),
            moves=history(told["moves"], {shop["id"]: shop["name"] for shop in every}), policies=_POLICIES,
            cells=[_explained(cell, planned.get((cell["shop"], cell["cell"]))) for cell in told["shops"]],
            shares=", ".join(f"{shop['name']} {shop['share']}" for shop in every),
        )  # fmt: skip

    def _moment(self, request: Request) -> datetime | None:
        given = request.query_params.get("at", "")
        if not given:
            return None
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            raise InputError("not a moment", code="input.time", value=given[:40]) from None
        return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(self._house.settings.time_zone))

    async def book(self, request: Request) -> Response:
        """Book what arrived, was counted, or is corrected."""
        form = await form_of(request)
        action, sku = form.text("action"), form.text("sku")
        if action not in _ACTIONS:
            raise InputError("no such booking", code="page.choice", field="action")
        quantity = form.number("quantity", signed=action == "adjust")
        await ops.stock_change(
            self._house, action=action, sku=sku, quantity=quantity, actor=actor_of(request),
            reason=form.text("reason"),
        )  # fmt: skip
        return self._site.back(_item(sku), said="stock.booked", sku=sku)

    async def policy(self, request: Request) -> Response:
        """Choose how a SKU's stock is divided."""
        form = await form_of(request)
        sku = form.text("sku")
        await ops.set_policy(
            self._house, sku=sku, policy=form.text("policy"), actor=actor_of(request)
        )
        return self._site.back(_item(sku), said="stock.policy_set", sku=sku)


def _explained(cell: dict[str, Any], planned: dict[str, Any] | None) -> dict[str, Any]:
    """Add what the plan says of a number this moment; its own target is of when it was last considered."""
    if planned is None or planned["kind"] == "out":
        return {**cell, "says": planned["says"] if planned else []}
    return {**cell, "says": planned["says"], "target": planned["target"]}


def _item(sku: str) -> str:
    return f"/stock/item?{urlencode({'sku': sku})}"
