"""Pages of the opening stock: one SKU at a time, or one figure for all of them after a look at what it would book."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.addresses import Address, one_of, page_in, pages_of, search_in
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of
from jangbu.kernel.errors import InputError

PAGE: Final = 50
LOOKED_AT: Final = 100
SHOWN: Final = ("all", "differ", "left")
HERE: Final = "/stock/opening"


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = OpeningPages(site)
    return [
        Route("/stock/opening", site.guarded(pages.ask)),
        Route("/stock/opening", site.guarded(pages.book, "operator"), methods=["POST"]),
        Route("/stock/opening/preview", site.guarded(pages.preview, "operator")),
        Route("/stock/opening/all", site.guarded(pages.book_all, "operator"), methods=["POST"]),
    ]


class OpeningPages:
    """What lay on the shelf when Jangbu came, as its owner says."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def ask(self, request: Request) -> Response:
        """Ask what lies on the shelf for each SKU that a shop sells and nobody counted."""
        search, page = search_in(request), page_in(request)
        left = await ops.opening_count(self._house)
        known = left or (await ops.stock_list(self._house, limit=1))["counts"]["all"]
        rows = await ops.opening_list(self._house, search=search, start=(page - 1) * PAGE, limit=PAGE)
        found = await ops.opening_count(self._house, search=search) if search else left
        return self._site.page(
            request, "opening.html", section="stock", rows=rows, left=left, known=known, found=found, search=search,
            page=page, pages=pages_of(found, PAGE),
            link=Address(HERE, {"q": search, "page": page}, {"q": "", "page": 1}),
            shops=[shop["name"] for shop in await ops.shop_list(self._house)],
        )  # fmt: skip

    async def book(self, request: Request) -> Response:
        """Book the chosen opening stock: what a person said of each SKU, and nothing she left open."""
        form = await form_of(request)
        choices: list[dict[str, Any]] = []
        for sku in form.every.get("sku", []):
            how = form.text(f"how:{sku}") or "later"
            if how == "later" and form.text(f"number:{sku}"):
                how = "count"  # a number was written, so it is meant
            if how == "later":
                continue
            choices.append({"sku": sku, "how": how, "number": form.number(f"number:{sku}") if how == "count" else 0})
        if not choices:
            raise InputError("nothing was chosen", code="page.nothing_chosen")
        done = await ops.opening_stock(self._house, choices=choices, actor=actor_of(request))
        return self._site.back(_address(HERE, q=form.text("q")), said="stock.opened", **done)

    async def preview(self, request: Request) -> Response:
        """Show what one figure for all would book, before anything is. Errors: InputError for no such figure."""
        how, search = request.query_params.get("how", ""), search_in(request)
        shown, page = one_of(request, "show", SHOWN), page_in(request)
        told = await ops.opening_preview(self._house, how=how, search=search)
        rows = [row for row in told["rows"] if _fits(row, shown)]
        link = Address(
            "/stock/opening/preview", {"how": how, "q": search, "show": shown, "page": page},
            {"q": "", "show": "all", "page": 1},
        )  # fmt: skip
        return self._site.page(
            request, "opening_preview.html", section="stock", told=told, how=how, search=search, shown=shown,
            kinds=SHOWN, rows=rows[(page - 1) * LOOKED_AT : page * LOOKED_AT], page=page, link=link,
            pages=pages_of(len(rows), LOOKED_AT), found=len(rows), back=_address(HERE, q=search),
            shops=[shop["name"] for shop in await ops.shop_list(self._house)],
        )  # fmt: skip

    async def book_all(self, request: Request) -> Response:
        """Book exactly what the preview showed, or nothing."""
        form = await form_of(request)
        done = await ops.opening_all(
            self._house, how=form.text("how"), search=form.text("q"), mark=form.text("mark"), actor=actor_of(request)
        )
        said = "stock.opened_some" if done["left"] else "stock.opened"
        return self._site.back(HERE, said=said, **done)


def _fits(row: dict[str, Any], shown: str) -> bool:
    if shown == "left":
        return row["pieces"] is None
    return shown == "all" or (bool(row["differ"]) and row["pieces"] is not None)


def _address(base: str, **asked: str) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"{base}?{urlencode(kept)}" if kept else base
