"""What lies in a box and whom it is for, opened for those who pack; and whether it still is what was packed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from jangbu.app.bootstrap import House
from jangbu.fulfilment import service as fulfilment
from jangbu.fulfilment.model import Parcel
from jangbu.fulfilment.store import Box
from jangbu.infra.db import ReadTx
from jangbu.kernel.ids import ShopId
from jangbu.orders import service as orders
from jangbu.orders.ship import Owed
from jangbu.orders.store import StoredLine
from jangbu.sdk.records import LineState, Person
from jangbu.shops import service as shops

OrderKey = tuple[ShopId, str]
CHANGED = "ship.changed_since_print"


@dataclass(frozen=True, repr=False)
class Packed:
    """One box as it is packed: its lines with what the buyer wrote for each, and whom it goes to. Personal."""

    box: Box
    to: Person
    lines: tuple[StoredLine, ...]
    words: tuple[str, ...]  # what the buyer wants made of each line, exactly as written
    gift: bool

    def __repr__(self) -> str:
        return f"Packed({self.box.key})"


def person_of(tx: ReadTx, house: House, key: OrderKey) -> Person:
    """Open whom an order goes to; nobody where the marketplace does not tell."""
    row = orders.order(tx, *key)
    if row is None or row.ship_to is None:
        return Person()
    clear = shops.unseal(tx, house.vault, key[0], f"orders.ship_to:{key[0]}/{key[1]}", row.ship_to)
    return msgspec.json.decode(clear, type=Person)


def words_of(tx: ReadTx, house: House, shop: ShopId, line_id: str) -> str:
    """Open what the buyer wants made of a line; "" where nothing was written."""
    sealed = orders.personalisation_of(tx, shop, line_id)
    if sealed is None:
        return ""
    return shops.unseal(tx, house.vault, shop, f"order_line.personalisation:{shop}/{line_id}", sealed).decode()


def open_box(tx: ReadTx, house: House, box: Box) -> Packed:
    """Open a box: its lines as they stand now."""
    lines = tuple(
        line for line in orders.lines_of(tx, box.shop_id, box.order_id) if line.line.remote_id in box.line_ids
    )
    row = orders.order(tx, box.shop_id, box.order_id)
    words = tuple(words_of(tx, house, box.shop_id, line.line.remote_id) for line in lines)
    to = person_of(tx, house, (box.shop_id, box.order_id))
    return Packed(box, to, lines, words, gift=bool(row and row.extra.get("gift")))


def parcel_of(packed: Sequence[Packed]) -> Parcel:
    """Lay what travels together out as one parcel for a courier, under the first box's key."""
    first, to = packed[0].box, packed[0].to
    lines = [line for each in packed for line in each.lines]
    items = ", ".join(
        f"{line.line.sku or line.line.title} {line.line.options}".strip() + f" x{line.line.remaining}" for line in lines
    )
    parts = [part for part in (to.region, to.city, to.line_1) if part]
    return Parcel(
        first.key, to.name, to.phone, to.phone_2, to.zip_code, " ".join(dict.fromkeys(parts)), to.line_2, items,
        sum(line.line.remaining for line in lines), to.message,
    )  # fmt: skip


def packed_sum(tx: ReadTx, house: House, key: OrderKey, line_ids: Sequence[str]) -> str:
    """Sum up whom and what a box is for, by the shop's own key: it differs when either does, and tells neither."""
    lines = [line for line in orders.lines_of(tx, *key) if line.line.remote_id in line_ids]
    told = (person_of(tx, house, key), sorted((line.line.remote_id, line.line.remaining) for line in lines))
    return house.vault.sum(shops.data_key(tx, key[0]), msgspec.json.encode(told))


def whom_sum(tx: ReadTx, house: House, key: OrderKey) -> str:
    """Sum up where an order goes, by the shop's own key, as people write the same place in several ways; "" unknown."""
    to = person_of(tx, house, key)
    if not to.name or not (to.line_1 or to.line_2):
        return ""
    place = (to.name, to.phone, to.zip_code, f"{to.region}{to.city}{to.line_1}{to.line_2}", to.country)
    plain = ["".join(char for char in part.lower() if char.isalnum()) for part in place]
    return house.vault.sum(shops.data_key(tx, key[0]), msgspec.json.encode(plain))


def differs(house: House) -> Callable[[ReadTx, Owed], str]:
    """Give the check before a parcel is told of: is it still for whom, and holds what, was packed?"""

    def check(tx: ReadTx, owed: Owed) -> str:
        for box in fulfilment.of_order(tx, owed.shop_id, owed.order_id):
            same = set(box.line_ids) == set(owed.line_ids) and box.packed
            if same and box.packed != packed_sum(tx, house, (owed.shop_id, owed.order_id), box.line_ids):
                return CHANGED
        return ""

    return check


def sendable(lines: Sequence[StoredLine]) -> list[StoredLine]:
    """Give the lines of an order that can be packed now; none while a claim is open or something is unpaid."""
    if any(line.line.claim or line.line.state is LineState.UNPAID for line in lines):
        return []
    return [line for line in lines if line.line.state is LineState.PAID and line.line.remaining > 0]
