"""`stock …` and `why`: book what arrived or was counted, see the numbers, have them explained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from jangbu.app.commands import stock_file
from jangbu.app.commands.face import AsJSON, Face, actor, face_of
from jangbu.app.commands.spoken import SpokenCommand, group
from jangbu.app.commands.table import KEEP
from jangbu.app.explaining import Balance, effect
from jangbu.kernel.errors import InputError, RowError, RowErrors

_SIGNED = {"ignore_unknown_options": True, "help_option_names": ["--help", "-h"]}  # -3 is a number here


def register(app: typer.Typer) -> None:
    """Add the commands."""
    stock = group()
    for action in ("receive", "adjust", "count"):
        stock.command(action, cls=SpokenCommand, context_settings=_SIGNED)(_book(action))
    stock.command("show", cls=SpokenCommand)(show)
    app.add_typer(stock, name="stock")
    app.command("why", cls=SpokenCommand)(why)


# -- booking ----------------------------------------------------------------------------------------------


def _book(action: str) -> Any:  # noqa: ANN401 - a command's function
    def command(
        ctx: typer.Context,
        sku: Annotated[str, typer.Argument(metavar="[SKU]")] = "",
        quantity: Annotated[str, typer.Argument(metavar="[N]")] = "",
        *,
        reason: Annotated[str, typer.Option(metavar="WORDS")] = "",
        csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE")] = None,
        as_json: AsJSON = False,
    ) -> None:
        face = face_of(ctx)
        if (csv is None) != bool(sku and quantity) or (csv is not None and (sku or quantity)):
            raise InputError("SKU N, or --csv FILE", code="usage.stock", action=action)
        if csv is None:
            _book_one(face, action, sku, stock_file.whole_number(quantity), reason, as_json=as_json)
        else:
            _book_file(face, action, csv, reason, as_json=as_json)
        face.note_sent_later()

    command.__doc__ = f"{action.capitalize()} stock."
    return command


def _book_one(face: Face, action: str, sku: str, quantity: int, reason: str, *, as_json: bool) -> None:
    done = face.ask("stock_change", action=action, sku=sku, quantity=quantity, actor=actor(), reason=reason)
    number = face.signed(quantity) if action == "adjust" else face.number(quantity)
    facts = {"sku": done["sku"], "quantity": number, **_numbers(face, done)}
    face.show(done, as_json, lambda: face.say(f"stock.{action}", **facts))


def _book_file(face: Face, action: str, file: Path, reason: str, *, as_json: bool) -> None:
    """Book every row, or none: then each wrong row is told."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"{file} cannot be read", code="input.csv_file", file=str(file), reason=error.strerror or "?"
        ) from None
    rows = stock_file.read_rows(data, str(file), once=action == "count")
    done = face.ask("stock_rows", action=action, rows=rows.good, actor=actor(), reason=reason, dry=bool(rows.bad))
    refused = [RowError(r["line"], r["column"], r["code"], r["facts"]) for r in done["refused"]]
    if wrong := sorted([*rows.bad, *refused], key=lambda row: row.line):
        raise RowErrors(wrong, rows.total)
    face.show(done, as_json, lambda: face.say(f"stock.{action}_rows", rows=face.number(done["rows"])))


def _numbers(face: Face, stock: Mapping[str, Any]) -> dict[str, str]:
    return {name: face.number(stock[name]) for name in ("on_hand", "available", "committed", "reserved")}


# -- showing ----------------------------------------------------------------------------------------------


def show(
    ctx: typer.Context, sku: Annotated[str, typer.Argument(metavar="[SKU]")] = "", as_json: AsJSON = False
) -> None:
    """Show stock by SKU with each shop's part."""
    face = face_of(ctx)
    rows = face.ask("stock_show", sku=sku)

    def people() -> None:
        if sku:
            _one(face, rows[0])
            return
        face.table(
            ("sku", "~title", ">on_hand", ">available", ">committed", "~shops", "~risk"),
            [_row(face, row) for row in rows],
            empty="stock.none",
        )

    face.show(rows, as_json, people)


def _row(face: Face, row: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = _numbers(face, row)
    shops = ", ".join(f"{cell['shop']} {_shown(face, cell)}".replace(" ", KEEP) for cell in row["shops"])
    return (
        row["sku"], row["title"], numbers["on_hand"], numbers["available"], numbers["committed"], shops,
        _risk(face, row),
    )  # fmt: skip


def _shown(face: Face, cell: Mapping[str, Any]) -> str:
    if cell["unread"] is None and not cell["shown"]:
        return "?"
    now = face.number(cell["shown"]) if cell["on_sale"] else face.word("listing_state", "off_sale")
    differs = cell["target"] is not None and cell["target"] != cell["shown"]
    return f"{now} → {face.number(cell['target'])}" if differs else now


def _risk(face: Face, row: Mapping[str, Any]) -> str:
    said = [face.text("stock.oversold", units=face.number(row["oversold"]))] if row["oversold"] else []
    if row["over_exposed"] is None:
        said += [face.text("stock.unread")] if row["shops"] else []
    elif row["over_exposed"]:
        said.append(face.text("stock.over", units=face.number(row["over_exposed"])))
    elif row["at_risk"]:
        said.append(face.text("stock.risk", units=face.number(row["at_risk"])))
    return " · ".join(said)


def _one(face: Face, row: Mapping[str, Any]) -> None:
    face.lines([f"{row['sku']}  {row['title']}", face.word("policy", row["policy"])])
    face.say("stock.numbers", **_numbers(face, row))
    if risk := _risk(face, row):
        face.lines([risk])
    print()
    face.table(
        ("shop", "~cell", ">units", ">shown", ">unread", ">exposure", ">target", "~waiting"),
        [
            (
                cell["shop"], cell["cell"], face.number(cell["units"]),
                face.number(cell["shown"]) if cell["on_sale"] else face.word("listing_state", "off_sale"),
                face.number(cell["unread"]), face.number(cell["exposure"]), face.number(cell["target"]),
                face.sentence(cell["waiting"]) or (face.text("stock.under_way") if cell["under_way"] else ""),
            )
            for cell in row["shops"]
        ],
        empty="stock.no_shops",
    )  # fmt: skip


# -- explaining -------------------------------------------------------------------------------------------


def why(
    ctx: typer.Context,
    sku: Annotated[str, typer.Argument(metavar="SKU")],
    at: Annotated[str, typer.Option("--at", metavar="TIME")] = "",
    as_json: AsJSON = False,
) -> None:
    """Explain a SKU's numbers, now or at a past moment."""
    face = face_of(ctx)
    told = face.ask("why", sku=sku, at=_moment(face, at) if at else None)

    def people() -> None:
        names = {shop["id"]: shop["name"] for shop in face.ask("shop_list")}
        face.lines([f"{told['sku']}  {told['title']}"])
        if at:
            face.say("why.then", at=face.when(told["at"]))
        face.say("stock.numbers", **_numbers(face, told["then"]))
        print()
        face.table(
            ("time", "~reason", ">quantity", ">available", ">on_hand", "~cause", "who"),
            _moves(face, told["moves"], names),
            empty="why.no_moves",
        )

    face.show(told, as_json, people)


def _moment(face: Face, text: str) -> datetime:
    """Read a moment in the seller's zone, unless it names its own."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise InputError("not a moment", code="input.time", value=text[:40]) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(face.settings.time_zone))


def _moves(face: Face, moves: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Set the moves with what they changed and what stood after each."""
    rows: list[tuple[str, ...]] = []
    balance = Balance()
    for move in moves:
        change = effect(move)
        balance += change
        shown = change.available or change.on_hand
        phase = face.word("phase", move["phase"]) if move["phase"] != "posted" else ""
        reason = face.word("reason", move["reason"])
        kind, _, rest = move["cause"].partition(":")
        cause = face.text("why.order", order=rest.split("/")[1]) if kind == "order" and "/" in rest else ""
        by, _, who = move["actor"].partition(":")
        told = f"{reason} ({phase})" if phase else reason
        after = (face.number(balance.available), face.number(balance.on_hand))
        acted = names.get(who, who) if by in {"shop", "person"} else move["actor"]
        rows.append((face.when(move["at"]), told, face.signed(shown), *after, cause, acted))
    return rows
