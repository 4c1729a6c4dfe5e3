"""Turns a request value into what goes over the wire. Owns no connection."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx2
import msgspec

from jangbu.kernel.errors import ConfigError, InputError
from jangbu.sdk.client import Request
from jangbu.sdk.manifest import Encoding, Operation

_NAME: Final = re.compile(r"\{(\w+)\}")
_ALWAYS: Final = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": "jangbu"}
_FORM: Final = "application/x-www-form-urlencoded"


def checked_base(base_url: str) -> str:
    """Give scheme and host without a trailing slash.

    Errors: ConfigError for anything else, and for http to another machine.
    """
    parts = urlsplit(base_url)
    if parts.scheme not in {"https", "http"} or not parts.hostname or parts.username is not None:
        raise ConfigError("an API address is https:// and a host", code="config.api_url")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError("an API address has no path: operations bring theirs", code="config.api_url")
    if parts.scheme == "http" and not is_loopback(base_url):
        raise ConfigError(
            f"http without encryption is allowed to this machine only, not to {parts.hostname}",
            code="config.plain_http",
            host=parts.hostname,
        )
    return f"{parts.scheme}://{parts.netloc}"


def build(base: str, operation: Operation, request: Request) -> httpx2.Request:
    """Write the request, unsigned. Repeat: it may be sent any number of times.

    Errors: InputError when path values are missing or the body is not of the operation's encoding.
    """
    _check_encoding(operation, request)
    url = base + _path(operation, request.path)
    if request.query:
        url += "?" + urlencode(list(_pairs(request.query)), quote_via=quote)
    body: dict[str, Any] = {}
    kind: dict[str, str] = {}
    match operation.encoding:
        case Encoding.JSON:
            body, kind = {"content": msgspec.json.encode(request.json)}, {"content-type": "application/json"}
        case Encoding.FORM:
            body, kind = {"content": urlencode(dict(request.form or {}))}, {"content-type": _FORM}
        case Encoding.MULTIPART:
            files = {
                name: (part.filename, part.content, part.content_type) for name, part in (request.files or {}).items()
            }
            body = {"data": dict(request.form or {}), "files": files}
    headers = {**_ALWAYS, **kind, **request.headers}
    return httpx2.Request(operation.method, url, headers=headers, **body)


def _check_encoding(operation: Operation, request: Request) -> None:
    given = {
        name for name in ("form", "json", "files") if getattr(request, name) is not None
    }  # a JSON body of null is not something any operation takes
    fits = {
        Encoding.NONE: not given,
        Encoding.JSON: given == {"json"},
        Encoding.FORM: given == {"form"},
        Encoding.MULTIPART: bool(given) and "json" not in given,
    }[operation.encoding]
    if not fits:
        raise InputError(
            f"{operation.id} takes a body of kind {operation.encoding}, not {sorted(given) or 'none'}",
            code="input.encoding",
            operation=operation.id,
            encoding=operation.encoding.value,
        )


def _path(operation: Operation, values: Mapping[str, str]) -> str:
    def fill(found: re.Match[str]) -> str:
        value = str(values.get(found[1], ""))
        if value in {"", ".", ".."}:
            raise InputError(
                f"{operation.id} needs a value for {found[1]}",
                code="input.path",
                operation=operation.id,
                name=found[1],
            )
        return quote(value, safe="")

    return _NAME.sub(fill, operation.path)


def _pairs(query: Mapping[str, str | int | list[str]]) -> Iterator[tuple[str, str | int]]:
    for name, value in query.items():
        if isinstance(value, list):
            yield from ((name, each) for each in value)
        else:
            yield name, value


def is_loopback(url: str) -> bool:
    """Tell whether an address is on this machine, as written."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
