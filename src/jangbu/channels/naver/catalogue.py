"""Walks over Naver's product calls: the search, page by page, and single products. Owns paging alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final

from jangbu.channels.naver.wire.products import FoundProduct, ProductPage, ProductRead
from jangbu.kernel.errors import Gone
from jangbu.sdk.client import Client, Request, Response
from jangbu.sdk.decoding import convert

PAGE_ROWS: Final = 500

# What a seller wants to see; a product under review or forbidden by Naver holds no stock to sell.
_LISTED: Final = ["WAIT", "SALE", "OUTOFSTOCK", "SUSPENSION"]
_ALL_BUT_DELETED: Final = [*_LISTED, "UNADMISSION", "REJECTION", "CLOSE", "PROHIBITION"]
_PAGES_MAX: Final = 2_000


async def listed_products(client: Client) -> AsyncIterator[FoundProduct]:
    """Walk all products, each once, by number: the one order that holds still while products change."""
    async for found, _ in _found(client, {"productStatusTypes": _LISTED}):
        yield found


async def count_listed(client: Client) -> int:
    """Count what `listed_products` walks, by the smallest page."""
    body = {"productStatusTypes": _LISTED, "page": 1, "size": 1, "orderType": "NO"}
    answer = await client.send(Request("searchProducts", json=body))
    return convert(answer.json(), ProductPage, answer.operation).total_elements or 0


async def products_by_number(client: Client, origin_nos: Sequence[str]) -> AsyncIterator[tuple[FoundProduct, datetime]]:
    """Find these products, at most a page of them, each with the time of the answer that showed it."""
    question = {
        "searchKeywordType": "PRODUCT_NO",
        "originProductNos": [int(number) for number in origin_nos],
        "productStatusTypes": _ALL_BUT_DELETED,
    }
    async for found, answer in _found(client, question):
        yield found, answer.remote_at or client.now()


async def read_product(client: Client, origin_no: str) -> tuple[ProductRead, datetime] | None:
    """Read one product with its options and the time of the answer; None when there is none."""
    try:
        answer = await client.send(Request("getOriginProduct", path={"originProductNo": origin_no}))
    except Gone:
        return None
    read = convert(answer.json(), ProductRead, answer.operation)
    if read.origin_product.status_type == "DELETE":
        return None
    return read, answer.remote_at or client.now()


async def _found(client: Client, question: dict[str, Any]) -> AsyncIterator[tuple[FoundProduct, Response]]:
    seen: set[str] = set()
    for page_no in range(1, _PAGES_MAX + 1):
        body = question | {"page": page_no, "size": PAGE_ROWS, "orderType": "NO"}
        answer = await client.send(Request("searchProducts", json=body))
        page = convert(answer.json(), ProductPage, answer.operation)
        rows = page.contents or []
        fresh = [row for row in rows if str(row.origin_product_no) not in seen]
        for row in fresh:
            if str(row.origin_product_no) not in seen:
                seen.add(str(row.origin_product_no))
                yield row, answer
        if (rows and not fresh) or _is_last(page, page_no, len(rows)):
            return


def _is_last(page: ProductPage, page_no: int, rows: int) -> bool:
    """Tell whether the search ended; an empty or short page ends it only when the page count is not told."""
    if page.total_pages is not None:
        return page_no >= page.total_pages
    return page.last is True or rows < PAGE_ROWS
