"""How one run of the program speaks: language, zone, width; and whom it asks. Owns no wording and no operation."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jangbu.app.commands import table as tables
from jangbu.app.commands.table import Column, harmless

if TYPE_CHECKING:
    from jangbu.infra.settings import Settings

AsJSON = Annotated[bool, typer.Option("--json")]
ShopName = Annotated[str, typer.Option("--shop", metavar="SHOP")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, metavar="N")]


def guessed_language(env: Mapping[str, str] = os.environ) -> str:
    """Tell a language before, or without, reading the settings."""
    said = env.get("JANGBU_LANGUAGE", "").lower()
    return said if said in {"en", "ko"} else "ko" if env.get("LANG", "").lower().startswith("ko") else "en"


def actor() -> str:
    """Name who acts: the person signed in to this machine."""
    try:
        return f"person:{getpass.getuser()}"
    except (OSError, KeyError):
        return "person:cli"


class Face:
    """What a command talks through. Heavy parts are loaded when first used, so that help stays quick."""

    def __init__(self, wanted_language: str = "") -> None:
        """Speak the language asked for, else the seller's."""
        self.wanted_language = wanted_language
        self.asked_hub = False

    @cached_property
    def settings(self) -> Settings:
        """Give the settings. Errors: ConfigError."""
        from jangbu.infra.settings import Settings  # noqa: PLC0415 - the CLI loads lazily

        return Settings.load()

    @property
    def language(self) -> str:
        """Give the language to speak. Errors: ConfigError of the settings."""
        return self.wanted_language or self.settings.language

    @property
    def surest_language(self) -> str:
        """Give the language to speak when the settings may be what is wrong."""
        return self.wanted_language or guessed_language()

    def ask(self, operation: str, **args: Any) -> Any:  # noqa: ANN401 - plain values of many shapes
        """Have an operation done. Errors: the operation's own."""
        from jangbu.app import local  # noqa: PLC0415 - the CLI loads lazily

        answer = local.ask(self.settings, operation, args)
        self.asked_hub = answer.by_hub
        return answer.result

    # -- words ----------------------------------------------------------------------------------------------

    def text(self, code: str, **facts: object) -> str:
        """Give a sentence of the program's own."""
        from jangbu.infra.i18n import catalogue  # noqa: PLC0415 - the CLI loads lazily

        return catalogue().text(f"cli.{code}", self.language, **facts)

    def has(self, code: str) -> bool:
        """Tell whether the program has a sentence of this name."""
        from jangbu.infra.i18n import catalogue  # noqa: PLC0415 - the CLI loads lazily

        return catalogue().has(f"cli.{code}")

    def word(self, group: str, value: object) -> str:
        """Give the word for a value of a closed list."""
        from jangbu.infra.i18n import word  # noqa: PLC0415 - the CLI loads lazily

        return word(group, str(value), self.language)

    def carrier(self, code: str) -> str:
        """Give the name of a carrier; a marketplace's own code stays as it is."""
        from jangbu.sdk.carriers import CARRIERS  # noqa: PLC0415 - the CLI loads lazily

        return CARRIERS.get(code, code)

    def sentence(self, code: str, **facts: object) -> str:
        """Give the sentence of a plan's or a wait's code with its facts; nothing for none."""
        from jangbu.infra.i18n import catalogue  # noqa: PLC0415 - the CLI loads lazily

        return catalogue().text(code, self.language, **facts) if code else ""

    def number(self, value: float | None) -> str:
        """Write a number; one nobody knows yet as a question."""
        from jangbu.infra.i18n import number  # noqa: PLC0415 - the CLI loads lazily

        return "?" if value is None else number(value, self.language)

    def signed(self, value: int) -> str:
        """Write a difference with its sign."""
        return f"+{self.number(value)}" if value > 0 else self.number(value)

    def money(self, amount: int, currency: str) -> str:
        """Write an amount."""
        from jangbu.infra.i18n import money  # noqa: PLC0415 - the CLI loads lazily
        from jangbu.kernel.money import Money  # noqa: PLC0415 - the same

        return money(Money(amount, currency), self.language)

    def when(self, moment: str | None) -> str:
        """Write an ISO moment in the seller's zone; nothing for none."""
        from jangbu.infra.i18n import when  # noqa: PLC0415 - the CLI loads lazily

        return when(datetime.fromisoformat(moment), self.language, self.settings.time_zone) if moment else ""

    # -- showing --------------------------------------------------------------------------------------------

    def show(self, result: Any, as_json: bool, people: Callable[[], None]) -> None:  # noqa: ANN401
        """Print a result for programs, or have it printed for people."""
        if not as_json:
            people()
            return
        import msgspec  # noqa: PLC0415 - the CLI loads lazily

        print(msgspec.json.format(msgspec.json.encode(result), indent=2).decode())

    def say(self, code: str, **facts: object) -> None:
        """Print a sentence."""
        print(harmless(self.text(code, **facts)))

    def note(self, code: str, **facts: object) -> None:
        """Print a sentence beside the result, so that programs reading the result do not meet it."""
        print(harmless(self.text(code, **facts)), file=sys.stderr)

    def table(self, titles: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str = "none") -> None:
        """Print rows under titles. A title's mark: `>` right-aligned, `~` may wrap; `empty` is said of none."""
        body = list(rows)
        if not body:
            self.say(empty)
            return
        columns = [
            Column(self.text(f"column.{title.lstrip('>~')}"), title.startswith(">"), title.startswith("~"))
            for title in titles
        ]
        print(tables.table(columns, body, shutil.get_terminal_size().columns if sys.stdout.isatty() else 0))

    def pairs(self, rows: Sequence[tuple[str, str]]) -> None:
        """Print names with their values."""
        left = max(tables.cells_of(name) for name, _ in rows)
        self.lines([f"{tables.pad(name, left)}  {value}".rstrip() for name, value in rows])

    def lines(self, lines: Iterable[str]) -> None:
        """Print lines that are words already."""
        for line in lines:
            print(harmless(line))

    def note_sent_later(self) -> None:
        """Say that a change waits, when no hub runs that would carry it to the shops."""
        if not self.asked_hub:
            self.note("sent_later")

    def note_stopped(self, stopped_since: str | None) -> None:
        """Say in red that all writing is stopped."""
        if stopped_since:
            words = self.text("all_stopped", since=self.when(stopped_since))
            print(f"\033[1;31m{words}\033[0m" if sys.stderr.isatty() else words, file=sys.stderr)


def face_of(ctx: typer.Context) -> Face:
    """Give the face of this run."""
    face = ctx.find_root().obj
    if not isinstance(face, Face):
        raise TypeError("the root command gives every run its face")
    return face
