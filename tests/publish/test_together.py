"""Several pumps at once, each with a connection of its own: only PostgreSQL lets them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.publish.house import House, one_shop, two_shops
from tests.publish.market import Call, Market, Step, accept, accept_but, fail
from tests.publish.watching import PATIENCE_S, Meanwhile, Watched, watched
from tests.shops.rooms import OpenDoor

from jangbu.infra.db import Database, WriteTx
from jangbu.kernel.errors import Rejected
from jangbu.publish import service as publish
from jangbu.publish import store, world
from jangbu.publish.model.plan import Act, Planned
from jangbu.publish.service import Intent
from jangbu.sdk.manifest import Priority
from jangbu.sdk.records import ListingRef, WriteAnswer

pytestmark = pytest.mark.parametrize("database_kind", [pytest.param("postgresql", marks=pytest.mark.pg)], indirect=True)


class Meeting:
    """Brings two transactions to the same statement, unless one of them waits for the other before."""

    def __init__(self, words: str) -> None:
        self._words = words
        self._both = threading.Barrier(2)

    def before(self, sql: str) -> None:
        if self._words in sql and not self._both.broken:
            try:
                self._both.wait(PATIENCE_S)
            except threading.BrokenBarrierError:
                return


async def test_two_planners_that_both_want_the_last_unit_write_one_intent(
    database: Database, open_door: OpenDoor
) -> None:
    house = await two_shops(database, shown=0, counted=1)
    meeting = Meeting("INSERT INTO stock_write")

    def want(name: str) -> Intent | None:
        shop, cell = house.ids[name], house.cell(name, "MUG").id
        proposed = Planned(shop, "L1", Act.SET, {cell: 1}, Priority.RAISE, "plan.raise")

        def journal(plain: WriteTx) -> Intent | None:
            tx = watched(plain, meeting.before)
            store.lock_planning(tx)
            publish.fold_news(tx, house.manifests)
            cells, now = store.cells_of_listing(tx, shop, "L1"), house.clock.now()
            component = world.load(tx, house.manifests, cells, 1)
            return publish.journal_intent(tx, proposed, component.info[shop, "L1"], component, now)

        return doors[name].write_now(journal)

    doors = {"a": open_door(), "b": open_door()}
    with ThreadPoolExecutor(2) as threads:
        intents = list(threads.map(want, doors))
    assert sum(intent is not None for intent in intents) == 1
    assert sum(house.exposure("MUG").values()) == 1


async def test_two_pumps_of_one_shop_write_one_intent(database: Database, open_door: OpenDoor) -> None:
    house = await one_shop(database, shown=3, counted=10)
    meeting = Meeting("INSERT INTO stock_write")
    doors = [open_door(), open_door()]

    def choose(door: Database) -> int:
        pump = house.new_pump("a", door)
        return len(door.write_now(lambda tx: pump._choose(watched(tx, meeting.before))))

    with ThreadPoolExecutor(2) as threads:
        assert sum(threads.map(choose, doors)) == 1
    assert (house.states("a"), house.exposure("MUG")) == (["intent"], {"a": 10})


async def test_whatever_two_shops_pumps_choose_at_once_the_law_holds(database: Database, open_door: OpenDoor) -> None:
    house = await two_shops(database, shown=2, counted=9)
    doors = {"a": open_door(), "b": open_door()}

    def choose(name: str) -> None:
        pump = house.new_pump(name, doors[name])
        doors[name].write_now(pump._choose)

    with ThreadPoolExecutor(2) as threads:
        for _ in range(3):
            list(threads.map(choose, doors))
    assert sum(house.exposure("MUG").values()) <= 9
    assert len(house.states("a")) <= 1
    assert len(house.states("b")) <= 1


def sale_folded_by_the_other_shop(house: House, door: Database, words: str) -> Meanwhile:
    """Have the other shop's pump fold a sale on our cell while we settle."""

    def fold(tx: WriteTx) -> None:
        store.lock_planning(tx)
        publish.fold_news(tx, house.manifests)

    return Meanwhile(door, fold, lambda _, sql: words in sql)


@pytest.mark.parametrize("outcome", ["applied", "refused", "rejected"])
async def test_a_sale_folded_while_an_answer_is_settled_is_not_lost_and_neither_is_the_answer(
    database: Database, open_door: OpenDoor, outcome: str
) -> None:
    house = await one_shop(database, shown=3, counted=10)
    meanwhile = sale_folded_by_the_other_shop(house, open_door(), "UPDATE cell SET unread = ?")
    sold = threading.Event()

    def before(sql: str) -> None:
        if sold.is_set():
            meanwhile.before(sql)

    ends: dict[str, Step] = {"applied": accept, "refused": accept_but("L1"), "rejected": fail(Rejected("no"))}

    async def sell_then_end(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        try:
            return await ends[outcome](market, refs, call)
        finally:
            house.hear("a", "MUG", 2)
            sold.set()

    house.pumps["a"] = house.new_pump("a", Watched(database, before))
    house.markets["a"].script = [sell_then_end]
    await house.step("a")
    meanwhile.end()
    assert meanwhile.happened
    house.fold()
    book = house.book("a", "MUG")
    assert book.pending is None, "the settled write is not under way again"
    assert book.exposure == (8 if outcome == "applied" else 1)
