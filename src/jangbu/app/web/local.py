"""The loopback door: runs an operation for a program that holds this hub's token. Owns no operation."""

from __future__ import annotations

import hmac
import inspect
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, get_type_hints

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response

from jangbu.app.bootstrap import House
from jangbu.app.operations import OPERATIONS
from jangbu.app.web.bodies import read_body
from jangbu.infra.ui import status_of
from jangbu.kernel.errors import AccessError, InputError, JangbuError, NotFound, RowErrors

log = structlog.get_logger()

BODY_BYTES_MAX: Final = 16 * 1024 * 1024


class _Ask(msgspec.Struct):
    op: str
    args: dict[str, Any] = {}


class LocalDoor:
    """Answers `POST /local/op`: {"op", "args"} → {"result"} or {"error": {"kind", "code", "message", "facts"}}."""

    def __init__(self, house: House, token: str, extra: Mapping[str, Callable[[Request], Any]] | None = None) -> None:
        """Open to whoever shows `token`. `extra`: what only this process can answer, by name."""
        self._house, self._token, self._extra = house, token.encode(), dict(extra or {})

    async def take(self, request: Request) -> Response:
        """Run one operation."""
        try:
            self._check(request)
            ask = _asked(await read_body(request, BODY_BYTES_MAX))
            return _answer({"result": await self._run(request, ask)})
        except JangbuError as error:
            return _failed(error)

    def _check(self, request: Request) -> None:
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(), self._token):
            raise AccessError("this door needs the token of the running hub", code="local.token")

    async def _run(self, request: Request, ask: _Ask) -> object:
        if ask.op in self._extra:
            return self._extra[ask.op](request)
        if ask.op not in OPERATIONS:
            raise NotFound(f"no operation {ask.op[:40]}", code="local.operation", name=ask.op[:40])
        return await OPERATIONS[ask.op](self._house, **_arguments(ask.op, ask.args))


def _asked(body: bytes) -> _Ask:
    try:
        return msgspec.json.decode(body, type=_Ask)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InputError('the body is {"op": name, "args": {…}}', code="local.body") from None


def _arguments(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Bring what JSON can say to the types an operation takes.

    Errors: InputError naming the argument, never its value: some are secret.
    """
    types, required = _signature(name)
    for argument in [*(set(given) - set(types)), *(required - set(given))]:
        raise _bad_argument(argument)
    return {argument: _value(argument, value, types[argument]) for argument, value in given.items()}


def _value(argument: str, value: object, kind: Any) -> object:  # noqa: ANN401 - any annotation
    try:
        found = msgspec.convert(value, kind)
    except msgspec.ValidationError:
        raise _bad_argument(argument) from None
    if isinstance(found, datetime) and found.tzinfo is None:
        raise _bad_argument(argument)
    return found.astimezone(UTC) if isinstance(found, datetime) else found


def _bad_argument(argument: str) -> InputError:
    name = argument[:40]
    return InputError(f"{name} is missing, unknown or of another type", code="local.argument", name=name)


@cache
def _signature(name: str) -> tuple[dict[str, Any], frozenset[str]]:
    """Give (type by argument, the required ones) of an operation."""
    fn = OPERATIONS[name]
    hints = get_type_hints(fn)
    named = [p for p in inspect.signature(fn).parameters.values() if p.kind is inspect.Parameter.KEYWORD_ONLY]
    required = frozenset(p.name for p in named if p.default is inspect.Parameter.empty)
    return {p.name: hints[p.name] for p in named}, required


def _failed(error: JangbuError) -> Response:
    told: dict[str, Any] = {
        "kind": type(error).__name__, "code": error.code, "message": str(error), "facts": dict(error.told),
    }  # fmt: skip
    if isinstance(error, RowErrors):
        told["rows"] = [
            {"line": row.line, "column": row.column, "code": row.code, "facts": dict(row.facts)} for row in error.rows
        ]
    status = 401 if error.code == "local.token" else status_of(error)
    return _answer({"error": told}, status)


def _answer(content: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(content), status, media_type="application/json")
