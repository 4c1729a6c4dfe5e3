"""`pause --all` and `resume --all`: the general stop of all writing. Reading never stops."""

from __future__ import annotations

from typing import Annotated

import typer

from jangbu.app.commands.face import AsJSON, actor, face_of
from jangbu.app.commands.spoken import SpokenCommand
from jangbu.kernel.errors import InputError

All = Annotated[bool, typer.Option("--all")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("pause", cls=SpokenCommand)(pause)
    app.command("resume", cls=SpokenCommand)(resume)


def pause(ctx: typer.Context, everywhere: All = False, as_json: AsJSON = False) -> None:
    """Stop all writing."""
    _switch(ctx, "pause", "stop_all", everywhere=everywhere, as_json=as_json)


def resume(ctx: typer.Context, everywhere: All = False, as_json: AsJSON = False) -> None:
    """Allow writing again."""
    _switch(ctx, "resume", "resume_all", everywhere=everywhere, as_json=as_json)


def _switch(ctx: typer.Context, name: str, operation: str, *, everywhere: bool, as_json: bool) -> None:
    face = face_of(ctx)
    if not everywhere:
        raise InputError("--all is needed", code="usage.all", command=f"jangbu {name}")
    done = face.ask(operation, actor=actor())
    face.show(done, as_json, lambda: face.say(f"{name}.all"))
