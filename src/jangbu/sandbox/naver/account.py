"""Who the seller is: account and channels, both fixed."""

from __future__ import annotations

from typing import Any

from jangbu.sandbox.naver.call import Call
from jangbu.sandbox.naver.render_orders import CHANNEL_NO


def account(_call: Call) -> dict[str, Any]:
    """The account behind the token; `accountUid` is the stable one."""
    return {"accountId": "ncp_sandboxaccount0001", "accountUid": "ncp_sandboxaccountuid01", "grade": "03"}


def channels(_call: Call) -> list[dict[str, Any]]:
    """The one SmartStore."""
    store = {
        "channelNo": CHANNEL_NO,
        "channelType": "STOREFARM",
        "name": "장부상점",
        "url": "https://smartstore.naver.com/sandbox-store",
        "representativeImageUrl": "https://shop-phinf.pstatic.net/sandbox/store.png",
        "talkTalkAccountId": "wsandbox",
    }
    return [store]
