"""One call as its handler sees it: parameters read and refused in the family's own words."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec

from jangbu.sandbox.naver.shop import Shop
from jangbu.sandbox.naver.wire import Refusal, bad_order, bad_product, read_stamp, stamp

T = TypeVar("T")
BodyFamily = Literal["product", "orders"]
_AT = re.compile(r" - at `\$\.?(.*)`$")
_MISSING = re.compile(r"required field `(.*?)`")


@dataclass(frozen=True)
class Call:
    """What was asked, when, and of which state: `as_of` lies in the past for a stale read.

    Units: milliseconds since the epoch.
    """

    shop: Shop
    now: int
    as_of: int
    trace: str
    strict: bool
    path: dict[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def one(self, name: str) -> str | None:
        """The last value given under that name."""
        return next((value for key, value in reversed(self.query) if key == name), None)

    def many(self, name: str) -> list[str]:
        """All values of a repeated name."""
        return [value for key, value in self.query if key == name]

    def moment(self, name: str) -> int | None:
        """A date-time of an order query.

        Errors: 400 code 4000 where it is no date-time, such as with a `+` left bare.
        """
        text = self.one(name)
        if text is None:
            return None
        moment = read_stamp(text, strict=self.strict)
        if moment is None:
            raise bad_order(name)
        return moment

    def whole(self, name: str, default: int, lowest: int, highest: int) -> int:
        """A whole number of an order query within its bounds.

        Errors: 400 code 4000.
        """
        text = self.one(name)
        if text is None:
            return default
        if not re.fullmatch(r"\d{1,9}", text) or not lowest <= int(text) <= highest:
            raise bad_order(name)
        return int(text)

    def number(self, name: str) -> int:
        """A product number of the path.

        Errors: 400 of the product family.
        """
        text = self.path[name]
        if not re.fullmatch(r"\d{1,18}", text):
            raise bad_product(name, "TypeMismatch", f"{name} 항목이 유효하지 않습니다.")
        return int(text)

    def read(self, wanted: type[T], family: BodyFamily) -> T:
        """The JSON body as the wanted type; a strict sandbox turns no text into a number.

        Errors: 400 of the family naming the field.
        """
        try:
            return msgspec.json.decode(self.body, type=wanted, strict=self.strict)
        except msgspec.DecodeError as error:
            raise _refused(str(error), family) from None

    def told(self, data: object) -> dict[str, Any]:
        """The frame of order answers around the data."""
        return {"timestamp": stamp(self.now), "traceId": self.trace, "data": data}


def _refused(problem: str, family: BodyFamily) -> Refusal:
    at, missing = _AT.search(problem), _MISSING.search(problem)
    name = ".".join(part for part in (at and at.group(1), missing and missing.group(1)) if part) or "request"
    kind = "NotNull" if missing else "NotValidEnum" if "enum" in problem else "TypeMismatch"
    if family == "orders":
        return bad_order(name, kind)
    return bad_product(name, kind, f"{name} 항목이 유효하지 않습니다.")
