"""Naver's declaration: identity, credential, limits, assumptions and capabilities. No calls, no mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jangbu.channels.naver.adapter import NaverAdapter
from jangbu.channels.naver.auth import SECRET_PATTERN, NaverAuth
from jangbu.channels.naver.faults import faults
from jangbu.channels.naver.mapping.writes import MULTI_UPDATE_BATCH, NUMBER_MAX
from jangbu.channels.naver.operations import OPERATIONS
from jangbu.sdk.manifest import (
    Assumptions,
    CredentialField,
    Effect,
    GrantLife,
    Limit,
    LimitNews,
    Manifest,
    Scope,
    WriteKind,
)
from jangbu.sdk.records import LineState

_LIMIT: Final = "operation"

_LINE_EFFECTS: Final = {
    LineState.UNPAID: Effect.RESERVE,
    LineState.PAID: Effect.COMMIT,
    LineState.SHIPPED: Effect.SHIP,
    LineState.DELIVERED: Effect.SHIP,
    LineState.CLOSED: Effect.SHIP,
    LineState.CANCELLED: Effect.RELEASE,
    # The goods left us; what comes back counts only once it lies on the shelf.
    LineState.RETURNED: Effect.SHIP,
    LineState.EXCHANGED: Effect.SHIP,
    LineState.UNKNOWN: Effect.KEEP,
}

_ASSUMPTIONS: Final = Assumptions(
    settle_s=120.0,
    feed_margin_s=10.0,
    horizon="remote_time",
    settles_by="read_back",
    feed_fence=True,
    source="documentation 2.90.1: 변경 상품 주문 내역 조회, 멀티 상품 변경, 상품 옵션 재고 변경",
)


def learn(headers: Mapping[str, str]) -> tuple[LimitNews, ...]:
    """Read what the gateway's headers say about the limit of the operation just called."""
    news = LimitNews(
        name=_LIMIT,
        rate=_number(headers, "gncp-gw-ratelimit-replenish-rate"),
        burst=_whole(headers, "gncp-gw-ratelimit-burst-capacity"),
        remaining=_whole(headers, "gncp-gw-ratelimit-remaining"),
        quota=_whole(headers, "gncp-gw-quota-limit"),
        quota_remaining=_whole(headers, "gncp-gw-quota-remaining"),
    )
    return () if news == LimitNews(name=_LIMIT) else (news,)


def _whole(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdigit() else None


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        number = float(headers.get(name, ""))
    except ValueError:
        return None
    return number if 0 < number < float("inf") else None


CHANNEL: Final = Manifest(
    id="naver",
    title="Naver SmartStore (네이버 스마트스토어)",
    api_url="https://api.commerce.naver.com",
    auth_url="https://api.commerce.naver.com",
    credentials=(
        CredentialField(name="client_id", secret=False, pattern=r"\S{1,58}"),
        CredentialField(name="client_secret", secret=True, pattern=SECRET_PATTERN),
    ),
    operations=OPERATIONS,
    # Own-store applications measure 2 a second with bursts of 4; a header must say so before we burst.
    limits=(Limit(name=_LIMIT, scope=Scope.OPERATION, rate=2.0, burst=2),),
    learn=learn,
    assumptions=_ASSUMPTIONS,
    line_effects=_LINE_EFFECTS,
    write_kinds={
        "simple": WriteKind(batch=MULTI_UPDATE_BATCH, carries_all=False, needs_read=False, can_zero=True),
        "options": WriteKind(batch=1, carries_all=False, needs_read=True, can_zero=True),
    },
    number_max=NUMBER_MAX,
    adapter=NaverAdapter,
    auth=NaverAuth,
    faults=faults,
    # The integrated manager certifies the application again within 180 days; Naver lets nobody read the day.
    grant_life=GrantLife(days=180, warn_days=30, since_option="certified_on"),
    desk_url="https://apicenter.commerce.naver.com",
    rungs={
        "naver.address_not_allowed": "address",
        "naver.clock_wrong": "clock",
        "naver.app_not_entitled": "app",
        "naver.store_blocked": "app",
        "naver.store_not_found": "app",
        "naver.client_id_wrong": "secret",
        "naver.secret_wrong": "secret",
        "naver.token_refused": "secret",
        "naver.token_quota": "token",
        "naver.token_expired": "token",
        "naver.group_missing": "groups",
    },
    switches_sale=True,
    return_fee=False,
    acknowledges=True,
    force_ipv4=True,
    news_interval_s=60.0,
    news_interval_hot_s=10.0,
    description={"file": "naver.oas.yaml", "version": "2.90.1", "read": "2026-10"},
)
