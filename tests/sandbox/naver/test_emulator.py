"""The emulator as world and control see it: repeatable from its seed, saved and put back, kept in books."""

from __future__ import annotations

import json

import pytest
from tests.sandbox.naver.kit import Seller

from jangbu.sandbox.core.clock import HandClock
from jangbu.sandbox.core.world import World
from jangbu.sandbox.naver.state import Timeline


def _some_business(seller: Seller) -> None:
    for place, view in enumerate(seller.shop.offers()):
        order = seller.shop.buy(view.offer_id, 1)
        seller.clock.advance(1.5)
        if order and place % 3 == 0:
            seller.shop.cancel(order, None, None, restock=True)
    seller.clock.advance(5)


def test_equal_seeds_and_calls_give_equal_books_and_other_seeds_others() -> None:
    first, second, other = (Seller(seed=seed, unpaid=0.3) for seed in (5, 5, 6))
    for seller in (first, second, other):
        _some_business(seller)
    assert first.shop.books() == second.shop.books()
    assert first.shop.snapshot() == second.shop.snapshot()
    assert first.shop.env() == second.shop.env()
    assert first.shop.books() != other.shop.books()
    assert first.shop.env() != other.shop.env()


def test_the_environment_is_scheme_and_host_with_the_credentials() -> None:
    env = Seller().shop.env()
    assert set(env) == {"JANGBU_NAVER_API_URL", "NAVER_CLIENT_ID", "NAVER_CLIENT_SECRET"}
    assert env["JANGBU_NAVER_API_URL"] == "http://127.0.0.1:9102"


def test_the_first_numbers_are_the_physical_stock_less_what_is_owed_anywhere() -> None:
    seller = Seller()
    shown = {view.sku: view.quantity for view in seller.shop.offers()}
    assert shown == {sku: seller.goods.initial(sku) for sku in seller.goods.physical}
    assert all(view.on_sale for view in seller.shop.offers())


def test_seeded_orders_count_as_sold_in_the_books() -> None:
    seller = Seller()
    owed = {sku: quantity for order in seller.goods.orders_of("naver") for sku, quantity in order}
    assert seller.shop.books()["sold"] == owed


def test_a_snapshot_survives_json_and_puts_everything_back_even_what_is_still_to_happen() -> None:
    seller = Seller(unpaid=0.5)
    _some_business(seller)
    order = seller.shop.buy(seller.offer().offer_id, 1)
    assert order is not None
    seller.shop.cancel(order, None, None, restock=True)
    saved = json.loads(json.dumps(seller.shop.snapshot()))
    seller.clock.advance(100)
    after = seller.shop.books()
    _some_business(seller)
    assert seller.shop.books()["orders"] != after["orders"]
    seller.shop.restore(saved)
    again = seller.shop.books()
    for part in ("orders", "sold", "numbers", "buyers_disappointed"):
        assert again[part] == after[part]


async def test_a_token_survives_a_snapshot(seller: Seller) -> None:
    await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    saved = json.loads(json.dumps(seller.shop.snapshot()))
    seller.shop.reset()
    assert (await seller.send("getSellerAccount", "GET", "/v1/seller/account")).status_code == 401
    seller.shop.restore(saved)
    assert (await seller.send("getSellerAccount", "GET", "/v1/seller/account")).status_code == 200


def test_what_is_no_snapshot_is_refused_and_changes_nothing() -> None:
    seller = Seller()
    before = seller.shop.snapshot()
    for wrong in ({}, {"state": {}, "settings": {"nonsense": 1}}, {"state": {"lines": 3}, "settings": {}}):
        with pytest.raises(ValueError):  # noqa: PT011 (its words are for people)
            seller.shop.restore(wrong)
    assert seller.shop.snapshot() == before


async def test_a_reset_brings_back_the_first_day_settings_and_counts(seller: Seller) -> None:
    first = seller.shop.books()["numbers"]
    seller.buy(seller.offer())
    await seller.product(9000000003)
    seller.shop.settings.update({"rate": 9.0})
    seller.shop.reset()
    books = seller.shop.books()
    assert books["numbers"] == first
    assert books["calls"]["total"] == 0
    assert len(books["orders"]) == 4
    assert seller.shop.settings.number("rate") == 2


async def test_the_books_count_calls_by_operation_and_status_and_writes_that_took_effect(
    seller: Seller,
) -> None:
    _, line = seller.buy(seller.offer())
    await seller.confirm(line)
    await seller.send("getOriginProduct", "GET", "/v2/products/origin-products/1")
    books = seller.shop.books()
    assert books["calls"] == {
        "total": 3,
        "by_operation": {"issueToken": 1, "confirmProductOrders": 1, "getOriginProduct": 1},
        "by_status": {"200": 2, "404": 1},
    }
    assert books["writes"] == {"confirmProductOrders": 1}


def test_the_world_finds_the_emulator_and_counts_what_it_oversells() -> None:
    clock = HandClock()
    world = World(seed=3, channels=["naver"], clock=clock)
    shop = world.emulators["naver"]
    shop.settings.update({"unpaid_share": 0.0})
    view = next(each for each in shop.offers() if ":" not in each.offer_id)
    assert shop.buy(view.offer_id, view.quantity) is not None
    assert world.books()["oversold_total"] == 0
    assert shop.buy(view.offer_id, 1) is None
    assert world.books()["channels"]["naver"]["buyers_disappointed"] == 1


def test_a_busy_past_is_shortened_from_its_far_end() -> None:
    past: Timeline[int] = Timeline()
    for ms in range(1000):
        past.put(ms, ms)
    assert len(past.versions) < 1000
    assert past.latest == past.at(5000) == 999
    assert past.at(990) == 990
    assert past.at(1) == past.versions[0][1]
    assert past.at(-1) is None
