"""The whole-listing inventory PUT: what it replaces and what it refuses."""

from typing import Any

import pytest
from tests.sandbox.etsy.house import House, numbers_of, writable

MOON = "MOON-SLV-40"


async def test_a_put_sets_absolute_numbers_and_echoes_the_new_inventory(house: House) -> None:
    before = await house.inventory(MOON)
    answer = await house.put(MOON, writable(before, MOON_SLV_40=3, MOON_GLD_45=0))
    assert answer.status_code == 200
    wanted = {**numbers_of(before), MOON: 3, "MOON-GLD-45": 0}
    assert numbers_of(answer.json()) == numbers_of(await house.inventory(MOON)) == wanted
    assert house.etsy.books()["writes"] == {"updateListingInventory": 1}


async def test_every_put_gives_new_product_and_offering_ids(house: House) -> None:
    before = await house.inventory(MOON)
    after = (await house.put(MOON, writable(before))).json()
    for ids_of in (product_ids, offering_ids):
        assert not ids_of(before) & ids_of(after)
        assert len(ids_of(after)) == len(before["products"])
    assert [each["property_values"] for each in after["products"]] == [
        each["property_values"] for each in before["products"]
    ]


def product_ids(inventory: Any) -> set[int]:
    return {each["product_id"] for each in inventory["products"]}


def offering_ids(inventory: Any) -> set[int]:
    return {each["offerings"][0]["offering_id"] for each in inventory["products"]}


async def test_a_sale_between_get_and_put_is_overwritten(house: House) -> None:
    body = writable(await house.inventory(MOON))
    stale = house.number(MOON)
    house.buy(MOON)
    await house.put(MOON, body)
    assert house.number(MOON) == stale


async def test_combinations_left_out_disappear(house: House) -> None:
    body = writable(await house.inventory(MOON))
    body["products"] = body["products"][:2]
    assert len((await house.put(MOON, body)).json()["products"]) == 2
    with pytest.raises(StopIteration):
        house.offer("MOON-GLD-45")


async def test_offers_keep_their_ids_over_a_put(house: House) -> None:
    before = house.offer(MOON)
    await house.put(MOON, writable(await house.inventory(MOON), MOON_SLV_40=1))
    assert house.offer(MOON) == before
    assert house.etsy.buy(before, 1) is not None


async def test_a_number_shared_by_all_products_falls_for_all(house: House) -> None:
    body = writable(await house.inventory("APRON-S"), APRON_S=4, APRON_L=4)
    body["quantity_on_property"] = []
    assert (await house.put("APRON-S", body)).status_code == 200
    house.buy("APRON-S")
    assert (house.number("APRON-S"), house.number("APRON-L")) == (3, 3)
    listing = await house.get(f"/listings/{house.listing_id('APRON-S')}")
    assert listing["quantity"] == 3


def first_offering(body: Any) -> Any:
    return body["products"][0]["offerings"][0]


async def refused(house: House, body: Any, sku: str = MOON, **params: str) -> str:
    before = await house.inventory(sku)
    answer = await house.put(sku, body, **params)
    assert answer.status_code == 400, answer.text
    assert await house.inventory(sku) == before
    error: str = answer.json()["error"]
    return error


async def test_zero_everywhere_is_refused_in_etsys_words(house: House) -> None:
    body = writable(await house.inventory("NOTE"), NOTE=0)
    assert await refused(house, body, "NOTE") == "One offering must have quantity greater than 0"


async def test_stock_only_in_disabled_offerings_is_no_stock(house: House) -> None:
    body = writable(await house.inventory("NOTE"))
    first_offering(body)["is_enabled"] = False
    assert await refused(house, body, "NOTE") == "One offering must have quantity greater than 0"


async def test_a_thousand_is_too_many(house: House) -> None:
    body = writable(await house.inventory("NOTE"), NOTE=1000)
    assert "cannot be greater than 999" in await refused(house, body, "NOTE")
    assert (await house.put("NOTE", writable(await house.inventory("NOTE"), NOTE=999))).status_code == 200


@pytest.mark.parametrize("missing", ["price", "quantity", "is_enabled", "readiness_state_id"])
async def test_every_offering_needs_all_its_keys(house: House, missing: str) -> None:
    body = writable(await house.inventory("NOTE"))
    del first_offering(body)[missing]
    assert missing in await refused(house, body, "NOTE")


async def test_the_shape_that_was_read_is_not_the_shape_to_write(house: House) -> None:
    inventory = await house.inventory("NOTE")
    for path in ("product_id", "is_deleted"):
        body = writable(inventory)
        body["products"][0][path] = 1
        assert path in await refused(house, body, "NOTE")
    for path in ("offering_id", "is_deleted"):
        body = writable(inventory)
        first_offering(body)[path] = 1
        assert path in await refused(house, body, "NOTE")
    body = writable(await house.inventory(MOON))
    body["products"][0]["property_values"][0]["scale_name"] = None
    assert "scale_name" in await refused(house, body)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("price", {"amount": 1500, "divisor": 100, "currency_code": "USD"}),
        ("price", "15.00"),
        ("price", 0.1),
        ("price", 50_001),
        ("quantity", -1),
        ("quantity", 1.5),
        ("quantity", True),
        ("is_enabled", 1),
        ("readiness_state_id", 5),
        ("readiness_state_id", None),
    ],
)
async def test_a_wrong_value_is_refused_and_named(house: House, name: str, value: object) -> None:
    body = writable(await house.inventory("NOTE"))
    first_offering(body)[name] = value
    assert f"/products/0/offerings/0/{name} :" in await refused(house, body, "NOTE")


async def test_products_that_differ_must_say_by_which_property(house: House) -> None:
    inventory = await house.inventory(MOON)
    for name in ("price_on_property", "quantity_on_property", "sku_on_property"):
        body = {**writable(inventory, MOON_SLV_40=1, MOON_SLV_45=2), name: []}
        assert name in await refused(house, body)


async def test_a_driving_property_must_exist(house: House) -> None:
    body = {**writable(await house.inventory(MOON)), "price_on_property": [513, 514, 200]}
    assert "price_on_property" in await refused(house, body)


async def test_equal_combinations_and_mixed_properties_are_refused(house: House) -> None:
    twice = writable(await house.inventory(MOON))
    twice["products"][1]["property_values"] = twice["products"][0]["property_values"]
    assert "differ" in await refused(house, twice)
    mixed = writable(await house.inventory(MOON))
    mixed["products"][1]["property_values"].pop()
    assert "same properties" in await refused(house, mixed)


async def test_a_third_variation_must_be_asked_for(house: House) -> None:
    body = writable(await house.inventory(MOON))
    third = {
        "property_id": 200,
        "property_name": "Primary color",
        "scale_id": None,
        "value_ids": [1],
        "values": ["Blue"],
    }
    for product in body["products"]:
        product["property_values"].append(third)
    assert await refused(house, body) == (
        "Could not update inventory with unsupported number of variations. "
        "The maximum number of supported variations is 2."
    )
    assert "none, one or all three" in await refused(house, body, max_variations_supported="3")
    body |= {name: [513, 514, 200] for name in ("price_on_property", "quantity_on_property", "sku_on_property")}
    assert (await house.put(MOON, body, max_variations_supported="3")).status_code == 200


async def test_values_take_no_parentheses_and_seventy_at_most(house: House) -> None:
    body = writable(await house.inventory(MOON))
    body["products"][0]["property_values"][0]["values"] = ["Silver (925)"]
    assert "parentheses" in await refused(house, body)
    template = writable(await house.inventory("APRON-S"))
    products = []
    for number in range(71):
        value = {
            **template["products"][0]["property_values"][0],
            "values": [f"No. {number}"],
            "value_ids": [],
        }
        products.append({**template["products"][0], "sku": f"A{number}", "property_values": [value]})
    body = {**template, "products": products, "price_on_property": [513]}
    assert "cannot be more than 70 items" in await refused(house, body, "APRON-S")
    answer = await house.put("APRON-S", {**body, "products": products[:70]})
    assert answer.status_code == 200
    assert all(each["property_values"][0]["value_ids"] for each in answer.json()["products"])


@pytest.mark.parametrize("strict", [True, False])
async def test_a_form_has_no_products(house: House, lenient: House, strict: bool) -> None:
    where = house if strict else lenient
    body = writable(await where.inventory("NOTE"))
    answer = await where.call("PUT", f"/listings/{where.listing_id('NOTE')}/inventory", data={"products": str(body)})
    assert answer.status_code == 400
    if not strict:
        assert answer.json() == {"error": "Missing input parameter: [products]"}


async def test_broken_json_is_refused(house: House) -> None:
    answer = await house.call(
        "PUT",
        f"/listings/{house.listing_id('NOTE')}/inventory",
        content=b'{"products": [',
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 400
