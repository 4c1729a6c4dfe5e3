"""`plan`: what each shop shows, what it should show, why, and what the next call would do. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from jangbu.app.commands.face import AsJSON, Face, ShopName, face_of
from jangbu.app.commands.spoken import SpokenCommand


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("plan", cls=SpokenCommand)(plan)


def plan(ctx: typer.Context, shop: ShopName = "", as_json: AsJSON = False) -> None:
    """Tell for every linked number what it is, what it should be, why, and what it waits for."""
    face = face_of(ctx)
    rows = face.ask("plan", name=shop)

    def people() -> None:
        whole = face.ask("status")
        face.note_stopped(whole["stopped_since"])
        watching = [s["name"] for s in whole["shops"] if s["state"] != "connected" and shop in {"", s["name"], s["id"]}]
        face.table(
            ("shop", "sku", "~title", "~options", ">now", ">target", ">exposure", "act", "~why"),
            [_row(face, row) for row in rows],
            empty="plan.none",
        )
        if watching:
            face.note("plan.not_written", shops=", ".join(watching))

    face.show(rows, as_json, people)


def _row(face: Face, row: Mapping[str, Any]) -> tuple[str, ...]:
    act = face.word("act", row["act"]) if row["act"] else ""
    if row["write"] is not None and row["act"] == "set":
        act = f"{act} {face.number(row['write'])}"
    why = face.sentence(row["waiting"]) or face.sentence(row["why"])
    if row["now"] is None or (row["exposure"] is None and not row["act"]):
        why = face.text("stock.unread")
    return (
        row["shop"], row["sku"], row["title"], row["options"],
        face.number(row["now"]) if row["on_sale"] or row["now"] is None else face.word("listing_state", "off_sale"),
        face.number(row["target"]), face.number(row["exposure"]), act, why,
    )  # fmt: skip
