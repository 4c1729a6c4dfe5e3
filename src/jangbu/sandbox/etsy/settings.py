"""Owns the names and defaults of what can be adjusted at the Etsy emulator."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from jangbu.sandbox.core.settings import COMMON, Settings, Value

DEFAULTS: Final[Mapping[str, Value]] = {
    **COMMON,
    "limit_per_second": 10,
    "limit_per_day": 10_000,
    "status_capitalised": True,  # "Paid" as on the live wire, not "paid" as in the description
    "cancel_bumps_updated": False,
    "null_addresses": False,
    "old_refresh_survives": False,
    "processing_share": 0.15,  # orders that stand in payment processing before they are paid
    "processing_max_s": 6.0,
    "consent_page": False,
    "redirect_uri": "http://127.0.0.1:3003/oauth/redirect",
    "webhook_url": "",
    "webhook_bare": False,  # bare base64 signatures instead of `v1,<base64>`
    "resource_origin": "",  # scheme and host in webhook bodies; empty: the emulator's own
}
_LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}


class EtsySettings(Settings):
    """The emulator's settings; addresses it would call or send people to must be on this machine."""

    def __init__(self) -> None:
        super().__init__(DEFAULTS)

    def update(self, changes: Mapping[str, object], *, for_good: bool = False) -> None:
        for name in ("webhook_url", "redirect_uri"):
            url = changes.get(name)
            if isinstance(url, str) and url and urlsplit(url).hostname not in _LOOPBACK:
                raise ValueError(f"setting {name!r} must be an address on this machine")
        super().update(changes, for_good=for_good)
