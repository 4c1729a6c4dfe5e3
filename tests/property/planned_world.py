"""A small random world for the planner: listings that sell by themselves, and a hub that knows only what it is told.

The remote side knows nothing of books; the hub side knows nothing of true numbers but by reads, answers and feeds.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish.model import book as books
from jangbu.publish.model.book import Book, Horizon, Mark
from jangbu.publish.model.plan import Act, Cell, Group, Plan, Planned, Variant, allows, plan

SETTLE = 6  # D
TIMEOUT = 4


@dataclass
class Row:
    """One number at a marketplace."""

    units: Mapping[VariantId, int]
    number: int
    sold_at: list[int] = field(default_factory=list)
    cancelled: int = 0
    returning: list[int] = field(default_factory=list)
    read_sales: int = 0
    read_cancels: int = 0


@dataclass
class Listing:
    """A page of a marketplace: its rows go on and off sale together."""

    rows: dict[CellId, Row]
    on_sale: bool = True
    landing: list[tuple[int, Planned]] = field(default_factory=list)

    def sell(self, cell: CellId, now: int) -> None:
        row = self.rows[cell]
        if self.on_sale and row.number > 0:
            row.number -= 1
            row.sold_at.append(now)

    def cancel(self, cell: CellId, back_at: int | None) -> None:
        row = self.rows[cell]
        if row.cancelled < len(row.sold_at):
            row.cancelled += 1
            row.returning += [] if back_at is None else [back_at]

    def carry_out(self, call: Planned) -> None:
        if call.act in {Act.OFF, Act.ON}:
            self.on_sale = call.act is Act.ON
            return
        for cell, number in call.numbers.items():
            self.rows[cell].number = number

    def tick(self, now: int) -> None:
        for item in [item for item in self.landing if item[0] <= now]:
            self.landing.remove(item)
            self.carry_out(item[1])
        for row in self.rows.values():
            row.number += sum(at <= now for at in row.returning)
            row.returning = [at for at in row.returning if at > now]


@dataclass
class World:
    """Listings, the ledger, the books, and what the hub did."""

    chance: random.Random
    stock: dict[VariantId, int]
    available: dict[VariantId, int]
    groups: dict[str, Group]
    listings: dict[str, Listing]
    lost: float
    deadline: dict[str, int] = field(default_factory=dict)
    dark: dict[ShopId, int] = field(default_factory=dict)
    now: int = 0
    calls: int = 0

    # -- what happens out there ----------------------------------------------------------------------

    def tick(self) -> None:
        self.now += 1
        for listing in self.listings.values():
            listing.tick(self.now)

    def somebody_buys(self) -> None:
        name, cell = self._any_cell()
        self.listings[name].sell(cell, self.now)

    def somebody_cancels(self) -> None:
        name, cell = self._any_cell()
        back_at = self.now + self.chance.randrange(SETTLE + 1) if self.chance.random() < 0.5 else None
        self.listings[name].cancel(cell, back_at)

    def goods_arrive(self) -> None:
        variant = self.chance.choice(sorted(self.stock))
        units = self.chance.choice([1, 2, 5])
        self.stock[variant] += units
        self.available[variant] += units

    def a_shop_goes_dark(self) -> None:
        self.dark[self.chance.choice(self.shops())] = self.now + 25

    def _any_cell(self) -> tuple[str, CellId]:
        name = self.chance.choice(sorted(self.listings))
        return name, self.chance.choice(sorted(self.listings[name].rows))

    def owed(self, variant: VariantId) -> int:
        rows = [row for listing in self.listings.values() for row in listing.rows.values()]
        return sum(row.units.get(variant, 0) * (len(row.sold_at) - row.cancelled) for row in rows)

    def truly_shown(self, variant: VariantId) -> int:
        listings = [listing for listing in self.listings.values() if listing.on_sale]
        rows = [row for listing in listings for row in listing.rows.values()]
        return sum(row.units.get(variant, 0) * row.number for row in rows)

    # -- what the hub does ---------------------------------------------------------------------------

    def shops(self) -> list[ShopId]:
        return sorted({group.shop for group in self.groups.values()})

    def reachable(self, shop: ShopId) -> bool:
        return self.dark.get(shop, 0) < self.now

    def poll(self, shop: ShopId) -> None:
        if not self.reachable(shop):
            return
        for group in self._of(shop):
            for cell in group.cells:
                row, book = self.listings[group.id].rows[cell.id], cell.book
                for at in row.sold_at[row.read_sales :]:
                    book = books.sold(book, 1, at)
                    self._move(row, -1)
                for _ in range(row.read_cancels, row.cancelled):
                    book = books.restocked(book, 1, self.now + SETTLE)
                    self._move(row, 1)
                row.read_sales, row.read_cancels = len(row.sold_at), row.cancelled
                self._keep(group.id, cell.id, books.heard(book, Horizon(begun_at=self.now)))

    def look(self, name: str) -> None:
        """Read a listing, if that may prove something now."""
        group, listing = self.groups[name], self.listings[name]
        if not self.reachable(group.shop) or self.now <= self.deadline.get(name, -SETTLE) + SETTLE:
            return
        self.deadline.pop(name, None)
        mark = Mark(begun_at=self.now, answered_at=self.now, remote_at=self.now)
        for cell in group.cells:
            take = books.resolved if cell.book.pending else books.read
            number = listing.rows[cell.id].number
            self._keep(name, cell.id, take(cell.book, number, on_sale=listing.on_sale, mark=mark))

    def planned(self) -> Plan:
        return plan(self._variants(), self._seen(), now=self.now)

    def write(self, shop: ShopId) -> None:
        """Send the best call that the last gate lets through."""
        for call in self.planned().planned:
            if call.shop == shop and allows(self._variants(), self._seen(), call):
                self._send(call)
                return

    def _send(self, call: Planned) -> None:
        self.calls += 1
        name, listing = call.group, self.listings[call.group]
        for cell in self.groups[name].cells:
            if cell.id in call.numbers:
                fencing = self.now > cell.book.clear_from
                self._keep(name, cell.id, books.begin(cell.book, call.writes()[cell.id], fencing=fencing))
        if call.act is Act.OFF:
            self.groups[name] = replace(self.groups[name], parked_by_us=True)
        fate = self.chance.random()
        if fate >= self.lost:
            listing.carry_out(call)
            self._settle(call)
            return
        self.deadline[name] = self.now + TIMEOUT
        if fate < self.lost / 2:
            listing.landing.append((self.now + self.chance.randrange(TIMEOUT + SETTLE + 1), call))

    def _settle(self, call: Planned) -> None:
        mark = Mark(begun_at=self.now, answered_at=self.now, remote_at=self.now)
        for cell in self.groups[call.group].cells:
            if cell.id in call.numbers:
                told = self.listings[call.group].rows[cell.id].number
                self._keep(call.group, cell.id, books.applied(cell.book, mark, told=told))

    # -- book-keeping --------------------------------------------------------------------------------

    def _of(self, shop: ShopId) -> Iterator[Group]:
        return iter([group for group in self.groups.values() if group.shop == shop])

    def _variants(self) -> list[Variant]:
        return [Variant(variant, units) for variant, units in self.available.items()]

    def _seen(self) -> list[Group]:
        return [
            replace(group, writable=group.writable and self.reachable(group.shop)) for group in self.groups.values()
        ]

    def _move(self, row: Row, sign: int) -> None:
        for variant, n in row.units.items():
            self.available[variant] += sign * n

    def _keep(self, name: str, cell: CellId, book: Book) -> None:
        group = self.groups[name]
        cells = tuple(replace(c, book=book) if c.id == cell else c for c in group.cells)
        self.groups[name] = replace(group, cells=cells)


def two_shops(seed: int, *, kits: bool, capable: bool, lost: float) -> World:
    """Make a world of two shops with a few listings on one to three variants.

    `capable`: every listing can be zeroed, or taken off sale and put back.
    """
    chance = random.Random(seed)
    variants = [VariantId(f"v{i}") for i in range(chance.choice([1, 1, 2, 3]))]
    stock = {variant: chance.choice([1, 2, 3, 5, 12]) for variant in variants}
    groups, listings = {}, {}
    for number in range(chance.choice([2, 2, 3])):
        name, shop = f"listing{number}", ShopId(f"shop{number % 2}")
        group, listing = _listing(chance, name, shop, variants, kits=kits, capable=capable)
        groups[name], listings[name] = group, listing
    return World(chance, stock, dict(stock), groups, listings, lost)


def _listing(
    chance: random.Random, name: str, shop: ShopId, variants: list[VariantId], *, kits: bool, capable: bool
) -> tuple[Group, Listing]:
    cells: dict[CellId, Mapping[VariantId, int]] = {}
    for variant in variants if chance.random() < 0.8 else variants[:1]:
        cells[CellId(f"{name}/{variant}")] = {variant: 1}
    if kits and chance.random() < 0.7:
        cells[CellId(f"{name}/kit")] = {variant: chance.choice([1, 2]) for variant in variants}
    can_zero = chance.random() < 0.6
    returns = not can_zero if capable else chance.random() < 0.5
    group = Group(
        name,
        shop,
        tuple(
            Cell(cell, cell, Book(), units, share=chance.choice([1, 1, 3]), most=chance.choice([4, 999, 999]))
            for cell, units in cells.items()
        ),
        carries_all=chance.random() < 0.4,
        can_zero=can_zero,
        switchable=returns or chance.random() < 0.5,
        returns=returns,
    )
    return group, Listing({cell: Row(units, 0) for cell, units in cells.items()})
