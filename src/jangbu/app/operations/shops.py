"""Connect shops, start and pause them, see their health."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from jangbu.app.bootstrap import House, ShopDoor, open_door
from jangbu.app.operations.common import Facts, iso
from jangbu.catalog import service as catalog
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import IllegalTransition, InputError
from jangbu.orders import confirming
from jangbu.orders import service as orders
from jangbu.publish import service as publish
from jangbu.publish.world import Scope
from jangbu.sdk.adapter import Grant
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest, Priority
from jangbu.sdk.records import ShopProfile
from jangbu.shops import service as shops
from jangbu.shops.model import REGRANTED, Shop, checked_addresses, checked_day
from jangbu.shops.service import NewShop

_OWN_OPTIONS: Final = frozenset({"remote_shop_id", REGRANTED})  # nothing a seller chose
_EAST: Final = timedelta(hours=14)  # a day begins first there: what is today somewhere is not to come


async def shop_add(
    house: House, *, channel: str, name: str, credentials: Mapping[str, str], actor: str, api_url: str = "",
    egress: str = "direct", options: Mapping[str, str] | None = None, share: int = 1,
) -> Facts:  # fmt: skip
    """Try a credential against the marketplace and keep the shop if it works; it begins in watching.

    Errors: InputError for a bad field; GrantError or Transient from the marketplace; Conflict. Nothing is kept then.
    """
    manifest = manifest_of(house, channel)
    new = NewShop(
        channel, name, credentials, api_url or house.api_url(channel), house.auth_url(channel), egress, options, share
    )
    fields = shops.check_new(manifest, new)
    del actor
    kept = await keep_if_it_works(house, new, Grant(fields))
    return await house.db.read(lambda tx: shop_facts(tx, house, kept))


def manifest_of(house: House, channel: str) -> Manifest:
    """Give a channel's declaration. Errors: InputError for an unknown one."""
    if channel not in house.manifests:
        raise InputError(
            f"no channel {channel}", code="input.channel", channel=channel, known=", ".join(house.manifests)
        )
    return house.manifests[channel]


async def keep_if_it_works(house: House, new: NewShop, grant: Grant) -> Shop:
    """Ask the marketplace whose shop a credential opens, and keep that shop. Errors: as for shop_add."""
    profile, latest = await whose_shop(house, new, grant)
    manifest, now = house.manifests[new.channel], house.clock.now()
    return await house.db.write(lambda tx: shops.add(tx, house.vault, manifest, new, profile, latest, now))


async def whose_shop(house: House, new: NewShop, grant: Grant) -> tuple[ShopProfile, Grant]:
    """Ask whose shop a credential opens; with the credential as it stands after that call."""
    latest: list[Grant] = [grant]

    async def keep(renewed: Grant) -> None:
        latest.append(renewed)

    door = ShopDoor(
        house, house.manifests[new.channel], grant, key=f"new:{new.name}", api_url=new.api_url, egress=new.egress,
        options=new.options, keep=keep,
    )  # fmt: skip
    try:
        return await door.adapter(Order(Priority.INTERACTIVE, "shop add")).read_shop(), latest[-1]
    finally:
        await door.close()


async def change_grant(house: House, shop: Shop, change: Callable[[Grant], Grant], *, actor: str) -> Shop:
    """Change a connected shop's credential by hand; those who work with it go on with the new one at once."""
    door, now = open_door(house, shop), house.clock.now()
    try:
        await door.tokens.amend(change)
    finally:
        await door.close()
    return await house.db.write(lambda tx: shops.regranted(tx, shop.id, now, actor=actor))


async def shop_list(house: House) -> list[Facts]:
    """List the shops with their health."""
    def read(tx: ReadTx) -> list[Facts]:
        scopes = publish.scopes(tx)
        return [_told(house, shop, scopes.get(shop.id, Scope.ALL)) for shop in shops.all_shops(tx)]

    return await house.db.read(read)


async def shop_show(house: House, *, name: str) -> Facts:
    """Show one shop."""
    return await house.db.read(lambda tx: shop_facts(tx, house, shops.named(tx, name)))


async def shop_state(
    house: House, *, name: str, action: str, actor: str, scope: str = "all", skus: Sequence[str] = (),
    return_free: str = "",
) -> Facts:  # fmt: skip
    """Start, pause or resume a shop. `action` is one of these words.

    `scope` says how much a started shop may be written: `all`, `lowering` (numbers only go down), or `skus` (only
    listings whose every SKU is among `skus`). Starting again with another scope changes it.
    `return_free` (`yes` or `no`) answers, with the start, whether what was taken off sale may be put back.
    Errors: InputError for another scope or answer, or none of its SKUs; NotFound for an unknown SKU. Nothing is
    changed then.
    """
    change = {"start": shops.start, "pause": shops.pause, "resume": shops.resume}[action]
    now = house.clock.now()
    if scope not in set(Scope):
        raise InputError(f"no scope {scope[:20]}", code="input.scope", scope=scope[:20], known=", ".join(Scope))
    if (scope == Scope.SKUS) != bool(skus):
        raise InputError("name the SKUs to begin with", code="input.scope_skus")
    answer = _checked_option("return_free", return_free, now) if return_free else ""

    def write(tx: WriteTx) -> Facts:
        if action == "start":
            if answer:
                shops.set_option(tx, name, "return_free", answer)
            _check_start(tx, house, name)
            chosen = [catalog.variant_of(tx, sku).id for sku in skus]
            publish.set_scope(tx, shops.named(tx, name).id, Scope(scope), set(chosen))
        shop = change(tx, name, now, actor=actor)
        publish.reconsider(tx)
        return shop_facts(tx, house, shop)

    return await house.db.write(write)


def _check_start(tx: WriteTx, house: House, name: str) -> None:
    """Refuse to start a shop before its owner said what may be done with listings that have nothing left."""
    shop = shops.named(tx, name)
    if house.manifests[shop.channel].return_fee and shop.options.get("return_free") not in {"yes", "no"}:
        raise IllegalTransition(
            f"{shop.name}: may listings be put back on sale?", code="shop_return_undecided", name=shop.name
        )


async def shop_set(house: House, *, name: str, option: str, value: str) -> Facts:
    """Change one option of a shop.

    Options: share, return_free, fee_cap_monthly, news_interval_s, settle_s, feed_margin_s, deep_every_s,
    look_back_days, acknowledge (hand, once or a time of day), certified_on (a day), registered_addresses (up to three).
    Errors: InputError for an unknown option or a value it cannot have.
    """
    if option == "share":
        if not value.isdigit():
            raise InputError("a share is a whole number", code="input.option_value", option=option, value=value[:40])
        await house.db.write(lambda tx: shops.set_share(tx, name, int(value)))
    else:
        value = _checked_option(option, value, house.clock.now())
        await house.db.write(lambda tx: shops.set_option(tx, name, option, value))
    await house.db.write(publish.reconsider)
    return await shop_show(house, name=name)


def _checked_option(option: str, value: str, now: datetime) -> str:
    if option == "certified_on":
        return checked_day(value, (now + _EAST).date())
    if option == "registered_addresses":
        return checked_addresses(value)
    numbers = {
        "fee_cap_monthly": 1000.0,
        "news_interval_s": 86_400.0,
        "settle_s": 3_600.0,
        "feed_margin_s": 3_600.0,
        "deep_every_s": 86_400.0,
        "look_back_days": 365.0,
    }
    if option == "return_free" and value in {"yes", "no"}:
        return value
    if option == confirming.OPTION and confirming.is_policy(value):
        return value
    if option in numbers:
        try:
            if 0 <= float(value) <= numbers[option]:
                return value
        except ValueError:
            pass
    known = ("share", "return_free", confirming.OPTION, "certified_on", "registered_addresses", *numbers)
    if option in known:
        raise InputError(f"{option} cannot be {value[:40]}", code="input.option_value", option=option, value=value[:40])
    raise InputError(f"no option {option[:40]}", code="input.option", option=option[:40], known=", ".join(known))


async def stop_all(house: House, *, actor: str) -> Facts:
    """Stop all writing everywhere."""
    now = house.clock.now()
    await house.db.write(lambda tx: shops.stop_all(tx, now, actor=actor))
    await house.db.write(publish.reconsider)
    return {"writing": "stopped"}


async def resume_all(house: House, *, actor: str) -> Facts:
    """Take the general stop back."""
    now = house.clock.now()
    await house.db.write(lambda tx: shops.resume_all(tx, now, actor=actor))
    await house.db.write(publish.reconsider)
    return {"writing": "allowed"}


def shop_facts(tx: ReadTx, house: House, shop: Shop) -> Facts:
    """Tell a shop as plain values, without secrets."""
    return _told(house, shop, publish.scopes(tx).get(shop.id, Scope.ALL))


def _told(house: House, shop: Shop, scope: Scope) -> Facts:
    return {
        "id": shop.id, "channel": shop.channel, "channel_title": house.manifests[shop.channel].title,
        "name": shop.name, "state": shop.state.value, "currency": shop.currency, "remote_id": shop.remote_id,
        "remote_name": shop.remote_name, "share": shop.share,
        "scope": scope.value, "trouble": shop.trouble, "trouble_facts": dict(shop.trouble_facts),
        "trouble_at": iso(shop.trouble_at), "heard_at": iso(shop.heard_at),
        "created_at": iso(shop.created_at), "started_at": iso(shop.started_at), "egress": shop.egress,
        "options": {k: v for k, v in shop.options.items() if k not in _OWN_OPTIONS},
        "notice": house.manifests[shop.channel].notice,
    }  # fmt: skip


async def status(house: House) -> Facts:
    """Give the whole at a glance: shops, open orders, over-exposed SKUs, whether writing is stopped."""

    def read(tx: ReadTx) -> Facts:
        stopped = shops.stopped_since(tx)
        return {
            "stopped_since": iso(stopped), "open_lines": len(orders.open_lines(tx)),
            "unlinked_lines": len(orders.unlinked_lines(tx)), "now_ms": to_ms(house.clock.now()),
        }  # fmt: skip

    return {**await house.db.read(read), "shops": await shop_list(house)}
