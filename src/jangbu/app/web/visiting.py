"""Who visits a page: the session's cookie, the token of its forms, the language. Owns no page and no password."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.requests import Request
from starlette.responses import Response

from jangbu.app.bootstrap import House
from jangbu.app.web.bodies import read_body
from jangbu.app.web.reach import Place
from jangbu.infra.i18n import LANGUAGES
from jangbu.kernel.errors import AccessError
from jangbu.people import signing_in
from jangbu.people.model import SESSION_LASTS
from jangbu.people.signing_in import Visitor, Where
from jangbu.people.tokens import form_token, is_form_token

SESSION: Final = "jangbu_session"
FORM: Final = "jangbu_form"
LANG: Final = "jangbu_lang"
FORM_FIELD: Final = "csrf"
FORM_BYTES_MAX: Final = 256 * 1024
FIELDS_MAX: Final = 2_000
YEAR: Final = timedelta(days=365)


class Visiting:
    """Tells who comes and whether a form is ours; puts cookies on answers."""

    def __init__(self, house: House) -> None:
        """Know this house's people."""
        self._house = house

    # -- who ------------------------------------------------------------------------------------------------

    async def visitor(self, request: Request) -> Visitor | None:
        """Tell who is signed in, once a request."""
        if not hasattr(request.state, "visitor"):
            request.state.visitor = await self._look(request.cookies.get(self._named(request, SESSION), ""))
        found: Visitor | None = request.state.visitor
        return found

    async def _look(self, token: str) -> Visitor | None:
        now = self._house.clock.now()
        found = await self._house.db.read(lambda tx: signing_in.visitor(tx, token, now)) if token else None
        if found and found.stale:
            await self._house.db.write(lambda tx: signing_in.see(tx, found, now))
        return found

    def where(self, request: Request) -> Where:
        """Tell where somebody is, for the trail and for counting tries."""
        place = place_of(request)
        return Where(place.address, place.here, request.headers.get("user-agent", ""))

    async def lang(self, request: Request) -> str:
        """Tell the language to speak: asked for, the person's own, remembered, or the house's."""
        visitor = await self.visitor(request)
        own = visitor.person.language if visitor else request.cookies.get(LANG)
        for wanted in (request.query_params.get("lang"), own, self._house.settings.language):
            if wanted in LANGUAGES:
                return wanted
        return LANGUAGES[0]

    # -- forms ----------------------------------------------------------------------------------------------

    async def form_token(self, request: Request) -> str:
        """Give what every form of this answer carries in the field `csrf`."""
        return form_token(await self._ground(request))

    async def form(self, request: Request) -> dict[str, str]:
        """Read a form that a page of ours made for this very session. Errors: AccessError for any other."""
        if not _from_own_page(request):
            raise AccessError("sent from elsewhere", code="form_foreign")
        body = await read_body(request, FORM_BYTES_MAX)
        try:
            pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
        except ValueError:
            pairs = []
        form = {name: value.replace("\0", "") for name, value in pairs}
        await self.check(request, form.get(FORM_FIELD, ""))
        return form

    async def check(self, request: Request, shown: str) -> None:
        """Make sure a form was made for this session, and sent by a page of ours. Errors: AccessError."""
        if not _from_own_page(request) or not is_form_token(await self._ground(request, make=False), shown):
            raise AccessError("no form of this session", code="form_foreign")

    async def _ground(self, request: Request, *, make: bool = True) -> str:
        """Give the cookie a form is bound to: the session's, or before sign-in one of its own."""
        if await self.visitor(request):
            return request.cookies.get(self._named(request, SESSION), "")
        given = request.cookies.get(self._named(request, FORM), "")
        if not given and make:
            given = getattr(request.state, "new_form", "") or secrets.token_urlsafe(24)
            request.state.new_form = given
        return given

    # -- answers --------------------------------------------------------------------------------------------

    def signed_in(self, request: Request, answer: Response, token: str) -> Response:
        """Put a new session's cookie on an answer."""
        self.set_cookie(request, answer, SESSION, token, SESSION_LASTS)
        return answer

    def signed_out(self, request: Request, answer: Response) -> Response:
        """Take the session's cookie back."""
        self.drop_cookie(request, answer, SESSION)
        return answer

    def finish(self, request: Request, answer: Response) -> Response:
        """Put on an answer what the request made necessary: the form's cookie, the language asked for."""
        if new := getattr(request.state, "new_form", ""):
            self.set_cookie(request, answer, FORM, new, None)
        if (lang := request.query_params.get("lang")) in LANGUAGES:
            self.set_cookie(request, answer, LANG, lang, YEAR)
        return answer

    def set_cookie(self, request: Request, answer: Response, name: str, value: str, lasts: timedelta | None) -> None:
        """Set a cookie that no script reads and no other site sends."""
        answer.set_cookie(
            self._named(request, name), value, max_age=int(lasts.total_seconds()) if lasts else None, path="/",
            httponly=True, samesite="strict", secure=place_of(request).secure,
        )  # fmt: skip

    def drop_cookie(self, request: Request, answer: Response, name: str) -> None:
        """Take a cookie back."""
        answer.delete_cookie(
            self._named(request, name), path="/", httponly=True, samesite="strict", secure=place_of(request).secure
        )

    def cookie(self, request: Request, name: str) -> str:
        """Read one of our cookies."""
        return request.cookies.get(self._named(request, name), "")

    def _named(self, request: Request, name: str) -> str:
        """Name a cookie so that over https no other host and no plain page can have set it."""
        return f"__Host-{name}" if place_of(request).secure and name != LANG else name


def place_of(request: Request) -> Place:
    """Give where a request comes from, as the reach noted it."""
    place: Place = request.state.place
    return place


def comes_from_elsewhere(request: Request) -> bool:
    """Tell whether another site led here, so that the browser kept our strict cookies back."""
    return request.method == "GET" and request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}


def own_path(wanted: str) -> str:
    """Accept where to go next only on this hub; anything else is the first page."""
    plain = wanted.startswith("/") and not wanted.startswith("//") and "\\" not in wanted and wanted.isprintable()
    return quote(wanted, safe="/?&=%#-._~:,+@!") if plain and len(wanted) < FIELDS_MAX else "/"


def _from_own_page(request: Request) -> bool:
    """Judge by what browsers say of a form's origin; those that say nothing are judged by the token alone."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    return origin is None or origin.lower() == place_of(request).origin
