"""Couriers' sheets out, with a last look at every order in them, and couriers' numbers back in."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from jangbu.app.bootstrap import House, open_door, view_of
from jangbu.app.operations.common import Facts
from jangbu.fulfilment import service as fulfilment
from jangbu.fulfilment.model import Match, Parcel, Waiting, match, sheet_rows
from jangbu.fulfilment.templates import template, templates
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.infra.tables import BYTES_MAX, Rows, read_table, write_csv, write_workbook
from jangbu.intake import service as intake
from jangbu.kernel.errors import ChannelError, InputError, JangbuError
from jangbu.kernel.ids import ShopId
from jangbu.orders import service as orders
from jangbu.orders import ship
from jangbu.orders.store import StoredLine
from jangbu.sdk.adapter import ReadsLines
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Priority
from jangbu.sdk.records import LineState, Person
from jangbu.shops import service as shops

SHEET_MAX: Final = 1000
_Order = tuple[ShopId, str]


async def sheet_list(house: House) -> list[Facts]:
    """List the couriers' sheets there are."""
    return [
        {
            "id": each.id, "title": each.title, "carrier": each.carrier, "format": each.format,
            "verified": each.verified, "columns": [column.title for column in each.columns],
        }
        for each in templates(house.settings.home).values()
    ]  # fmt: skip


async def sheet_make(house: House, *, courier: str, actor: str, name: str = "") -> Facts:
    """Make a courier's sheet of all that is paid and not yet sent, each order looked at once more before.

    Shape: `content` is the file in base64; `boxes` how many stand in it; `held` the orders kept out, each with why
    (cancelled, a cancellation asked for, not readable now); `lost` characters the file's encoding could not carry.
    """
    sheet = template(house.settings.home, courier)
    shop = await house.db.read(lambda tx: shops.named(tx, name).id if name else None)
    wanted = await house.db.read(lambda tx: _to_send(tx, shop))
    unread = await _look(house, wanted)
    now = house.clock.now()

    def write(tx: WriteTx) -> tuple[list[Parcel], list[Facts]]:
        names = {each.id: each.name for each in shops.all_shops(tx)}
        still = _to_send(tx, shop)
        held = [
            {"shop": names[key[0]], "order": key[1], "why": _why_held(tx, key, unread)}
            for key in wanted
            if key not in still or key in unread
        ]
        parcels: list[Parcel] = []
        for key, lines in still.items():
            if key in wanted and key not in unread:
                box = fulfilment.box(tx, *key, [line.line.remote_id for line in lines], sheet.carrier, now)
                parcels.append(_parcel(tx, house, key, lines, box.key))
        fulfilment.note_sheet(tx, sheet.id, len(parcels), len(held), now, actor=actor)
        return parcels, held

    parcels, held = await house.db.write(write)
    rows = sheet_rows(sheet, parcels)
    file = write_workbook(rows) if sheet.format == "xlsx" else write_csv(rows, sheet.encoding)
    return {
        "filename": f"{sheet.id}-{now:%Y%m%d-%H%M}.{sheet.format}", "content": base64.b64encode(file.content).decode(),
        "boxes": len(parcels), "held": held, "lost": list(file.lost), "verified": sheet.verified,
    }  # fmt: skip


def _to_send(tx: ReadTx, shop: ShopId | None) -> dict[_Order, list[StoredLine]]:
    """Give the orders whose every open line is paid, free of claims, and not handed to a courier yet."""
    found: dict[_Order, list[StoredLine]] = {}
    for line in orders.open_lines(tx, shop, SHEET_MAX * 4):
        found.setdefault((line.shop_id, line.order_id), []).append(line)
    ready = {
        key: [line for line in lines if line.line.state is LineState.PAID and line.line.remaining > 0]
        for key, lines in found.items()
        if not any(line.line.claim or line.line.state is LineState.UNPAID for line in lines)
    }
    sent = {
        key for key in ready for owed in ship.of_order(tx, *key) if owed.kind == "ship" and owed.state != "refused"
    }
    return {key: lines for key, lines in list(ready.items())[:SHEET_MAX] if lines and key not in sent}


async def _look(house: House, wanted: dict[_Order, list[StoredLine]]) -> set[_Order]:
    """Read exactly these lines once more and take them in; give the orders that could not be read now."""
    unread: set[_Order] = set()
    for shop_id in sorted({key[0] for key in wanted}):
        shop = await house.db.read(lambda tx, id_=shop_id: shops.named(tx, id_))  # type: ignore[misc]
        keys = [key for key in wanted if key[0] == shop_id]
        door, view = open_door(house, shop), view_of(house, shop)
        begun = house.clock.now()
        try:
            adapter = door.adapter(Order(Priority.SHIP, "last look"))
            if isinstance(adapter, ReadsLines):
                found = await adapter.read_lines([line.line.remote_id for key in keys for line in wanted[key]])
            else:
                found = await adapter.read_orders([key[1] for key in keys])
        except ChannelError:  # one shop that cannot be read keeps only its own orders back
            unread |= set(keys)
            continue
        finally:
            await door.close()
        answered = house.clock.now()
        await house.db.write(
            lambda tx, v=view, f=found, b=begun, a=answered: intake.take_orders(tx, v, f, b, a, "last look")  # type: ignore[misc]
        )
        given = {line.remote_id for order in found for line in order.lines}
        unread |= {key for key in keys if not {line.line.remote_id for line in wanted[key]} <= given}
    return unread


def _why_held(tx: ReadTx, key: _Order, unread: set[_Order]) -> str:
    if key in unread:
        return "held.unread"
    lines = orders.lines_of(tx, *key)
    if any(line.line.claim for line in lines):
        return "held.claim"
    if any(line.line.state in {LineState.CANCELLED, LineState.REFUNDED} for line in lines):
        return "held.cancelled"
    return "held.changed"


def _parcel(tx: ReadTx, house: House, key: _Order, lines: Sequence[StoredLine], box_key: str) -> Parcel:
    row = orders.order(tx, *key)
    to = Person()
    if row is not None and row.ship_to is not None:
        clear = shops.unseal(tx, house.vault, key[0], f"orders.ship_to:{key[0]}/{key[1]}", row.ship_to)
        to = msgspec.json.decode(clear, type=Person)
    items = ", ".join(
        f"{line.line.sku or line.line.title} {line.line.options}".strip() + f" x{line.line.remaining}" for line in lines
    )
    parts = [part for part in (to.region, to.city, to.line_1) if part]
    return Parcel(
        box_key, to.name, to.phone, to.phone_2, to.zip_code, " ".join(dict.fromkeys(parts)), to.line_2, items,
        sum(line.line.remaining for line in lines), to.message,
    )  # fmt: skip


# -- numbers back -----------------------------------------------------------------------------------------


async def result_read(house: House, *, content: str) -> Facts:
    """Match a courier's result file (base64) with the boxes that wait. Changes nothing.

    Shape: one row per row of the file: state ships | doubtful | refused | blank, with order and why; of a buyer only
    the first letter of a name.
    Errors: InputError for a file that is no table.
    """
    rows = _table(content)

    def read(tx: ReadTx) -> Facts:
        boxes = {box.key: box for box in fulfilment.waiting(tx, fulfilment.WAITING_MAX)}
        people = {key: _parcel_of(tx, house, key) for key in boxes} if rows else {}
        waiting = [Waiting(key, to.name, to.phone, f"{to.address} {to.detail}".strip()) for key, to in people.items()]
        names = {each.id: each.name for each in shops.all_shops(tx)}

        def label(key: str) -> Facts:
            box = boxes[key]
            return {
                "key": key, "shop": names[box.shop_id], "order": box.order_id, "name": people[key].name[:1] + "*",
                "carrier": box.carrier,
            }  # fmt: skip

        matches = match(rows, waiting)
        return {
            "rows": [_row(each, label) for each in matches if each.state != "blank"],
            "ships": sum(each.state == "ships" for each in matches),
            "doubtful": sum(each.state == "doubtful" for each in matches),
            "refused": sum(each.state == "refused" for each in matches),
        }

    return await house.db.read(read)


def _parcel_of(tx: ReadTx, house: House, key: str) -> Parcel:
    box = fulfilment.by_key(tx, key)
    lines = [line for line in orders.lines_of(tx, box.shop_id, box.order_id) if line.line.remote_id in box.line_ids]
    return _parcel(tx, house, (box.shop_id, box.order_id), lines, key)


def _row(each: Match, told: Callable[[str], Facts]) -> Facts:
    return {
        "row": each.row + 1, "state": each.state, "tracking": each.tracking, "why": each.why,
        "box": told(each.key) if each.key else None, "candidates": [told(key) for key in each.candidates],
    }  # fmt: skip


def _table(content: str) -> Rows:
    if len(content) > BYTES_MAX * 4 // 3 + 8:
        raise InputError("the file is too large", code="input.table_large", most=BYTES_MAX // (1024 * 1024))
    try:
        return read_table(base64.b64decode(content, validate=True))
    except binascii.Error:
        raise InputError("this is no file", code="input.table_unreadable") from None


async def result_apply(house: House, *, pairs: Sequence[Facts], actor: str) -> Facts:
    """Hand the numbers of boxes ({"key", "tracking"}) over; each box by itself, so one that is refused stops no other.

    Repeat: the same pairs change nothing. Shape: how many are on their way, and each refused one with why.
    """
    now, refused, accepted = house.clock.now(), list[Facts](), 0
    acknowledges = await house.db.read(
        lambda tx: {shop.id: house.manifests[shop.channel].acknowledges for shop in shops.all_shops(tx)}
    )
    for pair in pairs:
        key, tracking = str(pair.get("key", "")), str(pair.get("tracking", ""))

        def write(tx: WriteTx, key: str = key, tracking: str = tracking) -> None:
            box = fulfilment.by_key(tx, key)
            fulfilment.dispatch(
                tx, key, "", tracking, now, actor=actor, acknowledges=acknowledges.get(box.shop_id, False)
            )

        try:
            await house.db.write(write)
            accepted += 1
        except JangbuError as error:
            refused.append({"key": key, "tracking": tracking, "code": error.code, "facts": dict(error.facts)})
    return {"accepted": accepted, "refused": refused}
