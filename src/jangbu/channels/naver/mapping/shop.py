"""The seller's account and shop windows as a shop profile. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from jangbu.channels.naver.wire.access import Account, StoreChannel
from jangbu.sdk.records import ShopProfile


def profile(account: Account, channels: Sequence[StoreChannel]) -> ShopProfile:
    """Make the profile. `accountUid` is the id that stays; the SmartStore window names the shop."""
    stores = [channel for channel in channels if channel.channel_type == "STOREFARM"]
    store = next(iter(stores or channels), StoreChannel())
    extra = {
        "account_id": account.account_id or "",
        "grade": account.grade or "",
        "channel_no": "" if store.channel_no is None else str(store.channel_no),
    }
    return ShopProfile(
        remote_id=account.account_uid or "",
        name=store.name or account.account_id or "",
        currency="KRW",
        url=store.url or "",
        extra={name: text for name, text in extra.items() if text},
    )
