"""Who may come in at all: this machine only, asked for by its own name, and what every answer forbids."""

from __future__ import annotations

import ipaddress
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_FORWARDED: Final = frozenset({"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"})


class SecurityHeaders:
    """Puts on every answer what a browser must not do with it; nothing is kept unless the answer says so."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_guarded)


class LoopbackOnly:
    """Refuses whatever does not come from this machine, or asks for another name than this machine's.

    A name that was rebound to 127.0.0.1 still stands in the Host header; a tunnel or proxy on this machine
    gives itself away by what it adds.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_local(scope):
            refusal = PlainTextResponse("Only from this machine / 이 컴퓨터에서만 열 수 있습니다\n", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def is_local(scope: Scope) -> bool:
    """Tell whether a request was made on this machine, to this machine by name or number."""
    headers = Headers(scope=scope)
    if any(name in headers for name in _FORWARDED):
        return False
    client = scope.get("client")
    return client is not None and is_loopback(client[0]) and _host_is_ours(headers.getlist("host"))


def _host_is_ours(given: list[str]) -> bool:
    if len(given) != 1:
        return False
    host = given[0].lower()
    name, colon, port = host.rpartition(":")
    if colon and port.isdigit():
        host = name
    return host in {"127.0.0.1", "localhost", "[::1]"}


def is_loopback(address: str) -> bool:
    """Tell whether a number is this machine's own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback
