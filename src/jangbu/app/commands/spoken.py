"""Help pages and usage errors in the seller's language. Owns their layout; the words stand in the catalogue."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from jangbu.app.commands.face import Face, guessed_language
from jangbu.app.commands.table import cells_of, pad, wrap

_WIDEST: Final = 100
_ORDER: Final = (
    "serve", "page", "demo", "sandbox", "shop", "catalog", "policy", "plan", "pause", "resume", "stock", "why", "order",
    "ship", "activity", "calls", "deliveries", "ledger", "user", "settings",
)  # fmt: skip


class SpokenCommand(TyperCommand):
    """A command whose help is in the catalogue under `help.<its words>`."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - typer keeps these types private
        formatter.write(_page(self, ctx))


class SpokenGroup(TyperGroup):
    """A group of commands, likewise."""

    def format_help(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401
        formatter.write(_page(self, ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ANN401
        if args[0] not in self.commands and not args[0].startswith("-"):
            raise _no_command(ctx, args[0], list(self.commands))
        return super().resolve_command(ctx, args)


class RootGroup(SpokenGroup):
    """The program: whatever goes wrong ends as words and an exit status."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401
        return sorted(super().list_commands(ctx), key=lambda name: (*_ORDER, name).index(name))

    def main(self, args: Sequence[str] | None = None, *_: Any, **extra: Any) -> Any:  # noqa: ANN401
        from jangbu.app.commands import faults  # noqa: PLC0415 - the CLI loads lazily

        lang, args = _language_in(sys.argv[1:] if args is None else args)
        face = Face(lang)
        extra |= {"standalone_mode": False, "prog_name": "jangbu", "obj": face}
        sys.exit(faults.guarded(lambda: super(RootGroup, self).main(args, **extra), face))


def path_of(ctx: Any) -> list[str]:  # noqa: ANN401
    """Give the words of a command, the program's name left out."""
    words: list[str] = []
    while ctx.parent is not None:
        words.insert(0, str(ctx.info_name))
        ctx = ctx.parent
    return words


def _language_in(args: Sequence[str]) -> tuple[str, list[str]]:
    """Find `--lang` wherever it stands, before anything is parsed. Shape: the language ("" = none), the other words.

    A language nobody speaks stays where it is, to be refused like any wrong word; nothing is looked at after `--`.
    """
    found, left = "", list(args)
    end = left.index("--") if "--" in left else len(left)
    for here in reversed(range(end)):
        name, equals, value = left[here].partition("=")
        said = value if equals else left[here + 1] if here + 1 < end else ""
        if name == "--lang" and said in {"en", "ko"}:
            found = said
            taken = 1 if equals else 2
            del left[here : here + taken]
            end -= taken
    return found, left


def _no_command(ctx: Any, name: str, known: list[str]) -> Exception:  # noqa: ANN401
    from jangbu.kernel.errors import InputError  # noqa: PLC0415 - the CLI loads lazily

    command, near = " ".join(["jangbu", *path_of(ctx)]), get_close_matches(name, known, n=1)
    if near:
        return InputError(f"no command {name}", code="usage.near_command", name=name, near=near[0], command=command)
    return InputError(f"no command {name}", code="usage.no_command", name=name, command=command)


def _page(command: Any, ctx: Any) -> str:  # noqa: ANN401
    from jangbu.infra.i18n import catalogue  # noqa: PLC0415 - the CLI loads lazily

    face = ctx.find_root().obj
    lang = face.surest_language if isinstance(face, Face) else guessed_language()
    words, texts = path_of(ctx), catalogue()
    places = min(shutil.get_terminal_size().columns, _WIDEST)

    def text(key: str) -> str:
        return texts.text(key, lang) if texts.has(key) else ""

    usage = " ".join(["jangbu", *words, *(piece.strip("{}") for piece in command.collect_usage_pieces(ctx))])
    lines = [*wrap(f"{text('cli.help.usage')} {usage}", places), ""]
    for line in text(_key(words)).splitlines():
        lines += wrap(line, places)
    parts: dict[str, list[tuple[str, str]]] = {"arguments": [], "options": [], "commands": []}
    for param in command.get_params(ctx):
        if record := param.get_help_record(ctx):
            told = text(f"help.any.{param.name}")
            name = record[0].partition(" ")[0] if param.param_type_name == "argument" else record[0]
            parts[f"{param.param_type_name}s"].append((name, told))
    for name in command.list_commands(ctx) if isinstance(command, TyperGroup) else ():
        parts["commands"].append((name, text(_key([*words, name])).partition("\n")[0]))
    for part, rows in parts.items():
        if rows:
            lines += ["", text(f"cli.help.{part}"), *_list(rows, places)]
    return "\n".join(lines)


def program_help(face: Face, name: str, options: Sequence[str]) -> str:
    """Write the help page of a program with options of its own: their words stand under `option.<program>.<option>`."""
    from jangbu.infra.i18n import catalogue  # noqa: PLC0415 - the CLI loads lazily

    texts, lang = catalogue(), face.surest_language
    places = min(shutil.get_terminal_size().columns, _WIDEST)
    rows = [(option, texts.text(f"option.{name}.{option.split()[0].strip('-')}", lang)) for option in options]
    about = [line for part in texts.text(f"help.{name}", lang).splitlines() for line in wrap(part, places)]
    usage = f"{texts.text('cli.help.usage', lang)} jangbu {name} [OPTIONS]"
    return "\n".join([usage, "", *about, "", texts.text("cli.help.options", lang), *_list(rows, places)])


def _key(words: Sequence[str]) -> str:
    return ".".join(["help", *words]) if words else "help.jangbu"


def _list(rows: Sequence[tuple[str, str]], places: int) -> list[str]:
    left = min(max(cells_of(name) for name, _ in rows), 34)
    lines: list[str] = []
    for name, told in rows:
        said = wrap(told, max(places - left - 4, 20))
        if cells_of(name) > left:
            lines += [f"  {name}", *(f"{'':{left + 4}}{line}" for line in said)]
            continue
        lines += [f"  {pad(name, left)}  {said[0]}".rstrip(), *(f"{'':{left + 4}}{line}" for line in said[1:])]
    return lines


def group(**more: Any) -> typer.Typer:  # noqa: ANN401 - typer's own keywords
    """Make a group of commands that speaks."""
    settings = {"help_option_names": ["--help", "-h"]}
    kind = more.pop("cls", SpokenGroup)
    return typer.Typer(
        cls=kind, add_completion=False, no_args_is_help=True, rich_markup_mode=None,
        context_settings=settings, pretty_exceptions_enable=False, **more,
    )  # fmt: skip
