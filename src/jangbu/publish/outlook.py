"""The plan as a seller reads it before she starts a shop: every number with what becomes of it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from jangbu.catalog import service as catalog
from jangbu.infra.db import ReadTx
from jangbu.kernel.ids import CellId, ShopId, VariantId
from jangbu.publish import store, world
from jangbu.publish.model import book as books
from jangbu.publish.model.plan import Group, Plan, Planned
from jangbu.publish.model.target import Policy
from jangbu.publish.service import look
from jangbu.publish.store import CellRow
from jangbu.publish.world import Component, GroupInfo
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.records import ListingState

Row = dict[str, Any]


def plan_rows(
    tx: ReadTx,
    manifests: Mapping[str, Manifest],
    now: datetime,
    shop: ShopId | None = None,
    variant: VariantId | None = None,
) -> list[Row]:
    """Tell for every linked number (of a shop, or of a SKU): now, to be written once its shop is started, and why.

    Shape: `now` is None for a number never read. `writes`: its shop may be written now. `left_alone`: why nothing
    would be written even after a start, "" where something may. `available`: pieces (sets, for a kit) that are free
    to be sold anywhere; `elsewhere`, `elsewhere_n`: how many of them are promised to other numbers, by shop and in all;
    `held`: how many are kept back, for they may be sold already; `skus`: what one piece takes.
    """
    given = world.leave(tx)
    wanted = store.cells_of_variants(tx, [variant]) if variant else store.cells_of_shop(tx, shop)
    named = _Names(tx, given, wanted if variant else None)
    rows: list[Row] = []
    done: set[CellId] = set()
    for cell in sorted(wanted, key=lambda each: each.key):
        if cell.id in done:
            continue
        drawn, component = look(tx, manifests, [cell], now, as_if_started=True, given=given)
        done |= {row.id for row in component.cells()} | {cell.id}
        rows += _Component(named, drawn, component).rows(shop, variant)
    return rows


def left_alone(group: Group, info: GroupInfo) -> str:
    """Tell why nothing of a listing would be written even after a start, as a message code; "" when it may be."""
    reasons = (
        ("wait.not_counted", not info.counted),
        ("wait.not_ours", not info.ours),
        ("wait.not_listed", group.state in {ListingState.DRAFT, ListingState.EXPIRED}),
        ("wait.off_by_you", group.parked and not group.parked_by_us),
        ("wait.return_not_allowed", group.parked and not group.returns),
        ("wait.reopening_costs", group.needs_reopening and not group.reopens),
    )
    return next((code for code, holds in reasons if holds), "")


class _Component:
    """The rows of one component: numbers that draw on the same pieces."""

    def __init__(self, named: _Names, drawn: Plan, component: Component) -> None:
        self._named, self._drawn, self._component = named, drawn, component
        self._steps = {(p.shop, p.group): p for p in drawn.planned}
        self._waits = {(w.shop, w.group): w.why for w in drawn.waiting}
        self._units = {cell.id: cell.units for group in component.groups for cell in group.cells}
        self._shop_of = {row.id: row.shop_id for row in component.cells()}
        self._variants = {each.id: each for each in component.variants}

    def rows(self, shop: ShopId | None, variant: VariantId | None) -> Iterable[Row]:
        """Give its numbers; of a shop, or those that sell a variant, where one is asked for."""
        for group in self._component.groups:
            if shop is not None and group.shop != shop:
                continue
            info = self._component.info[group.shop, group.id]
            for row in info.cells.values():
                if variant is None or variant in self._units[row.id]:
                    yield self._row(group, info, row)

    def _row(self, group: Group, info: GroupInfo, row: CellRow) -> Row:
        at, takes = (group.shop, group.id), self._units[row.id]
        proposed, shown = self._steps.get(at), row.book.shown
        target = self._drawn.targets.get(row.id, shown)
        elsewhere = self._elsewhere(row.id, takes)
        return {
            **self._named.of(group.shop, row.key, takes), "listing": group.id, "cell": row.key, "title": info.title,
            "now": shown if row.read_at > 0 else None, "target": target, "on_sale": row.book.on_sale,
            "exposure": None if row.book.exposure >= books.UNBOUNDED // 2 else row.book.exposure,
            "available": max(min(self._variants[v].available // n for v, n in takes.items()), 0),
            "elsewhere": ", ".join(f"{name} {n}" for name, n in elsewhere.items()),
            "elsewhere_n": sum(elsewhere.values()), "held": self._held(target, sum(elsewhere.values()), takes),
            "mirror": all(self._variants[v].policy is Policy.MIRROR for v in takes), "kit": _kit(takes),
            **self._step(proposed, row.id),
            "why": proposed.why if proposed else ("plan.equal" if shown == target else ""),
            "waiting": self._waits.get(at, "" if info.counted else "wait.not_counted"),
            "left_alone": left_alone(group, info), "under_way": row.book.pending is not None,
        }  # fmt: skip

    @staticmethod
    def _step(proposed: Planned | None, cell: CellId) -> Row:
        carried = proposed is not None and cell in proposed.numbers
        act = proposed.act.value if proposed and carried else ""
        return {"write": proposed.numbers[cell] if proposed and carried else None, "act": act}

    def _elsewhere(self, own: CellId, takes: Mapping[VariantId, int]) -> dict[str, int]:
        """Give the pieces of a single SKU that other numbers are to show; of a kit nothing simple can be said."""
        if _kit(takes):
            return {}
        (variant,) = takes
        found: dict[str, int] = {}
        for cell, units in self._units.items():
            of = self._shop_of[cell]
            if cell != own and (pieces := self._drawn.targets.get(cell, 0) * units.get(variant, 0)):
                found[self._named.shop(of)] = found.get(self._named.shop(of), 0) + pieces
        return found


    def _held(self, target: int, elsewhere: int, takes: Mapping[VariantId, int]) -> int:
        """Give the pieces of a single SKU that no number is to show while they may be sold unheard of."""
        if _kit(takes):
            return 0
        (variant,) = takes
        doubtful = sum(
            max(row.book.exposure - self._drawn.targets.get(row.id, 0), 0) * self._units[row.id].get(variant, 0)
            for row in self._component.cells()
        )
        return max(min(self._variants[variant].available - target - elsewhere, doubtful), 0)


def _kit(takes: Mapping[VariantId, int]) -> bool:
    return len(takes) > 1 or any(n > 1 for n in takes.values())


class _Names:
    """Names numbers as a seller does: by her shops, her codes and the words of the options."""

    def __init__(self, tx: ReadTx, given: world.Leave, cells: Sequence[CellRow] | None) -> None:
        """Read the names of everything, or only of these few numbers."""
        self._given = given
        if cells is None:
            variants, offers = catalog.variants(tx), catalog.offers(tx)
        else:
            taken = store.units_of(tx, [cell.id for cell in cells]).values()
            variants = catalog.variants(tx, sorted({variant for units in taken for variant in units}))
            places = sorted({(cell.shop_id, cell.listing_id) for cell in cells})
            offers = [each for shop, listing in places for each in catalog.offers(tx, shop, listing=listing)]
        self._skus = {variant.id: variant.sku for variant in variants}
        self._options = {
            (offer.shop_id, offer.cell_key): " / ".join(value for _, value in offer.options)
            for offer in reversed(offers)
        }

    def shop(self, shop: ShopId) -> str:
        """Name a shop."""
        return self._given.shops[shop].name

    def of(self, shop: ShopId, cell_key: str, takes: Mapping[VariantId, int]) -> Row:
        """Name a number: its shop, what one piece takes, the option words (nothing where there is one alone)."""
        found = self._given.shops[shop]
        return {
            "shop": found.name, "writes": found.writes and not self._given.stopped,
            "sku": " + ".join(f"{self._skus[v]} × {n}" if n > 1 else self._skus[v] for v, n in sorted(takes.items())),
            "skus": [self._skus[v] for v in sorted(takes)], "options": self._options.get((shop, cell_key), ""),
        }  # fmt: skip
