"""Programs of their own that `jangbu` starts: the sandbox and the demonstration. Owns none of their arguments."""

from __future__ import annotations

import typer

from jangbu.app.commands.spoken import SpokenCommand

_ALL_THEIRS = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("sandbox", cls=SpokenCommand, context_settings=_ALL_THEIRS, add_help_option=False)(sandbox)
    app.command("demo", cls=SpokenCommand, context_settings=_ALL_THEIRS, add_help_option=False)(demo)


def sandbox(ctx: typer.Context) -> None:
    """Start marketplaces on this machine."""
    from jangbu.infra.plugins import program  # noqa: PLC0415 - the CLI loads lazily

    raise typer.Exit(int(program("sandbox")(ctx.args)))


def demo(ctx: typer.Context) -> None:
    """Show a minute of the whole."""
    from jangbu.app.demo import main  # noqa: PLC0415 - the CLI loads lazily

    raise typer.Exit(int(main(ctx.args)))
