"""Pages of shipping: couriers' sheets out, couriers' numbers back with a preview before anything is sent."""

from __future__ import annotations

import base64
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.web.forms import form_of
from jangbu.app.web.site import Site, actor_of
from jangbu.fulfilment.templates import templates
from jangbu.infra.tables import BYTES_MAX
from jangbu.kernel.errors import InputError

PRINTS: Final = ("picks", "slips", "labels")
_MEDIA: Final = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "csv": "text/csv",
}  # fmt: skip


def routes(site: Site) -> list[Route]:
    """Give the pages' addresses; they stand before those of orders."""
    pages = ShippingPages(site)
    return [
        Route("/orders/sheet", site.guarded(pages.sheets, "packer")),
        Route("/orders/sheet", site.guarded(pages.make, "packer"), methods=["POST"]),
        Route("/orders/sheet/file", site.guarded(pages.file, "packer"), methods=["POST"]),
        Route("/orders/print", site.guarded(pages.prints, "packer")),
        Route("/orders/print", site.guarded(pages.print, "packer"), methods=["POST"]),
        Route("/orders/result", site.guarded(pages.ask, "packer")),
        Route("/orders/result", site.guarded(pages.preview, "packer"), methods=["POST"]),
        Route("/orders/result/apply", site.guarded(pages.apply, "packer"), methods=["POST"]),
    ]


class ShippingPages:
    """What a packer does with a courier."""

    def __init__(self, site: Site) -> None:
        """Serve for a house."""
        self._site, self._house = site, site.house

    async def sheets(self, request: Request) -> Response:
        """Show the couriers there are."""
        return self._page(request, None)

    async def make(self, request: Request) -> Response:
        """Look at every order once more and show what would stand in the sheet and what is held back."""
        form = await form_of(request)
        made = await ops.sheet_make(self._house, courier=form.text("courier"), actor=actor_of(request))
        return self._page(request, {**made, "courier": form.text("courier")})

    async def file(self, request: Request) -> Response:
        """Give the sheet as a file, made anew: nothing that changed since stands in it."""
        form = await form_of(request)
        made = await ops.sheet_make(self._house, courier=form.text("courier"), actor=actor_of(request))
        kind = made["filename"].rsplit(".", 1)[1]
        headers = {"content-disposition": f'attachment; filename="{made["filename"]}"'}
        return Response(base64.b64decode(made["content"]), headers=headers, media_type=_MEDIA[kind])

    async def prints(self, request: Request) -> Response:
        """Show what can be printed."""
        return self._site.page(request, "print.html", section="orders", kinds=PRINTS, what="", made=None)

    async def print(self, request: Request) -> Response:
        """Look at every order once more and lay out what is printed; what changed meanwhile is named."""
        what = (await form_of(request)).text("what")
        if what not in PRINTS:
            raise InputError("no such print", code="page.choice", field="what")
        made = await ops.print_make(self._house, actor=actor_of(request))
        return self._site.page(
            request, "print.html", section="orders", kinds=PRINTS, what=what, made=made, day=self._house.clock.now()
        )

    def _page(self, request: Request, made: dict[str, Any] | None) -> Response:
        return self._site.page(
            request, "sheet.html", section="orders", sheets=list(templates(self._house.settings.home).values()),
            made=made,
        )  # fmt: skip

    async def ask(self, request: Request) -> Response:
        """Ask for a courier's result file."""
        return self._site.page(request, "result.html", section="orders", told=None)

    async def preview(self, request: Request) -> Response:
        """Match the file and show what would ship; the file itself is not kept."""
        given = (await request.form()).get("file")
        if not isinstance(given, UploadFile) or not given.filename:
            raise InputError("no file was chosen", code="page.no_file")
        content = await given.read(BYTES_MAX + 1)
        told = await ops.result_read(self._house, content=base64.b64encode(content).decode())
        return self._site.page(request, "result.html", section="orders", told=told)

    async def apply(self, request: Request) -> Response:
        """Hand the chosen numbers over; doubtful rows only where a person said which box is meant."""
        form = await form_of(request)
        pairs = [
            {"key": key, "tracking": tracking}
            for tracking in form.every.get("tracking", [])
            if (key := form.text(f"box:{tracking}"))
        ]
        if not pairs:
            raise InputError("nothing was chosen", code="page.nothing_chosen")
        done = await ops.result_apply(self._house, pairs=pairs, actor=actor_of(request))
        if done["refused"]:
            return self._site.page(request, "result_done.html", section="orders", done=done)
        return self._site.back("/orders", said="result.applied", n=done["accepted"])
