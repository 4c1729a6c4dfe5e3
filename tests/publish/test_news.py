from __future__ import annotations

import pytest
from tests.orders.desk import CANCELLED
from tests.publish.house import House, one_shop, two_shops
from tests.publish.watching import Meanwhile, watched
from tests.shops.rooms import OpenDoor
from tests.shops.samples import SETTLE_S

from jangbu.infra.db import Database, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.orders import service as orders
from jangbu.orders import store as order_rows
from jangbu.publish import service as publish
from jangbu.publish import store
from jangbu.publish.model.book import Book, Mark

ON_POSTGRES = pytest.mark.parametrize(
    "database_kind", [pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True
)


def put_book(house: House, book: Book) -> None:
    cell = house.cell("a", "MUG").id
    house.database.write_now(lambda tx: store.save_book(tx, cell, book))


async def test_a_sale_lowers_the_books_of_its_cell_and_of_no_other(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=6)
    house.hear("a", "MUG", 2)
    house.fold()
    assert house.exposure("MUG") == {"a": 1, "b": 3}
    house.fold()
    assert house.exposure("MUG") == {"a": 1, "b": 3}, "news is folded in once"


async def test_a_cancellation_raises_what_stands_and_clouds_the_cell_until_no_restock_can_come(
    database: Database,
) -> None:
    house = await one_shop(database)
    house.hear("a", "MUG", 2)
    heard = house.clock.now()
    house.hear("a", "MUG", 2, CANCELLED)
    house.fold()
    book = house.book("a", "MUG")
    assert (book.exposure, book.clear_from) == (3, to_ms(heard) + SETTLE_S * 1000)


async def test_news_has_every_number_of_the_variant_considered_and_those_joined_on_its_listings(
    database: Database,
) -> None:
    house = House(database)
    for name in ("a", "b"):
        house.add_shop(name)
        house.add_page(name, "L1", MUG=3, **({"CUP": 3} if name == "b" else {}))
    house.add_page("a", "L2", VASE=1)
    house.link()
    for sku, units in (("MUG", 6), ("CUP", 3), ("VASE", 1)):
        house.count(sku, units)
    await house.settle_in()
    await house.work()
    house.hear("a", "MUG")
    house.fold()
    dirty = {row.key: row.dirty for row in database.read_now(publish.cells_of_shop)}
    assert dirty == {"a/MUG": True, "b/MUG": True, "b/CUP": True, "a/VASE": False}


async def test_news_for_a_number_nobody_linked_is_set_aside_and_holds_up_nothing(database: Database) -> None:
    house = await one_shop(database)
    at = house.clock.now()
    database.write_now(lambda tx: order_rows.add_fact(tx, house.ids["a"], "a/UNKNOWN", 2, at, at, "l"))
    house.hear("a", "MUG", 1)
    house.fold()
    assert house.exposure("MUG") == {"a": 2}
    assert database.write_now(orders.take_facts) == []


async def test_more_news_than_one_page_is_folded_whole(database: Database) -> None:
    house = await one_shop(database)
    at = house.clock.now()

    def fill(tx: WriteTx) -> None:
        for _ in range(1_001):
            order_rows.add_fact(tx, house.ids["a"], "a/MUG", 1, at, at, "l")

    database.write_now(fill)
    house.fold()
    assert house.exposure("MUG") == {"a": 3 - 1_001}


@pytest.mark.parametrize(("begun_at", "remote_to", "unread"), [
    (101, 0, 0), (100, 0, 4), (0, 103, 0), (0, 102, 4), (101, 102, 4), (100, 103, 0),
])  # fmt: skip
async def test_what_was_unread_drops_out_when_the_horizon_passes_the_mark_in_the_clock_that_counts(
    database: Database, begun_at: int, remote_to: int, unread: int
) -> None:
    house = await one_shop(database)
    database.write_now(lambda tx: tx.run("DELETE FROM feed_horizon"))
    put_book(house, Book(unread=4, stands=2, mark=Mark(99, 100, 102)))
    database.write_now(lambda tx: orders.put_horizon(tx, house.ids["a"], begun_at, remote_to))
    house.fold()
    book = house.book("a", "MUG")
    assert (book.unread, book.stands, book.mark is None) == (unread, 2, unread == 0)


@ON_POSTGRES
async def test_no_horizon_is_believed_whose_facts_are_not_in_wherever_a_poll_commits(
    database: Database, open_door: OpenDoor
) -> None:
    """A poll books a sale from before the mark together with a horizon past it, between any two of our statements."""
    house, other = await one_shop(database), open_door()
    shop, mark = house.ids["a"], Mark(1_000, 2_000, 3_000)

    def poll(tx: WriteTx) -> None:
        order_rows.add_fact(tx, shop, "a/MUG", 3, from_ms(500), from_ms(5_000), "l")
        order_rows.put_horizon(tx, shop, 9_000, 0)

    moment, more = 0, True
    while more:
        database.write_now(lambda tx: tx.run("DELETE FROM feed_horizon"))
        put_book(house, Book(unread=4, stands=2, mark=mark))
        meanwhile = Meanwhile(other, poll, lambda number, _, moment=moment: number == moment)  # type: ignore[misc]
        database.write_now(
            lambda tx, m=meanwhile: publish.fold_news(watched(tx, m.before), house.manifests)  # type: ignore[misc]
        )
        meanwhile.end()
        book = house.book("a", "MUG")
        assert (book.unread, book.stands) in [(4, 2), (1, 2), (0, 2)], f"after statement {moment}"
        more, moment = meanwhile.happened, moment + 1
        if more:
            house.fold()
            book = house.book("a", "MUG")
            assert (book.unread, book.stands) == (0, 2), f"after statement {moment}"
    assert moment > 5, "there were moments to choose from"
