"""The page's read model says what the rooms say, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.app.web.filled import fill, open_empty
from tests.conftest import MakeURL

from jangbu.app import figures
from jangbu.app import operations as ops
from jangbu.app.bootstrap import House
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
    soldout = [row["sku"] for row in told if row["available"] <= 0 and row["counted"]]
    low = [row["sku"] for row in told if 0 < row["available"] <= figures.LOW]
    uncounted = [row["sku"] for row in told if not row["counted"]]
    assert all((over, soldout, low, uncounted))
    assert (counts.all, counts.over, counts.waiting, counts.soldout, counts.low, counts.uncounted) == (
        len(told), len(over), len(waiting), len(soldout), len(low), len(uncounted)
    )  # fmt: skip
    kinds = (("over", over), ("waiting", waiting), ("soldout", soldout), ("low", low), ("uncounted", uncounted))
    for kind, skus in kinds:
        assert sorted(figure.sku for figure in found if figure.fits(kind, "")) == sorted(skus)
    assert [figure.over for figure in found] == [True] * len(over) + [False] * (len(told) - len(over))


async def test_a_sku_whose_shops_were_not_read_is_not_called_over_exposed(filled: House) -> None:
    filled.db.write_now(lambda tx: tx.run("UPDATE cell SET unread = 1000000000"))
    assert not [figure.sku for figure in filled.db.read_now(figures.stock_figures) if figure.over]


async def test_orders_are_counted_by_shop_and_lines_without_a_sku_apart(filled: House) -> None:
    filled.db.write_now(lambda tx: tx.run("UPDATE order_line SET linked = 0 WHERE order_id = '3512009900'"))
    counts = filled.db.read_now(figures.order_counts)
    lines = filled.db.read_now(orders.open_lines)
    open_orders = {(each.shop_id, each.order_id) for each in lines}
    assert counts.by_shop == {shop: sum(of == shop for of, _ in open_orders) for shop, _ in open_orders}
    assert counts.unlinked_lines == sum(not each.linked for each in lines) == 1


async def test_what_is_linked_and_what_was_counted_is_counted_alike_on_both_databases(filled: House) -> None:
    etsy = (await ops.shop_show(filled, name="Etsy 공방"))["id"]
    offers = await ops.catalog_offers(filled, name=etsy)
    assert filled.db.read_now(figures.offer_counts) == figures.OfferCounts(24, 0)
    await ops.catalog_unlink(filled, name=etsy, offer=offers[0]["offer"], actor="person:owner")
    assert filled.db.read_now(lambda tx: figures.offer_counts(tx, etsy)) == figures.OfferCounts(12, 1)
    filled.db.write_now(lambda tx: tx.run("DELETE FROM counted_variant"))
    assert filled.db.read_now(figures.uncounted_count) == 12
    assert [each.sku for each in filled.db.read_now(lambda tx: figures.uncounted(tx, "white"))] == [
        "MUG-WHITE", "PLATE-MOON-21", "PLATE-MOON-27",
    ]  # fmt: skip


async def test_orders_and_writes_are_named_by_their_goods_on_both_databases(filled: House) -> None:
    etsy = (await ops.shop_show(filled, name="Etsy 공방"))["id"]
    wanted = [(etsy, "3512009900"), (etsy, "no such order")]
    assert filled.db.read_now(lambda tx: figures.titles_of_orders(tx, wanted)) == {
        (etsy, "3512009900"): "Hand-thrown mug, speckled glaze"
    }
    day = await ops.today(filled)
    assert day["writes"][0]["changes"][0]["sku"] == "BOWL-RICE-L"
    preview = await ops.opening_preview(filled, how="lowest")
    assert (preview["skus"], preview["pieces"]) == (1, 0)
    done = await ops.opening_all(filled, how="lowest", mark=preview["mark"], actor="person:owner")
    assert (done["skus"], await ops.opening_count(filled)) == (1, 0)
