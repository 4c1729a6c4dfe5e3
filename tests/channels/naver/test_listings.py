"""Products as listings and numbers: keys, states, paging that ends, and what is read for what."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
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
from jangbu.kernel.errors import ContractBroken
from jangbu.kernel.money import Money
from jangbu.sdk.client import Request, Response
from jangbu.sdk.records import Listing, ListingRef, ListingState, Offer

LATER = datetime(2026, 10, 1, 1, 0, 9, tzinfo=UTC)


async def listings_of(client: FakeClient) -> list[Listing]:
    return [listing async for listing in NaverAdapter(client).listings()]


async def listing_of(read: dict[str, Any], **shown: Any) -> Listing:
    client = FakeClient(
        {"searchProducts": script_of(search_page([found(1, **shown)])), "getOriginProduct": script_of(read)}
    )
    (listing,) = await listings_of(client)
    return listing


async def test_a_product_without_options_is_one_offer_on_one_cell() -> None:
    listing = await listing_of(product())
    assert listing.ref == ListingRef("1", "simple")
    assert (listing.title, listing.state, listing.raw_state) == ("도자기 그릇", ListingState.ON_SALE, "SALE")
    assert listing.offers == (Offer("1", "1", "BOWL", (), Money(12_000, "KRW"), 7, enabled=True),)
    assert listing.owned_stock


async def test_each_combination_is_an_offer_on_a_cell_of_its_own_priced_by_its_difference() -> None:
    listing = await listing_of(product(options=combinations(row(41), row(42, price=-1_000, usable=False))))
    assert listing.ref == ListingRef("1", "options")
    first, second = listing.offers
    assert first == Offer(
        "1/41", "1/41", "BOWL-41", (("색상", "흰색"), ("크기", "41호")), Money(12_500, "KRW"), 3, enabled=True
    )
    assert (second.key, second.price, second.enabled) == ("1/42", Money(11_000, "KRW"), False)


async def test_standard_options_hold_stock_too() -> None:
    options = {
        "standardOptionGroups": [{"groupName": "색상"}, {"groupName": "사이즈"}],
        "optionStandards": [{"id": 51, "optionName1": "청색", "optionName2": "M", "stockQuantity": 4}],
        "useStockManagement": True,
    }
    listing = await listing_of(product(options=options))
    (offer,) = listing.offers
    assert listing.ref.write_kind == "options"
    assert (offer.key, offer.options, offer.quantity) == ("1/51", (("색상", "청색"), ("사이즈", "M")), 4)


async def test_options_without_stock_leave_the_product_one_cell() -> None:
    options = {"optionSimple": [{"id": 61, "groupName": "포장", "name": "선물"}]}
    listing = await listing_of(product(options=options))
    assert listing.ref.write_kind == "simple"
    assert [offer.key for offer in listing.offers] == ["1"]


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("SALE", ListingState.ON_SALE),
        ("SUSPENSION", ListingState.OFF_SALE),
        ("OUTOFSTOCK", ListingState.SOLD_OUT),
        ("WAIT", ListingState.DRAFT),
        ("UNADMISSION", ListingState.DRAFT),
        ("REJECTION", ListingState.DRAFT),
        ("CLOSE", ListingState.EXPIRED),
        ("PROHIBITION", ListingState.UNKNOWN),
    ],
)
async def test_each_status_is_told_in_our_words_and_kept_in_naver_s(status: str, state: ListingState) -> None:
    listing = await listing_of(product(statusType=status))
    assert (listing.state, listing.raw_state) == (state, status)


async def test_a_status_never_seen_is_unknown_and_kept() -> None:
    def read(request: Request) -> Response:
        return answer(request, product(statusType="HIBERNATING", brandNew={"x": 1}), odd=True)

    client = FakeClient({"searchProducts": script_of(search_page([found(1)])), "getOriginProduct": read})
    (listing,) = await listings_of(client)
    assert (listing.state, listing.raw_state) == (ListingState.UNKNOWN, "HIBERNATING")


async def test_an_unusual_product_says_so_in_its_raw_state() -> None:
    options = combinations(row(41), useStockManagement=False)
    listing = await listing_of(product(options=options), channelProductDisplayStatusType="SUSPENSION")
    assert listing.raw_state == "SALE; channelProductDisplayStatusType=SUSPENSION; useStockManagement=false"


@pytest.mark.parametrize(
    ("read", "shown"),
    [
        (product(), {"deliveryAttributeType": "ARRIVAL_GUARANTEE"}),
        (product(options=combinations(row(41, skuYn=True))), {}),
        (
            product(deliveryInfo={"deliveryType": "DELIVERY", "deliveryAttributeType": "ARRIVAL_GUARANTEE"}),
            {},
        ),
    ],
)
async def test_a_number_naver_s_warehouse_owns_is_not_ours(read: dict[str, Any], shown: dict[str, Any]) -> None:
    read["originProduct"].pop("deliveryInfo", None) if shown else None
    client = FakeClient()

    def reply(request: Request) -> Response:
        return answer(request, read, odd=True)

    client.script = {"searchProducts": script_of(search_page([found(1, **shown)])), "getOriginProduct": reply}
    (listing,) = await listings_of(client)
    assert not listing.owned_stock


async def test_an_odd_product_is_shown_without_offers_and_hides_no_other() -> None:
    def read(request: Request) -> Response:
        body = {"originProduct": "?"} if request.path["originProductNo"] == "1" else product()
        return answer(request, body, odd=True)

    client = FakeClient({"searchProducts": script_of(search_page([found(1), found(2)])), "getOriginProduct": read})
    odd, fine = await listings_of(client)
    assert (odd.ref.remote_id, odd.offers, odd.state, odd.owned_stock) == (
        "1",
        (),
        ListingState.UNKNOWN,
        False,
    )
    assert fine.ref.remote_id == "2"


async def test_a_product_deleted_between_search_and_read_is_left_out() -> None:
    client = FakeClient(
        {
            "searchProducts": script_of(search_page([found(1)])),
            "getOriginProduct": lambda request: refuse(request, 404, "NOT_FOUND"),
        }
    )
    assert await listings_of(client) == []


async def test_the_public_address_is_composed_when_the_shop_s_is_known() -> None:
    client = FakeClient(
        {"searchProducts": script_of(search_page([found(1)])), "getOriginProduct": script_of(product())},
        options={"shop_url": "https://smartstore.naver.com/example-store/"},
    )
    (listing,) = await listings_of(client)
    assert listing.url == "https://smartstore.naver.com/example-store/products/1001"


PAGINGS = {
    "by page count": [
        search_page([found(1)], 1, 3),
        search_page([found(2)], 2, 3),
        search_page([found(3)], 3, 3),
    ],
    "empty middle page": [
        search_page([found(1), found(2)], 1, 3),
        search_page([], 2, 3),
        search_page([found(3)], 3, 3),
    ],
    "overlapping pages": [
        search_page([found(1), found(2)], 1, 3),
        search_page([found(2), found(3)], 2, 3),
        search_page([], 3, 3),
    ],
    "a product twice on a page": [search_page([found(1), found(1), found(2), found(3)])],
    "short page and no count": [search_page([found(1), found(2), found(3)], 1, None)],
}


@pytest.mark.parametrize("pages", PAGINGS.values(), ids=PAGINGS.keys())
async def test_the_walk_gives_each_product_once_and_ends(pages: list[dict[str, Any]]) -> None:
    client = FakeClient({"searchProducts": script_of(*pages), "getOriginProduct": script_of(product())})
    assert [listing.ref.remote_id for listing in await listings_of(client)] == ["1", "2", "3"]
    assert len(client.asked("searchProducts")) == len(pages)
    assert [request.json["page"] for request in client.asked("searchProducts")] == list(range(1, len(pages) + 1))


async def test_a_search_that_repeats_its_page_for_ever_is_left() -> None:
    same = search_page([found(1)], 1, 1_000_000)
    client = FakeClient({"searchProducts": script_of(same), "getOriginProduct": script_of(product())})
    assert len(await listings_of(client)) == 1
    assert len(client.asked("searchProducts")) == 2


async def test_the_search_asks_for_all_a_seller_wants_to_see_in_a_stable_order() -> None:
    client = FakeClient({"searchProducts": script_of(search_page([]))})
    await listings_of(client)
    (request,) = client.sent
    assert request.json == {
        "productStatusTypes": ["WAIT", "SALE", "OUTOFSTOCK", "SUSPENSION"],
        "page": 1,
        "size": 500,
        "orderType": "NO",
    }


async def test_numbers_of_products_without_options_come_500_a_call() -> None:
    def search(request: Request) -> Response:
        rows = [found(number, stockQuantity=number % 5) for number in request.json["originProductNos"]]
        return answer(request, search_page(rows), at=LATER)

    client = FakeClient({"searchProducts": search})
    numbers = await NaverAdapter(client).read_numbers([ListingRef(str(no), "simple") for no in range(1, 1_001)])
    assert len(client.sent) == 2
    assert {read.ref.remote_id: read.numbers for read in numbers} == {
        str(no): {str(no): no % 5} for no in range(1, 1_001)
    }
    assert {read.remote_at for read in numbers} == {LATER}


async def test_numbers_of_options_come_by_one_read_each_with_the_document_to_write_back() -> None:
    client = FakeClient({"getOriginProduct": script_of(product(options=combinations(row(41), row(42))), at=LATER)})
    (read,) = await NaverAdapter(client).read_numbers([ListingRef("9", "options")])
    assert read.numbers == {"9/41": 3, "9/42": 3}
    assert (read.state, read.remote_at) == (ListingState.ON_SALE, LATER)
    assert read.document is not None


async def test_a_product_that_is_gone_is_absent() -> None:
    client = FakeClient(
        {
            "searchProducts": script_of(search_page([found(2)])),
            "getOriginProduct": lambda request: refuse(request, 404, "NOT_FOUND"),
        }
    )
    refs = [ListingRef("1", "simple"), ListingRef("2", "simple"), ListingRef("9", "options")]
    assert [read.ref.remote_id for read in await NaverAdapter(client).read_numbers(refs)] == ["2"]


async def test_a_sold_out_product_shows_zero_even_when_the_number_is_left_out() -> None:
    shown = found(1, statusType="OUTOFSTOCK")
    del shown["channelProducts"][0]["stockQuantity"]
    client = FakeClient({"searchProducts": script_of(search_page([shown]))})
    (read,) = await NaverAdapter(client).read_numbers([ListingRef("1", "simple")])
    assert (read.state, read.numbers) == (ListingState.SOLD_OUT, {"1": 0})


async def test_a_missing_number_of_a_product_on_sale_is_never_taken_for_zero() -> None:
    shown = found(1)
    del shown["channelProducts"][0]["stockQuantity"]
    client = FakeClient({"searchProducts": script_of(search_page([shown]))})
    with pytest.raises(ContractBroken):
        await NaverAdapter(client).read_numbers([ListingRef("1", "simple")])


async def test_a_product_shown_in_two_windows_counts_by_its_smartstore_row() -> None:
    shown = found(1, stockQuantity=7)
    other = shown["channelProducts"][0] | {"channelServiceType": "WINDOW", "statusType": "SUSPENSION"}
    shown["channelProducts"].insert(0, other)
    client = FakeClient({"searchProducts": script_of(search_page([shown]))})
    (read,) = await NaverAdapter(client).read_numbers([ListingRef("1", "simple")])
    assert read.state is ListingState.ON_SALE


async def test_without_a_date_the_hub_s_clock_stands_in() -> None:
    client = FakeClient({"searchProducts": script_of(search_page([found(1)]), at=None)}, now=LATER)
    (read,) = await NaverAdapter(client).read_numbers([ListingRef("1", "simple")])
    assert read.remote_at == LATER


async def test_the_shop_is_known_by_its_lasting_id() -> None:
    account = {"accountId": "ncp_a", "accountUid": "ncp_uid", "grade": "03"}
    windows = [
        {"channelNo": 2, "channelType": "WINDOW", "name": "창"},
        {
            "channelNo": 1,
            "channelType": "STOREFARM",
            "name": "장부상점",
            "url": "https://smartstore.naver.com/x",
        },
    ]
    client = FakeClient({"getSellerAccount": script_of(account), "listSellerChannels": script_of(windows)})
    shop = await NaverAdapter(client).read_shop()
    assert (shop.remote_id, shop.name, shop.currency) == ("ncp_uid", "장부상점", "KRW")
    assert shop.url == "https://smartstore.naver.com/x"
    assert shop.extra == {"account_id": "ncp_a", "grade": "03", "channel_no": "1"}


async def test_a_deleted_product_is_absent() -> None:
    client = FakeClient(
        {
            "searchProducts": script_of(search_page([found(1)])),
            "getOriginProduct": script_of(product(statusType="DELETE")),
        }
    )
    assert await listings_of(client) == []
    assert await NaverAdapter(client).read_numbers([ListingRef("1", "options")]) == []


async def test_an_option_row_without_its_id_is_never_guessed() -> None:
    nameless = row(41)
    del nameless["id"]
    client = FakeClient({"getOriginProduct": script_of(product(options=combinations(nameless)))})
    with pytest.raises(ContractBroken):
        await NaverAdapter(client).read_numbers([ListingRef("9", "options")])
