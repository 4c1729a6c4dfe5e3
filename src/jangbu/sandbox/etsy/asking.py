"""Owns reading a call's parameters and the refusal of bad ones; it does not know what they are for."""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from jangbu.sandbox.core.wire import Call
from jangbu.sandbox.etsy.operations import Operation

EARLIEST = 946_684_800  # the smallest timestamp the description allows
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
_MOST_IDS = 100
_MOST_OFFSET = 12_000
_MOST_LIMIT = 100


class RefusedError(Exception):
    """A call that is answered with an error of Etsy's."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(str(status))
        self.status = status
        self.body = {"error": body} if isinstance(body, str) else body


class Asked:
    """One call's parameters, typed and checked on reading."""

    def __init__(self, call: Call, operation: Operation, *, strict: bool) -> None:
        self._call = call
        self._operation = operation
        self._strict = strict
        self._query = dict(call.query)

    @property
    def as_of(self) -> float | None:
        """The moment a stale read answers from."""
        return self._call.as_of

    def check(self) -> None:
        """Errors: RefusedError under `strict` for unknown query names and the wrong body encoding."""
        if not self._strict:
            return
        unknown = set(self._query) - self._operation.query
        if unknown:
            raise RefusedError(400, f"Unknown parameter: [{', '.join(sorted(unknown))}]")
        wanted = {"json": JSON, "form": FORM}.get(self._operation.encoding)
        if wanted and self._call.body and self._call.media_type != wanted:
            raise RefusedError(400, f"Content-Type must be {wanted} for {self._operation.id}")

    def id(self, name: str) -> int:
        """An id from the path."""
        return int(self._call.path_values[name])

    def text(self, name: str) -> str | None:
        """A query text."""
        return self._query.get(name)

    def one_of(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        """A query text out of a list."""
        value = self._query.get(name, default)
        if value not in allowed:
            raise RefusedError(400, f"Invalid value for {name}. Allowed: {', '.join(allowed)}")
        return value

    def whole(self, name: str, default: int | None, lowest: int, highest: int | None = None) -> int | None:
        """A whole number from the query."""
        raw = self._query.get(name)
        if raw is None:
            return default
        if not raw.isascii() or not raw.isdigit() or int(raw) < lowest:
            raise RefusedError(400, f"Invalid value for {name}: a whole number of at least {lowest} is wanted")
        if highest is not None and int(raw) > highest:
            raise RefusedError(400, f"Invalid value for {name}: cannot be greater than {highest}")
        return int(raw)

    def moment(self, name: str) -> int | None:
        """A timestamp from the query."""
        return self.whole(name, None, EARLIEST)

    def flag(self, name: str) -> bool | None:
        """A three-valued switch from the query: true, false or absent."""
        raw = self._query.get(name)
        return None if raw is None else _flag(name, raw)

    def page(self) -> slice:
        """The limit and offset as the slice they mean."""
        limit = self.whole("limit", 25, 1, _MOST_LIMIT) or 25
        offset = self.whole("offset", 0, 0, _MOST_OFFSET) or 0
        return slice(offset, offset + limit)

    def ids(self, name: str) -> list[int]:
        """Comma-separated ids from the query."""
        parts = [part for part in self._query.get(name, "").split(",") if part]
        if not parts:
            raise RefusedError(400, f"Missing input parameter: [{name}]")
        if len(parts) > _MOST_IDS or not all(part.isascii() and part.isdigit() for part in parts):
            raise RefusedError(400, f"Invalid value for {name}: at most {_MOST_IDS} ids joined with commas")
        return [int(part) for part in dict.fromkeys(parts)]

    def names(self, name: str) -> frozenset[str]:
        """Comma-separated words from the query."""
        return frozenset(part for part in self._query.get(name, "").split(",") if part)

    def form(self) -> dict[str, str]:
        """The form; empty when the body is of another kind (Etsy overlooks it silently)."""
        if self._call.media_type != FORM:
            return {}
        return dict(parse_qsl(self._call.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> dict[str, Any] | None:
        """The JSON object; None when the body is of another kind."""
        if self._call.media_type != JSON:
            return None
        try:
            body = msgspec.json.decode(self._call.body)
        except msgspec.DecodeError:
            raise RefusedError(400, "Invalid JSON in the request body") from None
        if not isinstance(body, dict):
            raise RefusedError(400, "A JSON object is wanted in the request body")
        return body


def _flag(name: str, raw: str) -> bool:
    if raw.lower() in ("true", "1"):
        return True
    if raw.lower() in ("false", "0"):
        return False
    raise RefusedError(400, f"Invalid value for {name}: true or false is wanted")


def form_flag(form: dict[str, str], name: str) -> bool:
    """A switch from a form."""
    return _flag(name, form[name])
