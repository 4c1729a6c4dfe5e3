"""Wanted numbers as bodies of Naver's stock calls, and what their answers say. Pure; sends nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from jangbu.channels.naver.faults import plain_code
from jangbu.channels.naver.mapping.products import option_key, option_rows
from jangbu.channels.naver.wire.products import OptionRow, ProductRead
from jangbu.sdk.records import StockWrite, WriteAnswer

NUMBER_MAX: Final = 99_999_999
MULTI_UPDATE_BATCH: Final = 50  # the maximum is not published

_DEPTH_MAX: Final = 4


def refused_here(write: StockWrite) -> str:
    """Tell why a write of a product's own number cannot be sent; "" when it can."""
    if set(write.numbers) != {write.ref.remote_id} or not write.ref.remote_id.isdigit():
        return "naver.cell_unknown"
    return _bad_number(write)


def options_refused_here(write: StockWrite) -> str:
    """Tell why a write of option numbers cannot be sent; "" when it can."""
    if write.basis is None or not isinstance(write.basis.document, ProductRead):
        return "naver.basis_missing"
    known = {key for key, _ in _keyed_rows(write, _document(write))}
    if not write.numbers or not known.issuperset(write.numbers):
        return "naver.cell_unknown"
    return _bad_number(write)


def multi_update_body(writes: Sequence[StockWrite]) -> dict[str, Any]:
    """Set each product's own number."""
    return {
        "multiProductUpdateRequestVos": [
            {
                "originProductNo": int(write.ref.remote_id),
                "multiUpdateTypes": ["STOCK"],
                "stockQuantity": write.numbers[write.ref.remote_id],
            }
            for write in writes
        ]
    }


def option_stock_body(write: StockWrite) -> dict[str, Any]:
    """Set the named option rows, and only those: rows not sent stay as they are.

    A field not sent in a row falls to its default, so price and usable are copied from the read; a row's
    price counts from the sale price, which therefore goes along.
    Source: documentation 2.90.1, 상품 옵션 재고 변경, read October 2026.
    """
    read = _document(write)
    combined = _has_combinations(read)
    rows = [
        _row_body(row, write.numbers[key], with_price=combined)
        for key, row in _keyed_rows(write, read)
        if key in write.numbers
    ]
    field = "optionCombinations" if combined else "optionStandards"
    return {
        "productSalePrice": {"salePrice": read.origin_product.sale_price},
        "optionInfo": {field: rows, "useStockManagement": True},
    }


def product_answer(write: StockWrite, refusal: str, failed: Mapping[str, str]) -> WriteAnswer:
    """Answer for one product of a multi update: refused here, listed as failed, or accepted."""
    if refusal:
        return WriteAnswer(write.ref, accepted=False, refusal=refusal)
    if write.ref.remote_id in failed:
        code = failed[write.ref.remote_id]
        return WriteAnswer(write.ref, accepted=False, refusal="naver.product_refused", remote_code=code)
    return WriteAnswer(write.ref, accepted=True)


def lowers_only(writes: Sequence[StockWrite]) -> bool:
    """Tell whether repeating these writes could never raise a number: only zeros cannot."""
    return all(number == 0 for write in writes for number in write.numbers.values())


def failed_products(answer: object) -> Mapping[str, str]:
    """Find the products an answer to a multi update lists as failed: origin number -> remote code.

    The form of such an entry is not documented, so any entry that names a product and says it failed counts;
    what is overlooked here is found by the read-back.
    """
    found: dict[str, str] = {}
    _collect_failed(answer, found, failed=False, depth=0)
    return found


def _document(write: StockWrite) -> ProductRead:
    document = write.basis.document if write.basis else None
    if not isinstance(document, ProductRead):
        raise TypeError("ask options_refused_here first")
    return document


def _has_combinations(read: ProductRead) -> bool:
    detail = read.origin_product.detail_attribute
    return bool(detail and detail.option_info and detail.option_info.option_combinations)


def _keyed_rows(write: StockWrite, read: ProductRead) -> list[tuple[str, OptionRow]]:
    rows = option_rows(read.origin_product)
    return [(option_key(write.ref.remote_id, str(row.id)), row) for row in rows if row.id is not None]


def _row_body(row: OptionRow, number: int, *, with_price: bool) -> dict[str, Any]:
    body = {"id": int(row.id or 0), "stockQuantity": number, "usable": row.usable is not False}
    return body | {"price": row.price or 0} if with_price else body


def _bad_number(write: StockWrite) -> str:
    in_range = all(0 <= number <= NUMBER_MAX for number in write.numbers.values())
    return "" if in_range else "naver.number_out_of_range"


def _collect_failed(node: object, found: dict[str, str], *, failed: bool, depth: int) -> None:
    if depth > _DEPTH_MAX:
        return
    if isinstance(node, list):
        for entry in node:
            if failed and isinstance(entry, (str, int)):
                found[str(entry)] = ""
            _collect_failed(entry, found, failed=failed, depth=depth + 1)
    elif isinstance(node, dict):
        here = failed or node.get("success") is False
        if here and "originProductNo" in node:
            found[str(node["originProductNo"])] = plain_code(str(node.get("code") or ""))
        for name, entry in node.items():
            _collect_failed(entry, found, failed=here or "fail" in str(name).lower(), depth=depth + 1)
