"""Packing and couriers: lists and slips to print, sheets out after a last look, couriers' numbers back in."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from jangbu.app.bootstrap import House, open_door, view_of
from jangbu.app.operations.common import Facts
from jangbu.app.packing import OrderKey, Packed, open_box, packed_sum, parcel_of, sendable, whom_sum
from jangbu.fulfilment import service as fulfilment
from jangbu.fulfilment.model import Match, Parcel, Waiting, match, sheet_rows
from jangbu.fulfilment.templates import template, templates
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.infra.tables import BYTES_MAX, Rows, read_table, write_csv, write_workbook
from jangbu.intake import service as intake
from jangbu.kernel.errors import ChannelError, Conflict, InputError, JangbuError
from jangbu.kernel.ids import ShopId
from jangbu.orders import courier, ship
from jangbu.orders import service as orders
from jangbu.orders.store import StoredLine
from jangbu.people import service as people
from jangbu.sdk.records import LineState
from jangbu.shops import service as shops

SHEET_MAX: Final = 1000


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

    Shape: `content` is the file in base64; `boxes` how many rows stand in it; `held` the orders kept out, each with why
    (cancelled, a cancellation asked for, not readable now); `lost` characters the file's encoding could not carry.
    """
    sheet = template(house.settings.home, courier)
    packed, held = await _pack(house, name=name, carrier=sheet.carrier)
    parcels = [parcel_of(each) for each in packed]
    rows, now = sheet_rows(sheet, parcels), house.clock.now()
    file = write_workbook(rows) if sheet.format == "xlsx" else write_csv(rows, sheet.encoding)

    def keep(tx: WriteTx) -> None:
        fulfilment.note_sheet(tx, sheet.id, len(parcels), len(held), now, actor=actor)
        people.audit(tx, now, "addresses.taken", actor=actor, boxes=len(parcels))

    await house.db.write(keep)
    return {
        "filename": f"{sheet.id}-{now:%Y%m%d-%H%M}.{sheet.format}", "content": base64.b64encode(file.content).decode(),
        "boxes": len(parcels), "held": held, "lost": list(file.lost), "verified": sheet.verified,
    }  # fmt: skip


async def print_make(house: House, *, actor: str, name: str = "") -> Facts:
    """Gather what pick list, slips and labels print of all that can be packed, each order looked at once more before.

    Shape: `picks` (what to fetch from the shelf, with how many), `boxes` (one per parcel, personal), `held` as above.
    """
    packed, held = await _pack(house, name=name, carrier="")
    names = {shop.id: shop.name for shop in await house.db.read(shops.all_shops)}
    now, picks = house.clock.now(), Counter[tuple[str, str, str]]()
    for line in (line.line for together in packed for each in together for line in each.lines):
        picks[line.sku, line.title, line.options] += line.remaining

    def keep(tx: WriteTx) -> None:
        note(tx, now, "print.made", actor=actor, boxes=len(packed), held=len(held))
        people.audit(tx, now, "addresses.taken", actor=actor, boxes=len(packed))

    await house.db.write(keep)
    return {
        "picks": [
            {"sku": sku, "title": title, "options": options, "pieces": pieces}
            for (sku, title, options), pieces in sorted(picks.items())
        ],
        "boxes": [_printed(each, names) for each in packed], "held": held,
    }  # fmt: skip


def _printed(together: Sequence[Packed], names: Mapping[ShopId, str]) -> Facts:
    to = together[0].to
    return {
        "key": together[0].box.key, "shop": names[together[0].box.shop_id],
        "orders": [each.box.order_id for each in together], "gift": any(each.gift for each in together),
        "to": {name: getattr(to, name) for name in to.__dataclass_fields__ if getattr(to, name)},
        "lines": [
            {
                "title": line.line.title, "options": line.line.options, "sku": line.line.sku,
                "pieces": line.line.remaining, "words": words,
            }
            for each in together
            for line, words in zip(each.lines, each.words, strict=True)
        ],
    }  # fmt: skip


async def _pack(house: House, *, name: str, carrier: str) -> tuple[list[list[Packed]], list[Facts]]:
    """Put all that can be packed into boxes after a last look; what changed meanwhile is held back with why.

    Shape: boxes that travel together stand in one list, the one whose key they go under first.
    """
    shop = await house.db.read(lambda tx: shops.named(tx, name).id if name else None)
    wanted = await house.db.read(lambda tx: _to_send(tx, shop))
    unread, now = await _look(house, wanted), house.clock.now()

    def write(tx: WriteTx) -> tuple[list[list[Packed]], list[Facts]]:
        names = {each.id: each.name for each in shops.all_shops(tx)}
        still = _to_send(tx, shop)
        held = [
            {"shop": names[key[0]], "order": key[1], "why": _why_held(tx, key, unread)}
            for key in wanted
            if key not in still or key in unread
        ]
        packed: dict[str, Packed] = {}
        for key, lines in still.items():
            if key in wanted and key not in unread:
                ids = [line.line.remote_id for line in lines]
                box = fulfilment.box(tx, *key, ids, carrier, now, packed_sum(tx, house, key, ids))
                packed[box.key] = open_box(tx, house, box)
        return _together(packed), held

    return await house.db.write(write)


def _together(packed: Mapping[str, Packed]) -> list[list[Packed]]:
    """Lay boxes that travel in another one behind it; one whose first box is not there now travels alone."""
    found: dict[str, list[Packed]] = {key: [each] for key, each in packed.items() if each.box.with_key not in packed}
    for each in packed.values():
        if each.box.with_key in found:
            found[each.box.with_key].append(each)
    return list(found.values())


def _to_send(tx: ReadTx, shop: ShopId | None) -> dict[OrderKey, list[StoredLine]]:
    """Give the orders whose every open line is paid, free of claims, and not handed to a courier yet."""
    found: dict[OrderKey, list[StoredLine]] = {}
    for line in orders.open_lines(tx, shop, SHEET_MAX * 4):
        found.setdefault((line.shop_id, line.order_id), []).append(line)
    ready = {key: sendable(lines) for key, lines in found.items()}
    sent = {key for key, lines in ready.items() if lines and ship.on_its_way(tx, *key)}
    chosen = {key: lines for key, lines in ready.items() if lines and key not in sent}
    return dict(list(chosen.items())[:SHEET_MAX])


async def _look(house: House, wanted: Mapping[OrderKey, Sequence[StoredLine]]) -> set[OrderKey]:
    """Read exactly these lines once more and take them in; give the orders that could not be read now."""
    unread: set[OrderKey] = set()
    for shop_id in sorted({key[0] for key in wanted}):
        shop = await house.db.read(lambda tx, id_=shop_id: shops.named(tx, id_))  # type: ignore[misc]
        keys = [key for key in wanted if key[0] == shop_id]
        door, view = open_door(house, shop), view_of(house, shop)
        begun = house.clock.now()
        try:
            lines = [line.line.remote_id for key in keys for line in wanted[key]]
            found = await courier.fresh(door.adapter, [key[1] for key in keys], lines)
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


def _why_held(tx: ReadTx, key: OrderKey, unread: set[OrderKey]) -> str:
    if key in unread:
        return "held.unread"
    lines = orders.lines_of(tx, *key)
    if any(line.line.claim for line in lines):
        return "held.claim"
    if any(line.line.state in {LineState.CANCELLED, LineState.REFUNDED} for line in lines):
        return "held.cancelled"
    return "held.changed"


# -- several orders in one box ----------------------------------------------------------------------------


async def box_suggestions(house: House, *, name: str = "") -> list[Facts]:
    """List orders of one shop that go to the same person at the same place and could travel in one box.

    Shape: {"shop", "orders", "joined"}: `joined` when they do already. No name and no address.
    """

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name).id if name else None
        names = {each.id: each.name for each in shops.all_shops(tx)}
        same: dict[tuple[ShopId, str], list[str]] = {}
        for key in _to_send(tx, shop):
            if whom := whom_sum(tx, house, key):
                same.setdefault((key[0], whom), []).append(key[1])
        return [
            {"shop": names[shop_id], "orders": found, "joined": _joined(tx, shop_id, found)}
            for (shop_id, _), found in same.items()
            if len(found) > 1
        ]

    return await house.db.read(read)


def _joined(tx: ReadTx, shop: ShopId, order_ids: Sequence[str]) -> bool:
    boxes = [box for order in order_ids for box in fulfilment.of_order(tx, shop, order) if not box.tracking_number]
    return len(boxes) > 1 and sum(not box.with_key for box in boxes) == 1


async def box_join(house: House, *, name: str, wanted: Sequence[str], actor: str, together: bool = True) -> Facts:
    """Have several orders of one shop travel in one box under one number, or each in its own again.

    Each order is still told to the marketplace by itself, as its rules want.
    Errors: InputError for fewer than two; Conflict when they do not go to the same place, or one cannot be packed now.
    """
    now = house.clock.now()
    if together and len(set(wanted)) < 2:  # noqa: PLR2004 - one order is no company
        raise InputError("at least two orders", code="box_too_few")

    def write(tx: WriteTx) -> Facts:
        shop, boxes = shops.named(tx, name), []
        ready = _to_send(tx, shop.id)
        for order in dict.fromkeys(wanted):
            key = (shop.id, order)
            if key not in ready:
                raise Conflict("cannot be packed now", code="box_not_joinable")
            ids = [line.line.remote_id for line in ready[key]]
            boxes.append(fulfilment.box(tx, *key, ids, "", now, packed_sum(tx, house, key, ids)))
        places = {whom_sum(tx, house, (shop.id, order)) for order in wanted}
        if together and (len(places) > 1 or "" in places):
            raise Conflict("not to the same place", code="box_other_place")
        (fulfilment.join if together else fulfilment.part)(tx, boxes)
        for box in boxes:
            if together:
                note(tx, now, "box.joined", shop_id=shop.id, actor=actor, order=box.order_id, box=boxes[0].key)
            else:
                note(tx, now, "box.parted", shop_id=shop.id, actor=actor, order=box.order_id)
        return {"shop": shop.name, "orders": list(wanted), "joined": together}

    return await house.db.write(write)


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
    return parcel_of([open_box(tx, house, fulfilment.by_key(tx, key))])


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
