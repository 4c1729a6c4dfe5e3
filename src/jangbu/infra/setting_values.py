"""Reads the text of one setting into its value. Owns no setting."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Parse = Callable[[str], Any]
_PORT_MAX: Final = 65_535
_DAYS_MAX: Final = 30
_END_OF_USER: Final = re.compile(r"[:/?#]")


class NotAllowedError(ValueError):
    """The text is not allowed; the message says what is."""


def one_of(*allowed: str) -> Parse:
    """Accept some words, in any case."""

    def parse(raw: str) -> str:
        if raw.lower() not in allowed:
            raise NotAllowedError(" or ".join(allowed))
        return raw.lower()

    return parse


def path(raw: str) -> Path:
    """Accept a path, `~` included."""
    return Path(raw).expanduser().absolute()


def port(raw: str) -> int:
    """Accept a port; 0 lets the machine choose a free one."""
    if not (raw.isascii() and raw.isdigit() and int(raw) <= _PORT_MAX):
        raise NotAllowedError(f"a whole number from 0 to {_PORT_MAX}")
    return int(raw)


def time_zone(raw: str) -> str:
    """Accept the name of a time zone."""
    try:
        return ZoneInfo(raw).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise NotAllowedError("the name of a time zone, such as Asia/Seoul") from None


def clock_time(raw: str) -> time:
    """Accept a time of day."""
    try:
        return time.fromisoformat(raw)
    except ValueError:
        raise NotAllowedError("a time of day, such as 16:00") from None


def few_days(raw: str) -> int:
    """Accept a small number of days."""
    if not (raw.isascii() and raw.isdigit() and int(raw) <= _DAYS_MAX):
        raise NotAllowedError(f"a whole number from 0 to {_DAYS_MAX}")
    return int(raw)


def database_url(raw: str) -> str:
    """Accept the address of either database."""
    if raw.startswith(("sqlite:///", "postgresql://", "postgres://")):
        return raw
    raise NotAllowedError("sqlite:///file or postgresql://...")


def web_address(raw: str) -> str:
    """Accept scheme and host alone; plain http to this machine only."""
    parts = _split(raw)
    bare = parts.path in {"", "/"} and not (parts.query or parts.fragment) and "@" not in parts.netloc
    if not (bare and parts.hostname):
        raise NotAllowedError("scheme and host alone, such as https://hub.example.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(raw)):
        raise NotAllowedError("an https address (http only to this machine)")
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(address: str) -> bool:
    """Tell whether an address leads to this machine."""
    host = _split(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def without_password(address: str) -> str:
    """Give an address to show: no password, and no options, which may hold one."""
    scheme, mark, rest = address.partition("://") if "://" in address else ("", "", address)
    if scheme == "sqlite":
        return address
    before, at, host = rest.rpartition("@")
    user = _END_OF_USER.split(before)[0]
    secret = ":***" if user != before else ""
    host, asked, _ = host.partition("?")
    return scheme + mark + user + secret + at + host + ("?***" if asked else "")


def _split(raw: str) -> SplitResult:
    try:
        parts = urlsplit(raw)
        _ = parts.port  # raises when it is no number
    except ValueError:
        raise NotAllowedError("an address, such as https://hub.example.com") from None
    return parts
