"""The first page, and the switch that stops all writing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from jangbu.app import operations as ops
from jangbu.app.web.connect import shop_path
from jangbu.app.web.site import Site, actor_of
from jangbu.infra.ui import assets

NEXT: Final = 5
_NOT_NOW: Final = frozenset({"waits", "sent"})


class Pages:
    """Answers `/`, `/stop`, `/resume` and `/static/{name}`."""

    def __init__(self, site: Site) -> None:
        """Show this house to who is signed in."""
        self._site, self._house = site, site.house

    async def today(self, request: Request) -> Response:
        """Show the day by order of need."""
        day, board = await ops.today(self._house), await ops.order_board(self._house, limit=NEXT)
        steps = _steps(day["steps"])
        following = next((name for name, done in steps if not done), "")
        return self._site.page(
            request, "today.html", section="today", day=day, path=shop_path, orders=_orders(board),
            steps=steps if not day["steps"]["started"] else [], following=following,
        )  # fmt: skip

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


def _orders(board: Mapping[str, Any]) -> dict[str, Any]:
    """Give of the board of orders what can be shipped now: counts, and the most pressing."""
    groups = [each for each in board["groups"] if each["group"] not in _NOT_NOW]
    counts = {each["group"]: each["count"] for each in groups}
    return {"counts": counts, "all": sum(counts.values()), "next": [one for each in groups for one in each["orders"]]}


def _steps(told: dict[str, int]) -> list[tuple[str, bool]]:
    """Give a beginner's steps with those that are done; reading the plan and starting are one deed."""
    return [
        ("connect", told["shops"] > 0),
        ("link", told["linked"] > 0),
        ("count", told["linked"] > 0 and not told["uncounted"]),
        ("plan", told["started"] > 0),
        ("start", told["started"] > 0),
    ]
