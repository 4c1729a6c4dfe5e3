"""Tables of shops, their sealed credentials, switches and leases. Decides nothing."""

from __future__ import annotations

from datetime import datetime

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.kernel.ids import ShopId
from jangbu.shops.model import Shop, ShopState

_SHOP = (
    "id, channel, name, state, currency, remote_id, remote_name, api_url, auth_url, egress, options, share, trouble, "
    "trouble_facts, trouble_at, heard_at, created_at, started_at"
)


def add(tx: WriteTx, shop: Shop, data_key: bytes) -> None:
    """Insert a shop."""
    tx.run(
        f"INSERT INTO shop ({_SHOP}, data_key) VALUES ({', '.join('?' * 19)})",
        (
            shop.id, shop.channel, shop.name, shop.state.value, shop.currency, shop.remote_id, shop.remote_name,
            shop.api_url, shop.auth_url, shop.egress, _json(shop.options), shop.share, shop.trouble,
            _json(shop.trouble_facts), _ms(shop.trouble_at), _ms(shop.heard_at), to_ms(shop.created_at),
            _ms(shop.started_at), data_key,
        ),
    )  # fmt: skip


def all_shops(tx: ReadTx) -> list[Shop]:
    """Give every shop, by name."""
    return [_shop(row) for row in tx.all(f"SELECT {_SHOP} FROM shop ORDER BY name")]


def by_id(tx: ReadTx, shop: ShopId) -> Shop | None:
    """Give one shop."""
    row = tx.one(f"SELECT {_SHOP} FROM shop WHERE id = ?", (shop,))
    return _shop(row) if row else None


def by_name(tx: ReadTx, name: str) -> Shop | None:
    """Find a shop by its name or id."""
    row = tx.one(f"SELECT {_SHOP} FROM shop WHERE name = ? OR id = ?", (name, name))
    return _shop(row) if row else None


def data_key(tx: ReadTx, shop: ShopId) -> bytes:
    """Give a shop's sealed data key."""
    row = tx.one("SELECT data_key FROM shop WHERE id = ?", (shop,))
    if row is None:
        raise LookupError(shop)
    return bytes(row[0])


def set_state(tx: WriteTx, shop: ShopId, state: ShopState) -> None:
    """Change a shop's state."""
    tx.run("UPDATE shop SET state = ? WHERE id = ?", (state.value, shop))
    tx.notify("shops")
    tx.notify("stock")


def set_started(tx: WriteTx, shop: ShopId, at: datetime) -> None:
    """Note when its owner first let us write."""
    tx.run("UPDATE shop SET started_at = COALESCE(started_at, ?) WHERE id = ?", (to_ms(at), shop))


def set_profile(tx: WriteTx, shop: ShopId, remote_id: str, name: str, currency: str) -> None:
    """Keep what the marketplace says of the shop."""
    tx.run(
        "UPDATE shop SET remote_id = ?, remote_name = ?, currency = ? WHERE id = ?", (remote_id, name, currency, shop)
    )


def set_trouble(tx: WriteTx, shop: ShopId, code: str, facts: dict[str, str | int], at: datetime | None) -> None:
    """Note what stops a shop, or nothing ("")."""
    tx.run(
        "UPDATE shop SET trouble = ?, trouble_facts = ?, trouble_at = ? WHERE id = ?",
        (code, _json(facts), _ms(at), shop),
    )


def set_heard(tx: WriteTx, shop: ShopId, at: datetime) -> None:
    """Note that the shop's feed was read to the present."""
    tx.run("UPDATE shop SET heard_at = ? WHERE id = ?", (to_ms(at), shop))


def set_option(tx: WriteTx, shop: ShopId, options: dict[str, str]) -> None:
    """Replace a shop's non-secret options."""
    tx.run("UPDATE shop SET options = ? WHERE id = ?", (_json(options), shop))


def set_share(tx: WriteTx, shop: ShopId, share: int) -> None:
    """Change a shop's weight."""
    tx.run("UPDATE shop SET share = ? WHERE id = ?", (share, shop))


def put_grant(
    tx: WriteTx, shop: ShopId, sealed: bytes, expires_at: datetime | None, version: int, at: datetime
) -> None:
    """Keep a shop's credential, sealed."""
    tx.run(
        "INSERT INTO shop_grant (shop_id, sealed, expires_at, version, changed_at) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (shop_id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at, "
        "version = excluded.version, changed_at = excluded.changed_at",
        (shop, sealed, _ms(expires_at), version, to_ms(at)),
    )


def grant(tx: ReadTx, shop: ShopId) -> tuple[bytes, datetime | None, int] | None:
    """Give (sealed credential, when its token ends, version)."""
    row = tx.one("SELECT sealed, expires_at, version FROM shop_grant WHERE shop_id = ?", (shop,))
    return (bytes(row[0]), from_ms(row[1]) if row[1] else None, row[2]) if row else None


def grant_times(tx: ReadTx) -> dict[ShopId, datetime]:
    """Tell for every shop when its credential was last given or renewed."""
    return {ShopId(shop): from_ms(at) for shop, at in tx.all("SELECT shop_id, changed_at FROM shop_grant")}


def raise_flag(tx: WriteTx, name: str, note: str, at: datetime) -> None:
    """Throw a switch."""
    tx.run(
        "INSERT INTO flag (name, note, raised_at) VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "note = excluded.note",
        (name, note, to_ms(at)),
    )
    tx.notify("stock")


def lower_flag(tx: WriteTx, name: str) -> None:
    """Put a switch back."""
    tx.run("DELETE FROM flag WHERE name = ?", (name,))
    tx.notify("stock")


def flag(tx: ReadTx, name: str) -> datetime | None:
    """Tell since when a switch is thrown."""
    row = tx.one("SELECT raised_at FROM flag WHERE name = ?", (name,))
    return from_ms(row[0]) if row else None


def take_lease(tx: WriteTx, name: str, holder: str, now_ms: int, until_ms: int) -> bool:
    """Take or keep a lease: granted when free, run out, or ours already."""
    taken = tx.returning(
        "INSERT INTO lease (name, holder, until, renewed_at) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET "
        "holder = excluded.holder, until = excluded.until, renewed_at = excluded.renewed_at "
        "WHERE lease.holder = excluded.holder OR lease.until < excluded.renewed_at RETURNING holder",
        (name, holder, until_ms, now_ms),
    )
    return bool(taken)


def drop_lease(tx: WriteTx, name: str, holder: str) -> None:
    """Give a lease back."""
    tx.run("DELETE FROM lease WHERE name = ? AND holder = ?", (name, holder))


def lease_holder(tx: ReadTx, name: str) -> tuple[str, int] | None:
    """Give (holder, until in ms)."""
    row = tx.one("SELECT holder, until FROM lease WHERE name = ?", (name,))
    return (row[0], row[1]) if row else None


def _shop(row: tuple[object, ...]) -> Shop:
    decode = msgspec.json.decode
    (id_, channel, name, state, currency, remote_id, remote_name, api, auth, egress, options, share, trouble,
     facts, trouble_at, heard_at, created_at, started_at) = row  # fmt: skip
    return Shop(
        ShopId(str(id_)), str(channel), str(name), ShopState(str(state)), str(currency), str(remote_id),
        str(remote_name), str(api), str(auth), str(egress), decode(str(options)), int(str(share)), str(trouble),
        decode(str(facts)), _at(trouble_at), _at(heard_at), from_ms(int(str(created_at))), _at(started_at),
    )  # fmt: skip


def _at(value: object) -> datetime | None:
    return from_ms(int(str(value))) if value is not None else None


def _ms(moment: datetime | None) -> int | None:
    return to_ms(moment) if moment else None


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
