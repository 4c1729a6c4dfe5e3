"""Sends an adapter's requests: within limits, signed, repeated where that is safe.

Owns no connection (`network`), no limit (`sdk.budget`) and no channel's rules: the manifest brings those.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

import httpx2

from jangbu.kernel.clock import Clock
from jangbu.kernel.errors import ChannelError, InputError, ReauthRequired, TokenExpired, Transient
from jangbu.sdk.adapter import Auth, Grant
from jangbu.sdk.budget import BucketKey, Budget, bucket_keys
from jangbu.sdk.client import Client, Order, Request, Response
from jangbu.sdk.http.attempt import Attempts, Call
from jangbu.sdk.http.calls import CallRecord
from jangbu.sdk.http.circuit import Circuit
from jangbu.sdk.http.network import Bounds, Network
from jangbu.sdk.http.retry import Again
from jangbu.sdk.http.wire import build, checked_base, is_loopback
from jangbu.sdk.manifest import Manifest, Operation, Priority
from jangbu.sdk.tokens import TokenSource

_BOUNDS: Final = Bounds()
_NO_OPTIONS: Final[Mapping[str, str]] = MappingProxyType({})


class HTTPClient:
    """All calls of one shop."""

    def __init__(
        self,
        manifest: Manifest,
        *,
        base_url: str,
        shop_key: str,
        budget: Budget,
        clock: Clock,
        tokens: TokenSource | None = None,
        app_key: str = "",
        options: Mapping[str, str] = _NO_OPTIONS,
        transport: httpx2.AsyncBaseTransport | None = None,
        proxy: str | None = None,
        on_call: Callable[[CallRecord], None] | None = None,
        bounds: Bounds = _BOUNDS,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Open nothing yet.

        `tokens` may follow with `use_tokens`, since renewing needs a bare client of this very object.
        `app_key` names the application whose limits are counted together; empty, the grant tells it.
        `proxy` is the shop's egress, `on_call` hears of every attempt, `chance` (0 to 1) spreads retries.
        Errors: ConfigError for an address that is not https to a host or http to this machine.
        """
        self._manifest = manifest
        self._base = checked_base(base_url)
        self._shop_key = shop_key
        self._budget = budget
        self._clock = clock
        self._tokens = tokens
        self._app_key = app_key
        self._options = options
        self._bounds = bounds
        self._chance = chance
        self._auth: Auth = manifest.auth()
        self._keys: dict[tuple[str, str], tuple[BucketKey, ...]] = {}
        ipv4_only = manifest.force_ipv4 and not is_loopback(self._base)
        self._network = Network(bounds, ipv4_only=ipv4_only, proxy=proxy, transport=transport)
        self._attempts = Attempts(
            manifest, self._network, budget=budget, clock=clock, shop_key=shop_key, on_call=on_call
        )
        self._circuits = {group: Circuit(f"{manifest.title} ({group})", clock) for group in ("read", "write", "token")}

    def at(self, order: Order) -> Client:
        """Give the face adapters see, whose calls are treated as `order` says."""
        return _Face(self, order, bare=False)

    def bare(self) -> Client:
        """Give a client that adds no authorisation, for renewing tokens."""
        return _Face(self, Order(Priority.TOKEN, cause="token"), bare=True)

    def use_tokens(self, tokens: TokenSource) -> None:
        """Sign calls with grants of `tokens` from now on."""
        self._tokens = tokens

    async def drop_connections(self) -> None:
        """Forget all connections, as after the machine slept: the far side has long closed them."""
        await self._network.drop_connections()

    async def aclose(self) -> None:
        """Close all connections for good."""
        await self._network.aclose()

    async def send(self, request: Request, order: Order, *, bare: bool) -> Response:
        """Send as `order` says. Errors: as `sdk.client.Client`."""
        operation = self._manifest.operations.get(request.operation)
        if operation is None:
            raise InputError(
                f"{self._manifest.title} has no operation {request.operation}",
                code="input.operation",
                operation=request.operation,
            )
        call = Call(operation, request, order, build(self._base, operation, request))
        circuit = self._circuits["token" if bare else "write" if operation.write else "read"]
        signed = not bare and operation.authorised and self._tokens is not None
        if signed:
            call.grant = await self._fresh_grant()
        call.keys = await self._keys_of(operation, call.grant)
        again = Again(
            write=operation.write,
            lowers_only=request.lowers_only,
            held=bool(call.keys),
            tries=self._bounds.tries,
            chance=self._chance,
        )
        while True:
            try:
                return await self._replayed(call, circuit, signed=signed)
            except ChannelError as error:
                error.operation = error.operation or operation.id
                wait_s = again.wait_s(error)
                if wait_s is None:
                    raise
            await self._clock.sleep(wait_s)

    async def _replayed(self, call: Call, circuit: Circuit, *, signed: bool) -> Response:
        try:
            return await self._exchange(call, circuit, signed=signed)
        except TokenExpired:
            if call.grant is None or self._tokens is None:
                raise
            await self._tokens.renewed(call.grant.version)
        try:
            return await self._exchange(call, circuit, signed=signed)
        except TokenExpired as again:
            raise ReauthRequired(
                f"{call.operation.id}: a fresh token was refused",
                operation=again.operation,
                status=again.status,
                remote_code=again.remote_code,
                request_id=again.request_id,
            ) from again

    async def _exchange(self, call: Call, circuit: Circuit, *, signed: bool) -> Response:
        with circuit.passing() as probe:
            await self._budget.acquire(call.keys, call.order.priority)
            circuit.recheck(probe=probe)
            if signed:
                call.grant = await self._fresh_grant()
                call.wire.headers.update(self._auth.headers(call.grant))
            if call.operation.write and call.order.before_write is not None:
                await call.order.before_write()
            if call.order.leaving is not None:
                call.order.leaving()
            return await self._attempts.make(call)

    async def _fresh_grant(self) -> Grant:
        assert self._tokens is not None  # noqa: S101 - for the type checker
        grant = await self._tokens.current()
        now = self._clock.now()
        if not self._auth.needs_renewal(grant, now):
            return grant
        try:
            return await self._tokens.renewed(grant.version)
        except Transient:
            if grant.access_token and grant.expires_at is not None and grant.expires_at > now:
                return grant  # renewal was early: the old token still works
            raise

    async def _keys_of(self, operation: Operation, grant: Grant | None) -> tuple[BucketKey, ...]:
        app = self._app_key
        if not app and (grant is not None or self._tokens is not None):
            grant = grant or await self._tokens.current()  # type: ignore[union-attr]  # one of them is there
            app = self._auth.app_key(grant.fields)
        known = self._keys.get((operation.id, app))
        if known is None:
            known = bucket_keys(self._manifest, operation, app or self._shop_key, self._shop_key)
            self._keys[operation.id, app] = known
        return known

    def now(self) -> datetime:
        """Tell the hub's own time."""
        return self._clock.now()

    @property
    def options(self) -> Mapping[str, str]:
        """Give the shop's non-secret settings."""
        return self._options


class _Face:
    """One client's view of `HTTPClient`."""

    def __init__(self, http: HTTPClient, order: Order, *, bare: bool) -> None:
        self._http = http
        self._order = order
        self._bare = bare

    async def send(self, request: Request) -> Response:
        return await self._http.send(request, self._order, bare=self._bare)

    def now(self) -> datetime:
        return self._http.now()

    @property
    def options(self) -> Mapping[str, str]:
        return self._http.options
