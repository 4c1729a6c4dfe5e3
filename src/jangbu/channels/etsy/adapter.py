"""Etsy's capabilities as calls: one method, one logical call. Owns no mapping and no decisions on stock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from jangbu.channels.etsy import feed, wire
from jangbu.channels.etsy.mapping import listings, orders
from jangbu.kernel.errors import ConfigError, ContractBroken, Gone, OutcomeUnknown, Rejected
from jangbu.sdk.client import Client, Request, Response
from jangbu.sdk.decoding import convert
from jangbu.sdk.records import (
    Dispatch,
    LineAnswer,
    Listing,
    ListingRef,
    NumbersRead,
    RemoteOrder,
    ShopProfile,
    StockWrite,
    Sweep,
    WriteAnswer,
)

T = TypeVar("T")

_PAGE: Final = 100  # the most rows a page and ids a batch may have
_WALKED_STATES: Final = ("active", "inactive", "sold_out", "expired")
_RESTARTS_MAX: Final = 3  # of a state's walk, when rows moved while it was read
_PAGES_PER_SWEEP: Final = 10
_LOOK_BACK_DAYS: Final = "60"


class EtsyAdapter:
    """One Etsy shop, seen through a client that signs, waits and retries.

    Options read: `remote_shop_id`, `look_back_days` (60), and `ship_from_country`, which `read_shop` tells.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._learned_shop_id = ""

    @property
    def ship_batch(self) -> int:
        return 1

    async def read_shop(self) -> ShopProfile:
        shop_id = await self._own_shop_id()
        return listings.shop_profile(await self._read("getShop", wire.Shop, path={"shop_id": shop_id}))

    async def listings(self) -> AsyncIterator[Listing]:
        given: set[int] = set()
        for state in _WALKED_STATES:
            async for page in self._pages(state):
                images = {row.listing_id: row.images for row in page}
                fresh = [listing_id for listing_id in images if listing_id not in given]
                given.update(fresh)
                for row, _ in await self._inventories(fresh):
                    yield listings.listing(replace(row, images=images[row.listing_id]))

    def parts(self) -> tuple[str, ...]:
        return ("shop", "listings", "orders")

    async def probe(self, part: str) -> None:
        path = {"shop_id": await self._shop_id()}
        if part == "shop":
            await self._client.send(Request("getShop", path=path))
        elif part == "listings":
            await self._client.send(Request("getListingsByShop", path=path, query={"state": "active", "limit": 1}))
        else:
            await self._client.send(Request("getShopReceipts", path=path, query={"limit": 1}))

    async def count_listings(self) -> int:
        shop_id = await self._shop_id()
        total = 0
        for state in _WALKED_STATES:
            query: feed.Query = {"state": state, "limit": 1, "offset": 0}
            page = await self._read("getListingsByShop", wire.Listings, path={"shop_id": shop_id}, query=query)
            total += page.count or 0
        return total

    async def read_numbers(self, refs: Sequence[ListingRef]) -> list[NumbersRead]:
        ids = list(dict.fromkeys(int(ref.remote_id) for ref in refs))
        batches = [ids[start : start + _PAGE] for start in range(0, len(ids), _PAGE)]
        found = [row for batch in batches for row in await self._inventories(batch)]
        return [listings.numbers_read(row, remote_at) for row, remote_at in found]

    async def write_numbers(self, writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        (write,) = writes
        body = listings.put_body(write)
        request = Request(
            "updateListingInventory",
            path={"listing_id": write.ref.remote_id},
            query=listings.put_query(write),
            json=body,
        )
        response = await self._client.send(request)
        echo = listings.written(write, _understood(response, wire.Inventory), self._at(response))
        if set(echo.numbers) != set(write.numbers):
            raise OutcomeUnknown(
                "the inventory answered is not the one written",
                code="etsy.answer_unreadable",
                operation=request.operation,
                status=response.status,
            )
        return [WriteAnswer(write.ref, accepted=True, echo=echo)]

    async def set_on_sale(self, ref: ListingRef, on_sale: bool) -> WriteAnswer:
        state = "active" if on_sale else "inactive"
        request = Request(
            "updateListing",
            path={"shop_id": await self._shop_id(), "listing_id": ref.remote_id},
            form={"state": state},
            lowers_only=not on_sale,
        )
        response = await self._client.send(request)
        row = _understood(response, wire.Listing)
        if not listings.took(row, on_sale=on_sale):
            raise OutcomeUnknown(
                "the listing answered is not in the state asked for",
                code="etsy.state_not_taken",
                operation=request.operation,
                status=response.status,
            )
        return WriteAnswer(ref, accepted=True, echo=listings.switched(row, self._at(response)))

    async def sweep(self, watermark: str, *, deep: bool = False) -> Sweep:
        place = feed.begin(feed.place(watermark), deep=deep, look_back_at=self._look_back_at())
        found: dict[str, RemoteOrder] = {}
        missing: set[str] = set()
        for _ in range(_PAGES_PER_SWEEP):
            if not place.walks:
                break
            response = await self._receipts(feed.query(place.walks[0]))
            page = convert(response.json(), wire.ReceiptPage, response.operation)
            rows = [_head(row) for row in page.results]
            place = feed.advance(place, rows, page.count, int(self._at(response).timestamp()))
            for head, document in zip(rows, page.results, strict=True):
                order = _order_or_none(document)
                if order is None:
                    missing.add(str(head.receipt_id))
                else:
                    found[order.remote_id] = order
                    missing.discard(order.remote_id)
        return Sweep(
            orders=tuple(found.values()),
            watermark=feed.text(place),
            done=not place.walks,
            complete_to=None,
            missing=tuple(sorted(missing)),
        )

    async def read_orders(self, order_ids: Sequence[str]) -> list[RemoteOrder]:
        found = [await self._receipt(order_id) for order_id in dict.fromkeys(order_ids)]
        return [orders.remote_order(receipt) for receipt in found if receipt is not None]

    async def ship(self, dispatches: Sequence[Dispatch]) -> list[LineAnswer]:
        (dispatch,) = dispatches
        receipt = await self._receipt(dispatch.order_id)
        if receipt is None:
            return _answers(dispatch, "etsy.order_gone")
        # Every post writes to the buyer, so one that was made before is never made again.
        if orders.has_tracking(receipt, dispatch.tracking_number):
            return _answers(dispatch)
        ship_from = self._client.options.get("ship_from_country", "")
        if refusal := orders.shipment_refusal(receipt, dispatch, ship_from):
            return _answers(dispatch, refusal)
        answer = await self._post_shipment(dispatch)
        kept = orders.has_tracking(answer, dispatch.tracking_number)
        return _answers(dispatch, "" if kept else "etsy.tracking_not_kept")

    async def _post_shipment(self, dispatch: Dispatch) -> wire.Receipt:
        request = Request(
            "createReceiptShipment",
            path={"shop_id": await self._shop_id(), "receipt_id": dispatch.order_id},
            query={"legacy": "false"},
            json=orders.shipment_body(dispatch),
        )
        return _understood(await self._client.send(request), wire.Receipt)

    async def _receipt(self, order_id: str) -> wire.Receipt | None:
        path = {"shop_id": await self._shop_id(), "receipt_id": order_id}
        try:
            return await self._read("getShopReceipt", wire.Receipt, path=path, query={"legacy": "false"})
        except Gone:
            return None

    async def _receipts(self, query: feed.Query) -> Response:
        path = {"shop_id": await self._shop_id()}
        return await self._client.send(Request("getShopReceipts", path=path, query=query))

    async def _pages(self, state: str) -> AsyncIterator[list[wire.Listing]]:
        """Walk a state's listings, as rows without their inventories.

        Each page starts with the last row of the one before; when that is missing, rows moved under the
        offset and the walk starts again. A page that ends where the one before did ends the walk: it repeats.
        """
        offset, last, restarts = 0, 0, 0
        while offset <= feed.OFFSET_MAX:
            page = await self._listing_page(state, offset)
            ids = [row.listing_id for row in page.results]
            yield page.results
            if last and last not in ids and restarts < _RESTARTS_MAX:
                offset, last, restarts = 0, 0, restarts + 1
                continue
            overlap = int(len(ids) > 1)
            if offset + len(ids) >= (page.count or 0) or (overlap and ids[-1] == last):
                return
            offset += len(ids) - overlap if ids else _PAGE
            last = ids[-1] if overlap else 0
        raise Rejected(f"more {state} listings than can be read", code="etsy.too_many_listings")

    async def _listing_page(self, state: str, offset: int) -> wire.Listings:
        path = {"shop_id": await self._shop_id()}
        query: feed.Query = {"state": state, "limit": _PAGE, "offset": offset, "includes": "Images"}
        return await self._read("getListingsByShop", wire.Listings, path=path, query=query)

    async def _inventories(self, ids: Sequence[int]) -> list[tuple[wire.Listing, datetime]]:
        """Read listings with their inventories, each with its answer's time; one that is gone is left out.

        A single id that is gone fails the whole batch, so the batch is halved until it stands alone.
        """
        if not ids:
            return []
        query: feed.Query = {"listing_ids": ",".join(str(listing_id) for listing_id in ids)}
        try:
            response = await self._client.send(Request("getListingsInventoryByListingIds", query=query))
        except Gone:
            if len(ids) == 1:
                return []
            half = len(ids) // 2
            return await self._inventories(ids[:half]) + await self._inventories(ids[half:])
        page = convert(response.json(), wire.Listings, response.operation)
        told = {row.listing_id: row for row in page.results}
        rows = [await self._stated(listing_id, told.get(listing_id)) for listing_id in ids]
        return [(row, self._at(response)) for row in rows if row is not None]

    async def _stated(self, listing_id: int, row: wire.Listing | None) -> wire.Listing | None:
        """Ask for a listing alone when its batch row has no state, or the answer left it out."""
        if row is not None and row.state is not None:
            return row
        try:
            alone = await self._read("getListing", wire.Listing, path={"listing_id": str(listing_id)})
        except Gone:
            return None
        return replace(alone, inventory=row.inventory if row else None)

    async def _shop_id(self) -> str:
        known = self._client.options.get("remote_shop_id", "") or self._learned_shop_id
        return known or await self._own_shop_id()

    async def _own_shop_id(self) -> str:
        """Ask whose shop the credential opens. Errors: Rejected when its owner has none."""
        own = await self._read("getMe", wire.Self)
        if not own.shop_id:
            raise Rejected("the Etsy account has no shop", code="etsy.no_shop", operation="getMe")
        self._learned_shop_id = str(own.shop_id)
        return self._learned_shop_id

    async def _read(
        self,
        operation: str,
        kind: type[T],
        *,
        path: Mapping[str, str] | None = None,
        query: feed.Query | None = None,
    ) -> T:
        response = await self._client.send(Request(operation, path=path or {}, query=query or {}))
        return convert(response.json(), kind, operation)

    def _look_back_at(self) -> int:
        days = self._client.options.get("look_back_days") or _LOOK_BACK_DAYS
        if not (days.isascii() and days.isdigit() and int(days) > 0):
            raise ConfigError("look_back_days is not a number of days", code="etsy.look_back_days")
        return int((self._client.now() - timedelta(days=int(days))).timestamp())

    def _at(self, response: Response) -> datetime:
        return response.remote_at or self._client.now()


def _understood(response: Response, kind: type[T]) -> T:
    """Read a write's answer. Errors: OutcomeUnknown, for the write may well have taken effect."""
    try:
        return convert(response.json(), kind, response.operation)
    except ContractBroken as error:
        raise OutcomeUnknown(
            f"{response.operation} answered what cannot be read",
            code="etsy.answer_unreadable",
            operation=response.operation,
            status=response.status,
        ) from error


def _head(document: Any) -> feed.Row:  # noqa: ANN401 - an undecoded row
    head = convert(document, wire.ReceiptHead, "getShopReceipts")
    return feed.Row(head.receipt_id, head.created_timestamp, head.updated_timestamp)


def _order_or_none(document: Any) -> RemoteOrder | None:  # noqa: ANN401 - an undecoded row
    try:
        return orders.remote_order(convert(document, wire.Receipt, "getShopReceipts"))
    except ContractBroken:
        return None


def _answers(dispatch: Dispatch, refusal: str = "") -> list[LineAnswer]:
    return [LineAnswer(line_id, accepted=not refusal, refusal=refusal) for line_id in dispatch.line_ids]
