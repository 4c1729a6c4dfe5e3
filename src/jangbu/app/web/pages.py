"""The board people look at, and the switch that stops all writing."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from jangbu.app import operations as ops
from jangbu.app.web.board import ORDERS, ORDERS_MAX, Ask, read_board
from jangbu.app.web.figures import SHOWN
from jangbu.app.web.site import Site, actor_of
from jangbu.infra.ui import assets

_SEARCH_LENGTH_MAX: Final = 100
_PAGE_MAX: Final = 10_000


class Pages:
    """Answers `/`, `/stop`, `/resume` and `/static/{name}`."""

    def __init__(self, site: Site) -> None:
        """Show this house to who is signed in."""
        self._site, self._house = site, site.house

    async def board(self, request: Request) -> Response:
        """Show the board."""
        house, now, ask = self._house, self._house.clock.now(), asked(request)
        board = await house.db.read(lambda tx: read_board(tx, house, ask, now))
        return self._site.page(
            request, "board.html", section="today", b=board, link=BoardLinks(board.ask), orders_step=ORDERS
        )

    async def stop(self, request: Request) -> Response:
        """Stop all writing."""
        await ops.stop_all(self._house, actor=actor_of(request))
        return self._site.back("/", "page.stopped")

    async def resume(self, request: Request) -> Response:
        """Take the general stop back."""
        await ops.resume_all(self._house, actor=actor_of(request))
        return self._site.back("/", "page.resumed")

    async def static(self, request: Request) -> Response:
        """Give one of our own static files."""
        found = assets().get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("not found\n", 404)
        forever = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(found.content, headers=forever, media_type=found.media_type)


def asked(request: Request) -> Ask:
    """Read what part of the board a request asks for."""
    params = request.query_params
    shown = params.get("show", "all")
    return Ask(
        shown if shown in SHOWN else "all",
        params.get("q", "").strip()[:_SEARCH_LENGTH_MAX].replace("\0", ""),
        number_in(params.get("page", ""), 1, _PAGE_MAX),
        number_in(params.get("orders", ""), ORDERS, ORDERS_MAX),
    )


def number_in(text: str, least: int, most: int) -> int:
    """Read a whole number from an address, within bounds; what is no number is the least."""
    return min(max(int(text), least), most) if text.isascii() and text.isdigit() and len(text) < 9 else least  # noqa: PLR2004 - far beyond any page


class BoardLinks:
    """Addresses of the page with one thing asked differently."""

    def __init__(self, ask: Ask, base: str = "/") -> None:
        self._ask, self.base = ask, base

    def __call__(self, **changed: str | int) -> str:
        """Give the address with these parts changed; parts at their default are left out."""
        asked = {"show": self._ask.shown, "q": self._ask.search, "page": self._ask.page, "orders": self._ask.orders}
        default = {"show": "all", "q": "", "page": 1, "orders": ORDERS}
        kept = {name: value for name, value in (asked | changed).items() if value != default.get(name)}
        return f"{self.base}?{urlencode(kept)}" if kept else self.base
