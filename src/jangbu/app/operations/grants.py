"""How the shops' credentials stand, and the parts of them a person may change: the webhook's secret."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from jangbu.app.bootstrap import House
from jangbu.app.operations.common import Facts, iso
from jangbu.app.operations.shops import change_grant
from jangbu.infra.db import ReadTx
from jangbu.intake import service as intake
from jangbu.kernel.errors import InputError
from jangbu.sdk.adapter import Grant
from jangbu.sdk.manifest import CredentialField, Manifest
from jangbu.shops import service as shops
from jangbu.shops.model import Shop, grant_state

WEBHOOK_SECRET: Final = "webhook_secret"  # noqa: S105 - the name of a field
_DELIVERIES_LOOKED_AT: Final = 500


async def grant_list(house: House) -> list[Facts]:
    """Tell how each shop's credential stands: fine, ends_soon, ended, refused, trying, untold; and when it ends."""
    now = house.clock.now()

    def read(tx: ReadTx) -> list[Facts]:
        renewed = shops.grant_times(tx)
        return [_grant(house, shop, renewed.get(shop.id), now) for shop in shops.all_shops(tx)]

    return await house.db.read(read)


def _grant(house: House, shop: Shop, renewed_at: datetime | None, now: datetime) -> Facts:
    manifest = house.manifests[shop.channel]
    state, ends = grant_state(manifest.grant_life, shop, renewed_at, now)
    return {
        "shop": shop.name, "shop_id": shop.id, "state": state.value, "ends_at": iso(ends),
        "by_consent": manifest.consent is not None,
        "told_by": manifest.grant_life.since_option if manifest.grant_life else "",
    }  # fmt: skip


async def webhook_state(house: House, *, name: str) -> Facts:
    """Tell what a shop's webhook needs: its address, whether a secret is kept, when one was last heard."""

    def read(tx: ReadTx) -> Facts:
        shop = shops.named(tx, name)
        if house.manifests[shop.channel].webhooks is None:
            return {"possible": False}
        heard = [each for each in intake.deliveries(tx, _DELIVERIES_LOOKED_AT) if each.shop_id == shop.id]
        grant = shops.open_grant(tx, house.vault, shop.id)
        public = house.settings.public_url
        return {
            "possible": True, "url": f"{public}/hooks/{shop.channel}/{shop.id}" if public else "",
            "secret_kept": bool(grant.fields.get(WEBHOOK_SECRET)),
            "heard_at": iso(heard[0].received_at) if heard else None, "event": heard[0].event if heard else "",
        }  # fmt: skip

    return await house.db.read(read)


async def webhook_secret_set(house: House, *, name: str, secret: str, actor: str) -> Facts:
    """Keep the secret a shop's webhooks are signed with. Errors: InputError; the secret itself is told to nobody."""
    shop = await house.db.read(lambda tx: shops.named(tx, name))
    value = _checked(_field(house.manifests[shop.channel]), secret)

    def change(old: Grant) -> Grant:
        return replace(old, fields={**old.fields, WEBHOOK_SECRET: value})

    await change_grant(house, shop, change, actor=actor)
    return await webhook_state(house, name=shop.id)


def _field(manifest: Manifest) -> CredentialField:
    found = next((field for field in manifest.credentials if field.name == WEBHOOK_SECRET), None)
    if found is None:
        raise InputError("no webhooks", code="connect.no_webhooks", channel=manifest.title)
    return found


def _checked(field: CredentialField, secret: str) -> str:
    value = secret.strip()
    if not field.fits(value):
        raise InputError(
            "not what the marketplace gives out", code="input.credential_form", field=field.name, length=len(value)
        )
    return value


def outgoing_address(egress: str, registered: str = "") -> Facts:
    """Tell from which public address a shop is called, as far as that is known without asking a stranger.

    A proxy given by number is it; else what the seller registered is likely it; else it must be looked up.
    """
    host = urlsplit(egress).hostname or "" if egress != "direct" else ""
    try:
        return {"address": str(ipaddress.IPv4Address(host)), "certainty": "certain"}
    except ValueError:
        first = registered.partition(",")[0].strip()
        return {"address": first, "certainty": "likely" if first else "unknown"}
