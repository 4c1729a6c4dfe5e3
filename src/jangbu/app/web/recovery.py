"""The recovery sheet: the master key to be written down, shown once, and again only for the password."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app.operations import signing_in as ops
from jangbu.app.web.door import PeopleDoor
from jangbu.app.web.forms import form_of
from jangbu.app.web.links import Links
from jangbu.app.web.reach import place_of
from jangbu.app.web.site import Site
from jangbu.infra.vault import groups_of, load_master_key, same_group
from jangbu.kernel.errors import AccessError, InputError
from jangbu.kernel.secret import Secret
from jangbu.people import service as people

_ASKED: Final = 2


class Recovery:
    """Answers `/recovery` and `/recovery/confirm`, for the owner, where nobody between reads along."""

    def __init__(self, site: Site, door: PeopleDoor, links: Links) -> None:
        """Show this house's key; `links` holds the one showing without a password, after the set-up."""
        self._site, self._door, self._links, self._house = site, door, links, site.house

    def routes(self) -> list[Route]:
        """List the pages."""
        return [
            Route("/recovery", self._site.guarded(self.sheet, "owner"), methods=["GET", "POST"]),
            Route("/recovery/confirm", self._site.guarded(self.confirm, "owner"), methods=["GET", "POST"]),
        ]

    async def sheet(self, request: Request) -> Response:
        """Show the sheet, or ask for the password first."""
        place = place_of(request)
        if not (place.here or place.secure):
            raise AccessError("the key would travel in the clear", code="recovery_in_clear")
        person, where = await self._door.person(request), self._door.where(request)
        error = None
        if request.method == "GET":
            shown = self._links.take_once(f"recovery:{await self._session(request)}")
        else:
            typed = Secret((await form_of(request)).one.get("password", ""))
            shown = True
            try:
                await ops.check_password(self._house, person=person, password=typed, where=where)
            except AccessError as refused:
                shown, error = False, refused
        if shown:
            groups = await ops.recovery_sheet(self._house, person=person, where=where)
            return self._site.page(
                request, "recovery.html", groups=groups, day=self._house.clock.now(), file=self._key_file()
            )
        confirmed = await self._house.db.read(people.recovery_confirmed)
        return self._site.page(request, "recovery_ask.html", error=error, confirmed=confirmed)

    async def confirm(self, request: Request) -> Response:
        """Ask for two groups, to be sure that the sheet can be read."""
        person = await self._door.person(request)
        groups = groups_of(load_master_key(self._house.settings, create=False))
        asked = _asked(await self._session(request), len(groups))
        error = None
        if request.method == "POST":
            form = await form_of(request)
            if all(same_group(form.text(f"group_{n}"), groups[n - 1]) for n in asked):
                now, address = self._house.clock.now(), self._door.where(request).address
                await self._house.db.write(lambda tx: people.confirm_recovery(tx, person, now, address=address))
                return self._site.back("/", "people.recovery.confirmed")
            error = InputError("other groups", code="input.recovery_groups")
        return self._site.page(request, "recovery_confirm.html", error=error, asked=asked)

    async def _session(self, request: Request) -> str:
        found = await self._door.signed_in(request)
        return found.session if found else ""

    def _key_file(self) -> str:
        return "" if self._house.settings.master_key else str(self._house.settings.master_key_file)


def _asked(session: str, groups: int) -> tuple[int, ...]:
    """Choose which groups are asked for, the same all through one session."""
    first = int(session[:8] or "0", 16) % groups
    return tuple(sorted((1 + first, 1 + (first + groups // _ASKED) % groups)))
