"""Every fault code of this channel has its words in both languages."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import jangbu.channels.etsy
import jangbu.infra.i18n

CHANNEL_FOLDER = Path(jangbu.channels.etsy.__file__).parent
TEXTS_FOLDER = Path(jangbu.infra.i18n.__file__).parent
WHO = {
    "en": {"You", "The app's developer", "The marketplace", "Nobody: it repairs itself"},
    "ko": {"판매자 본인", "개발자", "마켓", "아무도: 저절로 복구됨"},
}


def _codes() -> set[str]:
    source = "\n".join(file.read_text() for file in CHANNEL_FOLDER.rglob("*.py"))
    rows = {f"etsy.{name}" for name in re.findall(r'_row\(\s*"([a-z_]+)"', source)}
    return rows | set(re.findall(r'"(etsy\.[a-z_]+)"', source))


def _texts(language: str) -> dict[str, str]:
    (file,) = TEXTS_FOLDER.rglob(f"etsy.{language}.po")
    with file.open("rb") as stream:
        messages = read_po(stream, abort_invalid=True)
    return {str(message.id): str(message.string) for message in messages if message.id}


@pytest.mark.parametrize("language", ["en", "ko"])
def test_each_code_says_what_how_and_who(language: str) -> None:
    wanted = {f"error.{code}.{part}" for code in _codes() for part in ("what", "fix", "who")}
    assert set(_texts(language)) == wanted


@pytest.mark.parametrize("language", ["en", "ko"])
def test_steps_are_at_most_three_and_who_is_one_of_four(language: str) -> None:
    for name, text in _texts(language).items():
        if name.endswith(".who"):
            assert text in WHO[language], name
        elif name.endswith(".fix"):
            steps = text.split("\n")
            assert [step[:3] for step in steps] == [f"{n}. " for n in range(1, len(steps) + 1)], name
            assert len(steps) <= 3, name


def test_both_languages_use_the_same_known_fields() -> None:
    english, korean = _texts("en"), _texts("ko")
    for name, text in english.items():
        fields = {field for _, field, _, _ in Formatter().parse(text) if field}
        assert fields <= {"operation", "status", "remote_code"}, name
        assert fields == {field for _, field, _, _ in Formatter().parse(korean[name]) if field}, name


def test_both_languages_name_the_same_person() -> None:
    pairs = {(text, _texts("ko")[name]) for name, text in _texts("en").items() if name.endswith(".who")}
    assert len(pairs) == len({english for english, _ in pairs}) == len({korean for _, korean in pairs})
