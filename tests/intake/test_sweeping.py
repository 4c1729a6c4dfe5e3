from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.intake.feed import Post, answer, by_remote_time, placed
from tests.orders.desk import CANCELLED, open_desk
from tests.shops.samples import BAZAAR, MARGIN_S, NOW, later

from jangbu.infra.db import Database, WriteTx
from jangbu.intake import service as intake
from jangbu.intake.model import FeedState, deep_due, horizon_of, interval_s
from jangbu.kernel.errors import Transient
from jangbu.sdk.manifest import Assumptions
from jangbu.shops import service as shops

BEGUN = later(1_000)


@pytest.fixture
def post(database: Database) -> Post:
    return Post(open_desk(database))


async def test_a_whole_pass_moves_orders_watermark_and_horizon_together(post: Post) -> None:
    post.feed.script = [answer(placed("a"), placed("b"), mark="w7")]
    assert await post.poller.sweep() == 2
    assert post.known() == ["a", "b"]
    assert post.state() == FeedState("w7", later(1_002), later(1_002), caught_up=True)
    assert post.horizon() == (BEGUN - timedelta(seconds=MARGIN_S), None)
    heard = post.desk.database.read_now(shops.all_shops)[0].heard_at
    assert heard == later(1_002)


async def test_an_answer_that_cannot_be_booked_whole_moves_nothing_at_all(post: Post) -> None:
    broken = placed("b", price=None)
    post.feed.script = [answer(placed("a"), broken, mark="w7")]
    with pytest.raises(AttributeError):
        await post.poller.sweep()
    assert (post.known(), post.state(), post.horizon()) == ([], FeedState(), None)
    assert post.desk.stock() == (10, 0, 0, 10)


async def test_the_next_pass_begins_where_the_last_one_ended(post: Post) -> None:
    post.feed.script = [answer(mark="w1"), answer(mark="w2")]
    await post.poller.sweep()
    await post.poller.sweep()
    assert [mark for mark, _ in post.feed.asked] == ["", "w1"]


async def test_of_a_pass_of_several_answers_only_the_last_proves_and_only_back_to_its_first_request(post: Post) -> None:
    seen = []
    post.feed.while_asking = lambda: seen.append(post.horizon())
    post.feed.script = [
        answer(placed("a"), mark="w1", done=False), answer(placed("b"), mark="w2", done=False), answer(mark="w3"),
    ]  # fmt: skip
    assert await post.poller.sweep() == 2
    assert [mark for mark, _ in post.feed.asked] == ["", "w1", "w2"]
    assert seen == [None, None, None]
    assert post.horizon() == (BEGUN - timedelta(seconds=MARGIN_S), None)


async def test_a_pass_that_breaks_off_keeps_what_it_read_and_proves_nothing(post: Post) -> None:
    post.feed.script = [answer(placed("a"), mark="w1", done=False), Transient("slow"), answer(mark="w2")]
    with pytest.raises(Transient):
        await post.poller.sweep()
    assert (post.known(), post.state().watermark, post.state().caught_up, post.horizon()) == (["a"], "w1", False, None)
    await post.poller.sweep()
    assert post.feed.asked[-1] == ("w1", True), "a deep look that was not finished is due still"


@pytest.mark.parametrize("answers", [
    [answer(missing=["x"])],
    [answer(missing=["x"], done=False), answer()],
])  # fmt: skip
async def test_a_feed_that_named_an_order_it_did_not_give_proves_nothing(post: Post, answers: list[object]) -> None:
    post.feed.script = list(answers)  # type: ignore[arg-type]
    await post.poller.sweep()
    assert post.horizon() is None
    assert post.state().watermark == "", "what was named and not given is asked for again"
    post.feed.script = [answer()]
    await post.poller.sweep()
    assert post.horizon() is not None, "a pass without gaps does"


@pytest.mark.parametrize("done", [True, False])
async def test_a_reading_that_overlaps_another_doors_and_differs_is_made_anew(post: Post, *, done: bool) -> None:
    gone = placed("a", CANCELLED)

    def other_door() -> None:
        post.feed.while_asking = None
        answered = (post.clock.now() - NOW).total_seconds()
        post.desk.hear(placed("a"), answered - 5, took=5, by="webhook")

    post.feed.while_asking, post.feed.orders["a"] = other_door, gone
    post.feed.script = [answer(gone, done=done), answer()]
    await post.poller.sweep()
    assert post.feed.fetched == [["a"]], "the reading in doubt was not believed"
    assert post.desk.stock() == (10, 0, 0, 10), "the one begun after it was"
    if done:
        assert post.horizon() is None, "an answer with a doubt in it proves nothing"
        await post.poller.sweep()
    assert post.horizon() is not None


async def test_a_horizon_in_the_marketplaces_time_is_less_its_margin_and_needs_that_time(database: Database) -> None:
    post = Post(open_desk(database), by_remote_time())
    post.feed.script = [answer(), answer(complete_to=990)]
    await post.poller.sweep()
    assert post.horizon() is None
    await post.poller.sweep()
    assert post.horizon() == (later(1_002 - MARGIN_S), later(990 - MARGIN_S))


async def test_a_horizon_never_goes_back(database: Database) -> None:
    post = Post(open_desk(database), by_remote_time())
    post.feed.script = [answer(complete_to=990), answer(complete_to=500)]
    await post.poller.sweep()
    first = post.horizon()
    post.clock.tick(-100)
    await post.poller.sweep()
    assert post.horizon() == first


async def test_a_feed_that_leaves_lowerings_out_never_proves_anything(database: Database) -> None:
    blind = replace(BAZAAR, assumptions=replace(BAZAAR.assumptions, feed_fence=False))
    post = Post(open_desk(database), blind)
    post.feed.script = [answer(complete_to=990)]
    await post.poller.sweep()
    assert (post.horizon(), post.state().caught_up) == (None, True)


async def test_the_deep_look_comes_first_and_then_every_ten_minutes(post: Post) -> None:
    for pause in (0, 300, 310, 10):
        post.clock.tick(pause)
        post.feed.script = [answer()]
        await post.poller.sweep()
    assert [deep for _, deep in post.feed.asked] == [True, False, True, False]
    post.feed.script = [answer()]
    await post.poller.sweep(deep=True)
    assert post.feed.asked[-1][1], "a person may ask for it at any time"


async def test_a_replay_reads_everything_from_the_start_and_counts_nothing_twice(post: Post) -> None:
    post.feed.script = [answer(placed("a")), answer(placed("a"))]
    await post.poller.sweep()
    post.desk.database.write_now(lambda tx: intake.forget_watermark(tx, post.desk.view.id))
    await post.poller.sweep()
    assert [mark for mark, _ in post.feed.asked] == ["", ""]
    assert (post.desk.stock(), len(post.desk.facts())) == ((9, 0, 1, 10), 1)


async def test_the_first_look_is_told_once(post: Post) -> None:
    post.feed.script = [answer(done=False), answer(), answer()]
    await post.poller.sweep()
    await post.poller.sweep()
    assert post.desk.told("feed.first_look") == 1


def test_news_of_an_order_is_taken_in_by_the_marketplaces_time_whatever_its_place_in_the_answer(post: Post) -> None:
    def take(tx: WriteTx) -> list[str]:
        found = [placed("a", CANCELLED, at=200), placed("a", at=100)]
        return intake.take_orders(tx, post.desk.view, found, later(300), later(300), "poll")

    assert post.desk.database.write_now(take) == []
    assert (post.desk.stock(), post.desk.facts()[0][1]) == ((10, 0, 0, 10), 1)


# -- how often --------------------------------------------------------------------------------------------


async def test_the_pause_is_short_for_a_while_after_a_sale(post: Post) -> None:
    assert await post.poller.pause_s() == BAZAAR.news_interval_s
    post.feed.script = [answer(placed("a"))]
    post.clock.at = later(61)
    await post.poller.sweep()
    assert await post.poller.pause_s() == BAZAAR.news_interval_hot_s
    post.clock.at = later(60) + timedelta(minutes=10)
    assert await post.poller.pause_s() == BAZAAR.news_interval_s


async def test_the_latest_sale_of_another_shop_makes_no_hurry(post: Post, database: Database) -> None:
    post.clock.at = later(61)
    database.write_now(
        lambda tx: tx.run(
            "INSERT INTO orders (shop_id, remote_id, placed_at, updated_at, total_amount, total_currency, heard_at, "
            "heard_by) VALUES ('else', 'x', ?, 0, 0, 'USD', 0, '')",
            (round(later(60).timestamp() * 1000),),
        )
    )
    assert await post.poller.pause_s() == BAZAAR.news_interval_s


async def test_a_shops_own_interval_wins(database: Database) -> None:
    assert await Post(open_desk(database), interval_s=4.0).poller.pause_s() == 4.0


def test_the_rules_of_time_are_the_plain_ones() -> None:
    assert interval_s(60, 10, last_sale=NOW, now=later(599)) == 10
    assert interval_s(60, 10, last_sale=NOW, now=later(600)) == 60
    assert deep_due(FeedState(), NOW)
    assert not deep_due(FeedState(deep_at=NOW), later(599))
    assert deep_due(FeedState(deep_at=NOW), later(600))
    plain = Assumptions(0, 10, "begun_after", "echo")
    assert horizon_of(plain, later(100), None) == (later(90), None)
    assert horizon_of(replace(plain, horizon="remote_time"), later(100), later(50)) == (later(90), later(40))
