"""The marketplaces' official descriptions as judges of what goes over the wire. Sends nothing, knows no adapter.

The descriptions lie beside the repository. They are read strictly: what a schema does not name is an error.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
import jsonschema
import pytest
import yaml
from tests.support import oas_amended

Json = Any
SPECS: Final = Path(__file__).resolve().parents[2].parent / "shared" / "specs"
FILES: Final = {"etsy": SPECS / "etsy.oas.json", "naver": SPECS / "naver.oas.yaml"}
JSON_BODY: Final = "application/json"
FORM_BODY: Final = "application/x-www-form-urlencoded"
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


@cache
def at_hand(channel: str) -> Description | None:
    """Give a channel's description, or None where its file is absent."""
    file = FILES[channel]
    if not file.exists():
        return None
    if file.suffix == ".json":
        document = json.loads(file.read_text("utf-8"))
    else:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        document = yaml.load(file.read_text("utf-8"), Loader=loader)  # noqa: S506 - the safe loader, in C
    return Description(channel, document)


def needed(channel: str) -> Description:
    """Give a channel's description; its absence is a loud skip."""
    found = at_hand(channel)
    if found is None:
        pytest.skip(f"THE OFFICIAL DESCRIPTION IS NOT AT HAND: {FILES[channel]}", allow_module_level=True)
    return found


@dataclass(frozen=True)
class Described:
    """One operation as described; `path` is whole, with {names}."""

    id: str
    method: str
    path: str
    entry: Json

    def match(self, path: str) -> dict[str, str] | None:
        """Give the path's values, still encoded; None where it is another's path."""
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(self.path))
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


class Description:
    """One description. `document` is as published; all checks use it amended and closed."""

    def __init__(self, channel: str, document: Json) -> None:
        self.document = document
        self._strict = _strict(oas_amended.amended(channel, copy.deepcopy(document)))
        self._commas = channel in oas_amended.COMMA_ARRAYS
        self.operations = _operations(document)
        self._known = _operations(self._strict)
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}
        self._judged: dict[tuple[str, bytes], list[str]] = {}

    def find(self, request: httpx2.Request) -> Described | None:
        """Find the operation behind a request's method and path; literal paths go before those with names."""
        path = request.url.raw_path.partition(b"?")[0].decode("ascii")
        fitting = [
            each for each in self._known.values() if each.method == request.method and each.match(path) is not None
        ]
        return min(fitting, key=lambda each: each.path.count("{"), default=None)

    def fits(self, schema: str | Mapping[str, Any], value: Json) -> None:
        """Fail unless a value is of a schema, given itself or by the name of a component."""
        wanted = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
        problems = self._of_schema(_strict(dict(wanted)), value)
        assert not problems, problems

    # --- requests --------------------------------------------------------------------------------

    def request_problems(self, request: httpx2.Request, *, signed: bool = True) -> list[str]:
        """Say what is wrong with a request; an unsigned one is not asked for its credentials."""
        found = self.find(request)
        if found is None:
            return [f"{request.method} {request.url.path} is not described"]
        problems = [*self._parameters(found, request), *self._sent_body(found, request)]
        problems += self._credentials(found, request) if signed else []
        return [f"{found.id}: {each}" for each in problems]

    def _parameters(self, found: Described, request: httpx2.Request) -> Iterator[str]:
        path = found.match(request.url.raw_path.partition(b"?")[0].decode("ascii")) or {}
        given = {
            "path": {name: [unquote(value)] for name, value in path.items()},
            "query": _gathered(request.url.query.decode("ascii")),
            "header": {name.lower(): [value] for name, value in request.headers.items()},
        }
        described = {(each["in"], each["name"]): each for each in found.entry.get("parameters", ())}
        for where in ("path", "query"):
            for name in given[where]:
                if (where, name) not in described:
                    yield f"{where} parameter {name} is not described"
        for (where, name), each in described.items():
            values = given[where].get(name.lower() if where == "header" else name)
            if values is None:
                if each.get("required"):
                    yield f"{where} parameter {name} is missing"
            else:
                yield from (f"{name}: {problem}" for problem in self._texts(each["schema"], values))

    def _texts(self, schema: Json, values: list[str]) -> list[str]:
        """Judge a parameter or form field by its texts."""
        kind = _kind(schema)
        if kind == "array" and self._commas:
            if len(values) != 1:
                return ["repeated, although arrays are one value with commas"]
            values = values[0].split(",")
        elif kind != "array" and len(values) != 1:
            return ["given more than once"]
        wanted = _plain(schema)["items"] if kind == "array" else schema
        try:
            typed = [_typed(each, _kind(wanted)) for each in values]
        except ValueError as error:
            return [str(error)]
        return self._of_schema(schema, typed if kind == "array" else typed[0])

    def _sent_body(self, found: Described, request: httpx2.Request) -> Iterator[str]:
        described, body = found.entry.get("requestBody"), request.content
        media = _media(request.headers)
        if described is None:
            if body or media:
                yield "a body where none is described"
            return
        if not body:
            if described.get("required"):
                yield "the body is missing"
            return
        schema = described["content"].get(media, {}).get("schema")
        if schema is None:
            yield f"content type {media or 'none'} where {', '.join(described['content'])} is described"
        elif media == JSON_BODY:
            yield from self._of_schema(schema, json.loads(body))
        elif media == FORM_BODY:
            yield from self._form(self._resolved(schema), _gathered(body.decode("utf-8")))
        else:
            yield f"bodies of {media} are not judged here"

    def _form(self, schema: Json, given: Mapping[str, list[str]]) -> Iterator[str]:
        if "oneOf" in schema:  # what is wrong is said of the one that fits best
            yield from min((list(self._form(each, given)) for each in schema["oneOf"]), key=len)
            return
        described = schema["properties"]
        for name in schema.get("required", ()):
            if name not in given:
                yield f"form field {name} is missing"
        for name, values in given.items():
            if name in described:
                yield from (f"{name}: {each}" for each in self._texts(described[name], values))
            else:
                yield f"form field {name} is not described"

    def _credentials(self, found: Described, request: httpx2.Request) -> list[str]:
        """Ask for the headers of one of the ways of signing that the operation allows."""
        ways = found.entry.get("security", self._strict.get("security", []))
        missing = [[name for name in way if not self._is_shown(name, request)] for way in ways]
        return [] if not ways or [] in missing else [f"signed in none of the ways described: lacks {missing}"]

    def _is_shown(self, name: str, request: httpx2.Request) -> bool:
        scheme = self._strict["components"]["securitySchemes"][name]
        if scheme["type"] == "apiKey":
            shape = re.compile(r"[^\s:]+:[^\s:]+" if "keystring:shared_secret" in scheme["description"] else r"\S+")
            return shape.fullmatch(request.headers.get(scheme["name"], "")) is not None
        return re.fullmatch(r"Bearer \S+", request.headers.get("authorization", "")) is not None

    # --- answers ---------------------------------------------------------------------------------

    def check(self, operation: str, answer: httpx2.Response) -> None:
        """Fail unless an answer is one the operation may give."""
        problems = self.answer_problems(operation, answer)
        assert not problems, problems

    def answer_problems(self, operation: str, answer: httpx2.Response) -> list[str]:
        """Say what is wrong with an answer: its status, its type, its body, its headers."""
        responses = self._known[oas_amended.ONE_ADDRESS.get(operation, operation)].entry["responses"]
        described = responses.get(str(answer.status_code))
        if described is None:
            return [f"{operation}: status {answer.status_code} is not described"]
        described = self._resolved(described)
        problems = [*self._headers(described, answer), *self._got_body(described, answer)]
        return [f"{operation} {answer.status_code}: {each}" for each in problems]

    def _headers(self, described: Json, answer: httpx2.Response) -> Iterator[str]:
        for name, each in described.get("headers", {}).items():
            given = answer.headers.get(name)
            if given is None:
                yield f"header {name} is missing"
            else:
                schema = self._resolved(each)["schema"]
                yield from (f"header {name}: {problem}" for problem in self._texts(schema, [given]))

    def _got_body(self, described: Json, answer: httpx2.Response) -> list[str]:
        content = described.get("content")
        if not content:
            return ["a body where none is described"] if answer.content else []
        media = _media(answer.headers)
        if media not in content:
            return [f"content type {media or 'none'} where {', '.join(content)} is described"]
        schema = content[media]["schema"]
        # Polls give the same answer over and over; each is judged once.
        seen = (json.dumps(schema, sort_keys=True), answer.content)
        if seen not in self._judged:
            self._judged[seen] = self._of_json(schema, answer.content)
        return self._judged[seen]

    def _of_json(self, schema: Json, body: bytes) -> list[str]:
        try:
            value = json.loads(body)
        except ValueError:
            return ["the body is not JSON"]
        return self._of_schema(schema, value)

    # --- schemas ---------------------------------------------------------------------------------

    def _resolved(self, node: Json) -> Json:
        while "$ref" in node:
            _, *names = node["$ref"].split("/")
            node = self._strict
            for name in names:
                node = node[name]
        return node

    def _of_schema(self, schema: Json, value: Json) -> list[str]:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {"components": self._strict["components"], **schema}
            self._validators[key] = jsonschema.Draft202012Validator(whole, format_checker=_FORMATS)
        return [_told(error) for error in self._validators[key].iter_errors(value)]


def _operations(document: Json) -> dict[str, Described]:
    base = urlsplit(document["servers"][0]["url"]).path.rstrip("/")
    return {
        entry["operationId"]: Described(entry["operationId"], method.upper(), base + path, entry)
        for path, methods in document["paths"].items()
        for method, entry in methods.items()
        if method in _METHODS and "operationId" in entry
    }


def _strict(node: Json, *, part: bool = False) -> Json:
    """Turn OpenAPI 3.0 into JSON Schema: `nullable` becomes a choice, objects with named fields are closed.

    A `part` is a member of an allOf: it names only some of the fields, so it stays open.
    """
    if isinstance(node, list):
        return [_strict(each, part=part) for each in node]
    if not isinstance(node, dict):
        return node
    made = {name: _strict(each, part=name == "allOf") for name, each in node.items() if name != "example"}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict) and not part:
        made.setdefault("additionalProperties", False)
    if made.get("nullable") is True:
        del made["nullable"]
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _plain(schema: Json) -> Json:
    """Give the schema under a choice of nothing."""
    return schema["anyOf"][0] if "anyOf" in schema else schema


def _kind(schema: Json) -> str:
    return str(_plain(schema).get("type", "string"))


def _typed(text: str, kind: str) -> Json:
    if kind == "integer":
        if not re.fullmatch(r"-?\d+", text):
            raise ValueError(f"{text[:40]!r} is no whole number")
        return int(text)
    if kind == "number":
        return float(text)
    if kind == "boolean":
        if text not in {"true", "false"}:
            raise ValueError(f"{text[:40]!r} is neither true nor false")
        return text == "true"
    return text


def _gathered(encoded: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True, strict_parsing=bool(encoded)):
        found.setdefault(name, []).append(value)
    return found


def _media(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _told(error: jsonschema.ValidationError) -> str:
    return f"{error.json_path}: {error.message[:300]}"


_FORMATS: Final = jsonschema.FormatChecker()
_FORMATS.checks("int32")(lambda value: not isinstance(value, int) or -(2**31) <= value < 2**31)
_FORMATS.checks("int64")(lambda value: not isinstance(value, int) or -(2**63) <= value < 2**63)
