"""No question that is asked over and over walks a table that grows: SQLite's own plan says how it would answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from tests.shops.samples import NOW

from jangbu.app import calls
from jangbu.catalog import store as catalog
from jangbu.infra.db import Database, WriteTx
from jangbu.infra.db.tx import Cursor, Params
from jangbu.intake import store as intake
from jangbu.inventory import store as inventory
from jangbu.kernel.ids import CellId, ShopId, VariantId, WriteId
from jangbu.orders import ship
from jangbu.orders import store as orders
from jangbu.publish import service as publish
from jangbu.publish import store

SHOP, CELLS, VARIANTS = ShopId("s"), [CellId("c1"), CellId("c2")], [VariantId("v1"), VariantId("v2")]
BY_NATURE = {"cells of a shop", "unread cells"}
"""Questions about all of a shop's cells: the catalogue, which no history makes longer."""
FROM_ITS_END = {"stock_write_by_time", "orders_by_time"}
"""Indexes in the order of time, walked from the latest backwards for as many rows as are shown."""
SMALL = {"location", "shop", "feed_horizon", "dirty_variant", "lease", "watermark"}
PARTIAL = {"cell_dirty", "cell_marked", "fact_unfolded", "line_open", "line_unlinked", "stock_write_open",
           "order_write_open", "delivery_open"}  # fmt: skip
"""Indexes that hold only what is open: walking one of them is walking the work that waits."""

HOT: dict[str, Callable[[WriteTx], object]] = {
    "due cells": lambda tx: store.due_cells(tx, SHOP, 1),
    "unread cells": lambda tx: store.unread_cells(tx, SHOP, 1),
    "cells of variants": lambda tx: store.cells_of_variants(tx, VARIANTS),
    "cells of a listing": lambda tx: store.cells_of_listing(tx, SHOP, "L1"),
    "cells of a shop": lambda tx: store.cells_of_shop(tx, SHOP),
    "a cell by its key": lambda tx: store.cell_by_key(tx, SHOP, "k"),
    "units of cells": lambda tx: store.units_of(tx, CELLS),
    "cells whose mark was passed, by our time": lambda tx: store.passed_marks(tx, [(SHOP, 1, 0)]),
    "cells whose mark was passed, by remote time": lambda tx: store.passed_marks(tx, [(SHOP, 1, 2)]),
    "cells to look at again": lambda tx: store.set_look(tx, SHOP, "L1", 1),
    "when a cell is due again": lambda tx: publish.next_recheck(tx, SHOP),
    "a listing's sale": lambda tx: store.sale(tx, SHOP, "L1"),
    "open writes": lambda tx: store.open_writes(tx, SHOP),
    "latest writes": lambda tx: store.latest_writes(tx, 10),
    "a write of a listing": lambda tx: publish.write_row(tx, SHOP, WriteId("w")),
    "writes put off by a gap": lambda tx: store.delay_deadlines(tx, 1),
    "paid renewals of a month": lambda tx: store.reopenings_since(tx, SHOP, 1),
    "facts to fold": orders.take_facts,
    "an order line": lambda tx: orders.line(tx, SHOP, "l"),
    "lines of an order": lambda tx: orders.lines_of(tx, SHOP, "o"),
    "open lines of a shop": lambda tx: orders.open_lines(tx, SHOP),
    "open lines": orders.open_lines,
    "lines without a link": lambda tx: orders.unlinked_lines(tx, SHOP),
    "an order": lambda tx: orders.order(tx, SHOP, "o"),
    "latest orders": orders.latest_orders,
    "what a line holds": lambda tx: orders.held(tx, SHOP, "l"),
    "parcels of a line": lambda tx: orders.parcels_of(tx, SHOP, "l"),
    "what is owed and due": lambda tx: ship.due(tx, SHOP, NOW),
    "what is owed to a shop": lambda tx: ship.of_shop_open(tx, SHOP),
    "open deliveries": lambda tx: intake.open_deliveries(tx, SHOP),
    "the last success of each work at a shop": lambda tx: calls.last_success(tx, SHOP),
    "where a feed stands": lambda tx: intake.feed_state(tx, SHOP),
    "the latest sale": lambda tx: intake.last_sale(tx, SHOP, NOW),
    "the offer of a line by key": lambda tx: catalog.offer_for_line(tx, SHOP, "L1", "k", ""),
    "the offer of a line by code": lambda tx: catalog.offer_for_line(tx, SHOP, "L1", "", "MUG"),
    "links of an offer": lambda tx: catalog.links_of(tx, SHOP, "k"),
    "a listing": lambda tx: catalog.listing_ref(tx, SHOP, "L1"),
    "a variant by its code": lambda tx: catalog.variant_by_sku(tx, "MUG"),
    "some variants": lambda tx: catalog.variants(tx, VARIANTS),
    "a variant's stock": lambda tx: inventory.stock(tx, VARIANTS[0]),
    "many variants' stock": lambda tx: inventory.stocks(tx, VARIANTS),
    "a variant's moves": lambda tx: inventory.moves(tx, VARIANTS[0], until=NOW + timedelta(days=1), limit=5),
    "a page of the ledger": lambda tx: inventory.all_moves(tx, 5, 10),
}


def plans_of(tx: WriteTx, ask: Callable[[WriteTx], object]) -> list[str]:
    """Ask, and give how each statement asked is answered."""
    plans: list[str] = []

    def explain(sql: str, params: Params) -> None:
        plans.extend(str(row[3]) for row in tx._execute(f"EXPLAIN QUERY PLAN {sql}", params).fetchall())

    def execute(sql: str, params: Params) -> Cursor:
        explain(sql, params)
        return tx._execute(sql, params)

    def execute_many(sql: str, rows: Iterable[Params]) -> Cursor:
        kept = list(rows)
        for row in kept[:1]:
            explain(sql, row)
        return tx._execute_many(sql, kept)

    ask(WriteTx(execute, execute_many))
    return plans


def walks(plan: str) -> bool:
    """Tell whether a line of a plan walks a whole table that grows, or all of it that is one shop's."""
    found = re.match(r"(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?INDEX (\w+))?( \(shop_id=\?\)$)?", plan)
    if found is None or found[2] in SMALL or found[3] in PARTIAL | FROM_ITS_END:
        return False
    return found[1] == "SCAN" or found[4] is not None


@pytest.fixture(scope="module")
def file(sqlite_template: object) -> str:
    return f"sqlite:///{sqlite_template}"


@pytest.mark.parametrize("question", HOT)
def test_a_question_asked_over_and_over_walks_no_growing_table(file: str, question: str) -> None:
    with Database.open(file, inline=True) as database:
        plans = database.write_now(lambda tx: plans_of(tx, HOT[question]))
    assert plans
    if question not in BY_NATURE:
        assert not [plan for plan in plans if walks(plan)]
    if any("_by_time" in plan for plan in plans):
        assert not [plan for plan in plans if "TEMP B-TREE" in plan], "else it is walked to its other end"


def test_the_look_at_plans_sees_a_walk_where_there_is_one(file: str) -> None:
    with Database.open(file, inline=True) as database:
        plans = database.write_now(lambda tx: plans_of(tx, lambda t: t.all("SELECT * FROM move WHERE quantity = 3")))
        through = database.write_now(lambda tx: plans_of(tx, lambda t: t.all("SELECT id FROM move ORDER BY id")))
        shop = database.write_now(lambda tx: plans_of(tx, lambda t: t.all("SELECT * FROM orders WHERE shop_id = 's'")))
    assert [walks(plan) for plan in plans + through + shop] == [True, True, True]
