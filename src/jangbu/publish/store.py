"""Tables of cells, their books, listings on and off sale, and the journal of writes. Decides nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.ids import CellId, ShopId, VariantId, WriteId
from jangbu.publish.model.book import Book, Mark, Pending, Write, WriteKind


@dataclass(frozen=True)
class CellRow:
    """One cell as kept."""

    id: CellId
    shop_id: ShopId
    key: str
    listing_id: str
    book: Book
    write_id: WriteId | None
    dirty: bool
    recheck_at: int
    read_at: int
    target: int | None
    waiting: str
    surprised: bool


class _Pending(msgspec.Struct, omit_defaults=True):
    kind: str
    base: int
    fencing: bool
    write_id: str
    number: int = 0
    expected: int = 0
    change: int = 0


AUDIT_MS = 6 * 3600 * 1000
"""Every number is read back at least this often: what other hands changed is found and repaired."""

_CELL = (
    "c.id, c.shop_id, c.key, c.listing_id, c.unread, c.stands, c.on_sale, c.parked, c.mark_begun, c.mark_answered, "
    "c.mark_remote, c.pending, c.clear_from, c.dirty, c.recheck_at, c.read_at, c.target, c.waiting, c.surprised"
)


def add_cell(tx: WriteTx, id_: CellId, shop: ShopId, key: str, listing_id: str, book: Book) -> CellId:
    """Insert a cell not read yet, or take back one that was out of the count; give the id it has."""
    rows = tx.returning(
        "INSERT INTO cell (id, shop_id, key, listing_id, unread, stands, on_sale, parked) VALUES (?, "
        "?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id, key) DO UPDATE SET gone = 0, read_at = 0, unread = excluded.unread, dirty = 1, "
        "listing_id = excluded.listing_id RETURNING id",
        (id_, shop, key, listing_id, book.unread, book.stands, int(book.on_sale), book.parked),
    )
    return CellId(rows[0][0])


def set_scope(tx: WriteTx, shop: ShopId, kind: str, variants: Iterable[VariantId]) -> None:
    """Keep how much of a shop may be written, and for which variants where its owner chose some."""
    tx.run(
        "INSERT INTO write_scope (shop_id, kind) VALUES (?, ?) "
        "ON CONFLICT (shop_id) DO UPDATE SET kind = excluded.kind",
        (shop, kind),
    )
    tx.run("DELETE FROM write_scope_variant WHERE shop_id = ?", (shop,))
    rows = [(shop, variant) for variant in sorted(variants)]
    tx.run_many("INSERT INTO write_scope_variant (shop_id, variant_id) VALUES (?, ?)", rows)


def scope_kinds(tx: ReadTx) -> dict[ShopId, str]:
    """Give how much of each shop may be written, for those where it was said."""
    return {ShopId(shop): kind for shop, kind in tx.all("SELECT shop_id, kind FROM write_scope")}


def scope_variants(tx: ReadTx, shop: ShopId) -> frozenset[VariantId]:
    """Give the variants chosen for a shop."""
    rows = tx.all("SELECT variant_id FROM write_scope_variant WHERE shop_id = ?", (shop,))
    return frozenset(VariantId(variant) for (variant,) in rows)


def set_units(tx: WriteTx, cell: CellId, units: dict[VariantId, int]) -> None:
    """Keep what one sale on a cell takes."""
    tx.run("DELETE FROM cell_units WHERE cell_id = ?", (cell,))
    tx.run_many(
        "INSERT INTO cell_units (cell_id, variant_id, units) VALUES (?, ?, ?)", [(cell, v, n) for v, n in units.items()]
    )


def units_of(tx: ReadTx, cells: Sequence[CellId]) -> dict[CellId, dict[VariantId, int]]:
    """Give what one sale takes, for these cells."""
    found: dict[CellId, dict[VariantId, int]] = {cell: {} for cell in cells}
    for part in _parts(cells):
        holes = ", ".join("?" * len(part))
        for cell, variant, units in tx.all(
            f"SELECT cell_id, variant_id, units FROM cell_units WHERE cell_id IN ({holes})", part
        ):
            found[CellId(cell)][VariantId(variant)] = units
    return found


def save_book(
    tx: WriteTx, cell: CellId, book: Book, *, write_id: WriteId | None = None, read_at: int | None = None
) -> None:
    """Keep a cell's book; a pending write is kept with the journal row it belongs to."""
    pending = None
    if book.pending is not None:
        w = book.pending.write
        pending = msgspec.json.encode(
            _Pending(
                w.kind.value, book.pending.base, book.pending.fencing, write_id or "", w.number, w.expected, w.change
            )
        ).decode()
    mark = (book.mark.begun_at, book.mark.answered_at, book.mark.remote_at) if book.mark else (None, None, None)
    tx.run(
        "UPDATE cell SET unread = ?, stands = ?, on_sale = ?, parked = ?, mark_begun = ?, mark_answered = ?, "
        "mark_remote = ?, pending = ?, clear_from = ?, read_at = COALESCE(?, read_at), dirty = 1, recheck_at = 0 "
        "WHERE id = ?",
        (book.unread, book.stands, int(book.on_sale), book.parked, *mark, pending, book.clear_from, read_at, cell),
    )


def cells_of_shop(tx: ReadTx, shop: ShopId | None = None) -> list[CellRow]:
    """Give every cell (of a shop)."""
    where, params = ("AND c.shop_id = ?", (shop,)) if shop else ("", ())
    return [_cell(r) for r in tx.all(f"SELECT {_CELL} FROM cell c WHERE c.gone = 0 {where} ORDER BY c.key", params)]


def cells_of_listing(tx: ReadTx, shop: ShopId, listing_id: str) -> list[CellRow]:
    """Give a listing's cells."""
    rows = tx.all(
        f"SELECT {_CELL} FROM cell c WHERE c.shop_id = ? AND c.listing_id = ? AND c.gone = 0", (shop, listing_id)
    )  # ordered here: asked to, SQLite walks the whole shop in the order of keys
    return sorted((_cell(row) for row in rows), key=lambda cell: cell.key)


def cell_by_key(tx: ReadTx, shop: ShopId, key: str) -> CellRow | None:
    """Give one cell by the marketplace's key."""
    row = tx.one(f"SELECT {_CELL} FROM cell c WHERE c.shop_id = ? AND c.key = ?", (shop, key))
    return _cell(row) if row else None


def cells_of_variants(tx: ReadTx, variants: Sequence[VariantId]) -> list[CellRow]:
    """Give the cells that sell any of these variants."""
    found: dict[CellId, CellRow] = {}
    for part in _parts(variants):
        holes = ", ".join("?" * len(part))
        for row in tx.all(
            f"SELECT DISTINCT {_CELL} FROM cell c JOIN cell_units u ON u.cell_id = c.id "
            f"WHERE u.variant_id IN ({holes}) AND c.gone = 0",
            part,
        ):
            cell = _cell(row)
            found[cell.id] = cell
    return list(found.values())


def due_cells(tx: ReadTx, shop: ShopId, now_ms: int, limit: int = 500) -> list[CellRow]:
    """Give a shop's cells that may need a write now."""
    rows = tx.all(
        f"SELECT {_CELL} FROM cell c WHERE c.shop_id = ? AND c.dirty = 1 AND c.recheck_at <= ? AND c.gone = 0 "
        "ORDER BY c.recheck_at, c.id LIMIT ?",
        (shop, now_ms, limit),
    )
    return [_cell(row) for row in rows]


def unread_cells(tx: ReadTx, shop: ShopId, now_ms: int, limit: int = 100) -> list[CellRow]:
    """Give a shop's cells whose books only a read can mend: never read, or clouded with no proof under way."""
    rows = tx.all(
        f"SELECT {_CELL} FROM cell c WHERE c.shop_id = ? AND c.gone = 0 AND c.pending IS NULL AND c.clear_from < ? "
        "AND (c.read_at <= 1 OR (c.mark_begun IS NULL AND (c.unread > 0 OR c.stands < 0 OR "
        "c.clear_from > 0) AND c.read_at < ?) "
        "OR (c.look_at > 0 AND c.look_at < ?) OR c.read_at < ?) "
        "ORDER BY c.read_at LIMIT ?",
        (shop, now_ms, now_ms, now_ms, now_ms - AUDIT_MS, limit),
    )
    return [_cell(row) for row in rows]


def take_dirty(tx: WriteTx) -> list[VariantId]:
    """Take the variants whose availability changed, and forget that they did."""
    rows = tx.all("SELECT variant_id FROM dirty_variant ORDER BY variant_id")
    if rows:
        tx.run_many("DELETE FROM dirty_variant WHERE variant_id = ?", rows)
    return [VariantId(row[0]) for row in rows]


def set_dirty(tx: WriteTx, cells: Iterable[CellId]) -> None:
    """Have these cells considered anew."""
    tx.run_many("UPDATE cell SET dirty = 1, recheck_at = 0 WHERE id = ?", [(cell,) for cell in cells])


def set_considered(tx: WriteTx, cell: CellId, target: int, waiting: str, *, dirty: bool, recheck_at: int) -> None:
    """Keep what the planner last said of a cell."""
    tx.run(
        "UPDATE cell SET target = ?, waiting = ?, dirty = ?, recheck_at = ? WHERE id = ?",
        (target, waiting, int(dirty), recheck_at, cell),
    )


def set_recheck(tx: WriteTx, cells: Iterable[CellId], at_ms: int) -> None:
    """Leave cells alone until a time."""
    tx.run_many("UPDATE cell SET dirty = 1, recheck_at = ? WHERE id = ?", [(at_ms, cell) for cell in cells])


def retire(tx: WriteTx, cell: CellId) -> None:
    """Take a cell out of the count: its number does not exist any more and nothing of it is unread."""
    tx.run("UPDATE cell SET gone = 1, dirty = 0 WHERE id = ?", (cell,))


def set_look(tx: WriteTx, shop: ShopId, listing_id: str, at_ms: int) -> None:
    """Have a listing read once more when nothing of what is being sent can land any more."""
    tx.run("UPDATE cell SET look_at = ? WHERE shop_id = ? AND listing_id = ?", (at_ms, shop, listing_id))


def looked(tx: WriteTx, cell: CellId, begun_ms: int) -> bool:
    """Note a read begun at a time; tell whether a second look was still owed before it."""
    owed = tx.one("SELECT look_at FROM cell WHERE id = ? AND look_at > 0", (cell,))
    tx.run("UPDATE cell SET look_at = 0 WHERE id = ? AND look_at < ?", (cell, begun_ms))
    return owed is not None


def off_since(tx: ReadTx, shop: ShopId, listing_id: str, since_ms: int) -> bool:
    """Tell whether we sent an order to take a listing off sale since a time."""
    row = tx.one(
        "SELECT 1 FROM stock_write WHERE shop_id = ? AND listing_id = ? AND act = 'off' AND intent_at >= ? "
        "AND sending_at IS NOT NULL LIMIT 1",
        (shop, listing_id, since_ms),
    )
    return row is not None


def set_surprised(tx: WriteTx, cell: CellId, surprised: int) -> None:
    """Note when a number stood above all we knew (ms), or that it is explained (0)."""
    tx.run("UPDATE cell SET surprised = ? WHERE id = ?", (surprised, cell))


def surprised_at(tx: ReadTx, cell: CellId) -> int:
    """Tell since when (ms) a number above the books waits for an explanation."""
    row = tx.one("SELECT surprised FROM cell WHERE id = ?", (cell,))
    return int(row[0]) if row else 0


def passed_marks(tx: WriteTx, horizons: Sequence[tuple[str, int, int]]) -> list[CellId]:
    """Drop what was unread before every mark these horizons pass; give the cells. (shop, begun at, remote time)."""
    passed: list[CellId] = []
    for shop, begun_at, remote_to in horizons:
        proof = ("mark_remote < ?", remote_to) if remote_to else ("mark_answered < ?", begun_at)
        rows = tx.returning(
            "UPDATE cell SET unread = 0, mark_begun = NULL, mark_answered = NULL, mark_remote = NULL, dirty = 1, "
            f"recheck_at = 0 WHERE shop_id = ? AND mark_begun IS NOT NULL AND {proof[0]} RETURNING id",
            (shop, proof[1]),
        )
        passed += [CellId(row[0]) for row in rows]
    return passed


def horizons(tx: ReadTx) -> list[tuple[str, int, int]]:
    """Give every shop's horizon: (shop, begun at, remote time) in ms."""
    return [(row[0], row[1], row[2]) for row in tx.all("SELECT shop_id, begun_at, remote_to FROM feed_horizon")]


def lock_planning(tx: WriteTx) -> None:
    """Let one transaction at a time read books and write them back, and decide by them.

    Two planners that both saw the same free unit would promise it twice; an answer settled beside another shop's
    news would undo one of the two. Repeat: harmless within a transaction.
    """
    tx.run(
        "INSERT INTO lease (name, holder, until, renewed_at) VALUES ('planning', '', 0, 0) "
        "ON CONFLICT (name) DO UPDATE SET holder = ''"
    )


@dataclass(frozen=True)
class Sale:
    """Whether a listing is on sale, and whether it is off because we took it off."""

    state: str
    parked_by_us: bool
    parked_at: int | None


def sale(tx: ReadTx, shop: ShopId, listing_id: str) -> Sale | None:
    """Give a listing's sale state as last read."""
    row = tx.one(
        "SELECT state, parked_by_us, parked_at FROM listing_sale WHERE shop_id = ? AND listing_id = ?",
        (shop, listing_id),
    )
    return Sale(row[0], bool(row[1]), row[2]) if row else None


def put_sale(tx: WriteTx, shop: ShopId, listing_id: str, state: str, *, parked_by_us: bool, at_ms: int) -> None:
    """Keep a listing's sale state."""
    tx.run(
        "INSERT INTO listing_sale (shop_id, listing_id, state, parked_by_us, parked_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id, listing_id) DO UPDATE SET state = excluded.state, "
        "parked_by_us = excluded.parked_by_us, parked_at = CASE WHEN excluded.parked_by_us = 1 "
        "THEN COALESCE(listing_sale.parked_at, excluded.parked_at) ELSE NULL END",
        (shop, listing_id, state, int(parked_by_us), at_ms if parked_by_us else None),
    )


@dataclass(frozen=True)
class WriteRow:
    """One row of the journal: what was meant, what was sent, what came of it."""

    id: WriteId
    shop_id: ShopId
    listing_id: str
    act: str
    numbers: dict[CellId, int]
    before: dict[CellId, int]
    why: str
    state: str  # intent, sending, accepted, unknown, applied, refused, dropped, resolved
    priority: int
    charged: int
    freed: int
    intent_at: datetime
    sending_at: datetime | None
    deadline: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    error: str
    remote_code: str


_WRITE = (
    "id, shop_id, listing_id, act, numbers, before, why, state, priority, charged, freed, intent_at, sending_at, "
    "deadline, answered_at, ended_at, error, remote_code"
)


def add_write(tx: WriteTx, row: WriteRow) -> None:
    """Journal an intent."""
    tx.run(
        f"INSERT INTO stock_write ({_WRITE}) VALUES ({', '.join('?' * 18)})",
        (
            row.id, row.shop_id, row.listing_id, row.act, _json(row.numbers), _json(row.before), row.why, row.state,
            row.priority, row.charged, row.freed, to_ms(row.intent_at), None, None, None, None, "", "",
        ),
    )  # fmt: skip


def set_sending(tx: WriteTx, write: WriteId, at: datetime, deadline: datetime) -> bool:
    """Journal that the bytes are about to leave; False when the intent was dropped meanwhile."""
    return (
        tx.run(
            "UPDATE stock_write SET state = 'sending', sending_at = COALESCE(sending_at, ?), deadline = ? "
            "WHERE id = ? AND state IN ('intent', 'sending')",
            (to_ms(at), to_ms(deadline), write),
        )
        == 1
    )


def set_outcome(
    tx: WriteTx, write: WriteId, state: str, at: datetime, *, ended: bool, error: str = "", remote_code: str = ""
) -> None:
    """Journal what came of a write; what ended stays as it ended."""
    tx.run(
        "UPDATE stock_write SET state = ?, answered_at = COALESCE(answered_at, ?), ended_at = ?, error = ?, "
        "remote_code = ? WHERE id = ? AND ended_at IS NULL",
        (state, to_ms(at), to_ms(at) if ended else None, error, remote_code, write),
    )


def open_writes(tx: ReadTx, shop: ShopId) -> list[WriteRow]:
    """Give a shop's writes that are not settled."""
    rows = tx.all(
        f"SELECT {_WRITE} FROM stock_write WHERE shop_id = ? AND ended_at IS NULL ORDER BY intent_at", (shop,)
    )
    return [_write(row) for row in rows]


def latest_writes(
    tx: ReadTx, limit: int = 100, shop: ShopId | None = None, *, failed: bool = False
) -> list[WriteRow]:
    """Give the latest writes, newest first; with `failed` only those with an error."""
    clauses = [*(["shop_id = ?"] if shop else []), *(["error <> ''"] if failed else [])]
    where, params = f"WHERE {' AND '.join(clauses)}" if clauses else "", [shop] if shop else []
    return [
        _write(r)
        for r in tx.all(f"SELECT {_WRITE} FROM stock_write {where} ORDER BY intent_at DESC LIMIT ?", (*params, limit))
    ]


def delay_deadlines(tx: WriteTx, now_ms: int) -> int:
    """Start D anew for everything that was under way during a gap; tell how many writes."""
    return tx.run(
        "UPDATE stock_write SET deadline = ? WHERE ended_at IS NULL AND deadline IS NOT NULL AND deadline < ?",
        (now_ms, now_ms),
    )


def reopenings_since(tx: ReadTx, shop: ShopId, since_ms: int) -> int:
    """Count paid renewals sent since a time."""
    row = tx.one(
        "SELECT COUNT(*) FROM stock_write WHERE shop_id = ? AND act = 'reopen' AND intent_at >= ? "
        "AND state NOT IN ('refused', 'dropped')",
        (shop, since_ms),
    )
    return int(row[0]) if row else 0


def _cell(row: Sequence[object]) -> CellRow:
    (id_, shop, key, listing, unread, stands, on_sale, parked, begun, answered, remote, pending, clear_from, dirty,
     recheck, read_at, target, waiting, surprised) = row  # fmt: skip
    mark = Mark(_n(begun), _n(answered), _n(remote)) if begun is not None else None
    under_way = msgspec.json.decode(str(pending), type=_Pending) if pending else None
    book = Book(_n(unread), _n(stands), bool(on_sale), _n(parked), mark, _pending(under_way), _n(clear_from))
    write_id = WriteId(under_way.write_id) if under_way else None
    return CellRow(
        CellId(str(id_)), ShopId(str(shop)), str(key), str(listing), book, write_id, bool(dirty), _n(recheck),
        _n(read_at),
        _n(target) if target is not None else None, str(waiting), bool(surprised),
    )  # fmt: skip


def _pending(row: _Pending | None) -> Pending | None:
    if row is None:
        return None
    return Pending(Write(WriteKind(row.kind), row.number, row.expected, row.change), row.base, row.fencing)


def _write(row: Sequence[object]) -> WriteRow:
    (id_, shop, listing, act, numbers, before, why, state, priority, charged, freed, intent, sending, deadline,
     answered, ended, error, remote_code) = row  # fmt: skip
    return WriteRow(
        WriteId(str(id_)), ShopId(str(shop)), str(listing), str(act), _numbers(numbers), _numbers(before), str(why),
        str(state), _n(priority), _n(charged), _n(freed), from_ms(_n(intent)), _at(sending), _at(deadline),
        _at(answered), _at(ended), str(error), str(remote_code),
    )  # fmt: skip


def _numbers(text: object) -> dict[CellId, int]:
    return {CellId(cell): n for cell, n in msgspec.json.decode(str(text)).items()}


def _json(numbers: dict[CellId, int]) -> str:
    return msgspec.json.encode(numbers).decode()


def _at(value: object) -> datetime | None:
    return from_ms(_n(value)) if value is not None else None


def _n(value: object) -> int:
    return value if isinstance(value, int) else int(str(value))


def _parts(items: Sequence[str]) -> Iterable[Sequence[str]]:
    for start in range(0, len(items), 500):
        yield items[start : start + 500]
