"""How often to ask for news, and what may be said of completeness. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jangbu.sdk.manifest import Assumptions

DEEP_EVERY = timedelta(minutes=10)
HOT_FOR = timedelta(minutes=10)
BODY_BYTES_MAX = 64 * 1024


@dataclass(frozen=True)
class FeedState:
    """Where a shop's reading stands."""

    watermark: str = ""
    swept_at: datetime | None = None
    deep_at: datetime | None = None
    caught_up: bool = False


def interval_s(calm_s: float, hot_s: float, *, last_sale: datetime | None, now: datetime) -> float:
    """Choose the pause before the next look: short for a while after a sale, long else."""
    return hot_s if last_sale is not None and now - last_sale < HOT_FOR else calm_s


def deep_due(state: FeedState, now: datetime, every: timedelta = DEEP_EVERY) -> bool:
    """Tell whether to look also where changes hide from the feed."""
    return state.deep_at is None or now - state.deep_at >= every


def horizon_of(
    assumptions: Assumptions, begun_at: datetime, complete_to: datetime | None
) -> tuple[datetime, datetime | None] | None:
    """Tell how far the feed is complete after a whole pass: (our time, the marketplace's time).

    `begun_at`: when the pass's first request left. The feed itself may lag by its margin, so nothing younger
    counts. None: this channel's feed leaves lowerings out and proves nothing.
    """
    if not assumptions.feed_fence:
        return None
    margin = timedelta(seconds=assumptions.feed_margin_s)
    if assumptions.horizon == "remote_time":
        return (begun_at - margin, complete_to - margin) if complete_to else None
    return begun_at - margin, None
