"""A world: what it holds, how it counts, what it refuses."""

import pytest

from jangbu.sandbox.core.clock import HandClock
from jangbu.sandbox.core.world import World, available


def etsy_world(seed: int = 1) -> World:
    return World(seed=seed, channels=("etsy",), clock=HandClock())


def test_an_unknown_marketplace_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"no emulator for 'ebay' here \(available: etsy, naver"):
        World(channels=("etsy", "ebay"))


def test_ports_follow_the_base() -> None:
    world = World(channels=("etsy",), clock=HandClock(), base_port=9200)
    assert world.ports == {"etsy": 9201}
    assert world.env()["JANGBU_ETSY_API_URL"] == "http://127.0.0.1:9201"


def test_units_sold_beyond_physical_stock_are_oversold() -> None:
    world = etsy_world()
    etsy = world.emulators["etsy"]
    assert world.books()["oversold_total"] == 0
    offer = next(each for each in etsy.offers() if each.sku == "NOTE")
    for _ in range(offer.quantity):
        assert etsy.buy(offer.offer_id, 1)
    assert world.books()["oversold_total"] == 0
    world.goods.physical["NOTE"] -= 2
    assert (world.books()["oversold"], world.books()["oversold_total"]) == ({"NOTE": 2}, 2)


def test_cancelled_units_are_not_sold() -> None:
    world = etsy_world()
    etsy = world.emulators["etsy"]
    offer = next(each for each in etsy.offers() if each.sku == "NOTE")
    orders = [etsy.buy(offer.offer_id, 1) for _ in range(offer.quantity)]
    world.goods.physical["NOTE"] -= 1
    assert world.books()["oversold_total"] == 1
    assert orders[0] is not None
    assert etsy.cancel(orders[0], None, None, restock=False)
    assert world.books()["oversold_total"] == 0


def test_a_failed_restore_leaves_every_marketplace_as_it_was() -> None:
    world = etsy_world()
    etsy = world.emulators["etsy"]
    etsy.buy(etsy.offers()[0].offer_id, 1)
    before = world.books()
    with pytest.raises(ValueError, match="snapshot"):
        world.restore({"seed": 1, "channels": {"etsy": {"state": 5}}})
    assert world.books() == before


def test_by_default_every_installed_marketplace_is_there_with_the_same_goods() -> None:
    world = World(seed=3, clock=HandClock())
    assert tuple(world.emulators) == available()
    for name, emulator in world.emulators.items():
        shown = {each.sku: each.quantity for each in emulator.offers()}
        assert len(shown) >= 8
        assert shown == {sku: world.goods.initial(sku) for sku in shown}
        assert emulator.name == name
        assert {"calls", "fees", "numbers", "orders", "sold", "writes", "buyers_disappointed"} <= set(emulator.books())
