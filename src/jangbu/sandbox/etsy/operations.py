"""Owns the table of Etsy's operations (data in operations.txt); it answers none of them.

Source: the official OpenAPI description 3.0.0, every operation of it.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

PREFIX: Final = "/v3/application"
CONSENT: Final = "/oauth/connect"
_LANGUAGE: Final = r"(?P<language>[A-Za-z-]+)"
TOKEN: Final = "/v3/public/oauth/token"  # noqa: S105 -- a path


class Operation(NamedTuple):
    """One operation; `encoding` is json, form, multipart or none."""

    id: str
    method: str
    path: str
    scopes: frozenset[str]
    encoding: str
    query: frozenset[str]


class _Route(NamedTuple):
    pattern: re.Pattern[str]
    operation: Operation


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation behind a method and path, with the path's values."""
    if not path.startswith(PREFIX):
        return None
    rest = path[len(PREFIX) :]
    for route in _routes().get(method, ()):
        match = route.pattern.fullmatch(rest)
        if match:
            return route.operation, match.groupdict()
    return None


@cache
def all_operations() -> Sequence[Operation]:
    """Every operation of the description."""
    text = files(__package__).joinpath("operations.txt").read_text("utf-8")
    return tuple(_operation(line) for line in text.splitlines() if line and not line.startswith("#"))


@cache
def all_scopes() -> frozenset[str]:
    """The scopes that exist."""
    # the last four are declared by the description although no operation asks for them today
    used = {scope for operation in all_operations() for scope in operation.scopes}
    return frozenset(used | {"address_w", "profile_r", "profile_w", "email_r"})


@cache
def _routes() -> dict[str, tuple[_Route, ...]]:
    table: dict[str, list[_Route]] = {}
    for operation in all_operations():
        table.setdefault(operation.method, []).append(_Route(_pattern(operation.path), operation))
    return {method: tuple(routes) for method, routes in table.items()}


def _pattern(path: str) -> re.Pattern[str]:
    parts = (
        literal or (_LANGUAGE if name == "language" else rf"(?P<{name}>\d{{1,18}})")
        for literal, name in re.findall(r"([^{}]+)|\{(\w+)\}", path)
    )
    return re.compile("".join(parts))


def _operation(line: str) -> Operation:
    op_id, method, path, scopes, encoding, query = line.split(" ")
    body = "none" if encoding == "-" else encoding
    return Operation(op_id, method, path, _names(scopes, "+"), body, _names(query, ","))


def _names(joined: str, separator: str) -> frozenset[str]:
    return frozenset() if joined == "-" else frozenset(joined.split(separator))
