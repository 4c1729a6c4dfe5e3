"""Use cases of shops: add, start, pause, keep the credential, note trouble. Never commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.infra.vault import SealedKey, Vault
from jangbu.kernel.errors import Conflict, IllegalTransition, JangbuError, NotFound
from jangbu.kernel.ids import ShopId, new_id
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.records import ShopProfile
from jangbu.shops import store
from jangbu.shops.model import REGRANTED, Shop, ShopState, checked_credentials, checked_name, checked_share

STOP_ALL = "stop_all_writing"
CIRCUIT_OPEN = "channel.circuit_open"

all_shops = store.all_shops
by_id = store.by_id
set_heard = store.set_heard
take_lease = store.take_lease
drop_lease = store.drop_lease
lease_holder = store.lease_holder
grant_times = store.grant_times


@dataclass(frozen=True)
class NewShop:
    """What a seller gives to connect a shop. `credentials` are secret."""

    channel: str
    name: str
    credentials: Mapping[str, str]
    api_url: str
    auth_url: str
    egress: str = "direct"
    options: Mapping[str, str] | None = None
    share: int = 1


def check_new(manifest: Manifest, new: NewShop) -> dict[str, str]:
    """Check everything that can be checked without the marketplace; give the cleaned credentials.

    Errors: InputError naming the field.
    """
    checked_name(new.name)
    checked_share(new.share)
    return checked_credentials(manifest, new.credentials)


def add(
    tx: WriteTx, vault: Vault, manifest: Manifest, new: NewShop, profile: ShopProfile, grant: Grant, at: datetime
) -> Shop:
    """Keep a shop whose credential was tried and works; it begins in watching.

    Errors: Conflict when the name, or the same remote shop, is there already.
    """
    name = checked_name(new.name)
    if store.by_name(tx, name):
        raise Conflict(f"a shop named {name} exists", code="shop_exists", name=name)
    for other in store.all_shops(tx):
        if (other.channel, other.remote_id) == (manifest.id, profile.remote_id):
            raise Conflict("this shop is connected already", code="shop_connected", name=other.name)
    id_ = ShopId(new_id(manifest.id))
    options = {**(new.options or {}), "remote_shop_id": profile.remote_id}
    shop = Shop(
        id_, manifest.id, name, ShopState.WATCHING, profile.currency, profile.remote_id, profile.name, new.api_url,
        new.auth_url, new.egress, options, checked_share(new.share), "", {}, None, None, at, None,
    )  # fmt: skip
    key = vault.new_data_key(id_)
    store.add(tx, shop, key)
    keep_grant(tx, vault, id_, grant, at)
    note(tx, at, "shop.added", shop_id=id_, name=name)
    tx.notify("shops")
    return shop


def named(tx: ReadTx, name: str) -> Shop:
    """Find a shop by name or id. Errors: NotFound."""
    shop = store.by_name(tx, name.strip())
    if shop is None:
        raise NotFound(f"no shop {name}", code="shop_unknown", name=name)
    return shop


def start(tx: WriteTx, name: str, at: datetime, *, actor: str) -> Shop:
    """Let Jangbu write to a shop. Errors: IllegalTransition from a disconnected one."""
    return _go(tx, name, ShopState.CONNECTED, "shop.started", at, actor)


def pause(tx: WriteTx, name: str, at: datetime, *, actor: str) -> Shop:
    """Stop writing to a shop; reading goes on. Repeat: pausing a paused shop changes nothing."""
    return _go(tx, name, ShopState.PAUSED, "shop.paused", at, actor)


def resume(tx: WriteTx, name: str, at: datetime, *, actor: str) -> Shop:
    """Write again to a paused shop, or to one whose trouble was mended; a shop never started stays watching."""
    shop = named(tx, name)
    if shop.started_at is None:
        return _go(tx, name, ShopState.WATCHING, "shop.resumed", at, actor)
    return _go(tx, name, ShopState.CONNECTED, "shop.resumed", at, actor)


def _go(tx: WriteTx, name: str, state: ShopState, code: str, at: datetime, actor: str) -> Shop:
    shop = named(tx, name)
    if shop.state is ShopState.DISCONNECTED:
        raise IllegalTransition(f"{shop.name} is disconnected", code="shop_disconnected", name=shop.name)
    if shop.state is not state:
        store.set_state(tx, shop.id, state)
        store.set_trouble(tx, shop.id, "", {}, None)
        note(tx, at, code, shop_id=shop.id, actor=actor, name=shop.name)
    if state is ShopState.CONNECTED:
        store.set_started(tx, shop.id, at)
    return named(tx, shop.id)


def trouble(tx: WriteTx, shop: ShopId, error: JangbuError, at: datetime, *, stops: bool) -> None:
    """Note what goes wrong at a shop; `stops` also ends writing until a person mended it.

    Repeat: the same trouble is noted once.
    """
    found = store.by_id(tx, shop)
    if found is None:
        return
    consequence = found.trouble and error.code == CIRCUIT_OPEN  # the first cause says more
    if found.trouble != error.code and not consequence:
        store.set_trouble(tx, shop, error.code, dict(error.told), at)
        note(tx, at, "shop.trouble", shop_id=shop, error=error.code)
    if stops and found.state in {ShopState.CONNECTED, ShopState.WATCHING}:
        store.set_state(tx, shop, ShopState.NEEDS_ATTENTION)


def mended(tx: WriteTx, shop: ShopId, at: datetime) -> bool:
    """Note that a shop answers again; writing goes on where it had been started. Tell whether there was trouble."""
    found = store.by_id(tx, shop)
    if found is None or not found.trouble:
        return False
    store.set_trouble(tx, shop, "", {}, None)
    note(tx, at, "shop.mended", shop_id=shop, error=found.trouble)
    if found.state is ShopState.NEEDS_ATTENTION:
        store.set_state(tx, shop, ShopState.CONNECTED if found.started_at else ShopState.WATCHING)
    return True


def set_share(tx: WriteTx, name: str, share: int) -> None:
    """Change a shop's weight in dividing stock. Errors: InputError, NotFound."""
    store.set_share(tx, named(tx, name).id, checked_share(share))
    tx.notify("stock")


def set_option(tx: WriteTx, name: str, option: str, value: str) -> Shop:
    """Change one non-secret option of a shop."""
    shop = named(tx, name)
    store.set_option(tx, shop.id, {**shop.options, option: value})
    tx.notify("stock")
    tx.notify("shops")
    return named(tx, shop.id)


def stop_all(tx: WriteTx, at: datetime, *, actor: str) -> None:
    """Stop all writing everywhere; reading never stops."""
    if store.flag(tx, STOP_ALL) is None:
        store.raise_flag(tx, STOP_ALL, actor, at)
        note(tx, at, "all.stopped", actor=actor)


def resume_all(tx: WriteTx, at: datetime, *, actor: str) -> None:
    """Take the general stop back."""
    if store.flag(tx, STOP_ALL) is not None:
        store.lower_flag(tx, STOP_ALL)
        note(tx, at, "all.resumed", actor=actor)


def stopped_since(tx: ReadTx) -> datetime | None:
    """Tell since when all writing is stopped; None when it is not."""
    return store.flag(tx, STOP_ALL)


class _SealedGrant(msgspec.Struct):
    fields: dict[str, str]
    access_token: str


def keep_grant(tx: WriteTx, vault: Vault, shop: ShopId, grant: Grant, at: datetime) -> None:
    """Seal and keep a credential, before its first use."""
    clear = msgspec.json.encode(_SealedGrant(dict(grant.fields), grant.access_token.reveal()))
    sealed = vault.seal(_key(tx, shop), clear, f"shop_grant.sealed:{shop}")
    store.put_grant(tx, shop, sealed, grant.expires_at, grant.version, at)


def regranted(tx: WriteTx, shop: ShopId, at: datetime, *, actor: str) -> Shop:
    """Note that a shop's credential was changed by hand.

    Whoever works with the old one, in any process, begins anew: the option set here is a part of what they watch.
    """
    found = store.by_id(tx, shop)
    if found is None:
        raise NotFound(f"no shop {shop}", code="shop_unknown", name=shop)
    store.set_option(tx, shop, {**found.options, REGRANTED: at.isoformat()})
    note(tx, at, "shop.regranted", shop_id=shop, actor=actor, name=found.name)
    tx.notify("shops")
    return named(tx, shop)


def open_grant(tx: ReadTx, vault: Vault, shop: ShopId) -> Grant:
    """Open a shop's credential. Errors: NotFound, ConfigError for a wrong master key."""
    found = store.grant(tx, shop)
    if found is None:
        raise NotFound("no credential", code="grant_missing")
    sealed, expires_at, version = found
    clear = vault.open_bytes(_key(tx, shop), sealed, f"shop_grant.sealed:{shop}")
    kept = msgspec.json.decode(clear, type=_SealedGrant)
    return Grant(kept.fields, Secret(kept.access_token), expires_at, version)


def seal(tx: ReadTx, vault: Vault, shop: ShopId, context: str, clear: bytes) -> bytes:
    """Seal personal data under the shop's key."""
    return vault.seal(_key(tx, shop), clear, context)


def unseal(tx: ReadTx, vault: Vault, shop: ShopId, context: str, sealed: bytes) -> bytes:
    """Open personal data."""
    return vault.open_bytes(_key(tx, shop), sealed, context)


def data_key(tx: ReadTx, shop: ShopId) -> SealedKey:
    """Give a shop's data key, still sealed."""
    return _key(tx, shop)


def _key(tx: ReadTx, shop: ShopId) -> SealedKey:
    return SealedKey(store.data_key(tx, shop))
