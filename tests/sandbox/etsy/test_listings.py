"""Listings: reading, parking, selling out, coming back, and what that costs."""

import pytest
from tests.sandbox.etsy.house import House, numbers_of, writable


async def test_the_shop_opens_with_at_least_eight_complete_listings(house: House) -> None:
    page = await house.get(f"{house.shop}/listings", limit=100, includes="Inventory")
    assert page["count"] == len(page["results"]) >= 8
    sizes = {len(each["inventory"]["products"][0]["property_values"]) for each in page["results"]}
    assert sizes == {0, 1, 2}
    for each in page["results"]:
        assert each["shipping_profile_id"]
        assert each["return_policy_id"]
        assert each["readiness_state_id"]
        assert each["quantity"] == sum(numbers_of(each["inventory"]).values()) > 0
        assert each["price"]["amount"] == min(
            product["offerings"][0]["price"]["amount"] for product in each["inventory"]["products"]
        )


async def test_numbers_shown_are_physical_stock_less_what_is_owed(house: House) -> None:
    books = house.world.books()
    shown = {row["sku"]: row["quantity"] for row in books["channels"]["etsy"]["numbers"].values()}
    owed = books["channels"]["etsy"]["sold"]
    assert sum(owed.values()) == 4
    assert shown == {sku: units - owed.get(sku, 0) for sku, units in books["physical"].items()}


async def test_paging_walks_every_listing_once(house: House) -> None:
    seen: list[int] = []
    while True:
        page = await house.get(f"{house.shop}/listings", limit=3, offset=len(seen))
        seen += [each["listing_id"] for each in page["results"]]
        if len(seen) >= page["count"]:
            break
    assert len(seen) == len(set(seen)) == page["count"]


@pytest.mark.parametrize("params", [{"limit": 101}, {"limit": 0}, {"offset": 12_001}, {"state": "sold"}])
async def test_limits_of_paging_and_states_are_refused(house: House, params: dict[str, str | int]) -> None:
    answer = await house.call("GET", f"{house.shop}/listings", params=params)
    assert answer.status_code == 400


async def test_one_unknown_id_fails_a_whole_batch(house: House) -> None:
    good = house.listing_id("NOTE")
    for path in ("/listings/batch", "/listings/batch/inventory"):
        assert (await house.get(path, listing_ids=f"{good}"))["count"] == 1
        answer = await house.call("GET", path, params={"listing_ids": f"{good},1"})
        assert answer.status_code == 404


async def test_a_batch_takes_a_hundred_ids_at_most(house: House) -> None:
    ids = ",".join(str(number) for number in range(1, 102))
    assert (await house.call("GET", "/listings/batch/inventory", params={"listing_ids": ids})).status_code == 400


async def test_a_listing_that_sells_out_leaves_the_active_ones(house: House) -> None:
    await house.sell_out("NOTE")
    listing = await house.get(f"/listings/{house.listing_id('NOTE')}")
    assert (listing["state"], listing["quantity"], listing["readiness_state_id"]) == ("sold_out", 0, None)
    active = await house.get(f"{house.shop}/listings", limit=100)
    assert listing["listing_id"] not in [each["listing_id"] for each in active["results"]]
    gone = await house.get(f"{house.shop}/listings", state="sold_out")
    assert [each["listing_id"] for each in gone["results"]] == [listing["listing_id"]]
    assert house.etsy.buy(house.offer("NOTE"), 1) is None
    assert house.etsy.books()["buyers_disappointed"] == 1


async def test_a_listing_with_one_combination_left_stays_active(house: House) -> None:
    await house.sell_out("APRON-S")
    assert (house.number("APRON-S"), house.on_sale("APRON-L")) == (0, True)
    assert house.etsy.buy(house.offer("APRON-S"), 1) is None


async def test_activating_a_sold_out_listing_shows_one_and_costs_a_renewal(house: House) -> None:
    await house.sell_out("NOTE")
    answer = await house.patch("NOTE", state="active")
    assert (answer.json()["state"], answer.json()["quantity"]) == ("active", 1)
    assert house.etsy.books()["fees"]["renewal"] == 1


async def test_an_inactive_listing_keeps_its_number_sells_nothing_and_returns_free(house: House) -> None:
    before = house.number("NOTE")
    parked = await house.patch("NOTE", state="inactive")
    assert (parked.json()["state"], parked.json()["quantity"]) == ("inactive", before)
    assert house.etsy.buy(house.offer("NOTE"), 1) is None
    assert (await house.patch("NOTE", state="active")).json()["quantity"] == before
    assert house.etsy.books()["fees"]["renewal"] == 0
    assert house.etsy.buy(house.offer("NOTE"), 1) is not None


async def test_inventory_of_a_parked_listing_is_written_without_waking_it(house: House) -> None:
    await house.patch("NOTE", state="inactive")
    await house.put("NOTE", writable(await house.inventory("NOTE"), NOTE=2))
    listing = await house.get(f"/listings/{house.listing_id('NOTE')}")
    assert (listing["state"], listing["quantity"]) == ("inactive", 2)


@pytest.mark.parametrize("state", ["sold_out", "draft", "actve"])
async def test_other_states_cannot_be_written(house: House, state: str) -> None:
    assert (await house.patch("NOTE", state=state)).status_code == 400
    assert house.on_sale("NOTE")


async def test_price_and_quantity_are_silently_ignored_by_update_listing(house: House) -> None:
    before = await house.get(f"/listings/{house.listing_id('NOTE')}")
    answer = await house.patch("NOTE", price="1.00", quantity="99", title="Notebook, stitched by hand")
    assert (answer.status_code, answer.json()["title"]) == (200, "Notebook, stitched by hand")
    assert (answer.json()["price"], answer.json()["quantity"]) == (before["price"], before["quantity"])


async def test_lists_in_forms_are_joined_with_commas(house: House) -> None:
    answer = await house.patch("NOTE", tags="paper,stitched", should_auto_renew="false")
    assert (answer.json()["tags"], answer.json()["should_auto_renew"]) == (["paper", "stitched"], False)


async def test_an_empty_title_is_refused_with_the_array_shape(house: House) -> None:
    answer = await house.patch("NOTE", title=" ")
    assert (answer.status_code, answer.json()[0]["path"]) == (400, "/title")


async def test_a_known_field_not_emulated_is_refused_by_name(house: House) -> None:
    answer = await house.patch("NOTE", taxonomy_id="5", title="Other")
    assert answer.status_code == 501
    assert "taxonomy_id" in answer.json()["error"]
    assert (await house.get(f"/listings/{house.listing_id('NOTE')}"))["title"] == "Stitched notebook"


async def test_a_sale_with_stock_left_renews_by_itself(house: House) -> None:
    house.buy("APRON-S")
    assert house.etsy.books()["fees"] == {"renewal": 0, "renew_sold_auto": 1}
