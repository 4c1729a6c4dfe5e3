"""Puts the doors of the web shell together. Owns addresses, nothing behind them."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from jangbu.app.bootstrap import House
from jangbu.app.hub import Hub
from jangbu.app.web import activity, connect, linking, listings, opening, orders, plan, repair, shipping, shops, stock
from jangbu.app.web.door import PeopleDoor
from jangbu.app.web.entering import Entering
from jangbu.app.web.guard import LoopbackOnly, SecurityHeaders
from jangbu.app.web.health import HealthDoor
from jangbu.app.web.hooks import HookDoor
from jangbu.app.web.links import Links
from jangbu.app.web.local import LocalDoor
from jangbu.app.web.pages import Pages
from jangbu.app.web.people import PeoplePages
from jangbu.app.web.reach import Reach, reached
from jangbu.app.web.recovery import Recovery
from jangbu.app.web.site import Site

PAGE_LINK: Final = "page_link"
"""What the loopback door is asked for a new one-time link."""


def routes_of(site: Site, pages: Pages) -> list[Route]:
    """List every page; each subject lists its own."""
    return [
        Route("/", site.guarded(pages.today)),
        Route("/stop", site.guarded(pages.stop, "operator"), methods=["POST"]),
        Route("/resume", site.guarded(pages.resume, "operator"), methods=["POST"]),
        *connect.routes(site),
        *repair.routes(site),
        *shops.routes(site),
        *shipping.routes(site),
        *orders.routes(site),
        *stock.routes(site),
        *linking.routes(site),
        *opening.routes(site),
        *listings.routes(site),
        *plan.routes(site),
        *activity.routes(site),
    ]


def _behind(routes: list[Route], *middleware: Middleware) -> list[Route]:
    """Have pages answer only to what comes through."""
    return [Route(r.path, r.endpoint, methods=sorted(r.methods or ()), middleware=middleware) for r in routes]


def create_app(
    house: House, hub: Hub | None, *, local_token: str, page_token: str, listening: str = "127.0.0.1"
) -> Starlette:
    """Build the web application of a house.

    `local_token` opens the loopback door; `page_token` is the key of the first one-time link,
    `/enter?key=<page_token>`; `app.state.issue_link()` makes the key of another. `hub` is None when this
    process serves pages alone. `listening` is the address it listens at: pages answer to other machines only if
    that, or the public address, is opened to them, and only when somebody is set up.
    """
    links, door = Links(house.clock, page_token), PeopleDoor(house)
    site = Site(house, door)
    pages, hooks, health = Pages(site), HookDoor(house), HealthDoor(house)
    entering, reach = Entering(site, door, links), reached(Reach(house, listening))

    def page_link(request: Request) -> dict[str, str]:
        return {"url": f"{request.base_url}enter?key={links.issue_key()}"}

    local = LocalDoor(house, local_token, {PAGE_LINK: page_link})
    here = Middleware(LoopbackOnly)
    app = Starlette(
        routes=[
            Route("/hooks/{channel}/{endpoint}", hooks.take, methods=["POST"]),
            Route("/healthz", health.alive),
            Route("/readyz", health.ready),
            Route("/local/op", local.take, methods=["POST"], middleware=[here]),
            *_behind(entering.routes_here(), here, reach),
            *_behind(
                [
                    Route("/static/{name}", pages.static),
                    *entering.routes(),
                    *Recovery(site, door, links).routes(),
                    *PeoplePages(site, door).routes(),
                    *routes_of(site, pages),
                ],
                reach,
            ),
        ],
        middleware=[Middleware(SecurityHeaders)],
    )
    app.state.issue_link, app.state.hub = links.issue_key, hub
    return app
