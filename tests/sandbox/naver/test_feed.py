"""The change feed and the search: bounds, pages, lag; nothing shown before its time, nothing twice."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.naver.kit import ORDERS, Seller

FEED = f"{ORDERS}/last-changed-statuses"
DAY_S = 24 * 3600


def _rows(body: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = body["data"]["lastChangeStatuses"]
    return rows


def _ids(body: dict[str, Any]) -> list[str]:
    return [row["productOrderId"] for row in _rows(body)]


async def test_the_shop_starts_with_paid_lines_not_yet_confirmed(seller: Seller) -> None:
    rows = _rows(await seller.changes(lastChangedFrom=seller.ago(DAY_S - 60)))
    assert len(rows) >= 3
    assert len({row["orderId"] for row in rows}) == 3
    assert {row["lastChangedType"] for row in rows} == {"PAYED"}
    for row in rows:
        line = (await seller.line(row["productOrderId"]))["productOrder"]
        assert (line["productOrderStatus"], line["placeOrderStatus"]) == ("PAYED", "NOT_YET")
        assert seller.goods.owed[_sku(line)] >= line["quantity"]


def _sku(line: dict[str, Any]) -> str:
    return str(line.get("optionManageCode") or line["sellerProductCode"])


async def test_an_empty_window_has_no_data_at_all(seller: Seller) -> None:
    body = await seller.changes(lastChangedFrom=seller.ago(60))
    assert set(body) == {"timestamp", "traceId"}


async def test_the_number_falls_with_the_sale_and_the_feed_tells_it_later_with_its_true_time(
    seller: Seller,
) -> None:
    seller.shop.settings.update({"feed_lag_min_s": 2.0, "feed_lag_max_s": 2.0})
    offer = seller.offer()
    await seller.ask_token()
    sold_at = seller.ago(0)
    seller.shop.buy(offer.offer_id, 1)
    assert seller.number(offer.offer_id) == offer.quantity - 1
    assert "data" not in await seller.changes(lastChangedFrom=seller.ago(60))
    (row,) = _rows(await seller.changes(lastChangedFrom=sold_at))
    assert row["lastChangedDate"] == row["paymentDate"] == sold_at


async def test_a_line_is_unknown_to_every_read_until_the_feed_tells_it(seller: Seller) -> None:
    seller.shop.settings.update({"feed_lag_min_s": 10.0, "feed_lag_max_s": 10.0})
    order = seller.shop.buy(seller.offer().offer_id, 1)
    line = next(row["line"] for row in seller.shop.books()["orders"] if row["id"] == order)
    details = await seller.send("queryProductOrders", "POST", f"{ORDERS}/query", body={"productOrderIds": [line]})
    path = f"/v1/pay-order/seller/orders/{order}/product-order-ids"
    ids = await seller.send("listProductOrderIds", "GET", path)
    assert details.json()["data"] == []
    assert (ids.status_code, ids.json()["code"]) == (400, "100003")
    seller.clock.advance(10)
    assert (await seller.line(line))["order"]["orderId"] == order
    assert (await seller.send("listProductOrderIds", "GET", path)).json()["data"] == [line]


async def test_both_bounds_are_inclusive(seller: Seller) -> None:
    _, line = seller.buy(seller.offer())
    at = _rows(await seller.changes(lastChangedFrom=seller.ago(60)))[0]["lastChangedDate"]
    assert _ids(await seller.changes(lastChangedFrom=at, lastChangedTo=at)) == [line]
    later = at.replace(at[20:23], f"{int(at[20:23]) + 1:03d}") if at[20:23] != "999" else seller.ago(0)
    assert "data" not in await seller.changes(lastChangedFrom=later, lastChangedTo=seller.ago(0))


@pytest.mark.parametrize(
    ("start_s", "end_s", "status"),
    [(DAY_S, 0.0, 200), (DAY_S + 0.001, 0.0, 400), (60, 61, 400), (60, 60, 200), (60, -3600, 200)],
)
async def test_a_window_is_at_most_a_day_and_runs_forward(
    seller: Seller, start_s: float, end_s: float, status: int
) -> None:
    params = [("lastChangedFrom", seller.ago(start_s)), ("lastChangedTo", seller.ago(end_s))]
    answer = await seller.send("listLastChangedStatuses", "GET", FEED, params=params)
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "4000"


async def test_without_an_end_the_window_is_the_day_after_its_start(seller: Seller) -> None:
    start = seller.ago(-60)
    seller.clock.advance(61 + DAY_S)
    _, line = seller.buy(seller.offer())
    assert "data" not in await seller.changes(lastChangedFrom=start)
    assert _ids(await seller.changes(lastChangedFrom=seller.ago(60))) == [line]


async def test_a_plus_left_bare_becomes_a_space_and_is_refused(seller: Seller) -> None:
    bare = f"{FEED}?lastChangedFrom={seller.ago(60)}"
    encoded = bare.replace("+", "%2B")
    answers = [await seller.send("listLastChangedStatuses", "GET", path, rest_s=1) for path in (bare, encoded)]
    assert [answer.status_code for answer in answers] == [400, 200]
    assert answers[0].json()["message"] == "TypeMismatch.request.lastChangedFrom"


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"lastChangedFrom": "yesterday"},
        {"lastChangedFrom": "2026-10-01T00:00:00.000"},
        {"limitCount": "0"},
        {"limitCount": "301"},
        {"lastChangedType": "SHIPPED"},
    ],
)
async def test_a_bad_parameter_of_the_feed_is_code_4000(seller: Seller, params: dict[str, str]) -> None:
    given = {"lastChangedFrom": seller.ago(60), **params} if params else {}
    answer = await seller.send("listLastChangedStatuses", "GET", FEED, params=list(given.items()))
    assert (answer.status_code, answer.json()["code"]) == (400, "4000")


async def test_a_strict_sandbox_takes_only_the_documented_date_form(strict_seller: Seller, seller: Seller) -> None:
    for each, status in ((strict_seller, 400), (seller, 200)):
        answer = await each.send(
            "listLastChangedStatuses", "GET", FEED, params=[("lastChangedFrom", "2026-10-01T00:00:00Z")]
        )
        assert answer.status_code == status


async def test_pages_follow_one_another_in_order_with_nothing_twice_and_nothing_left_out(
    seller: Seller,
) -> None:
    offers = [view for view in seller.shop.offers() if view.quantity >= 2]
    for place, view in enumerate(offers[:7]):
        seller.shop.buy(view.offer_id, 1)
        if place % 2:
            seller.clock.advance(1)
    seller.shop.check_out([(offers[7].offer_id, 1), (offers[8].offer_id, 1)])
    seller.clock.advance(5)
    window = {"lastChangedFrom": seller.ago(60), "lastChangedTo": seller.ago(0)}
    whole = await seller.changes(**window)
    assert len(_ids(whole)) == 9
    assert "more" not in whole["data"]
    seen, more = [], {"moreFrom": window["lastChangedFrom"], "moreSequence": ""}
    while more:
        params = {"lastChangedFrom": more["moreFrom"], "lastChangedTo": window["lastChangedTo"]}
        if more["moreSequence"]:
            params["moreSequence"] = more["moreSequence"]
        page = await seller.changes(**params, limitCount="2")
        assert page["data"]["count"] == len(_rows(page)) <= 2
        seen += _ids(page)
        more = page["data"].get("more")
    assert seen == _ids(whole)
    order = [(row["lastChangedDate"], row["productOrderId"]) for row in _rows(whole)]
    assert order == sorted(order)


async def test_a_line_is_listed_once_by_its_latest_change(seller: Seller) -> None:
    _, line = seller.buy(seller.offer())
    start = seller.ago(3600)
    await seller.dispatch(seller.parcel(line))
    seller.clock.advance(3)
    (row,) = _rows(await seller.changes(lastChangedFrom=start))
    assert (row["lastChangedType"], row["productOrderStatus"]) == ("DISPATCHED", "DELIVERING")
    assert "data" not in await seller.changes(lastChangedFrom=start, lastChangedType="PAYED")
    assert _ids(await seller.changes(lastChangedFrom=start, lastChangedType="DISPATCHED")) == [line]


async def test_a_line_that_changed_again_leaves_the_window_it_stood_in(seller: Seller) -> None:
    _, line = seller.buy(seller.offer())
    window = {"lastChangedFrom": seller.ago(60), "lastChangedTo": seller.ago(0)}
    assert _ids(await seller.changes(**window)) == [line]
    await seller.dispatch(seller.parcel(line))
    seller.clock.advance(3)
    assert "data" not in await seller.changes(**window)
    assert _ids(await seller.changes(lastChangedFrom=window["lastChangedTo"])) == [line]


async def test_until_the_newer_change_is_told_the_older_one_stands(seller: Seller) -> None:
    _, line = seller.buy(seller.offer())
    seller.shop.settings.update({"feed_lag_min_s": 30.0, "feed_lag_max_s": 30.0})
    await seller.dispatch(seller.parcel(line))
    (row,) = _rows(await seller.changes())
    assert row["lastChangedType"] == "PAYED"
    seller.clock.advance(30)
    (row,) = _rows(await seller.changes())
    assert row["lastChangedType"] == "DISPATCHED"


async def test_a_confirmation_makes_no_change_in_the_feed(seller: Seller) -> None:
    _, line = seller.buy(seller.offer())
    before = _rows(await seller.changes())
    await seller.confirm(line)
    seller.clock.advance(3)
    assert _rows(await seller.changes()) == before


async def _search(seller: Seller, *params: tuple[str, str]) -> list[str]:
    given = dict(params)
    asked = [*params, *([] if "from" in given else [("from", seller.ago(3600))])]
    asked += [] if "rangeType" in given else [("rangeType", "PAYED_DATETIME")]
    answer = await seller.send("searchProductOrders", "GET", ORDERS, params=asked)
    assert answer.status_code == 200, answer.text
    return [row["productOrderId"] for row in answer.json()["data"]["contents"]]


async def test_the_search_finds_by_moment_and_state(seller: Seller) -> None:
    _, sent = seller.buy(seller.offer())
    order, cancelled = seller.buy(seller.offer())
    _, open_line = seller.buy(seller.offer())
    await seller.confirm(sent)
    await seller.dispatch(seller.parcel(sent))
    assert seller.shop.cancel(order, None, None, restock=False)
    assert await _search(seller) == [sent, cancelled, open_line]
    assert await _search(seller, ("rangeType", "DISPATCHED_DATETIME")) == [sent]
    assert await _search(seller, ("rangeType", "CLAIM_COMPLETED_DATETIME")) == [cancelled]
    statuses = [("productOrderStatuses", "PAYED"), ("productOrderStatuses", "DELIVERING")]
    assert await _search(seller, *statuses) == [sent, open_line]
    assert await _search(seller, ("claimStatuses", "CANCEL_DONE")) == [cancelled]
    assert await _search(seller, ("placeOrderStatusType", "NOT_YET")) == [open_line]
    assert await _search(seller, ("from", seller.ago(-1))) == []


async def test_the_search_comes_in_pages(seller: Seller) -> None:
    lines = [seller.buy(seller.offer())[1] for _ in range(3)]
    found = []
    for page, more in ((1, True), (2, False)):
        params = [("from", seller.ago(3600)), ("rangeType", "ORDERED_DATETIME"), ("pageSize", "2")]
        answer = await seller.send("searchProductOrders", "GET", ORDERS, params=[*params, ("page", str(page))])
        data = answer.json()["data"]
        assert data["pagination"] == {"page": page, "size": 2, "hasNext": more}
        found += [row["productOrderId"] for row in data["contents"]]
    assert found == lines


@pytest.mark.parametrize(
    "params",
    [
        [("rangeType", "PAYED_DATETIME")],
        [("from", "2026-09-21T00:00:00.000+09:00"), ("rangeType", "SOLD")],
        [("from", "2026-09-21T00:00:00.000+09:00"), ("to", "2026-09-23T00:00:00.000+09:00")],
        [("from", "2026-09-21T00:00:00.000+09:00"), ("pageSize", "301")],
    ],
)
async def test_a_bad_search_is_code_4000(seller: Seller, params: list[tuple[str, str]]) -> None:
    answer = await seller.send("searchProductOrders", "GET", ORDERS, params=params)
    assert (answer.status_code, answer.json()["code"]) == (400, "4000")


async def test_a_strict_sandbox_wants_the_kind_of_moment(strict_seller: Seller, seller: Seller) -> None:
    for each, status in ((strict_seller, 400), (seller, 200)):
        answer = await each.send("searchProductOrders", "GET", ORDERS, params=[("from", each.ago(60))])
        assert answer.status_code == status
