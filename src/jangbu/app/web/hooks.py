"""The webhook door: verifies a delivery and answers once it is on disk. Fetches nothing and believes nothing."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from jangbu.app.bootstrap import House
from jangbu.app.web.bodies import read_body
from jangbu.infra.db import ReadTx
from jangbu.intake import service as intake
from jangbu.intake.model import BODY_BYTES_MAX
from jangbu.kernel.errors import InputError, JangbuError, NotFound
from jangbu.kernel.ids import ShopId
from jangbu.kernel.secret import Secret
from jangbu.shops import service as shops
from jangbu.shops.model import ShopState

log = structlog.get_logger()

SECRET_FIELD: Final = "webhook_secret"  # noqa: S105 - the name of a field
KEPT_S: Final = 5.0


@dataclass(frozen=True)
class _Endpoint:
    """What taking one shop's deliveries needs."""

    shop_id: ShopId
    channel: str
    remote_shop_id: str
    secret: Secret
    version: int  # of the grant the secret came from
    looked_at: float


class HookDoor:
    """Takes deliveries at `/hooks/{channel}/{endpoint}`, where the endpoint is a shop's id.

    Who cannot sign learns nothing: an unknown shop, a wrong signature and another shop's news look the same.
    """

    def __init__(self, house: House) -> None:
        """Keep the secrets of endpoints in use in memory, for seconds."""
        self._house = house
        self._known: dict[str, _Endpoint] = {}
        self._decoy = Secret("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())

    async def take(self, request: Request) -> Response:
        """Answer one delivery: 200 when it is on disk (again at every repeat), else nothing was kept."""
        body = await read_body(request, BODY_BYTES_MAX)
        channel, name = request.path_params["channel"], request.path_params["endpoint"]
        try:
            return await self._answer(channel, name, body, request.headers)
        except JangbuError as error:
            log.warning("hook.not_kept", channel=channel, code=error.code)
            return PlainTextResponse("not kept, send it again\n", 503, {"retry-after": "30"})

    async def _answer(self, channel: str, name: str, body: bytes, headers: Mapping[str, str]) -> Response:
        found = await self._verified(channel, name, body, headers)
        if found is None:
            return _refused()
        endpoint, delivery_id = found
        if not _is_json(body):
            return PlainTextResponse("not JSON\n", 400)
        return await self._keep(endpoint, delivery_id, body)

    async def _verified(
        self, channel: str, name: str, body: bytes, headers: Mapping[str, str]
    ) -> tuple[_Endpoint, str] | None:
        """Give the endpoint and the delivery's id; None whatever it is that does not fit."""
        manifest = self._house.manifests.get(channel)
        if manifest is None or manifest.webhooks is None:
            return None
        verify, now = manifest.webhooks.verify, self._house.clock.now()
        endpoint = await self._endpoint(channel, name)
        try:
            return _pair(endpoint, verify(body, headers, self._secret(endpoint), now))
        except InputError as error:
            log.info("hook.refused", channel=channel, shop=endpoint.shop_id if endpoint else "", code=error.code)
        newer = await self._renewed(endpoint)
        if newer is None:
            return None
        try:
            return _pair(newer, verify(body, headers, self._secret(newer), now))
        except InputError:
            return None

    def _secret(self, endpoint: _Endpoint | None) -> str:
        return (endpoint.secret if endpoint else self._decoy).reveal()

    async def _endpoint(self, channel: str, name: str) -> _Endpoint | None:
        kept = self._known.get(name)
        if kept is None or self._house.clock.monotonic() - kept.looked_at > KEPT_S:
            kept = await self._look_up_now(name)
        return kept if kept is not None and kept.channel == channel else None

    async def _renewed(self, endpoint: _Endpoint | None) -> _Endpoint | None:
        """Give the endpoint anew if its credential was changed since it was looked up."""
        if endpoint is None:
            return None
        newer = await self._look_up_now(endpoint.shop_id)
        return newer if newer is not None and newer.version != endpoint.version else None

    async def _look_up_now(self, name: str) -> _Endpoint | None:
        now = self._house.clock.monotonic()
        found = await self._house.db.read(lambda tx: self._look_up(tx, name, now))
        self._known.pop(name, None)
        if found is not None:
            self._known[name] = found
        return found

    def _look_up(self, tx: ReadTx, name: str, now: float) -> _Endpoint | None:
        shop = shops.by_id(tx, ShopId(name))
        if shop is None or shop.state is ShopState.DISCONNECTED:
            return None
        try:
            grant = shops.open_grant(tx, self._house.vault, shop.id)
        except NotFound:
            return None
        secret = grant.fields.get(SECRET_FIELD, "")
        if not secret:
            return None
        return _Endpoint(shop.id, shop.channel, shop.remote_id, Secret(secret), grant.version, now)

    async def _keep(self, endpoint: _Endpoint, delivery_id: str, body: bytes) -> Response:
        webhooks = self._house.manifests[endpoint.channel].webhooks
        assert webhooks is not None  # noqa: S101 - it verified this delivery
        hint = webhooks.parse(body)
        if hint.remote_shop_id and hint.remote_shop_id != endpoint.remote_shop_id:
            log.warning("hook.foreign", shop=endpoint.shop_id)
            return _refused()
        now = self._house.clock.now()
        await self._house.db.write(lambda tx: intake.take_delivery(tx, endpoint.shop_id, delivery_id, hint, body, now))
        return PlainTextResponse("kept\n")


def _pair(endpoint: _Endpoint | None, delivery_id: str) -> tuple[_Endpoint, str] | None:
    return (endpoint, delivery_id) if endpoint is not None else None


def _refused() -> Response:
    return PlainTextResponse("refused\n", 401)


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
