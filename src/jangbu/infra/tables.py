"""The door to tables in files: reads workbooks and CSV of any usual encoding, writes both. Knows no columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jangbu.kernel.errors import InputError

BYTES_MAX: Final = 10 * 1024 * 1024
ROWS_MAX: Final = 20_000
COLUMNS_MAX: Final = 200
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_REPLACED: Final = "?"
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")

Rows = list[list[str]]


@dataclass(frozen=True)
class Written:
    """A file as bytes, and the characters its encoding could not carry."""

    content: bytes
    lost: tuple[str, ...] = ()


def read_table(content: bytes) -> Rows:
    """Read the first sheet of a workbook, or a CSV file in UTF-8, UTF-16 or CP949 with any usual delimiter.

    Shape: rows of texts as they stand, whole empty rows left out. Numbers keep no trailing `.0`.
    Errors: InputError for a file too large, locked, or of no kind that is known.
    """
    if len(content) > BYTES_MAX:
        raise InputError("the file is too large", code="input.table_large", most=BYTES_MAX // (1024 * 1024))
    rows = _workbook(content) if content.startswith(_WORKBOOKS) else _csv(content)
    rows = [row for row in rows if any(cell for cell in row)]
    if len(rows) > ROWS_MAX or any(len(row) > COLUMNS_MAX for row in rows):
        raise InputError("the file has too many rows", code="input.table_rows", most=ROWS_MAX)
    return rows


def _workbook(content: bytes) -> Rows:
    from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415 - seldom needed

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = book.get_sheet_by_index(0).to_python(skip_empty_area=True)
    except (CalamineError, OSError, ValueError):
        raise InputError("the workbook cannot be read", code="input.table_unreadable") from None
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell is None else str(cell).strip()


def _csv(content: bytes) -> Rows:
    text = _decoded(content)
    if "\0" in text:
        raise InputError("this is no table", code="input.table_unreadable")
    first = text.splitlines()[0] if text.strip() else ""
    delimiter = max(",\t;|", key=first.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [[cell.strip() for cell in row] for row in rows]
    except csv.Error:
        raise InputError("this is no table", code="input.table_unreadable") from None


def _decoded(content: bytes) -> str:
    encodings = ("utf-16",) if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else ("utf-8-sig", "cp949")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError("the file is in no encoding that is known", code="input.table_unreadable")


def write_csv(rows: Sequence[Sequence[str]], encoding: str) -> Written:
    """Write a CSV file; what the encoding cannot carry is replaced visibly and named."""
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows([[_harmless(cell) for cell in row] for row in rows])
    text, lost = out.getvalue(), dict.fromkeys("")
    kept: list[str] = []
    for char in text:
        try:
            char.encode(encoding)
            kept.append(char)
        except UnicodeEncodeError:
            lost[char] = None
            kept.append(_REPLACED)
    return Written("".join(kept).encode(encoding), tuple(lost))


def write_workbook(rows: Sequence[Sequence[str]]) -> Written:
    """Write a workbook of one sheet whose every cell is text: telephone numbers and post codes keep their zeros."""
    import xlsxwriter  # noqa: PLC0415 - seldom needed

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet, text = book.add_worksheet(), book.add_format({"num_format": "@"})
        for r, row in enumerate(rows):
            for c, cell in enumerate(row):
                sheet.write_string(r, c, _harmless(cell), text)
    return Written(out.getvalue())


def _harmless(cell: str) -> str:
    """Take a cell's power to be run as a formula by a spreadsheet: buyers' words stand in it."""
    plain = " ".join(cell.replace("\0", "").split("\n")).strip()
    return f"'{plain}" if plain.startswith(_FORMULA) and not _number_like(plain) else plain


def _number_like(text: str) -> bool:
    return text[:1] in "+-" and text[1:].replace("-", "").replace(" ", "").isdigit()
