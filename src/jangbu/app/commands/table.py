"""Lays words out in columns on a terminal, wide Korean characters counted as two. Pure; owns no words."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

GAP: Final = "  "
NARROWEST: Final = 8
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
    for word in text.split():
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
    """Set rows under their titles, within so many places where that is possible (0: as wide as it comes)."""
    body = [[harmless(cell) for cell in row] for row in rows]
    widths = _fitted(columns, [max(map(cells_of, column)) for column in zip(*_all(columns, body), strict=True)], places)
    rule = "─" * (sum(widths) + len(GAP) * (len(widths) - 1))
    lines = [_line(columns, widths, [column.title for column in columns]), rule]
    for row in body:
        split = [
            wrap(cell, width) if column.wraps else [cell]
            for cell, width, column in zip(row, widths, columns, strict=True)
        ]
        for number in range(max(map(len, split))):
            lines.append(_line(columns, widths, [part[number] if number < len(part) else "" for part in split]))
    return "\n".join(lines)


def _all(columns: Sequence[Column], body: list[list[str]]) -> list[list[str]]:
    return [[column.title for column in columns], *body]


def _fitted(columns: Sequence[Column], widths: list[int], places: int) -> list[int]:
    """Take places from the widest columns that may wrap until the row fits."""
    over = sum(widths) + len(GAP) * (len(widths) - 1) - places if places else 0
    while over > 0:
        may = [n for n, column in enumerate(columns) if column.wraps and widths[n] > NARROWEST]
        if not may:
            break
        widths[max(may, key=lambda n: widths[n])] -= 1
        over -= 1
    return widths


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[str]) -> str:
    parts = [
        pad(cell, width, right=column.right) for cell, width, column in zip(cells, widths, columns, strict=True)
    ]
    return GAP.join(parts).rstrip()
