"""The plan in words: what becomes of every number once its shop is started, what follows, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jangbu.app import figures
from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts
from jangbu.catalog import service as catalog
from jangbu.infra.db import ReadTx
from jangbu.publish.outlook import plan_rows
from jangbu.shops import service as shops

KINDS: Final = ("raise", "lower", "off", "on", "equal", "waits", "out", "unread")
"""What may become of a number; `off` sells nothing any more, `out` is left alone, `waits` is not there yet."""

_ON_THE_WAY: Final = frozenset(
    {"plan.freeze", "plan.zero_to_fence", "plan.off_to_be_safe", "plan.raise_in_part", "plan.set_while_off",
     "plan.reopen"}
)  # fmt: skip


async def plan(house: House, *, name: str = "", sku: str = "") -> list[Facts]:
    """Tell for every linked number (of a shop, or of a SKU) what it is, what it should be, why, what it waits for.

    Shape: `kind` is one of `raise`, `lower`, `off`, `on`, `equal`, `waits`, `out`, `unread`; `says` are sentences as
    message codes with their facts: what follows, and why.
    """
    now = house.clock.now()

    def read(tx: ReadTx) -> list[Facts]:
        only = shops.named(tx, name).id if name else None
        variant = catalog.variant_of(tx, sku).id if sku else None
        return [_told(row) for row in plan_rows(tx, house.manifests, now, only, variant)]

    return await house.db.read(read)


async def offers_unlinked(house: House, *, name: str = "") -> int:
    """Count what is offered (by a shop) and linked to no SKU: no plan knows of it."""

    def read(tx: ReadTx) -> int:
        return figures.offer_counts(tx, shops.named(tx, name).id if name else None).unlinked

    return await house.db.read(read)


def _told(row: Mapping[str, Any]) -> Facts:
    kind = kind_of(row)
    return {**row, "kind": kind, "says": [{"code": code, "facts": facts} for code, facts in _says(row, kind)]}


def kind_of(row: Mapping[str, Any]) -> str:
    """Say in one word what would become of a number."""
    now, target = row["now"], row["target"]
    if row["left_alone"] and not row["act"]:
        return "out"
    if now is None:
        return "unread"
    if row["waiting"] and not row["act"]:
        return "waits"
    if target == (now if row["on_sale"] else 0):
        return "equal"
    if not target:
        return "off"
    return "on" if not row["on_sale"] else "raise" if target > now else "lower"


def _says(row: Mapping[str, Any], kind: str) -> list[tuple[str, Facts]]:
    """Give the sentences: the consequence, then what made the number what it is."""
    shown = {"shop": row["shop"], "now": row["now"] or 0, "target": row["target"]}
    match kind:
        case "out":
            return [(row["left_alone"], {})]
        case "unread":
            return [("follows.unread", shown)]
        case "waits":
            return [(row["waiting"], {})]
        case "equal":
            return [(_stays(row), shown), *_because(row)]
        case _:
            says = [(_consequence(row, kind), shown), *_because(row)]
            return [*says, (row["why"], {})] if row["why"] in _ON_THE_WAY else says


def _consequence(row: Mapping[str, Any], kind: str) -> str:
    if kind == "off":
        return "follows.off" if row["act"] == "off" else "follows.zero"
    return "follows.on" if kind == "on" else "follows.show"


def _stays(row: Mapping[str, Any]) -> str:
    return "follows.stays_off" if not row["on_sale"] else "follows.equal" if row["now"] else "follows.stays_zero"


def _because(row: Mapping[str, Any]) -> list[tuple[str, Facts]]:
    facts = {"available": row["available"], "elsewhere": row["elsewhere"], "others": row["elsewhere_n"]}
    reasons = (("none", not row["available"]), ("kit", row["kit"]), ("mirror", row["mirror"]),
               ("elsewhere", row["elsewhere_n"]), ("all", True))  # fmt: skip
    first = next(name for name, holds in reasons if holds)
    held = [("because.held", {"held": row["held"]})] if row["held"] and not row["mirror"] else []
    return [(f"because.{first}", facts), *held]
