"""Pages of shops: all of them with how their connection stands, and one with all that may be changed of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.connect import shop_path
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of

OPTIONS: Final = ("certified_on", "registered_addresses", "return_free", "acknowledge", "share")


def _host_of(egress: str) -> str:
    """Name the way out without the password a proxy's address may hold."""
    return egress if egress == "direct" else urlsplit(egress).hostname or ""


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses. Those under /shops/connect stand before them."""
    pages = ShopPages(site)
    return [
        Route("/shops", site.guarded(pages.all)),
        Route("/shops/{name}", site.guarded(pages.one)),
        Route("/shops/{name}/state", site.guarded(pages.state, role="operator"), methods=["POST"]),
        Route("/shops/{name}/import", site.guarded(pages.read_again, role="operator"), methods=["POST"]),
        Route("/shops/{name}/option", site.guarded(pages.option, role="owner"), methods=["POST"]),
        Route("/shops/{name}/webhook", site.guarded(pages.webhook, role="owner"), methods=["POST"]),
    ]


class ShopPages:
    """What a seller sees of shops."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def all(self, request: Request) -> Response:
        """Show every shop."""
        return self._site.page(request, "shops.html", section="shops", shops=await self._cards())

    async def one(self, request: Request) -> Response:
        """Show one shop. Errors: NotFound."""
        shop = await ops.shop_show(self._house, name=request.path_params["name"])
        card = next(each for each in await self._cards() if each["id"] == shop["id"])
        manifest = self._house.manifests[shop["channel"]]
        return self._site.page(
            request, "shop.html", section="shops", shop=card, manifest=manifest,
            hook=await ops.webhook_state(self._house, name=shop["id"]),
        )  # fmt: skip

    async def state(self, request: Request) -> Response:
        """Pause a shop, or let it be written again."""
        action = (await form_of(request)).text("action")
        action = action if action in {"pause", "resume"} else "pause"
        shop = await ops.shop_state(self._house, name=self._name(request), action=action, actor=actor_of(request))
        return self._back(shop, f"shops.{action}.done")

    async def read_again(self, request: Request) -> Response:
        """Have the listings read again."""
        await ops.import_begin(self._house, name=self._name(request), actor=actor_of(request))
        return self._back(await ops.shop_show(self._house, name=self._name(request)), "shops.import.begun")

    async def option(self, request: Request) -> Response:
        """Change what the seller may say of a shop."""
        form = await form_of(request)
        for option in OPTIONS:
            if option in form.one:
                value = form.text(option)
                value = form.text("acknowledge_at") if (option, value) == ("acknowledge", "at") else value
                await ops.shop_set(self._house, name=self._name(request), option=option, value=value)
        return self._back(await ops.shop_show(self._house, name=self._name(request)), "shops.saved")

    async def webhook(self, request: Request) -> Response:
        """Keep the secret of a shop's webhooks."""
        secret = (await form_of(request)).text("webhook_secret")
        await ops.webhook_secret_set(
            self._house, name=self._name(request), secret=secret, actor=actor_of(request)
        )
        return self._back(await ops.shop_show(self._house, name=self._name(request)), "connect.webhook.saved")

    async def _cards(self) -> list[dict[str, Any]]:
        grants = {each["shop_id"]: each for each in await ops.grant_list(self._house)}
        imports = {each["shop_id"]: each for each in await ops.import_list(self._house)}
        return [
            {
                **shop, "egress": _host_of(shop["egress"]), "path": shop_path(shop["name"], shop["id"]),
                "grant": grants[shop["id"]], "run": imports.get(shop["id"]),
            }
            for shop in await ops.shop_list(self._house)
        ]  # fmt: skip

    def _name(self, request: Request) -> str:
        return str(request.path_params["name"])

    def _back(self, shop: Mapping[str, Any], said: str) -> Response:
        return self._site.back(shop_path(shop["name"], shop["id"]), said=said, name=shop["name"])
