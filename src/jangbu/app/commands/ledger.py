"""`ledger verify`: recompute every balance from the moves."""

from __future__ import annotations

import typer

from jangbu.app.commands.face import AsJSON, face_of
from jangbu.app.commands.spoken import SpokenCommand, group


def register(app: typer.Typer) -> None:
    """Add the commands."""
    ledger = group()
    ledger.callback()(_together)
    ledger.command("verify", cls=SpokenCommand)(verify)
    app.add_typer(ledger, name="ledger")


def _together() -> None:
    """Keep a group of one command a group."""


def verify(ctx: typer.Context, as_json: AsJSON = False) -> None:
    """Recompute every balance from the moves and compare."""
    face = face_of(ctx)
    found = face.ask("ledger_verify")

    def people() -> None:
        if found["sound"]:
            face.say("ledger.sound", moves=face.number(found["moves"]))
            return
        face.say("ledger.unsound", moves=face.number(found["moves"]))
        face.table(
            ("variant", "account", ">kept", ">recomputed"),
            [
                (d["variant"], face.word("account", d["account"]), face.number(d["kept"]), face.number(d["recomputed"]))
                for d in found["differences"]
            ],
        )
        if found["unbalanced"]:
            face.say("ledger.unbalanced", variants=", ".join(found["unbalanced"]))

    face.show(found, as_json, people)
    if not found["sound"]:
        raise typer.Exit(1)
