"""Orders in few words: a shop with linked offers, lines as a marketplace tells them, and what they did."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tests.catalog.shelf import by_hand, link, listing, offer, take
from tests.inventory.ledger import WHY, four
from tests.shops.samples import BAZAAR, NOW, connect, later, vault

from jangbu.catalog import service as catalog
from jangbu.infra.db import Database, ReadTx, WriteTx
from jangbu.infra.vault import Vault
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Held
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.kernel.money import Money
from jangbu.orders import service as orders
from jangbu.orders.service import Recorded, ShopView
from jangbu.orders.store import StoredLine
from jangbu.sdk.records import LineState, OrderLine, Person, RemoteOrder
from jangbu.shops import service as shops

PAID, UNPAID, SHIPPED, CANCELLED = LineState.PAID, LineState.UNPAID, LineState.SHIPPED, LineState.CANCELLED
DELIVERED, RETURNED, UNKNOWN = LineState.DELIVERED, LineState.RETURNED, LineState.UNKNOWN


def line(state: LineState = PAID, quantity: int = 3, remaining: int | None = None, **more: Any) -> OrderLine:
    """Give a line of the order `o1`, for the offer `mug`, its number lowered a minute after the shop was connected."""
    left = quantity if remaining is None else remaining
    plain = OrderLine(
        "l1", "L1", "mug", "MUG", "Mug", "blue", quantity, left, state, f"raw {state.value}", later(60),
        Money(900, "USD"),
    )  # fmt: skip
    return replace(plain, **more)


def order(*lines: OrderLine, at: float = 60, id_: str = "o1", **more: Any) -> RemoteOrder:
    """Give an order placed at 60 and changed at `at` by the marketplace's time."""
    return replace(RemoteOrder(id_, later(60), later(at), lines, Money(2700, "USD")), **more)


@dataclass
class Desk:
    """One shop with mugs to sell, and its orders."""

    database: Database
    view: ShopView
    mug: VariantId
    vault: Vault

    def hear(self, snapshot: RemoteOrder, begun: float, took: float = 1, by: str = "poll") -> Recorded:
        """Take in a snapshot that was asked for at `begun` and arrived `took` seconds later."""
        return self.database.write_now(
            lambda tx: orders.record_remote(tx, self.view, snapshot, later(begun), later(begun + took), by)
        )

    def hear_line(self, state: LineState, quantity: int = 3, remaining: int | None = None, *, at: float) -> Recorded:
        """Take in the one line as it stood at `at`, read a little later."""
        return self.hear(order(line(state, quantity, remaining), at=at), at + 1)

    def stock(self) -> tuple[int, int, int, int]:
        """Give the mugs (available, reserved, committed, on hand)."""
        return four(self.database.read_now(lambda tx: inventory.stock(tx, self.mug)))

    def stored(self, line_id: str = "l1") -> StoredLine:
        found = self.database.read_now(lambda tx: orders.line(tx, self.view.id, line_id))
        assert found is not None
        return found

    def held(self, line_id: str = "l1") -> list[Held]:
        rows = self.database.read_now(lambda tx: orders.held(tx, self.view.id, line_id))
        return [row.held for row in rows]

    def facts(self) -> list[tuple[str, int, datetime]]:
        """Give the news left for the cells: (cell, units, when its number fell)."""
        rows = self.database.read_now(
            lambda tx: tx.all("SELECT cell_key, units, lowered_at FROM stock_fact ORDER BY seq")
        )
        return [(cell, units, _moment(ms)) for cell, units, ms in rows]

    def told(self, code: str) -> int:
        """Tell how often something was noted."""
        row = self.database.read_now(lambda tx: tx.one("SELECT COUNT(*) FROM activity WHERE code = ?", (code,)))
        return int(row[0]) if row else 0

    def sound(self) -> bool:
        return self.database.read_now(inventory.verify).sound


def open_desk(database: Database, counted: int = 10, *, linked: bool = True) -> Desk:
    """Connect a shop with a mug for sale and ten of them on the shelf."""
    safe = vault()
    shop = connect(database, safe=safe)
    take(database, shop.id, listing("L1", offer("mug", "MUG" if linked else "")))
    link(database)
    if not linked:
        take(database, shop.id, listing("L2", offer("other", "")))
        by_hand(database, shop.id, "other", "MUG")

    def count(tx: WriteTx) -> VariantId:
        variant = catalog.variant_of(tx, "MUG").id
        inventory.count(tx, variant, counted, WHY, NOW)
        return variant

    mug = database.write_now(count)
    return Desk(database, view_of(database, shop.id, safe), mug, safe)


def view_of(database: Database, shop: ShopId, safe: Vault) -> ShopView:
    key = database.read_now(lambda tx: shops.data_key(tx, shop))
    return ShopView(shop, BAZAAR.line_effects, NOW, lambda context, clear: safe.seal(key, clear, context))


def person(word: str) -> Person:
    """Give a buyer every part of whose data is one recognisable word."""
    return Person(**{name: f"{word}-{name}" for name in Person.__dataclass_fields__})


def reading(fn: Callable[[ReadTx], Sequence[Any]], database: Database) -> list[Any]:
    return list(database.read_now(fn))


def _moment(ms: int) -> datetime:
    return later((ms - round(NOW.timestamp() * 1000)) / 1000)
