"""What only lenient clients send."""

import pytest
from tests.sandbox.etsy.house import House


async def test_json_on_a_form_endpoint_is_refused_when_strict_and_overlooked_otherwise(
    house: House, lenient: House
) -> None:
    for where, status in ((house, 400), (lenient, 200)):
        path = f"{where.shop}/listings/{where.listing_id('NOTE')}"
        answer = await where.call("PATCH", path, json={"state": "inactive"})
        assert answer.status_code == status
        assert where.on_sale("NOTE")


@pytest.mark.parametrize("path", ["/listings/{note}?legacy=false", "{shop}/receipts?status=paid"])
async def test_unknown_query_names_are_refused_when_strict(house: House, lenient: House, path: str) -> None:
    for where, status in ((house, 400), (lenient, 200)):
        whole = path.format(note=where.listing_id("NOTE"), shop=where.shop)
        assert (await where.call("GET", whole)).status_code == status


async def test_legacy_is_known_where_the_description_has_it(house: House) -> None:
    assert (await house.call("GET", f"{house.shop}/receipts?legacy=false")).status_code == 200


async def test_unknown_form_and_body_names_are_refused_when_strict(house: House, lenient: House) -> None:
    order = {"tracking_code": "1", "carrier_name": "ups", "notify": True}
    for where, status in ((house, 400), (lenient, 200)):
        assert (await where.patch("NOTE", sku="X")).status_code == status
        path = f"{where.shop}/receipts/{where.buy('FAN')}/tracking"
        assert (await where.call("POST", path, json=order)).status_code == status
