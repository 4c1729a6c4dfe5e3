"""Pages of listings: every offer with its link to a SKU, and the links made by code or by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.addresses import number_in
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of

PAGE: Final = 50
SHOWN: Final = ("all", "unlinked", "linked")


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = ListingPages(site)
    return [
        Route("/listings", site.guarded(pages.all)),
        Route("/listings/link", site.guarded(pages.link, "operator"), methods=["POST"]),
        Route("/listings/unlink", site.guarded(pages.unlink, "operator"), methods=["POST"]),
        Route("/listings/by-code", site.guarded(pages.by_code, "operator"), methods=["POST"]),
    ]


class ListingPages:
    """What a seller sees of her shops' offers."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def all(self, request: Request) -> Response:
        """Show the offers, those without a link first."""
        asked = request.query_params
        shown = asked.get("show", "all") if asked.get("show") in SHOWN else "all"
        search, page = asked.get("q", "").strip()[:100], asked.get("page", "1")
        names = {shop["id"]: shop["name"] for shop in await ops.shop_list(self._house)}
        every = await ops.catalog_offers(self._house)
        counts = {"all": len(every), "unlinked": sum(not row["links"] for row in every)}
        counts["linked"] = counts["all"] - counts["unlinked"]
        found = [row for row in every if _fits(row, shown, search.lower())]
        found.sort(key=lambda row: (bool(row["links"]), row["title"], row["options"]))
        here = number_in(page, 1, 10_000)
        return self._site.page(
            request, "listings.html", section="listings", rows=found[(here - 1) * PAGE : here * PAGE], names=names,
            counts=counts, shown=shown, search=search, here=here, pages=max(-(-len(found) // PAGE), 1),
            address=_address,
        )  # fmt: skip

    async def link(self, request: Request) -> Response:
        """Link one offer to a SKU."""
        form = await form_of(request)
        units = form.number("units") if form.text("units") else 1
        await ops.catalog_link_by_hand(
            self._house, name=form.text("shop"), offer=form.one.get("offer", ""), sku=form.text("sku"),
            actor=actor_of(request), units=units, add=bool(form.text("add")), new=bool(form.text("new")),
        )  # fmt: skip
        return self._site.back("/listings?show=unlinked", said="listings.linked", sku=form.text("sku"))

    async def unlink(self, request: Request) -> Response:
        """Take an offer's links away."""
        form = await form_of(request)
        offer = form.one.get("offer", "")
        await ops.catalog_unlink(
            self._house, name=form.text("shop"), offer=offer, actor=actor_of(request)
        )
        return self._site.back("/listings?show=unlinked", said="listings.unlinked")

    async def by_code(self, request: Request) -> Response:
        """Link every offer whose code is certain."""
        done = await ops.catalog_link_by_sku(self._house, actor=actor_of(request))
        return self._site.back(
            "/listings", said="listings.linked_by_code", linked=done["linked"], doubtful=done["doubtful"],
            without=done["without_code"],
        )  # fmt: skip


def _fits(row: Mapping[str, Any], shown: str, search: str) -> bool:
    if shown != "all" and bool(row["links"]) != (shown == "linked"):
        return False
    words = f"{row['title']} {row['options']} {row['code']} {' '.join(row['links'])}".lower()
    return search in words


def _address(**asked: str | int) -> str:
    kept = {name: value for name, value in asked.items() if value not in {"", "all", 1}}
    return f"/listings?{urlencode(kept)}" if kept else "/listings"
