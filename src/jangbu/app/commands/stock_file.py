"""Reads a table of SKUs and quantities, as spreadsheets save it, into rows and what is wrong with them. Pure."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from jangbu.kernel.errors import InputError, RowError

COLUMNS: Final = ("sku", "quantity")
NUMBER_MAX: Final = 1_000_000_000
_SEPARATORS: Final = ",;\t"
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,40}")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass
class Rows:
    """What a file holds: good rows as (line, SKU, quantity), bad ones with their reasons."""

    good: list[tuple[int, str, int]] = field(default_factory=list)
    bad: list[RowError] = field(default_factory=list)

    @property
    def total(self) -> int:
        return len(self.good) + len({row.line for row in self.bad})


def read_rows(data: bytes, file: str, *, once: bool) -> Rows:
    """Read a file. With `once` a SKU may stand in one row only, as in a count.

    Errors: InputError when it is no such table at all. Single rows that are wrong are in the result.
    """
    text = _decoded(data, file)
    separator = max(_SEPARATORS, key=text.partition("\n")[0].count)
    lines = _lines(text, separator, file)
    _, header = next(lines, (0, []))
    names = [name.strip().lower() for name in header]
    if missing := [name for name in COLUMNS if name not in names]:
        raise InputError("columns are missing", code="input.csv_columns", missing=", ".join(missing))
    rows, seen = Rows(), dict[str, int]()
    for line, values in lines:
        _take(rows, line, names, values, seen if once else None)
    if not rows.total:
        raise InputError("no rows", code="input.csv_empty")
    return rows


def whole_number(text: str) -> int:
    """Read a whole number. Errors: InputError for anything else, or for more than Jangbu counts."""
    if not _WHOLE.fullmatch(text.strip()):
        raise InputError("not a whole number", code="input.number", value=text[:40])
    if abs(number := int(text)) > NUMBER_MAX:
        raise InputError("too large a number", code="input.number_size", value=text[:40], most=NUMBER_MAX)
    return number


def _take(rows: Rows, line: int, names: list[str], values: list[str], seen: dict[str, int] | None) -> None:
    if len(values) != len(names):
        facts: dict[str, str | int] = {"found": len(values), "wanted": len(names)}
        rows.bad.append(RowError(line, "*", "input.row_columns", facts))
        return
    row = dict(zip(names, values, strict=True))
    sku = row["sku"].strip()
    try:
        quantity = whole_number(row["quantity"])
    except InputError as error:
        code = "input.row_number" if error.code == "input.number" else error.code
        rows.bad.append(RowError(line, "quantity", code, error.facts))
        return
    if seen is not None and (first := seen.setdefault(sku, line)) != line:
        rows.bad.append(RowError(line, "sku", "input.row_twice", {"sku": sku, "first": first}))
        return
    rows.good.append((line, sku, quantity))


def _decoded(data: bytes, file: str) -> str:
    """Read UTF-8, UTF-16 with its mark, or the Korean code page older spreadsheets save in."""
    marked = [encoding for mark, encoding in _MARKS if data.startswith(mark)]
    for encoding in marked or ("utf-8", "cp949"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise InputError("not text", code="input.csv_text", file=file)


def _lines(text: str, separator: str, file: str) -> Iterator[tuple[int, list[str]]]:
    """Give each filled row with the number of the line it begins on."""
    reader, begins = csv.reader(text.splitlines(keepends=True), delimiter=separator), 1
    try:
        for values in reader:
            if any(value.strip() for value in values):
                yield begins, values
            begins = reader.line_num + 1
    except csv.Error:
        raise InputError("not a table", code="input.csv_text", file=file) from None
