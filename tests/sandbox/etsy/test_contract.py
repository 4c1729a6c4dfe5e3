"""Every answer against the official description."""

import pytest
from tests.sandbox.etsy.house import House, writable
from tests.support import oas
from tests.support.oas import Description

from jangbu.sandbox.etsy.operations import all_operations, find


@pytest.fixture
def spec() -> Description:
    return oas.needed("etsy")


@pytest.fixture
def official(house: House) -> House:
    """Status words as the description spells them."""
    house.set(status_capitalised=False)
    return house


def test_the_table_holds_exactly_the_operations_of_the_description(spec: Description) -> None:
    ours = {
        each.id: (each.method, f"/v3/application{each.path}", set(each.scopes), set(each.query))
        for each in all_operations()
    }
    official = {
        name: (
            each.method,
            each.path,
            {scope for way in each.entry.get("security", []) for scope in way.get("oauth2", [])},
            {parameter["name"] for parameter in each.entry.get("parameters", []) if parameter["in"] == "query"},
        )
        for name, each in spec.operations.items()
    }
    assert ours == official


def test_every_path_finds_its_own_operation() -> None:
    for each in all_operations():
        path = each.path.replace("{language}", "en")
        for name in ("shop_id", "listing_id"):
            path = path.replace(f"{{{name}}}", "7")
        while "{" in path:
            path = path[: path.index("{")] + "7" + path[path.index("}") + 1 :]
        found = find(each.method, f"/v3/application{path}")
        assert found is not None
        assert found[0].id == each.id


@pytest.mark.parametrize(
    ("path", "schema"),
    [
        ("/openapi-ping", "Pong"),
        ("/users/me", "Self"),
        ("{shop}", "Shop"),
        ("{shop}/sections", "ShopSections"),
        ("{shop}/shipping-profiles", "ShopShippingProfiles"),
        ("{shop}/shipping-profiles/223344556677", "ShopShippingProfile"),
        ("{shop}/policies/return", "ShopReturnPolicies"),
        ("{shop}/policies/return/1180033", "ShopReturnPolicy"),
        ("{shop}/readiness-state-definitions", "ShopProcessingProfiles"),
        ("{shop}/readiness-state-definitions/1402336017455", "ShopProcessingProfile"),
        ("{shop}/listings?includes=Inventory,Shop,Shipping", "ShopListingsWithAssociations"),
        ("/listings/{listing}?includes=Shop,Images", "ShopListingWithAssociations"),
        ("/listings/{listing}/inventory?includes=Listing", "ListingInventoryWithAssociations"),
        ("/listings/batch?listing_ids={listing}", "ShopListingsWithAssociations"),
        ("/listings/batch/inventory?listing_ids={listing}", "ShopListingsWithAssociations"),
        ("{shop}/receipts", "ShopReceipts"),
        ("{shop}/receipts/{receipt}", "ShopReceipt"),
        ("{shop}/receipts/{receipt}/transactions", "ShopReceiptTransactions"),
    ],
)
async def test_a_read_answers_as_described(official: House, spec: Description, path: str, schema: str) -> None:
    order = official.buy("MOON-SLV-40")
    whole = path.format(shop=official.shop, listing=official.listing_id("MOON-SLV-40"), receipt=order)
    spec.fits(schema, await official.get(whole))


async def test_a_receipt_carries_every_field_through_its_whole_life(official: House, spec: Description) -> None:
    official.set(processing_share=1.0)
    order = official.buy("MOON-SLV-40", 2)
    path = f"{official.shop}/receipts/{order}"
    for step in ("payment processing", "paid", "partially refunded", "completed"):
        receipt = await official.get(path)
        assert receipt["status"] == step
        spec.fits("ShopReceipt", receipt)
        assert set(receipt) == _fields(spec, "ShopReceipt")
        assert set(receipt["transactions"][0]) == _fields(spec, "ShopReceiptTransaction")
        official.clock.advance(10)
        if step == "paid":
            assert official.etsy.cancel(order, None, 1, restock=False)
        if step == "partially refunded":
            body = {"tracking_code": "T1", "carrier_name": "usps"}
            answer = await official.call("POST", f"{path}/tracking", json=body)
            spec.fits("ShopReceipt", answer.json())


async def test_a_canceled_receipt_answers_as_described(official: House, spec: Description) -> None:
    order = official.buy("NOTE")
    official.etsy.cancel(order, None, None, restock=True)
    receipt = await official.get(f"{official.shop}/receipts/{order}")
    spec.fits("ShopReceipt", receipt)
    assert receipt["status"] == "canceled"


async def test_listing_writes_answer_as_described(official: House, spec: Description) -> None:
    changed = await official.put("MOON-SLV-40", writable(await official.inventory("MOON-SLV-40"), MOON_SLV_40=2))
    spec.fits("ListingInventory", changed.json())
    spec.fits("ShopListing", (await official.patch("NOTE", state="inactive")).json())
    answer = await official.call("PUT", official.shop, data={"announcement": "Closed on Monday"})
    spec.fits("Shop", answer.json())
    assert answer.json()["announcement"] == "Closed on Monday"


async def test_an_error_answers_as_described(official: House, spec: Description) -> None:
    status, body = await official.refusal("GET", "/listings/1")
    assert status == 404
    spec.fits("ErrorSchema", body)


async def test_what_is_not_emulated_says_so_by_name(house: House) -> None:
    status, body = await house.refusal("POST", f"{house.shop}/listings", data={"title": "x"})
    assert (status, body) == (501, {"error": "The sandbox does not emulate createDraftListing yet."})


def _fields(spec: Description, schema: str) -> set[str]:
    return set(spec.document["components"]["schemas"][schema]["properties"])
