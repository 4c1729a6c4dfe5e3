"""Walking the receipts feed: nothing is lost while rows change, and every walk ends."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.etsy.fake_feed import START, FakeFeed
from tests.channels.etsy.support import FakeClient, Reply, page, receipt

from jangbu.channels.etsy import feed
from jangbu.channels.etsy.adapter import EtsyAdapter
from jangbu.kernel.errors import ChannelError, ConfigError, ContractBroken, InputError
from jangbu.sdk.client import Request
from jangbu.sdk.records import LineState, RemoteOrder, Sweep

DAY_S = 86_400
_UNHURRIED = settings(deadline=None, max_examples=60)


class _Clock(FakeClient):
    """A client whose clock is the feed's."""

    def __init__(self, fake: FakeFeed, **options: str) -> None:
        super().__init__(fake, **options)
        self._fake = fake

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._fake.now, UTC)


async def _chain(
    fake: FakeFeed, watermark: str, *, deep: bool = False, **options: str
) -> tuple[dict[str, RemoteOrder], str]:
    """Sweep until done, as the hub does; later reads win."""
    adapter = EtsyAdapter(_Clock(fake, **options))
    found: dict[str, RemoteOrder] = {}
    for _ in range(500):
        sweep = await adapter.sweep(watermark, deep=deep)
        assert sweep.complete_to is None
        found |= {order.remote_id: order for order in sweep.orders}
        watermark = sweep.watermark
        if sweep.done:
            return found, watermark
    raise AssertionError("the sweep never ended")


def _versions(found: dict[str, RemoteOrder]) -> dict[str, int]:
    return {name: order.total.amount for name, order in found.items()}


async def _one(fake: FakeFeed, watermark: str = "", **options: str) -> tuple[Sweep, list[Request]]:
    client = _Clock(fake, **options)
    return await EtsyAdapter(client).sweep(watermark), client.requests


# What may happen between two pages: seconds pass, then a row (by its place) changes or a new one comes.
_STEP = st.tuples(st.integers(0, 2), st.sampled_from(["touch", "ship", "new", "nothing"]), st.integers(0, 50))
_FEED = st.fixed_dictionaries(
    {
        "ages": st.lists(st.integers(0, 900), max_size=18),
        "most": st.sampled_from([2, 3, 5, 100]),
        "inclusive": st.booleans(),
        "steps": st.lists(_STEP, max_size=25),
    }
)


def _play(fake: FakeFeed, step: tuple[int, str, int]) -> None:
    wait_s, what, place = step
    fake.now += wait_s
    if what == "new":
        fake.add()
    elif fake.rows and what != "nothing":
        number = place % len(fake.rows) + 1
        fake.touch(number, **({"shipped": True} if what == "ship" else {}))


def _fake(world: dict[str, Any]) -> FakeFeed:
    fake = FakeFeed(most=world["most"], inclusive=world["inclusive"])
    for age_s in world["ages"]:
        fake.add(ago_s=age_s)
    return fake


def _stirred(fake: FakeFeed, steps: list[tuple[int, str, int]]) -> None:
    waiting = list(steps)
    fake.between = lambda feed_: _play(feed_, waiting.pop(0)) if waiting else None


@_UNHURRIED
@given(_FEED)
async def test_the_first_look_finds_every_open_order_while_orders_change(world: dict[str, Any]) -> None:
    fake = _fake(world)
    before = fake.versions()
    _stirred(fake, world["steps"])
    found, _ = await _chain(fake, "")
    got = _versions(found)
    assert {name: version for name, version in before.items() if got.get(name, 0) < version} == {}


@_UNHURRIED
@given(_FEED, st.lists(_STEP, max_size=10))
async def test_a_sweep_finds_every_change_made_before_it_and_the_next_one_the_rest(
    world: dict[str, Any], earlier: list[tuple[int, str, int]]
) -> None:
    fake = _fake(world)
    known, watermark = await _chain(fake, "")
    for step in earlier:
        _play(fake, step)
    before = fake.versions()
    _stirred(fake, world["steps"])
    found, watermark = await _chain(fake, watermark)
    got = _versions(known | found)
    assert {name: version for name, version in before.items() if got.get(name, 0) < version} == {}
    fake.between = None
    again, _ = await _chain(fake, watermark)
    assert _versions(known | found | again) == fake.versions()


@_UNHURRIED
@given(_FEED)
async def test_a_sweep_broken_off_and_taken_up_later_is_complete_when_it_is_done(
    world: dict[str, Any],
) -> None:
    fake = _fake(world)
    _, watermark = await _chain(fake, "")
    for number in list(fake.rows):
        fake.touch(number)
    sweep = await EtsyAdapter(_Clock(fake)).sweep(watermark, deep=True)
    found = {order.remote_id: order for order in sweep.orders}
    fake.now += 1  # a change within the second of the one just read is left to the next sweep's overlap
    for step in world["steps"]:
        _play(fake, step)
    before = fake.versions()
    rest, _ = await _chain(fake, sweep.watermark)
    got = _versions(found | rest)
    assert {name: version for name, version in before.items() if got.get(name, 0) < version} == {}


async def test_hundreds_of_receipts_changed_in_one_second_are_all_read() -> None:
    fake = FakeFeed()
    _, watermark = await _chain(fake, "")
    for _ in range(730):
        fake.add()
    found, _ = await _chain(fake, watermark)
    assert len(found) == 730


async def test_rows_that_leave_a_crowded_second_while_it_is_read_hide_no_others() -> None:
    fake = FakeFeed()
    _, watermark = await _chain(fake, "")
    for _ in range(350):
        fake.add()
    fake.now += 5
    leaving = iter(range(1, 40))

    def leave(feed_: FakeFeed) -> None:
        if (number := next(leaving, None)) is not None:
            feed_.touch(number)

    fake.between = leave
    found, _ = await _chain(fake, watermark)
    assert len(found) == 350


async def test_the_first_look_asks_for_unshipped_receipts_of_sixty_days_then_for_changes() -> None:
    fake = FakeFeed()
    fake.add(ago_s=59 * DAY_S)
    fake.add(ago_s=61 * DAY_S)
    fake.add(ago_s=3 * DAY_S, shipped=True)
    sweep, (first, second) = await _one(fake)
    assert dict(first.query) == {
        "limit": 100,
        "offset": 0,
        "sort_on": "created",
        "sort_order": "asc",
        "legacy": "false",
        "min_created": START - 60 * DAY_S,
        "was_shipped": "false",
    }
    assert second.query["min_last_modified"] == START - 600
    assert [order.remote_id for order in sweep.orders] == ["1"]
    assert sweep.done


async def test_later_sweeps_start_ten_minutes_before_the_last_change_read() -> None:
    fake = FakeFeed()
    _, watermark = await _chain(fake, "")
    fake.now += 5000
    fake.add(ago_s=100)
    _, watermark = await _chain(fake, watermark)
    _, (request,) = await _one(fake, watermark)
    assert dict(request.query) == {
        "limit": 100,
        "offset": 0,
        "sort_on": "updated",
        "sort_order": "asc",
        "legacy": "false",
        "min_last_modified": START + 4900 - 600,
    }


async def test_a_quiet_shop_keeps_its_watermark_and_costs_one_call() -> None:
    fake = FakeFeed()
    _, watermark = await _chain(fake, "")
    fake.now += 90_000
    sweep, requests = await _one(fake, watermark)
    assert (sweep.watermark, sweep.orders, sweep.done, len(requests)) == (watermark, (), True, 1)


async def test_a_time_of_change_in_the_future_does_not_hide_later_changes() -> None:
    fake = FakeFeed()
    _, watermark = await _chain(fake, "")
    fake.add(ago_s=-5 * DAY_S)
    fake.now += 3600
    _, watermark = await _chain(fake, watermark)
    fake.now += 3600
    fake.add()
    found, _ = await _chain(fake, watermark)
    assert set(found) == {"1", "2"}


async def test_the_look_back_is_an_option_of_the_shop() -> None:
    fake = FakeFeed()
    _, (first, _) = await _one(fake, look_back_days="7")
    assert first.query["min_created"] == START - 7 * DAY_S


@pytest.mark.parametrize("days", ["soon", "-3", "0", "1.5"])
async def test_a_look_back_that_is_no_number_of_days_is_refused(days: str) -> None:
    with pytest.raises(ConfigError) as raised:
        await _one(FakeFeed(), look_back_days=days)
    assert raised.value.code == "etsy.look_back_days"


async def test_a_sweep_reads_a_bounded_number_of_pages_and_says_that_more_waits() -> None:
    fake = FakeFeed()
    for age_s in range(1500, 0, -1):
        fake.add(ago_s=age_s)
    sweep, requests = await _one(fake)
    assert (len(requests), sweep.done) == (10, False)
    _, watermark = await _chain(fake, sweep.watermark)
    assert feed.place(watermark).walks == ()


async def test_a_cancellation_that_moves_no_time_is_found_by_a_deep_sweep_alone() -> None:
    fake = FakeFeed()
    shipped = fake.add(ago_s=20 * DAY_S, shipped=True)
    waiting = fake.add(ago_s=10 * DAY_S)
    _, watermark = await _chain(fake, "")
    fake.now += 3600
    fake.quietly(shipped.receipt_id, cancelled=True)
    fake.quietly(waiting.receipt_id, cancelled=True)
    found, watermark = await _chain(fake, watermark)
    assert found == {}
    found, _ = await _chain(fake, watermark, deep=True)
    assert {name: order.lines[0].state for name, order in found.items()} == {
        "1": LineState.CANCELLED,
        "2": LineState.CANCELLED,
    }


async def test_a_deep_sweep_asked_for_again_while_under_way_goes_on_instead_of_starting_anew() -> None:
    fake = FakeFeed(most=1)
    for age_s in range(30, 0, -1):
        fake.add(ago_s=age_s * DAY_S)
    _, watermark = await _chain(fake, "")
    found, _ = await _chain(fake, watermark, deep=True)
    assert len(found) == 30


async def test_a_receipt_that_cannot_be_read_is_named_and_hides_no_other() -> None:
    bad = receipt(receipt_id=7, transactions=[{"quantity": "many"}])
    client = FakeClient(lambda _: page(receipt(receipt_id=6), bad))
    sweep = await EtsyAdapter(client).sweep("")
    assert [order.remote_id for order in sweep.orders] == ["6"]
    assert sweep.missing == ("7",)


async def test_the_date_of_the_first_answer_says_where_changes_begin() -> None:
    told = datetime.fromtimestamp(START + 77, UTC)
    reply = page()
    reply.at = told
    sweep = await EtsyAdapter(FakeClient(lambda _: reply)).sweep("")
    assert feed.place(sweep.watermark).updated == START + 77


async def test_a_feed_that_repeats_its_page_ends_in_a_fault() -> None:
    rows = [receipt(receipt_id=number, updated_timestamp=START) for number in range(1, 101)]
    client = FakeClient(lambda _: page(*rows, count=250))
    with pytest.raises(ContractBroken) as raised:
        await EtsyAdapter(client).sweep(feed.text(feed.Place(START)))
    assert raised.value.code == "etsy.feed_stuck"
    assert len(client.requests) < 10


async def test_a_feed_of_ever_other_rows_in_one_second_ends_in_a_fault() -> None:
    numbers = iter(range(1, 10_000_000))
    client = FakeClient(
        lambda _: page(*(receipt(receipt_id=next(numbers), updated_timestamp=START) for _ in range(100)))
    )

    async def sweep_on() -> None:
        watermark = feed.text(feed.Place(START))
        for _ in range(30):
            watermark = (await EtsyAdapter(client).sweep(watermark)).watermark

    with pytest.raises(ContractBroken) as raised:
        await sweep_on()
    assert raised.value.code == "etsy.feed_stuck"


async def test_pages_in_the_wrong_order_are_walked_by_offset_to_the_end() -> None:
    rows = [receipt(receipt_id=n, updated_timestamp=START + (n * 37) % 101) for n in range(1, 251)]

    def answer(request: Request) -> Reply:
        start = int(str(request.query["offset"]))
        return page(*rows[start : start + 100], count=len(rows))

    sweep = await EtsyAdapter(FakeClient(answer)).sweep(feed.text(feed.Place(START)))
    assert (len(sweep.orders), sweep.done) == (250, True)


async def test_an_empty_page_before_the_counted_end_does_not_end_the_walk() -> None:
    last = receipt(receipt_id=9, updated_timestamp=START)

    def answer(request: Request) -> Reply:
        return page(last, count=101) if request.query["offset"] == 100 else page(count=101)

    sweep = await EtsyAdapter(FakeClient(answer)).sweep(feed.text(feed.Place(START)))
    assert ([order.remote_id for order in sweep.orders], sweep.done) == (["9"], True)


@pytest.mark.parametrize(
    "body", [b"<html>", b"[]", b'{"count": 1}', b'{"results": [{"receipt_id": 1}]}', b'{"results": [5]}']
)
async def test_an_answer_that_is_no_page_breaks_the_contract(body: bytes) -> None:
    with pytest.raises(ChannelError) as raised:
        await EtsyAdapter(FakeClient(lambda _: Reply(body=body))).sweep("")
    assert isinstance(raised.value, ContractBroken)


@pytest.mark.parametrize("watermark", ["17", "{", '{"walks": [{"kind": "odd", "at": 1}]}'])
async def test_a_watermark_that_is_not_ours_is_refused(watermark: str) -> None:
    with pytest.raises(InputError) as raised:
        await EtsyAdapter(FakeClient(lambda _: page())).sweep(watermark)
    assert raised.value.code == "etsy.watermark"


@given(st.integers(0, 2**31), st.lists(st.integers(0, 2**31), max_size=3))
def test_a_watermark_reads_back_as_written(updated: int, moments: list[int]) -> None:
    place = feed.Place(updated, tuple(feed.Walk(feed.Kind.OPEN, at, 3, 4) for at in moments))
    assert feed.place(feed.text(place)) == place
