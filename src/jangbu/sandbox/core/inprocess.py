"""Owns an HTTP transport that reaches ASGI apps of this process by address; for tests and simulations."""

import asyncio
from collections.abc import Mapping

import httpx2
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jangbu.sandbox.core.faults import ConnectionDropped


class InProcessTransport(httpx2.AsyncBaseTransport):
    """Routes requests by `host:port` to apps; timeouts and dropped connections look as on a socket.

    A request that times out goes on inside the app, as it would on a server.
    Errors: httpx2.ConnectError for an unknown address, ReadTimeout, ReadError, RemoteProtocolError.
    """

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = dict(apps)
        self._running: set[asyncio.Task[None]] = set()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        app = self._apps.get(f"{request.url.host}:{request.url.port}")
        if app is None:
            raise httpx2.ConnectError("nobody listens there", request=request)
        stage = _Stage(await request.aread())
        task = asyncio.get_running_loop().create_task(_play(app, request, stage))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        timeout_s = request.extensions.get("timeout", {}).get("read")
        done, _ = await asyncio.wait({task}, timeout=timeout_s)
        if not done:
            raise httpx2.ReadTimeout("no answer in time", request=request)
        return _outcome(task, stage, request)

    async def aclose(self) -> None:
        for task in list(self._running):
            task.cancel()


class _Stage:
    """What passes between app and transport for one request."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = bytearray()
        self.over = asyncio.Event()

    async def receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self.over.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
            return
        self.body += message.get("body", b"")
        if not message.get("more_body", False):
            self.over.set()


async def _play(app: ASGIApp, request: httpx2.Request, stage: _Stage) -> None:
    scope: Scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.partition(b"?")[0],
        "query_string": request.url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 1),
    }
    receive: Receive = stage.receive
    send: Send = stage.send
    await app(scope, receive, send)


def _outcome(task: asyncio.Task[None], stage: _Stage, request: httpx2.Request) -> httpx2.Response:
    try:
        task.result()
    except ConnectionDropped as dropped:
        if stage.status is None:
            raise httpx2.ReadError("connection reset", request=request) from dropped
        raise httpx2.RemoteProtocolError("the body ended early", request=request) from dropped
    if stage.status is None or not stage.over.is_set():
        raise RuntimeError("the app did not finish its answer")
    return httpx2.Response(stage.status, headers=stage.headers, content=bytes(stage.body), request=request)
