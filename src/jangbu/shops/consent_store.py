"""Tables of pending consents and of how far an application has come. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms

_CONSENT = "id, channel, shop_id, redirect, begun_by, expires_at, used_at, sealed, data_key"


@dataclass(frozen=True)
class ConsentRow:
    """One pending consent; what is secret is sealed."""

    id: str
    channel: str
    shop_id: str
    redirect: str
    begun_by: str
    expires_at: datetime
    sealed: bytes
    data_key: bytes
    used: bool = False


def add(tx: WriteTx, row: ConsentRow, state_hash: str, at: datetime) -> None:
    """Insert a consent that was begun."""
    tx.run(
        "INSERT INTO consent (id, state_hash, channel, shop_id, redirect, begun_by, begun_at, expires_at, sealed, "
        "data_key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.id, state_hash, row.channel, row.shop_id, row.redirect, row.begun_by, to_ms(at), to_ms(row.expires_at),
            row.sealed, row.data_key,
        ),
    )  # fmt: skip


def by_state(tx: ReadTx, state_hash: str) -> ConsentRow | None:
    """Find the consent an answer belongs to."""
    row = tx.one(f"SELECT {_CONSENT} FROM consent WHERE state_hash = ?", (state_hash,))
    return _row(row) if row else None


def by_id(tx: ReadTx, id_: str) -> ConsentRow | None:
    """Find a consent by its own name."""
    row = tx.one(f"SELECT {_CONSENT} FROM consent WHERE id = ?", (id_,))
    return _row(row) if row else None


def use(tx: WriteTx, id_: str, at: datetime) -> bool:
    """Use a consent up; tell whether it was still unused."""
    sql = "UPDATE consent SET used_at = ? WHERE id = ? AND used_at IS NULL RETURNING id"
    return bool(tx.returning(sql, (to_ms(at), id_)))


def empty(tx: WriteTx, id_: str) -> None:
    """Forget what was sealed in a consent; that it was used stays known until it runs out."""
    tx.run("UPDATE consent SET sealed = ?, data_key = ? WHERE id = ?", (b"", b"", id_))


def drop_before(tx: WriteTx, before: datetime) -> None:
    """Forget the consents that ran out before a moment."""
    tx.run("DELETE FROM consent WHERE expires_at < ?", (to_ms(before),))


def application(tx: ReadTx, channel: str) -> tuple[str, datetime] | None:
    """Give (state, when the seller told it) of the application at a marketplace."""
    row = tx.one("SELECT state, told_at FROM application WHERE channel = ?", (channel,))
    return (row[0], from_ms(row[1])) if row else None


def put_application(tx: WriteTx, channel: str, state: str, by: str, at: datetime) -> None:
    """Keep what the seller told."""
    tx.run(
        "INSERT INTO application (channel, state, told_by, told_at) VALUES (?, ?, ?, ?) ON CONFLICT (channel) "
        "DO UPDATE SET state = excluded.state, told_by = excluded.told_by, told_at = excluded.told_at",
        (channel, state, by, to_ms(at)),
    )


def _row(row: tuple[object, ...]) -> ConsentRow:
    id_, channel, shop_id, redirect, begun_by, expires_at, used_at, sealed, data_key = row
    return ConsentRow(
        str(id_), str(channel), str(shop_id), str(redirect), str(begun_by), from_ms(int(str(expires_at))),
        bytes(sealed), bytes(data_key), used_at is not None,  # type: ignore[call-overload]  # the drivers' bytes
    )  # fmt: skip
