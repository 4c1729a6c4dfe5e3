from __future__ import annotations

import pytest
from tests.intake.feed import Post, placed
from tests.orders.desk import CANCELLED, open_desk
from tests.shops.samples import NOW

from jangbu.infra.db import Database
from jangbu.intake.poller import ATTEMPTS_MAX
from jangbu.kernel.errors import ContractBroken, ReauthRequired, Rejected, Transient


@pytest.fixture
def post(database: Database) -> Post:
    return Post(open_desk(database))


async def test_hinted_orders_are_read_in_one_call_and_taken_in(post: Post) -> None:
    post.feed.orders = {name: placed(name) for name in ("a", "b")}
    post.deliver("d1", "a"), post.deliver("d2", "b"), post.deliver("d3", "a")
    assert await post.poller.follow_hints() == 3
    assert (post.feed.fetched, post.known()) == ([["a", "b"]], ["a", "b"])
    assert {d.state for d in post.deliveries().values()} == {"done"}
    assert await post.poller.follow_hints() == 0
    assert len(post.feed.fetched) == 1, "what was followed is not followed again"


async def test_an_order_that_is_not_there_yet_is_looked_for_again_after_longer_and_longer_rests(post: Post) -> None:
    post.deliver("d1", "a")
    await post.poller.follow_hints()
    rests: list[int] = []
    for tries in range(1, 5):
        rests.append(0)
        while len(post.feed.fetched) == tries:
            post.clock.tick(1)
            rests[-1] += 1
            await post.poller.follow_hints()
    assert rests == sorted(rests)
    assert rests[-1] > rests[0]
    post.feed.orders["a"] = placed("a")
    post.clock.tick(600)
    assert await post.poller.follow_hints() == 1
    assert post.deliveries()["d1"].state == "done"


async def test_a_hint_that_leads_nowhere_is_given_up_in_the_end_and_says_so(post: Post) -> None:
    post.deliver("d1", "a")
    for attempt in range(1, ATTEMPTS_MAX + 1):
        assert await post.poller.follow_hints() == (attempt == ATTEMPTS_MAX)
        post.clock.tick(600)
    ended = post.deliveries()["d1"]
    assert (ended.state, ended.error, ended.attempts) == ("failed", "intake.order_not_found", 8)
    await post.poller.follow_hints()
    assert len(post.feed.fetched) == ATTEMPTS_MAX


async def test_a_new_hint_is_followed_at_once_while_an_older_one_rests(post: Post) -> None:
    post.deliver("d1", "a")
    await post.poller.follow_hints()
    post.feed.orders["b"] = placed("b")
    post.deliver("d2", "b")
    post.clock.tick(-3)
    assert await post.poller.follow_hints() == 1
    assert post.feed.fetched[-1] == ["b"]


@pytest.mark.parametrize("error", [Rejected("no such form"), ContractBroken("not what is written")])
async def test_one_hint_that_spoils_its_call_holds_up_no_other(post: Post, error: Rejected | ContractBroken) -> None:
    post.feed.orders = {name: placed(name) for name in ("a", "c")}
    post.feed.spoiled["b"] = error
    for name in ("a", "b", "c"):
        post.deliver(f"d-{name}", name)
    assert await post.poller.follow_hints() == 2
    assert post.known() == ["a", "c"]
    bad = post.deliveries()["d-b"]
    assert (bad.state, bad.attempts, bad.error) == ("received", 1, error.code)
    for _ in range(ATTEMPTS_MAX - 1):
        post.clock.tick(600)
        await post.poller.follow_hints()
    assert (post.deliveries()["d-b"].state, post.deliveries()["d-b"].error) == ("failed", error.code)


@pytest.mark.parametrize("error", [Transient("slow"), ReauthRequired("who are you")])
async def test_trouble_with_the_whole_shop_comes_out_and_costs_no_hint_an_attempt(
    post: Post, error: Transient | ReauthRequired
) -> None:
    post.feed.spoiled["a"] = error
    post.deliver("d1", "a")
    with pytest.raises(type(error)):
        await post.poller.follow_hints()
    assert (post.deliveries()["d1"].state, post.deliveries()["d1"].attempts) == ("received", 0)


async def test_a_hinted_order_that_another_door_hears_otherwise_meanwhile_is_read_again_at_once(post: Post) -> None:
    post.feed.orders["a"] = placed("a", CANCELLED)

    def other_door() -> None:
        begun = (post.clock.now() - NOW).total_seconds() - 5
        post.desk.hear(placed("a"), begun, took=5)

    post.feed.while_fetching = [other_door]
    post.deliver("d1", "a")
    assert await post.poller.follow_hints() == 1
    assert post.feed.fetched == [["a"], ["a"]]
    assert post.desk.stock() == (10, 0, 0, 10)
