"""The plan page: number now, number to be written, why, what follows; and the start, whole or in part (P13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = PlanPages(site)
    return [
        Route("/plan", site.guarded(pages.plan)),
        Route("/plan/start", site.guarded(pages.start, "operator"), methods=["POST"]),
    ]


@dataclass(frozen=True)
class PlanRow:
    """One number. `kind`: raise, lower, off, on, equal, unread or waits: what would become of it."""

    sku: str
    title: str
    options: str
    now: int | None
    target: int
    on_sale: bool
    kind: str
    why: str
    writes: bool


@dataclass(frozen=True)
class PlanCounts:
    """What a start would do, counted."""

    numbers: int
    lowered: int
    raised: int
    off: int
    waiting: int
    unread: int


class PlanPages:
    """What a seller reads before she lets Jangbu write."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def plan(self, request: Request) -> Response:
        """Show the plan of one shop, or lead to one."""
        every = await ops.shop_list(self._house)
        wanted = request.query_params.get("shop", "")
        shop = await ops.shop_show(self._house, name=wanted) if wanted else (every[0] if every else None)
        told = await ops.plan(self._house, name=shop["id"]) if shop else []
        rows = [plan_row(each) for each in told]
        undecided = shop is not None and _undecided(self._house.manifests[shop["channel"]].return_fee, shop)
        return self._site.page(
            request, "plan.html", section="shops", shop=shop, every=every, rows=rows[:500], more=len(rows) - 500,
            counts=counted(rows), undecided=undecided, skus=sorted({row.sku for row in rows}),
            unread=shop is not None and shop["heard_at"] is None,
        )  # fmt: skip

    async def start(self, request: Request) -> Response:
        """Let Jangbu write to a shop: all of it, only lowering, or a few SKUs."""
        form = await form_of(request)
        shop = await ops.shop_show(self._house, name=form.text("shop"))
        if form.text("return_free"):
            await ops.shop_set(self._house, name=shop["id"], option="return_free", value=form.text("return_free"))
        scope = form.text("scope") or "all"
        skus = form.every.get("sku", []) if scope == "skus" else []
        await ops.shop_state(
            self._house, name=shop["id"], action="start", actor=actor_of(request), scope=scope, skus=skus
        )
        return self._site.back("/", said=f"plans.started.{scope}", name=shop["name"])


def _undecided(return_fee: bool, shop: Mapping[str, Any]) -> bool:
    return return_fee and shop["options"].get("return_free") not in {"yes", "no"}


def plan_row(told: Mapping[str, Any]) -> PlanRow:
    """Say of one number what would become of it."""
    now, target = told["now"], told["target"]
    waits = told["waiting"] and not told["act"]
    if now is None:
        kind = "unread"
    elif waits:
        kind = "waits"
    elif told["act"] in {"off", "on", "reopen"}:
        kind = "off" if told["act"] == "off" else "on"
    elif target == now:
        kind = "equal"
    else:
        kind = "raise" if target > now else "lower"
    why = told["waiting"] if waits else told["why"]
    return PlanRow(
        told["sku"], told["title"], told["options"], now, target, told["on_sale"], kind, why, told["writes"]
    )


def counted(rows: Sequence[PlanRow]) -> PlanCounts:
    """Count what a start would do."""
    kinds = [row.kind for row in rows]
    return PlanCounts(
        len(rows), kinds.count("lower"), kinds.count("raise") + kinds.count("on"), kinds.count("off"),
        kinds.count("waits"), kinds.count("unread"),
    )  # fmt: skip
