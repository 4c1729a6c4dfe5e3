"""The call budget: one token bucket for each operation of the application, told in every answer."""

from __future__ import annotations

import math

from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.naver.state import Bucket, State


def take(state: State, settings: Settings, operation: str, now: int) -> bool:
    """Takes one token; False and nothing taken where there is none."""
    bucket = _filled(state, settings, operation, now)
    if bucket.tokens < 1:
        return False
    bucket.tokens -= 1
    return True


def headers(state: State, settings: Settings, operation: str, now: int) -> dict[str, str]:
    """What the gateway tells about that bucket.

    Source: facts/naver.md 4.
    """
    left = _filled(state, settings, operation, now).tokens
    return {
        "GNCP-GW-RateLimit-Replenish-Rate": str(math.floor(settings.number("rate"))),
        "GNCP-GW-RateLimit-Burst-Capacity": str(math.floor(settings.number("burst"))),
        "GNCP-GW-RateLimit-Remaining": str(math.floor(left)),
    }


def _filled(state: State, settings: Settings, operation: str, now: int) -> Bucket:
    capacity = settings.number("burst")
    bucket = state.buckets.setdefault(operation, Bucket(capacity, now))
    gained = max(0, now - bucket.at) / 1000 * settings.number("rate")
    bucket.tokens, bucket.at = min(capacity, bucket.tokens + gained), now
    return bucket
