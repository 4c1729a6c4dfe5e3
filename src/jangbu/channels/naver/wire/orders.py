"""Wire types of the order feed, of order details and of confirm and dispatch. Owns no meaning."""

from __future__ import annotations

from typing import Any

import msgspec

from jangbu.channels.naver.wire.base import Id, Wire


class ChangedLine(Wire, frozen=True):
    """One row of the feed: a product order and the time of its latest change."""

    order_id: Id
    product_order_id: Id
    last_changed_date: str | None = None


class More(Wire, frozen=True):
    """Where the feed goes on."""

    more_from: str
    more_sequence: str | None = None


class ChangesData(Wire, frozen=True):
    """The filled part of a feed page."""

    last_change_statuses: list[ChangedLine] | None = None
    more: More | None = None


class Changes(Wire, frozen=True):
    """One page of the feed; `data` is absent when nothing changed."""

    timestamp: str | None = None
    data: ChangesData | None = None


class Address(Wire, frozen=True):
    """Where a parcel goes."""

    base_address: str | None = None
    detailed_address: str | None = None
    city: str | None = None
    state: str | None = None
    country: str | None = None
    address_type: str | None = None
    zip_code: str | None = None
    name: str | None = None
    tel1: str | None = None
    tel2: str | None = None

    def __repr__(self) -> str:
        return "Address(‹hidden›)"


class Order(Wire, frozen=True):
    """The checkout a product order belongs to."""

    order_id: Id
    order_date: str | None = None
    payment_date: str | None = None
    payment_means: str | None = None
    general_payment_amount: int | None = None
    charge_amount_payment_amount: int | None = None
    checkout_accumulation_payment_amount: int | None = None
    naver_mileage_payment_amount: int | None = None
    pay_later_payment_amount: int | None = None


class ProductOrder(Wire, frozen=True):
    """One product order: the unit of every order call."""

    product_order_id: Id
    product_order_status: str | None = None
    claim_status: str | None = None
    product_id: Id | None = None
    original_product_id: Id | None = None
    product_name: str | None = None
    product_class: str | None = None
    product_option: str | None = None
    option_code: Id | None = None
    item_no: Id | None = None
    option_manage_code: str | None = None
    seller_product_code: str | None = None
    quantity: int | None = None
    initial_quantity: int | None = None
    remain_quantity: int | None = None
    unit_price: int | None = None
    option_price: int | None = None
    total_payment_amount: int | None = None
    delivery_fee_amount: int | None = None
    delivery_discount_amount: int | None = None
    section_delivery_fee: int | None = None
    package_number: Id | None = None
    place_order_date: str | None = None
    place_order_status: str | None = None
    shipping_due_date: str | None = None
    shipping_memo: str | None = None
    decision_date: str | None = None
    individual_custom_unique_code: str | None = None
    gift_receiving_status: str | None = None
    shipping_address: Address | None = None

    def __repr__(self) -> str:
        return f"ProductOrder({self.product_order_id})"


class Delivery(Wire, frozen=True):
    """The parcel of a product order."""

    delivery_company: str | None = None
    tracking_number: str | None = None
    send_date: str | None = None
    pickup_date: str | None = None
    delivered_date: str | None = None


class Claim(Wire, frozen=True):
    """What and when of a cancel, return or exchange."""

    claim_status: str | None = None
    request_quantity: int | None = None
    claim_request_date: str | None = None
    cancel_approval_date: str | None = None
    cancel_completed_date: str | None = None
    return_completed_date: str | None = None
    collect_completed_date: str | None = None
    re_delivery_operation_date: str | None = None


class CurrentClaim(Wire, frozen=True):
    """The open claim of a product order."""

    cancel: Claim | None = None
    return_: Claim | None = msgspec.field(default=None, name="return")
    exchange: Claim | None = None


class LineDetail(Wire, frozen=True):
    """A product order with all that belongs to it."""

    order: Order
    product_order: ProductOrder
    delivery: Delivery | None = None
    current_claim: CurrentClaim | None = None
    completed_claims: list[Claim] | None = None


class LineDetails(Wire, frozen=True):
    """The answer of the detail query; each detail is read apart, so that one odd line spoils no other."""

    data: list[Any] | None = None


class FoundLine(Wire, frozen=True):
    """One row of the search by condition."""

    product_order_id: Id | None = None
    content: Any = None


class Paging(Wire, frozen=True):
    """Whether the search by condition goes on."""

    has_next: bool | None = None


class FoundLinesData(Wire, frozen=True):
    """The filled part of the search by condition."""

    contents: list[FoundLine] | None = None
    pagination: Paging | None = None


class FoundLines(Wire, frozen=True):
    """One page of the search by condition."""

    data: FoundLinesData | None = None


class LineIds(Wire, frozen=True):
    """The product orders of one order."""

    data: list[Id] | None = None


class Failure(Wire, frozen=True):
    """A product order that a call refused."""

    product_order_id: Id | None = None
    code: str | int | None = None


class ConfirmedLine(Wire, frozen=True):
    """A product order that was confirmed."""

    product_order_id: Id


class OutcomeData(Wire, frozen=True):
    """Which product orders a call accepted and refused; confirm names its successes differently."""

    success_product_order_ids: list[Id] | None = None
    success_product_order_infos: list[ConfirmedLine] | None = None
    fail_product_order_infos: list[Failure] | None = None


class Outcome(Wire, frozen=True):
    """The answer of confirm and dispatch."""

    data: OutcomeData
