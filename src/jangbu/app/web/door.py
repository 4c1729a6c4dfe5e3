"""Who a visitor is by the one-time link that let the browser in: this machine's owner. Owns no pages."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jangbu.app.web.sessions import COOKIE, Sessions
from jangbu.app.web.site import Visitor, closed_page

OWNER: Final = Visitor("owner", "", "owner", "", "")


class LinkDoor:
    """Lets in who came through a one-time link."""

    def __init__(self, sessions: Sessions) -> None:
        """Ask these sessions."""
        self._sessions, self._key = sessions, secrets.token_bytes(32)

    async def visitor(self, request: Request) -> Visitor | None:
        return OWNER if self._sessions.is_open(request.cookies.get(COOKIE, "")) else None

    def csrf(self, request: Request) -> str:
        return hmac.digest(self._key, request.cookies.get(COOKIE, "").encode(), "sha256").hex()

    async def turn_away(self, request: Request) -> Response:
        del request
        return HTMLResponse(closed_page("web.door.closed"), 403)
