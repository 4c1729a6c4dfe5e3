"""Reads forms of our own pages into plain values. Owns no page and no rule of any room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from jangbu.kernel.errors import InputError

TEXT_LENGTH_MAX: Final = 500
_DIGITS_MAX: Final = 9
_VISIBLE: Final = "_shown"


@dataclass(frozen=True)
class Form:
    """What one form said: the first value of each field, and all values of a field that may come several times."""

    one: dict[str, str]
    every: dict[str, list[str]]

    def text(self, name: str) -> str:
        """Give a field as it was written, without the space around it; "" when it was left out."""
        return self.one.get(name, "").strip()[:TEXT_LENGTH_MAX]

    def number(self, name: str, *, signed: bool = False) -> int:
        """Give a whole number. Errors: InputError naming the field."""
        given = self.text(name).replace(",", "")
        digits = given.removeprefix("-") if signed else given
        digits = digits.removeprefix("+") if signed else digits
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS_MAX):
            raise InputError(f"{name} is not a whole number", code="page.number", field=name, value=given[:20])
        return int(given)


async def form_of(request: Request) -> Form:
    """Read the form of a request; files are left out. A secret typed visibly counts for its hidden twin."""
    given = await request.form(max_fields=10_000)
    every: dict[str, list[str]] = {}
    for name, value in given.multi_items():
        if isinstance(value, str):
            every.setdefault(name, []).append(value.replace("\0", ""))
    one = {name: values[0] for name, values in every.items()}
    for name in [each for each in one if each.endswith(_VISIBLE)]:
        seen, hidden = one.pop(name), name.removesuffix(_VISIBLE)
        one[hidden] = seen or one.get(hidden, "")
    return Form(one, every)
