"""Owns serving several ASGI apps on loopback ports in one process, real resets included; no marketplace."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from jangbu.sandbox.core.faults import ConnectionDropped

HOST: Final = "127.0.0.1"
_TRANSPORT: Final = "jangbu.sandbox.transport"
_RESET_AT_ONCE: Final = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST


class PortTakenError(RuntimeError):
    """A port is in use; the message is one line for people."""


class ResettableProtocol(HttpToolsProtocol):
    """Puts the connection's transport in the scope, so that a fault can cut it."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, Any] = {_TRANSPORT: self.transport}
        self.scope["extensions"] = extensions


def cutting(app: ASGIApp) -> ASGIApp:
    """The app, with `ConnectionDropped` made real: RST before the answer, an early end after its start."""

    async def cut(scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Any) -> None:  # noqa: ANN401 -- an ASGI message
            nonlocal started
            started = True
            await send(message)

        try:
            await app(scope, receive, sending)
        except ConnectionDropped:
            transport = scope.get("extensions", {}).get(_TRANSPORT)
            if transport is None:
                raise
            if started:
                transport.close()
            else:
                _reset(transport)
            while (await receive())["type"] != "http.disconnect":
                pass

    return cut


async def serve(
    apps: Mapping[int, ASGIApp],
    *,
    background: Callable[[], Awaitable[None]],
    stop: asyncio.Event,
    on_ready: Callable[[], None],
) -> None:
    """Serves the apps by port, with the background work, until `stop` is set.

    Errors: PortTakenError before anything is served.
    """
    with _bound(list(apps)) as sockets:
        servers = {port: _Server(_config(app)) for port, app in apps.items()}
        async with asyncio.TaskGroup() as group:
            working = group.create_task(_run(background))
            for port, server in servers.items():
                group.create_task(server.serve([sockets[port]]))
            group.create_task(_announce(servers.values(), on_ready))
            stopping = group.create_task(stop.wait())
            await asyncio.wait({stopping, working}, return_when=asyncio.FIRST_COMPLETED)
            for server in servers.values():
                server.should_exit = True
            for task in (working, stopping):
                task.cancel()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # one process holds several servers: its main catches the signals for all
        yield


async def _run(background: Callable[[], Awaitable[None]]) -> None:
    await background()


async def _announce(servers: Any, on_ready: Callable[[], None]) -> None:  # noqa: ANN401 -- a view of servers
    while not all(server.started for server in servers):  # noqa: ASYNC110 -- uvicorn offers no event
        await asyncio.sleep(0.01)
    on_ready()


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        cutting(app),
        http=ResettableProtocol,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=75,
    )


@contextlib.contextmanager
def _bound(ports: list[int]) -> Iterator[dict[int, socket.socket]]:
    with contextlib.ExitStack() as stack:
        sockets: dict[int, socket.socket] = {}
        for port in ports:
            listening = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listening.bind((HOST, port))
                listening.listen(512)
            except OSError as error:
                raise PortTakenError(f"port {port} on {HOST} cannot be used: {error.strerror}") from error
            listening.setblocking(False)  # noqa: FBT003 -- the socket module takes it by place
            sockets[port] = listening
        yield sockets


def _reset(transport: asyncio.Transport) -> None:
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
    transport.abort()
