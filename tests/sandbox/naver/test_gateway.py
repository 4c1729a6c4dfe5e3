"""The gateway: paths, budgets, headers, strictness, and what faults do to a call."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import httpx2
import pytest
from tests.sandbox.naver.kit import ORDERS, ORIGIN, Seller
from tests.support.oas import Description

ACCOUNT = ("getSellerAccount", "GET", "/v1/seller/account")
PLAIN = 9000000003


async def test_a_path_nobody_registered_is_not_found_at_the_gateway(seller: Seller) -> None:
    for method, path in (
        ("GET", "/external/v9/nothing"),
        ("GET", "/v1/seller/account"),
        ("GET", "/external/v1/categories"),
        ("DELETE", "/external/v1/seller/account"),
    ):
        answer = await seller.http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "GW.NOT_FOUND")
        assert path in answer.json()["message"]


async def test_every_answer_tells_budget_trace_and_the_time_of_the_sandbox(seller: Seller) -> None:
    answer = await seller.send(*ACCOUNT)
    assert answer.headers["GNCP-GW-RateLimit-Replenish-Rate"] == "2"
    assert answer.headers["GNCP-GW-RateLimit-Burst-Capacity"] == "4"
    assert answer.headers["GNCP-GW-RateLimit-Remaining"] == "3"
    assert answer.headers["GNCP-GW-Trace-ID"].startswith("cr3^")
    assert parsedate_to_datetime(answer.headers["date"]).timestamp() == int(seller.clock.now())


async def test_the_trace_of_an_error_is_the_one_in_the_header(seller: Seller) -> None:
    answer = await seller.http.get("/external/v9/nothing")
    assert answer.json()["traceId"] == answer.headers["GNCP-GW-Trace-ID"]
    assert answer.json()["timestamp"] == seller.ago(0)


async def test_four_calls_pass_at_once_and_two_more_each_second(seller: Seller) -> None:
    await seller.send(*ACCOUNT)
    seller.clock.advance(1000)
    statuses = [(await seller.send(*ACCOUNT, rest_s=0)).status_code for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2
    seller.clock.advance(1)
    statuses = [(await seller.send(*ACCOUNT, rest_s=0)).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


async def test_an_empty_bucket_says_so_and_names_no_time_to_wait(seller: Seller) -> None:
    answers = [await seller.send(*ACCOUNT, rest_s=0) for _ in range(5)]
    assert answers[-1].json()["code"] == "GW.RATE_LIMIT"
    assert answers[-1].headers["GNCP-GW-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answers[-1].headers


async def test_each_operation_has_a_bucket_of_its_own(seller: Seller) -> None:
    for _ in range(5):
        spent = await seller.send(*ACCOUNT, rest_s=0)
    other = await seller.send("listSellerChannels", "GET", "/v1/seller/channels", rest_s=0)
    assert (spent.status_code, other.status_code) == (429, 200)
    assert other.json()[0]["channelType"] == "STOREFARM"


async def test_the_budget_can_be_set(seller: Seller) -> None:
    seller.shop.settings.update({"rate": 1.0, "burst": 1})
    statuses = [(await seller.send(*ACCOUNT, rest_s=0.5)).status_code for _ in range(4)]
    assert statuses == [200, 429, 200, 429]


async def test_long_answers_are_compressed_only_where_that_is_accepted(seller: Seller) -> None:
    token = (await seller.ask_token()).json()["access_token"]
    url = f"/external/v2/products/origin-products/{PLAIN}"
    bodies = []
    for accepted in ("gzip", "identity"):
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": accepted}
        answer = await seller.http.get(url, headers=headers)
        assert answer.headers.get("content-encoding") == ("gzip" if accepted == "gzip" else None)
        bodies.append(answer.json())
    assert bodies[0] == bodies[1]


async def test_a_strict_sandbox_wants_json_to_be_called_json(strict_seller: Seller, seller: Seller) -> None:
    for each, status in ((strict_seller, 400), (seller, 200)):
        headers = {"Authorization": f"Bearer {(await each.ask_token()).json()['access_token']}"}
        answer = await each.http.post("/external/v1/products/search", content=b"{}", headers=headers)
        assert answer.status_code == status


async def test_a_strict_sandbox_refuses_query_names_it_does_not_know(strict_seller: Seller, seller: Seller) -> None:
    for each, status in ((strict_seller, 400), (seller, 200)):
        params = [("lastChangedFrom", each.ago(60)), ("limit", "5")]
        path = f"{ORDERS}/last-changed-statuses"
        answer = await each.send("listLastChangedStatuses", "GET", path, params=params)
        assert answer.status_code == status


async def test_a_body_that_is_no_json_is_refused_in_the_family_s_words(seller: Seller) -> None:
    headers = {"Authorization": f"Bearer {(await seller.ask_token()).json()['access_token']}"}
    product = await seller.http.post("/external/v1/products/search", content=b"{", headers=headers)
    order = await seller.http.post(f"/external{ORDERS}/query", content=b"{", headers=headers)
    assert (product.status_code, product.json()["code"]) == (400, "BAD_REQUEST")
    assert (order.status_code, order.json()["code"]) == (400, "4000")


async def _set_stock(seller: Seller, number: int) -> httpx2.Response:
    item = {"originProductNo": PLAIN, "multiUpdateTypes": ["STOCK"], "stockQuantity": number}
    body = {"multiProductUpdateRequestVos": [item]}
    return await seller.send("multiUpdateProducts", "PATCH", f"{ORIGIN}/multi-update", body=body)


@pytest.mark.parametrize(
    ("rule", "status", "after"),
    [
        ({"kind": "rate_limited", "params": {"retry_after_s": 7}}, 429, 5),
        ({"kind": "error_before", "params": {"status": 503}}, 503, 5),
        ({"kind": "error_after", "params": {"status": 504}}, 504, 1),
    ],
)
async def test_a_fault_answers_in_naver_s_words_and_keeps_or_loses_the_effect(
    seller: Seller, rule: dict[str, object], status: int, after: int
) -> None:
    await _set_stock(seller, 5)
    seller.faults.replace([{**rule, "operation": "multiUpdateProducts", "times": 1}])
    answer = await _set_stock(seller, 1)
    assert answer.status_code == status
    assert answer.json()["code"].startswith("GW.")
    assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)
    assert (await seller.product(PLAIN))["stockQuantity"] == after


async def test_a_stale_read_answers_from_the_past_and_a_write_never_does(seller: Seller) -> None:
    await _set_stock(seller, 5)
    seller.clock.advance(30)
    await _set_stock(seller, 1)
    seller.faults.replace([{"kind": "stale_read", "params": {"age_s": 20}}])
    assert (await seller.product(PLAIN))["stockQuantity"] == 5
    assert (await _set_stock(seller, 2)).json() == {"data": True}
    seller.faults.replace([])
    assert (await seller.product(PLAIN))["stockQuantity"] == 2


async def test_a_reset_after_the_effect_leaves_it_standing(seller: Seller) -> None:
    await _set_stock(seller, 5)
    seller.faults.replace([{"kind": "reset_after", "operation": "multiUpdateProducts"}])
    with pytest.raises(httpx2.ReadError):
        await _set_stock(seller, 1)
    seller.faults.replace([])
    assert (await seller.product(PLAIN))["stockQuantity"] == 1
    assert seller.shop.books()["writes"] == {"multiUpdateProducts": 2}


async def test_an_answer_with_a_name_the_description_does_not_know_would_be_noticed(
    description: Description, seller: Seller
) -> None:
    answer = await seller.send(*ACCOUNT)
    more = httpx2.Response(200, headers=answer.headers, json={**answer.json(), "shopName": "x"})
    description.check("getSellerAccount", answer)
    with pytest.raises(AssertionError, match="shopName"):
        description.check("getSellerAccount", more)
