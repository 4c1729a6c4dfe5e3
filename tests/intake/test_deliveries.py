from __future__ import annotations

from tests.intake.feed import Post
from tests.orders.desk import open_desk
from tests.shops.samples import connect, later

from jangbu.infra.db import Database
from jangbu.intake import service as intake
from jangbu.sdk.records import WebhookHint


def test_a_delivery_is_kept_once_and_its_repeats_are_counted(database: Database) -> None:
    post = Post(open_desk(database))
    assert [post.deliver("d1", "o1") for _ in range(3)] == [True, False, False]
    (kept,) = post.deliveries().values()
    assert (kept.state, kept.order_id, kept.repeats, kept.received_at) == ("received", "o1", 2, later(1_001))


def test_a_repeat_of_a_delivery_that_was_followed_opens_it_not_again(database: Database) -> None:
    post = Post(open_desk(database))
    post.deliver("d1", "o1")
    shop = post.desk.view.id
    database.write_now(lambda tx: intake.end_delivery(tx, shop, "d1", "done", "", later(1_010)))
    assert not post.deliver("d1", "o1")
    assert post.deliveries()["d1"].state == "done"
    assert database.read_now(lambda tx: intake.open_deliveries(tx, shop)) == []


def test_a_delivery_that_points_at_no_order_is_kept_and_never_followed(database: Database) -> None:
    post = Post(open_desk(database))
    assert post.deliver("d1", "")
    assert post.deliveries()["d1"].state == "kept"
    assert database.read_now(lambda tx: intake.open_deliveries(tx, post.desk.view.id)) == []


def test_two_shops_may_get_deliveries_of_the_same_name(database: Database) -> None:
    post = Post(open_desk(database))
    other = connect(database, "other").id
    hint = WebhookHint("order.paid", "r2", "o2")
    post.deliver("d1", "o1")
    assert database.write_now(lambda tx: intake.take_delivery(tx, other, "d1", hint, b"{}", later(5)))
    mine = database.read_now(lambda tx: intake.open_deliveries(tx, post.desk.view.id))
    assert [d.order_id for d in mine] == ["o1"]


def test_deliveries_are_followed_oldest_first_and_listed_newest_first(database: Database) -> None:
    post = Post(open_desk(database))
    for name in ("d1", "d2", "d3"):
        post.deliver(name, f"order of {name}")
    shop = post.desk.view.id
    waiting = database.read_now(lambda tx: intake.open_deliveries(tx, shop, 2))
    assert [d.delivery_id for d in waiting] == ["d1", "d2"]
    assert list(post.deliveries()) == ["d3", "d2", "d1"]
