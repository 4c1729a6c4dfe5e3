"""A link taken away: its number stays and is written no more, its pieces are the others', orders keep theirs."""

from __future__ import annotations

import pytest
from tests.publish.house import House, two_shops
from tests.publish.market import Call, Market
from tests.publish.test_lanes import Held, begin

from jangbu.catalog import service as catalog
from jangbu.infra.db import Database
from jangbu.kernel.errors import IllegalTransition, NotFound
from jangbu.publish import service as publish

__all__ = ["Call", "Market"]


def unlink(house: House, name: str, cell: str, sku: str = "") -> None:
    def take_away(tx: object) -> None:
        row = catalog.unlink(tx, house.ids[name], f"{name}/{cell}", sku)  # type: ignore[arg-type]
        publish.unlinked(tx, house.ids[name], row.cell_key)  # type: ignore[arg-type]

    house.database.write_now(take_away)


async def test_its_pieces_go_to_the_others_and_its_number_is_left_alone(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=6)
    house.hear("a", "MUG", 1)
    unlink(house, "a", "MUG")
    await house.keep_working(60)
    assert house.available("MUG") == 5, "what an open order holds stays held"
    assert house.shown("MUG") == {"a": 3, "b": 5}
    assert house.writes("a") == []


async def test_linked_again_it_is_read_before_anything_is_believed_of_it(database: Database) -> None:
    house = await two_shops(database, shown=3, counted=6)
    unlink(house, "a", "MUG")
    await house.keep_working(60)
    house.link()
    assert house.cell("a", "MUG").read_at == 0
    await house.keep_working(120)
    assert sum(house.shown("MUG").values()) <= 6


async def test_while_a_write_is_under_way_the_link_stays(database: Database) -> None:
    house, held = await two_shops(database, shown=1, counted=10), Held()
    house.markets["a"].script = [held]
    left = await begin(house)
    with pytest.raises(IllegalTransition):
        unlink(house, "a", "MUG")
    held.let_go.set()
    await left
    await house.work()
    unlink(house, "a", "MUG")


async def test_a_link_that_is_not_there_cannot_be_taken_away(database: Database) -> None:
    house = await two_shops(database)
    unlink(house, "a", "MUG", "MUG")
    with pytest.raises(NotFound):
        unlink(house, "a", "MUG")
