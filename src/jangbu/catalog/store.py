"""The catalogue's tables and all their SQL. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from jangbu.catalog.model import OfferRow, Variant
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import to_ms
from jangbu.kernel.ids import ShopId, VariantId
from jangbu.kernel.money import Money
from jangbu.sdk.records import Listing

_OFFER = (
    "SELECT o.shop_id, o.key, o.listing_id, o.cell_key, o.sku, l.title, o.options, o.price_amount, "
    "o.price_currency, o.quantity, o.enabled, l.state FROM offer o "
    "JOIN listing l ON l.shop_id = o.shop_id AND l.remote_id = o.listing_id "
)


def put_listing(tx: WriteTx, shop: ShopId, listing: Listing, at: datetime) -> int:
    """Insert or refresh a listing and its offers; offers no longer there are kept and marked gone."""
    tx.run(
        "INSERT INTO listing (shop_id, remote_id, write_kind, title, state, raw_state, url, owned_stock, read_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (shop_id, remote_id) DO UPDATE SET "
        "write_kind = excluded.write_kind, title = excluded.title, state = excluded.state, "
        "raw_state = excluded.raw_state, url = excluded.url, owned_stock = excluded.owned_stock, "
        "read_at = excluded.read_at, gone = 0",
        (
            shop, listing.ref.remote_id, listing.ref.write_kind, listing.title, listing.state.value,
            listing.raw_state, listing.url, int(listing.owned_stock), to_ms(at),
        ),
    )  # fmt: skip
    tx.run("UPDATE offer SET gone = 1 WHERE shop_id = ? AND listing_id = ?", (shop, listing.ref.remote_id))
    tx.run_many(
        "INSERT INTO offer (shop_id, key, listing_id, cell_key, sku, options, price_amount, price_currency, "
        "quantity, enabled, gone) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0) ON CONFLICT (shop_id, key) DO UPDATE SET "
        "listing_id = excluded.listing_id, cell_key = excluded.cell_key, sku = excluded.sku, "
        "options = excluded.options, price_amount = excluded.price_amount, price_currency = excluded.price_currency, "
        "quantity = excluded.quantity, enabled = excluded.enabled, gone = 0",
        [
            (
                shop, offer.key, listing.ref.remote_id, offer.cell_key, offer.sku,
                msgspec.json.encode(offer.options).decode(), offer.price.amount, offer.price.currency,
                offer.quantity, int(offer.enabled),
            )
            for offer in listing.offers
        ],
    )  # fmt: skip
    return len(listing.offers)


def mark_gone(tx: WriteTx, shop: ShopId, read_before: datetime) -> int:
    """Mark listings that a whole walk did not meet; tell how many were new to that state."""
    before = to_ms(read_before)
    gone = tx.run("UPDATE listing SET gone = 1 WHERE shop_id = ? AND read_at < ? AND gone = 0", (shop, before))
    tx.run(
        "UPDATE offer SET gone = 1 WHERE shop_id = ? AND gone = 0 AND listing_id IN "
        "(SELECT remote_id FROM listing WHERE shop_id = ? AND gone = 1)",
        (shop, shop),
    )
    return gone


def offers(tx: ReadTx, shop: ShopId | None = None, *, listing: str = "", key: str = "") -> list[OfferRow]:
    """Give the offers that exist, with their links."""
    where, params = ["o.gone = 0"], []
    for clause, value in (("o.shop_id = ?", shop), ("o.listing_id = ?", listing), ("o.key = ?", key)):
        if value:
            where.append(clause)
            params.append(value)
    rows = tx.all(f"{_OFFER} WHERE {' AND '.join(where)} ORDER BY o.shop_id, l.title, o.key", params)
    links = _links(tx, shop, key)
    return [
        OfferRow(
            ShopId(row[0]), row[1], row[2], row[3], row[4], row[5],
            tuple((name, value) for name, value in msgspec.json.decode(row[6])),
            Money(row[7], row[8]), row[9], bool(row[10]), row[11], links.get((row[0], row[1]), {}),
        )
        for row in rows
    ]  # fmt: skip


def _links(tx: ReadTx, shop: ShopId | None, key: str) -> dict[tuple[str, str], dict[VariantId, int]]:
    found: dict[tuple[str, str], dict[VariantId, int]] = {}
    given = [(clause, value) for clause, value in (("shop_id = ?", shop), ("offer_key = ?", key)) if value]
    where = f"WHERE {' AND '.join(clause for clause, _ in given)}" if given else ""
    sql = f"SELECT shop_id, offer_key, variant_id, units FROM link {where}"
    for shop_id, offer, variant, units in tx.all(sql, [value for _, value in given]):
        found.setdefault((shop_id, offer), {})[VariantId(variant)] = units
    return found


def offer_for_line(tx: ReadTx, shop: ShopId, listing_id: str, offer_key: str, sku: str) -> tuple[str, str] | None:
    """Find the offer an order line means: by its own key, else by its code within the listing.

    Shape: (offer key, cell key); None when unknown or when the code stands on several cells. Options that are
    gone count only where none is left.
    """
    if offer_key:
        row = tx.one("SELECT key, cell_key FROM offer WHERE shop_id = ? AND key = ?", (shop, offer_key))
        if row:
            return row[0], row[1]
    if not sku:
        return None
    rows = tx.all(
        "SELECT key, cell_key, gone FROM offer WHERE shop_id = ? AND listing_id = ? AND sku = ? ORDER BY gone, key",
        (shop, listing_id, sku),
    )
    meant = [row for row in rows if row[2] == rows[0][2]]
    return (meant[0][0], meant[0][1]) if len({row[1] for row in meant}) == 1 else None


def links_of(tx: ReadTx, shop: ShopId, offer_key: str) -> dict[VariantId, int]:
    """Give what one sale of an offer takes."""
    rows = tx.all("SELECT variant_id, units FROM link WHERE shop_id = ? AND offer_key = ?", (shop, offer_key))
    return {VariantId(variant): units for variant, units in rows}


def lock(tx: WriteTx) -> None:
    """Let one transaction at a time make links: two answers to one question would each make a SKU."""
    tx.run(
        "INSERT INTO lease (name, holder, until, renewed_at) VALUES ('linking', '', 0, 0) "
        "ON CONFLICT (name) DO UPDATE SET holder = ''"
    )


def put_link(
    tx: WriteTx, shop: ShopId, offer_key: str, variant: VariantId, units: int, actor: str, at: datetime
) -> None:
    """Link an offer to a variant, or change how many units it takes."""
    tx.run(
        "INSERT INTO link (shop_id, offer_key, variant_id, units, actor, linked_at) VALUES (?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id, offer_key, variant_id) DO UPDATE SET units = excluded.units",
        (shop, offer_key, variant, units, actor, to_ms(at)),
    )


def drop_link(tx: WriteTx, shop: ShopId, offer_key: str, variant: VariantId) -> bool:
    """Forget one link of an offer; tell whether there was one."""
    sql = "DELETE FROM link WHERE shop_id = ? AND offer_key = ? AND variant_id = ?"
    return bool(tx.run(sql, (shop, offer_key, variant)))


def units_by_cell(tx: ReadTx, shop: ShopId, cell_key: str) -> dict[VariantId, int]:
    """Give what one sale on a number takes, by the links of all offers that share it, listed or not."""
    rows = tx.all(
        "SELECT k.variant_id, MAX(k.units) FROM link k JOIN offer o ON o.shop_id = k.shop_id AND o.key = k.offer_key "
        "WHERE o.shop_id = ? AND o.cell_key = ? GROUP BY k.variant_id",
        (shop, cell_key),
    )
    return {VariantId(variant): int(units) for variant, units in rows}


def drop_links(tx: WriteTx, shop: ShopId, offer_key: str) -> int:
    """Take an offer's links away."""
    return tx.run("DELETE FROM link WHERE shop_id = ? AND offer_key = ?", (shop, offer_key))


def add_variant(tx: WriteTx, variant: Variant, at: datetime) -> None:
    """Insert a variant."""
    tx.run(
        "INSERT INTO variant (id, sku, title, policy, created_at) VALUES (?, ?, ?, ?, ?)",
        (variant.id, variant.sku, variant.title, variant.policy, to_ms(at)),
    )


def variant_by_sku(tx: ReadTx, sku: str) -> Variant | None:
    """Find a variant by its code."""
    row = tx.one("SELECT id, sku, title, policy FROM variant WHERE sku = ?", (sku,))
    return Variant(VariantId(row[0]), *row[1:]) if row else None


def codes_like(tx: ReadTx, start: str) -> list[str]:
    """Give the codes of SKUs and of offers that begin so; `start` holds no wildcard."""
    sql = "SELECT sku FROM variant WHERE sku LIKE ? UNION SELECT sku FROM offer WHERE TRIM(sku) LIKE ?"
    return [row[0] for row in tx.all(sql, (f"{start}%", f"{start}%"))]


def variants(tx: ReadTx, ids: Sequence[VariantId] | None = None) -> list[Variant]:
    """Give all variants, or these, by SKU."""
    if ids is not None and not ids:
        return []
    if ids is None:
        rows = tx.all("SELECT id, sku, title, policy FROM variant ORDER BY sku")
    else:
        holes = ", ".join("?" * len(ids))
        rows = tx.all(f"SELECT id, sku, title, policy FROM variant WHERE id IN ({holes}) ORDER BY sku", ids)
    return [Variant(VariantId(row[0]), *row[1:]) for row in rows]


def set_policy(tx: WriteTx, variant: VariantId, policy: str) -> None:
    """Change how a variant's stock is divided."""
    tx.run("UPDATE variant SET policy = ? WHERE id = ?", (policy, variant))


def listing_ref(tx: ReadTx, shop: ShopId, remote_id: str) -> tuple[str, str, str, int] | None:
    """Give (write kind, title, state, owned stock) of a listing."""
    row = tx.one(
        "SELECT write_kind, title, state, owned_stock FROM listing WHERE shop_id = ? AND remote_id = ?",
        (shop, remote_id),
    )
    return (row[0], row[1], row[2], row[3]) if row else None
