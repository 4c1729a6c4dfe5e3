"""The goods of a seed."""

import pytest

from jangbu.sandbox.core.goods import seeded_goods


@pytest.mark.parametrize("seed", range(20))
def test_goods_suffice_for_every_marketplace(seed: int) -> None:
    goods = seeded_goods(seed, ("etsy", "naver"))
    assert len(goods.goods) >= 8
    assert len(goods.variants) == sum(len(good.variants) for good in goods.goods) >= 14
    assert {len(good.variants[0].options) for good in goods.goods} == {0, 1, 2}
    assert sum(bool(good.variants[0].options) for good in goods.goods) >= 4
    assert all(3 <= units <= 14 for units in goods.physical.values())
    assert all(variant.title_ko and variant.title for variant in goods.goods)
    assert len(goods.orders_of("etsy")) == len(goods.orders_of("naver")) == 3


@pytest.mark.parametrize("seed", range(20))
def test_something_is_left_to_sell_after_all_that_is_owed(seed: int) -> None:
    goods = seeded_goods(seed, ("etsy", "naver", "shopify", "amazon"))
    assert sum(goods.owed.values()) == 4 * 4 + 1
    assert all(goods.initial(sku) == goods.physical[sku] - goods.owed[sku] > 0 for sku in goods.physical)


def test_only_channels_that_are_there_owe_anything() -> None:
    both, etsy = seeded_goods(1, ("etsy", "naver")), seeded_goods(1, ("etsy",))
    assert both.orders_of("etsy") == etsy.orders_of("etsy")
    assert etsy.orders_of("naver") == ()
    assert sum(etsy.owed.values()) < sum(both.owed.values())


def test_goods_depend_on_the_seed_alone() -> None:
    assert seeded_goods(4, ("etsy",)).goods == seeded_goods(4, ("etsy",)).goods
    assert seeded_goods(4, ("etsy",)).physical != seeded_goods(5, ("etsy",)).physical
