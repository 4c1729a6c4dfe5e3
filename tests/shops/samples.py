"""Shops, an invented channel and a clock held by hand: what the tests of the rooms begin with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet

from jangbu.infra.db import Database, ReadTx, WriteTx
from jangbu.infra.vault import Vault
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant
from jangbu.sdk.manifest import Assumptions, CredentialField, Effect, Manifest, WriteKind
from jangbu.sdk.records import LineState, ShopProfile
from jangbu.shops import service as shops
from jangbu.shops.model import Shop
from jangbu.shops.service import NewShop

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWNER = "person:owner"
TOKEN = "token-that-nobody-may-read"
PASSWORD = "hush-7d41"
SETTLE_S = 120.0
MARGIN_S = 10.0

BAZAAR = Manifest(
    id="bazaar",
    title="Bazaar",
    api_url="http://127.0.0.1:1",
    auth_url="http://127.0.0.1:1",
    credentials=(
        CredentialField("client_id", secret=False, pattern=r"[a-z0-9-]+"),
        CredentialField("client_secret", secret=True, pattern=r"hush-\S+"),
        CredentialField("hook", secret=True, required=False),
    ),
    operations={},
    limits=(),
    learn=lambda _headers: (),
    assumptions=Assumptions(SETTLE_S, MARGIN_S, "begun_after", "read_back"),
    line_effects={
        LineState.UNPAID: Effect.RESERVE,
        LineState.PAID: Effect.COMMIT,
        LineState.SHIPPED: Effect.SHIP,
        LineState.DELIVERED: Effect.SHIP,
        LineState.RETURNED: Effect.SHIP,
        LineState.CANCELLED: Effect.RELEASE,
        LineState.UNKNOWN: Effect.KEEP,
    },
    write_kinds={
        "rows": WriteKind(batch=20, carries_all=False, needs_read=False, can_zero=True),
        "page": WriteKind(batch=1, carries_all=True, needs_read=True, can_zero=False),
    },
    number_max=999,
    adapter=lambda _client: None,
    auth=lambda: None,
    faults=lambda *_: None,
    switches_sale=True,
    acknowledges=True,
)
"""A channel of our own invention whose listings are written by rows or as whole pages."""


@dataclass
class HandClock:
    """A clock that stands still until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - NOW).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.tick(seconds)

    def tick(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def vault() -> Vault:
    return Vault(Fernet.generate_key())


def new_shop(name: str = "main shop", **changes: Any) -> NewShop:
    credentials = {"client_id": "abc-1", "client_secret": PASSWORD}
    return replace(NewShop("bazaar", name, credentials, BAZAAR.api_url, BAZAAR.auth_url), **changes)


def grant(version: int = 1, token: str = TOKEN) -> Grant:
    fields = {"client_id": "abc-1", "client_secret": PASSWORD}
    return Grant(fields, Secret(token), NOW + timedelta(hours=3), version)


def profile(remote_id: str = "r1") -> ShopProfile:
    return ShopProfile(remote_id, "Shop as the marketplace calls it", "USD")


def connect(
    database: Database, name: str = "main shop", *, started: bool = True, safe: Vault | None = None,
    manifest: Manifest = BAZAAR,
) -> Shop:  # fmt: skip
    """Add a shop, and let it be written to unless told otherwise."""

    def add(tx: WriteTx) -> Shop:
        shops.add(tx, safe or vault(), manifest, new_shop(name), profile(f"remote of {name}"), grant(), NOW)
        return shops.start(tx, name, NOW, actor=OWNER) if started else shops.named(tx, name)

    return database.write_now(add)


def everything(tx: ReadTx, kind: str) -> bytes:
    """Give all bytes of all rows of all tables."""
    names = (
        "SELECT name FROM sqlite_master WHERE type = 'table'"
        if kind == "sqlite"
        else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    )
    found = bytearray()
    for (table,) in tx.all(names):
        for row in tx.all(f'SELECT * FROM "{table}"'):
            for value in row:
                found += value if isinstance(value, bytes) else str(value).encode()
                found += b"\n"
    return bytes(found)


def told(tx: ReadTx) -> list[str]:
    """Give the codes of the activity log, oldest first."""
    return [code for (code,) in tx.all("SELECT code FROM activity ORDER BY seq")]
