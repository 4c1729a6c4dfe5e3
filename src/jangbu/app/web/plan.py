"""The plan page: number now, number to be written, what follows and why; and the start, whole or in part (P13)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.operations.planning import KINDS
from jangbu.app.web.addresses import one_of, page_in, pages_of, search_in
from jangbu.app.web.connect import shop_path
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of

PAGE: Final = 50
SHOWN: Final = ("all", *KINDS)
SCOPES: Final = ("all", "lowering", "skus")


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = PlanPages(site)
    return [
        Route("/plan", site.guarded(pages.plan)),
        Route("/plan/start", site.guarded(pages.start, "operator"), methods=["POST"]),
    ]


@dataclass(frozen=True)
class Out:
    """One reason why numbers are left alone: how many, what to do, and where."""

    code: str
    n: int
    do: str
    link: str


class PlanPages:
    """What a seller reads before she lets Jangbu write."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def plan(self, request: Request) -> Response:
        """Show the plan of one shop, or of all: totals over all of it, and the part that is asked for."""
        every = await ops.shop_list(self._house)
        wanted = request.query_params.get("shop", "")
        shop = await ops.shop_show(self._house, name=wanted) if wanted else (every[0] if len(every) == 1 else None)
        told = await ops.plan(self._house, name=shop["id"] if shop else "")
        kind, search, page = one_of(request, "kind", SHOWN), search_in(request), page_in(request)
        found = [row for row in told if _fits(row, kind, search.lower())]
        rows = found[(page - 1) * PAGE : page * PAGE]
        picked = {"\n".join(each.splitlines()) for each in request.query_params.getlist("sku")}
        undecided = shop is not None and _undecided(self._house.manifests[shop["channel"]].return_fee, shop)
        return self._site.page(
            request, "plan.html", section="shops", shop=shop, every=every, rows=rows, counts=_counted(told),
            kinds=SHOWN, kind=kind, search=search, page=page, pages=pages_of(len(found), PAGE), found=len(found),
            picked=picked,
            kept=sorted(picked - {"\n".join(row["skus"]) for row in rows}), undecided=undecided, scopes=SCOPES,
            path=shop_path,
            scope=one_of(request, "scope", SCOPES) if "scope" in request.query_params else shop and shop["scope"],
            out=await self._left_out(told, shop), unread=shop is not None and shop["heard_at"] is None,
        )  # fmt: skip

    async def _left_out(self, told: Sequence[Mapping[str, Any]], shop: Mapping[str, Any] | None) -> list[Out]:
        """Give what is left alone by reason, with what to do about it."""
        reasons = Counter(row["left_alone"] for row in told if row["kind"] == "out")
        found = [Out(code, n, code.removeprefix("wait."), _mending(code, shop)) for code, n in reasons.most_common()]
        unlinked = await ops.offers_unlinked(self._house, name=shop["id"] if shop else "")
        return [*found, Out("plans.out.unlinked", unlinked, "unlinked", "/listings/pairs")] if unlinked else found

    async def start(self, request: Request) -> Response:
        """Let Jangbu write to a shop: all of it, only lowering, or a few SKUs."""
        form = await form_of(request)
        shop = await ops.shop_show(self._house, name=form.text("shop"))
        scope = form.text("scope") or "all"
        ticked = [sku for each in form.every.get("sku", []) for sku in each.splitlines()]
        await ops.shop_state(
            self._house, name=shop["id"], action="start", actor=actor_of(request), scope=scope,
            skus=list(dict.fromkeys(ticked)) if scope == "skus" else [], return_free=form.text("return_free"),
        )  # fmt: skip
        return self._site.back("/", said=f"plans.started.{scope}", name=shop["name"])


def _undecided(return_fee: bool, shop: Mapping[str, Any]) -> bool:
    return return_fee and shop["options"].get("return_free") not in {"yes", "no"}


def _fits(row: Mapping[str, Any], kind: str, search: str) -> bool:
    words = f"{row['sku']} {row['title']} {row['options']}".lower()
    return kind in {"all", row["kind"]} and search in words


def _counted(rows: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    kinds = Counter(row["kind"] for row in rows)
    return {"all": len(rows), **{kind: kinds[kind] for kind in KINDS}}


def _mending(code: str, shop: Mapping[str, Any] | None) -> str:
    """Give the page where a person can change what keeps numbers out; "" where it is not here."""
    if code == "wait.not_counted":
        return "/stock/opening"
    if code == "wait.return_not_allowed":
        return f"{shop_path(shop['name'], shop['id'])}#returns" if shop else "/shops"
    return ""
