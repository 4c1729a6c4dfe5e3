"""The planner and the books together in random small worlds: nothing is sold twice, and everything gets sold."""

from __future__ import annotations

import pytest
from tests.property.planned_world import World, two_shops

from jangbu.kernel.ids import CellId

QUIET = 25  # rounds without a proposal after which a world counts as at rest


def rush(world: World, steps: int, *, cancels: bool) -> None:
    for _ in range(steps):
        world.tick()
        match world.chance.choice(["buy", "buy", "buy", "poll", "poll", "look", "write", "write", "else"]):
            case "buy":
                world.somebody_buys()
            case "poll":
                world.poll(world.chance.choice(world.shops()))
            case "look":
                world.look(world.chance.choice(sorted(world.listings)))
            case "write":
                world.write(world.chance.choice(world.shops()))
            case _:
                happen = [world.goods_arrive, world.a_shop_goes_dark, *[world.somebody_cancels] * (3 * cancels)]
                if world.chance.random() < 0.3:
                    world.chance.choice(happen)()
        for variant, stock in world.stock.items():
            assert world.owed(variant) <= stock, f"sold twice at step {world.now}"


def least_exposure(world: World, name: str, cell: CellId) -> int:
    """Give what can in truth still be sold there, and was sold there unheard of."""
    listing = world.listings[name]
    row = listing.rows[cell]
    return (row.number if listing.on_sale else 0) + len(row.sold_at) - row.read_sales


def come_to_rest(world: World) -> int:
    """Let nothing happen but the hub's own work; give the rounds until it proposed nothing more."""
    names, still = sorted(world.listings), 0
    world.dark.clear()
    for rounds in range(600):
        world.tick()
        for shop in world.shops():
            world.poll(shop)
        world.look(names[rounds % len(names)])
        before = world.calls
        for shop in world.shops():
            world.write(shop)
        still = still + 1 if world.calls == before else 0
        if still == QUIET and not world.deadline:
            return rounds
    raise AssertionError("the planner never came to rest")


def room_left(world: World) -> list[str]:
    """Name the cells that could show one more piece of what is available and shown nowhere."""
    left = {v: units - world.truly_shown(v) for v, units in world.available.items()}
    return [
        cell.id
        for group in world.groups.values()
        for cell in group.cells
        if world.listings[group.id].rows[cell.id].number < cell.most
        and all(left[variant] >= n for variant, n in cell.units.items())
    ]


@pytest.mark.parametrize("block", range(6))
@pytest.mark.parametrize("kits", [False, True])
def test_the_planner_never_sells_a_unit_twice(block: int, kits: bool) -> None:
    for seed in range(block * 60, block * 60 + 60):
        rush(two_shops(seed, kits=kits, capable=False, lost=0.3), 250, cancels=True)


def test_without_cancellations_no_book_ever_knows_less_than_the_truth() -> None:
    for seed in range(2000, 2060):
        world = two_shops(seed, kits=True, capable=False, lost=0.4)
        for _ in range(40):
            rush(world, 5, cancels=False)
            for group in world.groups.values():
                for cell in group.cells:
                    assert cell.book.exposure >= least_exposure(world, group.id, cell.id), f"seed {seed}"


@pytest.mark.parametrize("block", range(6))
@pytest.mark.parametrize("kits", [False, True])
def test_with_time_every_unit_is_shown_somewhere_and_then_nothing_is_written(block: int, kits: bool) -> None:
    for seed in range(1000 + block * 40, 1000 + block * 40 + 40):
        world = two_shops(seed, kits=kits, capable=True, lost=0.3)
        rush(world, 120, cancels=True)
        world.lost = 0.1
        come_to_rest(world)
        assert room_left(world) == [], f"seed {seed}"


def test_from_nothing_shown_a_quiet_world_is_filled_with_one_write_for_each_listing() -> None:
    for seed in range(60):
        world = two_shops(seed, kits=False, capable=True, lost=0.0)
        come_to_rest(world)
        assert world.calls <= len(world.listings), f"seed {seed}"
