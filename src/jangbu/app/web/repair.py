"""Page that repairs a connection: the ladder, what broke it, a new secret, a text for who helps."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.connect import ADDRESSES, shop_path
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import CSRF, Site, actor_of
from jangbu.kernel.errors import JangbuError
from jangbu.shops.model import typed
from jangbu.watch.ladder import Rung

MENDED_BY_SECRET: Final = frozenset({Rung.APP, Rung.SECRET, Rung.TOKEN})
"""What a new secret may mend: there its form stands open."""
MENDED_AT_DESK: Final = MENDED_BY_SECRET | {Rung.ADDRESS, Rung.GROUPS}
"""What is mended where the seller keeps the application."""


def routes(site: Site) -> list[Route]:
    """Give the page's addresses; they stand before those of a shop."""
    pages = RepairPages(site)
    return [
        Route("/shops/{name}/repair", site.guarded(pages.show)),
        Route("/shops/{name}/repair", site.guarded(pages.act, "operator"), methods=["POST"]),
        Route("/shops/{name}/secret", site.guarded(pages.secret, "owner"), methods=["POST"]),
    ]


class RepairPages:
    """What a seller does when a shop does not answer."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def show(self, request: Request) -> Response:
        """Show the ladder by what is known already."""
        name = request.path_params["name"]
        return await self._page(request, await ops.shop_ladder(self._house, name=name), checked=False)

    async def act(self, request: Request) -> Response:
        """Walk the ladder now."""
        name = request.path_params["name"]
        return await self._page(request, await ops.shop_check(self._house, name=name), checked=True)

    async def secret(self, request: Request) -> Response:
        """Try a new secret and keep it if it works; a refused one changes nothing."""
        name, form = request.path_params["name"], await form_of(request)
        given = {key: value for key, value in form.one.items() if value and key != CSRF}
        try:
            shop = await ops.shop_secret_set(
                self._house, name=name, credentials=given, actor=actor_of(request)
            )
        except JangbuError as error:
            ladder = await ops.shop_ladder(self._house, name=name)
            return await self._page(request, ladder, checked=False, error=error)
        return self._site.back(f"{shop_path(shop['name'], shop['id'])}/repair", said="repair.kept")

    async def _page(
        self, request: Request, ladder: dict[str, Any], *, checked: bool, error: JangbuError | None = None
    ) -> Response:
        shop = await ops.shop_show(self._house, name=request.path_params["name"])
        manifest = self._house.manifests[shop["channel"]]
        evidence = await ops.shop_evidence(self._house, name=shop["id"])
        others = [each["name"] for each in await ops.shop_list(self._house) if each["id"] != shop["id"]]
        broken = next((rung for rung in ladder["rungs"] if rung["state"] == "broken"), None)
        rung, by_consent = broken["rung"] if broken else "", manifest.consent is not None
        return self._site.page(
            request, "repair.html", section="shops", error=error, shop=shop,
            path=shop_path(shop["name"], shop["id"]), rungs=ladder["rungs"], broken=broken, checked=checked,
            fields=[field for field in typed(manifest).credentials if field.secret and field.required],
            evidence=evidence["text"], by_consent=by_consent, ladder=ladder, others=others,
            by_renewal=by_consent and rung == Rung.TOKEN,
            by_secret=rung in MENDED_BY_SECRET and not (by_consent and rung == Rung.TOKEN),
            desk=manifest.desk_url if rung in MENDED_AT_DESK else "",
            ours=ops.outgoing_address(shop["egress"], shop["options"].get(ADDRESSES, "")),
            registered=shop["options"].get(ADDRESSES, ""), works=await ops.shop_stands(self._house, name=shop["id"]),
        )  # fmt: skip
