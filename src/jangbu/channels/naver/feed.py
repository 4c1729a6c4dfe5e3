"""Walks over Naver's order calls: the feed of changes, details by id, the search by condition.

Owns paging and windows; what a walk means for the hub is told by the adapter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from jangbu.channels.naver.mapping.orders import line_detail, line_id
from jangbu.channels.naver.mapping.times import kst_text, moment
from jangbu.channels.naver.wire.orders import (
    Changes,
    FoundLine,
    FoundLines,
    LineDetail,
    LineDetails,
    LineIds,
    More,
)
from jangbu.kernel.errors import ContractBroken, Gone, Rejected
from jangbu.sdk.client import Client, Request, Response
from jangbu.sdk.decoding import convert

WINDOW: Final = timedelta(hours=24)  # the widest Naver answers

_PAGE_ROWS: Final = 300
_PAGES_MAX: Final = 200
_EMPTY_MAX: Final = 3  # pages in a row that hold nothing and claim another: then the claim is not believed
_QUERY_IDS: Final = 300
_NOT_READABLE: Final = frozenset({"100001", "100003", "101009"})

T = TypeVar("T")
Query = dict[str, str | int | list[str]]


@dataclass
class Walk:
    """What one walk over a window of the feed found.

    `changed_at`: per product order the time of its latest change (None = not readable), in the feed's order.
    `stopped_at`: where the walk gave up before the feed ended; None when it saw the whole window.
    """

    changed_at: dict[str, datetime | None] = field(default_factory=dict)
    stopped_at: datetime | None = None


@dataclass
class Read:
    """Details read, and the ids of those that were named but could not be read."""

    details: list[LineDetail] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


async def remote_time(client: Client, since: datetime) -> datetime:
    """Ask the feed for one row only to learn Naver's own time: the answer's Date, else the body's timestamp.

    Errors: ContractBroken when it tells neither; the hub's own clock never stands in.
    """
    answer, page = await _changes(client, {"lastChangedFrom": kst_text(since), "limitCount": 1})
    told = answer.remote_at or moment(page.timestamp)
    if told is None:
        raise ContractBroken(
            "the order feed answered without a time",
            code="channel.unexpected_shape",
            operation=answer.operation,
            place="timestamp",
        )
    return told


async def walk_changes(client: Client, since: datetime) -> Walk:
    """Read a whole window of the feed, both ends included.

    The window's end is the same on every page and, for the newest window, lies ahead of Naver's clock, as in
    Naver's own default: a row that changes while pages are read then moves towards the end of what is still
    to come and is met there. With an end in the past it would leave the window unseen.
    """
    walk, cursors = Walk(), set[tuple[str, str]]()
    window: Query = {
        "lastChangedFrom": kst_text(since),
        "lastChangedTo": kst_text(since + WINDOW),
        "limitCount": _PAGE_ROWS,
    }
    cursor: Query = {}
    for _ in range(_PAGES_MAX):
        _, page = await _changes(client, window | cursor)
        more = _take(walk, page)
        if more is None:
            return walk
        place = (more.more_from, more.more_sequence or "")
        if place in cursors:
            break
        cursors.add(place)
        cursor = _cursor(more)
    # The feed goes round or is too long for one walk: what it showed counts, that it ended does not.
    walk.stopped_at = max(since, moment(str(cursor["lastChangedFrom"])) or since)
    return walk


async def read_details(client: Client, line_ids: Iterable[str]) -> Read:
    """Read these product orders.

    Shape: `unreadable` names those that came in a form that does not fit and those that did not come at all
    (unknown, or of another seller).
    """
    wanted, read = list(dict.fromkeys(line_ids)), Read()
    for chunk in chunks(wanted, _QUERY_IDS):
        documents = await _query(client, chunk)
        read.details += [detail for document in documents if (detail := line_detail(document))]
    given = {line_id(detail) for detail in read.details}
    read.unreadable = [name for name in wanted if name not in given]
    return read


async def line_ids_of(client: Client, order_id: str) -> list[str]:
    """Read which product orders an order has; none when there is no such order."""
    try:
        answer = await client.send(Request("listProductOrderIds", path={"orderId": order_id}))
    except Gone:
        return []
    ids = convert(answer.json(), LineIds, answer.operation)
    return [str(name) for name in ids.data or ()]


async def search_placed(client: Client, since: datetime, days: int) -> Read:
    """Read all product orders placed in the days since then, in windows of one day."""
    found: dict[str, LineDetail | None] = {}
    for day in range(days):
        async for rows in _placed_pages(client, since + day * WINDOW):
            fresh = [row for row in rows if _row_id(row) not in found]
            if rows and not fresh:  # the same page again
                break
            found |= {_row_id(row): line_detail(row.content) for row in fresh}
    details = [detail for detail in found.values() if detail]
    return Read(details, [name for name, detail in found.items() if name and not detail])


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Cut into pieces of at most this size, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def _changes(client: Client, query: Query) -> tuple[Response, Changes]:
    answer = await client.send(Request("listLastChangedStatuses", query=query))
    return answer, convert(answer.json(), Changes, answer.operation)


def _take(walk: Walk, page: Changes) -> More | None:
    """Add a page to the walk and tell where the feed goes on. A page without data is an empty one."""
    if page.data is None:
        return None
    for row in page.data.last_change_statuses or ():
        name = str(row.product_order_id)
        times = (walk.changed_at.get(name), moment(row.last_changed_date))
        walk.changed_at[name] = max((at for at in times if at), default=None)
    return page.data.more


def _cursor(more: More) -> Query:
    cursor: Query = {"lastChangedFrom": more.more_from}
    return cursor | {"moreSequence": more.more_sequence} if more.more_sequence else cursor


async def _query(client: Client, line_ids: Sequence[str]) -> list[Any]:
    """Read details; a call refused for one of its ids is halved until that id stands alone."""
    body = {"productOrderIds": list(line_ids), "quantityClaimCompatibility": True}
    try:
        answer = await client.send(Request("queryProductOrders", json=body))
    except Rejected as refused:
        if refused.remote_code not in _NOT_READABLE:
            raise
        halves = chunks(line_ids, (len(line_ids) + 1) // 2) if len(line_ids) > 1 else ()
        return [document for half in halves for document in await _query(client, half)]
    return convert(answer.json(), LineDetails, answer.operation).data or []


async def _placed_pages(client: Client, since: datetime) -> AsyncIterator[list[FoundLine]]:
    query: Query = {
        "from": kst_text(since),
        "to": kst_text(since + WINDOW),
        "rangeType": "ORDERED_DATETIME",
        "pageSize": _PAGE_ROWS,
        "quantityClaimCompatibility": "true",
    }
    empty = 0
    for page_no in range(1, _PAGES_MAX + 1):
        answer = await client.send(Request("searchProductOrders", query=query | {"page": page_no}))
        data = convert(answer.json(), FoundLines, answer.operation).data
        if data is None:
            return
        rows = data.contents or []
        yield rows
        empty = 0 if rows else empty + 1
        if empty == _EMPTY_MAX or not (data.pagination and data.pagination.has_next):
            return


def _row_id(row: FoundLine) -> str:
    if row.product_order_id is not None:
        return str(row.product_order_id)
    detail = line_detail(row.content)
    return line_id(detail) if detail else ""
