"""Naver for the hub: each method one logical call. Owns the sequence of requests; no mapping, no retries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from jangbu.channels.naver import catalogue, feed
from jangbu.channels.naver.mapping import orders, products, shipping, shop, writes
from jangbu.channels.naver.mapping.times import kst_text, moment
from jangbu.channels.naver.wire.access import Account, StoreChannel
from jangbu.channels.naver.wire.orders import LineDetail, Outcome
from jangbu.channels.naver.wire.products import FoundProduct
from jangbu.kernel.errors import ChannelError, ConfigError, ContractBroken, OutcomeUnknown, Rejected
from jangbu.sdk.client import Client, Request, Response
from jangbu.sdk.decoding import convert
from jangbu.sdk.records import (
    Dispatch,
    LineAnswer,
    Listing,
    ListingRef,
    ListingState,
    NumbersRead,
    RemoteOrder,
    ShopProfile,
    StockWrite,
    Sweep,
    WriteAnswer,
)

_PROBES: Final = {
    "seller": Request("getSellerAccount"),
    "products": Request("searchProducts", json={"page": 1, "size": 1}),
    "orders": Request("listLastChangedStatuses"),
}
_OVERLAP: Final = timedelta(minutes=5)
_DEEP_OVERLAP: Final = timedelta(hours=1)
_AHEAD: Final = timedelta(hours=1)
_LOOK_BACK_DAYS: Final = 30
_DEEP_DAYS: Final = 7


class NaverAdapter:
    """Reads and writes one SmartStore through a client."""

    def __init__(self, client: Client) -> None:
        """Build around a client; nothing is sent."""
        self._client = client

    # Shop

    async def read_shop(self) -> ShopProfile:
        account = await self._client.send(Request("getSellerAccount"))
        channels = await self._client.send(Request("listSellerChannels"))
        return shop.profile(
            convert(account.json(), Account, account.operation),
            convert(channels.json(), list[StoreChannel], channels.operation),
        )

    def parts(self) -> tuple[str, ...]:
        return tuple(_PROBES)

    async def probe(self, part: str) -> None:
        request = _PROBES[part]
        if part == "orders":
            since = kst_text(self._client.now() - _OVERLAP)
            request = Request(request.operation, query={"lastChangedFrom": since, "limitCount": 1})
        await self._client.send(request)

    # Listings and their numbers

    async def listings(self) -> AsyncIterator[Listing]:
        """Walk all listings; the search shows no options, so each product costs one more read."""
        shop_url = self._client.options.get("shop_url", "")
        async for found in catalogue.listed_products(self._client):
            if (listing := await self._listing(found, shop_url)) is not None:
                yield listing

    async def count_listings(self) -> int:
        return await catalogue.count_listed(self._client)

    async def _listing(self, found: FoundProduct, shop_url: str) -> Listing | None:
        try:
            read = await catalogue.read_product(self._client, str(found.origin_product_no))
            return products.listing(found, read[0], shop_url) if read else None
        except ContractBroken:  # one odd product is shown as such and hides no other
            return products.unreadable_listing(found, shop_url)

    async def read_numbers(self, refs: Sequence[ListingRef]) -> list[NumbersRead]:
        by_number = {ref.remote_id: ref for ref in refs if ref.write_kind == products.SIMPLE}
        numbers: list[NumbersRead] = []
        for chunk in feed.chunks(list(by_number), catalogue.PAGE_ROWS):
            async for found, at in catalogue.products_by_number(self._client, chunk):
                ref = by_number.get(str(found.origin_product_no))
                if ref is not None:
                    numbers.append(products.numbers_of_found(ref, found, at))
        option_reads = [await self._read_options(ref) for ref in refs if ref.write_kind != products.SIMPLE]
        return numbers + [read for read in option_reads if read]

    async def _read_options(self, ref: ListingRef) -> NumbersRead | None:
        read = await catalogue.read_product(self._client, ref.remote_id)
        return products.numbers_of_product(ref, *read) if read else None

    async def write_numbers(self, stock_writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        """Send one call. A write refused before sending is answered so; the others still go.

        Source: documentation 2.90.1, 멀티 상품 변경 and 상품 옵션 재고 변경, read October 2026.
        """
        if all(write.ref.write_kind == products.SIMPLE for write in stock_writes):
            return await self._write_products(stock_writes)
        return [await self._write_options(write) for write in stock_writes]

    async def _write_products(self, stock_writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        refusals = [writes.refused_here(write) for write in stock_writes]
        sendable = [write for write, refusal in zip(stock_writes, refusals, strict=True) if not refusal]
        failed: Mapping[str, str] = {}
        if sendable:
            body = writes.multi_update_body(sendable)
            lowers_only = writes.lowers_only(sendable)
            request = Request("multiUpdateProducts", json=body, lowers_only=lowers_only)
            failed = writes.failed_products(_written(await self._client.send(request)))
        return [
            writes.product_answer(write, refusal, failed) for write, refusal in zip(stock_writes, refusals, strict=True)
        ]

    async def _write_options(self, write: StockWrite) -> WriteAnswer:
        if refusal := writes.options_refused_here(write):
            return WriteAnswer(write.ref, accepted=False, refusal=refusal)
        request = Request(
            "updateOptionStock",
            path={"originProductNo": write.ref.remote_id},
            json=writes.option_stock_body(write),
            lowers_only=writes.lowers_only([write]),
        )
        _written(await self._client.send(request))
        return WriteAnswer(write.ref, accepted=True)

    # On and off sale

    async def set_on_sale(self, ref: ListingRef, on_sale: bool) -> WriteAnswer:
        """Suspend a product or put it back on sale.

        Repeat: a product already in the wanted state counts as accepted. Putting a sold-out product back
        sends the number that was read standing there: nobody can buy while it is sold out.
        """
        return await (self._put_on_sale(ref) if on_sale else self._suspend(ref))

    async def _suspend(self, ref: ListingRef) -> WriteAnswer:
        try:
            await self._change_status(ref, {"statusType": "SUSPENSION"}, lowers_only=True)
        except Rejected:
            now_read = await self._read_one(ref)
            if now_read is None or now_read.state is not ListingState.OFF_SALE:
                raise
        return WriteAnswer(ref, accepted=True)

    async def _put_on_sale(self, ref: ListingRef) -> WriteAnswer:
        read = await self._read_one(ref)
        if read is None:
            return WriteAnswer(ref, accepted=False, refusal="naver.product_gone")
        if read.state is ListingState.ON_SALE:
            return WriteAnswer(ref, accepted=True)
        body: dict[str, Any] = {"statusType": "SALE"}
        if read.state is ListingState.SOLD_OUT:
            body["stockQuantity"] = sum(read.numbers.values())
            if not body["stockQuantity"]:
                return WriteAnswer(ref, accepted=False, refusal="naver.nothing_to_sell")
        await self._change_status(ref, body)
        return WriteAnswer(ref, accepted=True)

    async def _read_one(self, ref: ListingRef) -> NumbersRead | None:
        return next(iter(await self.read_numbers([ref])), None)

    async def _change_status(self, ref: ListingRef, body: dict[str, Any], *, lowers_only: bool = False) -> None:
        path = {"originProductNo": ref.remote_id}
        request = Request("changeProductStatus", path=path, json=body, lowers_only=lowers_only)
        _written(await self._client.send(request))

    # Orders

    async def sweep(self, watermark: str, *, deep: bool = False) -> Sweep:
        """Read one window of the feed; the newest one reaches the present.

        `complete_to` is the Date of an answer that arrived before the walk began, so no lowering up to it can
        be missing; the walk's own answers, whose Date is later than what they saw, prove nothing. Only the
        newest window claims it, because a line that changed again has left the older ones.
        The watermark is such a time, too: never a window's end that lies ahead of Naver's clock.
        """
        overlap = _DEEP_OVERLAP if deep else _OVERLAP
        since = self._since(watermark, overlap)
        known_at = await feed.remote_time(self._client, since)
        since = min(since, known_at - overlap)
        walk = await feed.walk_changes(self._client, since)
        read = await feed.read_details(self._client, walk.changed_at)
        # Near its end even the newest window could lose a line that changes while it is read.
        is_newest = since + feed.WINDOW >= known_at + _AHEAD
        if deep and is_newest:
            read = await self._with_placed(read, known_at)
        whole = is_newest and walk.stopped_at is None and not read.unreadable
        return Sweep(
            orders=orders.remote_orders(read.details, walk.changed_at),
            watermark=kst_text(walk.stopped_at or min(since + feed.WINDOW, known_at)),
            done=is_newest or walk.stopped_at is not None,
            complete_to=known_at if whole else None,
            missing=tuple(read.unreadable),
        )

    async def _with_placed(self, read: feed.Read, now: datetime) -> feed.Read:
        """Add the lines placed lately that the feed did not name."""
        days = self._days("deep_days", _DEEP_DAYS)
        placed = await feed.search_placed(self._client, now - days * feed.WINDOW, days)
        known = {orders.line_id(detail) for detail in read.details} | set(read.unreadable)
        added = [detail for detail in placed.details if orders.line_id(detail) not in known]
        unreadable = [name for name in placed.unreadable if name not in known]
        return feed.Read(read.details + added, read.unreadable + unreadable)

    def _since(self, watermark: str, overlap: timedelta) -> datetime:
        if not watermark:
            return self._client.now() - timedelta(days=self._days("look_back_days", _LOOK_BACK_DAYS))
        reached = moment(watermark)
        if reached is None:
            raise ConfigError("the stored place in Naver's order feed is not a time")
        return reached - overlap

    def _days(self, setting: str, default: int) -> int:
        text = self._client.options.get(setting, "") or str(default)
        if not (text.isascii() and text.isdigit() and int(text) > 0):
            raise ConfigError(f"{setting} must be a whole number of days above 0", setting=setting)
        return int(text)

    async def read_orders(self, order_ids: Sequence[str]) -> list[RemoteOrder]:
        wanted = [await feed.line_ids_of(self._client, order_id) for order_id in dict.fromkeys(order_ids)]
        read = await feed.read_details(self._client, [name for names in wanted for name in names])
        if read.unreadable:  # half an order would look like a whole one
            raise ContractBroken(
                f"{len(read.unreadable)} product orders of the orders asked for could not be read",
                code="naver.lines_unreadable",
                operation="queryProductOrders",
            )
        return list(orders.remote_orders(read.details, {}))

    async def read_lines(self, line_ids: Sequence[str]) -> list[RemoteOrder]:
        read = await feed.read_details(self._client, line_ids)
        return list(orders.remote_orders(read.details, {}))

    # Confirming and shipping

    async def acknowledge(self, line_ids: Sequence[str]) -> list[LineAnswer]:
        answers: dict[str, LineAnswer] = {}
        for chunk in feed.chunks(list(dict.fromkeys(line_ids)), shipping.CALL_LINES_MAX):
            outcome = await self._send_lines("confirmProductOrders", shipping.confirm_body(chunk))
            answers |= shipping.line_answers(chunk, outcome)
        details = await self._reread(answers, "confirmProductOrders")
        answers |= shipping.accepted(detail for detail in details if shipping.is_confirmed(detail))
        return [answers[name] for name in line_ids]

    async def ship(self, dispatches: Sequence[Dispatch]) -> list[LineAnswer]:
        wanted = {one.line_id: one for one in shipping.shippings(dispatches)}
        refusals = {name: code for name, one in wanted.items() if (code := shipping.refused_here(one))}
        answers = {name: LineAnswer(name, accepted=False, refusal=code) for name, code in refusals.items()}
        sendable = [one for name, one in wanted.items() if name not in refusals]
        for chunk in feed.chunks(sendable, shipping.CALL_LINES_MAX):
            outcome = await self._send_lines("dispatchProductOrders", shipping.dispatch_body(chunk))
            answers |= shipping.line_answers([one.line_id for one in chunk], outcome)
        details = await self._reread(answers, "dispatchProductOrders")
        answers |= shipping.accepted(
            detail for detail in details if shipping.is_shipped_as(detail, wanted[orders.line_id(detail)].dispatch)
        )
        return [answers[name] for name in wanted]

    @property
    def ship_batch(self) -> int:
        return shipping.CALL_LINES_MAX

    async def _send_lines(self, operation: str, body: dict[str, Any]) -> Outcome:
        answer = await self._client.send(Request(operation, json=body))
        try:
            return msgspec.convert(_written(answer), Outcome, strict=False)
        except msgspec.ValidationError:
            raise _not_understood(answer.operation, answer.status) from None

    async def _reread(self, answers: Mapping[str, LineAnswer], operation: str) -> list[LineDetail]:
        """Read the lines whose refusal may mean "done before"; if that fails, the outcome is unknown."""
        names = shipping.doubtful(answers.values())
        try:
            return (await feed.read_details(self._client, names)).details if names else []
        except ChannelError as error:
            raise _not_understood(operation, error.status) from error


def _written(answer: Response) -> Any:  # noqa: ANN401 - a decoded document
    """Decode what a write answered; an empty body is an answer, half a document tells nothing."""
    if not answer.body.strip():
        return None
    try:
        return answer.json()
    except ContractBroken:
        raise _not_understood(answer.operation, answer.status) from None


def _not_understood(operation: str, status: int) -> OutcomeUnknown:
    return OutcomeUnknown(
        f"{operation}: its answer does not tell what was done",
        code="naver.answer_not_understood",
        operation=operation,
        status=status,
    )
