"""Holds a shop's grant in use and renews it once for many callers. Owns no signing and no store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from jangbu.kernel.clock import Clock
from jangbu.sdk.adapter import Auth, Grant
from jangbu.sdk.client import Client


class TokenSource(Protocol):
    """Gives the grant that calls are signed with."""

    async def current(self) -> Grant:
        """Give the grant as it stands, without calling the marketplace."""

    async def renewed(self, stale_version: int) -> Grant:
        """Give a grant newer than `stale_version`, renewing it where nobody has yet.

        Errors: those of `Auth.renew`.
        Repeat: any number of callers with one stale version cause one renewal.
        """


class MemoryTokens:
    """A grant kept in memory.

    A renewal belongs to no caller: it runs to its end when the caller that met the stale token goes away.
    """

    def __init__(
        self,
        auth: Auth,
        client: Client,
        grant: Grant,
        clock: Clock,
        on_change: Callable[[Grant], Awaitable[None]] | None = None,
    ) -> None:
        """Renew with `client`, a bare one; `on_change` has ended before a new grant is first used."""
        self._auth = auth
        self._client = client
        self._grant = grant
        self._clock = clock
        self._on_change = on_change
        self._renewal: asyncio.Task[Grant] | None = None
        self._changing = asyncio.Lock()

    async def current(self) -> Grant:
        return self._grant

    async def renewed(self, stale_version: int) -> Grant:
        if self._grant.version > stale_version:
            return self._grant
        if self._renewal is None:
            renewing = self._renew(stale_version)
            self._renewal = asyncio.get_running_loop().create_task(renewing, name="token renewal")
            self._renewal.add_done_callback(self._ended)
        return await asyncio.shield(self._renewal)

    async def amend(self, change: Callable[[Grant], Grant]) -> Grant:
        """Change the credential by hand, between renewals: neither undoes what the other did.

        A change of the access token counts as a renewal for those who hold a stale one.
        """
        async with self._changing:
            old, new = self._grant, change(self._grant)
            fresh = new.access_token != old.access_token
            return await self._use(replace(new, version=old.version + int(fresh)))

    async def _renew(self, stale_version: int) -> Grant:
        async with self._changing:
            old = self._grant
            if old.version > stale_version:  # changed by hand while we waited
                return old
            new = await self._auth.renew(self._client, old, self._clock.now())
            return await self._use(replace(new, version=old.version + 1))

    async def _use(self, new: Grant) -> Grant:
        if self._on_change is not None:
            await self._on_change(new)
        self._grant = new
        return new

    def _ended(self, renewal: asyncio.Task[Grant]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # looked at, also when every caller has gone away
