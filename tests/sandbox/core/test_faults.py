"""Rules of faults: which strike, how often, and which are refused."""

import random
from typing import Any

import pytest

from jangbu.sandbox.core.faults import CALL_KINDS, PRESETS, Faults


@pytest.fixture
def faults() -> Faults:
    return Faults(random.Random(1))


def kinds(faults: Faults, *calls: tuple[str, str]) -> list[str | None]:
    drawn = [faults.for_call(channel, operation) for channel, operation in calls]
    return [each.kind if each else None for each in drawn]


def test_without_rules_nothing_goes_wrong(faults: Faults) -> None:
    assert kinds(faults, ("etsy", "getShop")) == [None]


def test_a_rule_is_for_its_channel_and_operation(faults: Faults) -> None:
    faults.replace([{"kind": "error_before", "channel": "etsy", "operation": "getShop"}])
    calls = [("etsy", "getShop"), ("etsy", "getMe"), ("naver", "getShop")]
    assert kinds(faults, *calls) == ["error_before", None, None]


def test_a_rule_strikes_as_often_as_it_says_and_the_next_takes_over(faults: Faults) -> None:
    faults.replace([{"kind": "reset_before", "times": 2}, {"kind": "slow"}])
    assert kinds(faults, *[("etsy", "x")] * 4) == ["reset_before", "reset_before", "slow", "slow"]
    assert [rule["hits"] for rule in faults.listing()] == [2, 2]


def test_chance_is_the_same_for_the_same_seed() -> None:
    courses = []
    for _ in range(2):
        faults = Faults(random.Random(3))
        faults.replace([{"kind": "slow", "probability": 0.5}])
        courses.append(kinds(faults, *[("etsy", "x")] * 50))
    assert courses[0] == courses[1]
    assert 10 < courses[0].count("slow") < 40


def test_news_and_calls_are_drawn_apart(faults: Faults) -> None:
    faults.replace([{"kind": "lost", "operation": "order.paid"}])
    assert kinds(faults, ("etsy", "order.paid")) == [None]
    assert faults.for_news("etsy", "order.shipped") is None
    drawn = faults.for_news("etsy", "order.paid")
    assert drawn is not None
    assert drawn.kind == "lost"


def test_a_switch_holds_while_its_rule_stands(faults: Faults) -> None:
    faults.replace([{"kind": "token_revoked", "channel": "etsy"}])
    assert [faults.switched(name, "token_revoked") for name in ("etsy", "naver")] == [True, False]
    faults.replace([])
    assert not faults.switched("etsy", "token_revoked")


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ({"kind": "earthquake"}, "unknown kind"),
        ({"kind": "slow", "probability": 2}, "probability"),
        ({"kind": "slow", "when": "now"}, "when"),
        ({"kind": "slow", "times": "often"}, "times"),
        ({}, "kind"),
    ],
)
def test_a_bad_rule_is_named_and_changes_nothing(faults: Faults, rule: dict[str, Any], problem: str) -> None:
    faults.replace([{"kind": "slow"}])
    with pytest.raises(ValueError, match=f"rule 1: .*{problem}"):
        faults.replace([{"kind": "html"}, rule])
    assert [each["kind"] for each in faults.listing()] == ["slow"]


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_the_presets_are_good_rules(faults: Faults, name: str) -> None:
    faults.replace(PRESETS[name])
    assert {each["kind"] for each in faults.listing()} & CALL_KINDS
