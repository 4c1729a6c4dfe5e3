"""Puts the doors of the web shell together. Owns addresses, nothing behind them."""

from __future__ import annotations

from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.routing import Route

from jangbu.app.bootstrap import House
from jangbu.app.hub import Hub
from jangbu.app.web.guard import LoopbackOnly, SecurityHeaders
from jangbu.app.web.health import HealthDoor
from jangbu.app.web.hooks import HookDoor
from jangbu.app.web.local import LocalDoor
from jangbu.app.web.pages import Pages
from jangbu.app.web.sessions import Sessions

PAGE_LINK: Final = "page_link"
"""What the loopback door is asked for a new one-time link."""


def create_app(house: House, hub: Hub | None, *, local_token: str, page_token: str) -> Starlette:
    """Build the web application of a house.

    `local_token` opens the loopback door; `page_token` is the key of the first one-time link,
    `/enter?key=<page_token>`. `hub` is None when this process serves pages alone.
    """
    sessions = Sessions(house.clock, page_token)
    pages, hooks, health = Pages(house, sessions), HookDoor(house), HealthDoor(house)

    def page_link(request: Request) -> dict[str, str]:
        return {"url": str(request.base_url).rstrip("/") + _link(sessions)}

    local = LocalDoor(house, local_token, {PAGE_LINK: page_link})
    here = [Middleware(LoopbackOnly)]
    app = Starlette(
        routes=[
            Route("/hooks/{channel}/{endpoint}", hooks.take, methods=["POST"]),
            Route("/healthz", health.alive),
            Route("/readyz", health.ready),
            Route("/local/op", local.take, methods=["POST"], middleware=here),
            Route("/enter", pages.enter, middleware=here),
            Route("/static/{name}", pages.static, middleware=here),
            Route("/", pages.board, middleware=here),
        ],
        middleware=[Middleware(SecurityHeaders)],
    )
    app.state.sessions, app.state.hub = sessions, hub
    return app


def issue_link(app: Starlette) -> str:
    """Make another one-time link to the page of an application; gives its path, to follow scheme, host and port."""
    return _link(app.state.sessions)


def _link(sessions: Sessions) -> str:
    return f"/enter?key={sessions.issue_key()}"
