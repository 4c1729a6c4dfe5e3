"""Reads of product orders: the change feed, the search, the details; no writes."""

from __future__ import annotations

import bisect
from typing import Annotated, Any, get_args

import msgspec

from jangbu.sandbox.naver.call import Call
from jangbu.sandbox.naver.render_orders import amount, change_row, detail
from jangbu.sandbox.naver.state import Line
from jangbu.sandbox.naver.wire import Refusal, bad_order, stamp
from jangbu.sandbox.naver.words import (
    DAY_MS,
    FAILURES,
    FEED_LIMIT,
    QUERY_LIMIT,
    ChangeType,
    ClaimStatus,
    LineStatus,
    PlaceStatus,
    RangeType,
)


class QueryRequest(msgspec.Struct, rename="camel", frozen=True):
    """The body of the details read."""

    product_order_ids: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=QUERY_LIMIT)]
    quantity_claim_compatibility: bool = False


def last_changed(call: Call) -> dict[str, Any]:
    """A page of the change feed: both bounds inclusive, each line once, by its last change told.

    Source: facts/naver.md 7.7.
    """
    start, end = _window(call, "lastChangedFrom", "lastChangedTo")
    limit = call.whole("limitCount", FEED_LIMIT, 1, FEED_LIMIT)
    kind = _word(call, "lastChangedType", get_args(ChangeType))
    found = _changes(call, (start, call.one("moreSequence")), end, kind, limit + 1)
    if not found:
        frame = call.told(None)
        del frame["data"]
        return frame
    page = found[:limit]
    data: dict[str, Any] = {"lastChangeStatuses": [row for _, _, row in page], "count": len(page)}
    if len(found) > limit:
        last_at, last_id, _ = page[-1]
        data["more"] = {"moreFrom": stamp(last_at), "moreSequence": last_id}
    return call.told(data)


def query(call: Call) -> dict[str, Any]:
    """The details of the lines asked for; one that is unknown, or not yet told, is absent."""
    wanted = call.read(QueryRequest, "orders").product_order_ids
    lines = (_line(call, line_id) for line_id in dict.fromkeys(wanted))
    return call.told([_detail(call, line) for line in lines if line is not None])


def search(call: Call) -> dict[str, Any]:
    """Details by a range of one of their moments and by states."""
    start, end = _window(call, "from", "to")
    kind = _word(call, "rangeType", get_args(RangeType))
    if kind is None and call.strict:
        raise bad_order("rangeType", "NotNull")
    size, page = call.whole("pageSize", 300, 1, 300), call.whole("page", 1, 1, 10**8)
    found = sorted(
        (moment, line.id, line)
        for line in _told_lines(call)
        for moment in [_moment(line, kind or "PAYED_DATETIME", start, end)]
        if moment is not None and _passes(call, line)
    )
    rows = found[(page - 1) * size : page * size]
    contents = [{"productOrderId": line.id, "content": _detail(call, line)} for _, _, line in rows]
    pagination = {"page": page, "size": size, "hasNext": len(found) > page * size}
    return call.told({"contents": contents, "pagination": pagination})


def line_ids(call: Call) -> dict[str, Any]:
    """The product orders of one checkout."""
    ids = call.shop.state.orders.get(call.path["orderId"], [])
    told = [line_id for line_id in ids if _line(call, line_id) is not None]
    if not told:
        raise Refusal(400, "100003", FAILURES["100003"], "orders")
    return call.told(told)


def _window(call: Call, name_from: str, name_to: str) -> tuple[int, int]:
    start = call.moment(name_from)
    if start is None:
        raise bad_order(name_from, "NotNull")
    end = call.moment(name_to)
    if end is None:
        end = start + DAY_MS
    if not start <= end <= start + DAY_MS:
        raise bad_order(name_to, "NotValid")
    return start, end


def _word(call: Call, name: str, known: tuple[str, ...]) -> str | None:
    word = call.one(name)
    if word is not None and word not in known:
        raise bad_order(name)
    return word


def _words(call: Call, name: str, known: tuple[str, ...]) -> list[str]:
    words = call.many(name)
    if not set(words) <= set(known):
        raise bad_order(name)
    return words


def _changes(
    call: Call, after: tuple[int, str | None], end: int, kind: str | None, most: int
) -> list[tuple[int, str, dict[str, Any]]]:
    feed, (start, sequence) = call.shop.state.feed, after
    place = bisect.bisect_right(feed, (start, sequence)) if sequence else bisect.bisect_left(feed, (start, ""))
    found: dict[str, tuple[int, str, dict[str, Any]]] = {}
    while place < len(feed) and feed[place][0] <= end and len(found) < most:
        at, line_id = feed[place]
        place += 1
        line = _line(call, line_id)
        change = line.told(call.as_of) if line else None
        if line and change and change.at == at and kind in (None, change.kind):
            found[line_id] = (at, line_id, change_row(line, change))
    return list(found.values())


def _line(call: Call, line_id: str) -> Line | None:
    """The line, if the marketplace's reads know of it yet."""
    timeline = call.shop.state.lines.get(line_id)
    line = timeline.at(call.as_of) if timeline else None
    return line if line is not None and line.told(call.as_of) is not None else None


def _told_lines(call: Call) -> list[Line]:
    lines = (_line(call, line_id) for line_id in call.shop.state.lines)
    return [line for line in lines if line is not None]


def _detail(call: Call, line: Line) -> dict[str, Any]:
    product = call.shop.state.products[line.product_no].latest
    mates = [call.shop.line(line_id) for line_id in call.shop.state.orders[line.order_id]]
    total = sum(amount(mate) + mate.delivery_fee for mate in mates)
    return detail(line, product, total)


def _moment(line: Line, kind: str, start: int, end: int) -> int | None:
    claims = (*line.closed_claims, *((line.claim,) if line.claim else ()))
    moments: dict[str, list[int | None]] = {
        "PAYED_DATETIME": [line.paid_at],
        "ORDERED_DATETIME": [line.placed_at],
        "DISPATCHED_DATETIME": [line.delivery.sent_at if line.delivery else None],
        "CLAIM_REQUESTED_DATETIME": [claim.asked_at for claim in claims],
        "CLAIM_COMPLETED_DATETIME": [claim.done_at for claim in claims if claim.status == "CANCEL_DONE"],
    }
    return next((m for m in moments.get(kind, []) if m is not None and start <= m <= end), None)


def _passes(call: Call, line: Line) -> bool:
    statuses = _words(call, "productOrderStatuses", get_args(LineStatus))
    claims = _words(call, "claimStatuses", get_args(ClaimStatus))
    place = _word(call, "placeOrderStatusType", get_args(PlaceStatus))
    if call.one("fulfillment") == "true" or (statuses and line.status not in statuses):
        return False
    claim = line.claim or (line.closed_claims[-1] if line.closed_claims else None)
    return (not claims or (claim is not None and claim.status in claims)) and place in (None, line.place)
