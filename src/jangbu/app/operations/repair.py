"""Find out at which rung a connection is broken, put a new secret in, and write down what support needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final

from jangbu.app import checks
from jangbu.app.bootstrap import House, ShopDoor, open_door
from jangbu.app.calls import last_success, latest
from jangbu.app.operations.common import Facts, iso, our_versions
from jangbu.app.operations.shops import change_grant, manifest_of, shop_facts, whose_shop
from jangbu.infra.activity import recent
from jangbu.infra.db import ReadTx
from jangbu.kernel.errors import ChannelError, Conflict, InputError, JangbuError
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant, Probes
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest, Priority
from jangbu.shops import service as shops
from jangbu.shops.model import Shop, ShopState, checked_credentials, typed
from jangbu.shops.service import NewShop
from jangbu.watch.diagnosis import Elsewhere, Side, stands, whose_line
from jangbu.watch.ladder import NETWORK, UNDER_ALL, Finding, Rung, State, climbed, noted_at, stopped_at, with_standing

HEARD_WITHIN: Final = timedelta(minutes=5)
_EVIDENCE_CALLS: Final = 8
_NO_TIMES: Final[Facts] = {"checked_at": None, "next_at": None}


async def credentials_check(
    house: House, *, channel: str, credentials: Mapping[str, str], api_url: str = "", egress: str = "direct"
) -> Facts:
    """Try a credential that is not kept yet, rung by rung, with one token call. Keeps nothing.

    Errors: InputError for a credential of the wrong form.
    """
    manifest = manifest_of(house, channel)
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
    """Walk the ladder of a connected shop now: a fresh token, the least read of each part, then our own books.

    What was seen of a broken one is kept, with the time of the next look.
    """
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    manifest, door = house.manifests[shop.channel], open_door(house, shop)
    try:
        found = await _climb(manifest, door)
    finally:
        await door.close()
    if shop.trouble and all(each.state is not State.BROKEN for each in found):
        await house.db.write(lambda tx: tx.notify(f"hint:{shop.id}"))  # mended: the hub need not wait its turn
    told, now = _told(await _with_books(house, shop, found)), house.clock.now()
    await house.db.write(lambda tx: checks.keep(tx, shop.id, told["rungs"], now))
    return await _ladder(house, shop, told, looked=True)


async def shop_ladder(house: House, *, name: str) -> Facts:
    """Tell the ladder by what is known already, without calling the marketplace: the last look, else the trouble."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    if not shop.trouble:
        return await _ladder(house, shop, _told(await _with_books(house, shop, climbed(None))), looked=False)
    last = await house.db.read(lambda tx: checks.of_trouble(tx, shop))
    if last is not None:
        return await _ladder(house, shop, {"sound": False, "rungs": last.rungs}, looked=True)
    rung, certainty = noted_at(shop.trouble, house.manifests[shop.channel].rungs)
    found = [
        replace(each, code=shop.trouble, facts=dict(shop.trouble_facts)) if each.state is State.BROKEN else each
        for each in climbed(rung, certainty=certainty)
    ]
    return await _ladder(house, shop, _told(found), looked=False)


async def _ladder(house: House, shop: Shop, told: Facts, *, looked: bool) -> Facts:
    """Put to the rungs whose line it is, where the line is what broke, and when was looked and will be again."""

    def read(tx: ReadTx) -> Facts:
        broken = next((each for each in told["rungs"] if each["state"] == State.BROKEN), None)
        side = Side.UNKNOWN
        if broken and broken["rung"] == Rung.LINE and broken["code"] in NETWORK:
            side, certainty = whose_line(shop.trouble_at or house.clock.now(), _elsewhere(tx, shop))
            broken["certainty"] = certainty.value
        last = checks.latest(tx, shop.id) if looked else None
        times = {"checked_at": iso(last.at), "next_at": iso(last.next_at)} if last else _NO_TIMES
        return {"shop": shop.name, **told, "side": side.value, **times}

    return await house.db.read(read)


def _elsewhere(tx: ReadTx, shop: Shop) -> list[Elsewhere]:
    return [
        Elsewhere(other.heard_at, other.trouble in NETWORK)
        for other in shops.all_shops(tx)
        if other.channel != shop.channel and other.state is not ShopState.DISCONNECTED
    ]


async def shop_stands(house: House, *, name: str) -> list[Facts]:
    """Tell what of a shop works, what stands still, and when each last succeeded.

    Shape: {"work", "standing", "last"} for reading, writing, shipping.
    """
    ladder = await shop_ladder(house, name=name)
    broken = next((Rung(each["rung"]) for each in ladder["rungs"] if each["state"] == State.BROKEN), None)
    await house.calls.flush()

    def read(tx: ReadTx) -> list[Facts]:
        shop = shops.named(tx, name)
        halted = shop.state is ShopState.NEEDS_ATTENTION and shop.started_at is not None
        writes = (shop.writes or halted) and shops.stopped_since(tx) is None
        found = stands(
            last_success(tx, shop.id), shop.trouble_at if shop.trouble else None, writes=writes,
            stops_all=broken in UNDER_ALL, halted=halted and writes,
        )  # fmt: skip
        return [{"work": each.work.value, "standing": each.standing.value, "last": iso(each.last)} for each in found]

    return await house.db.read(read)


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
    return await house.db.read(lambda tx: shop_facts(tx, house, changed))


def _secret_field(manifest: Manifest) -> str:
    return next((field.name for field in typed(manifest).credentials if field.secret), "")


async def shop_evidence(house: House, *, name: str) -> Facts:
    """Write down what somebody who helps needs: times, codes, trace ids, versions; no secret, nobody's data."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    ladder = await shop_ladder(house, name=shop.id)
    await house.calls.flush()
    calls = await house.db.read(lambda tx: latest(tx, _EVIDENCE_CALLS, shop.id, failed=True))
    works = await shop_stands(house, name=shop.id)
    story = await house.db.read(lambda tx: recent(tx, _EVIDENCE_CALLS, shop.id))
    broken = next((each for each in ladder["rungs"] if each["state"] == "broken"), None)
    lines = [
        our_versions(house),
        f"channel {shop.channel} · state {shop.state.value} · heard {iso(shop.heard_at) or '-'}",
        f"trouble {shop.trouble or '-'} since {iso(shop.trouble_at) or '-'}",
        f"broken rung {broken['rung'] if broken else '-'}",
        *(f"last {each['work']} {each['last'] or '-'} ({each['standing']})" for each in works),
        *(
            f"call {iso(c.started_at)} {c.operation} {c.status} {c.error} {c.remote_code} {c.request_id}".rstrip()
            for c in calls
        ),
        *(f"story {iso(a.at)} {a.code}" for a in story),
    ]
    return {"shop": shop.name, "text": "\n".join(lines)}
