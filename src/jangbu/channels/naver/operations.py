"""The operation table: every Naver operation in use, by its official id. Data only.

Source: specs/naver.oas.yaml, official documentation 2.90.1, read October 2026. The gateway's prefix /external
is part of each path, because a shop's address is scheme and host alone.
"""

from __future__ import annotations

from typing import Final

from jangbu.sdk.manifest import Encoding, Operation

_SELLER: Final = "판매자정보"
_PRODUCTS: Final = "상품"
_ORDERS: Final = "주문 판매자"

_V1: Final = "/external/v1"
_V2: Final = "/external/v2"
_ORIGIN: Final = "/products/origin-products/{originProductNo}"
_LINES: Final = "/pay-order/seller/product-orders"


def _read(name: str, path: str, group: str) -> Operation:
    return Operation(id=name, method="GET", path=path, scope=group)


def _ask(name: str, path: str, group: str) -> Operation:
    """Describe a read that takes its question as a JSON body."""
    return Operation(id=name, method="POST", path=path, encoding=Encoding.JSON, scope=group)


def _write(name: str, method: str, path: str, group: str, *, moves_stock: bool = False) -> Operation:
    return Operation(
        id=name,
        method=method,
        path=path,
        encoding=Encoding.JSON,
        scope=group,
        write=True,
        moves_stock=moves_stock,
    )


_ALL: Final = (
    # Asking twice gives the same token, so a lost answer is simply asked for again: not a write.
    Operation(
        id="issueToken",
        method="POST",
        path=f"{_V1}/oauth2/token",
        encoding=Encoding.FORM,
        scope="인증",
        authorised=False,
    ),
    _read("getSellerAccount", f"{_V1}/seller/account", _SELLER),
    _read("listSellerChannels", f"{_V1}/seller/channels", _SELLER),
    _ask("searchProducts", f"{_V1}/products/search", _PRODUCTS),
    _read("getOriginProduct", f"{_V2}{_ORIGIN}", _PRODUCTS),
    _read("getChannelProduct", f"{_V2}/products/channel-products/{{channelProductNo}}", _PRODUCTS),
    _write("updateOptionStock", "PUT", f"{_V1}{_ORIGIN}/option-stock", _PRODUCTS, moves_stock=True),
    _write(
        "multiUpdateProducts",
        "PATCH",
        f"{_V1}/products/origin-products/multi-update",
        _PRODUCTS,
        moves_stock=True,
    ),
    _write("changeProductStatus", "PUT", f"{_V1}{_ORIGIN}/change-status", _PRODUCTS, moves_stock=True),
    _read("listLastChangedStatuses", f"{_V1}{_LINES}/last-changed-statuses", _ORDERS),
    _read("searchProductOrders", f"{_V1}{_LINES}", _ORDERS),
    _ask("queryProductOrders", f"{_V1}{_LINES}/query", _ORDERS),
    _read("listProductOrderIds", f"{_V1}/pay-order/seller/orders/{{orderId}}/product-order-ids", _ORDERS),
    _write("confirmProductOrders", "POST", f"{_V1}{_LINES}/confirm", _ORDERS),
    _write("dispatchProductOrders", "POST", f"{_V1}{_LINES}/dispatch", _ORDERS),
)

OPERATIONS: Final = {operation.id: operation for operation in _ALL}
