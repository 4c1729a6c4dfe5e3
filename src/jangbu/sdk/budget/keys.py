"""The face of the call budget and the names of its buckets. Owns no counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from jangbu.sdk.manifest import Limit, LimitNews, Manifest, Operation, Priority, Scope


@dataclass(frozen=True)
class BucketKey:
    """One bucket: a limit and whom it counts.

    `app` holds the channel, the application's name there and, for a limit per shop, the shop; `operation` is
    empty unless the limit counts operations apart. None of it is secret.
    """

    app: str
    limit: Limit
    operation: str = ""

    @cached_property
    def id(self) -> str:
        """Give the bucket's name in stores: the same in every process."""
        return f"{self.app}|{self.limit.name}|{self.operation}"


class Budget(Protocol):
    """Gives out calls within every limit that counts them, the most urgent first."""

    async def acquire(self, keys: Sequence[BucketKey], priority: Priority) -> None:
        """Wait until one call may leave that counts in all these buckets.

        Errors: Throttled (code channel.no_budget) when the wait is longer than the budget allows.
        Repeat: a cancelled wait costs nothing.
        """

    async def learn(self, key: BucketKey, news: LimitNews) -> None:
        """Take in what an answer's headers said about this bucket."""

    async def throttled(self, key: BucketKey, retry_after_s: float) -> None:
        """Hold every call of this bucket back after a refusal. Units: 0 = the far side named no wait."""


def bucket_keys(manifest: Manifest, operation: Operation, app: str, shop: str) -> tuple[BucketKey, ...]:
    """Name the buckets one call of `operation` counts in.

    An operation that names limits has exactly those. All others have the defaults: the manifest's first limit
    and every further one that no operation names.
    """
    named = operation.limits
    limits = [each for each in manifest.limits if each.name in named] if named else _defaults(manifest)
    return tuple(_key(manifest.id, limit, operation, app, shop) for limit in limits)


def _defaults(manifest: Manifest) -> list[Limit]:
    special = {name for operation in manifest.operations.values() for name in operation.limits}
    return [limit for place, limit in enumerate(manifest.limits) if place == 0 or limit.name not in special]


def _key(channel: str, limit: Limit, operation: Operation, app: str, shop: str) -> BucketKey:
    whom = f"{channel}/{app}/{shop}" if limit.scope is Scope.SHOP else f"{channel}/{app}"
    return BucketKey(whom, limit, operation.id if limit.scope is Scope.OPERATION else "")
