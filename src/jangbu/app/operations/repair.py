"""Find out at which rung a connection is broken, put a new secret in, and write down what support needs."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from jangbu import __version__
from jangbu.app.bootstrap import House, ShopDoor, open_door
from jangbu.app.operations.common import Facts, iso
from jangbu.app.operations.shops import change_grant, shop_facts, whose_shop
from jangbu.infra.activity import recent
from jangbu.kernel.errors import ChannelError, Conflict, InputError, JangbuError
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant, Probes
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest, Priority
from jangbu.shops import service as shops
from jangbu.shops.model import Shop, checked_credentials, typed
from jangbu.shops.service import NewShop
from jangbu.watch.ladder import Finding, Rung, State, climbed, stopped_at, with_standing

HEARD_WITHIN: Final = timedelta(minutes=5)
_EVIDENCE_CALLS: Final = 8


async def credentials_check(
    house: House, *, channel: str, credentials: Mapping[str, str], api_url: str = "", egress: str = "direct"
) -> Facts:
    """Try a credential that is not kept yet, rung by rung, with one token call. Keeps nothing.

    Errors: InputError for a credential of the wrong form.
    """
    if channel not in house.manifests:
        raise InputError(f"no channel {channel[:20]}", code="input.channel", channel=channel[:20], known="")
    manifest = house.manifests[channel]
    grant = Grant(checked_credentials(typed(manifest), credentials))
    door = ShopDoor(
        house, manifest, grant, key=f"check:{channel}", api_url=api_url or house.api_url(channel), egress=egress
    )
    try:
        found = await _climb(manifest, door)
    finally:
        await door.close()
    return _told(found[:-2])


def rungs_after(manifest: Manifest, error: JangbuError) -> list[Facts]:
    """Tell how far a credential came that was just tried, from what it failed with; nothing for our own refusals."""
    if not isinstance(error, ChannelError):
        return []
    rung, certainty = stopped_at(error, manifest.rungs, Rung.FIRST_READ)
    rungs: list[Facts] = _told(climbed(rung, error, certainty)[:-2])["rungs"]
    return rungs


async def shop_check(house: House, *, name: str) -> Facts:
    """Walk the ladder of a connected shop now: a fresh token, the least read of each part, then our own books."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    manifest, door = house.manifests[shop.channel], open_door(house, shop)
    try:
        found = await _climb(manifest, door)
    finally:
        await door.close()
    if shop.trouble and all(each.state is not State.BROKEN for each in found):
        await house.db.write(lambda tx: tx.notify(f"hint:{shop.id}"))  # mended: the hub need not wait its turn
    return {"shop": shop.name, **_told(await _with_books(house, shop, found))}


async def shop_ladder(house: House, *, name: str) -> Facts:
    """Tell the ladder by what is known already, without calling the marketplace."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    if not shop.trouble:
        return {"shop": shop.name, **_told(await _with_books(house, shop, climbed(None)))}
    rung = Rung(house.manifests[shop.channel].rungs.get(shop.trouble, Rung.FIRST_READ))
    found = [
        replace(each, code=shop.trouble, facts=dict(shop.trouble_facts)) if each.state is State.BROKEN else each
        for each in climbed(rung)
    ]
    return {"shop": shop.name, **_told(found)}


async def _climb(manifest: Manifest, door: ShopDoor) -> list[Finding]:
    """Try one rung after another and stop at the first that breaks."""
    asked = Rung.TOKEN
    try:
        await door.tokens.renewed((await door.tokens.current()).version)
        asked = Rung.FIRST_READ
        adapter = door.adapter(Order(Priority.INTERACTIVE, "check"))
        if isinstance(adapter, Probes):
            for part in adapter.parts():
                await adapter.probe(part)
        else:
            await adapter.read_shop()
    except JangbuError as error:
        rung, certainty = stopped_at(error, manifest.rungs, asked)
        return climbed(rung, error, certainty)
    return climbed(None)


async def _with_books(house: House, shop: Shop, found: list[Finding]) -> list[Finding]:
    """Say of the last rungs what our own books know: are orders read to the present, may we write."""
    stopped = await house.db.read(shops.stopped_since)
    heard = shop.heard_at is not None and house.clock.now() - shop.heard_at < HEARD_WITHIN
    gap = State.OK if heard else State.UNKNOWN
    writing = State.OK if shop.writes and stopped is None else State.UNKNOWN
    return with_standing(found, gap=gap, writing=writing)


def _told(found: list[Finding]) -> Facts:
    return {
        "sound": all(each.state is not State.BROKEN for each in found),
        "rungs": [
            {
                "rung": each.rung.value, "state": each.state.value, "code": each.code, "facts": dict(each.facts),
                "certainty": each.certainty.value if each.certainty else "",
            }
            for each in found
        ],
    }  # fmt: skip


async def shop_secret_set(house: House, *, name: str, credentials: Mapping[str, str], actor: str) -> Facts:
    """Put a new secret in for a connected shop: it is tried first, and kept only if it opens the same shop.

    After it, orders are read to the present before any number is raised.
    Errors: InputError for a secret of the wrong form; what the marketplace says of it; Conflict when it opens another
    shop. Nothing is changed then.
    """
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    manifest = house.manifests[shop.channel]
    old = await house.db.read(lambda tx: shops.open_grant(tx, house.vault, shop.id))
    given = {name_: value for name_, value in credentials.items() if value.strip()}
    if not given:
        raise InputError("nothing was given", code="input.credential_missing", field=_secret_field(manifest))
    own = typed(manifest)
    known = {field.name for field in own.credentials}
    fields = dict(old.fields) | checked_credentials(own, {k: v for k, v in old.fields.items() if k in known} | given)
    new = NewShop(shop.channel, shop.name, fields, shop.api_url, shop.auth_url, shop.egress, shop.options)
    profile, tried = await whose_shop(house, new, replace(old, fields=fields, access_token=Secret(""), expires_at=None))
    if profile.remote_id != shop.remote_id:
        raise Conflict("this opens another shop", code="secret_other_shop", name=profile.name)
    changed = await change_grant(
        house, shop,
        lambda grant: replace(
            grant, fields=tried.fields, access_token=tried.access_token, expires_at=tried.expires_at
        ),
        actor=actor,
    )  # fmt: skip
    return shop_facts(house, changed)


def _secret_field(manifest: Manifest) -> str:
    return next((field.name for field in typed(manifest).credentials if field.secret), "")


async def shop_evidence(house: House, *, name: str) -> Facts:
    """Write down what somebody who helps needs: times, codes, trace ids, versions; no secret, nobody's data."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    ladder = await shop_ladder(house, name=shop.id)
    await house.calls.flush()
    calls = await house.db.read(
        lambda tx: tx.all(
            "SELECT started_at, operation, status, error, remote_code, request_id FROM call_record "
            "WHERE shop_id = ? AND error <> '' ORDER BY seq DESC LIMIT ?",
            (shop.id, _EVIDENCE_CALLS),
        )
    )
    story = [a for a in await house.db.read(lambda tx: recent(tx, 200)) if a.shop_id == shop.id][:_EVIDENCE_CALLS]
    broken = next((each for each in ladder["rungs"] if each["state"] == "broken"), None)
    lines = [
        f"jangbu {__version__} · Python {platform.python_version()} · {house.db.kind}",
        f"now {iso(house.clock.now())}",
        f"channel {shop.channel} · state {shop.state.value} · heard {iso(shop.heard_at) or '-'}",
        f"trouble {shop.trouble or '-'} since {iso(shop.trouble_at) or '-'}",
        f"broken rung {broken['rung'] if broken else '-'}",
        *(f"call {at} {op} {status} {error} {remote} {trace}" for at, op, status, error, remote, trace in calls),
        *(f"story {iso(a.at)} {a.code}" for a in story),
    ]
    return {"shop": shop.name, "text": "\n".join(lines)}
