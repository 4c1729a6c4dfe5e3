"""A shop's words: its state, what troubles it, what it may do. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address

from jangbu.kernel.errors import InputError
from jangbu.kernel.ids import ShopId
from jangbu.sdk.manifest import GrantLife, Manifest

NAME_LENGTH_MAX = 60
SHARE_MAX = 1000
ADDRESSES_MAX = 3
REGRANTED = "regranted_at"
"""The option that says when a credential was last changed by hand."""
TRIED_FOR = timedelta(minutes=2)


class ShopState(StrEnum):
    """How far a shop is trusted with writing; reading goes on in all but the last."""

    WATCHING = "watching"  # read, not yet written
    CONNECTED = "connected"
    NEEDS_ATTENTION = "needs_attention"
    PAUSED = "paused"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True)
class Shop:
    """One seller account on one channel. Holds no secret."""

    id: ShopId
    channel: str
    name: str
    state: ShopState
    currency: str
    remote_id: str
    remote_name: str
    api_url: str
    auth_url: str
    egress: str  # "direct", or the address of the seller's own proxy
    options: Mapping[str, str]
    share: int
    trouble: str  # message code, "" when none
    trouble_facts: Mapping[str, str | int]
    trouble_at: datetime | None
    heard_at: datetime | None
    created_at: datetime
    started_at: datetime | None

    @property
    def writes(self) -> bool:
        """Tell whether its owner lets us write there now."""
        return self.state is ShopState.CONNECTED


class GrantState(StrEnum):
    """How a shop's credential stands."""

    FINE = "fine"
    ENDS_SOON = "ends_soon"
    ENDED = "ended"  # a person must renew it
    REFUSED = "refused"  # the marketplace does not take it, or not from here
    TRYING = "trying"  # renewed just now; the shop is being read with it
    UNTOLD = "untold"  # works, but nobody said since when


def grant_state(
    life: GrantLife | None, shop: Shop, renewed_at: datetime | None, now: datetime
) -> tuple[GrantState, datetime | None]:
    """Judge a shop's credential; with the moment it ends, where that is known."""
    ends = _grant_ends(life, shop, renewed_at)
    if shop.state is ShopState.NEEDS_ATTENTION:
        return (GrantState.TRYING if _just_renewed(shop, now) else GrantState.REFUSED), ends
    if life is None:
        return GrantState.FINE, None
    if ends is None:
        return GrantState.UNTOLD, None
    if now >= ends:
        return GrantState.ENDED, ends
    return (GrantState.ENDS_SOON if now >= ends - timedelta(days=life.warn_days) else GrantState.FINE), ends


def _just_renewed(shop: Shop, now: datetime) -> bool:
    told = shop.options.get(REGRANTED, "")
    return bool(told) and now - datetime.fromisoformat(told) < TRIED_FOR


def _grant_ends(life: GrantLife | None, shop: Shop, renewed_at: datetime | None) -> datetime | None:
    if life is None:
        return None
    since = renewed_at
    if life.since_option:
        told = shop.options.get(life.since_option, "")
        since = datetime.combine(date.fromisoformat(told), datetime.min.time(), UTC) if told else None
    return since + timedelta(days=life.days) if since else None


def checked_day(text: str, today: date) -> str:
    """Accept the day something was done, as YYYY-MM-DD. Errors: InputError for no day, or one to come."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise InputError("a day is YYYY-MM-DD", code="input.day", value=text[:20]) from None
    if day > today:
        raise InputError("the day is still to come", code="input.day_to_come", value=day.isoformat())
    return day.isoformat()


def checked_addresses(text: str) -> str:
    """Accept up to three IPv4 addresses. Errors: InputError naming the one that is none."""
    found = [each for each in re.split(r"[\s,]+", text) if each]
    for each in found:
        try:
            IPv4Address(each)
        except ValueError:
            raise InputError("not an IPv4 address", code="input.ipv4", value=each[:40]) from None
    if len(found) > ADDRESSES_MAX:
        raise InputError("at most three addresses", code="input.ipv4_many", most=ADDRESSES_MAX)
    return ", ".join(dict.fromkeys(found))


def typed(manifest: Manifest) -> Manifest:
    """Give a manifest with only those credential fields that a person types when a consent brings the others."""
    return replace(manifest, credentials=tuple(f for f in manifest.credentials if not f.by_consent))


def checked_name(text: str) -> str:
    """Accept a shop's name. Errors: InputError."""
    name = text.strip()
    if not re.fullmatch(r"[\w가-힣][\w가-힣 .-]*", name) or len(name) > NAME_LENGTH_MAX:
        raise InputError("a shop name is 1 to 60 letters, digits, spaces, dots, dashes", code="input.shop_name")
    return name


def checked_share(share: int) -> int:
    """Accept a shop's weight in dividing stock. Errors: InputError outside 0..1000."""
    if not 0 <= share <= SHARE_MAX:
        raise InputError("a share is 0 to 1000", code="input.share", share=share)
    return share


def checked_credentials(manifest: Manifest, given: Mapping[str, str]) -> dict[str, str]:
    """Accept pasted credentials. Errors: InputError naming the field, never its value."""
    known = {field.name: field for field in manifest.credentials}
    for name in given:
        if name not in known:
            raise InputError(
                f"{manifest.id} has no field {name}", code="input.credential_unknown", field=name,
                fields=", ".join(known),
            )  # fmt: skip
    kept: dict[str, str] = {}
    for name, field in known.items():
        value = given.get(name, "").strip()
        if not value and field.required:
            raise InputError(f"{name} is missing", code="input.credential_missing", field=name)
        if value and not field.fits(value):
            raise InputError(
                f"{name} does not have the form {manifest.id} gives out", code="input.credential_form", field=name,
                length=len(value),
            )  # fmt: skip
        if value:
            kept[name] = value
    return kept


def own_manifest(manifest: Manifest, shop: Shop) -> Manifest:
    """Give a channel's manifest with what the seller measured or chose for this shop in place of the defaults."""
    assumptions = manifest.assumptions
    return replace(
        manifest,
        assumptions=replace(
            assumptions,
            settle_s=float(shop.options.get("settle_s", assumptions.settle_s)),
            feed_margin_s=float(shop.options.get("feed_margin_s", assumptions.feed_margin_s)),
        ),
    )
