"""`settings`: every setting with its value, where it was read, and what it means; secrets hidden."""

from __future__ import annotations

import typer

from jangbu.app.commands.face import AsJSON, face_of
from jangbu.app.commands.spoken import SpokenCommand


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings", cls=SpokenCommand)(settings)


def settings(ctx: typer.Context, as_json: AsJSON = False) -> None:
    """List the settings."""
    face = face_of(ctx)
    rows = [
        {"name": name, "value": value, "origin": origin, "help": help_text}
        for name, value, origin, help_text in face.settings.describe()
    ]

    def people() -> None:
        face.table(
            ("setting", "~value", "origin", "~meaning"),
            [(r["name"], r["value"], face.word("origin", r["origin"]), face.word("setting", r["name"])) for r in rows],
        )

    face.show(rows, as_json, people)
