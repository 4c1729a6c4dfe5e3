"""What is accepted as a name or a password, what a role may do, how long one waits."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from jangbu.kernel.errors import InputError
from jangbu.people.model import (
    FORGOTTEN_AFTER,
    FREE_BY_LOGIN,
    MAY,
    WAIT_MAX,
    Deed,
    Role,
    checked_currency,
    checked_language,
    checked_login,
    checked_name,
    checked_password,
    checked_role,
    checked_zone,
    left_to_wait,
    wait_after,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def test_each_role_may_do_what_the_one_before_may_and_more() -> None:
    ladder = [Role.VIEWER, Role.PACKER, Role.OPERATOR, Role.OWNER]
    assert set(ladder) == set(Role) == set(MAY)
    for lower, higher in pairwise(ladder):
        assert MAY[lower] < MAY[higher]
        assert higher.reaches(lower)
        assert not lower.reaches(higher)


def test_only_the_owner_touches_people_secrets_and_the_removal_of_shops() -> None:
    for deed in (Deed.PEOPLE, Deed.SECRETS, Deed.REMOVE_SHOPS):
        assert {role for role in Role if deed in MAY[role]} == {Role.OWNER}


def test_a_viewer_sees_but_no_buyer_and_a_packer_ships_but_runs_nothing() -> None:
    assert MAY[Role.VIEWER] == {Deed.SEE}
    assert {Deed.SHIP, Deed.SEE_BUYERS} < MAY[Role.PACKER]
    assert Deed.RUN not in MAY[Role.PACKER]


@pytest.mark.parametrize(
    ("typed", "kept"), [(" Mina ", "mina"), ("ＭＩＮＡ", "mina"), ("공방", "공방"), ("a.b-c_1", "a.b-c_1")]
)
def test_a_sign_in_name_has_one_form(typed: str, kept: str) -> None:
    assert checked_login(typed) == kept


@pytest.mark.parametrize("typed", ["", "a", "a b", "me@shop.kr", "-ab", ".ab", "a" * 33, "a\0b", "ab~cd", "ab/../cd"])
def test_what_is_no_sign_in_name_is_refused(typed: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_login(typed)
    assert refused.value.code == "input.login"


def test_a_persons_name_is_kept_readable() -> None:
    assert checked_name("  공방   주인 ") == "공방 주인"
    for bad in ("", "   ", "x" * 41, "a\u202eb", "a\0b"):
        with pytest.raises(InputError):
            checked_name(bad)


def test_what_is_not_offered_is_refused() -> None:
    for check, good, bad in (
        (checked_language, "ko", "fr"),
        (checked_zone, "Asia/Seoul", "../etc/passwd"),
        (checked_currency, "KRW", "krw"),
        (checked_role, "packer", "admin"),
    ):
        assert check(good) == good
        with pytest.raises(InputError):
            check(bad)


@pytest.mark.parametrize("good", ["blue kiln on monday", "가마 불 지피는 새벽 네시", "xk29-fjq0-pl"])
def test_a_long_password_needs_no_signs_and_no_capitals(good: str) -> None:
    assert checked_password(good, login="mina", name="공방 주인")


@pytest.mark.parametrize(
    "bad",
    [
        "password123", "Password!2026", "qwertyuiop", "1q2w3e4r5t", "aaaaaaaaaaaa", "1234567890", "0987654321",
        "abcdefghij", "ababababab", "비밀번호비밀번호1234", "dkssudgktpdy12", "mina-mina-01", "minjimin2026",
        "장부장부장부장부장부",
        "naver123456", "smartstore!!2025", "12345678901234567890",
    ],
)  # fmt: skip
def test_a_password_that_is_guessed_first_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_password(bad, login="minjimin", name="mina-mina")
    assert refused.value.code == "input.password_common"
    assert bad not in f"{refused.value!r} {dict(refused.value.facts)}"


@pytest.mark.parametrize(
    ("bad", "code"), [("short one", "input.password_short"), ("ab cd " * 40, "input.password_long")]
)
def test_length_has_two_ends(bad: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_password(bad)
    assert refused.value.code == code


def test_the_first_tries_are_free_and_then_the_wait_doubles_up_to_a_quarter_of_an_hour() -> None:
    waits = [wait_after(times, FREE_BY_LOGIN).total_seconds() for times in range(FREE_BY_LOGIN + 12)]
    assert waits == [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]
    assert wait_after(10**9, FREE_BY_LOGIN) == WAIT_MAX


def test_a_wait_runs_down_and_is_forgotten_in_a_day() -> None:
    assert left_to_wait(8, NOW, FREE_BY_LOGIN, NOW + timedelta(seconds=6)) == timedelta(seconds=10)
    assert left_to_wait(8, NOW, FREE_BY_LOGIN, NOW + timedelta(seconds=16)) == timedelta(0)
    assert left_to_wait(10**6, NOW, FREE_BY_LOGIN, NOW + FORGOTTEN_AFTER) == timedelta(0)
