"""Everything the program can say stands in the catalogue, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.app.cli.conftest import Run
from typer.core import TyperGroup
from typer.main import get_command

import jangbu.app.commands
from jangbu.app.cli import app
from jangbu.app.commands.face import guessed_language
from jangbu.app.commands.shop import variable_of
from jangbu.app.commands.table import cells_of
from jangbu.infra import plugins
from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.sandbox.core.world import World

SOURCES = sorted(Path(jangbu.app.commands.__file__).parent.glob("*.py"))
COMPOSED = {
    *(f"shop.{action}" for action in ("start", "pause", "resume")),
    *(f"stock.{action}{what}" for action in ("receive", "adjust", "count") for what in ("", "_rows")),
    *(f"catalog.{name}" for name in ("late_lines", "doubtful", "without_code")),
    "pause.all", "resume.all",
}  # fmt: skip


def commands(command: Any = None, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    command = command or get_command(app)
    yield words, command
    if isinstance(command, TyperGroup):
        for name, sub in command.commands.items():
            yield from commands(sub, (*words, name))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_command_and_parameter_is_explained(lang: str) -> None:
    texts = catalogue()
    for words, command in commands():
        key = ".".join(["help", *(words or ("jangbu",))])
        assert texts.has(key, lang), key
        for param in command.params:
            assert texts.has(f"help.any.{param.name}", lang), (key, param.name)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_help_is_left_over(lang: str) -> None:
    keys = {".".join(["help", *(words or ("jangbu",))]) for words, _ in commands()}
    keys |= {f"help.any.{param.name}" for _, command in commands() for param in command.params} | {"help.any.help"}
    assert {code for code in catalogue().codes(lang) if code.startswith("help.")} == keys


def said() -> set[str]:
    """Find what the sources say by name: sentences and titles of columns."""
    found: set[str] = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                names = [a.value for a in node.args[:1] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                if node.func.attr in {"say", "note"} or (node.func.attr == "text" and "face" in ast.dump(node.func)):
                    found |= set(names)
                if node.func.attr == "table" and node.args and isinstance(node.args[0], ast.Tuple):
                    titles = [e.value for e in node.args[0].elts if isinstance(e, ast.Constant)]
                    found |= {f"column.{str(title).lstrip('>~')}" for title in titles}
                empty = [k.value for k in node.keywords if k.arg == "empty"]
                found |= {str(value.value) for value in empty if isinstance(value, ast.Constant)}
    return found


def test_every_sentence_the_commands_say_is_there() -> None:
    wanted = said() | COMPOSED
    assert len(wanted) > 60
    missing = {(code, lang) for code in wanted for lang in LANGUAGES if not catalogue().has(f"cli.{code}", lang)}
    assert missing == set()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("words", [words for words, _ in commands() if words not in {("sandbox",), ("demo",)}])
def test_help_is_a_page_in_the_language_asked_for(run: Run, words: tuple[str, ...], lang: str) -> None:
    page = run(*words, "--help", lang=lang)
    assert page.status == 0
    first, *rest = page.out.splitlines()
    assert first.startswith({"en": "Usage: jangbu", "ko": "사용법: jangbu"}[lang])
    assert any(re.search("[가-힣]", line) for line in rest) == (lang == "ko")
    assert all(cells_of(line) <= 80 for line in page.out.splitlines())


def test_a_group_without_a_command_shows_its_page_and_is_wrong_usage(run: Run) -> None:
    shown = run("stock", lang="ko")
    assert shown.status == 2
    assert "입고" in shown.err


@pytest.mark.parametrize(
    ("env", "lang"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR", "JANGBU_LANGUAGE": "EN"}, "en"),
        ({"JANGBU_LANGUAGE": "fr"}, "en"),
    ],
)
def test_the_language_is_guessed_where_settings_cannot_be_read(env: dict[str, str], lang: str) -> None:
    assert guessed_language(env) == lang


def test_fields_are_read_from_the_variables_the_sandbox_prints() -> None:
    printed = World(seed=1, channels=("etsy", "naver")).env()
    for channel, manifest in plugins.channels().items():
        assert {variable_of(channel, field.name) for field in manifest.credentials} <= set(printed)
