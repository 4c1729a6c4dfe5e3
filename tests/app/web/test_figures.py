"""The page's read model says what the rooms say, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.app.web.filled import NOW, fill, open_empty
from tests.conftest import MakeURL

from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
from jangbu.app.web import figures
from jangbu.orders import service as orders


@pytest.fixture
async def filled(make_url: MakeURL, tmp_path: Path) -> AsyncIterator[House]:
    house = open_empty(tmp_path, database_url=make_url())
    try:
        fill(house)
        yield house
    finally:
        await house.close()


async def test_stock_is_counted_as_the_rooms_count_it(filled: House) -> None:
    told = await ops.stock_show(filled)
    found = filled.db.read_now(figures.stock_figures)
    counts = figures.stock_counts(found)
    over = [row["sku"] for row in told if row["over_exposed"]]
    waiting = [row["sku"] for row in told if any(cell["waiting"] for cell in row["shops"])]
    soldout = [row["sku"] for row in told if row["available"] <= 0]
    assert over
    assert soldout
    assert (counts.variants, counts.over, counts.waiting, counts.soldout) == (
        len(told), len(over), len(waiting), len(soldout)
    )  # fmt: skip
    for kind, skus in (("over", over), ("waiting", waiting), ("soldout", soldout)):
        assert sorted(figure.sku for figure in found if figure.fits(kind, "")) == sorted(skus)
    assert [figure.over for figure in found] == [True] * len(over) + [False] * (len(told) - len(over))


async def test_a_sku_whose_shops_were_not_read_is_not_called_over_exposed(filled: House) -> None:
    filled.db.write_now(lambda tx: tx.run("UPDATE cell SET unread = 1000000000"))
    assert not [figure.sku for figure in filled.db.read_now(figures.stock_figures) if figure.over]


async def test_orders_are_counted_by_their_ship_by_time(filled: House) -> None:
    counts = filled.db.read_now(lambda tx: figures.order_counts(tx, NOW, NOW + timedelta(hours=9)))
    lines = filled.db.read_now(orders.open_lines)
    assert counts.open == len(lines) == sum(counts.by_shop.values())
    assert counts.late == sum(1 for s in lines if s.line.ship_by and s.line.ship_by < NOW) == 2
    assert counts.due == 4
