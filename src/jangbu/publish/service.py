"""Use cases of publication: fold news, choose the next write, journal it in three facts, settle it. Never commits.

Everything here runs inside one transaction; what is sent, and when, is the pump's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jangbu.catalog import service as catalog
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import IllegalTransition
from jangbu.kernel.ids import CellId, ShopId, VariantId, WriteId, new_id
from jangbu.orders import service as orders
from jangbu.publish import store, world
from jangbu.publish.model import book as books
from jangbu.publish.model import timing
from jangbu.publish.model.book import Book, Mark
from jangbu.publish.model.plan import Act, Plan, Planned, allows, plan
from jangbu.publish.store import CellRow, WriteRow
from jangbu.publish.world import Component, GroupInfo, Leave, Scope
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.records import ListingRef, ListingState, NumbersRead
from jangbu.shops import service as shops
from jangbu.shops.model import own_manifest

SEND_BEFORE = timedelta(milliseconds=timing.SEND_BEFORE)
HTTP_TIMEOUT = timedelta(milliseconds=timing.HTTP_TIMEOUT)
LATE_OFF = timedelta(minutes=10)
RECHECK_MS = 5_000
READ_AGAIN = 1  # a time of reading so old that the cell is read anew

latest_writes = store.latest_writes
open_writes = store.open_writes
cells_of_shop = store.cells_of_shop
delay_deadlines = store.delay_deadlines


@dataclass(frozen=True)
class Intent:
    """One journaled write, ready to be sent: all a pump needs, and nothing a marketplace said."""

    write_id: WriteId
    ref: ListingRef
    act: Act
    numbers: Mapping[str, int]  # by the marketplace's cell key
    priority: int
    why: str
    only_lowers: bool


# -- cells and news ---------------------------------------------------------------------------------------


def sync_cells(tx: WriteTx) -> int:
    """Make a cell for every linked offer, and keep what a sale on it takes; tell how many are new.

    Offers that share one number may be linked to different SKUs: the cell then takes the most each could take.
    """
    wanted: dict[tuple[ShopId, str], tuple[str, dict[VariantId, int]]] = {}
    for offer in catalog.offers(tx):
        if offer.links:
            _, units = wanted.setdefault((offer.shop_id, offer.cell_key), (offer.listing_id, {}))
            for variant, n in offer.links.items():
                units[variant] = max(n, units.get(variant, 0))
    known = {(cell.shop_id, cell.key): cell for cell in store.cells_of_shop(tx)}
    have = store.units_of(tx, [cell.id for cell in known.values()])
    new = 0
    for (shop, key), (listing, units) in sorted(wanted.items()):
        cell = known.get((shop, key))
        if cell is None:
            id_ = store.add_cell(tx, CellId(new_id("cell")), shop, key, listing, Book(unread=books.UNBOUNDED))
            new += 1
        elif have[cell.id] == units:
            continue
        else:
            id_ = cell.id
            inventory.mark_dirty(tx, have[id_])  # what it takes no more is free for others
        store.set_units(tx, id_, units)
        inventory.mark_dirty(tx, units)
    tx.notify("stock")
    return new


def unlinked(tx: WriteTx, shop: ShopId, cell_key: str) -> None:
    """Have a number draw only on what is still linked to it; what stands there stays as it is and is ours no more.

    What was sold there unheard of comes in as lines without a link, and is shown to a person.
    Errors: IllegalTransition while a write there is under way: it may still land.
    """
    cell = store.cell_by_key(tx, shop, cell_key)
    if cell is None:
        return
    if cell.book.pending is not None:
        raise IllegalTransition("a write there is under way", code="unlink_under_way", cell=cell_key)
    inventory.mark_dirty(tx, store.units_of(tx, [cell.id])[cell.id])
    left = catalog.units_by_cell(tx, shop, cell_key)
    store.set_units(tx, cell.id, left)
    if not left:
        store.retire(tx, cell.id)
    inventory.mark_dirty(tx, left)
    tx.notify("stock")


def reconsider(tx: WriteTx) -> None:
    """Have every cell considered anew: what may be written, or how stock is divided, has changed."""
    tx.run("UPDATE cell SET dirty = 1, recheck_at = 0")
    tx.notify("stock")


def set_scope(tx: WriteTx, shop: ShopId, scope: Scope, variants: Iterable[VariantId] = ()) -> None:
    """Say how much of a shop may be written once it is started: all, only lowering, or the listings of some SKUs."""
    store.set_scope(tx, shop, scope.value, variants)
    reconsider(tx)


def scopes(tx: ReadTx) -> dict[ShopId, Scope]:
    """Tell how much of each shop may be written once it is started, where its owner said so; else all."""
    return {shop: Scope(kind) for shop, kind in store.scope_kinds(tx).items()}


def fold_news(tx: WriteTx, manifests: Mapping[str, Manifest]) -> None:
    """Take news into the books: facts of order lines, then how far each feed is known to be complete.

    The horizons are read before the facts, so that no horizon is believed whose facts are not in.
    """
    horizons = store.horizons(tx)
    touched: set[VariantId] = set()
    while facts := orders.take_facts(tx):
        for fact in facts:
            cell = store.cell_by_key(tx, fact.shop_id, fact.cell_key)
            if cell is None:
                continue
            if fact.units > 0:
                book = books.sold(cell.book, fact.units, fact.lowered_at_ms)
                if cell.book.unread > 0:  # doubtful which part it lowers: a later read tells
                    store.set_look(tx, cell.shop_id, cell.listing_id, fact.heard_at_ms)
            else:
                clear_from = fact.heard_at_ms + _settle_ms(tx, manifests, fact.shop_id)
                book = books.restocked(cell.book, -fact.units, clear_from)
            store.save_book(tx, cell.id, book, write_id=cell.write_id)
            touched |= set(store.units_of(tx, [cell.id])[cell.id])
    for units in store.units_of(tx, store.passed_marks(tx, horizons)).values():
        touched |= set(units)
    touched |= set(store.take_dirty(tx))
    _dirty(tx, touched)


def _settle_ms(tx: ReadTx, manifests: Mapping[str, Manifest], shop_id: ShopId) -> int:
    shop = shops.by_id(tx, shop_id)
    return round(own_manifest(manifests[shop.channel], shop).assumptions.settle_s * 1000) if shop else 0


def _dirty(tx: WriteTx, variants: Iterable[VariantId]) -> None:
    """Have every cell that sells one of these considered anew, and those joined with them on a listing."""
    cells = store.cells_of_variants(tx, sorted(set(variants)))
    listings = {(cell.shop_id, cell.listing_id) for cell in cells}
    joined = {c.id for shop, listing in listings for c in store.cells_of_listing(tx, shop, listing)}
    store.set_dirty(tx, sorted({cell.id for cell in cells} | joined))
    if cells:
        tx.notify("stock")


# -- planning ---------------------------------------------------------------------------------------------


def look(
    tx: ReadTx,
    manifests: Mapping[str, Manifest],
    cells: Iterable[CellRow],
    now: datetime,
    *,
    as_if_started: bool = False,
    given: Leave | None = None,
) -> tuple[Plan, Component]:
    """Plan the component of these cells without changing anything; `as_if_started` as the seller reads it before."""
    component = world.load(tx, manifests, cells, to_ms(now), as_if_started=as_if_started, given=given)
    return plan(component.variants, component.groups, now=to_ms(now)), component


def ranked(
    tx: WriteTx, manifests: Mapping[str, Manifest], shop: ShopId, now: datetime
) -> list[tuple[Planned, GroupInfo, Component]]:
    """Give a shop's possible writes now, the best first, over all its cells that wait for one."""
    now_ms = to_ms(now)
    due = store.due_cells(tx, shop, now_ms)
    found: list[tuple[Planned, GroupInfo, Component]] = []
    done: set[CellId] = set()
    given = world.leave(tx) if due else None
    for cell in due:
        if cell.id in done:
            continue
        drawn, component = look(tx, manifests, [cell], now, given=given)
        done |= {row.id for row in component.cells()}
        _keep_verdicts(tx, shop, drawn, component, now_ms)
        found += [
            (proposed, component.info[shop, proposed.group], component)
            for proposed in drawn.planned
            if proposed.shop == shop and _due(component, proposed, now_ms)
        ]
    return sorted(found, key=lambda item: item[0].rank)


def for_group(
    tx: ReadTx, manifests: Mapping[str, Manifest], shop: ShopId, listing: str, now: datetime
) -> tuple[Planned, GroupInfo, Component] | None:
    """Give the planner's word on one listing as things stand this moment; None when it wants nothing."""
    drawn, component = look(tx, manifests, store.cells_of_listing(tx, shop, listing), now)
    for proposed in drawn.planned:
        if (proposed.shop, proposed.group) == (shop, listing):
            return proposed, component.info[shop, listing], component
    return None


def still_right(tx: ReadTx, manifests: Mapping[str, Manifest], shop: ShopId, intent: Intent, now: datetime) -> bool:
    """Tell whether an intent would not show more than is wanted by now: news may have come while it waited."""
    if intent.act is Act.OFF:
        return True
    drawn, component = look(tx, manifests, store.cells_of_listing(tx, shop, intent.ref.remote_id), now)
    keys = {row.key: row.id for row in component.cells() if row.shop_id == shop}
    return all(n <= drawn.targets.get(keys[key], 0) for key, n in intent.numbers.items() if n and key in keys)


def _due(component: Component, proposed: Planned, now_ms: int) -> bool:
    rows = component.info[proposed.shop, proposed.group].cells
    return all(row.recheck_at <= now_ms for row in rows.values())


def _keep_verdicts(tx: WriteTx, shop: ShopId, drawn: Plan, component: Component, now_ms: int) -> None:
    """Keep, for each of the shop's cells considered, its target and what it waits for, if that is news."""
    proposed = {p.group for p in drawn.planned if p.shop == shop}
    waiting = {w.group: w.why for w in drawn.waiting if w.shop == shop}
    waiting |= {
        group: "wait.not_counted" for (of, group), info in component.info.items() if of == shop and not info.counted
    }
    for (of_shop, group), info in component.info.items():
        if of_shop != shop:
            continue
        for row in info.cells.values():
            open_ = group in proposed or group in waiting
            if not open_ or row.recheck_at <= now_ms:
                recheck = now_ms + RECHECK_MS if group in waiting and group not in proposed else 0
                store.set_considered(
                    tx, row.id, drawn.targets.get(row.id, 0), waiting.get(group, ""), dirty=open_, recheck_at=recheck
                )


def journal_intent(
    tx: WriteTx, proposed: Planned, info: GroupInfo, component: Component, now: datetime
) -> Intent | None:
    """Charge the books and journal the intent, if the law still allows it; None when it does not."""
    if not allows(component.variants, component.groups, proposed):
        return None
    write_id = WriteId(new_id("write"))
    before = {cell: row.book.number for cell, row in info.cells.items() if cell in proposed.numbers}
    for cell_id, write in proposed.writes().items():
        row = info.cells[cell_id]
        book = books.begin(row.book, write, fencing=to_ms(now) > row.book.clear_from)
        store.save_book(tx, cell_id, book, write_id=write_id)
    store.add_write(
        tx,
        WriteRow(
            write_id, proposed.shop, proposed.group, proposed.act.value, dict(proposed.numbers), before, proposed.why,
            "intent", int(proposed.priority), proposed.charged, proposed.freed, now, None, None, None, None, "", "",
        ),
    )  # fmt: skip
    return Intent(
        write_id,
        info.ref,
        proposed.act,
        {info.cells[cell].key: n for cell, n in proposed.numbers.items()},
        int(proposed.priority),
        proposed.why,
        all(write.only_lowers for write in proposed.writes().values()),
    )


def journal_sending(tx: WriteTx, shop: ShopId, intent: Intent, now: datetime, settle: timedelta) -> bool:
    """Journal that the bytes leave now; False when the intent was dropped meanwhile: then nothing may be sent.

    A second look is owed once nothing of it can land any more: a call repeated after a lost answer may take effect
    twice, the second time over what came after it.
    """
    deadline = now + HTTP_TIMEOUT
    store.set_look(tx, shop, intent.ref.remote_id, to_ms(deadline + settle))
    return store.set_sending(tx, intent.write_id, now, deadline)


# -- outcomes ---------------------------------------------------------------------------------------------


def journal_refused(
    tx: WriteTx, shop: ShopId, write: WriteId, now: datetime, *, error: str, remote_code: str = "", again_in_s: float
) -> None:
    """Settle a write that is known not to have happened; its cells are left alone for a while."""
    store.lock_planning(tx)
    cells = _cells_of_write(tx, shop, write)
    for row in cells:
        store.save_book(tx, row.id, books.refused(row.book), read_at=READ_AGAIN)
    store.set_outcome(
        tx, write, "refused" if error else "dropped", now, ended=True, error=error, remote_code=remote_code
    )
    store.set_recheck(tx, [row.id for row in cells], to_ms(now) + round(again_in_s * 1000))


def journal_unknown(tx: WriteTx, write: WriteId, now: datetime, *, error: str) -> None:
    """Note that nobody knows whether a write took effect; only a read after deadline + D will settle it."""
    store.set_outcome(tx, write, "unknown", now, ended=False, error=error)


def journal_accepted(tx: WriteTx, write: WriteId, now: datetime) -> None:
    """Note that the answer says yes, with the number still to be seen."""
    store.set_outcome(tx, write, "accepted", now, ended=False)


def settle_applied(
    tx: WriteTx, shop: ShopId, write: WriteRow, seen: NumbersRead, begun_at: datetime, answered_at: datetime
) -> bool:
    """Settle a write that was accepted by the numbers a read (or its own echo) shows.

    False when what is seen denies the answer (still on sale after an off): then it stays unsettled.
    """
    on_sale = _on_sale(seen)
    if write.act == Act.OFF and on_sale:
        return False
    if write.act in {Act.ON, Act.REOPEN} and not on_sale:
        return False
    store.lock_planning(tx)
    mark = _mark(seen, begun_at, answered_at)
    for row in _cells_of_write(tx, shop, write.id):
        number = seen.numbers.get(row.key, 0)
        book = books.applied(row.book, mark, told=number)
        if book.pending is None and not books.surprising(book, number, on_sale=on_sale):
            book = books.read(book, number, on_sale=on_sale, mark=mark)
        store.save_book(tx, row.id, book, read_at=to_ms(answered_at))
    _keep_sale(tx, shop, seen, parked_by_us=_ours(tx, shop, write), at=answered_at)
    store.set_outcome(tx, write.id, "applied", answered_at, ended=True)
    _tell(tx, shop, write, answered_at)
    return True


def settle_resolved(
    tx: WriteTx, shop: ShopId, write: WriteRow, seen: NumbersRead, begun_at: datetime, answered_at: datetime
) -> None:
    """Settle a write of unknown outcome by a read begun after its deadline and D: believe nothing, keep the charge."""
    store.lock_planning(tx)
    mark, on_sale = _mark(seen, begun_at, answered_at), _on_sale(seen)
    for row in _cells_of_write(tx, shop, write.id):
        number = seen.numbers.get(row.key, 0)
        book = books.resolved(row.book, number, on_sale=on_sale, mark=mark)
        store.save_book(tx, row.id, book, read_at=to_ms(answered_at))
    _keep_sale(tx, shop, seen, parked_by_us=_ours(tx, shop, write), at=answered_at)
    store.set_outcome(tx, write.id, "resolved", answered_at, ended=True, error=write.error)
    _tell(tx, shop, write, answered_at)


def settle_zero(
    tx: WriteTx, shop: ShopId, write: WriteRow, seen: NumbersRead, begun_at: datetime, answered_at: datetime
) -> bool:
    """Settle an unknown write that could only lower, if a read already shows what it wanted: zero, or off sale."""
    if write.act == Act.OFF:
        return not _on_sale(seen) and settle_applied(tx, shop, write, seen, begun_at, answered_at)
    keys = {row.key for row in _cells_of_write(tx, shop, write.id)}
    if any(seen.numbers.get(key, 0) for key in keys):
        return False
    return settle_applied(tx, shop, write, seen, begun_at, answered_at)


def take_read(tx: WriteTx, shop: ShopId, seen: NumbersRead, begun_at: datetime, answered_at: datetime) -> list[str]:
    """Take a read of a listing into its cells' books; give the keys of cells whose number surprises.

    A number above all we knew of is believed only when the orders were read since and do not explain it.
    """
    store.lock_planning(tx)
    mark, on_sale = _mark(seen, begun_at, answered_at), _on_sale(seen)
    surprised: list[str] = []
    rows = store.cells_of_listing(tx, shop, seen.ref.remote_id)
    for row in rows:
        if row.book.pending is not None:
            continue
        number = seen.numbers.get(row.key, 0)  # an option that is not there any more can sell nothing
        if row.key not in seen.numbers and row.book.exposure == 0 and row.read_at > 0:
            store.retire(tx, row.id)
            inventory.mark_dirty(tx, store.units_of(tx, [row.id])[row.id])
            continue
        if row.read_at == 0:
            book = books.first_seen(number, on_sale=on_sale, mark=mark)
        elif books.surprising(row.book, number, on_sale=on_sale) and not _explained(tx, shop, row.id, answered_at):
            surprised.append(row.key)
            continue
        else:
            if books.surprising(row.book, number, on_sale=on_sale):
                note(
                    tx, answered_at, "stock.raised_by_others", shop_id=shop,
                    cell=row.key, number=number, expected=row.book.exposure,
                )  # fmt: skip
            if row.surprised:
                store.set_surprised(tx, row.id, 0)
            book = books.read(row.book, number, on_sale=on_sale, mark=mark)
        store.save_book(tx, row.id, book, read_at=to_ms(answered_at))
        inventory.mark_dirty(tx, store.units_of(tx, [row.id])[row.id])
    was = store.sale(tx, shop, seen.ref.remote_id)
    owed = [store.looked(tx, row.id, to_ms(begun_at)) for row in rows]
    late = any(owed) and store.off_since(tx, shop, seen.ref.remote_id, to_ms(answered_at - LATE_OFF))
    _keep_sale(tx, shop, seen, parked_by_us=late or bool(was and was.parked_by_us), at=answered_at)
    if surprised:
        tx.notify(f"hint:{shop}")
    return surprised


def nothing_there(ref: ListingRef, at: datetime) -> NumbersRead:
    """Give the reading of a listing the marketplace does not know any more: off sale, with nothing to sell."""
    return NumbersRead(ref, ListingState.OFF_SALE, {}, at)


def _explained(tx: WriteTx, shop: ShopId, cell: CellId, now: datetime) -> bool:
    """Tell whether the orders were read to the present since a number first surprised; note when it did."""
    since = store.surprised_at(tx, cell)
    if since == 0:
        store.set_surprised(tx, cell, to_ms(now))
        store.set_recheck(tx, [cell], to_ms(now) + RECHECK_MS)
        return False
    reach = orders.horizon(tx, shop)
    return reach is not None and reach[0] > since


def drop_left_intents(tx: WriteTx, shop: ShopId, now: datetime) -> tuple[int, int]:
    """After a take-over: what was only meant never left and is dropped; what was being sent is unknown.

    Shape: (dropped, unknown).
    """
    dropped = unknown = 0
    for write in store.open_writes(tx, shop):
        if write.state == "intent":
            journal_refused(tx, shop, write.id, now, error="", again_in_s=0)
            dropped += 1
        elif write.state == "sending":
            journal_unknown(tx, write.id, now, error="hub.ended_while_sending")
            unknown += 1
    return dropped, unknown


def same_cells(tx: ReadTx, shop: ShopId, seen: NumbersRead) -> bool:
    """Tell whether a listing still has exactly the numbers we know of; else it must be imported anew."""
    known = {row.key for row in store.cells_of_listing(tx, shop, seen.ref.remote_id)}
    return known <= set(seen.numbers)


def write_row(tx: ReadTx, shop: ShopId, write: WriteId) -> WriteRow | None:
    """Give an open write."""
    return next((row for row in store.open_writes(tx, shop) if row.id == write), None)


def unread_refs(tx: ReadTx, shop: ShopId, now: datetime, limit: int = 100) -> list[ListingRef]:
    """Give listings whose books only a read can mend."""
    listings = sorted({row.listing_id for row in store.unread_cells(tx, shop, to_ms(now), limit)})
    return refs(tx, shop, listings)


def refs(tx: ReadTx, shop: ShopId, listings: Sequence[str]) -> list[ListingRef]:
    """Give what reading these listings needs."""
    found = ((listing, catalog.listing_ref(tx, shop, listing)) for listing in listings)
    return [ListingRef(listing, ref[0]) for listing, ref in found if ref]


def next_recheck(tx: ReadTx, shop: ShopId) -> int | None:
    """Tell when (ms) a waiting cell of a shop is due again."""
    row = tx.one("SELECT MIN(recheck_at) FROM cell WHERE shop_id = ? AND dirty = 1 AND gone = 0", (shop,))
    return int(row[0]) if row and row[0] is not None else None


def _cells_of_write(tx: ReadTx, shop: ShopId, write: WriteId) -> list[CellRow]:
    row = tx.one("SELECT listing_id FROM stock_write WHERE id = ?", (write,))
    if row is None:
        return []
    return [cell for cell in store.cells_of_listing(tx, shop, row[0]) if cell.write_id == write]


def _mark(seen: NumbersRead, begun_at: datetime, answered_at: datetime) -> Mark:
    return Mark(to_ms(begun_at), to_ms(answered_at), to_ms(seen.remote_at) + 1000)


def _on_sale(seen: NumbersRead) -> bool:
    """Tell whether buyers can buy what is numbered; a sold-out listing is on sale with nothing to sell."""
    return seen.state in {ListingState.ON_SALE, ListingState.SOLD_OUT, ListingState.UNKNOWN}


def _ours(tx: ReadTx, shop: ShopId, write: WriteRow) -> bool:
    """Tell whether a listing seen off sale is off by our doing."""
    was = store.sale(tx, shop, write.listing_id)
    return write.act == Act.OFF or bool(was and was.parked_by_us)


def _keep_sale(tx: WriteTx, shop: ShopId, seen: NumbersRead, *, parked_by_us: bool, at: datetime) -> None:
    store.put_sale(
        tx,
        shop,
        seen.ref.remote_id,
        seen.state.value,
        parked_by_us=parked_by_us and not _on_sale(seen),
        at_ms=to_ms(at),
    )


def _tell(tx: WriteTx, shop: ShopId, write: WriteRow, at: datetime) -> None:
    """Write down for people what changed at a shop, and have everything joined considered anew."""
    found = catalog.listing_ref(tx, shop, write.listing_id)
    for row in store.cells_of_listing(tx, shop, write.listing_id):
        if row.id in write.numbers:
            note(
                tx, at, f"write.{write.act}", shop_id=shop, why=write.why, title=found[1] if found else "",
                cell=row.key, before=write.before.get(row.id, 0), after=write.numbers[row.id],
            )  # fmt: skip
            inventory.mark_dirty(tx, store.units_of(tx, [row.id])[row.id])


def cells_by_variant(tx: ReadTx, variants: Sequence[VariantId]) -> dict[VariantId, list[tuple[CellRow, int]]]:
    """Give for each of these variants the cells that sell it, with the units one sale there takes."""
    found: dict[VariantId, list[tuple[CellRow, int]]] = {variant: [] for variant in variants}
    cells = sorted(store.cells_of_variants(tx, variants), key=lambda cell: (cell.shop_id, cell.key))
    units = store.units_of(tx, [cell.id for cell in cells])
    for cell in cells:
        for variant, n in units[cell.id].items():
            if variant in found:
                found[variant].append((cell, n))
    return found
