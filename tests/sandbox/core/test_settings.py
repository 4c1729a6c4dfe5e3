"""Adjustable values."""

import pytest

from jangbu.sandbox.core.settings import COMMON, Settings


@pytest.fixture
def settings() -> Settings:
    return Settings({**COMMON, "switch": False, "count": 3, "word": "a"})


def test_values_change_and_go_back(settings: Settings) -> None:
    settings.update({"switch": True, "count": 5, "word": "b", "latency_s": 1})
    assert (settings.on("switch"), settings.number("count"), settings.text("word")) == (True, 5, "b")
    settings.reset()
    assert settings.as_dict() == {**COMMON, "switch": False, "count": 3, "word": "a"}


def test_a_change_for_good_outlives_a_reset(settings: Settings) -> None:
    settings.update({"word": "b"}, for_good=True)
    settings.reset()
    assert settings.text("word") == "b"


@pytest.mark.parametrize(
    "bad", [{"swich": True}, {"switch": 1}, {"count": 1.5}, {"count": True}, {"word": 1}, {"count": -1}]
)
def test_a_bad_change_changes_nothing(settings: Settings, bad: dict[str, object]) -> None:
    before = settings.as_dict()
    with pytest.raises(ValueError, match=next(iter(bad))):
        settings.update({"word": "z", **bad})
    assert settings.as_dict() == before
