"""Page of records: what happened, what was written, every call and every delivery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.operations.common import Facts
from jangbu.app.web.site import Site

SHOWN: Final = ("story", "writes", "calls", "deliveries")
TROUBLE: Final = "trouble"
LIMIT: Final = 100


def routes(site: Site) -> list[Route]:
    """Give the page's address."""
    page = ActivityPage(site)
    return [Route("/activity", site.guarded(page.all))]


class ActivityPage:
    """What Jangbu did and heard."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def all(self, request: Request) -> Response:
        """Show one kind of record, newest first: of all shops or one, all of it or what it is about."""
        asked, names = request.query_params, [shop["name"] for shop in await ops.shop_list(self._house)]
        shown = _one_of(asked.get("show", ""), SHOWN) or SHOWN[0]
        shop, every = _one_of(asked.get("shop", ""), names), (*ops.ABOUT,) if shown == SHOWN[0] else (TROUBLE,)
        about = _one_of(asked.get("about", ""), every)
        evidence = await ops.records_evidence(self._house, name=shop, about=about if shown == SHOWN[0] else "")
        return self._site.page(
            request, "activity.html", section="activity", shown=shown, kinds=SHOWN, shop=shop, shops=names,
            about=about, every=every, rows=await self._rows(shown, shop, about), evidence=evidence["text"],
            to=_address,
        )  # fmt: skip

    async def _rows(self, shown: str, shop: str, about: str) -> list[Facts]:
        if shown == SHOWN[0]:
            return await ops.activity(self._house, name=shop, about=about, limit=LIMIT)
        read = {"writes": ops.recent_writes, "calls": ops.call_list, "deliveries": ops.delivery_list}[shown]
        return await read(self._house, name=shop, failed=about == TROUBLE, limit=LIMIT)


def _one_of(asked: str, known: Sequence[str]) -> str:
    """Give what was asked for if it is known; all of it else."""
    return asked if asked in known else ""


def _address(**asked: str) -> str:
    kept = {name: value for name, value in asked.items() if value}
    return f"/activity?{urlencode(kept)}" if kept else "/activity"
