"""`catalog …` and `policy …`: listings of the shops, their links to SKUs, and how a SKU's stock is divided."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from jangbu.app.commands.face import AsJSON, Face, ShopName, actor, face_of
from jangbu.app.commands.spoken import SpokenCommand, group
from jangbu.kernel.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the commands."""
    catalog, policy = group(), group()
    for name, command in (("import", import_), ("link", link), ("unlink", unlink)):
        catalog.command(name, cls=SpokenCommand)(command)
    for name, asked in (("suggest", suggest), ("offers", offers)):
        catalog.command(name, cls=SpokenCommand)(asked)
    policy.command("set", cls=SpokenCommand)(set_policy)
    app.add_typer(catalog, name="catalog")
    app.add_typer(policy, name="policy")


def import_(
    ctx: typer.Context, shop: Annotated[str, typer.Argument(metavar="[SHOP]")] = "", as_json: AsJSON = False
) -> None:
    """Read all listings of one shop or of all."""
    face = face_of(ctx)
    if sys.stderr.isatty():
        face.note("catalog.reading")
    done = face.ask("catalog_import", name=shop)

    def people() -> None:
        face.table(
            ("shop", ">listings", ">offers", ">gone"),
            [(d["shop"], face.number(d["listings"]), face.number(d["offers"]), face.number(d["gone"])) for d in done],
            empty="shop.none",
        )

    face.show(done, as_json, people)


def link(
    ctx: typer.Context,
    shop: Annotated[str, typer.Argument(metavar="[SHOP]")] = "",
    offer: Annotated[str, typer.Argument(metavar="[OFFER]")] = "",
    sku: Annotated[str, typer.Argument(metavar="[SKU]")] = "",
    *,
    by_sku: Annotated[bool, typer.Option("--by-sku")] = False,
    units: Annotated[int, typer.Option(metavar="N")] = 1,
    add: Annotated[bool, typer.Option("--add")] = False,
    new: Annotated[bool, typer.Option("--new")] = False,
    policy: Annotated[str, typer.Option(metavar="escrow|mirror")] = "escrow",
    as_json: AsJSON = False,
) -> None:
    """Link offers to SKUs, all that are certain or one by hand."""
    face = face_of(ctx)
    if by_sku == bool(shop or offer or sku) or (not by_sku and not (shop and offer and sku)):
        raise InputError("--by-sku, or SHOP OFFER SKU", code="usage.link")
    if by_sku:
        done = face.ask("catalog_link_by_sku", actor=actor(), policy=policy)
        face.show(done, as_json, lambda: _linked(face, done))
        return
    done = face.ask(
        "catalog_link_by_hand", name=shop, offer=offer, sku=sku, actor=actor(), units=units, add=add, new=new
    )
    words = ", ".join(f"{each} × {n}" for each, n in sorted(done["links"].items()))
    told = {"title": done["title"], "options": done["options"], "links": words}
    face.show(done, as_json, lambda: face.say("catalog.linked_one", **told))


def suggest(
    ctx: typer.Context, limit: Annotated[int, typer.Option("--limit")] = 20, as_json: AsJSON = False
) -> None:
    """List pairs of listings that look like the same goods; links nothing."""
    face = face_of(ctx)
    found = face.ask("linking_pairs", limit=limit)

    def people() -> None:
        rows = [
            (
                pair["left"]["title"], pair["right"]["title"], face.word("linking.strength", pair["strength"]),
                ", ".join(face.word("linking.why", why) for why in pair["why"]),
            )
            for pair in found["pairs"]
        ]  # fmt: skip
        face.table(("~title", "~title", "state", "~why"), rows, empty="suggest.none")

    face.show(found, as_json, people)


def unlink(
    ctx: typer.Context,
    shop: Annotated[str, typer.Argument(metavar="SHOP")],
    offer: Annotated[str, typer.Argument(metavar="OFFER")],
    sku: Annotated[str, typer.Argument(metavar="[SKU]")] = "",
    as_json: AsJSON = False,
) -> None:
    """Take an offer's link to a SKU away, or all of them."""
    face = face_of(ctx)
    done = face.ask("catalog_unlink", name=shop, offer=offer, sku=sku, actor=actor())
    face.show(done, as_json, lambda: face.say("catalog.unlinked_one", title=done["title"], options=done["options"]))


def _linked(face: Face, done: Mapping[str, int]) -> None:
    face.say("catalog.linked", linked=face.number(done["linked"]))
    for name in ("late_lines", "doubtful", "without_code"):
        if done[name]:
            face.say(f"catalog.{name}", number=face.number(done[name]))


def offers(
    ctx: typer.Context, shop: ShopName = "", unlinked: Annotated[bool, typer.Option("--unlinked")] = False,
    as_json: AsJSON = False,
) -> None:  # fmt: skip
    """List offers with their links."""
    face = face_of(ctx)
    rows = face.ask("catalog_offers", name=shop, unlinked=unlinked)

    def people() -> None:
        names = {each["id"]: each["name"] for each in face.ask("shop_list")}
        face.table(
            ("shop", "~offer", "~title", "~options", "code", ">shown", "state", ">price", "~links"),
            [_offer(face, row, names) for row in rows],
            empty="catalog.no_offers",
        )
        if not all(row["tracked"] for row in rows):
            face.say("catalog.as_imported")

    face.show(rows, as_json, people)


def _offer(face: Face, row: Mapping[str, Any], names: Mapping[str, str]) -> tuple[str, ...]:
    links = ", ".join(sku if n == 1 else f"{sku} × {n}" for sku, n in sorted(row["links"].items()))
    return (
        names.get(row["shop"], row["shop"]), row["offer"], row["title"], row["options"], row["code"],
        face.number(row["quantity"]) + ("" if row["tracked"] else " *"), face.word("listing_state", row["state"]),
        face.money(row["price"], row["currency"]), links or face.text("catalog.unlinked"),
    )  # fmt: skip


def set_policy(
    ctx: typer.Context,
    sku: Annotated[str, typer.Argument(metavar="SKU")],
    policy: Annotated[str, typer.Argument(metavar="escrow|mirror")],
    as_json: AsJSON = False,
) -> None:
    """Choose how a SKU's stock is divided."""
    face = face_of(ctx)
    done = face.ask("set_policy", sku=sku, policy=policy, actor=actor())

    def people() -> None:
        face.say("policy.set", sku=sku, policy=face.word("policy", done["policy"]))
        face.note_sent_later()

    face.show(done, as_json, people)
