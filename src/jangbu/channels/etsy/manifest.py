"""Etsy's declaration: identity, credential, limits, assumptions and capabilities. No calls, no mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jangbu.channels.etsy.adapter import EtsyAdapter
from jangbu.channels.etsy.auth import EtsyAuth
from jangbu.channels.etsy.consent import EtsyConsent
from jangbu.channels.etsy.faults import faults
from jangbu.channels.etsy.mapping.listings import NUMBER_MAX, WRITE_KIND
from jangbu.channels.etsy.operations import OPERATIONS
from jangbu.channels.etsy.webhook import parse, verify
from jangbu.sdk.manifest import (
    Assumptions,
    CredentialField,
    Effect,
    GrantLife,
    Limit,
    LimitNews,
    Manifest,
    Scope,
    Webhooks,
    WriteKind,
)
from jangbu.sdk.records import LineState

_SECOND: Final = "per_second"
_DAY: Final = "per_day"
_DAY_S: Final = 86_400.0

_WORD: Final = r"[^\s:]+"  # key and secret are joined by a colon
_TOKEN: Final = r"[0-9]+\.\S+"  # every token begins with its owner's user id  # noqa: S105

_LINE_EFFECTS: Final = {
    LineState.UNPAID: Effect.RESERVE,
    LineState.PAID: Effect.COMMIT,
    LineState.SHIPPED: Effect.SHIP,
    LineState.CANCELLED: Effect.RELEASE,
    LineState.REFUNDED: Effect.KEEP,
    LineState.UNKNOWN: Effect.KEEP,
}

_ASSUMPTIONS: Final = Assumptions(
    settle_s=120.0,
    feed_margin_s=10.0,
    horizon="begun_after",
    settles_by="echo",
    feed_fence=True,
    source="Etsy states no settling time, feed lag or consistency: cautious defaults of ours; the inventory "
    "write answers with the new inventory (specs/etsy.oas.json, updateListingInventory, read 2026-08-17)",
)


def learn(headers: Mapping[str, str]) -> tuple[LimitNews, ...]:
    """Read what an answer's headers say about both limits; Etsy's page cuts the last letter off one name."""
    told = {name.lower(): value for name, value in headers.items()}
    second = LimitNews(
        _SECOND,
        rate=_positive(told, "x-limit-per-second"),
        remaining=_whole(told, "x-remaining-this-second", "x-remaining-this-secon"),
    )
    day = LimitNews(
        _DAY,
        quota=_positive(told, "x-limit-per-day"),
        quota_remaining=_whole(told, "x-remaining-today"),
    )
    return tuple(news for news in (second, day) if news != LimitNews(news.name))


def _whole(headers: Mapping[str, str], *names: str) -> int | None:
    for name in names:
        text = headers.get(name, "").strip()
        if text.isascii() and text.isdigit():
            return int(text)
    return None


def _positive(headers: Mapping[str, str], name: str) -> int | None:
    return _whole(headers, name) or None


CHANNEL: Final = Manifest(
    id="etsy",
    title="Etsy",
    api_url="https://openapi.etsy.com",
    auth_url="https://www.etsy.com",
    credentials=(
        CredentialField("keystring", secret=False, pattern=_WORD),
        CredentialField("shared_secret", secret=True, pattern=_WORD),
        CredentialField("access_token", secret=True, pattern=_TOKEN, required=False, by_consent=True),
        CredentialField("refresh_token", secret=True, pattern=_TOKEN, by_consent=True),
        CredentialField("shop_id", secret=False, pattern=r"[0-9]+", required=False),
        CredentialField("webhook_secret", secret=True, pattern=r"whsec_\S+", required=False),
    ),
    operations=OPERATIONS,
    # The long-standing defaults; Etsy's page names none today, so the headers have the last word.
    limits=(
        Limit(_SECOND, Scope.APP, rate=10.0, burst=1),
        Limit(_DAY, Scope.APP, quota=10_000, window_s=_DAY_S),
    ),
    learn=learn,
    assumptions=_ASSUMPTIONS,
    line_effects=_LINE_EFFECTS,
    write_kinds={WRITE_KIND: WriteKind(batch=1, carries_all=True, needs_read=True, can_zero=False)},
    number_max=NUMBER_MAX,
    adapter=EtsyAdapter,
    auth=EtsyAuth,
    faults=faults,
    webhooks=Webhooks(verify, parse),
    consent=EtsyConsent,
    grant_life=GrantLife(days=90, warn_days=14),  # every renewal gives another 90 days
    switches_sale=True,
    desk_url="https://www.etsy.com/developers/your-apps",
    rungs={
        "etsy.blocked": "line",
        "etsy.not_etsy": "line",
        "etsy.key_unknown": "app",
        "etsy.secret_missing": "secret",
        "etsy.secret_wrong": "secret",
        "etsy.refresh_missing": "token",
        "etsy.refresh_refused": "token",
        "etsy.token_refused": "token",
        "etsy.token_revoked": "token",
        "etsy.token_expired": "token",
        "etsy.scope_missing": "groups",
        "etsy.forbidden": "groups",
        "etsy.other_shop": "first_read",
        "etsy.no_shop": "first_read",
    },
    return_fee=True,
    notice="The term 'Etsy' is a trademark of Etsy, Inc. This application uses the Etsy API but is not "
    "endorsed or certified by Etsy, Inc.",
    news_interval_s=60.0,
    news_interval_hot_s=15.0,
    description={"file": "etsy.oas.json", "version": "3.0.0", "read": "2026-08-17"},
)
