"""Gathers what the page shows, in one reading of the database, as plain values. Owns no words and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from jangbu.app.bootstrap import House
from jangbu.app.web import figures
from jangbu.app.web.figures import OrderCounts, StockCounts
from jangbu.catalog import service as catalog
from jangbu.catalog.model import Variant
from jangbu.infra.activity import Activity, recent
from jangbu.infra.db import ReadTx
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Stock
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.orders import service as orders
from jangbu.publish import service as publish
from jangbu.publish.model.book import UNBOUNDED
from jangbu.publish.store import CellRow
from jangbu.shops import service as shops
from jangbu.shops.model import Shop, ShopState

PAGE: Final = 50
ORDERS: Final = 30
ORDERS_MAX: Final = 300
HAPPENED: Final = 20
WRITES: Final = 12
SILENT_AFTER: Final = timedelta(minutes=5)


@dataclass(frozen=True)
class Ask:
    """What part of the board is wanted."""

    shown: str = "all"
    search: str = ""
    page: int = 1
    orders: int = ORDERS


@dataclass(frozen=True)
class ShopCard:
    """One shop and its health."""

    shop: Shop
    title: str
    silent: bool
    open_lines: int
    numbers: int
    waiting: int


@dataclass(frozen=True)
class CellLine:
    """What one shop shows of a SKU. None: not known yet."""

    shop: str
    units: int
    on_sale: bool
    shown: int
    parked: int
    unread: int | None
    exposure: int | None
    target: int | None
    status: str  # a message code
    calm: bool


@dataclass(frozen=True)
class StockRow:
    """One SKU with every shop's cell."""

    variant: Variant
    options: str
    stock: Stock
    exposed: int | None
    missing: int  # promised and not there
    over: int
    risk: int
    cells: tuple[CellLine, ...]


@dataclass(frozen=True)
class OrderRow:
    """One open order line, without anything of the buyer's."""

    order_id: str
    shop: str
    title: str
    options: str
    sku: str
    quantity: int
    state: str
    claim: str
    acknowledged: bool
    linked: bool
    ship_by: datetime | None
    late: bool
    urgent: bool


@dataclass(frozen=True)
class Change:
    """One number of one write."""

    sku: str
    before: int
    after: int


@dataclass(frozen=True)
class WriteEntry:
    """One row of the journal."""

    at: datetime
    shop: str
    title: str
    act: str
    changes: tuple[Change, ...]
    why: str
    state: str
    error: str


@dataclass(frozen=True)
class Board:
    """The whole page."""

    now: datetime
    stopped_since: datetime | None
    shops: tuple[ShopCard, ...]
    stock_counts: StockCounts
    order_counts: OrderCounts
    ask: Ask
    stock: tuple[StockRow, ...]
    found: int
    orders: tuple[OrderRow, ...]
    happened: tuple[tuple[Activity, str], ...]
    writes: tuple[WriteEntry, ...]
    notices: tuple[str, ...]

    @property
    def pages(self) -> int:
        return max(1, -(-self.found // PAGE))


def read_board(tx: ReadTx, house: House, ask: Ask, now: datetime) -> Board:
    """Gather the board as it stands."""
    everyone = shops.all_shops(tx)
    names = {shop.id: shop.name for shop in everyone}
    due_before = _end_of_day(now, house.settings.time_zone)
    order_counts = figures.order_counts(tx, now, due_before)
    stopped = shops.stopped_since(tx)
    everything = figures.stock_figures(tx)
    found = [figure.id for figure in everything if figure.fits(ask.shown, ask.search.lower())]
    writing = {shop.id for shop in everyone if shop.writes and stopped is None}
    return Board(
        now=now,
        stopped_since=stopped,
        shops=_cards(tx, house, everyone, order_counts, now),
        stock_counts=figures.stock_counts(everything),
        order_counts=order_counts,
        ask=ask,
        stock=_stock(tx, found[(ask.page - 1) * PAGE : ask.page * PAGE], names, writing),
        found=len(found),
        orders=_orders(tx, ask.orders, names, now, due_before),
        happened=_happened(tx, names),
        writes=_writes(tx, names),
        notices=tuple(dict.fromkeys(n for s in everyone if (n := house.manifests[s.channel].notice))),
    )


def _end_of_day(now: datetime, zone: str) -> datetime:
    local = now.astimezone(ZoneInfo(zone))
    return local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


# -- shops ------------------------------------------------------------------------------------------------


def _cards(tx: ReadTx, house: House, everyone: list[Shop], counts: OrderCounts, now: datetime) -> tuple[ShopCard, ...]:
    cells = figures.cell_counts(tx)
    return tuple(
        ShopCard(
            shop, house.manifests[shop.channel].title, _silent(house, shop, now),
            counts.by_shop.get(shop.id, 0), *cells.get(shop.id, (0, 0)),
        )
        for shop in everyone
    )  # fmt: skip


def _silent(house: House, shop: Shop, now: datetime) -> bool:
    """Tell whether a shop that should be read was not heard for several turns."""
    if shop.state is ShopState.DISCONNECTED:
        return False
    usual = timedelta(seconds=3 * house.manifests[shop.channel].news_interval_s)
    return now - (shop.heard_at or shop.created_at) > max(usual, SILENT_AFTER)


# -- stock ------------------------------------------------------------------------------------------------


def _stock(tx: ReadTx, wanted: list[VariantId], names: dict[ShopId, str], writing: set[ShopId]) -> tuple[StockRow, ...]:
    stocks, options = inventory.stocks(tx, wanted), figures.options_of(tx, wanted)
    variants = {variant.id: variant for variant in catalog.variants(tx, wanted)} if wanted else {}
    rows = []
    for id_ in wanted:
        cells = publish.cells_of_variant(tx, id_)
        exposed = sum(units * cell.book.exposure for cell, units in cells)
        known = exposed if exposed < UNBOUNDED // 2 else None
        available = stocks[id_].available
        excess = max((known or 0) - max(available, 0), 0) if known else 0
        lawful = variants[id_].policy == "escrow"
        lines = tuple(_cell(cell, units, names, cell.shop_id in writing) for cell, units in cells)
        over, risk = (excess, 0) if lawful else (0, excess)
        missing = max(-available, 0)
        rows.append(StockRow(variants[id_], options.get(id_, ""), stocks[id_], known, missing, over, risk, lines))
    return tuple(rows)


def _cell(cell: CellRow, units: int, names: dict[ShopId, str], writes: bool) -> CellLine:
    book = cell.book
    status, calm = _status(cell, writes=writes)
    return CellLine(
        names.get(cell.shop_id, ""), units, book.on_sale, max(book.stands, 0) if book.on_sale else 0, book.parked,
        _known(book.unread), _known(book.exposure), cell.target, status, calm,
    )  # fmt: skip


def _known(number: int) -> int | None:
    return number if number < UNBOUNDED // 2 else None


def _status(cell: CellRow, *, writes: bool) -> tuple[str, bool]:
    """Give what is to be said of a cell, and whether it is as it should be."""
    book = cell.book
    shown = book.stands if book.on_sale else 0
    if book.pending is not None:
        return "web.cell.under_way", True
    if cell.read_at == 0:
        return "web.cell.not_read", False
    if cell.waiting:
        return cell.waiting, False
    if cell.target is None:
        return "web.cell.not_planned", True
    if cell.target == shown:
        return ("web.cell.listening", False) if book.unread > 0 else ("web.cell.equal", True)
    return ("web.cell.next", True) if writes else ("web.cell.not_written", False)


# -- orders -----------------------------------------------------------------------------------------------


def _orders(
    tx: ReadTx, limit: int, names: dict[ShopId, str], now: datetime, due_before: datetime
) -> tuple[OrderRow, ...]:
    return tuple(
        OrderRow(
            stored.order_id, names.get(stored.shop_id, ""), stored.line.title, stored.line.options, stored.line.sku,
            stored.line.remaining, stored.line.state.value, stored.line.claim, stored.line.acknowledged,
            stored.linked, stored.line.ship_by,
            late=bool(stored.line.ship_by and stored.line.ship_by < now),
            urgent=bool(stored.line.ship_by and now <= stored.line.ship_by < due_before),
        )
        for stored in orders.open_lines(tx, None, limit)
    )  # fmt: skip


# -- what happened ----------------------------------------------------------------------------------------


def _happened(tx: ReadTx, names: dict[ShopId, str]) -> tuple[tuple[Activity, str], ...]:
    """Give the latest lines of the story; settled writes have a place of their own."""
    settled = {"write.set", "write.off", "write.on", "write.reopen"}
    rows = [row for row in recent(tx, HAPPENED * 6) if row.code not in settled]
    return tuple((row, names.get(ShopId(row.shop_id), "")) for row in rows[:HAPPENED])


def _writes(tx: ReadTx, names: dict[ShopId, str]) -> tuple[WriteEntry, ...]:
    rows = publish.latest_writes(tx, WRITES)
    skus = figures.skus_of_cells(tx, (cell for row in rows for cell in row.numbers))
    titles = figures.listing_titles(tx, ((row.shop_id, row.listing_id) for row in rows))
    return tuple(
        WriteEntry(
            row.intent_at, names.get(row.shop_id, ""), titles[row.shop_id, row.listing_id], row.act,
            tuple(Change(skus.get(cell, ""), row.before.get(cell, 0), n) for cell, n in row.numbers.items()),
            row.why, row.state, row.error,
        )
        for row in rows
    )  # fmt: skip
