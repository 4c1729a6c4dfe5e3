"""Product orders as lines: states, keys, quantities, times, people; and reading orders by id."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.naver.support import (
    FakeClient,
    answer,
    check_answer,
    envelope,
    line,
    refuse,
    script_of,
)

from jangbu.channels.naver import CHANNEL
from jangbu.channels.naver.adapter import NaverAdapter
from jangbu.channels.naver.mapping.orders import line_detail, remote_orders
from jangbu.channels.naver.mapping.times import kst_text, moment
from jangbu.channels.naver.wire.orders import Address, LineDetail, Order, ProductOrder
from jangbu.kernel.errors import ContractBroken
from jangbu.kernel.money import Money
from jangbu.sdk.client import Request, Response
from jangbu.sdk.manifest import Effect
from jangbu.sdk.records import LineState, OrderLine, Parcel, Person, RemoteOrder

ORDERED = datetime(2026, 10, 1, 0, 57, 50, tzinfo=UTC)
PAID = datetime(2026, 10, 1, 0, 58, 11, tzinfo=UTC)


def order_of(*details: dict[str, Any], described: bool = True) -> RemoteOrder:
    if described:
        check_answer("queryProductOrders", envelope(list(details)))
    read = [detail for each in details if (detail := line_detail(each))]
    assert len(read) == len(details)
    (order,) = remote_orders(read, {})
    return order


def line_of(**fields: Any) -> OrderLine:
    described = fields.pop("described", True)
    return order_of(line(**fields), described=described).lines[0]


def test_a_paid_line_is_told_whole() -> None:
    assert line_of() == OrderLine(
        remote_id="2026100100000001",
        listing_id="9000000001",
        offer_key="9000000001/41",
        sku="BOWL-41",
        title="도자기 그릇",
        options="색상: 흰색 / 크기: 1호",
        quantity=2,
        remaining=2,
        state=LineState.PAID,
        raw_state="PAYED",
        lowered_at=ORDERED,
        price=Money(12_500, "KRW"),
        acknowledged=False,
        ship_by=datetime(2026, 10, 6, 14, 59, 59, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("status", "state", "effect"),
    [
        ("PAYMENT_WAITING", LineState.UNPAID, Effect.RESERVE),
        ("PAYED", LineState.PAID, Effect.COMMIT),
        ("DELIVERING", LineState.SHIPPED, Effect.SHIP),
        ("DELIVERED", LineState.DELIVERED, Effect.SHIP),
        ("PURCHASE_DECIDED", LineState.CLOSED, Effect.SHIP),
        ("CANCELED", LineState.CANCELLED, Effect.RELEASE),
        ("CANCELED_BY_NOPAYMENT", LineState.CANCELLED, Effect.RELEASE),
        ("RETURNED", LineState.RETURNED, Effect.SHIP),
        ("EXCHANGED", LineState.EXCHANGED, Effect.SHIP),
    ],
)
def test_each_status_has_its_state_and_its_effect_on_stock(status: str, state: LineState, effect: Effect) -> None:
    told = line_of(productOrderStatus=status)
    assert (told.state, told.raw_state) == (state, status)
    assert CHANNEL.line_effects[told.state] is effect


def test_a_status_never_seen_keeps_what_is_held_and_is_kept_as_told() -> None:
    told = line_of(productOrderStatus="TELEPORTING", brandNew=[1], described=False)
    assert (told.state, told.raw_state) == (LineState.UNKNOWN, "TELEPORTING")
    assert CHANNEL.line_effects[told.state] is Effect.KEEP


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "9000000001/41"),
        ({"optionCode": None, "itemNo": "42"}, "9000000001/42"),
        ({"optionCode": "x-1", "itemNo": "42"}, "9000000001/42"),
        ({"optionCode": None, "itemNo": None}, ""),
        ({"productClass": "표준형옵션상품"}, "9000000001/41"),
        (
            {"productClass": "단일상품", "productOption": None, "optionCode": None, "itemNo": None},
            "9000000001",
        ),
        ({"productClass": "단일상품", "productOption": "", "optionCode": None, "itemNo": "77"}, "9000000001"),
        ({"productClass": "단독형옵션상품", "optionCode": "61"}, "9000000001"),
        ({"productClass": None}, "9000000001/41"),
        ({"productClass": "추가구성상품", "optionCode": "41"}, "9000000001/add/41"),
        ({"productClass": "추가상품", "optionCode": None, "itemNo": None}, "9000000001/add/"),
        ({"originalProductId": None}, ""),
        ({"originalProductId": 9000000001, "optionCode": 41}, "9000000001/41"),
    ],
)
def test_the_offer_a_line_was_sold_from_is_named_as_its_listing_names_it(fields: dict[str, Any], key: str) -> None:
    assert line_of(**fields, described=False).offer_key == key


def test_the_sku_is_the_option_s_or_else_the_product_s() -> None:
    assert line_of(optionManageCode=None, described=False).sku == "BOWL"
    assert line_of(optionManageCode="", sellerProductCode="").sku == ""


@pytest.mark.parametrize(
    ("status", "claim", "shown"),
    [
        ("PAYED", "CANCEL_REQUEST", "CANCEL_REQUEST"),
        ("DELIVERED", "RETURN_REQUEST", "RETURN_REQUEST"),
        ("PAYED", "CANCEL_REJECT", ""),
        ("CANCELED", "CANCEL_DONE", ""),
        ("PAYED", "SOMETHING_NEW", "SOMETHING_NEW"),
    ],
)
def test_an_open_claim_is_shown_beside_the_state(status: str, claim: str, shown: str) -> None:
    assert line_of(productOrderStatus=status, claimStatus=claim, described=False).claim == shown


def test_a_gift_not_yet_accepted_is_held_back_with_a_word() -> None:
    assert line_of(giftReceivingStatus="WAIT_FOR_RECEIVING").claim == "gift_waiting"
    assert line_of(giftReceivingStatus="RECEIVED").claim == ""


@pytest.mark.parametrize(
    ("fields", "acknowledged"),
    [
        ({"placeOrderStatus": "NOT_YET"}, False),
        ({"placeOrderStatus": "OK"}, True),
        ({"placeOrderStatus": None}, False),
        ({"productOrderStatus": "PAYMENT_WAITING", "placeOrderStatus": "NOT_YET"}, True),
        ({"productOrderStatus": "DELIVERING", "placeOrderStatus": None}, True),
    ],
)
def test_naver_waits_for_a_confirmation_of_paid_new_lines_alone(fields: dict[str, Any], *, acknowledged: bool) -> None:
    assert line_of(**fields, described=False).acknowledged is acknowledged


def claims(*done: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"claimStatus": status, "requestQuantity": quantity} for status, quantity in done]


@pytest.mark.parametrize(
    ("status", "initial", "left", "done", "remaining"),
    [
        ("PAYED", 3, 3, [], 3),
        ("PAYED", 3, 1, [("CANCEL_DONE", 2)], 1),
        ("CANCELED", 3, 0, [("CANCEL_DONE", 3)], 0),
        ("DELIVERING", 3, 1, [], 1),
        ("DELIVERING", 3, 1, [("CANCEL_DONE", 2)], 1),
        ("DELIVERED", 3, 2, [("RETURN_DONE", 1)], 3),
        ("DELIVERED", 3, 1, [("CANCEL_DONE", 1), ("RETURN_DONE", 1)], 2),
        ("RETURNED", 3, 0, [], 3),
        ("RETURNED", 3, 0, [("CANCEL_DONE", 1)], 2),
        ("RETURNED", 3, 0, [("RETURN_DONE", 3)], 3),
        ("EXCHANGED", 2, 0, [("EXCHANGE_DONE", 2)], 2),
        ("DELIVERED", 3, 3, [("RETURN_REJECT", 3)], 3),
    ],
)
def test_only_what_was_cancelled_in_part_is_taken_off_never_what_was_returned(
    status: str, initial: int, left: int, done: list[tuple[str, int]], remaining: int
) -> None:
    told = line_of(
        productOrderStatus=status, initialQuantity=initial, remainQuantity=left, completedClaims=claims(*done)
    )
    assert (told.quantity, told.remaining) == (initial, remaining)


@given(
    status=st.sampled_from(["PAYED", "CANCELED", "DELIVERING", "DELIVERED", "RETURNED", "PURCHASE_DECIDED"]),
    initial=st.integers(0, 50),
    left=st.integers(0, 60) | st.none(),
    done=st.lists(
        st.tuples(st.sampled_from(["CANCEL_DONE", "RETURN_DONE", "EXCHANGE_DONE"]), st.integers(0, 60)),
        max_size=3,
    ),
)
def test_what_remains_lies_between_what_naver_says_and_what_was_bought(
    status: str, initial: int, left: int | None, done: list[tuple[str, int]]
) -> None:
    told = line_of(
        productOrderStatus=status,
        initialQuantity=initial,
        quantity=initial,
        remainQuantity=left,
        completedClaims=claims(*done),
        described=False,
    )
    assert min(initial, initial if left is None else left) <= told.remaining <= initial


def test_without_the_newer_quantities_the_plain_one_counts() -> None:
    told = line_of(initialQuantity=None, remainQuantity=None, quantity=4, described=False)
    assert (told.quantity, told.remaining) == (4, 4)


@pytest.mark.parametrize(
    "broken",
    [
        {"quantity": None, "initialQuantity": None},
        {"remainQuantity": -1},
        {"quantity": "two"},
        {"order": {"orderDate": None, "paymentDate": None}},
        {"order": {"orderDate": "yesterday", "paymentDate": ""}},
    ],
)
def test_a_line_without_quantity_or_time_is_not_guessed(broken: dict[str, Any]) -> None:
    assert line_detail(line(**broken)) is None


@pytest.mark.parametrize("document", [None, [], "x", {}, {"order": {}, "productOrder": {}}])
def test_what_is_no_detail_is_none(document: object) -> None:
    assert line_detail(document) is None


def test_a_number_may_have_fallen_as_early_as_the_order_was_placed() -> None:
    assert (
        line_of(productOrderStatus="PAYMENT_WAITING", order={"paymentDate": None}, described=False).lowered_at
        == ORDERED
    )
    assert line_of(order={"orderDate": None}, described=False).lowered_at == PAID


def test_a_parcel_is_told_with_naver_s_own_carrier_code() -> None:
    parcel = {
        "deliveryCompany": "HYUNDAI",
        "trackingNumber": "100000000001",
        "sendDate": "2026-10-01T16:00:00.000+09:00",
    }
    told = line_of(productOrderStatus="DELIVERING", delivery=parcel)
    assert told.parcels == (Parcel("HYUNDAI", "100000000001", datetime(2026, 10, 1, 7, tzinfo=UTC)),)
    assert line_of(delivery={"deliveryStatus": "NOT_TRACKING"}).parcels == ()


def test_lines_of_one_order_come_together_with_the_whole_order_s_total() -> None:
    first, second = line("21", "11"), line("31", "11", optionCode="42")
    other = line("51", "41")
    read = [detail for each in (first, other, second) if (detail := line_detail(each))]
    orders = remote_orders(read, {})
    assert [(order.remote_id, [entry.remote_id for entry in order.lines]) for order in orders] == [
        ("11", ["21", "31"]),
        ("41", ["51"]),
    ]
    assert orders[0].total == Money(28_000, "KRW")
    assert (orders[0].placed_at, orders[0].extra) == (
        ORDERED,
        {"payment_means": "신용카드", "package_numbers": "2026100100000007"},
    )


def test_without_an_order_s_amounts_the_lines_at_hand_make_the_total() -> None:
    told = line(order={"generalPaymentAmount": 0}, sectionDeliveryFee=2_000, deliveryDiscountAmount=1_000)
    assert order_of(told).total == Money(25_000 + 3_000 + 2_000 - 1_000, "KRW")


@pytest.mark.parametrize(
    ("fields", "changed"),
    [
        ({}, PAID),
        ({"placeOrderDate": "2026-10-01T11:00:00.000+09:00"}, datetime(2026, 10, 1, 2, tzinfo=UTC)),
        ({"delivery": {"sendDate": "2026-10-02T11:00:00.000+09:00"}}, datetime(2026, 10, 2, 2, tzinfo=UTC)),
        (
            {"delivery": {"deliveredDate": "2026-10-03T11:00:00.000+09:00"}},
            datetime(2026, 10, 3, 2, tzinfo=UTC),
        ),
        ({"decisionDate": "2026-10-09T11:00:00.000+09:00"}, datetime(2026, 10, 9, 2, tzinfo=UTC)),
        (
            {"currentClaim": {"return": {"claimRequestDate": "2026-10-04T11:00:00.000+09:00"}}},
            datetime(2026, 10, 4, 2, tzinfo=UTC),
        ),
        (
            {"completedClaims": [{"cancelCompletedDate": "2026-10-05T11:00:00.000+09:00"}]},
            datetime(2026, 10, 5, 2, tzinfo=UTC),
        ),
    ],
)
def test_the_latest_time_of_a_detail_is_when_the_order_changed(fields: dict[str, Any], changed: datetime) -> None:
    assert order_of(line(**fields)).updated_at == changed


def test_the_feed_s_own_time_counts_when_it_is_later() -> None:
    told = line_detail(line("21"))
    assert told is not None
    at = datetime(2026, 10, 1, 5, tzinfo=UTC)
    (order,) = remote_orders([told], {"21": at, "99": at.replace(hour=9)})
    assert order.updated_at == at


def test_whom_it_goes_to_is_told_and_never_shown() -> None:
    order = order_of(line(individualCustomUniqueCode="P000000000000"))
    assert order.ship_to == Person(
        name="Buyer 17",
        phone="010-0000-0000",
        country="KR",
        zip_code="04524",
        line_1="어느 길 1",
        line_2="101호",
        message="문 앞",
        customs_code="P000000000000",
    )
    detail = line_detail(line(individualCustomUniqueCode="P000000000000"))
    for hidden in ("Buyer 17", "010-0000", "어느 길", "P0000"):
        assert hidden not in repr(order) + repr(detail)


@pytest.mark.parametrize(
    ("address", "country", "region"),
    [
        ({"addressType": "FOREIGN", "country": "us", "state": "CA"}, "US", "CA"),
        ({"addressType": "FOREIGN", "country": "Freedonia"}, "", "Freedonia"),
        ({"addressType": "DOMESTIC", "country": "대한민국"}, "KR", ""),
        ({}, "KR", ""),
    ],
)
def test_a_country_is_told_by_code_or_by_name(address: dict[str, str], country: str, region: str) -> None:
    order = order_of(line(shippingAddress=address))
    assert (order.ship_to.country, order.ship_to.region) == (country, region)


def test_an_order_without_an_address_yet_has_nobody_to_go_to() -> None:
    assert order_of(line(shippingAddress=None), described=False).ship_to == Person()


@given(at=st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_moment_survives_naver_s_form_to_the_millisecond(at: datetime) -> None:
    text = kst_text(at)
    assert text.endswith("+09:00")
    assert moment(text) == at.replace(microsecond=at.microsecond // 1000 * 1000)


def test_a_time_without_offset_is_korean() -> None:
    assert moment("2026-10-01T09:00:00") == datetime(2026, 10, 1, 0, tzinfo=UTC)


async def test_orders_are_read_whole_by_their_lines() -> None:
    lines_of = {"11": ["21", "31"], "41": ["51"]}

    def ids(request: Request) -> Response:
        if request.path["orderId"] == "77":
            return refuse(request, 400, "100003")
        return answer(request, envelope(lines_of[request.path["orderId"]]))

    def query(request: Request) -> Response:
        owner = {"21": "11", "31": "11", "51": "41"}
        return answer(request, envelope([line(name, owner[name]) for name in request.json["productOrderIds"]]))

    client = FakeClient({"listProductOrderIds": ids, "queryProductOrders": query})
    orders = await NaverAdapter(client).read_orders(["11", "77", "41", "11"])
    assert [(order.remote_id, len(order.lines)) for order in orders] == [("11", 2), ("41", 1)]
    (request,) = client.asked("queryProductOrders")
    assert request.json == {"productOrderIds": ["21", "31", "51"], "quantityClaimCompatibility": True}


async def test_half_an_order_is_never_given_for_a_whole_one() -> None:
    client = FakeClient(
        {
            "listProductOrderIds": script_of(envelope(["21", "31"])),
            "queryProductOrders": script_of(envelope([line("21")])),
        }
    )
    with pytest.raises(ContractBroken) as broken:
        await NaverAdapter(client).read_orders(["2026100100000009"])
    assert broken.value.code == "naver.lines_unreadable"


async def test_reading_no_orders_asks_nothing() -> None:
    client = FakeClient()
    assert await NaverAdapter(client).read_orders([]) == []
    assert client.sent == []


def test_a_detail_without_any_time_is_never_made_a_line() -> None:
    untimed = LineDetail(Order("11"), ProductOrder("21", quantity=1))
    with pytest.raises(ValueError, match="time"):
        remote_orders([untimed], {})


def test_an_address_does_not_show_itself() -> None:
    assert "어느 길" not in repr(Address(base_address="어느 길 1"))
