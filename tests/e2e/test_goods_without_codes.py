"""Goods without codes become one stock book through the pages: pictures come in, pairs are answered, stock follows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from tests.e2e.test_a_sellers_first_day import connected, send_all
from tests.e2e.test_connect_pages import Seller, a_seller, play

from jangbu.app import operations as ops

PAIRS = "/listings/pairs"


def fields_of(page: str) -> list[tuple[str, str]]:
    """Read the form of the pair shown, with the boxes ticked that were left to the seller."""
    card = page.split('id="pair"', 1)[1].split("</form>", 1)[0]
    fields: list[tuple[str, str]] = []
    for tag in re.findall(r"<input[^>]*>", card):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and name[1] != "csrf":
            fields.append((name[1], value[1]))
    return fields


async def answer(seller: Seller, act: str) -> None:
    assert await send_all(seller, PAIRS, [*fields_of(seller.page), ("act", act)]) == 200


async def same_goods(seller: Seller) -> dict[str, set[str]]:
    """Give, by SKU of ours, the true SKUs of the offers linked to it, known by their titles and options."""
    truth: dict[tuple[str, frozenset[str]], str] = {}
    for good in seller.town.world.goods.goods:
        for variant in good.variants:
            truth[good.title, frozenset(option.value for option in variant.options)] = variant.sku
            truth[good.title_ko, frozenset(option.value_ko for option in variant.options)] = variant.sku
    found: dict[str, set[str]] = {}
    for row in await ops.catalog_offers(seller.town.house):
        values = frozenset(each.partition(": ")[2] for each in row["options"].split(" / ") if each)
        for sku in row["links"]:
            found.setdefault(sku, set()).add(truth[row["title"], values])
    return found


async def pictures_seen(seller: Seller) -> None:
    for _ in range(60):
        if not (await ops.linking_pairs(seller.town.house))["pictures_waiting"]:
            return
        await seller.town.sleep(5)
    raise AssertionError("the pictures were never fetched")


def test_goods_without_codes_are_paired_by_their_pictures_and_answered_one_by_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path, products=20, uncoded=20) as seller:
            await connected(seller)
            await pictures_seen(seller)
            done = await ops.catalog_link_by_sku(seller.town.house, actor="person:owner")
            assert (done["linked"], done["doubtful"]) == (0, 0)
            calls = {name: seller.town.world.emulators[name].books()["calls"] for name in ("etsy", "naver")}
            assert not any("picture" in operation for each in calls.values() for operation in each)

            await seller.open(PAIRS)
            shown = re.search(r'src="(/pictures/[^"]+)"', seller.page)
            assert shown
            picture = await seller.browser.get(shown[1])
            assert (picture.status_code, picture.content[:3]) == (200, b"\xff\xd8\xff")
            answered = 0
            while 'id="pair"' in seller.page:
                await answer(seller, "same")
                answered += 1
                assert answered <= 20
            assert answered == 20
            linked = await same_goods(seller)
            assert len(linked) == len(seller.town.world.goods.physical)
            assert all(len(true) == 1 for true in linked.values()), linked
            assert all(re.fullmatch(r"J-\d{4}", sku) for sku in linked)
            assert not seller.town.world.emulators["etsy"].books()["writes"]

    play(story())


def test_sure_pairs_are_linked_at_once_and_an_answer_can_be_taken_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with a_seller(tmp_path, products=20, uncoded=20) as seller:
            await connected(seller)
            await pictures_seen(seller)
            await seller.open(PAIRS)
            first = (await ops.linking_pairs(seller.town.house, limit=1))["pairs"][0]
            await answer(seller, "different")
            found: dict[str, Any] = await ops.linking_pairs(seller.town.house, limit=100)
            refused = (first["left"]["listing"], first["right"]["listing"])
            assert refused not in {(pair["left"]["listing"], pair["right"]["listing"]) for pair in found["pairs"]}
            await send_all(seller, PAIRS, [("act", "undo")])
            again = await ops.linking_pairs(seller.town.house, limit=100)
            assert again["pairs"][0]["left"] == first["left"]

            await seller.open(f"{PAIRS}/sure")
            ticked = re.findall(r'name="pair" value="([^"]+)" checked', seller.page)
            assert len(ticked) >= 15
            assert await send_all(seller, f"{PAIRS}/sure", [("pair", key) for key in ticked[1:]]) == 200
            linked = await same_goods(seller)
            assert all(len(true) == 1 for true in linked.values())
            left = await ops.linking_pairs(seller.town.house, limit=100)
            assert len(left["pairs"]) == 20 - len(ticked) + 1

            before = len(linked)
            await send_all(seller, PAIRS, [("act", "undo")])
            assert len(await same_goods(seller)) < before

    play(story())
