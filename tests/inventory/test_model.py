from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jangbu.inventory.model import (
    Account,
    Held,
    Move,
    Phase,
    Step,
    Stock,
    Why,
    balances,
    held_after,
    reservations,
    steps_to,
)
from jangbu.kernel.errors import InputError
from jangbu.kernel.ids import MAIN_LOCATION, MoveId, VariantId

NOW = datetime(2026, 11, 1, tzinfo=UTC)
WHY = Why("person:owner", "count:MUG", "count")
MUG = VariantId("var_mug")
held = st.builds(Held, *[st.integers(0, 5)] * 3)


def move(number: int, step: Step, pending: str | None = None) -> Move:
    return Move(
        MoveId(f"m{number}"), MUG, MAIN_LOCATION, step.debit, step.credit, step.quantity, step.phase, WHY, NOW,
        MoveId(pending) if pending else None,
    )  # fmt: skip


@given(held, held)
def test_steps_lead_exactly_to_the_target(start: Held, target: Held) -> None:
    assert held_after(start, steps_to(start, target)) == target


@given(held)
def test_a_line_at_its_target_posts_nothing(target: Held) -> None:
    assert steps_to(target, target) == []


@given(held, held)
def test_every_step_moves_at_least_one_unit_between_two_accounts(start: Held, target: Held) -> None:
    for step in steps_to(start, target):
        assert step.quantity > 0
        assert step.debit is not step.credit


def test_a_paid_order_commits_at_once() -> None:
    assert steps_to(Held(), Held(committed=2)) == [Step(Account.AVAILABLE, Account.COMMITTED, 2, Phase.POSTED)]


def test_payment_of_a_reserved_order_posts_the_reservation() -> None:
    assert steps_to(Held(reserved=2), Held(committed=2)) == [Step(Account.AVAILABLE, Account.COMMITTED, 2, Phase.POST)]


def test_a_lapsed_order_voids_its_reservation() -> None:
    assert steps_to(Held(reserved=1), Held()) == [Step(Account.AVAILABLE, Account.COMMITTED, 1, Phase.VOID)]


def test_a_second_partial_cancellation_is_not_swallowed() -> None:
    after_first = held_after(Held(committed=3), steps_to(Held(committed=3), Held(committed=2)))
    assert steps_to(after_first, Held(committed=1)) == [Step(Account.COMMITTED, Account.AVAILABLE, 1, Phase.POSTED)]


def test_shipment_leaves_the_shelf_and_what_is_available_stays() -> None:
    moves = [move(n, step) for n, step in enumerate(steps_to(Held(), Held(committed=2)))]
    moves += [move(9 + n, step) for n, step in enumerate(steps_to(Held(committed=2), Held(shipped=2)))]
    sums = balances(moves)
    assert sums[MUG, MAIN_LOCATION, Account.CUSTOMER] == 2
    assert sums[MUG, MAIN_LOCATION, Account.COMMITTED] == 0
    assert sums[MUG, MAIN_LOCATION, Account.AVAILABLE] == -2
    assert sum(sums.values()) == 0


def test_an_open_reservation_is_taken_off_what_is_available() -> None:
    hold = move(1, Step(Account.AVAILABLE, Account.COMMITTED, 2, Phase.PENDING))
    assert reservations([hold]) == {(MUG, MAIN_LOCATION): 2}
    assert Stock({Account.AVAILABLE: 5}, reserved=2).available == 3
    void = move(2, Step(Account.AVAILABLE, Account.COMMITTED, 2, Phase.VOID), pending="m1")
    assert reservations([hold, void]) == {}


def test_a_move_without_units_or_with_one_account_is_refused() -> None:
    with pytest.raises(InputError):
        move(1, Step(Account.AVAILABLE, Account.COMMITTED, 0, Phase.POSTED))
    with pytest.raises(InputError):
        move(1, Step(Account.AVAILABLE, Account.AVAILABLE, 1, Phase.POSTED))
    with pytest.raises(InputError):
        move(1, Step(Account.AVAILABLE, Account.COMMITTED, 1, Phase.VOID))
