"""Opens the hub's web door in this process and closes it again. Owns the server, not what it serves."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import uvicorn

from jangbu.app.bootstrap import House
from jangbu.app.hub import Hub
from jangbu.app.web import create_app
from jangbu.app.web.guard import is_loopback
from jangbu.kernel.errors import ConfigError
from jangbu.people import service as people

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where this machine reaches it


@dataclass(frozen=True)
class Door:
    """Where the hub answers. `page_link` lets somebody on this machine in once; `new_page_link()` makes another.

    `set_up` says whether somebody is set up already. `elsewhere` is where other machines reach the pages over plain
    http, "" when they do not.
    """

    url: str
    local_token: str
    page_link: str
    new_page_link: Callable[[], str]
    set_up: bool
    elsewhere: str


@contextlib.asynccontextmanager
async def serving(house: House, hub: Hub, *, host: str = "", port: int | None = None) -> AsyncIterator[Door]:
    """Serve the webhook door, the loopback door and the page until the block ends.

    Errors: ConfigError when the address is taken.
    """
    host, port = host or house.settings.host, house.settings.port if port is None else port
    listeners = [_listener(host, port)]
    port, elsewhere = listeners[0].getsockname()[1], ""
    if not (is_loopback(host) or host == "localhost"):
        elsewhere = f"http://{_shown(own_number() if host in _EVERY_ADDRESS else host)}:{port}"
        if host not in _EVERY_ADDRESS:  # this machine's own doors are asked for by its own number
            listeners.append(_listener("127.0.0.1", port))
    set_up = await house.db.read(people.any_person)
    token, key = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
    app = create_app(house, hub, local_token=token, page_token=key, listening=host)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, lifespan="off", loop="none"
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # the shell owns the signals
    host = _EVERY_ADDRESS.get(host, "127.0.0.1" if elsewhere else host)
    url = f"http://{_shown(host)}:{port}"
    running = asyncio.create_task(server.serve(sockets=listeners), name="web")
    try:
        yield Door(
            url, token, f"{url}/enter?key={key}", lambda: f"{url}/enter?key={app.state.issue_link()}", set_up, elsewhere
        )
    finally:
        server.should_exit = True
        server.force_exit = True
        with contextlib.suppress(asyncio.CancelledError):
            await running


def own_number() -> str:
    """Give the number by which neighbours reach this machine, as far as it can be told without asking anybody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial, contextlib.suppress(OSError):
        trial.connect(("10.255.255.255", 9))  # chooses a way out; nothing is sent
        return str(trial.getsockname()[0])
    return "0.0.0.0"  # noqa: S104 - what it listens at


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _listener(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            f"the address {host}:{port} is taken", code="config.address_taken", host=host, port=port
        ) from error
    return listener
