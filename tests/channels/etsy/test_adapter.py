"""Each capability as calls: what is asked, and what is made of the answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.channels.etsy.support import (
    NOW,
    SHOP_ID,
    FakeClient,
    Reply,
    inventory,
    listing,
    page,
    plain_inventory,
    product,
    receipt,
    replies,
    ring_inventory,
    shipment,
    value,
)

from jangbu.channels.etsy.adapter import EtsyAdapter
from jangbu.kernel.errors import ContractBroken, OutcomeUnknown, Rejected
from jangbu.sdk.client import Request
from jangbu.sdk.records import Dispatch, ListingRef, ListingState, NumbersRead, StockWrite

SILVER, GOLD = "12/200=Silver", "12/200=Gold"
GONE = Reply({"error": "Could not find a listing"}, 404)
NO_RECEIPT = Reply({"error": "Could not find a Shop Receipt"}, 404)


def _ref(listing_id: int) -> ListingRef:
    return ListingRef(str(listing_id), "listing")


class Shop:
    """A far side holding listings: pages by state, batches that fail whole on one unknown id."""

    def __init__(self, *rows: Any) -> None:
        self.rows = {row["listing_id"]: row for row in rows}

    def __call__(self, request: Request) -> Reply:
        match request.operation:
            case "getListingsByShop":
                return self._page(request)
            case "getListingsInventoryByListingIds":
                ids = [int(each) for each in str(request.query["listing_ids"]).split(",")]
                assert len(ids) <= 100
                return GONE if set(ids) - set(self.rows) else page(*(self.rows[each] for each in ids))
            case "getListing":
                row = self.rows.get(int(request.path["listing_id"]))
                return Reply(row | {"inventory": None}) if row else GONE
            case other:
                raise AssertionError(other)

    def _page(self, request: Request) -> Reply:
        rows = [row for row in self.rows.values() if row["state"] == request.query["state"]]
        start, limit = int(str(request.query["offset"])), int(str(request.query["limit"]))
        return page(*(row | {"inventory": None} for row in rows[start : start + limit]), count=len(rows))


# --- shop ---------------------------------------------------------------------------------------------------


async def test_the_shop_read_is_the_one_the_credential_opens() -> None:
    client = FakeClient(
        replies(
            getMe=Reply({"user_id": 812345670, "shop_id": SHOP_ID}),
            getShop=Reply({"shop_id": SHOP_ID, "shop_name": "Sample", "currency_code": "USD"}),
        ),
        remote_shop_id="999",
    )
    profile = await EtsyAdapter(client).read_shop()
    assert client.sent("getShop")[0].path == {"shop_id": str(SHOP_ID)}
    assert profile.remote_id == str(SHOP_ID)


async def test_an_account_without_a_shop_is_told_so() -> None:
    client = FakeClient(replies(getMe=Reply({"user_id": 812345670})))
    with pytest.raises(Rejected) as raised:
        await EtsyAdapter(client).read_shop()
    assert raised.value.code == "etsy.no_shop"


async def test_a_shop_id_that_was_not_given_is_asked_for_once() -> None:
    client = FakeClient(
        replies(getMe=Reply({"user_id": 1, "shop_id": SHOP_ID}), getShopReceipt=Reply(receipt())),
        remote_shop_id="",
    )
    adapter = EtsyAdapter(client)
    await adapter.read_orders(["1", "2"])
    assert len(client.sent("getMe")) == 1
    assert {request.path["shop_id"] for request in client.sent("getShopReceipt")} == {str(SHOP_ID)}


# --- listings -----------------------------------------------------------------------------------------------


async def test_all_listings_but_drafts_are_walked_with_their_offers() -> None:
    states = ["active", "inactive", "sold_out", "expired", "draft"]
    shop = Shop(*(listing(n, plain_inventory(n), state=state) for n, state in enumerate(states, 1)))
    found = [each async for each in EtsyAdapter(FakeClient(shop)).listings()]
    assert [(each.ref.remote_id, each.state) for each in found] == [
        ("1", ListingState.ON_SALE),
        ("2", ListingState.OFF_SALE),
        ("3", ListingState.SOLD_OUT),
        ("4", ListingState.EXPIRED),
    ]
    assert [each.offers[0].quantity for each in found] == [1, 2, 0, 4]


async def test_a_large_shop_costs_two_calls_per_hundred_listings() -> None:
    client = FakeClient(Shop(*(listing(n, plain_inventory(1)) for n in range(1, 251))))
    found = [each async for each in EtsyAdapter(client).listings()]
    assert len({each.ref.remote_id for each in found}) == len(found) == 250
    assert len(client.sent("getListingsInventoryByListingIds")) == 3
    assert len(client.sent("getListingsByShop")) == 3 + 3


async def test_a_listing_without_an_inventory_record_is_shown_without_offers() -> None:
    (found,) = [each async for each in EtsyAdapter(FakeClient(Shop(listing(1, None)))).listings()]
    assert found.offers == ()


async def test_a_listing_that_vanishes_during_the_walk_is_left_out() -> None:
    shop = Shop(*(listing(n, plain_inventory(1)) for n in range(1, 6)))

    def answer(request: Request) -> Reply:
        if request.operation == "getListingsInventoryByListingIds":
            shop.rows.pop(3, None)
        return shop(request)

    found = [each async for each in EtsyAdapter(FakeClient(answer)).listings()]
    assert [each.ref.remote_id for each in found] == ["1", "2", "4", "5"]


async def test_a_listing_that_slips_between_two_pages_is_found_by_walking_again() -> None:
    shop = Shop(*(listing(n, plain_inventory(1)) for n in range(1, 151)))
    pages = 0

    def answer(request: Request) -> Reply:
        nonlocal pages
        reply = shop(request)
        if request.operation == "getListingsByShop" and request.query["state"] == "active":
            pages += 1
            if pages == 1:
                shop.rows[1]["state"] = "inactive"  # the rows behind it move up by one
                shop.rows[151] = listing(151, plain_inventory(1))
        return reply

    found = [each.ref.remote_id async for each in EtsyAdapter(FakeClient(answer)).listings()]
    assert sorted(found, key=int) == [str(n) for n in range(1, 152)]


async def test_a_walk_ends_when_pages_repeat() -> None:
    rows = [listing(n, plain_inventory(1)) for n in range(1, 101)]
    client = FakeClient(lambda _: page(*rows, count=5000))
    found = [each async for each in EtsyAdapter(client).listings()]
    assert len(found) == 100
    assert len(client.requests) < 40


async def test_an_empty_page_before_the_counted_end_does_not_end_the_walk() -> None:
    late = listing(9, plain_inventory(1))

    def answer(request: Request) -> Reply:
        if request.operation != "getListingsByShop":
            return page(late)
        there = (request.query["state"], request.query["offset"]) == ("active", 100)
        return page(late, count=101) if there else page(count=101 if request.query["state"] == "active" else 0)

    found = [each async for each in EtsyAdapter(FakeClient(answer)).listings()]
    assert [each.ref.remote_id for each in found] == ["9"]


async def test_more_listings_than_offsets_reach_are_refused_loudly() -> None:
    def answer(request: Request) -> Reply:
        start = int(str(request.query["offset"]))
        assert start <= 12_000
        return page(*(listing(start + n) for n in range(1, 101)), count=20_000)

    with pytest.raises(Rejected) as raised:
        async for _ in EtsyAdapter(FakeClient(answer))._pages("active"):
            pass
    assert raised.value.code == "etsy.too_many_listings"


# --- numbers ------------------------------------------------------------------------------------------------


async def test_numbers_come_with_state_date_and_document() -> None:
    told = datetime(2026, 9, 21, 12, 0, 7, tzinfo=UTC)
    reply = page(listing(12, ring_inventory(9, 4), state="inactive"))
    reply.at = told
    client = FakeClient(replies(getListingsInventoryByListingIds=reply))
    (read,) = await EtsyAdapter(client).read_numbers([_ref(12)])
    assert (read.ref, read.state, read.remote_at) == (_ref(12), ListingState.OFF_SALE, told)
    assert read.numbers == {SILVER: 9, GOLD: 4}
    assert read.document is not None


async def test_without_a_date_the_hubs_clock_serves() -> None:
    reply = page(listing(12, plain_inventory(1)))
    reply.at = None
    client = FakeClient(replies(getListingsInventoryByListingIds=reply))
    (read,) = await EtsyAdapter(client).read_numbers([_ref(12)])
    assert read.remote_at == NOW


async def test_numbers_are_read_a_hundred_at_a_time() -> None:
    client = FakeClient(Shop(*(listing(n, plain_inventory(1)) for n in range(1, 231))))
    found = await EtsyAdapter(client).read_numbers([_ref(n) for n in (*range(1, 231), 5)])
    assert [each.ref for each in found] == [_ref(n) for n in range(1, 231)]
    assert len(client.requests) == 3


async def test_listings_that_are_gone_are_left_out_and_hide_no_others() -> None:
    client = FakeClient(Shop(*(listing(n, plain_inventory(1)) for n in range(1, 101) if n not in {7, 60})))
    found = await EtsyAdapter(client).read_numbers([_ref(n) for n in range(1, 101)])
    assert {each.ref.remote_id for each in found} == {str(n) for n in range(1, 101)} - {"7", "60"}
    assert len(client.requests) < 32


async def test_a_page_of_the_edge_is_not_taken_for_a_listing_that_is_gone() -> None:
    client = FakeClient(lambda _: Reply(status=404, body=b"<html>"))
    with pytest.raises(ContractBroken):
        await EtsyAdapter(client).read_numbers([_ref(12)])


async def test_a_state_the_batch_does_not_tell_is_asked_for() -> None:
    silent = listing(12, plain_inventory(4))
    del silent["state"]
    client = FakeClient(
        replies(
            getListingsInventoryByListingIds=page(silent),
            getListing=Reply(listing(12, None, state="inactive")),
        )
    )
    (read,) = await EtsyAdapter(client).read_numbers([_ref(12)])
    assert (read.state, read.numbers) == (ListingState.OFF_SALE, {"12": 4})


async def test_a_listing_left_out_of_a_good_answer_is_asked_for_before_it_counts_as_gone() -> None:
    client = FakeClient(
        replies(
            getListingsInventoryByListingIds=page(),
            getListing=[GONE, Reply(listing(13, None, state="draft"))],
        )
    )
    (read,) = await EtsyAdapter(client).read_numbers([_ref(12), _ref(13)])
    assert (read.ref, read.state, read.numbers) == (_ref(13), ListingState.DRAFT, {})


# --- writing ------------------------------------------------------------------------------------------------


async def _basis(stock: Any) -> NumbersRead:
    client = FakeClient(replies(getListingsInventoryByListingIds=page(listing(12, stock))))
    (read,) = await EtsyAdapter(client).read_numbers([_ref(12)])
    return read


async def _write(client: FakeClient, stock: Any, numbers: dict[str, int]) -> Any:
    write = StockWrite(_ref(12), numbers, await _basis(stock))
    (answer,) = await EtsyAdapter(client).write_numbers([write])
    return answer


async def test_a_write_puts_the_whole_inventory_and_reads_its_echo() -> None:
    client = FakeClient(replies(updateListingInventory=Reply(ring_inventory(8, 4))))
    answer = await _write(client, ring_inventory(9, 4), {SILVER: 8, GOLD: 4})
    (request,) = client.requests
    assert request.path == {"listing_id": "12"}
    assert not request.lowers_only
    assert [each["offerings"][0]["quantity"] for each in request.json["products"]] == [8, 8, 4, 4]
    assert answer.accepted
    assert (answer.echo.numbers, answer.echo.state) == ({SILVER: 8, GOLD: 4}, ListingState.ON_SALE)


async def test_the_echo_may_serve_as_the_basis_of_the_next_write() -> None:
    client = FakeClient(replies(updateListingInventory=Reply(plain_inventory(2))))
    answer = await _write(client, plain_inventory(3), {"12": 2})
    again = StockWrite(_ref(12), {"12": 1}, answer.echo)
    await EtsyAdapter(client).write_numbers([again])
    assert client.requests[1].json["products"][0]["offerings"][0]["quantity"] == 1


async def test_the_same_write_twice_sends_the_same_body() -> None:
    client = FakeClient(replies(updateListingInventory=Reply(plain_inventory(2))))
    for _ in range(2):
        await _write(client, plain_inventory(3), {"12": 2})
    assert client.requests[0].json == client.requests[1].json


async def test_a_listing_with_three_properties_is_written_as_such() -> None:
    three = [value(200, "Metal", "Silver"), value(513, "Size", "S"), value(52, "Stone", "Opal")]
    stock = inventory(product(3, *three))
    client = FakeClient(replies(updateListingInventory=Reply(stock)))
    await _write(client, stock, {"12": 2})
    assert client.requests[0].query == {"max_variations_supported": "3"}


async def test_a_write_refused_here_sends_nothing() -> None:
    client = FakeClient(replies())
    with pytest.raises(Rejected):
        await _write(client, ring_inventory(), {SILVER: 1})
    assert client.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"<html>"),
        Reply(body=b'{"products": [{"sku": "cut'),
        Reply({}),
        Reply({"products": []}),
        Reply(ring_inventory()),
        Reply({"error": "Server Error"}, 500),
        Reply(status=504, body=b"<html>"),
    ],
)
async def test_an_answer_that_does_not_tell_leaves_the_outcome_unknown(reply: Reply) -> None:
    with pytest.raises(OutcomeUnknown):
        await _write(FakeClient(replies(updateListingInventory=reply)), plain_inventory(3), {"12": 2})


@pytest.mark.parametrize(
    ("on_sale", "asked", "answered", "lowers"),
    [
        (True, "active", "active", False),
        (False, "inactive", "inactive", True),
        (False, "inactive", "edit", True),
        (False, "inactive", "sold_out", True),
    ],
)
async def test_a_listing_is_switched_by_its_state(on_sale: bool, asked: str, answered: str, lowers: bool) -> None:
    client = FakeClient(replies(updateListing=Reply(listing(12, None, state=answered))))
    answer = await EtsyAdapter(client).set_on_sale(_ref(12), on_sale)
    (request,) = client.requests
    assert request.path == {"shop_id": str(SHOP_ID), "listing_id": "12"}
    assert request.form == {"state": asked}
    assert request.lowers_only is lowers
    assert answer.accepted
    assert answer.echo is not None
    assert answer.echo.numbers == {"12": 5}


async def test_a_switch_of_a_listing_with_variations_shows_no_numbers() -> None:
    client = FakeClient(replies(updateListing=Reply(listing(12, None, has_variations=True))))
    answer = await EtsyAdapter(client).set_on_sale(_ref(12), on_sale=True)
    assert answer.accepted
    assert answer.echo is None


@pytest.mark.parametrize(
    ("on_sale", "answered"), [(True, "inactive"), (True, "sold_out"), (False, "active"), (False, "odd")]
)
async def test_a_switch_answered_with_another_state_is_not_believed(on_sale: bool, answered: str) -> None:
    client = FakeClient(replies(updateListing=Reply(listing(12, None, state=answered))))
    with pytest.raises(OutcomeUnknown) as raised:
        await EtsyAdapter(client).set_on_sale(_ref(12), on_sale)
    assert raised.value.code == "etsy.state_not_taken"


# --- orders -------------------------------------------------------------------------------------------------


async def test_orders_are_read_one_by_one_and_absent_ones_left_out() -> None:
    client = FakeClient(replies(getShopReceipt=[Reply(receipt()), NO_RECEIPT]))
    found = await EtsyAdapter(client).read_orders(["3512009984", "1", "3512009984"])
    assert [order.remote_id for order in found] == ["3512009984"]
    assert [request.query for request in client.requests] == [{"legacy": "false"}] * 2


async def test_an_order_that_cannot_be_read_breaks_the_contract_without_showing_it() -> None:
    client = FakeClient(replies(getShopReceipt=Reply(receipt(receipt_id="Buyer 17"))))
    with pytest.raises(ContractBroken) as raised:
        await EtsyAdapter(client).read_orders(["1"])
    assert "Buyer 17" not in f"{raised.value!r} {dict(raised.value.facts)}"


# --- shipping -----------------------------------------------------------------------------------------------


def _dispatch(number: str = "RB123", carrier: str = "kpost_ems") -> Dispatch:
    shipped_at = datetime(2026, 9, 22, 3, 0, tzinfo=UTC)
    return Dispatch("3512009984", ("1", "2"), carrier, number, shipped_at)


async def _ship(client: FakeClient, dispatch: Dispatch) -> list[tuple[str, bool, str]]:
    answers = await EtsyAdapter(client).ship([dispatch])
    return [(answer.line_id, answer.accepted, answer.refusal) for answer in answers]


async def test_tracking_is_handed_over_after_a_look() -> None:
    shipped = Reply(receipt(status="completed", is_shipped=True, shipments=[shipment("RB123")]))
    client = FakeClient(replies(getShopReceipt=Reply(receipt()), createReceiptShipment=shipped))
    assert await _ship(client, _dispatch()) == [("1", True, ""), ("2", True, "")]
    assert [request.operation for request in client.requests] == [
        "getShopReceipt",
        "createReceiptShipment",
    ]
    assert client.requests[1].json == {
        "tracking_code": "RB123",
        "carrier_name": "korea-post",
        "ship_date": "2026-09-22T03:00:00Z",
    }
    assert client.requests[1].query == {"legacy": "false"}


async def test_tracking_that_is_already_there_is_not_posted_again() -> None:
    client = FakeClient(replies(getShopReceipt=Reply(receipt(shipments=[shipment("rb 123")]))))
    assert await _ship(client, _dispatch()) == [("1", True, ""), ("2", True, "")]
    assert client.sent("createReceiptShipment") == []


async def test_a_receipt_already_marked_is_not_marked_again() -> None:
    client = FakeClient(replies(getShopReceipt=Reply(receipt(is_shipped=True))))
    assert await _ship(client, _dispatch("")) == [("1", True, ""), ("2", True, "")]


@pytest.mark.parametrize(
    ("reply", "dispatch", "refusal"),
    [
        (NO_RECEIPT, _dispatch(), "etsy.order_gone"),
        (Reply(receipt(status="canceled")), _dispatch(), "etsy.order_cancelled"),
        (Reply(receipt(country_iso="IN")), _dispatch(""), "etsy.tracking_required"),
    ],
)
async def test_what_etsy_would_refuse_is_not_sent(reply: Reply, dispatch: Dispatch, refusal: str) -> None:
    client = FakeClient(replies(getShopReceipt=reply))
    assert await _ship(client, dispatch) == [("1", False, refusal), ("2", False, refusal)]
    assert client.sent("createReceiptShipment") == []


async def test_the_shops_country_tells_whether_a_parcel_to_the_us_is_domestic() -> None:
    shipped = Reply(receipt(is_shipped=True))
    client = FakeClient(replies(getShopReceipt=Reply(receipt()), createReceiptShipment=shipped), ship_from_country="KR")
    assert await _ship(client, _dispatch("")) == [("1", True, ""), ("2", True, "")]
    assert client.requests[1].json == {"ship_date": "2026-09-22T03:00:00Z"}


async def test_tracking_etsy_took_but_does_not_show_is_left_to_a_person() -> None:
    client = FakeClient(replies(getShopReceipt=Reply(receipt()), createReceiptShipment=Reply(receipt(is_shipped=True))))
    assert [refusal for *_, refusal in await _ship(client, _dispatch())] == ["etsy.tracking_not_kept"] * 2


@pytest.mark.parametrize("reply", [Reply(body=b"<html>"), Reply({}), Reply({"error": "x"}, 500)])
async def test_a_shipment_whose_answer_does_not_tell_leaves_the_outcome_unknown(reply: Reply) -> None:
    client = FakeClient(replies(getShopReceipt=Reply(receipt()), createReceiptShipment=reply))
    with pytest.raises(OutcomeUnknown):
        await _ship(client, _dispatch())


async def test_a_refusal_of_etsy_comes_through_with_its_code() -> None:
    refused = Reply({"error": "A tracking number is required"}, 400)
    client = FakeClient(replies(getShopReceipt=Reply(receipt()), createReceiptShipment=refused))
    with pytest.raises(Rejected) as raised:
        await _ship(client, _dispatch())
    assert raised.value.code == "etsy.tracking_required"
