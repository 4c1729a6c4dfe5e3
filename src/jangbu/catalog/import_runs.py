"""How far the reading of a shop's listings has come: one row a shop, so that it goes on after a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.ids import ShopId

TOPIC = "imports"
_ROW = "shop_id, asked_at, begun_at, ended_at, expected, listings, offers, trouble"


@dataclass(frozen=True)
class ImportRun:
    """The latest reading of one shop. `expected` is 0 while nobody counted."""

    shop_id: ShopId
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    expected: int
    listings: int
    offers: int
    trouble: str

    @property
    def state(self) -> str:
        """Tell in one word: asked, running, done, failed."""
        if self.ended_at is not None:
            return "failed" if self.trouble else "done"
        return "running" if self.begun_at is not None else "asked"


def ask(tx: WriteTx, shop: ShopId, at: datetime, *, actor: str) -> None:
    """Ask for a shop's listings to be read. Repeat: one that is asked for or under way is left alone."""
    tx.run(
        "INSERT INTO import_run (shop_id, asked_by, asked_at) VALUES (?, ?, ?) ON CONFLICT (shop_id) DO UPDATE SET "
        "asked_by = excluded.asked_by, asked_at = excluded.asked_at, begun_at = NULL, ended_at = NULL, expected = 0, "
        "listings = 0, offers = 0, trouble = '' WHERE import_run.ended_at IS NOT NULL",
        (shop, actor, to_ms(at)),
    )
    tx.notify(TOPIC)


def begun(tx: WriteTx, shop: ShopId, at: datetime, expected: int) -> None:
    """Note that reading begins, from the start: what was read before is met again and changes nothing."""
    tx.run(
        "INSERT INTO import_run (shop_id, asked_by, asked_at, begun_at, expected) VALUES (?, 'jangbu', ?, ?, ?) "
        "ON CONFLICT (shop_id) DO UPDATE SET begun_at = excluded.begun_at, expected = excluded.expected, "
        "ended_at = NULL, listings = 0, offers = 0, trouble = ''",
        (shop, to_ms(at), to_ms(at), expected),
    )


def went(tx: WriteTx, shop: ShopId, listings: int, offers: int) -> None:
    """Note how many were kept so far."""
    tx.run("UPDATE import_run SET listings = ?, offers = ? WHERE shop_id = ?", (listings, offers, shop))


def ended(tx: WriteTx, shop: ShopId, at: datetime, trouble: str = "") -> None:
    """Note that reading ended, or failed with a message code."""
    tx.run("UPDATE import_run SET ended_at = ?, trouble = ? WHERE shop_id = ?", (to_ms(at), trouble, shop))


def all_runs(tx: ReadTx) -> Mapping[ShopId, ImportRun]:
    """Give every shop's latest run."""
    return {row.shop_id: row for row in map(_run, tx.all(f"SELECT {_ROW} FROM import_run"))}


def waiting(tx: ReadTx) -> list[ShopId]:
    """Name the shops whose listings are asked for and not yet wholly read, the oldest asking first."""
    return [
        ShopId(shop) for (shop,) in tx.all("SELECT shop_id FROM import_run WHERE ended_at IS NULL ORDER BY asked_at")
    ]


def _run(row: tuple[object, ...]) -> ImportRun:
    shop, asked, begun_at, ended_at, expected, listings, offers, trouble = row
    return ImportRun(
        ShopId(str(shop)), from_ms(int(str(asked))), _at(begun_at), _at(ended_at), int(str(expected)),
        int(str(listings)), int(str(offers)), str(trouble),
    )  # fmt: skip


def _at(value: object) -> datetime | None:
    return from_ms(int(str(value))) if value is not None else None
