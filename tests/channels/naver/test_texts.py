"""Every code of ours has its three sentences in both languages, and no sentence is left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import jangbu.channels.naver as package

ROOT = Path(package.__file__).parents[3]
SOURCES = sorted(Path(package.__file__).parent.rglob("*.py"))
WHO = {
    "en": {"You", "The app's developer", "The marketplace", "Nobody: it repairs itself"},
    "ko": {"판매자 본인", "개발자", "마켓", "아무도: 저절로 복구됨"},
}
# Composed in faults from the family of the operation.
COMPOSED = {f"naver.{family}_refused" for family in ("product", "order", "call")} | {
    f"naver.{family}_gone" for family in ("product", "order")
}


def texts(language: str) -> dict[str, str]:
    (file,) = (ROOT / "jangbu" / "infra" / "i18n").rglob(f"naver.{language}.po")
    with file.open("rb") as stream:
        return {str(message.id): str(message.string) for message in read_po(stream) if message.id}


def codes() -> set[str]:
    found = {code for file in SOURCES for code in re.findall(r'"(naver\.[a-z_]+)"', file.read_text("utf-8"))}
    return found | COMPOSED


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_code_has_what_fix_and_who_and_nothing_more(language: str) -> None:
    wanted = {f"error.{code}.{part}" for code in codes() for part in ("what", "fix", "who")}
    assert set(texts(language)) == wanted


@pytest.mark.parametrize("language", ["en", "ko"])
def test_sentences_are_filled_and_use_known_fields(language: str) -> None:
    for key, text in texts(language).items():
        assert text.strip(), key
        assert set(re.findall(r"{(\w*)}", text)) <= {"operation", "status", "remote_code"}, key


@pytest.mark.parametrize("language", ["en", "ko"])
def test_who_must_act_is_one_of_four_and_fixes_have_at_most_three_steps(language: str) -> None:
    for key, text in texts(language).items():
        if key.endswith(".who"):
            assert text in WHO[language], key
        if key.endswith(".fix"):
            steps = text.split("\n")
            assert 1 <= len(steps) <= 3, key
            assert [step[:2] for step in steps] == [f"{number}." for number in range(1, len(steps) + 1)], key


def test_both_languages_name_the_same_actor_and_fields() -> None:
    actors = dict(zip(sorted(WHO["en"]), ("아무도: 저절로 복구됨", "개발자", "마켓", "판매자 본인"), strict=True))
    english, korean = texts("en"), texts("ko")
    for key, text in english.items():
        if key.endswith(".who"):
            assert korean[key] == actors[text], key
        assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", korean[key])), key
