"""Who a visitor is: the session's cookie, the value its forms carry, and what is answered to nobody. Owns no pages."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from jangbu.app.bootstrap import House
from jangbu.app.web.bodies import read_body
from jangbu.app.web.reach import from_own_page, led_from_elsewhere, place_of
from jangbu.app.web.site import CSRF, LANG, Visitor, closed_page
from jangbu.infra.ui import render
from jangbu.kernel.errors import AccessError
from jangbu.people import service as people
from jangbu.people import signing_in
from jangbu.people.model import SESSION_LASTS, Person
from jangbu.people.signing_in import Where
from jangbu.people.tokens import form_token, is_form_token

SESSION: Final = "jangbu_session"
FORM: Final = "jangbu_form"
FORM_BYTES_MAX: Final = 64 * 1024
FIELDS_MAX: Final = 200
PATH_LENGTH_MAX: Final = 2_000


class PeopleDoor:
    """Lets in who has a session, whatever page asks."""

    def __init__(self, house: House) -> None:
        """Know this house's people."""
        self._house = house

    # -- who ------------------------------------------------------------------------------------------------

    async def visitor(self, request: Request) -> Visitor | None:
        found = await self.signed_in(request)
        if found is None:
            return None
        person = found.person
        return Visitor(person.id, person.name, person.role.value, person.language, person.zone, person.login)

    async def signed_in(self, request: Request) -> signing_in.Visitor | None:
        """Tell who has the session of a request, looked up once."""
        if not hasattr(request.state, "signed_in"):
            request.state.signed_in = await self._look(self.cookie(request, SESSION))
        found: signing_in.Visitor | None = request.state.signed_in
        return found

    async def person(self, request: Request) -> Person:
        """Give the person of a guarded page. Errors: AccessError when the session just ended."""
        found = await self.signed_in(request)
        if found is None:
            raise AccessError("no session", code="page.csrf")
        return found.person

    async def _look(self, token: str) -> signing_in.Visitor | None:
        now = self._house.clock.now()
        found = await self._house.db.read(lambda tx: signing_in.visitor(tx, token, now)) if token else None
        if found and found.stale:
            await self._house.db.write(lambda tx: signing_in.see(tx, found, now))
        return found

    async def turn_away(self, request: Request) -> Response:
        """Send to the sign-in, or before anybody is set up tell how to begin."""
        if not await self._house.db.read(people.any_person):
            return HTMLResponse(closed_page("web.door.closed"), 403)
        if request.method not in {"GET", "HEAD"}:
            return RedirectResponse("/sign-in", 303)
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        if led_from_elsewhere(request):
            return self.come_again(wanted)
        return RedirectResponse("/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted, safe='')}", 303)

    @staticmethod
    def come_again(to: str) -> Response:
        """Have the browser ask again from a page of ours, for then it brings its cookies."""
        return HTMLResponse(render("again.html", to=own_path(to)))

    def where(self, request: Request) -> Where:
        """Tell where somebody is, for the trail and for counting tries."""
        place = place_of(request)
        return Where(place.address, place.here, request.headers.get("user-agent", ""))

    # -- forms ----------------------------------------------------------------------------------------------

    def csrf(self, request: Request) -> str:
        """Give what the forms of this session carry; before sign-in, those of this browser."""
        return form_token(self._ground(request, make=True))

    async def form(self, request: Request) -> dict[str, str]:
        """Read a form sent before sign-in, by a page of ours to this very browser. Errors: AccessError."""
        if not from_own_page(request):
            raise AccessError("sent from elsewhere", code="page.csrf")
        await self.signed_in(request)
        body = await read_body(request, FORM_BYTES_MAX)
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
        except ValueError:
            pairs = []
        form = {name: value.replace("\0", "") for name, value in pairs}
        if not is_form_token(self._ground(request, make=False), form.get(CSRF, "")):
            raise AccessError("no form of this browser", code="page.csrf")
        return form

    def _ground(self, request: Request, *, make: bool) -> str:
        """Give the cookie that forms are bound to: the session's, or one of its own where there is no session."""
        if getattr(request.state, "signed_in", None):
            return self.cookie(request, SESSION)
        given = self.cookie(request, FORM) or getattr(request.state, "new_form", "")
        if not given and make:
            given = request.state.new_form = secrets.token_urlsafe(24)
        return str(given)

    # -- cookies --------------------------------------------------------------------------------------------

    def open(self, request: Request, answer: Response, token: str) -> Response:
        """Put a new session on an answer; from now on the person's own language counts."""
        self.set_cookie(request, answer, SESSION, token, SESSION_LASTS)
        self.drop_cookie(request, answer, FORM)
        answer.delete_cookie(LANG, path="/", httponly=True, samesite="strict")
        return answer

    def finish(self, request: Request, answer: Response) -> Response:
        """Put the cookie on an answer that its forms are bound to."""
        if new := getattr(request.state, "new_form", ""):
            self.set_cookie(request, answer, FORM, new)
        return answer

    def set_cookie(
        self, request: Request, answer: Response, name: str, value: str, lasts: timedelta | None = None
    ) -> None:
        """Set a cookie that no script reads and no other site sends."""
        answer.set_cookie(
            _named(request, name), value, max_age=int(lasts.total_seconds()) if lasts else None, path="/",
            httponly=True, samesite="strict", secure=place_of(request).secure,
        )  # fmt: skip

    def drop_cookie(self, request: Request, answer: Response, name: str) -> None:
        """Take a cookie back."""
        secure = place_of(request).secure
        answer.delete_cookie(_named(request, name), path="/", httponly=True, samesite="strict", secure=secure)

    def cookie(self, request: Request, name: str) -> str:
        """Read one of our cookies."""
        return request.cookies.get(_named(request, name), "")


def own_path(wanted: str) -> str:
    """Accept where to go next only on this hub; anything else is the first page."""
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return quote(wanted, safe="/?&=%#-._~:,+@!") if plain and len(wanted) < PATH_LENGTH_MAX else "/"


def _named(request: Request, name: str) -> str:
    """Name a cookie so that over https no other host and no plain page can have set it."""
    return f"__Host-{name}" if place_of(request).secure else name
