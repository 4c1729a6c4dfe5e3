"""Opening stock: what lay on the shelf for SKUs never counted. A person says it for each; nothing is assumed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts
from jangbu.catalog import service as catalog
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.inventory import service as inventory
from jangbu.inventory.model import Why
from jangbu.kernel.errors import IllegalTransition, InputError
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.publish import service as publish
from jangbu.shops import service as shops


async def opening_list(house: House) -> list[Facts]:
    """List the linked SKUs nobody has counted, with what each shop shows and what open orders hold.

    Shape: `shops` gives each shop's number (None: not read yet), `lowest` the least of them (None: not all read),
    `open` the pieces promised to buyers and still on the shelf.
    """
    return await house.db.read(_rows)


def _rows(tx: ReadTx) -> list[Facts]:
    variants = catalog.variants(tx)
    booked = inventory.counted(tx, [variant.id for variant in variants])
    names = {shop.id: shop.name for shop in shops.all_shops(tx)}
    return [
        {"sku": variant.sku, "title": variant.title, **_figures(tx, variant.id, names)}
        for variant in variants
        if variant.id not in booked
    ]


def _figures(tx: ReadTx, variant: VariantId, names: Mapping[ShopId, str]) -> Facts:
    stock = inventory.stock(tx, variant)
    told = [
        {
            "shop": names.get(cell.shop_id, cell.shop_id),
            "number": None if cell.read_at == 0 else units * max(_stands(cell), 0),
        }
        for cell, units in publish.cells_of_variant(tx, variant)
    ]  # fmt: skip
    numbers = [each["number"] for each in told]
    whole = bool(numbers) and None not in numbers
    return {
        "shops": told, "lowest": min(n for n in numbers if n is not None) if whole else None,
        "open": stock.committed + stock.reserved,
    }  # fmt: skip


def _stands(cell: Any) -> int:  # noqa: ANN401 - publish's row
    return int(cell.book.stands if cell.book.on_sale else cell.book.parked)


async def opening_stock(house: House, *, choices: Sequence[dict[str, Any]], actor: str) -> Facts:
    """Book what a person chose for SKUs never counted, all or none.

    Each choice: {"sku", "how": "count" with "number" (what lies on the shelf, promised pieces included) | "lowest" |
    "shop:<name>"}. A shop's figure is what can still be sold there, so what open orders hold lies on the shelf too.
    Errors: InputError, NotFound; IllegalTransition for a SKU that was counted meanwhile or a figure not read yet.
    """
    now = house.clock.now()

    def write(tx: WriteTx) -> Facts:
        pieces = 0
        names = {shop.id: shop.name for shop in shops.all_shops(tx)}
        for choice in choices:
            variant = catalog.variant_of(tx, str(choice.get("sku", "")))
            if inventory.counted(tx, [variant.id]):
                raise IllegalTransition("counted meanwhile", code="opening_counted", sku=variant.sku)
            number = _chosen(choice, _figures(tx, variant.id, names), variant.sku)
            inventory.count(tx, variant.id, number, Why(actor, f"opening:{variant.sku}", "stock.opening"), now)
            pieces += number
        note(tx, now, "stock.opened", actor=actor, skus=len(choices), pieces=pieces)
        return {"skus": len(choices), "pieces": pieces}

    return await house.db.write(write)


def _chosen(choice: Mapping[str, Any], figures: Facts, sku: str) -> int:
    """Give the pieces on the shelf that a choice means."""
    how = str(choice.get("how", ""))
    if how == "count":
        return int(choice.get("number", 0))
    if how == "lowest":
        number = figures["lowest"]
    elif how.startswith("shop:"):
        number = next((each["number"] for each in figures["shops"] if each["shop"] == how.removeprefix("shop:")), None)
    else:
        raise InputError(f"no way {how[:20]}", code="page.choice", field="how")
    if number is None:
        raise IllegalTransition("not read yet", code="opening_unread", sku=sku)
    return int(number) + int(figures["open"])
