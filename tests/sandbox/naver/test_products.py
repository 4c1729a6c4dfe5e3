"""Reads of products: the list with its filters, the product with its options."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.naver.kit import Seller

PLAIN, WITH_OPTIONS = 9000000003, 9000000002


async def _search(seller: Seller, **body: object) -> dict[str, Any]:
    answer = await seller.send("searchProducts", "POST", "/v1/products/search", body=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def _numbers(page: dict[str, Any]) -> list[int]:
    return [row["originProductNo"] for row in page["contents"]]


async def test_the_list_comes_in_pages_and_says_which_is_the_last(seller: Seller) -> None:
    first = await _search(seller, page=1, size=4, orderType="NO")
    assert (first["totalElements"], first["totalPages"], first["first"], first["last"]) == (
        10,
        3,
        True,
        False,
    )
    pages = [first] + [await _search(seller, page=page, size=4, orderType="NO") for page in (2, 3)]
    assert (pages[2]["first"], pages[2]["last"]) == (False, True)
    numbers = [number for page in pages for number in _numbers(page)]
    assert len(numbers) == len(set(numbers)) == 10
    assert (await _search(seller, page=4, size=4))["contents"] == []


async def test_half_of_the_products_have_options_and_codes_are_the_skus(seller: Seller) -> None:
    skus = set()
    with_options = 0
    for number in _numbers(await _search(seller, size=500)):
        details = (await seller.product(number))["detailAttribute"]
        if "optionInfo" in details:
            with_options += 1
            skus |= {row["sellerManagerCode"] for row in details["optionInfo"]["optionCombinations"]}
        else:
            skus.add(details["sellerCodeInfo"]["sellerManagementCode"])
    assert with_options == 5
    assert skus == set(seller.goods.physical)


async def test_the_list_shows_the_sum_of_the_options_and_no_option(seller: Seller) -> None:
    page = await _search(seller, searchKeywordType="PRODUCT_NO", originProductNos=[WITH_OPTIONS])
    (row,) = page["contents"][0]["channelProducts"]
    product = await seller.product(WITH_OPTIONS)
    options = product["detailAttribute"]["optionInfo"]["optionCombinations"]
    assert row["stockQuantity"] == product["stockQuantity"] == sum(o["stockQuantity"] for o in options)
    assert "optionInfo" not in row


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"searchKeywordType": "CHANNEL_PRODUCT_NO", "channelProductNos": [9100000003]}, [PLAIN]),
        ({"searchKeywordType": "PRODUCT_NO", "originProductNos": [PLAIN, 1]}, [PLAIN]),
        ({"searchKeywordType": "SELLER_CODE", "sellerManagementCode": "AR-EA"}, [PLAIN]),
        ({"searchKeywordType": "SELLER_CODE", "sellerManagementCode": "NOBODY"}, []),
        ({"searchKeywordType": "GROUP_PRODUCT_NO", "groupProductNos": [1]}, []),
        ({"productStatusTypes": ["SUSPENSION", "CLOSE"]}, []),
        ({"periodType": "PROD_REG_DAY", "fromDate": "2099-01-01"}, []),
    ],
)
async def test_the_list_can_be_narrowed(seller: Seller, wanted: dict[str, object], found: list[int]) -> None:
    assert _numbers(await _search(seller, **wanted)) == found


async def test_products_changed_today_are_found_by_the_korean_day(seller: Seller) -> None:
    offer = seller.offer()
    seller.buy(offer)
    day = seller.ago(0)[:10]
    page = await _search(seller, periodType="PROD_MOD_DAY", fromDate=day, toDate=day)
    assert _numbers(page) == [int(offer.offer_id)]


async def test_prices_sort_both_ways(seller: Seller) -> None:
    prices = {}
    for order in ("LOW_PRICE", "HIGH_PRICE"):
        rows = (await _search(seller, orderType=order))["contents"]
        prices[order] = [row["channelProducts"][0]["salePrice"] for row in rows]
    assert prices["LOW_PRICE"] == sorted(prices["LOW_PRICE"]) == prices["HIGH_PRICE"][::-1]


@pytest.mark.parametrize(
    ("body", "name", "kind"),
    [
        ({"size": 501}, "size", "TypeMismatch"),
        ({"page": 0}, "page", "TypeMismatch"),
        ({"productStatusTypes": ["SOLD"]}, "productStatusTypes[0]", "NotValidEnum"),
        ({"fromDate": "2026-10-02", "toDate": "2026-10-01"}, "fromDate", "NotValid"),
    ],
)
async def test_a_bad_filter_is_refused_by_its_name(
    seller: Seller, body: dict[str, object], name: str, kind: str
) -> None:
    answer = await seller.send("searchProducts", "POST", "/v1/products/search", body=body)
    assert answer.status_code == 400
    assert [(each["name"], each["type"]) for each in answer.json()["invalidInputs"]] == [(name, kind)]


async def test_a_product_reads_the_same_by_either_number_and_does_not_repeat_them(seller: Seller) -> None:
    origin = await seller.send("getOriginProduct", "GET", f"/v2/products/origin-products/{WITH_OPTIONS}")
    path = f"/v2/products/channel-products/{WITH_OPTIONS + 100_000_000}"
    channel = await seller.send("getChannelProduct", "GET", path)
    assert origin.json() == channel.json()
    assert str(WITH_OPTIONS) not in str({**origin.json()["originProduct"], "images": None})


@pytest.mark.parametrize("kind", ["origin", "channel"])
async def test_a_product_that_is_not_there_is_not_found_in_the_family_s_words(seller: Seller, kind: str) -> None:
    operation = "getOriginProduct" if kind == "origin" else "getChannelProduct"
    missing = await seller.send(operation, "GET", f"/v2/products/{kind}-products/1")
    assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")
    assert "traceId" not in missing.json()
    wrong = await seller.send(operation, "GET", f"/v2/products/{kind}-products/abc")
    assert (wrong.status_code, wrong.json()["invalidInputs"][0]["type"]) == (400, "TypeMismatch")
