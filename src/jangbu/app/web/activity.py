"""Page of records: what happened, what was written, every call and every delivery."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.operations.common import Facts
from jangbu.app.web.site import Site

READ: Final[Mapping[str, Callable[..., Awaitable[list[Facts]]]]] = {
    "story": ops.activity, "writes": ops.recent_writes, "calls": ops.call_list, "deliveries": ops.delivery_list,
}  # fmt: skip
SHOWN: Final = tuple(READ)
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
        """Show one kind of record, newest first."""
        shown = request.query_params.get("show", SHOWN[0])
        shown = shown if shown in SHOWN else SHOWN[0]
        house = self._house
        rows = await READ[shown](house, limit=LIMIT)
        return self._site.page(
            request, "activity.html", section="activity", shown=shown, kinds=SHOWN, rows=rows
        )
