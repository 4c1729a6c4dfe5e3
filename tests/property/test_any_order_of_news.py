"""Any permutation and repetition of webhook, poll and replay of the same orders ends in the same ledger (P2).

Orders live through histories (paid, cancelled in part or whole, shipped, lapsed). The same moments are read several
times, through several doors, and the readings are taken in in any order, some twice. At the end one fresh reading
follows, as the next poll would. Whatever came before, the ledger and the news for the cells are those of that reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from jangbu.catalog import service as catalog
from jangbu.infra.db import Database, ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why
from jangbu.kernel.ids import ShopId
from jangbu.kernel.money import Money
from jangbu.orders import service as orders
from jangbu.orders.service import ShopView
from jangbu.sdk.manifest import Effect
from jangbu.sdk.records import LineState, Listing, ListingRef, ListingState, Offer, OrderLine, RemoteOrder

SHOP = ShopId("etsy_test")
START = datetime(2026, 3, 1, tzinfo=UTC)
EFFECTS = {
    LineState.UNPAID: Effect.RESERVE,
    LineState.PAID: Effect.COMMIT,
    LineState.SHIPPED: Effect.SHIP,
    LineState.CANCELLED: Effect.RELEASE,
}
VIEW = ShopView(SHOP, EFFECTS, START - timedelta(days=1), lambda _context, clear: clear[::-1])
HISTORIES = [
    [(LineState.PAID, 0)],
    [(LineState.UNPAID, 0), (LineState.PAID, 0), (LineState.SHIPPED, 0)],
    [(LineState.UNPAID, 0), (LineState.CANCELLED, 0)],
    [(LineState.PAID, 0), (LineState.PAID, 1), (LineState.PAID, 2), (LineState.SHIPPED, 2)],
    [(LineState.PAID, 0), (LineState.PAID, 1), (LineState.CANCELLED, 1)],
    [(LineState.PAID, 0), (LineState.CANCELLED, 0)],
]


@dataclass(frozen=True)
class Reading:
    """One reading of one order: which moment of its history it shows, how long the call took."""

    order: int
    moment: int
    door: str
    took_s: int


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[int], list[Reading]]:
    """Draw orders (by history) and readings of them in the order in which they are taken in."""
    histories = draw(st.lists(st.integers(0, len(HISTORIES) - 1), min_size=1, max_size=3))
    one = st.integers(0, len(histories) - 1).flatmap(
        lambda order: st.builds(
            Reading, st.just(order), st.integers(0, len(HISTORIES[histories[order]]) - 1),
            st.sampled_from(["webhook", "poll", "replay"]), st.sampled_from([0, 1, 40, 200]),
        )
    )  # fmt: skip
    readings = draw(st.lists(one, min_size=1, max_size=10))
    return histories, draw(st.permutations(readings + draw(st.lists(st.sampled_from(readings), max_size=3))))


def snapshot(histories: list[int], order: int, moment: int, *, moves_time: bool) -> RemoteOrder:
    """Give an order as it stood at one moment; some marketplaces do not move its time on cancellations."""
    state, cancelled = HISTORIES[histories[order]][moment]
    at = START + timedelta(minutes=moment if moves_time or state is not LineState.CANCELLED else max(moment - 1, 0))
    line = OrderLine(
        f"line{order}", "L1", "L1", "MUG", "Mug", "", 3, 3 - cancelled, state, state.value, START, Money(900, "USD")
    )
    return RemoteOrder(f"order{order}", START, at, (line,), Money(2700, "USD"))


def book() -> Database:
    """Open a ledger with one linked SKU and twenty pieces of it."""
    database = Database.open("sqlite:///:memory:", inline=True)
    database.upgrade()

    def fill(tx: WriteTx) -> None:
        tx.run(
            "INSERT INTO shop (id, channel, name, state, api_url, auth_url, created_at, data_key) "
            "VALUES (?, 'etsy', 'test', 'watching', '', '', 0, ?)",
            (SHOP, b"key"),
        )
        offer = Offer("L1", "L1", "MUG", (), Money(900, "USD"), 20, enabled=True)
        listing = Listing(ListingRef("L1", "listing"), "Mug", ListingState.ON_SALE, "active", (offer,))
        catalog.take_listings(tx, SHOP, [listing], START)
        catalog.link_by_code(tx, START, actor="person:owner")
        mug = catalog.variant_of(tx, "MUG")
        inventory.count(tx, mug.id, 20, Why("person:owner", "count:MUG", "count"), START)

    database.write_now(fill)
    return database


def take(database: Database, histories: list[int], reading: Reading, *, moves_time: bool) -> None:
    """Take one reading in as its door would; a doubtful one is read again at once, as the corridor does."""
    begun = START + timedelta(minutes=reading.moment, seconds=10)
    answered = begun + timedelta(seconds=reading.took_s)
    order = snapshot(histories, reading.order, reading.moment, moves_time=moves_time)
    done = database.write_now(lambda tx: orders.record_remote(tx, VIEW, order, begun, answered, reading.door))
    if done.fetch_again:
        last(database, histories, reading.order, moves_time=moves_time)


def last(database: Database, histories: list[int], order: int, *, moves_time: bool) -> None:
    """Read an order as it finally stands, after everything."""
    final = snapshot(histories, order, len(HISTORIES[histories[order]]) - 1, moves_time=moves_time)
    begun = START + timedelta(hours=5)
    database.write_now(lambda tx: orders.record_remote(tx, VIEW, final, begun, begun, "poll"))


def outcome(tx: ReadTx) -> tuple[object, ...]:
    """Give all that the ledger and the cells' news add up to."""
    verdict = inventory.verify(tx)
    assert verdict.sound
    mug = catalog.variant_of(tx, "MUG")
    stock = inventory.stock(tx, mug.id)
    facts = tx.all(
        "SELECT line_id, SUM(CASE WHEN units > 0 THEN units ELSE 0 END), "
        "SUM(CASE WHEN units < 0 THEN units ELSE 0 END) "
        "FROM stock_fact GROUP BY line_id ORDER BY line_id"
    )
    held = tx.all("SELECT line_id, reserved, committed, shipped FROM line_held ORDER BY line_id")
    return stock.available, stock.committed, stock.reserved, stock.on_hand, tuple(held), tuple(facts)


@settings(max_examples=120, deadline=None)
@given(worlds(), st.booleans())
def test_any_order_and_repetition_of_readings_ends_in_the_same_ledger(
    world: tuple[list[int], list[Reading]], moves_time: bool
) -> None:
    histories, readings = world
    with book() as shuffled, book() as straight:
        for reading in readings:
            take(shuffled, histories, reading, moves_time=moves_time)
        for order in {reading.order for reading in readings}:
            last(shuffled, histories, order, moves_time=moves_time)
            last(straight, histories, order, moves_time=moves_time)
        assert shuffled.read_now(outcome) == straight.read_now(outcome)
