"""The order board: what must ship, by the last pick-up that keeps the marketplace's date; one order's whole story."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso
from jangbu.fulfilment import service as fulfilment
from jangbu.fulfilment.deadlines import Courier, Due, Group, due, group
from jangbu.infra.activity import of_order
from jangbu.infra.db import ReadTx
from jangbu.infra.holidays import is_business_day
from jangbu.kernel.ids import ShopId
from jangbu.orders import service as orders
from jangbu.orders import ship
from jangbu.orders.store import StoredLine
from jangbu.sdk.records import LineState
from jangbu.shops import service as shops

OPEN_MAX = 5_000  # lines


def courier_of(house: House) -> Courier:
    """Give when the courier comes, by the settings."""
    return Courier(house.settings.courier_cutoff, ZoneInfo(house.settings.time_zone), is_business_day)


async def order_board(house: House, *, name: str = "", search: str = "", limit: int = 300) -> Facts:
    """Group open orders by the courier's pick-ups that are left before their dates, the most pressing first.

    Shape: `groups`: {"group", "count", "orders"} for late, today, tomorrow, later, waits, sent, with at most `limit`
    orders in all; `next_pickup`. No name and no address of anybody.
    """
    now, man = house.clock.now(), courier_of(house)

    def read(tx: ReadTx) -> Facts:
        shop = shops.named(tx, name).id if name else None
        names = {each.id: each.name for each in shops.all_shops(tx)}
        found: dict[tuple[ShopId, str], list[StoredLine]] = {}
        for line in orders.open_lines(tx, shop, OPEN_MAX):
            found.setdefault((line.shop_id, line.order_id), []).append(line)
        seats = [
            seat for (shop_id, order), lines in found.items()
            if (seat := _seat(tx, house, shop_id, order, lines, man, now)).fits(search.strip().lower())
        ]  # fmt: skip
        seats.sort(key=lambda seat: (list(Group).index(seat.group), seat.due.pick_up, seat.due.ship_by, seat.order))
        shown = seats[:limit]
        return {
            "groups": [
                {"group": each.value, "count": sum(seat.group is each for seat in seats),
                 "orders": [seat.facts(names) for seat in shown if seat.group is each]}
                for each in Group
            ],
            "total": len(seats), "next_pickup": iso(man.next_after(now)),
            "cut_off": f"{man.cut_off:%H:%M}", "shops": sorted(names.values()),
        }  # fmt: skip

    return await house.db.read(read)


@dataclass(frozen=True)
class _Seat:
    """One order on the board."""

    shop: ShopId
    order: str
    lines: Sequence[StoredLine]
    due: Due
    group: Group
    holds: tuple[str, ...]
    words: bool
    gift: bool

    def fits(self, search: str) -> bool:
        told = " ".join(f"{line.line.title} {line.line.options} {line.line.sku}" for line in self.lines)
        return search in f"{self.order} {told}".lower()

    def facts(self, names: dict[ShopId, str]) -> Facts:
        return {
            "shop": names.get(self.shop, self.shop), "order": self.order, "group": self.group.value,
            "ship_by": iso(self.due.ship_by), "told": self.due.told, "pick_up": iso(self.due.pick_up),
            "holds": list(self.holds), "words": self.words, "gift": self.gift,
            "acknowledged": all(line.line.acknowledged for line in self.lines),
            "state": self.lines[0].line.state.value,
            "lines": [
                {"title": line.line.title, "options": line.line.options, "sku": line.line.sku,
                 "pieces": line.line.remaining, "linked": line.linked}
                for line in self.lines
            ],
        }  # fmt: skip


def _seat(
    tx: ReadTx, house: House, shop: ShopId, order: str, lines: Sequence[StoredLine], man: Courier, now: datetime
) -> _Seat:
    row = orders.order(tx, shop, order)
    placed = row.placed_at if row else lines[0].line.lowered_at
    dates = [line.line.ship_by for line in lines if line.line.ship_by]
    when = due(min(dates) if dates else None, placed, house.settings.ship_within_days, man)
    holds = _holds(lines)
    stopping = {"hold.claim", "hold.unpaid", "hold.unknown"} & set(holds)
    where = Group.SENT if ship.on_its_way(tx, shop, order) else Group.WAITS if stopping else group(when, now, man)
    words = any(orders.personalisation_of(tx, shop, line.line.remote_id) is not None for line in lines)
    return _Seat(shop, order, lines, when, where, holds, words, bool(row and row.extra.get("gift")))


def _holds(lines: Sequence[StoredLine]) -> tuple[str, ...]:
    """Name what keeps an order back, or what a person should know before packing it."""
    found = {
        "hold.claim": any(line.line.claim for line in lines),
        "hold.unpaid": any(line.line.state is LineState.UNPAID for line in lines),
        "hold.unknown": any(line.line.state is LineState.UNKNOWN for line in lines),
        "hold.unlinked": any(not line.linked for line in lines),
    }
    return tuple(code for code, held in found.items() if held)


def deadline_facts(house: House, lines: Sequence[StoredLine], placed_at: datetime) -> Facts:
    """Tell until when an order must ship and with which pick-up it must go."""
    dates = [line.line.ship_by for line in lines if line.line.ship_by]
    man = courier_of(house)
    found = due(min(dates) if dates else None, placed_at, house.settings.ship_within_days, man)
    late = group(found, house.clock.now(), man) is Group.LATE
    return {"ship_by": iso(found.ship_by), "told": found.told, "pick_up": iso(found.pick_up), "late": late}


def story(tx: ReadTx, shop: ShopId, order: str, since: datetime) -> list[Facts]:
    """Tell all that happened to an order, the oldest first: what was heard, asked for, sent, printed and refused."""
    told = [
        {"at": iso(each.at), "code": each.code, "facts": dict(each.facts), "actor": each.actor}
        for each in of_order(tx, shop, order, since)
    ]
    told += [
        {"at": iso(box.created_at), "code": "box.made", "facts": {"box": box.key}, "actor": ""}
        for box in fulfilment.of_order(tx, shop, order)
    ]
    return sorted(told, key=lambda each: str(each["at"]))
