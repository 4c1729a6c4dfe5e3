"""Orders a feed names and never gives: safe, shown to a person, and let go when she has looked."""

from __future__ import annotations

import pytest
from tests.intake.feed import Post, answer, placed
from tests.orders.desk import open_desk

from jangbu.infra.db import Database
from jangbu.intake import service as intake
from jangbu.kernel.errors import NotFound


@pytest.fixture
def post(database: Database) -> Post:
    return Post(open_desk(database))


def missing(post: Post) -> list[tuple[str, bool]]:
    found = post.desk.database.read_now(lambda tx: intake.missing_orders(tx, post.desk.view.id))
    return [(order.remote_id, order.dismissed_at is not None) for order in found]


def told(post: Post) -> list[str]:
    rows = post.desk.database.read_now(lambda tx: tx.all("SELECT code FROM activity ORDER BY seq"))
    return [code for (code,) in rows if code.startswith("feed.order")]


async def sweep_for(post: Post, minutes: int, *ids: str) -> None:
    for _ in range(minutes):
        post.feed.script = [answer(missing=list(ids), mark="w9")]
        await post.poller.sweep()
        post.clock.tick(60)


async def test_an_order_that_is_only_late_is_told_to_nobody_and_forgotten_when_it_comes(post: Post) -> None:
    await sweep_for(post, 2, "x")
    assert (missing(post), told(post)) == ([("x", False)], [])
    post.feed.script = [answer(placed("x"), mark="w9")]
    await post.poller.sweep()
    assert missing(post) == []


async def test_an_order_that_never_comes_holds_the_horizon_and_is_told_once(post: Post) -> None:
    await sweep_for(post, 8, "x")
    assert (post.horizon(), post.state().watermark) == (None, "")
    assert told(post) == ["feed.order_missing"]


async def test_once_a_person_has_looked_it_holds_nothing_back_and_another_still_does(post: Post) -> None:
    await sweep_for(post, 5, "x")
    at = post.clock.now()
    dismiss = lambda tx: intake.dismiss_missing(tx, post.desk.view.id, "x", at, actor="person:owner")  # noqa: E731
    post.desk.database.write_now(dismiss)
    await sweep_for(post, 1, "x", "y")
    assert post.horizon() is None
    await sweep_for(post, 1, "x")
    assert post.horizon() is not None
    assert post.state().watermark == "w9"
    assert told(post)[-1] == "feed.order_dismissed"


async def test_what_is_not_missing_cannot_be_dismissed(post: Post) -> None:
    at = post.clock.now()
    with pytest.raises(NotFound):
        post.desk.database.write_now(
            lambda tx: intake.dismiss_missing(tx, post.desk.view.id, "z", at, actor="person:owner")
        )
