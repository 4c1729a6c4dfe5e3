"""`order …` and `ship`: what is to be sent and by when; tracking numbers on their way to the marketplace."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from jangbu.app.commands.face import AsJSON, Face, Limit, ShopName, actor, face_of
from jangbu.app.commands.faults import told
from jangbu.app.commands.spoken import SpokenCommand, group
from jangbu.kernel.errors import InputError

OrderId = Annotated[str, typer.Argument(metavar="ORDER")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    orders = group()
    orders.command("list", cls=SpokenCommand)(list_)
    orders.command("read", cls=SpokenCommand)(read)
    orders.command("show", cls=SpokenCommand)(show)
    orders.command("confirm", cls=SpokenCommand)(confirm)
    orders.command("sheet", cls=SpokenCommand)(sheet)
    orders.command("result", cls=SpokenCommand)(result)
    orders.command("missing", cls=SpokenCommand)(missing)
    orders.command("dismiss", cls=SpokenCommand)(dismiss)
    app.add_typer(orders, name="order")
    app.command("ship", cls=SpokenCommand)(ship)


def read(
    ctx: typer.Context, shop: Annotated[str, typer.Argument(metavar="[SHOP]")] = "", as_json: AsJSON = False
) -> None:
    """Read the orders of one shop or of all to the present, now."""
    face = face_of(ctx)
    names = [shop] if shop else [each["name"] for each in face.ask("shop_list")]
    done = [face.ask("orders_read", name=name) for name in names]

    def people() -> None:
        rows = [(each["shop"], face.number(each["orders"])) for each in done]
        face.table(("shop", ">orders"), rows, empty="shop.none")

    face.show(done, as_json, people)


def list_(
    ctx: typer.Context,
    everything: Annotated[bool, typer.Option("--all")] = False,
    shop: ShopName = "",
    limit: Limit = 100,
    as_json: AsJSON = False,
) -> None:
    """List what is still to be shipped, most urgent first, or the latest of all."""
    face = face_of(ctx)
    rows = face.ask("order_list", name=shop, open_only=not everything, limit=limit)

    def people() -> None:
        face.table(
            ("ship_by", "order", "shop", "state", "~goods", ">total"),
            [
                (
                    _ship_by(face, row), row["order"], row["shop"], _states(face, row), _goods(face, row),
                    face.money(row["total"], row["currency"]),
                )
                for row in rows
            ],
            empty="order.none" if everything else "order.none_open",
        )  # fmt: skip

    face.show(rows, as_json, people)


def sheet(
    ctx: typer.Context,
    courier: Annotated[str, typer.Argument(metavar="COURIER")],
    shop: ShopName = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    as_json: AsJSON = False,
) -> None:
    """Make a courier's sheet."""
    face = face_of(ctx)
    made = face.ask("sheet_make", courier=courier, name=shop, actor=actor())
    file = out or Path(made["filename"])
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)  # addresses of buyers stand in it
    with os.fdopen(handle, "wb") as stream:
        stream.write(base64.b64decode(made.pop("content")))

    def people() -> None:
        face.say("sheet.made", file=str(file), boxes=face.number(made["boxes"]))
        for each in made["held"]:
            face.say("sheet.held", order=each["order"], shop=each["shop"], why=face.sentence(each["why"]))
        if not made["verified"]:
            face.note("sheet.unverified")

    face.show(made, as_json, people)


def result(
    ctx: typer.Context,
    result_file: Annotated[Path, typer.Argument(metavar="FILE")],
    *,
    apply: Annotated[bool, typer.Option("--apply")] = False,
    as_json: AsJSON = False,
) -> None:
    """Read a courier's result file; with --apply hand its numbers over."""
    face = face_of(ctx)
    try:
        content = base64.b64encode(result_file.read_bytes()).decode()
    except OSError as error:
        reason = error.strerror or "?"
        raise InputError("cannot be read", code="input.csv_file", file=str(result_file), reason=reason) from None
    told_ = face.ask("result_read", content=content)
    if not apply:
        face.show(told_, as_json, lambda: _result(face, told_))
        return
    pairs = [{"key": r["box"]["key"], "tracking": r["tracking"]} for r in told_["rows"] if r["state"] == "ships"]
    done = face.ask("result_apply", pairs=pairs, actor=actor())
    face.show(done, as_json, lambda: face.say("result.applied", n=face.number(done["accepted"])))
    if done["refused"] or told_["doubtful"] or told_["refused"]:
        raise typer.Exit(1)


def _result(face: Face, found: Mapping[str, Any]) -> None:
    face.table(
        (">row", "tracking", "box", "state", "~note"),
        [
            (
                str(row["row"]), row["tracking"], row["box"]["order"] if row["box"] else "",
                face.sentence(f"result.state.{row['state']}"), face.sentence(row["why"]),
            )
            for row in found["rows"]
        ],
        empty="none",
    )  # fmt: skip
    face.say("result.counts", **{name: face.number(found[name]) for name in ("ships", "doubtful", "refused")})


def missing(ctx: typer.Context, shop: ShopName = "", as_json: AsJSON = False) -> None:
    """List orders a marketplace names and does not give."""
    face = face_of(ctx)
    rows = face.ask("orders_missing", name=shop)

    def people() -> None:
        face.table(
            ("shop", "order", "since", "~note"),
            [
                (
                    row["shop"], row["order"], face.when(row["since"]),
                    face.text("order.dismissed_at", at=face.when(row["dismissed_at"])) if row["dismissed_at"] else "",
                )
                for row in rows
            ],
            empty="order.none_missing",
        )  # fmt: skip
        if any(not row["dismissed_at"] for row in rows):
            face.say("order.missing_about")

    face.show(rows, as_json, people)


def dismiss(
    ctx: typer.Context, shop: Annotated[str, typer.Argument(metavar="SHOP")], order: OrderId, as_json: AsJSON = False
) -> None:
    """Let an order that is named and never given hold nothing back any more."""
    face = face_of(ctx)
    done = face.ask("order_dismiss", name=shop, order=order, actor=actor())
    face.show(done, as_json, lambda: face.say("order.dismissed", **done))


def confirm(ctx: typer.Context, order: OrderId, shop: ShopName = "", as_json: AsJSON = False) -> None:
    """Confirm an order at the marketplace (발주확인)."""
    face = face_of(ctx)
    done = face.ask("order_confirm", order=order, name=shop, actor=actor())
    face.show(done, as_json, lambda: face.say("order.confirming"))


def _ship_by(face: Face, order: Mapping[str, Any]) -> str:
    moments = [line["ship_by"] for line in order["lines"] if line["ship_by"]]
    return face.when(min(moments)) if moments else "–"


def _state(face: Face, line: Mapping[str, Any]) -> str:
    if line["claim"]:
        return f"{face.word('line_state', line['state'])} ({line['claim']})"
    if line["state"] == "unknown":
        return f"{face.word('line_state', 'unknown')} ({line['raw_state']})"
    if line["state"] == "paid" and not line["acknowledged"]:
        return face.word("line", "unacknowledged")
    return face.word("line_state", line["state"])


def _states(face: Face, order: Mapping[str, Any]) -> str:
    return ", ".join(dict.fromkeys(_state(face, line) for line in order["lines"]))


def _goods(face: Face, order: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{line['title']}{' / ' + line['options'] if line['options'] else ''} × {face.number(line['remaining'])}"
        for line in order["lines"]
    )


def show(
    ctx: typer.Context,
    order: OrderId,
    personal: Annotated[bool, typer.Option("--personal")] = False,
    shop: ShopName = "",
    as_json: AsJSON = False,
) -> None:
    """Show one order; the address only when asked for."""
    face = face_of(ctx)
    found = face.ask("order_show", order=order, name=shop, personal=personal)
    face.show(found, as_json, lambda: _people(face, found))


def _people(face: Face, order: Mapping[str, Any]) -> None:
    to, heard_by = order.get("ship_to") or {}, face.word("heard_by", order["heard_by"])
    face.pairs(
        [
            (face.text("column.order"), order["order"]), (face.text("column.shop"), order["shop"]),
            (face.text("column.placed"), face.when(order["placed_at"])),
            (face.text("column.order_heard"), f"{face.when(order['heard_at'])} ({heard_by})"),
            (face.text("column.total"), face.money(order["total"], order["currency"])),
            (face.text("column.ship_to"), " · ".join(str(value) for value in to.values()) or "–"),
            *((name, str(value)) for name, value in sorted(order["extra"].items())),
        ]
    )  # fmt: skip
    print()
    face.table(
        ("line", "~title", "~options", "~code", ">quantity", "state", "ship_by", "~parcels"),
        [
            (
                line["line"], line["title"], line["options"], line["code"], _quantity(face, line), _state(face, line),
                face.when(line["ship_by"]) or "–",
                ", ".join(f"{face.carrier(p['carrier'])} {p['tracking_number']}" for p in line["parcels"]),
            )
            for line in order["lines"]
        ],
    )  # fmt: skip
    _unlinked(face, order)
    _owed(face, order)


def _quantity(face: Face, line: Mapping[str, Any]) -> str:
    whole, left = line["quantity"], line["remaining"]
    return face.number(whole) if whole == left else f"{face.number(left)}/{face.number(whole)}"


def _unlinked(face: Face, order: Mapping[str, Any]) -> None:
    if any(not line["linked"] for line in order["lines"]):
        face.note("order.unlinked")


def _owed(face: Face, order: Mapping[str, Any]) -> None:
    """Show what the marketplace was or is to be told of, with the reason of a refusal."""
    for owed in order["owed"]:
        print()
        face.say(
            "order.owed", what=face.word("owed", owed["kind"]), state=face.word("owed_state", owed["state"]),
            parcel=" ".join(part for part in (face.carrier(owed["carrier"]), owed["tracking_number"]) if part),
        )  # fmt: skip
        if owed["error"]:
            face.lines(told(owed["error"], {"remote_code": owed["remote_code"] or "–"}, face.language))


def ship(
    ctx: typer.Context,
    order: OrderId,
    carrier: Annotated[str, typer.Argument(metavar="CARRIER")],
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    *,
    shop: ShopName = "",
    line: Annotated[list[str] | None, typer.Option("--line", metavar="LINE")] = None,
    as_json: AsJSON = False,
) -> None:
    """Ask for a parcel's tracking number to be handed to the marketplace."""
    face = face_of(ctx)
    done = face.ask(
        "ship_order", order=order, carrier=carrier, tracking_number=number, actor=actor(), name=shop, lines=line or None
    )
    parcel = {"carrier": face.carrier(carrier), "number": number.strip()}
    face.show(done, as_json, lambda: face.say("order.ship", order=done["order"], shop=done["shop"], **parcel))
    if not face.asked_hub:
        face.note("ship_later")
