"""The operations this emulator serves, by their official paths; all others are answered as unknown."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jangbu.sandbox.naver import account, order_writes, orders, product_writes, products
from jangbu.sandbox.naver.call import Call
from jangbu.sandbox.naver.wire import Family

BASE = "/external"
TOKEN = "issueToken"  # noqa: S105 (an operation's name)
_ORDERS = "/v1/pay-order/seller/product-orders"
_ORIGIN = "/v1/products/origin-products"


@dataclass(frozen=True)
class Operation:
    """One official operation: where it is, whose it is, who answers it."""

    id: str
    method: str
    path: str
    group: str
    family: Family
    handler: Callable[[Call], Any] | None
    writes: bool = False
    query: frozenset[str] = frozenset()

    @property
    def has_body(self) -> bool:
        return self.method != "GET" and self.id != "approveCancel"

    def match(self, path: str) -> dict[str, str] | None:
        """The path's parameters, None where it is another's path."""
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", BASE + self.path)
        found = re.fullmatch(pattern, path)
        return found.groupdict() if found else None


def _product(name: str, method: str, path: str, handler: Callable[[Call], Any], *, writes: bool) -> Operation:
    return Operation(name, method, path, "상품", "product", handler, writes)


def _order(
    name: str, method: str, path: str, handler: Callable[[Call], Any], *, writes: bool, query: str = ""
) -> Operation:
    return Operation(name, method, path, "주문 판매자", "orders", handler, writes, frozenset(query.split()))


OPERATIONS = (
    Operation(TOKEN, "POST", "/v1/oauth2/token", "인증", "product", None),
    Operation("getSellerAccount", "GET", "/v1/seller/account", "판매자정보", "seller", account.account),
    Operation("listSellerChannels", "GET", "/v1/seller/channels", "판매자정보", "seller", account.channels),
    _product("searchProducts", "POST", "/v1/products/search", products.search, writes=False),
    _product(
        "getOriginProduct", "GET", "/v2/products/origin-products/{originProductNo}",
        products.origin_product, writes=False,
    ),
    _product(
        "getChannelProduct", "GET", "/v2/products/channel-products/{channelProductNo}",
        products.channel_product, writes=False,
    ),
    _product(
        "changeProductStatus", "PUT", _ORIGIN + "/{originProductNo}/change-status",
        product_writes.change_status, writes=True,
    ),
    _product(
        "updateOptionStock", "PUT", _ORIGIN + "/{originProductNo}/option-stock",
        product_writes.option_stock, writes=True,
    ),
    _product(
        "multiUpdateProducts", "PATCH", _ORIGIN + "/multi-update", product_writes.multi_update, writes=True
    ),
    _order(
        "listLastChangedStatuses", "GET", _ORDERS + "/last-changed-statuses", orders.last_changed,
        writes=False, query="lastChangedFrom lastChangedTo lastChangedType moreSequence limitCount",
    ),
    _order(
        "searchProductOrders", "GET", _ORDERS, orders.search, writes=False,
        query="from to rangeType productOrderStatuses claimStatuses placeOrderStatusType fulfillment "
        "pageSize page quantityClaimCompatibility",
    ),
    _order("queryProductOrders", "POST", _ORDERS + "/query", orders.query, writes=False),
    _order(
        "listProductOrderIds", "GET", "/v1/pay-order/seller/orders/{orderId}/product-order-ids",
        orders.line_ids, writes=False,
    ),
    _order("confirmProductOrders", "POST", _ORDERS + "/confirm", order_writes.confirm, writes=True),
    _order("dispatchProductOrders", "POST", _ORDERS + "/dispatch", order_writes.dispatch, writes=True),
    _order(
        "requestCancel", "POST", _ORDERS + "/{productOrderId}/claim/cancel/request",
        order_writes.request_cancel, writes=True,
    ),
    _order(
        "approveCancel", "POST", _ORDERS + "/{productOrderId}/claim/cancel/approve",
        order_writes.approve_cancel, writes=True,
    ),
)  # fmt: skip
BY_ID = {operation.id: operation for operation in OPERATIONS}


def find(method: str, path: str) -> tuple[Operation, dict[str, str]] | None:
    """The operation of that method and path with the path's parameters."""
    for operation in OPERATIONS:
        parameters = operation.match(path) if operation.method == method else None
        if parameters is not None:
            return operation, parameters
    return None
