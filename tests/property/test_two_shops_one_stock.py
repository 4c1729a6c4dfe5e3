"""Random walks of two shops, their numbers, lost answers, late writes and restocks: the law keeps stock unsold twice.

The world is written from the marketplaces' side only; the hub in it knows nothing but answers, reads and the feed.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from jangbu.publish.model import book as books
from jangbu.publish.model.book import Book, Horizon, Mark, Write, WriteKind

SETTLE = 6  # D: a write lands at most this long after its deadline, a restock after its cancellation
TIMEOUT = 4


@dataclass
class Shop:
    """A marketplace with one number; time is a step counter."""

    number: int
    on_sale: bool = True
    sold_at: list[int] = field(default_factory=list)
    cancelled_at: list[int] = field(default_factory=list)
    read_sales: int = 0
    read_cancels: int = 0
    landing: list[tuple[int, Write]] = field(default_factory=list)
    returning: list[int] = field(default_factory=list)

    def sell(self, now: int) -> bool:
        if not self.on_sale or self.number <= 0:
            return False
        self.number -= 1
        self.sold_at.append(now)
        return True

    def cancel(self, now: int, delay: int, *, restock: bool) -> None:
        if len(self.cancelled_at) < len(self.sold_at):
            self.cancelled_at.append(now)
            if restock:
                self.returning.append(now + delay)

    def apply(self, write: Write) -> tuple[bool, int]:
        """Carry a write out; tell whether it took and what its answer would tell."""
        before = self.number
        match write.kind:
            case WriteKind.SET:
                self.number = write.number
                return True, self.number
            case WriteKind.ZERO_TOLD:
                self.number = 0
                return True, before
            case WriteKind.COMPARE:
                if before != write.expected:
                    return False, before
                self.number = write.number
                return True, before
            case WriteKind.CHANGE:
                self.number += write.change
                return True, self.number
            case WriteKind.OFF | WriteKind.ON:
                self.on_sale = write.kind is WriteKind.ON
                return True, before

    def tick(self, now: int) -> None:
        for at, write in [item for item in self.landing if item[0] <= now]:
            self.landing.remove((at, write))
            self.apply(write)
        for at in [item for item in self.returning if item <= now]:
            self.returning.remove(at)
            self.number += 1


@dataclass
class Hub:
    """Only what a hub can know: the ledger's available and a book per shop."""

    available: int
    shops: list[Shop]
    books: list[Book]
    deadline: list[int | None]

    def free(self) -> int:
        return self.available - sum(book.exposure for book in self.books)

    def poll(self, i: int, now: int) -> None:
        shop, book = self.shops[i], self.books[i]
        for at in shop.sold_at[shop.read_sales :]:
            self.available -= 1
            book = books.sold(book, 1, at)
        for _ in shop.cancelled_at[shop.read_cancels :]:
            self.available += 1
            book = books.restocked(book, 1, now + SETTLE)
        shop.read_sales, shop.read_cancels = len(shop.sold_at), len(shop.cancelled_at)
        self.books[i] = books.heard(book, Horizon(begun_at=now))

    def read(self, i: int, now: int) -> None:
        shop, book, deadline = self.shops[i], self.books[i], self.deadline[i]
        mark = Mark(begun_at=now, answered_at=now, remote_at=now)
        if book.pending is None:
            self.books[i] = books.read(book, shop.number, on_sale=shop.on_sale, mark=mark)
        elif deadline is not None and now > deadline + SETTLE:
            self.books[i] = books.resolved(book, shop.number, on_sale=shop.on_sale, mark=mark)
            self.deadline[i] = None

    def write(self, i: int, write: Write, now: int, chance: random.Random) -> None:
        book, shop = self.books[i], self.shops[i]
        if book.pending is not None:
            return
        if write.kind is WriteKind.COMPARE and write.expected > book.exposure:
            return
        if write.kind is WriteKind.ON and (book.on_sale or now <= book.clear_from):
            return
        if write.kind not in {WriteKind.ON, WriteKind.SET} and not book.on_sale:
            return
        if not book.on_sale and write.kind is WriteKind.SET and now <= book.clear_from:
            return
        extra = books.charge(book, write) - book.exposure
        if extra > max(self.free(), 0):
            return
        book = books.begin(book, write, fencing=now > book.clear_from)
        fate = chance.random()
        mark = Mark(begun_at=now, answered_at=now, remote_at=now)
        if fate < 0.6:
            took, told = shop.apply(write)
            self.books[i] = books.applied(book, mark, told=told) if took else books.refused(book)
        elif fate < 0.7:
            self.books[i] = books.refused(book)
        else:
            self.books[i], self.deadline[i] = book, now + TIMEOUT
            if fate < 0.9:
                shop.landing.append((now + chance.randrange(TIMEOUT + SETTLE + 1), write))


def any_write(chance: random.Random, book: Book) -> Write:
    top = max(book.exposure, 1)
    kind = chance.choice(list(WriteKind))
    return Write(
        kind,
        number=chance.choice([0, 1, 2, 3]),
        expected=chance.randrange(top + 1),
        change=chance.choice([-2, -1, 1, 2]),
    )


def walk(seed: int, kinds: Callable[[Write], bool]) -> None:
    chance = random.Random(seed)
    stock = chance.choice([1, 2, 3, 4])
    first = chance.randrange(stock + 1)
    shops = [Shop(first), Shop(stock - first)]
    hub = Hub(stock, shops, [Book(stands=shop.number) for shop in shops], [None, None])
    for now in range(1, 160):
        for shop in shops:
            shop.tick(now)
        i = chance.randrange(2)
        match chance.choice(["sell", "sell", "poll", "read", "write", "write", "cancel"]):
            case "sell":
                shops[i].sell(now)
            case "poll":
                hub.poll(i, now)
            case "read":
                hub.read(i, now)
            case "write":
                write = any_write(chance, hub.books[i])
                if kinds(write):
                    hub.write(i, write, now, chance)
            case _:
                if chance.random() < 0.3:
                    shops[i].cancel(now, chance.randrange(SETTLE + 1), restock=chance.random() < 0.5)
        owed = sum(len(shop.sold_at) - len(shop.cancelled_at) for shop in shops)
        assert owed <= stock, f"seed {seed}: sold twice at step {now}"


@pytest.mark.parametrize("block", range(8))
def test_no_unit_is_sold_twice_whatever_is_lost_late_or_restocked(block: int) -> None:
    for seed in range(block * 800, block * 800 + 800):
        walk(seed, lambda _write: True)


@pytest.mark.parametrize("kind", list(WriteKind))
def test_each_row_alone_with_plain_zero_keeps_the_law(kind: WriteKind) -> None:
    kinds = {kind, WriteKind.ON, WriteKind.OFF} if kind in {WriteKind.ON, WriteKind.OFF} else {kind}
    for seed in range(300):
        walk(seed, lambda write: write.kind in kinds or write == Write(WriteKind.SET, number=0))
