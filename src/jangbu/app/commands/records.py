"""`calls`, `deliveries`, `activity`: what was asked of the marketplaces, what they sent, what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from jangbu.app.commands.face import AsJSON, Face, Limit, ShopName, face_of
from jangbu.app.commands.spoken import SpokenCommand


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("calls", calls), ("deliveries", deliveries), ("activity", activity)):
        app.command(name, cls=SpokenCommand)(command)


def calls(
    ctx: typer.Context,
    *,
    summary: Annotated[bool, typer.Option("--summary")] = False,
    shop: ShopName = "",
    limit: Limit = 50,
    hours: Annotated[int, typer.Option(min=1, max=24 * 30, metavar="N")] = 24,
    as_json: AsJSON = False,
) -> None:
    """Show the latest remote calls, redacted, or their sums."""
    face = face_of(ctx)
    if summary:
        rows = face.ask("call_summary", hours=hours)
        rows = [row for row in rows if shop in {"", row["shop"]}]
        face.show(rows, as_json, lambda: _summary(face, rows))
        return
    rows = face.ask("call_list", name=shop, limit=limit)
    face.show(rows, as_json, lambda: _calls(face, rows))


def _summary(face: Face, rows: list[dict[str, Any]]) -> None:
    numbers = ("calls", "failed", "mean_ms", "slowest_ms")
    face.table(
        ("shop", "~operation", *(f">{name}" for name in numbers)),
        [(r["shop"], r["operation"], *(face.number(r[name]) for name in numbers)) for r in rows],
        empty="calls.none",
    )


def _calls(face: Face, rows: list[dict[str, Any]]) -> None:
    face.table(
        ("time", "shop", "~operation", ">status", ">ms", ">quota_left", "~cause", "~error"),
        [
            (
                face.when(r["at"]), r["shop"], r["operation"] + (" ✎" if r["write"] else ""), str(r["status"] or "–"),
                face.number(r["elapsed_ms"]), "" if r["quota_left"] is None else face.number(r["quota_left"]),
                r["cause"], " ".join(part for part in (r["error"], r["remote_code"]) if part),
            )
            for r in rows
        ],
        empty="calls.none",
    )  # fmt: skip


def deliveries(ctx: typer.Context, limit: Limit = 100, as_json: AsJSON = False) -> None:
    """List webhook deliveries taken."""
    face = face_of(ctx)
    rows = face.ask("delivery_list", limit=limit)

    def people() -> None:
        face.table(
            ("time", "shop", "~event", "order", "state", ">repeats", "~error"),
            [
                (
                    face.when(r["received_at"]), r["shop"], r["event"], r["order"],
                    face.word("delivery_state", r["state"]), face.number(r["repeats"]), _what(face, r["error"]),
                )
                for r in rows
            ],
            empty="deliveries.none",
        )  # fmt: skip

    face.show(rows, as_json, people)


def activity(ctx: typer.Context, limit: Limit = 50, as_json: AsJSON = False) -> None:
    """Tell what just happened, newest first."""
    face = face_of(ctx)
    rows = face.ask("activity", limit=limit)

    def people() -> None:
        face.table(
            ("time", "shop", "~happened", "who"),
            [(face.when(r["at"]), r["shop"], _happened(face, r), _who(r["actor"])) for r in rows],
            empty="activity.none",
        )

    face.show(rows, as_json, people)


def _happened(face: Face, row: Mapping[str, Any]) -> str:
    from jangbu.infra.i18n import happened  # noqa: PLC0415 - the CLI loads lazily

    return happened(row["code"], row["facts"], face.language)


def _who(actor: str) -> str:
    return "" if actor == "jangbu" else actor.removeprefix("person:")


def _what(face: Face, code: str) -> str:
    from jangbu.infra.i18n import fault  # noqa: PLC0415 - the CLI loads lazily

    return fault(code, {}, face.language).what if code else ""
