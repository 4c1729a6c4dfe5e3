"""What the planner is shown and what it answers: words only, no decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish.model.book import Book, Write, WriteKind
from jangbu.publish.model.target import Policy
from jangbu.sdk.manifest import Priority
from jangbu.sdk.records import ListingState


@dataclass(frozen=True, slots=True)
class Cell:
    """One number at one shop, as the planner needs it.

    `share`: its weight when units are divided. `most`: the marketplace's cap. `refusals`: how often in a row
    a write of this very number was refused; at two it leaves the batch and goes by zero, fence, raise.
    """

    id: CellId
    key: str
    book: Book
    units: Mapping[VariantId, int]
    share: int = 1
    most: int = 10**9
    refusals: int = 0

    @property
    def shown(self) -> int:
        """Give the number believed to stand where buyers see it."""
        return self.book.shown


@dataclass(frozen=True, slots=True)
class Group:
    """What one remote call covers: a listing with its cells and what can be done to it.

    `returns`: it may be put back on sale by us. `parked_by_us`: it is off sale because we took it off.
    `needs_reopening`: it is sold out (its cells stand at zero, on sale), and only a paid renewal brings it
    back; `reopens`: the seller allows one now. `dark`: its shop does not answer,
    so nobody waits for it. `busy`: it sells right now, so it is not darkened only to show
    more.
    """

    id: str
    shop: ShopId
    cells: tuple[Cell, ...]
    state: ListingState = ListingState.ON_SALE
    carries_all: bool = False
    can_zero: bool = True
    switchable: bool = False
    returns: bool = False
    parked_by_us: bool = False
    needs_reopening: bool = False
    reopens: bool = False
    writable: bool = True
    busy: bool = False
    dark: bool = False

    @property
    def parked(self) -> bool:
        """Tell whether nothing of it is on sale."""
        return not any(cell.book.on_sale for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Variant:
    """One stocked thing: what is available of it and how it is divided."""

    id: VariantId
    available: int
    policy: Policy = Policy.ESCROW


class Act(StrEnum):
    """What a planned call does."""

    SET = "set"
    OFF = "off"
    ON = "on"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Planned:
    """One call the planner proposes.

    `numbers` are all numbers it carries. `why` is a message code (`plan.*`). `charged` and `freed`: pieces
    the call puts on sale and takes off it.
    """

    shop: ShopId
    group: str
    act: Act
    numbers: Mapping[CellId, int]
    priority: Priority
    why: str
    charged: int = 0
    freed: int = 0
    urgency: int = 0

    def writes(self) -> dict[CellId, Write]:
        """Give the write of each cell, in the terms of its book."""
        kind = {Act.OFF: WriteKind.OFF, Act.ON: WriteKind.ON}.get(self.act, WriteKind.SET)
        return {cell: Write(kind, number=n) for cell, n in self.numbers.items()}

    @property
    def rank(self) -> tuple[int, int, str]:
        """Sort key: zeros, then lowering, then raising; the most dangerous first."""
        return (self.priority, -self.urgency, self.group)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A group that is not where it should be and cannot be moved now; `why` is a message code (`wait.*`)."""

    shop: ShopId
    group: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the planner says about one set of joined variants."""

    targets: Mapping[CellId, int]
    planned: tuple[Planned, ...]
    waiting: tuple[Waiting, ...]
    free: Mapping[VariantId, int]

    @property
    def over_exposed(self) -> dict[VariantId, int]:
        """Give the variants whose law does not hold, with the deficit in units."""
        return {variant: -units for variant, units in self.free.items() if units < 0}
