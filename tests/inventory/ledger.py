"""The ledger in few words."""

from __future__ import annotations

from tests.shops.samples import NOW, OWNER

from jangbu.infra.db import Database
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Held, Stock, Why
from jangbu.inventory.service import LineMove, Verdict
from jangbu.kernel.ids import MoveId, VariantId

MUG, CUP = VariantId("var_mug"), VariantId("var_cup")
WHY = Why(OWNER, "count:MUG", "count")
SALE = Why("shop:s1", "order:s1/o1/l1", "order.paid")


def count(database: Database, units: int, variant: VariantId = MUG) -> Stock:
    return database.write_now(lambda tx: inventory.count(tx, variant, units, WHY, NOW))


def receive(database: Database, units: int, variant: VariantId = MUG) -> Stock:
    return database.write_now(lambda tx: inventory.receive(tx, variant, units, WHY, NOW))


def adjust(database: Database, change: int, variant: VariantId = MUG) -> Stock:
    return database.write_now(lambda tx: inventory.adjust(tx, variant, change, WHY, NOW))


def stock(database: Database, variant: VariantId = MUG) -> Stock:
    return database.read_now(lambda tx: inventory.stock(tx, variant))


def verdict(database: Database) -> Verdict:
    return database.read_now(inventory.verify)


def four(found: Stock) -> tuple[int, int, int, int]:
    """Give (available, reserved, committed, on hand)."""
    return found.available, found.reserved, found.committed, found.on_hand


class Line:
    """One order line on its way through the ledger."""

    def __init__(self, database: Database, name: str = "s1/o1/l1", variant: VariantId = MUG) -> None:
        self.database, self.name, self.variant = database, name, variant
        self.held, self.run = Held(), 0
        self.pending_id: MoveId | None = None

    def to(self, *, reserved: int = 0, committed: int = 0, shipped: int = 0) -> LineMove:
        """Bring it to a target."""
        self.run += 1
        done = self.again(reserved=reserved, committed=committed, shipped=shipped)
        self.held, self.pending_id = done.held, done.pending_id
        return done

    def again(self, *, reserved: int = 0, committed: int = 0, shipped: int = 0) -> LineMove:
        """Ask for the same once more, as if the answer had been lost."""
        target = Held(reserved, committed, shipped)
        return self.database.write_now(
            lambda tx: inventory.move_line(
                tx, self.variant, self.held, target,
                pending_id=self.pending_id, id_prefix=f"{self.name}/{self.run}", why=SALE, at=NOW,
            )
        )  # fmt: skip
