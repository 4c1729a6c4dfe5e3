"""The way of a command to the hub: through the running one's loopback door, else in a house opened here.

Owns the token file `local.json` and the wire of the door; decides nothing about operations.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from jangbu.app import lock
from jangbu.app.bootstrap import open_house
from jangbu.app.operations import OPERATIONS
from jangbu.infra.settings import Settings
from jangbu.kernel import errors
from jangbu.kernel.errors import JangbuError, RowErrors, StateError

CARD_FILE: Final = "local.json"
DOOR: Final = "/local/op"
_CONNECT_S: Final = 3.0
_ANSWER_S: Final = 900.0  # a whole catalogue may be read meanwhile
_NOT_OUR_TOKEN: Final = 401
_SERVER_FAULT: Final = 500


class Card(msgspec.Struct, frozen=True):
    """Where the running hub answers, and the token it wants."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"Card({self.url})"


@dataclass(frozen=True)
class Answer:
    """What an operation gave, and whether a running hub did it."""

    result: Any
    by_hub: bool


@dataclass(frozen=True)
class _Reply:
    status: int
    body: bytes = field(repr=False)


class _NotThereError(Exception):
    """Nobody of ours answered, and nothing was asked of anybody."""


def ask(settings: Settings, operation: str, args: Mapping[str, Any]) -> Answer:
    """Have an operation done, by the running hub if there is one.

    Errors: those of the operation, whoever did it; StateError when the hub took it and did not answer.
    """
    if card := running(settings.home):
        with contextlib.suppress(_NotThereError):
            return Answer(_through_door(card, operation, args), by_hub=True)
    return Answer(asyncio.run(_here(settings, operation, args)), by_hub=False)


def ask_hub(settings: Settings, operation: str) -> Any:  # noqa: ANN401
    """Ask the running hub for what it alone can answer. Errors: StateError when none runs."""
    if card := running(settings.home):
        with contextlib.suppress(_NotThereError):
            return _through_door(card, operation, {})
    raise StateError("no hub runs", code="hub.not_running", home=str(settings.home))


def running(home: Path) -> Card | None:
    """Tell where a living hub of this folder answers. A card left by a dead one is not believed."""
    if not lock.held(home):
        return None
    try:
        return msgspec.json.decode((home / CARD_FILE).read_bytes(), type=Card)
    except (OSError, msgspec.DecodeError):
        return None


@contextlib.contextmanager
def announced(home: Path, card: Card) -> Iterator[None]:
    """Leave the card for commands of the same user while the block runs."""
    file, fresh = home / CARD_FILE, home / f"{CARD_FILE}.new"
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(msgspec.json.encode(card))
    fresh.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


async def _here(settings: Settings, operation: str, args: Mapping[str, Any]) -> Any:  # noqa: ANN401
    house = open_house(settings)
    try:
        return await OPERATIONS[operation](house, **args)
    finally:
        await house.close()


def _through_door(card: Card, operation: str, args: Mapping[str, Any]) -> Any:  # noqa: ANN401
    reply = _post(card, msgspec.json.encode({"op": operation, "args": dict(args)}))
    try:
        told = msgspec.json.decode(reply.body, type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    if "result" in told:
        return told["result"]
    if reply.status == _NOT_OUR_TOKEN:
        raise _NotThereError
    if isinstance(error := told.get("error"), dict):
        raise _as_raised(error)
    if reply.status >= _SERVER_FAULT:
        raise StateError("the running hub failed", code="local.crashed")
    raise _NotThereError  # not our door: nothing was run there


def _post(card: Card, body: bytes) -> _Reply:
    address = urlsplit(card.url)
    door = http.client.HTTPConnection(address.hostname or "", address.port, timeout=_CONNECT_S)
    try:
        door.connect()
    except OSError:
        raise _NotThereError from None
    headers = {"Authorization": f"Bearer {card.token}", "Content-Type": "application/json"}
    try:
        if door.sock is not None:
            door.sock.settimeout(_ANSWER_S)
        door.request("POST", DOOR, body=body, headers=headers)
        answer = door.getresponse()
        return _Reply(answer.status, answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise StateError("the running hub did not answer", code="local.no_answer") from error
    finally:
        door.close()


def _as_raised(told: Mapping[str, Any]) -> JangbuError:
    """Make the error the operation raised in the hub anew, so that a command handles both alike."""
    kind = getattr(errors, str(told.get("kind", "")), JangbuError)
    if not (isinstance(kind, type) and issubclass(kind, JangbuError)) or issubclass(kind, RowErrors):
        kind = errors.InputError if kind is RowErrors else JangbuError
    given = told.get("facts")
    facts = {k: v for k, v in given.items() if isinstance(v, str | int)} if isinstance(given, dict) else {}
    code = str(told.get("code") or kind.code)
    return kind(str(told.get("message", "")), code=code, **facts)
