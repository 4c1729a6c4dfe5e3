"""Writes of number, price and status, and what they mean for buyers."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from tests.sandbox.naver.kit import ORIGIN, Seller

PLAIN, WITH_OPTIONS = 9000000003, 9000000002


async def _put_options(seller: Seller, body: dict[str, Any], no: int = WITH_OPTIONS) -> httpx2.Response:
    return await seller.send("updateOptionStock", "PUT", f"{ORIGIN}/{no}/option-stock", body=body)


async def _multi(seller: Seller, *items: dict[str, Any]) -> dict[str, Any]:
    body = {"multiProductUpdateRequestVos": list(items)}
    answer = await seller.send("multiUpdateProducts", "PATCH", f"{ORIGIN}/multi-update", body=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def _stock(seller: Seller, number: int, no: int = PLAIN) -> dict[str, Any]:
    return await _multi(seller, {"originProductNo": no, "multiUpdateTypes": ["STOCK"], "stockQuantity": number})


async def _turn(seller: Seller, status: str, no: int = PLAIN, **more: object) -> httpx2.Response:
    path = f"{ORIGIN}/{no}/change-status"
    return await seller.send("changeProductStatus", "PUT", path, body={"statusType": status, **more})


async def _options(seller: Seller, no: int = WITH_OPTIONS) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await seller.product(no))["detailAttribute"]["optionInfo"]["optionCombinations"]
    return rows


async def test_option_rows_not_sent_stay_and_fields_not_sent_fall_to_their_defaults(seller: Seller) -> None:
    before = await _options(seller)
    rows = [{"id": before[0]["id"], "price": 700, "usable": False}]
    info = {"optionCombinations": rows, "useStockManagement": True}
    answer = await _put_options(seller, {"optionInfo": info})
    assert answer.json()["originProductNo"] == WITH_OPTIONS
    changed = await _options(seller)
    assert changed == answer.json()["originProduct"]["detailAttribute"]["optionInfo"]["optionCombinations"]
    assert {k: changed[0][k] for k in ("stockQuantity", "price", "usable")} == {
        "stockQuantity": 0,
        "price": 700,
        "usable": False,
    }
    assert changed[1:] == before[1:]
    rows = [{"id": before[0]["id"], "stockQuantity": 4}]
    await _put_options(seller, {"optionInfo": {"optionCombinations": rows, "useStockManagement": True}})
    assert (await _options(seller))[0] == {**before[0], "stockQuantity": 4, "price": 0, "usable": True}


async def test_names_cannot_change_with_the_stock(seller: Seller) -> None:
    before = await _options(seller)
    row = {**before[0], "optionName1": "다른 이름", "sellerManagerCode": "OTHER"}
    info = {"optionCombinations": [row], "useStockManagement": True}
    assert (await _put_options(seller, {"optionInfo": info})).status_code == 200
    assert await _options(seller) == before


async def test_without_stock_management_the_rows_sent_become_9999(seller: Seller) -> None:
    before = await _options(seller)
    rows = [{"id": before[0]["id"], "stockQuantity": 1}]
    await _put_options(seller, {"optionInfo": {"optionCombinations": rows}})
    assert [row["stockQuantity"] for row in await _options(seller)] == [
        9999,
        *[row["stockQuantity"] for row in before[1:]],
    ]


async def test_a_price_difference_wants_the_sale_price_beside_it_where_the_sandbox_is_strict(
    strict_seller: Seller, seller: Seller
) -> None:
    for each, status in ((strict_seller, 400), (seller, 200)):
        row = {"id": (await _options(each))[0]["id"], "stockQuantity": 1, "price": 0}
        info = {"optionCombinations": [row], "useStockManagement": True}
        assert (await _put_options(each, {"optionInfo": info})).status_code == status
        with_price = {"optionInfo": info, "productSalePrice": {"salePrice": 36000}}
        assert (await _put_options(each, with_price)).status_code == 200


async def test_the_sale_price_sent_along_is_set(seller: Seller) -> None:
    row = {"id": (await _options(seller))[0]["id"], "stockQuantity": 1, "price": -500}
    info = {"optionCombinations": [row], "useStockManagement": True}
    body = {"optionInfo": info, "productSalePrice": {"salePrice": 41000}}
    await _put_options(seller, body)
    product = await seller.product(WITH_OPTIONS)
    assert product["salePrice"] == 41000
    body["productSalePrice"] = {"salePrice": 505}
    assert (await _put_options(seller, body)).status_code == 400
    assert (await seller.product(WITH_OPTIONS))["salePrice"] == 41000


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "stockQuantity": 1},
        {"id": 40000000005, "stockQuantity": -1},
        {"id": 40000000005, "stockQuantity": 100_000_000},
        {"stockQuantity": 1},
    ],
)
async def test_one_bad_option_row_refuses_all_of_them(seller: Seller, row: dict[str, int]) -> None:
    before = await _options(seller)
    rows = [{"id": before[1]["id"], "stockQuantity": 1}, row]
    info = {"optionCombinations": rows, "useStockManagement": True}
    answer = await _put_options(seller, {"optionInfo": info})
    assert answer.status_code == 400
    assert answer.json()["invalidInputs"][0]["name"].startswith("optionInfo.optionCombinations[1]")
    assert await _options(seller) == before


async def test_option_stock_is_refused_for_a_product_without_options(seller: Seller) -> None:
    info = {"optionCombinations": [{"id": 1, "stockQuantity": 1}], "useStockManagement": True}
    assert (await _put_options(seller, {"optionInfo": info}, PLAIN)).status_code == 400
    assert (await _put_options(seller, {"optionInfo": info}, 1)).status_code == 404


async def test_each_item_of_a_multi_update_succeeds_or_fails_alone(seller: Seller) -> None:
    told = await _multi(
        seller,
        {"originProductNo": PLAIN, "multiUpdateTypes": ["STOCK"], "stockQuantity": 2},
        {"originProductNo": WITH_OPTIONS, "multiUpdateTypes": ["STOCK"], "stockQuantity": 2},
        {"originProductNo": 1, "multiUpdateTypes": ["STOCK"], "stockQuantity": 2},
        {
            "originProductNo": 9000000006,
            "multiUpdateTypes": ["SALE_PRICE"],
            "productSalePrice": {"salePrice": 1000},
        },
    )
    assert told["data"] is False
    assert str(WITH_OPTIONS) in told["message"]
    assert str(PLAIN) not in told["message"]
    assert (await seller.product(PLAIN))["stockQuantity"] == 2
    assert (await seller.product(WITH_OPTIONS))["stockQuantity"] != 2
    assert (await seller.product(9000000006))["salePrice"] == 1000


async def test_a_multi_update_without_a_failure_just_says_true(seller: Seller) -> None:
    assert await _stock(seller, 2) == {"data": True}
    discount = {"discountMethod": {"value": 10, "unitType": "PERCENT"}}
    item = {"originProductNo": PLAIN, "multiUpdateTypes": ["IMMEDIATE_DISCOUNT"]}
    assert await _multi(seller, {**item, "immediateDiscountPolicy": discount}) == {"data": True}
    body = {"searchKeywordType": "PRODUCT_NO", "originProductNos": [PLAIN]}
    page = (await seller.send("searchProducts", "POST", "/v1/products/search", body=body)).json()
    (row,) = page["contents"][0]["channelProducts"]
    assert row["discountedPrice"] == row["salePrice"] * 9 // 10
    assert (await seller.product(PLAIN))["customerBenefit"]["immediateDiscountPolicy"] == {
        "discountMethod": {"value": 10.0, "unitType": "PERCENT"}
    }


async def test_zero_takes_a_product_off_sale_and_a_number_brings_it_back(seller: Seller) -> None:
    await _stock(seller, 0)
    assert (await seller.product(PLAIN))["statusType"] == "OUTOFSTOCK"
    assert seller.shop.buy(str(PLAIN), 1) is None
    await _stock(seller, 3)
    assert (await seller.product(PLAIN))["statusType"] == "SALE"
    assert seller.shop.buy(str(PLAIN), 1) is not None
    assert seller.shop.books()["buyers_disappointed"] == 1


async def test_a_raise_may_be_set_to_leave_the_product_out_of_stock(seller: Seller) -> None:
    seller.shop.settings.update({"reopen_on_raise": False})
    await _stock(seller, 0)
    await _stock(seller, 3)
    product = await seller.product(PLAIN)
    assert (product["statusType"], product["stockQuantity"]) == ("OUTOFSTOCK", 3)
    assert seller.shop.buy(str(PLAIN), 1) is None
    assert (await _turn(seller, "SALE")).status_code == 400
    assert (await _turn(seller, "SALE", stockQuantity=3)).json() == {"data": True}
    assert seller.shop.buy(str(PLAIN), 1) is not None


async def test_suspension_keeps_the_number_stops_buyers_and_survives_stock_writes(seller: Seller) -> None:
    await _stock(seller, 5)
    assert (await _turn(seller, "SUSPENSION")).json() == {"data": True}
    assert seller.shop.buy(str(PLAIN), 1) is None
    for number in (0, 4):
        await _stock(seller, number)
        product = await seller.product(PLAIN)
        assert (product["statusType"], product["stockQuantity"]) == ("SUSPENSION", number)
    assert (await _turn(seller, "SALE")).status_code == 200
    assert seller.shop.buy(str(PLAIN), 1) is not None


async def test_out_of_stock_by_hand_sets_the_number_to_zero(seller: Seller) -> None:
    assert (await _turn(seller, "OUTOFSTOCK", WITH_OPTIONS)).status_code == 200
    product = await seller.product(WITH_OPTIONS)
    assert (product["statusType"], product["stockQuantity"]) == ("OUTOFSTOCK", 0)


async def test_a_product_with_options_sells_again_only_once_an_option_has_stock(seller: Seller) -> None:
    seller.shop.settings.update({"reopen_on_raise": False})
    await _turn(seller, "OUTOFSTOCK", WITH_OPTIONS)
    assert (await _turn(seller, "SALE", WITH_OPTIONS, stockQuantity=5)).status_code == 400
    row = {"id": (await _options(seller))[0]["id"], "stockQuantity": 2}
    await _put_options(seller, {"optionInfo": {"optionCombinations": [row], "useStockManagement": True}})
    assert (await _turn(seller, "SALE", WITH_OPTIONS, stockQuantity=5)).status_code == 200
    assert (await seller.product(WITH_OPTIONS))["stockQuantity"] == 2


@pytest.mark.parametrize(
    ("steps", "last"),
    [
        (["SALE"], 400),
        (["SUSPENSION", "SUSPENSION"], 400),
        (["SUSPENSION", "OUTOFSTOCK"], 400),
        (["OUTOFSTOCK", "SALE"], 400),
        (["OUTOFSTOCK", "SUSPENSION"], 200),
        (["SUSPENSION", "SALE"], 200),
    ],
)
async def test_only_the_published_steps_of_status_are_taken(seller: Seller, steps: list[str], last: int) -> None:
    answers = [await _turn(seller, step) for step in steps]
    assert answers[-1].status_code == last
    if last == 400:
        assert answers[-1].json()["invalidInputs"][0]["name"] == "statusType"


async def test_a_multi_update_can_set_number_and_status_together(seller: Seller) -> None:
    await _stock(seller, 0)
    alone = await _multi(seller, {"originProductNo": PLAIN, "multiUpdateTypes": ["PRODUCT_STATUS_SALE"]})
    assert alone["data"] is False
    both = {
        "originProductNo": PLAIN,
        "multiUpdateTypes": ["PRODUCT_STATUS_SALE", "STOCK"],
        "stockQuantity": 2,
    }
    assert await _multi(seller, both) == {"data": True}
    assert (await seller.product(PLAIN))["statusType"] == "SALE"
    suspend = {"originProductNo": PLAIN, "multiUpdateTypes": ["PRODUCT_STATUS_SUSPENSION"]}
    assert await _multi(seller, suspend) == {"data": True}
    assert (await seller.product(PLAIN))["statusType"] == "SUSPENSION"


async def test_an_option_switched_off_cannot_be_bought_while_its_sister_can(seller: Seller) -> None:
    rows = await _options(seller)
    row = {"id": rows[0]["id"], "stockQuantity": 5, "usable": False}
    await _put_options(seller, {"optionInfo": {"optionCombinations": [row], "useStockManagement": True}})
    assert seller.shop.buy(f"{WITH_OPTIONS}:{rows[0]['id']}", 1) is None
    assert seller.shop.buy(f"{WITH_OPTIONS}:{rows[1]['id']}", 1) is not None


async def test_a_sale_between_read_and_write_is_written_over(seller: Seller) -> None:
    await _stock(seller, 5)
    seller.shop.buy(str(PLAIN), 2)
    await _stock(seller, 5)
    assert (await seller.product(PLAIN))["stockQuantity"] == 5
