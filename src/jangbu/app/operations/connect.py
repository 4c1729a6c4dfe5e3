"""Connect a shop by its owner's consent: begin, take the answer, keep the grant. One attempt, one answer."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from jangbu.app.bootstrap import House, ShopDoor
from jangbu.app.operations.common import Facts, iso
from jangbu.app.operations.imports import import_begin
from jangbu.app.operations.shops import (
    change_grant,
    keep_if_it_works,
    manifest_of,
    shop_add,
    shop_facts,
    whose_shop,
)
from jangbu.infra.db import ReadTx
from jangbu.kernel.errors import AccessError, Conflict, InputError, ScopeMissing, StateError
from jangbu.sdk.adapter import AsksConsent, ConsentAsk, Grant
from jangbu.sdk.consent import challenge_of, new_state, new_verifier, read_answer
from jangbu.sdk.manifest import Manifest
from jangbu.shops import consents
from jangbu.shops import service as shops
from jangbu.shops.consents import LASTS, Asked
from jangbu.shops.model import Shop, checked_credentials, checked_name, typed
from jangbu.shops.service import NewShop

REDIRECT: Final = "consent_redirect"
"""The option that remembers which redirect address was registered, for the next consent."""
_DENIED: Final = "access_denied"
_BAD_SCOPE: Final = "invalid_scope"


async def connect_begin(
    house: House, *, channel: str, actor: str, redirect: str = "", name: str = "",
    credentials: Mapping[str, str] | None = None, shop: str = "", attempt: str = "", egress: str = "direct",
    options: Mapping[str, str] | None = None,
) -> Facts:  # fmt: skip
    """Begin to connect a shop by consent; give the address its owner's browser must open.

    `shop`: renew this shop's grant, with the application it has. `attempt`: repeat a begun one without typing anew.
    Both remember their `redirect`, the address the browser comes back to. Else `name` and the typed `credentials`
    make a new shop. The address is good once, for its person, for minutes.
    Errors: InputError naming the field; ReauthRequired when the marketplace does not know the application.
    """
    manifest, consent = _consent(house, channel)
    verifier = new_verifier()
    if attempt:
        asked = replace(await _remembered(house, attempt, actor), verifier=verifier)
    elif shop:
        asked = await _renewal(house, manifest, shop, redirect)
    else:
        back = checked_redirect(redirect)
        await _check_free(house, name)
        fields = checked_credentials(typed(manifest), credentials or {})
        kept = {**(options or {}), REDIRECT: back}
        asked = Asked(channel, checked_name(name), "", back, verifier, fields, egress, kept)
    door = _door(house, asked)
    try:
        await consent.try_application(door.client.bare(), asked.fields)
    finally:
        await door.close()
    state, now = new_state(), house.clock.now()
    id_ = await house.db.write(lambda tx: consents.begin(tx, house.vault, asked, state, now, actor=actor))
    ask = ConsentAsk(house.auth_url(channel), asked.redirect, state.reveal(), challenge_of(asked.verifier))
    return {
        "attempt": id_, "address": consent.address(asked.fields, ask), "scopes": list(consent.scopes),
        "redirect": asked.redirect, "expires_at": iso(now + LASTS), "name": asked.name, "shop": asked.shop_id,
    }  # fmt: skip


async def connect_finish(house: House, *, channel: str, answer: str, actor: str) -> Facts:
    """Take a consent page's answer, the whole address or what stands behind its question mark, and keep the grant.

    A new shop begins in watching, and the reading of its listings begins by itself.
    Errors: those of reading the answer and of `shops.consents.take`; AccessError when the owner said no;
    ReauthRequired for a code of no use; ScopeMissing; Conflict when the shop is connected already. Nothing is kept.
    """
    _, consent = _consent(house, channel)
    told, now = read_answer(answer), house.clock.now()
    attempt, asked = await house.db.write(
        lambda tx: consents.take(tx, house.vault, channel, told, now, actor=actor)
    )
    if told.error:
        raise _refusal(told.error)
    door = _door(house, asked)
    try:
        client = door.client.bare()
        grant = await consent.redeem(
            client, asked.fields, code=told.code, redirect=asked.redirect, verifier=asked.verifier, now=now
        )
        lacking = sorted(set(consent.scopes) - await consent.granted(client, grant))
    finally:
        await door.close()
    if lacking:
        raise ScopeMissing("not all was allowed", code="connect.scopes_lacking", scopes=", ".join(lacking))
    kept = await _renewed(house, asked, grant, actor) if asked.shop_id else await _added(house, asked, grant)
    await house.db.write(lambda tx: consents.forget(tx, attempt))
    await import_begin(house, name=kept.id, actor=actor)
    facts = await house.db.read(lambda tx: shop_facts(tx, house, kept))
    return {**facts, "renewed": bool(asked.shop_id)}


async def connect_attempt(house: House, *, answer: str, actor: str) -> Facts:
    """Tell which attempt of this person an answer belongs to, so that it can be repeated; "" when none can."""
    now = house.clock.now()
    try:
        told = read_answer(answer)
        found = await house.db.read(lambda tx: consents.attempt_of(tx, told, now, actor=actor))
    except InputError:
        found = None
    return {"attempt": found.id if found else ""}


async def connect_typed(
    house: House, *, channel: str, name: str, credentials: Mapping[str, str], actor: str, egress: str = "direct",
    options: Mapping[str, str] | None = None,
) -> Facts:  # fmt: skip
    """Connect a shop by what was typed alone; the reading of its listings begins by itself. Errors: as for shop_add."""
    shop = await shop_add(
        house, channel=channel, name=name, credentials=credentials, actor=actor, egress=egress, options=options
    )
    await import_begin(house, name=shop["id"], actor=actor)
    return shop


async def application_state(house: House, *, channel: str) -> Facts:
    """Tell how far the seller's application at a marketplace has come: as told, or connected when a shop is."""

    def read(tx: ReadTx) -> Facts:
        connected = [shop.name for shop in shops.all_shops(tx) if shop.channel == channel]
        return {"state": "connected" if connected else consents.application(tx, channel), "shops": connected}

    return await house.db.read(read)


async def application_set(house: House, *, channel: str, state: str, actor: str) -> Facts:
    """Keep how far the seller says the application has come."""
    manifest_of(house, channel)
    now = house.clock.now()
    await house.db.write(lambda tx: consents.set_application(tx, channel, state, now, actor=actor))
    return await application_state(house, channel=channel)


def _consent(house: House, channel: str) -> tuple[Manifest, AsksConsent]:
    manifest = manifest_of(house, channel)
    if manifest.consent is None:
        raise InputError(f"{channel} asks for no consent", code="connect.no_consent", channel=manifest.title)
    return manifest, manifest.consent()


async def _check_free(house: House, name: str) -> None:
    """Refuse a name that is taken before its owner is sent away. Errors: Conflict."""
    wanted = checked_name(name)
    if any(shop.name == wanted for shop in await house.db.read(shops.all_shops)):
        raise Conflict(f"a shop named {wanted} exists", code="shop_exists", name=wanted)


async def _remembered(house: House, attempt: str, actor: str) -> Asked:
    now = house.clock.now()
    return await house.db.read(lambda tx: consents.remembered(tx, house.vault, attempt, now, actor=actor))


async def _renewal(house: House, manifest: Manifest, name: str, redirect: str) -> Asked:
    """Ask anew for a connected shop, with the application it has."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    if shop.channel != manifest.id:
        raise InputError("the shop is of another channel", code="connect.other_channel", name=shop.name)
    grant = await house.db.read(lambda tx: shops.open_grant(tx, house.vault, shop.id))
    kept = {field.name for field in typed(manifest).credentials}
    fields = {key: value for key, value in grant.fields.items() if key in kept}
    back = checked_redirect(redirect or shop.options.get(REDIRECT, ""))
    return Asked(manifest.id, shop.name, shop.id, back, new_verifier(), fields, shop.egress, shop.options)


def checked_redirect(address: str) -> str:
    """Accept an address to come back to, byte for byte: https, or this machine. Errors: InputError."""
    parts = urlsplit(address)
    plain = parts.scheme == "http" and _is_loopback(parts.hostname or "")
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise InputError("a redirect address begins with https://", code="connect.redirect_form")
    return address


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _door(house: House, asked: Asked) -> ShopDoor:
    return ShopDoor(
        house, house.manifests[asked.channel], Grant(asked.fields), key=f"new:{asked.name}",
        api_url=house.api_url(asked.channel), egress=asked.egress, options=asked.options,
    )  # fmt: skip


def _refusal(word: str) -> AccessError | StateError:
    if word == _DENIED:
        return AccessError("the owner said no", code="connect.denied")
    if word == _BAD_SCOPE:
        return StateError("the marketplace knows no such scope", code="connect.scope_refused")
    return StateError("the consent page refused", code="connect.refused", word=word)


def _new(house: House, asked: Asked) -> NewShop:
    return NewShop(
        asked.channel, asked.name, asked.fields, house.api_url(asked.channel), house.auth_url(asked.channel),
        asked.egress, asked.options,
    )  # fmt: skip


async def _added(house: House, asked: Asked, grant: Grant) -> Shop:
    return await keep_if_it_works(house, _new(house, asked), grant)


async def _renewed(house: House, asked: Asked, grant: Grant, actor: str) -> Shop:
    """Put a new grant on the shop it was asked for. Errors: StateError when it opens another shop."""
    shop = await house.db.read(lambda tx: shops.named(tx, asked.shop_id))
    profile, latest = await whose_shop(house, replace(_new(house, asked), options=None), grant)
    if profile.remote_id != shop.remote_id:
        raise StateError(
            "the consent is of another shop", code="connect.other_shop", wanted=shop.remote_name, found=profile.name
        )
    return await change_grant(
        house, shop, lambda old: replace(latest, fields={**old.fields, **latest.fields}), actor=actor
    )
