"""Pages that connect a shop: what to do at the marketplace, what to paste, the consent's way there and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.operations.connect import REDIRECT
from jangbu.app.operations.shops import manifest_of
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of
from jangbu.infra.i18n import catalogue
from jangbu.infra.ui import has_template, render
from jangbu.kernel.errors import JangbuError
from jangbu.sdk.manifest import CredentialField, Manifest
from jangbu.shops.model import typed

OWNER: Final = "owner"
TYPED_LENGTH_MAX: Final = 4096
ADDRESSES: Final = "registered_addresses"


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses."""
    pages = ConnectPages(site)
    return [
        Route("/shops/connect", site.guarded(pages.choose, role=OWNER)),
        Route("/shops/connect/{channel}", site.guarded(pages.show, role=OWNER)),
        Route("/shops/connect/{channel}", site.guarded(pages.act, role=OWNER), methods=["POST"]),
        Route("/shops/connect/{channel}/return", pages.back),
        Route("/shops/connect/{channel}/finish", site.guarded(pages.finish, role=OWNER)),
    ]


def shop_path(name: str, id_: str) -> str:
    """Give a shop's address; by id where its name is that of a page of ours."""
    return f"/shops/{quote(id_ if name == 'connect' else name, safe='')}"


class ConnectPages:
    """What a seller sees while connecting."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def choose(self, request: Request) -> Response:
        """Show the marketplaces."""
        connected: dict[str, list[str]] = {}
        for shop in await ops.shop_list(self._house):
            connected.setdefault(shop["channel"], []).append(shop["name"])
        return self._site.page(
            request, "connect.html", section="shops", channels=list(self._house.manifests.values()),
            connected=connected, told=[c for c in self._house.manifests if catalogue().has(f"connect.choose.{c}")],
        )  # fmt: skip

    async def show(self, request: Request) -> Response:
        """Show the steps of one marketplace."""
        return await self._page(request, request.path_params["channel"], {}, None)

    async def act(self, request: Request) -> Response:
        """Do what a form of that page asks for; a refusal shows it again with what was typed, but no secrets."""
        channel, form = request.path_params["channel"], await form_of(request)
        manifest = manifest_of(self._house, channel)
        given = {name: value[:TYPED_LENGTH_MAX].strip() for name, value in form.one.items()}
        try:
            match given.get("act", ""):
                case "told":
                    return await self._told(request, channel, given)
                case "begin":
                    return await self._begin(request, manifest, given)
                case "finish":
                    return await self._finish(request, channel, given.get("answer", ""))
                case _:
                    return await self._typed(request, manifest, given)
        except JangbuError as error:
            return await self._page(request, channel, given, error)

    async def back(self, request: Request) -> Response:
        """Take the browser that a consent page sends back, and send it on by a page of ours.

        The session's cookie is strict: it does not come along from another site, only from our own page.
        """
        manifest = self._house.manifests.get(request.path_params["channel"])
        if manifest is None or manifest.consent is None:
            return RedirectResponse("/shops", 303)
        onward = f"/shops/connect/{manifest.id}/finish?{request.url.query[:TYPED_LENGTH_MAX]}"
        words = self._site.words(request)
        return HTMLResponse(render("connect_return.html", w=words, onward=onward, channel=manifest.title))

    async def finish(self, request: Request) -> Response:
        """Finish with the answer that came by redirect."""
        channel = request.path_params["channel"]
        answer = f"?{request.url.query}"
        try:
            return await self._finish(request, channel, answer)
        except JangbuError as error:
            return await self._page(request, channel, {"answer": answer}, error)

    # what the forms do

    async def _told(self, request: Request, channel: str, given: Mapping[str, str]) -> Response:
        actor, state = actor_of(request), given.get("state", "")
        await ops.application_set(self._house, channel=channel, state=state, actor=actor)
        word = self._site.words(request).t(f"connect.etsy.state.{state}")
        return self._site.back(f"/shops/connect/{channel}", said="connect.etsy.state.kept", state=word)

    async def _begin(self, request: Request, manifest: Manifest, given: Mapping[str, str]) -> Response:
        shop, back = given.get("shop", ""), given.get("redirect", "")
        if not back and not given.get("attempt"):
            back = await self._registered_redirect(manifest.id, shop)
        begun = await ops.connect_begin(
            self._house, channel=manifest.id, actor=actor_of(request),
            redirect=back, name=given.get("name", ""), credentials=_credentials(manifest, given), shop=shop,
            attempt=given.get("attempt", ""), options=_options(given),
        )  # fmt: skip
        local = not begun["redirect"].startswith(self._house.settings.public_url or "\0")
        return self._site.page(
            request, "connect_go.html", section="shops", channel=manifest.id, title=manifest.title, begun=begun,
            until=datetime.fromisoformat(begun["expires_at"]), local=local, notice=manifest.notice,
        )  # fmt: skip

    async def _finish(self, request: Request, channel: str, answer: str) -> Response:
        shop = await ops.connect_finish(
            self._house, channel=channel, answer=answer[:TYPED_LENGTH_MAX], actor=actor_of(request)
        )
        said = "connect.renewed" if shop["renewed"] else "connect.connected"
        return self._site.back(shop_path(shop["name"], shop["id"]), said=said, name=shop["name"])

    async def _typed(self, request: Request, manifest: Manifest, given: Mapping[str, str]) -> Response:
        shop = await ops.connect_typed(
            self._house, channel=manifest.id, name=given.get("name", ""), credentials=_credentials(manifest, given),
            actor=actor_of(request), options=_options(given),
        )  # fmt: skip
        return self._site.back(
            shop_path(shop["name"], shop["id"]), said="connect.connected", name=shop["name"]
        )

    # the page

    async def _page(
        self, request: Request, channel: str, given: Mapping[str, str], error: JangbuError | None
    ) -> Response:
        manifest, actor = manifest_of(self._house, channel), actor_of(request)
        fields = typed(manifest).credentials
        before = {"attempt": ""}
        if error is not None and given.get("answer"):
            before = await ops.connect_attempt(self._house, answer=given["answer"], actor=actor)
        own = f"connect_{channel}.html"
        return self._site.page(
            request, own if has_template(own) else "connect_any.html", section="shops",
            error=error, channel=channel, title=manifest.title, notice=manifest.notice,
            fields=[field for field in fields if field.required], before=before, public=self._house.settings.public_url,
            told=await ops.application_state(self._house, channel=channel), redirect=self._redirect(channel),
            typed={name: value for name, value in given.items() if name not in _secrets(fields)},
            rungs=ops.rungs_after(manifest, error) if error else [],
            scopes=list(manifest.consent().scopes) if manifest.consent else [],
            egress=ops.outgoing_address("direct", await self._registered(channel)),
        )  # fmt: skip

    def _redirect(self, channel: str) -> str:
        """Suggest where a consent page should send the browser back to."""
        public = self._house.settings.public_url
        return f"{public}/shops/connect/{channel}/return" if public else f"https://localhost/jangbu/{channel}"

    async def _registered_redirect(self, channel: str, shop: str) -> str:
        """Give the redirect address a shop was connected with, else the one we suggest."""
        options = (await ops.shop_show(self._house, name=shop))["options"] if shop else {}
        return str(options.get(REDIRECT) or self._redirect(channel))

    async def _registered(self, channel: str) -> str:
        """Give the addresses the seller registered for a shop of this marketplace that goes out the same way."""
        found = [
            shop["options"].get(ADDRESSES, "")
            for shop in await ops.shop_list(self._house)
            if shop["channel"] == channel and shop["egress"] == "direct"
        ]
        return next((each for each in found if each), "")


def _secrets(fields: tuple[CredentialField, ...]) -> frozenset[str]:
    return frozenset({*(field.name for field in fields if field.secret), "answer", "csrf"})


def _credentials(manifest: Manifest, given: Mapping[str, str]) -> dict[str, str]:
    return {f.name: given[f.name] for f in typed(manifest).credentials if given.get(f.name)}


def _options(given: Mapping[str, str]) -> dict[str, Any]:
    return {name: given[name] for name in ("certified_on", ADDRESSES) if given.get(name)}
