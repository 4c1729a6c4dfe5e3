"""Suggestions for goods without codes: mostly right, never linked by themselves, and better with what was decided."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

import pytest
from tests.catalog.two_hundred import Set, two_hundred

from jangbu.catalog.likely import PARTNERS, Looks, likely, photos_alike
from jangbu.catalog.model import OfferRow, matches
from jangbu.catalog.suggesting import (
    PHOTO_LIKE,
    PHOTO_SAME,
    Experience,
    Page,
    Pair,
    Strength,
    Why,
    learned,
    match_options,
    suggest,
)
from jangbu.catalog.wording import option_tokens, pieces
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.kernel.money import Money

NOTHING = Experience()
NAVER, ETSY = ShopId("naver"), ShopId("etsy")


@pytest.fixture(scope="module")
def goods() -> Set:
    return two_hundred()


def right(found: Pair, goods: Set) -> bool:
    left, other = found.left.listing_id, found.right.listing_id
    return goods.partner.get(left) == other or goods.partner.get(other) == left


def test_of_200_goods_in_two_languages_nine_of_ten_are_suggested_right_first(goods: Set) -> None:
    """Capability: suggestions without codes. The figure itself stands in bench/RESULTS.md."""
    found = [pair for pair in suggest(goods.pages, NOTHING) if right(pair, goods)]
    assert len(found) >= 180


def test_what_is_called_strong_is_right_and_nothing_links_itself(goods: Set) -> None:
    strong = [pair for pair in suggest(goods.pages, NOTHING) if pair.strength is Strength.STRONG]
    assert len(strong) > 100
    assert [pair for pair in strong if not right(pair, goods)] == []
    by_code, doubtful = matches(offer for page in goods.pages for offer in page.offers)
    assert (by_code, doubtful) == ({}, [])  # the only links made without a person are those by certain codes


def test_neither_photographs_nor_words_are_needed_alone(goods: Set) -> None:
    blind = [dataclasses.replace(page, photos=()) for page in goods.pages]
    assert sum(right(pair, goods) for pair in suggest(blind, NOTHING)) >= 150
    mute = [dataclasses.replace(page, title="") for page in goods.pages]
    assert sum(right(pair, goods) for pair in suggest(mute, NOTHING)) >= 120


def test_options_of_right_pairs_are_matched_right(goods: Set) -> None:
    wrong = []
    for pair in suggest(goods.pages, NOTHING):
        for option in pair.options if right(pair, goods) else ():
            words = [option_tokens(value) for _, value in option.left.options]
            others = [option_tokens(value) for _, value in option.right.options]
            known = {frozenset({"mustard", "겨자색"})}
            if not all(any(a == b or (a | b) in known for b in others) for a in words):
                wrong.append((option.left.options, option.right.options))
    assert wrong == []


def offer(shop: ShopId, key: str, *values: str, amount: int = 1000, sku: str = "") -> OfferRow:
    """Make an offer; with a SKU it is linked to it."""
    return OfferRow(
        shop, key, key.partition("/")[0], key, "", "", tuple((f"axis {n}", value) for n, value in enumerate(values)),
        Money(amount, "KRW" if shop == NAVER else "USD"), quantity=1, enabled=True, listing_state="on_sale",
        links={VariantId(sku): 1} if sku else {},
    )  # fmt: skip


def page(shop: ShopId, listing: str, title: str, *offers: OfferRow, photos: tuple[int, ...] = ()) -> Page:
    return Page(shop, listing, title, offers or (offer(shop, listing),), photos)


def test_a_refused_pair_does_not_come_again_and_the_next_best_does() -> None:
    mine = page(NAVER, "1", "달 목걸이 40cm")
    other, next_best = page(ETSY, "7", "Moon necklace 40cm"), page(ETSY, "8", "Silver necklace")
    (first,) = suggest([mine, other, next_best], NOTHING)
    assert first.right.listing_id == "7"
    (second,) = suggest([mine, other, next_best], NOTHING, {frozenset({mine.id, other.id})})
    assert second.right.listing_id == "8"


def test_pages_with_all_offers_linked_or_one_link_in_common_are_not_suggested() -> None:
    mine = page(NAVER, "1", "달 목걸이", offer(NAVER, "1", sku="v1"))
    other = page(ETSY, "7", "Moon necklace", offer(ETSY, "7/a", sku="v1"), offer(ETSY, "7/b"))
    assert suggest([mine, other], NOTHING) == []


def pairs_of(left: Sequence[str], right: Sequence[str]) -> set[tuple[str, str, bool]]:
    here, there = [offer(NAVER, text, text) for text in left], [offer(ETSY, text, text) for text in right]
    found = match_options(here, there, NOTHING)
    return {(pair.left.key, pair.right.key, pair.sure) for pair in found}


def test_options_that_say_different_things_are_not_paired_and_of_two_that_fit_alike_neither_is_sure() -> None:
    assert pairs_of(["red 40cm", "blue 40cm"], ["빨강 40cm", "초록 40cm"]) == {
        ("red 40cm", "빨강 40cm", True), ("blue 40cm", "초록 40cm", False)
    }  # fmt: skip
    assert not any(sure for *_, sure in pairs_of(["wine 40cm", "sand 40cm"], ["자두 40cm", "모래 40cm"]))
    assert not any(sure for *_, sure in pairs_of(["red"], ["red matte", "red glossy"]))
    assert pairs_of(["wine 40cm", "wine 45cm"], ["와인 45cm", "와인 40cm"]) == {
        ("wine 40cm", "와인 40cm", True), ("wine 45cm", "와인 45cm", True)
    }  # fmt: skip


def test_among_many_pages_few_are_compared_closely_and_the_same_photograph_is_always_among_them() -> None:
    chance = random.Random(1)
    photos = [chance.getrandbits(64) for _ in range(600)]
    nearly = [photo ^ sum(1 << bit for bit in chance.sample(range(64), PHOTO_SAME)) for photo in photos]
    here, there = (
        [Looks({"mug"}, {"21cm"}, {"white", "=gift"}, (), (photo,), 5.0) for photo in some] for some in (photos, nearly)
    )
    alike = photos_alike(here, there, PHOTO_LIKE)
    chosen = set(likely(here, there, alike, 0.0))
    assert {(n, n) for n in range(600)} <= chosen
    assert len(chosen) <= 2 * 600 * PARTNERS


def test_what_was_linked_teaches_option_words_and_the_price_ratio() -> None:
    linked = [
        offer(NAVER, "1/a", "겨자색", amount=13000, sku="v1"),
        offer(ETSY, "7/a", "Mustard", amount=1000, sku="v1"),
    ]
    known = learned(linked)
    left = [offer(NAVER, "2/a", "겨자색"), offer(NAVER, "2/b", "남색"), offer(NAVER, "2/c", "빨강")]
    there = [offer(ETSY, "8/b", "Navy"), offer(ETSY, "8/c", "Red"), offer(ETSY, "8/a", "mustard")]
    assert {(p.left.key, p.right.key, p.sure) for p in match_options(left, there, known)} == {
        ("2/a", "8/a", True), ("2/b", "8/b", True), ("2/c", "8/c", True)
    }  # fmt: skip
    assert ("2/a", "8/a", False) in {(p.left.key, p.right.key, p.sure) for p in match_options(left, there, NOTHING)}
    near = page(ETSY, "8", "x", offer(ETSY, "8", amount=2000), photos=(0xFF,))
    far = page(ETSY, "9", "x", offer(ETSY, "9", amount=9000), photos=(0xFF,))
    mine = page(NAVER, "2", "달 목걸이", offer(NAVER, "2", amount=26000), photos=(0,))
    pair = suggest([mine, far, near], known)[0]
    assert (pair.right.listing_id, Why.PRICE in pair.why) == ("8", True)


@pytest.mark.parametrize(
    ("title", "count"),
    [
        ("Brass spoon, set of 3", 3), ("Set of two mugs", 2), ("유기 수저 3개 세트", 3), ("양말 5켤레", 5),
        ("머그컵 x2", 2), ("Moon necklace 40cm", 1), ("달 접시 21cm", 1), ("Stickers 20 pack", 20), ("12인용 상", 1),
        ("2024 달력", 1), ("Art print 20 x 30 cm", 1), ("포스터 30*40", 1), ("Bowl (12 x 6 cm)", 1),
        ("머그컵 3종 택1", 1), ("iPhone X 12 case", 1), ("2x Mug", 2), ("Mug x2, blue", 2),
        ("Box 10cm x 20cm, set of 2", 2),
    ],
)  # fmt: skip
def test_one_here_may_be_three_there(title: str, count: int) -> None:
    assert pieces(title) == count
