"""`serve` and `page`: the hub as a running program. Owns its lock, its signals and what it prints at the start."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from jangbu.app.commands.face import Face, face_of
from jangbu.app.commands.spoken import SpokenCommand
from jangbu.kernel.errors import StateError

if TYPE_CHECKING:
    from jangbu.app.serving import Door

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - told apart, not bound


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("serve", cls=SpokenCommand)(serve)
    app.command("page", cls=SpokenCommand)(page)


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option("--host", metavar="H")] = "",
    port: Annotated[int | None, typer.Option("--port", min=0, max=65_535, metavar="N")] = None,
) -> None:
    """Run the hub until it is told to end."""
    from jangbu.app.lock import HubLock  # noqa: PLC0415 - the CLI loads lazily

    face = face_of(ctx)
    home = face.settings.home
    lock, shared = HubLock.take(home), not face.settings.database_url.startswith("sqlite:")
    if lock is None and not shared:
        raise StateError("another hub works in this folder", code="serve.another_hub", home=str(home))
    try:
        asyncio.run(_run(face, host, port, locked=lock is not None, alone=not shared))
    finally:
        if lock is not None:
            lock.release()


def page(ctx: typer.Context) -> None:
    """Print a new one-time link to the running hub's page."""
    from jangbu.app import local  # noqa: PLC0415 - the CLI loads lazily

    print(local.ask_hub(face_of(ctx).settings, "page_link")["url"])


async def _run(face: Face, host: str, port: int | None, *, locked: bool, alone: bool) -> None:
    from jangbu.app import local  # noqa: PLC0415 - the CLI loads lazily
    from jangbu.app.bootstrap import open_house  # noqa: PLC0415 - the same
    from jangbu.app.hub import Hub  # noqa: PLC0415 - the same
    from jangbu.app.serving import serving  # noqa: PLC0415 - the same

    _log_to_stderr(face.settings.log_level)
    house = open_house(face.settings)
    try:
        hub = Hub(house, alone=alone)
        stop = _told_to_end()
        async with serving(house, hub, host=host, port=port) as door:
            card = local.Card(_reachable(door.url), door.local_token)
            with local.announced(face.settings.home, card) if locked else contextlib.nullcontext():
                _greet(face, door)
                await _until(stop, asyncio.create_task(hub.run(), name="hub"))
    finally:
        await house.close()


async def _until(stop: asyncio.Event, hub: asyncio.Task[None]) -> None:
    """Wait for the word to end, or for the hub's own end, which is a failure and comes out."""
    told = asyncio.create_task(stop.wait(), name="told to end")
    try:
        await asyncio.wait({hub, told}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.cancel()
        ended = hub.done()
        hub.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({hub})
    if ended:
        await hub


def _told_to_end() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows: an interrupt cancels the main task instead
            loop.add_signal_handler(number, stop.set)
    return stop


def _reachable(url: str) -> str:
    scheme, _, rest = url.partition("://")
    host, colon, port = rest.strip("/").rpartition(":")
    return f"{scheme}://{_EVERY_ADDRESS.get(host.strip('[]'), host)}{colon}{port}"


def _greet(face: Face, door: Door) -> None:
    face.say("serve.open", url=door.url, home=face.settings.home)
    if door.set_up:
        face.say("serve.sign_in", url=face.settings.public_url or door.url)
    else:
        face.say("serve.set_up")
        print(f"  {door.page_link}")
    if door.elsewhere:
        face.note("serve.in_clear", url=door.elsewhere)
    face.say("serve.end")
    sys.stdout.flush()


def _log_to_stderr(level: str) -> None:
    import structlog  # noqa: PLC0415 - the CLI loads lazily

    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)  # no local variables
    structlog.configure(
        processors=[*structlog.get_config()["processors"][:-1], plain],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
