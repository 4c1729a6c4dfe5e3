"""`plan`: what each shop shows, what becomes of it and why, in the words of the plan page. Changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import typer

from jangbu.app.commands.face import AsJSON, Face, ShopName, face_of
from jangbu.app.commands.spoken import SpokenCommand

_COUNTED: Final = ("lower", "off", "on", "equal", "out", "waits")


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
            ("shop", "sku", "~title", "~options", ">now", ">target", "kind", "~why"),
            [_row(face, row) for row in rows],
            empty="plan.none",
        )
        if rows:
            face.note("plan.totals", **_totals(row["kind"] for row in rows))
        if uncounted := sum(row["left_alone"] == "wait.not_counted" for row in rows):
            face.note("plan.uncounted", n=face.number(uncounted))
        if watching:
            face.note("plan.not_written", shops=", ".join(watching))

    face.show(rows, as_json, people)


def _totals(kinds: Iterable[str]) -> dict[str, int]:
    found = Counter(kinds)
    found["waits"] += found.pop("unread", 0)
    return {"raise_": found.pop("raise", 0), **{kind: found[kind] for kind in _COUNTED}}


def _row(face: Face, row: Mapping[str, Any]) -> tuple[str, ...]:
    """Tell a number in the words of the plan page."""
    settled = row["kind"] not in {"out", "unread"}
    return (
        row["shop"], row["sku"], row["title"], row["options"],
        face.number(row["now"]) if row["on_sale"] or row["now"] is None else face.word("listing_state", "off_sale"),
        face.number(row["target"]) if settled else "–", face.word("plans.kind", row["kind"]),
        " ".join(face.sentence(each["code"], **each["facts"]) for each in row["says"]),
    )  # fmt: skip
