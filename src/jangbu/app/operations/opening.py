"""Opening stock: what lay on the shelf for SKUs never counted. A person says it for each; nothing is assumed.

Only SKUs that some shop sells are asked for: one that is linked to nothing holds nothing back, and is counted on its
own page when its owner likes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jangbu.app import figures
from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts
from jangbu.catalog import service as catalog
from jangbu.catalog.model import Variant
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why
from jangbu.kernel.errors import IllegalTransition, InputError
from jangbu.publish import service as publish
from jangbu.shops import service as shops


async def opening_count(house: House, *, search: str = "") -> int:
    """Count the linked SKUs nobody has counted: the length of the whole `opening_list`."""
    return await house.db.read(lambda tx: len(figures.uncounted(tx, search)) if search else figures.uncounted_count(tx))


async def opening_list(house: House, *, search: str = "", start: int = 0, limit: int = 0) -> list[Facts]:
    """List the linked SKUs nobody has counted (a part of them, those a search fits), with what each shop shows.

    Shape: `shops` gives each shop's number (None: not read yet), `lowest` the least of them (None: not all read),
    `differ` whether they are not all the same, `open` the pieces promised to buyers and still on the shelf.
    """

    def read(tx: ReadTx) -> list[Facts]:
        found = figures.uncounted(tx, search)
        return _rows(tx, found[start : start + limit] if limit else found[start:])

    return await house.db.read(read)


async def opening_preview(house: House, *, how: str, search: str = "") -> Facts:
    """Tell what choosing one figure for every uncounted SKU (that a search fits) would book. Changes nothing.

    `how`: "lowest", or "shop:<name>". Shape: `rows` as of `opening_list` with `pieces` (None: left open, for that
    figure is not known), how many `skus` and `pieces` would be booked, how many of them `differ` between shops, how
    many are `left` open; `mark` names exactly this, for `opening_all`. Errors: InputError for another way.
    """
    return await house.db.read(lambda tx: _preview(tx, how, search))


async def opening_all(house: House, *, how: str, mark: str, actor: str, search: str = "") -> Facts:
    """Book what `opening_preview` showed, all or none.

    Errors: InputError for another way; IllegalTransition when the figures are no longer those of the preview.
    """
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        shown = _preview(tx, how, search)
        if shown["mark"] != mark:
            raise IllegalTransition("the figures changed", code="opening_changed")
        if not shown["skus"]:
            raise IllegalTransition("no figure is known", code="opening_nothing")
        for row in shown["rows"]:
            if row["pieces"] is not None:
                variant = catalog.variant_of(tx, row["sku"])
                inventory.count(
                    tx, variant.id, row["pieces"], Why(actor, f"opening:{variant.sku}", "stock.opening"), now
                )
        note(tx, now, "stock.opened", actor=actor, skus=shown["skus"], pieces=shown["pieces"])
        return {"skus": shown["skus"], "pieces": shown["pieces"], "left": shown["left"]}

    return await house.db.write(write)


async def opening_stock(house: House, *, choices: Sequence[dict[str, Any]], actor: str) -> Facts:
    """Book what a person chose for SKUs never counted, all or none.

    Each choice: {"sku", "how": "count" with "number" (what lies on the shelf, promised pieces included) | "lowest" |
    "shop:<name>"}. A shop's figure is what can still be sold there (the least of its pages that sell the SKU), so what
    open orders hold lies on the shelf too.
    Errors: InputError, NotFound; IllegalTransition for a SKU that was counted meanwhile or a figure not read yet.
    """
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        pieces = 0
        variants = [catalog.variant_of(tx, str(choice.get("sku", ""))) for choice in choices]
        counted = inventory.counted(tx, [variant.id for variant in variants])
        for choice, variant, row in zip(choices, variants, _rows(tx, variants), strict=True):
            if variant.id in counted:
                raise IllegalTransition("counted meanwhile", code="opening_counted", sku=variant.sku)
            number = _chosen(choice, row)
            if number is None:
                raise IllegalTransition("not read yet", code="opening_unread", sku=variant.sku)
            inventory.count(tx, variant.id, number, Why(actor, f"opening:{variant.sku}", "stock.opening"), now)
            pieces += number
        note(tx, now, "stock.opened", actor=actor, skus=len(choices), pieces=pieces)
        return {"skus": len(choices), "pieces": pieces}

    return await house.db.write(write)


def _rows(tx: ReadTx, variants: Sequence[Variant]) -> list[Facts]:
    """Tell each SKU's figures, in as many questions for one as for a hundred."""
    ids = [variant.id for variant in variants]
    stocks, cells = inventory.stocks(tx, ids), publish.cells_by_variant(tx, ids)
    names = {shop.id: shop.name for shop in shops.all_shops(tx)}
    rows: list[Facts] = []
    for each in variants:
        told = [
            {
                "shop": names.get(cell.shop_id, cell.shop_id),
                "number": None if cell.read_at == 0 else units * cell.book.number,
            }
            for cell, units in cells[each.id]
        ]  # fmt: skip
        known = [row["number"] for row in told if row["number"] is not None]
        whole = bool(known) and len(known) == len(told)
        rows.append(
            {
                "sku": each.sku, "title": each.title, "shops": told, "lowest": min(known) if whole else None,
                "differ": len(set(known)) > 1, "open": stocks[each.id].committed + stocks[each.id].reserved,
            }
        )  # fmt: skip
    return rows


def _preview(tx: ReadTx, how: str, search: str) -> Facts:
    if how == "count":
        raise InputError("a count is one SKU's", code="page.choice", field="how")
    rows = [{**row, "pieces": _chosen({"how": how}, row)} for row in _rows(tx, figures.uncounted(tx, search))]
    booked = [row for row in rows if row["pieces"] is not None]
    return {
        "rows": rows, "skus": len(booked), "pieces": sum(row["pieces"] for row in booked),
        "differ": sum(row["differ"] for row in booked), "left": len(rows) - len(booked), "mark": _mark(how, booked),
    }  # fmt: skip


def _mark(how: str, booked: Iterable[Mapping[str, Any]]) -> str:
    told = "\n".join([how, *(f"{row['sku']}\t{row['pieces']}" for row in booked)])
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def _chosen(choice: Mapping[str, Any], row: Mapping[str, Any]) -> int | None:
    """Give the pieces on the shelf that a choice means; None where that figure is not known."""
    how = str(choice.get("how", ""))
    if how == "count":
        return int(choice.get("number", 0))
    if how == "lowest":
        number = row["lowest"]
    elif how.startswith("shop:"):
        found = [each["number"] for each in row["shops"] if each["shop"] == how.removeprefix("shop:")]
        number = None if not found or None in found else min(found)
    else:
        raise InputError(f"no way {how[:20]}", code="page.choice", field="how")
    return None if number is None else int(number) + int(row["open"])
