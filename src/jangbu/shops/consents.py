"""Use cases of a consent on its way: begun by one person, answered once, within minutes. Never commits, never calls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import msgspec

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.infra.vault import SealedKey, Vault
from jangbu.kernel.errors import AccessError, InputError, NotFound, StateError
from jangbu.kernel.ids import new_id
from jangbu.kernel.secret import Secret
from jangbu.sdk.consent import ConsentAnswer, state_hash
from jangbu.shops import consent_store as store
from jangbu.shops.consent_store import ConsentRow

LASTS: Final = timedelta(minutes=10)
REMEMBERED: Final = timedelta(hours=1)  # so that a refused attempt is repeated without typing everything again
APPLICATION_STATES: Final = ("not_applied", "applied", "approved", "refused")

forget = store.empty


@dataclass(frozen=True)
class Asked:
    """What a consent was begun with. `fields` are the typed credentials; secret, as is the verifier."""

    channel: str
    name: str
    shop_id: str  # of the shop whose grant is renewed, "" for a new one
    redirect: str
    verifier: Secret
    fields: Mapping[str, str] = field(repr=False)
    egress: str = "direct"
    options: Mapping[str, str] = field(default_factory=dict)


class _Sealed(msgspec.Struct):
    name: str
    verifier: str
    fields: dict[str, str]
    egress: str
    options: dict[str, str]


def begin(tx: WriteTx, vault: Vault, asked: Asked, state: Secret, at: datetime, *, actor: str) -> str:
    """Keep what the answer will need; give the attempt's own name, which opens nothing."""
    store.drop_before(tx, at - REMEMBERED)
    id_ = new_id("consent")
    key = vault.new_data_key(id_)
    clear = _Sealed(asked.name, asked.verifier.reveal(), dict(asked.fields), asked.egress, dict(asked.options))
    sealed = vault.seal(key, msgspec.json.encode(clear), _place(id_))
    row = ConsentRow(id_, asked.channel, asked.shop_id, asked.redirect, actor, at + LASTS, sealed, key)
    store.add(tx, row, state_hash(state), at)
    return id_


def take(
    tx: WriteTx, vault: Vault, channel: str, answer: ConsentAnswer, at: datetime, *, actor: str
) -> tuple[str, Asked]:
    """Use the attempt up that an answer belongs to; give its name and what it was begun with.

    Errors: NotFound for a state we never made; AccessError when another person began it; StateError when it was
    answered already or is too old; InputError for an answer that is none. Only a taken one is used up.
    """
    row = store.by_state(tx, state_hash(answer.state))
    if row is None or row.channel != channel:
        raise NotFound("no such attempt", code="connect.state_unknown")
    if row.begun_by != actor:
        raise AccessError("another person began this attempt", code="connect.state_foreign")
    if row.used:
        raise StateError("the attempt was answered already", code="connect.state_used")
    if at >= row.expires_at:
        minutes = int(LASTS.total_seconds() // 60)
        raise StateError("the attempt is too old", code="connect.state_expired", minutes=minutes)
    if answer.page and answer.page != row.redirect:
        raise InputError("the address is not the one to come back to", code="connect.not_back", redirect=row.redirect)
    if not (answer.code or answer.error):
        raise InputError("the address has no answer in it", code="connect.not_back", redirect=row.redirect)
    store.use(tx, row.id, at)
    return row.id, _opened(vault, row)


def remembered(tx: ReadTx, vault: Vault, attempt: str, at: datetime, *, actor: str) -> Asked:
    """Give what an attempt was begun with, to the person who began it, so that it can be repeated.

    Errors: NotFound when it is forgotten or another's.
    """
    row = store.by_id(tx, attempt)
    if row is None or not row.sealed or row.begun_by != actor or at >= row.expires_at + REMEMBERED:
        raise NotFound("no such attempt", code="connect.state_unknown")
    return _opened(vault, row)


def attempt_of(tx: ReadTx, answer: ConsentAnswer, at: datetime, *, actor: str) -> ConsentRow | None:
    """Find the attempt an answer belongs to, if this person can repeat it."""
    row = store.by_state(tx, state_hash(answer.state))
    if row is None or not row.sealed or row.begun_by != actor or at >= row.expires_at + REMEMBERED:
        return None
    return row


def set_application(tx: WriteTx, channel: str, state: str, at: datetime, *, actor: str) -> None:
    """Keep how far the seller's application at a marketplace has come. Errors: InputError for another word."""
    if state not in APPLICATION_STATES:
        raise InputError("no such state", code="connect.application", known=", ".join(APPLICATION_STATES))
    store.put_application(tx, channel, state, actor, at)


def application(tx: ReadTx, channel: str) -> str:
    """Tell how far the application has come, as the seller told it."""
    found = store.application(tx, channel)
    return found[0] if found else APPLICATION_STATES[0]


def _opened(vault: Vault, row: ConsentRow) -> Asked:
    clear = vault.open_bytes(SealedKey(row.data_key), row.sealed, _place(row.id))
    kept = msgspec.json.decode(clear, type=_Sealed)
    return Asked(
        row.channel, kept.name, row.shop_id, row.redirect, Secret(kept.verifier), kept.fields, kept.egress, kept.options
    )


def _place(id_: str) -> str:
    return f"consent.sealed:{id_}"
