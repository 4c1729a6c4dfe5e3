"""Pages that link goods without codes: pair by pair with pictures, all sure pairs at once, kits."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.addresses import number_in
from jangbu.app.web.forms import Form, form_of
from jangbu.app.web.site import Site, actor_of
from jangbu.catalog.pairing import Same
from jangbu.catalog.suggesting import PageId
from jangbu.kernel.errors import InputError, NotFound
from jangbu.kernel.ids import ShopId

PAIRS: Final = "/listings/pairs"
SURE_MAX: Final = 50
SKIP_MAX: Final = 100_000
KIT_ROWS: Final = 5
OPERATOR: Final = "operator"


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = LinkingPages(site)
    return [
        Route(PAIRS, site.guarded(pages.pair, OPERATOR)),
        Route(PAIRS, site.guarded(pages.answer, OPERATOR), methods=["POST"]),
        Route(f"{PAIRS}/sure", site.guarded(pages.sure, OPERATOR)),
        Route(f"{PAIRS}/sure", site.guarded(pages.link_sure, OPERATOR), methods=["POST"]),
        Route("/listings/kit", site.guarded(pages.kit, OPERATOR)),
        Route("/listings/kit", site.guarded(pages.make_kit, OPERATOR), methods=["POST"]),
        Route("/pictures/{shop}/{listing:path}", site.guarded(pages.picture)),
    ]


class LinkingPages:
    """What a seller answers about pairs of listings."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def pair(self, request: Request) -> Response:
        """Show the surest pair, or the one after those put off."""
        skip = number_in(request.query_params.get("skip", ""), 0, SKIP_MAX)
        found = await ops.linking_pairs(self._house, skip=skip, limit=1)
        alone = (await ops.linking_pairs(self._house, limit=10))["alone_first"] if not found["pairs"] else []
        return self._site.page(
            request, "pairs.html", section="listings", pair=next(iter(found["pairs"]), None), skip=skip,
            left=found["left"], alone=found["alone"], alone_first=alone, waiting=found["pictures_waiting"],
        )  # fmt: skip

    async def answer(self, request: Request) -> Response:
        """Take one answer: the same, different, only there, or the last one back."""
        form, actor = await form_of(request), actor_of(request)
        skip = number_in(form.text("skip"), 0, SKIP_MAX)
        back = f"{PAIRS}?skip={skip}" if skip else PAIRS
        match form.text("act"):
            case "same":
                done = await ops.linking_same(
                    self._house, left=_page(form, "left"), right=_page(form, "right"), pairs=_chosen(form), actor=actor
                )
                return self._site.back(back, said="linking.said.same", links=len(done["links"]))
            case "different":
                await ops.linking_different(
                    self._house, left=_page(form, "left"), right=_page(form, "right"), actor=actor
                )
                return self._site.back(back, said="linking.said.different")
            case "alone":
                done = await ops.linking_alone(self._house, page=_page(form, "left"), actor=actor)
                return self._site.back(back, said="linking.said.alone", links=len(done["links"]))
            case "undo":
                await ops.linking_undo(self._house, actor=actor)
                return self._site.back(back, said="linking.said.undone")
            case _:
                raise InputError("no such answer", code="page.choice", field="act")

    async def sure(self, request: Request) -> Response:
        """Show all sure pairs, to be looked through and linked at once."""
        return self._site.page(request, "pairs_sure.html", section="listings", pairs=await self._sure())

    async def link_sure(self, request: Request) -> Response:
        """Link the sure pairs that were ticked, as far as they are still suggested."""
        form, actor = await form_of(request), actor_of(request)
        ticked, links = set(form.every.get("pair", [])), 0
        for pair in await self._sure():
            if pair["key"] in ticked:
                done = await ops.linking_same(
                    self._house, left=_id(pair["left"]), right=_id(pair["right"]), actor=actor,
                    pairs=[Same(o["left"]["offer"], o["right"]["offer"]) for o in pair["options"]],
                )  # fmt: skip
                links += len(done["links"])
        return self._site.back(PAIRS, said="linking.said.same", links=links)

    async def kit(self, request: Request) -> Response:
        """Ask what an offer consists of."""
        shop, offer = request.query_params.get("shop", ""), request.query_params.get("offer", "")
        rows = await ops.catalog_offers(self._house, name=shop)
        row = next((each for each in rows if each["offer"] == offer), None)
        if row is None:
            raise NotFound("no such offer", code="offer_unknown", offer=offer)
        skus = [each["sku"] for each in await ops.stock_show(self._house)]
        return self._site.page(
            request, "kit.html", section="listings", offer=row, shop=shop, skus=skus, parts_asked=range(KIT_ROWS),
            held=list(row["links"].items()),
        )  # fmt: skip

    async def make_kit(self, request: Request) -> Response:
        """Keep what an offer consists of."""
        form = await form_of(request)
        parts = [
            (sku.strip(), number_in(units.strip() or "1", 0, 10_000))
            for sku, units in zip(form.every.get("sku", []), form.every.get("units", []), strict=False)
            if sku.strip()
        ]
        await ops.linking_kit(
            self._house, name=form.text("shop"), offer=form.one.get("offer", ""), parts=parts, actor=actor_of(request)
        )
        return self._site.back("/listings", said="linking.said.kit")

    async def picture(self, request: Request) -> Response:
        """Give the small copy of a listing's picture."""
        found = await ops.listing_picture(
            self._house, shop=request.path_params["shop"], listing=request.path_params["listing"]
        )
        if found is None:
            return Response(status_code=404)
        return Response(found, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})

    async def _sure(self) -> list[dict[str, Any]]:
        """Give pairs that are strong, whose options all fit, and that mean the same pieces on both sides."""
        found = await ops.linking_pairs(self._house, limit=SKIP_MAX)
        sure = [
            pair | {"key": "|".join((*_id(pair["left"]), *_id(pair["right"])))}
            for pair in found["pairs"]
            if pair["strength"] == "strong" and pair["units"] == [1, 1]
            and not pair["left_rest"] and not pair["right_rest"]
            and all(o["sure"] and not (o["left"]["links"] and o["right"]["links"]) for o in pair["options"])
        ]  # fmt: skip
        return sure[:SURE_MAX]


def _page(form: Form, side: str) -> PageId:
    return ShopId(form.text(f"{side}_shop")), form.one.get(f"{side}_listing", "")


def _id(page: dict[str, str]) -> PageId:
    return ShopId(page["shop"]), page["listing"]


def _chosen(form: Form) -> list[Same]:
    """Read the pairs of options that were ticked: "<n>" names the fields left:n, right:n, and the units."""
    return [
        Same(
            form.one.get(f"left:{n}", ""), form.one.get(f"right:{n}", ""), form.number("left_units"),
            form.number("right_units"),
        )
        for n in form.every.get("pair", [])
    ]  # fmt: skip
