"""Pictures of listings: which are still to be fetched, what was seen of the others. Owns `listing_picture`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import to_ms
from jangbu.kernel.ids import ShopId
from jangbu.sdk.records import Listing

EACH_MAX: Final = 3  # pictures looked at of one listing
TRIES_MAX: Final = 3
AGAIN_AFTER: Final = timedelta(minutes=10)


@dataclass(frozen=True)
class Wanted:
    """A picture to be fetched."""

    shop_id: ShopId
    listing_id: str
    place: int
    address: str


def note_pictures(tx: WriteTx, shop: ShopId, listing: Listing, at: datetime) -> None:
    """Keep a listing's picture addresses; one that changed is fetched anew, the others are left alone."""
    wanted = listing.pictures[:EACH_MAX]
    if not wanted:
        return
    tx.run_many(
        "INSERT INTO listing_picture (shop_id, listing_id, place, address, due_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id, listing_id, place) DO UPDATE SET address = excluded.address, hashes = '[]', "
        "small = NULL, tries = 0, due_at = excluded.due_at WHERE listing_picture.address <> excluded.address",
        [(shop, listing.ref.remote_id, place, address, to_ms(at)) for place, address in enumerate(wanted)],
    )
    tx.run(
        "DELETE FROM listing_picture WHERE shop_id = ? AND listing_id = ? AND place >= ?",
        (shop, listing.ref.remote_id, len(wanted)),
    )


def due(tx: ReadTx, now: datetime, limit: int, of: Sequence[ShopId]) -> list[Wanted]:
    """Give pictures of these shops to fetch now, first pictures first."""
    if not of:
        return []
    rows = tx.all(
        "SELECT shop_id, listing_id, place, address FROM listing_picture WHERE due_at IS NOT NULL AND due_at <= ? "
        f"AND shop_id IN ({', '.join('?' * len(of))}) ORDER BY place, due_at, shop_id, listing_id LIMIT ?",
        (to_ms(now), *of, limit),
    )
    return [Wanted(ShopId(row[0]), row[1], row[2], row[3]) for row in rows]


def seen(tx: WriteTx, picture: Wanted, hashes: Sequence[int], small: bytes) -> None:
    """Keep what was seen of a picture; of the first one also the small copy. One replaced meanwhile stays wanted."""
    kept = small if picture.place == 0 else None
    told = msgspec.json.encode([f"{each:016x}" for each in hashes]).decode()
    tx.run(
        "UPDATE listing_picture SET hashes = ?, small = ?, due_at = NULL "
        "WHERE shop_id = ? AND listing_id = ? AND place = ? AND address = ?",
        (told, kept, picture.shop_id, picture.listing_id, picture.place, picture.address),
    )


def failed(tx: WriteTx, picture: Wanted, now: datetime) -> None:
    """Try a picture again later, a few times; without it a listing is recognised by its words."""
    again = to_ms(now + AGAIN_AFTER)
    tx.run(
        "UPDATE listing_picture SET tries = tries + 1, due_at = CASE WHEN tries + 1 >= ? THEN NULL ELSE ? END "
        "WHERE shop_id = ? AND listing_id = ? AND place = ? AND address = ?",
        (TRIES_MAX, again, picture.shop_id, picture.listing_id, picture.place, picture.address),
    )


def hashes(tx: ReadTx) -> dict[tuple[ShopId, str], tuple[int, ...]]:
    """Give the hashes of every listing's pictures."""
    found: dict[tuple[ShopId, str], tuple[int, ...]] = {}
    for shop, listing, told in tx.all("SELECT shop_id, listing_id, hashes FROM listing_picture ORDER BY place"):
        own = tuple(int(each, 16) for each in msgspec.json.decode(told))
        found[ShopId(shop), listing] = found.get((ShopId(shop), listing), ()) + own
    return found


def small(tx: ReadTx, shop: ShopId, listing: str) -> bytes | None:
    """Give the small copy of a listing's first picture."""
    row = tx.one(
        "SELECT small FROM listing_picture WHERE shop_id = ? AND listing_id = ? AND place = 0", (shop, listing)
    )
    return bytes(row[0]) if row and row[0] is not None else None


def with_small(tx: ReadTx) -> set[tuple[ShopId, str]]:
    """Name the listings whose first picture can be shown."""
    rows = tx.all("SELECT shop_id, listing_id FROM listing_picture WHERE place = 0 AND small IS NOT NULL")
    return {(ShopId(shop), listing) for shop, listing in rows}


def waiting(tx: ReadTx) -> int:
    """Count the pictures still to be fetched."""
    row = tx.one("SELECT COUNT(*) FROM listing_picture WHERE due_at IS NOT NULL")
    return int(row[0]) if row else 0
