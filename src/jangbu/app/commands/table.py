"""Lays words out in columns on a terminal, wide Korean characters counted as two. Pure; owns no words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

GAP: Final = "  "
NARROWEST: Final = 12
UNBROKEN: Final = 24
KEEP: Final = "\N{NO-BREAK SPACE}"
"""A space no line may be broken at."""
_WIDE: Final = frozenset("WF")
_WITHOUT_WIDTH: Final = frozenset({"Mn", "Me", "Cf"})


@dataclass(frozen=True)
class Column:
    """One column. `wraps`: its words may go over several lines when the terminal is too narrow."""

    title: str
    right: bool = False
    wraps: bool = False


def cells_of(text: str) -> int:
    """Tell how many places of a terminal a text takes."""
    return sum(
        0 if unicodedata.category(char) in _WITHOUT_WIDTH else 2 if unicodedata.east_asian_width(char) in _WIDE else 1
        for char in text
    )


def harmless(text: str) -> str:
    """Take out what would steer the terminal: a marketplace's titles are words of others."""
    return "".join(char if unicodedata.category(char) != "Cc" else " " for char in text)


def pad(text: str, places: int, *, right: bool = False) -> str:
    """Fill a text up to a width."""
    space = " " * max(places - cells_of(text), 0)
    return space + text if right else text + space


def wrap(text: str, places: int) -> list[str]:
    """Break a text into lines of at most so many places, between words where that is possible."""
    lines = [""]
    for word in filter(None, text.split(" ")):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cells_of(joined) <= places:
            lines[-1] = joined
            continue
        pieces = _pieces(word, places)
        lines[-1:] = [*([lines[-1]] if lines[-1] else []), *pieces]
    return lines


def _pieces(word: str, places: int) -> list[str]:
    pieces, used = [""], 0
    for char in word:
        wide = cells_of(char)
        if used + wide > places and pieces[-1]:
            pieces.append("")
            used = 0
        pieces[-1] += char
        used += wide
    return pieces


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]], places: int = 0) -> str:
    """Set rows under their titles, within so many places (0: as wide as it comes).

    A column with nothing in it is left out. Where columns would become too thin to read, each row becomes a card
    of a few lines instead.
    """
    body = [[harmless(cell) for cell in row] for row in rows]
    filled = [n for n in range(len(columns)) if not body or any(row[n] for row in body)]
    columns, body = [columns[n] for n in filled], [[row[n] for n in filled] for row in body]
    titles = [column.title for column in columns]
    widths = _fitted(columns, [titles, *body], places)
    if places and _width(widths) > places:
        return "\n\n".join(_card(columns, row, places) for row in body).replace(KEEP, " ")
    rule = "─" * _width(widths)
    lines = [*_row(columns, widths, titles), rule]
    for row in body:
        lines += _row(columns, widths, row)
    return "\n".join(lines).replace(KEEP, " ")


def _card(columns: Sequence[Column], row: Sequence[str], places: int) -> str:
    """Set one row as a card: its plain words, each long text with its title, then the numbers with theirs."""
    told = list(zip(columns, row, strict=True))
    words = [cell for column, cell in told if not (column.right or column.wraps) and cell]
    plain = KEEP.join(word.replace(" ", KEEP) + " " for word in words)
    texts = [f"{column.title}: {cell}" for column, cell in told if column.wraps and cell]
    numbers = [f"{column.title}{KEEP}{cell}" for column, cell in told if column.right and cell]
    lines = wrap(plain, places) if plain else []
    for text in [*texts, ", ".join(numbers)]:
        lines += [f"  {line}" for line in wrap(text, places - 2)] if text else []
    return "\n".join(lines)


def _width(widths: Sequence[int]) -> int:
    return sum(widths) + len(GAP) * (len(widths) - 1)


def _fitted(columns: Sequence[Column], rows: Sequence[Sequence[str]], places: int) -> list[int]:
    """Take places from the widest columns that may wrap until the row fits, but break no word of usual length."""
    widths = [max(map(cells_of, cells)) for cells in zip(*rows, strict=True)]
    words = [max(cells_of(word) for cell in cells for word in cell.split(" ")) for cells in zip(*rows, strict=True)]
    least = [max(NARROWEST, min(word, UNBROKEN)) for word in words]
    over = _width(widths) - places if places else 0
    while over > 0:
        may = [n for n, column in enumerate(columns) if column.wraps and widths[n] > least[n]]
        if not may:
            break
        widths[max(may, key=lambda n: widths[n])] -= 1
        over -= 1
    return widths


def _row(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> list[str]:
    split = [
        wrap(cell, width) if column.wraps else [cell]
        for cell, width, column in zip(cells, widths, columns, strict=True)
    ]
    return [_line(columns, widths, parts) for parts in zip_longest(*split, fillvalue="")]


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    parts = [pad(cell, width, right=column.right) for cell, width, column in zip(cells, widths, columns, strict=True)]
    return GAP.join(parts).rstrip()
