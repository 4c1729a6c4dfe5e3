"""From where pages may be asked for: this machine always, elsewhere only what the operator opened. Owns no person."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from jangbu.app.bootstrap import House
from jangbu.app.web.guard import is_local, is_loopback
from jangbu.people import service as people

_NEAR: Final = tuple(
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True)
class Place:
    """Where a request comes from: its address, whether that is this machine, and whether https carried it."""

    address: str
    here: bool
    secure: bool
    origin: str  # what a page of ours at this place calls itself


class Reach:
    """Tells from where a request comes, or that it may not come at all."""

    def __init__(self, house: House, listening: str) -> None:
        """Let this machine in; the public address if one is set; the own network if `listening` is open to it."""
        self._house, self._anybody = house, False
        self._public = urlsplit(house.settings.public_url)
        self._open = not (is_loopback(listening) or listening == "localhost")

    async def place_of(self, scope: Scope) -> Place | None:
        """Give the place, or None for one that is not let in.

        Until somebody is set up, only this machine is.
        """
        host = Headers(scope=scope).getlist("host")
        if is_local(scope):
            return Place(_client(scope), here=True, secure=False, origin=f"http://{host[0].lower()}")
        found = self._elsewhere(scope, host[0].lower()) if len(host) == 1 else None
        if found and not self._anybody:
            self._anybody = await self._house.db.read(people.any_person)
        return found if found and self._anybody else None

    def _elsewhere(self, scope: Scope, host: str) -> Place | None:
        client = _client(scope)
        if self._public.hostname and self._is_public(host):
            secure = self._public.scheme == "https"
            origin = f"{self._public.scheme}://{host}"
            return Place(_behind_proxy(scope, client), here=False, secure=secure, origin=origin)
        return Place(client, here=False, secure=False, origin=f"http://{host}") if self._is_near(scope, host) else None

    def _is_public(self, host: str) -> bool:
        given = urlsplit(f"//{host}")
        usual = _PORTS[self._public.scheme]
        return (given.hostname, _port(given.netloc, usual)) == (
            self._public.hostname, _port(self._public.netloc, usual),
        )  # fmt: skip

    def _is_near(self, scope: Scope, host: str) -> bool:
        """Tell whether a neighbour in a private network asks for this machine by its number.

        A number cannot be rebound to another machine as a name can; what a proxy passed on is not near.
        """
        headers, server = Headers(scope=scope), scope.get("server")
        if not self._open or server is None or any(name in headers for name in ("forwarded", "via", "x-forwarded-for")):
            return False
        asked = urlsplit(f"//{host}").hostname or ""
        return asked == str(server[0]).lower() and _is_private(asked) and _is_private(_client(scope))


class Reached:
    """Refuses what may not come from where it comes; notes the place of the rest."""

    def __init__(self, app: ASGIApp, reach: Reach) -> None:
        """Wrap an application."""
        self._app, self._reach = app, reach

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            place = await self._reach.place_of(scope)
            if place is None:
                refusal = PlainTextResponse("Only from this machine / 이 컴퓨터에서만 열 수 있습니다\n", 403)
                await refusal(scope, receive, send)
                return
            scope.setdefault("state", {})["place"] = place
        await self._app(scope, receive, send)


def reached(reach: Reach) -> Middleware:
    """Give the middleware of every page."""
    return Middleware(Reached, reach)


def place_of(request: Request) -> Place:
    """Give where a request comes from, as it was noted when it came in."""
    place: Place = request.state.place
    return place


def from_own_page(request: Request) -> bool:
    """Judge by what browsers say of a form's origin; of those that say nothing the form's own value tells."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or origin.lower() == place_of(request).origin


def led_from_elsewhere(request: Request) -> bool:
    """Tell whether another site led here, so that the browser kept our strict cookies back."""
    return request.method == "GET" and request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}


def _client(scope: Scope) -> str:
    client = scope.get("client")
    try:
        found = ipaddress.ip_address(client[0] if client else "")
    except ValueError:
        return ""
    return str((found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None) or found)


def _behind_proxy(scope: Scope, client: str) -> str:
    """Give the address our own proxy on this machine was asked from; what strangers claim is not believed."""
    told = Headers(scope=scope).get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        return str(ipaddress.ip_address(told)) if is_loopback(client) else client
    except ValueError:
        return client


def _is_private(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return False
    return any(found in network for network in _NEAR)


def _port(netloc: str, usual: int) -> int:
    try:
        return urlsplit(f"//{netloc}").port or usual
    except ValueError:
        return -1
