"""Stock writes and sale switches: what is sent, what is refused here, what answers mean."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.channels.naver.support import (
    FakeClient,
    answer,
    combinations,
    found,
    product,
    refuse,
    row,
    script_of,
    search_page,
)

from jangbu.channels.naver.adapter import NaverAdapter
from jangbu.channels.naver.mapping.writes import failed_products, option_stock_body
from jangbu.kernel.errors import OutcomeUnknown, Rejected
from jangbu.sdk.client import Request, Response
from jangbu.sdk.records import ListingRef, NumbersRead, StockWrite, WriteAnswer

OK = {"data": True}
SIMPLE = ListingRef("1", "simple")
OPTIONS = ListingRef("9", "options")


def simple(origin_no: int, number: int) -> StockWrite:
    return StockWrite(ListingRef(str(origin_no), "simple"), {str(origin_no): number})


async def basis(options: dict[str, Any], **fields: Any) -> NumbersRead:
    client = FakeClient({"getOriginProduct": script_of(product(options=options, **fields))})
    (read,) = await NaverAdapter(client).read_numbers([OPTIONS])
    return read


async def test_products_without_options_are_written_in_one_call() -> None:
    client = FakeClient({"multiUpdateProducts": script_of(OK)})
    answers = await NaverAdapter(client).write_numbers([simple(1, 4), simple(2, 0)])
    (request,) = client.sent
    assert request.json == {
        "multiProductUpdateRequestVos": [
            {"originProductNo": 1, "multiUpdateTypes": ["STOCK"], "stockQuantity": 4},
            {"originProductNo": 2, "multiUpdateTypes": ["STOCK"], "stockQuantity": 0},
        ]
    }
    assert answers == [
        WriteAnswer(ListingRef("1", "simple"), accepted=True),
        WriteAnswer(ListingRef("2", "simple"), accepted=True),
    ]


async def test_only_zeros_may_be_repeated_at_once() -> None:
    client = FakeClient({"multiUpdateProducts": script_of(OK)})
    await NaverAdapter(client).write_numbers([simple(1, 0), simple(2, 0)])
    await NaverAdapter(client).write_numbers([simple(1, 0), simple(2, 1)])
    assert [request.lowers_only for request in client.sent] == [True, False]


@pytest.mark.parametrize(
    "data",
    [
        {"failProducts": [{"originProductNo": 2, "code": "BAD_REQUEST", "message": "?"}]},
        [
            {"originProductNo": 1, "success": True},
            {"originProductNo": 2, "success": False, "code": "BAD_REQUEST"},
        ],
    ],
)
async def test_a_product_listed_as_failed_is_refused_and_the_others_stand(data: Any) -> None:
    client = FakeClient({"multiUpdateProducts": script_of({"data": data})})
    first, second = await NaverAdapter(client).write_numbers([simple(1, 4), simple(2, 5)])
    assert first.accepted
    assert (second.accepted, second.refusal, second.remote_code) == (
        False,
        "naver.product_refused",
        "BAD_REQUEST",
    )


def test_bare_numbers_under_a_failure_count() -> None:
    assert failed_products({"data": {"failedOriginProductNos": [2]}}) == {"2": ""}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["fail", "originProductNo", "success", "data", "code"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_answer_to_a_multi_update_can_be_looked_through(document: Any) -> None:
    assert all(isinstance(number, str) for number in failed_products(document))


async def test_options_are_written_by_named_rows_with_price_and_usable_as_they_stand() -> None:
    read = await basis(combinations(row(41), row(42, usable=False, price=-300), row(43)), salePrice=15_000)
    client = FakeClient({"updateOptionStock": script_of({"originProductNo": 9})})
    (answered,) = await NaverAdapter(client).write_numbers([StockWrite(OPTIONS, {"9/41": 8, "9/42": 0}, read)])
    (request,) = client.sent
    assert request.path == {"originProductNo": "9"}
    assert request.json == {
        "productSalePrice": {"salePrice": 15_000},
        "optionInfo": {
            "optionCombinations": [
                {"id": 41, "stockQuantity": 8, "price": 500, "usable": True},
                {"id": 42, "stockQuantity": 0, "price": -300, "usable": False},
            ],
            "useStockManagement": True,
        },
    }
    assert answered == WriteAnswer(OPTIONS, accepted=True)


async def test_standard_options_are_written_without_a_price_of_their_own() -> None:
    standards = {
        "optionStandards": [{"id": 51, "optionName1": "청색", "stockQuantity": 4}],
        "useStockManagement": True,
    }
    read = await basis(standards)
    client = FakeClient({"updateOptionStock": script_of({"originProductNo": 9})})
    await NaverAdapter(client).write_numbers([StockWrite(OPTIONS, {"9/51": 0}, read)])
    (request,) = client.sent
    rows = {"optionStandards": [{"id": 51, "stockQuantity": 0, "usable": True}], "useStockManagement": True}
    assert request.json["optionInfo"] == rows
    assert request.lowers_only


@given(
    rows=st.lists(
        st.tuples(st.integers(1, 99_999), st.integers(-5_000, 5_000), st.booleans(), st.integers(0, 99_999_999)),
        min_size=1,
        max_size=6,
        unique_by=lambda entry: entry[0],
    ),
    data=st.data(),
)
async def test_a_write_changes_the_named_numbers_and_nothing_else(
    rows: list[tuple[int, int, bool, int]], data: st.DataObject
) -> None:
    standing = {no: row(no, price=price, usable=usable, stockQuantity=number) for no, price, usable, number in rows}
    chosen = data.draw(st.lists(st.sampled_from(sorted(standing)), min_size=1, unique=True))
    wanted = {f"9/{no}": data.draw(st.integers(0, 99_999_999)) for no in chosen}
    read = await basis(combinations(*standing.values()))
    client = FakeClient({"updateOptionStock": script_of({"originProductNo": 9})})
    await NaverAdapter(client).write_numbers([StockWrite(OPTIONS, wanted, read)])
    sent = {entry["id"]: entry for entry in client.sent[0].json["optionInfo"]["optionCombinations"]}
    assert {f"9/{no}": entry["stockQuantity"] for no, entry in sent.items()} == wanted
    for no, entry in sent.items():
        assert (entry["price"], entry["usable"]) == (standing[no]["price"], standing[no]["usable"])


async def test_what_cannot_be_right_is_refused_here_and_nothing_is_sent() -> None:
    read = await basis(combinations(row(41)))
    client = FakeClient()
    adapter = NaverAdapter(client)
    refused = {
        "naver.cell_unknown": StockWrite(OPTIONS, {"9/41": 1, "9/77": 1}, read),
        "naver.basis_missing": StockWrite(OPTIONS, {"9/41": 1}),
        "naver.number_out_of_range": StockWrite(OPTIONS, {"9/41": 100_000_000}, read),
    }
    for code, write in refused.items():
        assert await adapter.write_numbers([write]) == [WriteAnswer(OPTIONS, accepted=False, refusal=code)]
    assert [entry.refusal for entry in await adapter.write_numbers([StockWrite(OPTIONS, {}, read)])] == [
        "naver.cell_unknown"
    ]
    answers = await adapter.write_numbers([simple(1, -1), StockWrite(SIMPLE, {"2": 3})])
    assert [entry.refusal for entry in answers] == ["naver.number_out_of_range", "naver.cell_unknown"]
    assert client.sent == []


async def test_a_write_refused_here_does_not_hold_back_its_neighbours() -> None:
    client = FakeClient({"multiUpdateProducts": script_of(OK)})
    bad, good = await NaverAdapter(client).write_numbers([simple(1, -1), simple(2, 6)])
    assert (bad.accepted, good.accepted) == (False, True)
    assert [entry["originProductNo"] for entry in client.sent[0].json["multiProductUpdateRequestVos"]] == [2]


@pytest.mark.parametrize("body", [b'{"data": tr', b"<html>", b"\xff"])
async def test_a_success_that_cannot_be_understood_leaves_the_outcome_unknown(body: bytes) -> None:
    def reply(request: Request) -> Response:
        return answer(request, body, odd=True)

    client = FakeClient({"multiUpdateProducts": reply, "updateOptionStock": reply, "changeProductStatus": reply})
    read = await basis(combinations(row(41)))
    with pytest.raises(OutcomeUnknown):
        await NaverAdapter(client).write_numbers([simple(1, 1)])
    with pytest.raises(OutcomeUnknown):
        await NaverAdapter(client).write_numbers([StockWrite(OPTIONS, {"9/41": 1}, read)])
    with pytest.raises(OutcomeUnknown):
        await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=False)


async def test_an_empty_success_is_a_success() -> None:
    def reply(request: Request) -> Response:
        return answer(request, b"", status=204, odd=True)

    (answered,) = await NaverAdapter(FakeClient({"multiUpdateProducts": reply})).write_numbers([simple(1, 1)])
    assert answered.accepted


def selling(status: str, number: int) -> dict[str, Any]:
    return {
        "searchProducts": script_of(search_page([found(1, statusType=status, stockQuantity=number)])),
        "changeProductStatus": script_of(OK),
    }


async def test_suspending_is_one_call_that_may_be_repeated() -> None:
    client = FakeClient({"changeProductStatus": script_of(OK)})
    assert (await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=False)).accepted
    (request,) = client.sent
    assert (request.json, request.path, request.lowers_only) == (
        {"statusType": "SUSPENSION"},
        {"originProductNo": "1"},
        True,
    )


async def test_suspending_what_is_suspended_counts_as_done() -> None:
    client = FakeClient(
        selling("SUSPENSION", 3) | {"changeProductStatus": lambda request: refuse(request, 400, "BAD_REQUEST")}
    )
    assert (await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=False)).accepted


async def test_a_refused_suspension_of_a_product_on_sale_stays_refused() -> None:
    client = FakeClient(
        selling("SALE", 3) | {"changeProductStatus": lambda request: refuse(request, 400, "BAD_REQUEST")}
    )
    with pytest.raises(Rejected):
        await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=False)


async def test_a_suspended_product_goes_back_on_sale_with_the_number_it_kept() -> None:
    client = FakeClient(selling("SUSPENSION", 3))
    assert (await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=True)).accepted
    (request,) = client.asked("changeProductStatus")
    assert (request.json, request.lowers_only) == ({"statusType": "SALE"}, False)


async def test_a_sold_out_product_goes_back_on_sale_with_the_number_standing_there() -> None:
    client = FakeClient(selling("OUTOFSTOCK", 4))
    assert (await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=True)).accepted
    assert client.asked("changeProductStatus")[0].json == {"statusType": "SALE", "stockQuantity": 4}


async def test_a_sold_out_product_with_options_goes_back_on_sale_with_their_sum() -> None:
    read = product(options=combinations(row(41), row(42, stockQuantity=5)), statusType="OUTOFSTOCK")
    client = FakeClient({"getOriginProduct": script_of(read), "changeProductStatus": script_of(OK)})
    assert (await NaverAdapter(client).set_on_sale(OPTIONS, on_sale=True)).accepted
    assert client.asked("changeProductStatus")[0].json == {"statusType": "SALE", "stockQuantity": 8}


@pytest.mark.parametrize(("status", "number", "refusal"), [("OUTOFSTOCK", 0, "naver.nothing_to_sell"), ("SALE", 3, "")])
async def test_nothing_is_sent_where_nothing_can_or_need_be_done(status: str, number: int, refusal: str) -> None:
    client = FakeClient(selling(status, number))
    answered = await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=True)
    assert (answered.accepted, answered.refusal) == (not refusal, refusal)
    assert client.asked("changeProductStatus") == []


async def test_a_product_that_is_gone_is_not_put_on_sale() -> None:
    client = FakeClient({"searchProducts": script_of(search_page([]))})
    answered = await NaverAdapter(client).set_on_sale(SIMPLE, on_sale=True)
    assert (answered.accepted, answered.refusal) == (False, "naver.product_gone")


def test_an_answer_without_end_is_looked_through_only_so_deep() -> None:
    deep: Any = [{"originProductNo": 2, "success": False}]
    for _ in range(50):
        deep = [deep]
    assert failed_products(deep) == {}


def test_a_body_is_composed_only_from_a_read() -> None:
    with pytest.raises(TypeError):
        option_stock_body(StockWrite(OPTIONS, {"9/41": 1}))
