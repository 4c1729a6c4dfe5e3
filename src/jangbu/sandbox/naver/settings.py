"""Names and defaults of the emulated shop's switches; what they do is told where they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jangbu.sandbox.core.settings import COMMON, Value

# Questions the facts leave open (11) are switches here, not guesses in the code.
DEFAULTS: Final[Mapping[str, Value]] = {
    **COMMON,
    "rate": 2.0,  # tokens per second of each operation's bucket
    "burst": 4,  # and how many it holds
    "unpaid_share": 0.08,  # of the orders wait for a bank transfer
    "unpaid_lapse_share": 0.25,  # of those are never paid
    "payment_wait_max_s": 20.0,  # the others are paid within this time
    "payment_due_s": 60.0,  # and these lapse after it
    "reopen_on_raise": True,  # OUTOFSTOCK returns to SALE by itself when the number rises
    "lapse_is_told": True,  # the feed tells a lapsed payment, as CLAIM_COMPLETED
    "seller_cancel_restocks": True,  # a cancellation by the seller raises the number
    "confirm_before_dispatch": False,  # dispatch refuses what was not confirmed
    "buyers_share_parcels": False,  # orders of one buyer may carry one tracking number; unconfirmed either way
    "secret_generation": 0,  # counts reissues of the client secret
    "tokens_die_on_reissue": True,
    "token_penalty": False,  # few issues an hour, as after a day with malformed token requests
    "token_issues_per_hour": 1,  # that few
    "missing_group": "",  # an API group the application lacks, by its Korean name
}
