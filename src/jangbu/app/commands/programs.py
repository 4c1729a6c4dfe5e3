"""Programs of their own that `jangbu` starts: the sandbox and the demonstration. Owns only the words of their help."""

from __future__ import annotations

from typing import Final

import typer

from jangbu.app.commands.face import face_of
from jangbu.app.commands.spoken import SpokenCommand, program_help

_ALL_THEIRS = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}
_HELP: Final = frozenset({"--help", "-h"})
OPTIONS: Final = {
    "sandbox": (
        "--seed N", "--only etsy,naver", "--base-port N", "--products N", "--uncoded N",
        "--strict", "--ask", "--no-buyers", "--rate R",
        "--faults NAME", "--print-env",
    ),
    "demo": (
        "--seconds N", "--seed N", "--rate R", "--base-port N", "--port N", "--lang en|ko", "--json", "--leave",
    ),
}  # fmt: skip
"""The options each of them takes; a test holds them against their own parsers."""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sandbox", cls=SpokenCommand, context_settings=_ALL_THEIRS, add_help_option=False)(sandbox)
    app.command("demo", cls=SpokenCommand, context_settings=_ALL_THEIRS, add_help_option=False)(demo)


def sandbox(ctx: typer.Context) -> None:
    """Start marketplaces on this machine."""
    if _HELP & set(ctx.args):
        print(program_help(face_of(ctx), "sandbox", OPTIONS["sandbox"]))
        return
    from jangbu.infra.plugins import program  # noqa: PLC0415 - the CLI loads lazily

    raise typer.Exit(int(program("sandbox")(ctx.args)))


def demo(ctx: typer.Context) -> None:
    """Show a minute of the whole."""
    face = face_of(ctx)
    if _HELP & set(ctx.args):
        print(program_help(face, "demo", OPTIONS["demo"]))
        return
    from jangbu.app.demo import main  # noqa: PLC0415 - the CLI loads lazily

    wanted = ["--lang", face.wanted_language] if face.wanted_language else []
    raise typer.Exit(int(main([*ctx.args, *wanted])))
