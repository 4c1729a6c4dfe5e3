"""Short ways to say what the model's tests need: marks, horizons, cells, listings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish.model import book as books
from jangbu.publish.model.book import Book, Horizon, Mark, Write, WriteKind
from jangbu.publish.model.plan import Cell, Group, Plan, Planned, Variant, plan
from jangbu.publish.model.target import Policy

A, B = VariantId("a"), VariantId("b")
MINUTE = 60_000
D = 2 * MINUTE


def mark(at: int) -> Mark:
    """A proof begun, answered and dated at one moment."""
    return Mark(at, at, at)


def complete(to: int) -> Horizon:
    """A feed request that left just after `to`."""
    return Horizon(begun_at=to + 1)


def put(number: int) -> Write:
    return Write(WriteKind.SET, number=number)


def begun(book: Book, write: Write, *, fencing: bool = True) -> Book:
    return books.begin(book, write, fencing=fencing)


def settled(book: Book, write: Write, at: int, *, told: int = 0) -> Book:
    return books.applied(begun(book, write, fencing=at > book.clear_from), mark(at), told=told)


def cell(
    name: str, shown: int = 0, *, book: Book | None = None, units: dict[VariantId, int] | None = None, **more: Any
) -> Cell:
    return Cell(CellId(name), name, Book(stands=shown) if book is None else book, units or {A: 1}, **more)


def parked(name: str, number: int, **more: Any) -> Cell:
    return cell(name, book=Book(on_sale=False, parked=number), **more)


def listing(*cells: Cell, shop: str = "", **more: Any) -> Group:
    return Group(f"listing-{cells[0].id}", ShopId(shop or f"shop-{cells[0].id}"), cells, **more)


def draw(available: int | dict[VariantId, int], *groups: Group, policy: Policy = Policy.ESCROW, now: int = 1) -> Plan:
    units = available if isinstance(available, dict) else {A: available}
    return plan(variants(units, policy), groups, now=now)


def variants(units: dict[VariantId, int], policy: Policy = Policy.ESCROW) -> list[Variant]:
    return [Variant(variant, n, policy) for variant, n in units.items()]


def only(drawn: Plan) -> Planned:
    (planned,) = drawn.planned
    return planned


def said(planned: Planned) -> tuple[str, str, dict[str, int]]:
    """What a call does, why, and with which numbers."""
    return planned.act.value, planned.why, {str(cell): n for cell, n in planned.numbers.items()}


def waits(drawn: Plan) -> list[str]:
    return [waiting.why for waiting in drawn.waiting]


def sold_one_by_one(book: Book, moments: Iterable[int]) -> Book:
    for moment in moments:
        book = books.sold(book, 1, moment)
    return book


def exposures(found: Sequence[Book]) -> list[int]:
    return [book.exposure for book in found]
