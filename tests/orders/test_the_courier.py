from __future__ import annotations

import pytest
from tests.orders.desk import CANCELLED, PAID, SHIPPED, open_desk
from tests.orders.post import LOST_ANSWER, LOST_CALL, Post, Round, accept, accept_but, fail
from tests.shops.samples import SETTLE_S, later

from jangbu.infra.db import Database
from jangbu.kernel.errors import ContractBroken, ReauthRequired, Rejected, Throttled, Transient
from jangbu.orders import ship
from jangbu.orders.courier import HTTP_TIMEOUT
from jangbu.sdk.records import LineAnswer, Parcel


@pytest.fixture
def round_(database: Database) -> Round:
    return Round(open_desk(database))


def stored_state(round_: Round, name: str) -> str:
    return round_.desk.stored(f"{name}-line").line.state.value


async def test_a_parcel_is_told_once_and_read_back(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    await round_.work()
    assert (round_.states("a"), round_.post.sent) == (["done"], [("a-line",)])
    assert stored_state(round_, "a") == "shipped"
    assert round_.desk.told("ship.done") == 1


async def test_a_courier_with_nothing_owed_calls_nobody(round_: Round) -> None:
    assert not await round_.courier.step()
    assert (round_.post.sent, round_.post.reads) == ([], [])


async def test_lines_are_confirmed_in_one_call_before_any_parcel_of_theirs_is_told(round_: Round) -> None:
    round_.place("a", "b", acknowledged=False)
    for name in ("a", "b"):
        round_.want(name, acknowledges=True)
    await round_.work()
    assert round_.post.sent == [("a-line", "b-line"), ("a-line", "b-line")]
    assert round_.states("a", "b") == ["done"] * 4
    assert round_.desk.told("acknowledge.done") == 2


async def test_a_call_carries_no_more_lines_than_the_marketplace_takes(round_: Round) -> None:
    round_.post.ship_batch = 2
    round_.place("a", "b", "c")
    for name in ("a", "b", "c"):
        round_.want(name)
    await round_.work()
    assert round_.post.sent == [("a-line", "b-line"), ("c-line",)]


async def test_of_a_call_that_went_well_in_part_each_item_ends_as_it_was_answered(round_: Round) -> None:
    round_.place("a", "b")
    round_.want("a"), round_.want("b")
    round_.post.script = [accept_but("b-line")]
    await round_.work()
    assert round_.states("a", "b") == ["done", "refused"]
    (bad,) = round_.owed("b")
    assert (bad.error, bad.remote_code) == ("naver.not_now", "104")
    assert len(round_.post.sent) == 1


async def test_an_item_nobody_answered_for_is_looked_up_and_not_sent_again_at_once(round_: Round) -> None:
    round_.place("a", "b")
    round_.want("a"), round_.want("b")
    round_.post.script = [accept_but("b-line", forget=True)]
    await round_.work()
    assert round_.states("a", "b") == ["done", "unknown"]
    assert len(round_.post.sent) == 1


async def test_a_batch_refused_as_a_whole_is_tried_one_by_one_and_only_the_bad_one_fails(round_: Round) -> None:
    round_.place("a", "b", "c")
    for name in ("a", "b", "c"):
        round_.want(name)
    refused = fail(Rejected("no", code="channel.rejected", remote_code="E7"))
    round_.post.script = [refused, accept, refused, accept]
    await round_.work()
    assert round_.states("a", "b", "c") == ["done", "refused", "done"]
    assert round_.post.sent == [("a-line", "b-line", "c-line"), ("a-line",), ("b-line",), ("c-line",)]
    assert round_.owed("b")[0].remote_code == "E7"


@pytest.mark.parametrize("kind", ["ship", "acknowledge"])
async def test_a_call_whose_answer_was_lost_is_settled_by_reading_and_never_sent_twice(
    round_: Round, kind: str
) -> None:
    round_.place("a", acknowledged=kind == "ship")
    if kind == "ship":
        round_.want("a")
    else:
        round_.desk.database.write_now(
            lambda tx: ship.want_acknowledge(tx, round_.desk.view.id, "a", ["a-line"], later(1), actor="x")
        )
    round_.post.script = [LOST_ANSWER]
    await round_.work()
    assert round_.states("a") == ["unknown"]
    round_.clock.tick(10)
    await round_.work()
    assert (round_.states("a"), len(round_.post.sent)) == (["done"], 1)


async def test_a_lost_call_is_sent_again_only_after_a_read_begun_when_it_can_no_longer_arrive(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    round_.post.script = [LOST_CALL]
    await round_.work()
    deadline = round_.owed("a")[0].deadline
    assert deadline is not None
    round_.clock.at = deadline
    round_.clock.tick(SETTLE_S - 0.5)  # the read takes a second and so ends after that moment
    await round_.work()
    assert (round_.states("a"), len(round_.post.sent)) == (["unknown"], 1)
    round_.clock.tick(10)
    await round_.work()
    assert (round_.states("a"), len(round_.post.sent)) == (["done"], 2)


async def test_an_answer_nobody_can_read_is_an_unknown_outcome(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    round_.post.script = [fail(ContractBroken("not what is written"), arrives=True)]
    await round_.work()
    assert round_.states("a") == ["unknown"]


async def test_a_call_left_over_by_a_courier_that_died_is_looked_up_first(round_: Round) -> None:
    round_.place("a")
    one = round_.want("a")
    now = round_.clock.now()
    round_.desk.database.write_now(lambda tx: ship.set_sending(tx, [one.id], now, now + HTTP_TIMEOUT))
    await round_.work()
    assert (round_.states("a"), round_.post.sent) == (["unknown"], [])
    assert round_.post.reads == [["a"]]


async def test_an_order_cancelled_meanwhile_is_held_back_before_anything_is_sent(round_: Round) -> None:
    round_.place("a", "b")
    round_.want("a"), round_.want("b")
    round_.post.set_state("a", CANCELLED)
    await round_.work()
    assert round_.post.sent == [("b-line",)]
    assert (round_.states("a", "b"), round_.owed("a")[0].error) == (["refused", "done"], "ship.line_cancelled")
    assert stored_state(round_, "a") == "cancelled"


async def test_an_order_whose_buyer_asks_to_cancel_is_held_back_for_the_seller_to_decide(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    round_.post.set_state("a", PAID, claim="CANCEL_REQUEST")
    await round_.work()
    assert (round_.post.sent, round_.owed("a")[0].error) == ([], "ship.buyer_asks_to_cancel")


async def test_an_order_that_already_shows_this_parcel_is_done_without_a_call(round_: Round) -> None:
    round_.place("a")
    round_.want("a", "T-1")
    round_.post.set_state("a", SHIPPED, parcels=(Parcel("CJGLS", "T-1"),))
    await round_.work()
    assert (round_.states("a"), round_.post.sent) == (["done"], [])


async def test_an_order_that_shows_another_parcel_is_told_of_ours(round_: Round) -> None:
    round_.place("a")
    round_.want("a", "T-1")
    round_.post.set_state("a", SHIPPED, parcels=(Parcel("CJGLS", "T-2"),))
    await round_.work()
    assert (round_.states("a"), round_.post.sent) == (["done"], [("a-line",)])


async def test_an_order_that_cannot_be_read_now_is_left_for_later(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    hidden = round_.post.orders.pop("a")
    await round_.work()
    assert (round_.states("a"), round_.owed("a")[0].error, round_.post.sent) == (["wanted"], "order_unread", [])
    round_.post.orders["a"] = hidden
    round_.clock.tick(10)
    await round_.work()
    assert round_.states("a") == ["done"]


async def test_a_courier_that_lost_its_lease_sends_nothing(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    round_.lease = False
    await round_.courier.step()
    assert (round_.states("a"), round_.post.sent, round_.owed("a")[0].attempts) == (["wanted"], [], 0)


async def test_what_ended_between_the_look_and_the_call_keeps_its_whole_call_from_leaving(round_: Round) -> None:
    round_.place("a", "b")
    first, _ = round_.want("a"), round_.want("b")

    async def overtaken(post: Post, line_ids: object) -> list[LineAnswer]:
        await round_.desk.database.write(lambda tx: ship.end(tx, first, "refused", round_.clock.now(), error="by hand"))
        return await accept(post, list(line_ids))  # type: ignore[call-overload]

    round_.post.script = [overtaken]
    await round_.courier.step()
    assert (round_.post.sent, round_.states("a", "b")) == ([], ["refused", "wanted"])
    await round_.work()
    assert (round_.post.sent, round_.states("a", "b")) == ([("b-line",)], ["refused", "done"])


@pytest.mark.parametrize(("error", "wait_s"), [(Transient("busy"), 5), (Throttled("slow down", retry_after_s=30), 30)])
@pytest.mark.parametrize("leaves", [True, False])
async def test_a_call_that_surely_did_not_happen_is_made_again_later(
    round_: Round, error: Transient, wait_s: float, *, leaves: bool
) -> None:
    round_.place("a")
    round_.want("a")
    round_.post.script = [fail(error, leaves=leaves)]
    await round_.work()
    sent = len(round_.post.sent)
    assert (round_.states("a"), round_.owed("a")[0].error, sent) == (["wanted"], error.code, int(leaves))
    round_.clock.tick(wait_s - 1)
    await round_.work()
    assert len(round_.post.sent) == sent, "it is not time yet"
    round_.clock.tick(2)
    await round_.work()
    assert (round_.states("a"), len(round_.post.sent)) == (["done"], sent + 1)


async def test_a_refused_credential_stops_the_round_and_loses_nothing(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    round_.post.script = [fail(ReauthRequired("who are you"), leaves=False)]
    with pytest.raises(ReauthRequired):
        await round_.courier.step()
    assert round_.states("a") == ["wanted"]


async def _keep_failing(round_: Round, error: Transient, hours: float) -> int:
    """Let a shop fail for so long, looking every half minute; tell how many calls left meanwhile."""
    before, end = len(round_.post.sent), round_.clock.monotonic() + hours * 3600
    while round_.clock.monotonic() < end:
        round_.post.script = [fail(error)]
        await round_.work()
        round_.clock.tick(30)
    return len(round_.post.sent) - before


async def test_what_fails_for_long_is_tried_ever_more_rarely_and_after_a_day_shown_to_a_person(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    first = await _keep_failing(round_, Transient("busy"), hours=1)
    second = await _keep_failing(round_, Transient("busy"), hours=1)
    assert first > second
    assert second <= 12, "once in five minutes at most"
    assert round_.states("a") == ["wanted"]
    await _keep_failing(round_, Transient("busy"), hours=22.5)
    assert (round_.states("a"), round_.owed("a")[0].error) == (["refused"], "ship.given_up")
    round_.post.script = []
    round_.want("a")
    await round_.work()
    assert round_.states("a") == ["refused", "done"], "asked for again by a person"


async def test_while_the_shop_itself_refuses_us_no_parcel_is_given_up(round_: Round) -> None:
    round_.place("a")
    round_.want("a")
    for _ in range(30):
        round_.post.script = [fail(ReauthRequired("who are you"), leaves=False)]
        with pytest.raises(ReauthRequired):
            await round_.courier.step()
        round_.clock.tick(3600)
    round_.post.script = []
    await round_.work()
    assert round_.states("a") == ["done"]
