"""How people come in: the set-up link, sign-in and out, invitations. Owns no password and no session."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import available_timezones

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from jangbu.app.operations import signing_in as ops
from jangbu.app.web.door import SESSION, PeopleDoor, own_path
from jangbu.app.web.links import PASS_LASTS, Links
from jangbu.app.web.reach import led_from_elsewhere
from jangbu.app.web.site import Handler, Site, closed_page
from jangbu.infra.i18n import LANGUAGES, currency_name, zone_name
from jangbu.kernel.errors import AccessError, JangbuError
from jangbu.kernel.secret import Secret
from jangbu.people import service as people
from jangbu.people import signing_in
from jangbu.people.model import CURRENCIES, PASSWORD_LENGTH_MIN, Choices, Person
from jangbu.people.tokens import sum_of

PASS: Final = "jangbu_setup"  # noqa: S105 - the name of a cookie
INVITATION: Final = "jangbu_invitation"
ZONES: Final = (
    "Asia/Seoul", "Asia/Tokyo", "Asia/Shanghai", "Asia/Taipei", "Asia/Singapore", "Asia/Ho_Chi_Minh", "Asia/Kolkata",
    "Australia/Sydney", "Europe/London", "Europe/Paris", "Europe/Berlin", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Vancouver", "UTC",
)  # fmt: skip


class Entering:
    """Answers `/enter`, `/setup`, `/sign-in`, `/sign-out` and `/invitation`."""

    def __init__(self, site: Site, door: PeopleDoor, links: Links) -> None:
        """Let people into this house."""
        self._site, self._door, self._links, self._house = site, door, links, site.house

    def routes_here(self) -> list[Route]:
        """List the pages of this machine alone."""
        return [
            Route("/enter", self._open(self.enter)),
            Route("/setup", self._open(self.set_up), methods=["GET", "POST"]),
        ]

    def routes(self) -> list[Route]:
        """List the pages that may be reached from elsewhere."""
        return [
            Route("/sign-in", self._open(self.sign_in), methods=["GET", "POST"]),
            Route("/sign-out", self._open(self.sign_out), methods=["GET", "POST"]),
            Route("/invitation", self._open(self.invitation), methods=["GET", "POST"]),
        ]

    def _open(self, handler: Handler) -> Handler:
        """Let everybody through to a page that is there before anybody is signed in."""

        async def endpoint(request: Request) -> Response:
            try:
                answer = await handler(request)
            except JangbuError as error:
                answer = self._site.failed(request, error)
            return self._door.finish(request, self._site.remembering(request, answer))

        return endpoint

    # -- one-time links -------------------------------------------------------------------------------------

    async def enter(self, request: Request) -> Response:
        """Trade a one-time link for the way to the set-up, or for a session of the owner on this machine."""
        if request.method == "HEAD":  # a preview of the link must not use it up
            return Response()
        if not self._links.use(request.query_params.get("key", "")):
            return HTMLResponse(closed_page("web.door.used"), 403)
        owner = await self._house.db.read(people.first_owner)
        if owner is None:
            answer = RedirectResponse("/setup", 303)
            self._door.set_cookie(request, answer, PASS, self._links.issue_pass(), PASS_LASTS)
            return answer
        now, where = self._house.clock.now(), self._door.where(request)
        token = await self._house.db.write(
            lambda tx: signing_in.open_session(tx, owner, where, now, by="sign_in.link")
        )
        return self._door.open(request, RedirectResponse("/", 303), token)

    # -- the set-up -----------------------------------------------------------------------------------------

    async def set_up(self, request: Request) -> Response:
        """Ask for the language, then for the rest; make the owner."""
        if await self._house.db.read(people.any_person):
            return RedirectResponse("/", 303)
        if not self._links.has_pass(self._door.cookie(request, PASS)):
            if led_from_elsewhere(request):
                return self._door.come_again("/setup")
            return HTMLResponse(closed_page("web.door.used"), 403)
        if request.method == "POST":
            return await self._make_owner(request, await self._door.form(request))
        if request.query_params.get("lang") not in LANGUAGES:
            return self._site.page(request, "setup_language.html")
        return self._set_up_page(request, {"zone": self._house.settings.time_zone, "currency": "KRW"})

    async def _make_owner(self, request: Request, form: Mapping[str, str]) -> Response:
        choices = Choices(self._site.words(request).lang, form.get("zone", ""), form.get("currency", ""))
        try:
            _, token = await ops.set_up(
                self._house, login=form.get("login", ""), name=form.get("name", ""), choices=choices,
                password=_secret(form, "password"), again=_secret(form, "again"), where=self._door.where(request),
            )  # fmt: skip
        except JangbuError as error:
            return self._set_up_page(request, form, error)
        self._links.drop_passes()
        self._links.grant_once(f"recovery:{sum_of(token)}")
        answer = self._door.open(request, RedirectResponse("/recovery", 303), token)
        self._door.drop_cookie(request, answer, PASS)
        return answer

    def _set_up_page(self, request: Request, form: Mapping[str, str], error: JangbuError | None = None) -> Response:
        lang = self._site.words(request).lang
        zones = [(zone, zone_name(zone, lang, self._house.clock.now())) for zone in zones_with(form.get("zone", ""))]
        currencies = [(code, f"{currency_name(code, lang)} ({code})") for code in CURRENCIES]
        return self._form(request, "setup.html", form, error, zones=zones, currencies=currencies, lang=lang)

    # -- in and out -----------------------------------------------------------------------------------------

    async def sign_in(self, request: Request) -> Response:
        """Ask for name and password; open a session, always a new one."""
        if not await self._house.db.read(people.any_person):
            return HTMLResponse(closed_page("web.door.closed"), 403)
        known = await self._door.signed_in(request)
        if request.method == "GET":
            to = own_path(request.query_params.get("next", "/"))
            return RedirectResponse(to, 303) if known else self._form(request, "sign_in.html", {"next": to})
        form = await self._door.form(request)
        to, where = own_path(form.get("next", "/")), self._door.where(request)
        try:
            _, token = await ops.sign_in(
                self._house, login=form.get("login", ""), password=_secret(form, "password"), where=where
            )
        except AccessError as error:
            return self._form(request, "sign_in.html", {"login": form.get("login", ""), "next": to}, error)
        await self._end(request)
        return self._door.open(request, RedirectResponse(to, 303), token)

    async def sign_out(self, request: Request) -> Response:
        """End the session of this browser."""
        if await self._door.signed_in(request) is None:
            return RedirectResponse("/sign-in", 303)
        if request.method != "POST":
            return self._form(request, "sign_out.html", {})
        await self._door.form(request)
        await self._end(request)
        answer = RedirectResponse("/sign-in", 303)
        self._door.drop_cookie(request, answer, SESSION)
        return answer

    async def _end(self, request: Request) -> None:
        now, address = self._house.clock.now(), self._door.where(request).address
        if token := self._door.cookie(request, SESSION):
            await self._house.db.write(lambda tx: signing_in.sign_out(tx, token, now, address=address))

    # -- invitations ----------------------------------------------------------------------------------------

    async def invitation(self, request: Request) -> Response:
        """Let an invited person choose a password. Looking does not use the link up; its key leaves the address."""
        if "key" in request.query_params:
            return await self._take_key(request)
        key = self._door.cookie(request, INVITATION)
        person = await self._invited(key)
        if person is None:
            if led_from_elsewhere(request):
                return self._door.come_again("/invitation")
            return HTMLResponse(closed_page("people.invitation.ended"), 403)
        if request.method == "GET":
            return self._form(request, "invitation.html", {}, person=person)
        form = await self._door.form(request)
        try:
            _, token = await ops.accept_invitation(
                self._house, key=key, password=_secret(form, "password"), again=_secret(form, "again"),
                where=self._door.where(request),
            )  # fmt: skip
        except JangbuError as error:
            return self._form(request, "invitation.html", {}, error, person=person)
        await self._end(request)
        answer = self._door.open(request, RedirectResponse("/", 303), token)
        self._door.drop_cookie(request, answer, INVITATION)
        return answer

    async def _take_key(self, request: Request) -> Response:
        if request.method != "GET":
            return Response(status_code=405 if request.method == "POST" else 200)
        key = request.query_params["key"]
        if await self._invited(key) is None:
            return HTMLResponse(closed_page("people.invitation.ended"), 403)
        answer = self._door.come_again("/invitation")
        self._door.set_cookie(request, answer, INVITATION, key, PASS_LASTS)
        return answer

    async def _invited(self, key: str) -> Person | None:
        now = self._house.clock.now()
        return await self._house.db.read(lambda tx: people.invited(tx, key, now))

    def _form(
        self, request: Request, template: str, form: Mapping[str, str], error: JangbuError | None = None, **more: Any  # noqa: ANN401 - whatever the template shows
    ) -> Response:
        """Render a form, again with what was typed (never a password) when it failed."""
        return self._site.page(
            request, template, error=error, csrf=self._door.csrf(request), form=form, least=PASSWORD_LENGTH_MIN, **more
        )


def zones_with(own: str) -> tuple[str, ...]:
    """List the time zones offered, with the one in use."""
    return ZONES if own in ZONES or own not in available_timezones() else (own, *ZONES)


def _secret(form: Mapping[str, str], name: str) -> Secret:
    return Secret(form.get(name, ""))
