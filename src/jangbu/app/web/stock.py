"""Pages of stock: the list, one SKU with its history and why, and what lay there when Jangbu came."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.board import read_board
from jangbu.app.web.forms import form_of
from jangbu.app.web.moves import history
from jangbu.app.web.pages import BoardLinks, asked
from jangbu.app.web.site import Site, actor_of
from jangbu.kernel.errors import InputError

_ACTIONS: Final = frozenset({"receive", "adjust", "count"})
OPENED: Final = 200  # SKUs asked for at once
_POLICIES: Final = ("escrow", "mirror")


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = StockPages(site)
    return [
        Route("/stock", site.guarded(pages.all)),
        Route("/stock/item", site.guarded(pages.one)),
        Route("/stock/book", site.guarded(pages.book, "operator"), methods=["POST"]),
        Route("/stock/policy", site.guarded(pages.policy, "operator"), methods=["POST"]),
        Route("/stock/opening", site.guarded(pages.opening)),
        Route("/stock/opening", site.guarded(pages.open_with, "operator"), methods=["POST"]),
    ]


class StockPages:
    """What a seller sees and books of her stock."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def all(self, request: Request) -> Response:
        """Show every SKU with every shop's number."""
        ask, now = asked(request), self._house.clock.now()
        board = await self._house.db.read(lambda tx: read_board(tx, self._house, ask, now))
        uncounted = len(await ops.opening_list(self._house))
        return self._site.page(
            request, "stock.html", section="stock", b=board, link=BoardLinks(board.ask, "/stock"), uncounted=uncounted,
        )  # fmt: skip

    async def one(self, request: Request) -> Response:
        """Show one SKU: its numbers now, or at a past moment, and each move that made them. Errors: NotFound."""
        sku, at = request.query_params.get("sku", ""), self._moment(request)
        told = await ops.why(self._house, sku=sku, at=at)
        shops = {shop["id"]: shop["name"] for shop in await ops.shop_list(self._house)}
        return self._site.page(
            request, "stock_item.html", section="stock", item=told, at=request.query_params.get("at", ""),
            moves=history(told["moves"], shops), policies=_POLICIES,
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

    async def opening(self, request: Request) -> Response:
        """Ask what lay on the shelf for each SKU never counted."""
        rows = await ops.opening_list(self._house)
        shops = list(dict.fromkeys(shop["shop"] for row in rows for shop in row["shops"]))
        return self._site.page(
            request, "opening.html", section="stock", rows=rows[:OPENED], more=len(rows) - OPENED, shops=shops
        )

    async def open_with(self, request: Request) -> Response:
        """Book the chosen opening stock: what a person said of each SKU, and nothing she left open."""
        form = await form_of(request)
        choices: list[dict[str, Any]] = []
        for sku in form.every.get("sku", []):
            how = form.text(f"how:{sku}") or "later"
            if how == "later":
                continue
            choices.append({"sku": sku, "how": how, "number": form.number(f"number:{sku}") if how == "count" else 0})
        if not choices:
            raise InputError("nothing was chosen", code="page.nothing_chosen")
        done = await ops.opening_stock(self._house, choices=choices, actor=actor_of(request))
        return self._site.back("/stock/opening", said="stock.opened", skus=done["skus"], pieces=done["pieces"])


def _item(sku: str) -> str:
    return f"/stock/item?{urlencode({'sku': sku})}"
