"""Parcels, couriers' sheets as data, and matching what a courier sends back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
"""Without the letters and digits that are mistaken for one another; a prime number of them, for the check's sake."""
KEY: Final = re.compile(rf"JB[{ALPHABET}]{{6}}")
_KEY_PLACES: Final = 5


def parcel_key(number: int) -> str:
    """Give the short key of a parcel, with a check character: it survives being typed off a slip."""
    digits = ""
    for _ in range(_KEY_PLACES):
        number, rest = divmod(number, len(ALPHABET))
        digits = ALPHABET[rest] + digits
    return f"JB{digits}{_check(digits)}"


def is_key(text: str) -> bool:
    """Tell whether a text is a parcel key whose check character fits."""
    return bool(KEY.fullmatch(text)) and _check(text[2:-1]) == text[-1]


def _check(digits: str) -> str:
    """Give the character that tells a key from all with one character wrong, or two neighbours in the wrong order."""
    return ALPHABET[sum((n + 2) * ALPHABET.index(char) for n, char in enumerate(digits)) % len(ALPHABET)]


# -- sheets out -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """One column of a courier's sheet: its title there, what goes in, how long it may be (0: as long as it comes)."""

    title: str
    holds: str
    length: int = 0


@dataclass(frozen=True)
class Template:
    """A courier's sheet. `verified`: somebody's real file confirmed it; else it is told to be unverified."""

    id: str
    carrier: str
    title: str
    format: str  # "xlsx" | "csv"
    encoding: str
    columns: tuple[Column, ...]
    verified: bool = False


@dataclass(frozen=True, repr=False)
class Parcel:
    """What goes into one box for one buyer. Personal: never shown by repr."""

    key: str
    name: str
    phone: str
    phone_2: str
    zip_code: str
    address: str
    detail: str
    items: str
    pieces: int
    message: str

    def __repr__(self) -> str:
        return f"Parcel({self.key})"


HOLDS: Final = ("key", "name", "phone", "phone_2", "zip_code", "address", "detail", "whole_address", "items", "pieces",
                "message", "boxes", "")  # fmt: skip


def sheet_rows(template: Template, parcels: Sequence[Parcel]) -> list[list[str]]:
    """Lay parcels out as a courier wants them: titles first, then a row for each."""
    return [[column.title for column in template.columns]] + [
        [_cut(_value(parcel, column.holds), column.length) for column in template.columns] for parcel in parcels
    ]


def _value(parcel: Parcel, holds: str) -> str:
    if holds == "whole_address":
        return f"{parcel.address} {parcel.detail}".strip()
    if holds == "boxes":
        return "1"
    if holds == "message":  # the key rides along where every courier prints it
        return f"{parcel.message} [{parcel.key}]".strip()
    return str(getattr(parcel, holds)) if holds else ""


def _cut(text: str, length: int) -> str:
    return text if not length or len(text) <= length else text[: length - 1] + "…"


# -- results back -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Columns:
    """Where the columns of a result file stand; None where there is none."""

    tracking: int
    name: int | None
    phone: int | None
    address: int | None


@dataclass(frozen=True, repr=False)
class Waiting:
    """A parcel that waits for its number, by what a result file may name it with."""

    key: str
    name: str
    phone: str
    address: str


@dataclass(frozen=True)
class Match:
    """What became of one row. `state`: ships, doubtful (several may be meant), refused (why is a code), blank."""

    row: int
    state: str
    tracking: str = ""
    key: str = ""
    candidates: tuple[str, ...] = ()
    why: str = ""


@dataclass
class _Seen:
    keys: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)


_TITLES: Final[Mapping[str, tuple[str, ...]]] = {
    "tracking": ("운송장번호", "송장번호", "운송장", "등기번호", "tracking", "waybill"),
    "name": ("받는분성명", "받는분", "수하인명", "수하인", "수취인명", "수취인", "받는사람", "recipient", "name"),
    "phone": ("받는분전화번호", "받는분연락처", "수하인전화", "수취인연락처", "휴대폰", "전화번호", "연락처", "phone"),
    "address": ("받는분주소", "수하인주소", "수취인주소", "배송지", "주소", "address"),
}
_TRACKING: Final = re.compile(r"[A-Z]{2}\d{9}[A-Z]{2}|\d{10,14}")


def find_columns(rows: Sequence[Sequence[str]]) -> tuple[Columns, int] | None:
    """Find the columns by the words of their titles, else the tracking number by what it looks like.

    Shape: the columns and the index of the first row below the titles; None when no column holds tracking numbers.
    """
    for at, row in enumerate(rows[:10]):
        titles = [_plain(cell) for cell in row]
        found = {what: _titled(titles, words) for what, words in _TITLES.items()}
        tracking = found["tracking"]
        if tracking is not None:
            return Columns(tracking, found["name"], found["phone"], found["address"]), at + 1
    width = max((len(row) for row in rows), default=0)
    looks = {c: sum(bool(_TRACKING.fullmatch(_number(_cell(row, c)))) for row in rows) for c in range(width)}
    best = max(looks, key=lambda c: looks[c], default=None)
    if best is None or looks[best] * 2 < len(rows):
        return None
    return Columns(best, None, None, None), 0


def _titled(titles: Sequence[str], words: Sequence[str]) -> int | None:
    for word in words:
        for at, title in enumerate(titles):
            if word in title and "보내" not in title and "송하인" not in title:
                return at
    return None


def match(rows: Sequence[Sequence[str]], waiting: Sequence[Waiting]) -> list[Match]:
    """Match each row to a parcel: by our key wherever it stands, else by name, phone and address together.

    A row that fits several is doubtful and asked about; a number or a parcel met twice is refused the second time.
    """
    found = find_columns(rows)
    if found is None:
        return [Match(at, "refused", why="result.no_tracking_column") for at in range(min(len(rows), 1))]
    columns, first = found
    by_key = {each.key: each for each in waiting}
    seen = _Seen()
    return [_match(at, row, columns, by_key, seen) for at, row in enumerate(rows) if at >= first]


def _match(
    at: int, row: Sequence[str], columns: Columns, by_key: Mapping[str, Waiting], seen: _Seen
) -> Match:
    tracking = _number(_cell(row, columns.tracking))
    if not tracking:
        return Match(at, "blank")
    if not _TRACKING.fullmatch(tracking):
        return Match(at, "refused", tracking, why="result.bad_number")
    if tracking in seen.numbers:
        return Match(at, "refused", tracking, why="result.number_twice")
    keys = {text for cell in row for text in KEY.findall(cell.upper()) if is_key(text)}
    candidates = sorted(keys & set(by_key)) if keys else _by_person(row, columns, by_key)
    candidates = [key for key in candidates if key not in seen.keys]
    if len(candidates) > 1:
        return Match(at, "doubtful", tracking, candidates=tuple(candidates))
    if not candidates:
        return Match(at, "refused", tracking, why="result.unknown_parcel")
    seen.keys.add(candidates[0])
    seen.numbers.add(tracking)
    return Match(at, "ships", tracking, candidates[0])


def _by_person(row: Sequence[str], columns: Columns, by_key: Mapping[str, Waiting]) -> list[str]:
    """Find parcels whose every known part fits; a name alone is never enough."""
    given = [
        (_plain(_cell(row, at)), part)
        for at, part in ((columns.name, "name"), (columns.phone, "phone"), (columns.address, "address"))
        if at is not None and _cell(row, at)
    ]
    if len(given) < 2:  # noqa: PLR2004 - one part of a person is not a person
        return []
    return sorted(
        each.key for each in by_key.values() if all(_fits(text, _plain(getattr(each, part))) for text, part in given)
    )


def _fits(given: str, known: str) -> bool:
    """Compare loosely: couriers mask names and numbers with stars and cut long addresses."""
    if not known:
        return False
    if "*" in given:
        return len(given) == len(known) and all(a in {b, "*"} for a, b in zip(given, known, strict=True))
    return given == known or (len(given) >= 8 and (known.startswith(given) or given.startswith(known)))  # noqa: PLR2004


def _plain(text: str) -> str:
    return re.sub(r"[\s\-()/,.]", "", text).lower()


def _number(text: str) -> str:
    return re.sub(r"[\s\-]", "", text).upper()


def _cell(row: Sequence[str], at: int) -> str:
    return row[at] if at < len(row) else ""
