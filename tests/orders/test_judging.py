from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orders.desk import CANCELLED, DELIVERED, PAID, RETURNED, SHIPPED, UNKNOWN, UNPAID, line
from tests.shops.samples import NOW, later

from jangbu.inventory.model import Held
from jangbu.orders.model import News, Seen, Told, historic, judge, target, tell
from jangbu.sdk.manifest import Effect
from jangbu.sdk.records import LineState

ENDED = [CANCELLED, RETURNED, LineState.EXCHANGED, LineState.CLOSED]
STORED = Seen(later(100), later(110), later(120), PAID, 3, 3)
NEXT = replace(STORED, begun_at=later(130), answered_at=later(131))
CROSSING = replace(STORED, begun_at=later(119), answered_at=later(125))


def test_what_was_never_seen_is_news() -> None:
    assert judge(None, STORED) is News.ACCEPT


def test_a_snapshot_older_in_the_marketplaces_own_time_is_refused_however_late_it_was_read() -> None:
    assert judge(STORED, replace(NEXT, remote_at=later(99))) is News.REFUSE


def test_a_reading_begun_after_the_last_ones_answer_is_news_whatever_its_time_says() -> None:
    assert judge(STORED, replace(NEXT, state=CANCELLED)) is News.ACCEPT
    assert judge(STORED, replace(NEXT, state=CANCELLED, begun_at=STORED.answered_at)) is News.ACCEPT


@pytest.mark.parametrize("remote_at", [100, 105])
def test_of_two_readings_that_overlap_and_differ_nobody_knows_the_newer_so_a_third_is_made(remote_at: int) -> None:
    for change in ({"state": CANCELLED}, {"remaining": 2}):
        crossing = replace(CROSSING, remote_at=later(remote_at), **change)
        assert judge(STORED, crossing) is News.FETCH_AGAIN


def test_two_readings_that_overlap_and_say_the_same_are_harmless() -> None:
    assert judge(STORED, CROSSING) is News.ACCEPT


def test_what_was_cancelled_in_part_is_never_there_again() -> None:
    assert judge(replace(STORED, remaining=2), NEXT) is News.REFUSE
    assert judge(STORED, replace(NEXT, remaining=2)) is News.ACCEPT


@pytest.mark.parametrize("ended", ENDED)
@pytest.mark.parametrize("new", [UNPAID, PAID, SHIPPED, DELIVERED, UNKNOWN, LineState.REFUNDED])
def test_what_ended_never_lives_again(ended: LineState, new: LineState) -> None:
    assert judge(replace(STORED, state=ended), replace(NEXT, remote_at=later(500), state=new)) is News.REFUSE


@pytest.mark.parametrize("ended", ENDED)
def test_what_ended_may_end_otherwise(ended: LineState) -> None:
    assert judge(replace(STORED, state=ended), replace(NEXT, state=RETURNED)) is News.ACCEPT


seconds = st.integers(0, 200)


@given(remote=seconds, begun=seconds, took=seconds, state=st.sampled_from(LineState), remaining=st.integers(0, 3))
def test_a_snapshot_is_never_taken_over_one_surely_newer(
    remote: int, begun: int, took: int, state: LineState, remaining: int
) -> None:
    new = Seen(later(remote), later(begun), later(begun + took), state, 3, remaining)
    if judge(STORED, new) is News.ACCEPT:
        assert remote >= 100
        assert begun >= 120 or (state, remaining) == (PAID, 3)


# -- what a line holds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "held", "wanted"),
    [
        (Effect.RESERVE, Held(), Held(reserved=6)),
        (Effect.COMMIT, Held(reserved=6), Held(committed=6)),
        (Effect.COMMIT, Held(committed=4, shipped=2), Held(committed=4, shipped=2)),
        (Effect.SHIP, Held(committed=6), Held(shipped=6)),
        (Effect.RELEASE, Held(committed=6), Held()),
        (Effect.NONE, Held(reserved=6), Held()),
        (Effect.KEEP, Held(reserved=1, committed=2, shipped=3), Held(1, 2, 3)),
        (Effect.RELEASE, Held(committed=2, shipped=4), Held(shipped=4)),
        (Effect.COMMIT, Held(shipped=8), Held(shipped=8)),
        (Effect.SHIP, Held(shipped=8), Held(shipped=8)),
    ],
)
def test_a_state_decides_what_a_line_holds_and_goods_that_left_stay_gone(
    effect: Effect, held: Held, wanted: Held
) -> None:
    assert target(line(quantity=3), effect, held, 2) == wanted


@pytest.mark.parametrize(
    ("state", "remaining", "told"),
    [
        (PAID, 3, Told(3, 0)),
        (UNPAID, 3, Told(3, 0)),
        (PAID, 1, Told(3, 2)),
        (CANCELLED, 3, Told(3, 3)),
        (CANCELLED, 0, Told(3, 3)),
        (RETURNED, 3, Told(3, 3)),
        (UNKNOWN, 3, Told(3, 0)),
    ],
)
def test_a_cell_hears_of_every_sale_and_of_all_that_may_have_been_put_back(
    state: LineState, remaining: int, told: Told
) -> None:
    assert tell(line(state, 3, remaining)) == told


# -- what was over before we came -------------------------------------------------------------------------


def test_a_line_is_history_when_all_of_it_was_over_before_the_shop_was_connected() -> None:
    long_ago = NOW - timedelta(days=3)
    old = line(SHIPPED, lowered_at=long_ago)
    assert historic(old, Effect.SHIP, long_ago, NOW)
    assert historic(line(CANCELLED, lowered_at=long_ago), Effect.RELEASE, long_ago, NOW)
    assert not historic(line(PAID, lowered_at=long_ago), Effect.COMMIT, long_ago, NOW), "it still holds a unit"
    assert not historic(old, Effect.SHIP, NOW - timedelta(minutes=9), NOW), "it may have left after the count"
    assert not historic(line(SHIPPED), Effect.SHIP, long_ago, NOW), "it was sold after we came"
