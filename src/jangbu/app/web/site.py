"""What every page rests on: who looks, in which language, what they may do, how failures and good news are said.

Owns no address and no facts of shops or stock. The door (`door.py`) knows who a visitor is.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, TypeAlias

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from jangbu.app.bootstrap import House
from jangbu.app.web.reach import from_own_page
from jangbu.app.web.said import Said
from jangbu.app.web.words import Words, moment
from jangbu.infra.db import ReadTx
from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.infra.ui import render, status_of
from jangbu.kernel.errors import AccessError, InputError, JangbuError, RowErrors, StateError
from jangbu.people.model import MAY, Role
from jangbu.shops import service as shops

LANG: Final = "jangbu_lang"
YEAR_S: Final = 365 * 24 * 3600
CSRF: Final = "csrf"
SECTIONS: Final = (
    ("today", "/"), ("orders", "/orders"), ("stock", "/stock"), ("listings", "/listings"), ("shops", "/shops"),
    ("activity", "/activity"),
)  # fmt: skip
ROLES: Final = tuple(role.value for role in sorted(Role, key=lambda role: len(MAY[role])))
"""What somebody may do, each including all before it."""

FORM_BYTES_MAX: Final = 12 * 1024 * 1024
"""A courier's file with its form around it; nothing larger is read."""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Visitor:
    """Who looks at a page."""

    id: str
    name: str
    role: str  # one of ROLES
    language: str  # "" = as the browser or the house says
    zone: str
    login: str = ""

    def may(self, role: str) -> bool:
        """Tell whether this visitor's role includes another."""
        return Role(self.role).reaches(Role(role))

    @property
    def actor(self) -> str:
        """Name the visitor in the story and the ledger."""
        return f"person:{self.login or self.id}"


@dataclass(frozen=True)
class Standing:
    """What every page says of the house: since when all writing is stopped, and what marketplaces ask to show."""

    stopped_since: datetime | None
    notices: tuple[str, ...]


def actor_of(request: Request) -> str:
    """Name who asks, on a page that is guarded, as the story and the ledger know them."""
    visitor: Visitor = request.state.visitor
    return visitor.actor


class Door(Protocol):
    """Knows visitors."""

    async def visitor(self, request: Request) -> Visitor | None:
        """Tell who sends a request; None when nobody is signed in."""

    def csrf(self, request: Request) -> str:
        """Give the value every form of this session must carry."""

    async def turn_away(self, request: Request) -> Response:
        """Answer somebody who is not signed in."""


class Site:
    """Renders pages and guards handlers."""

    def __init__(self, house: House, door: Door) -> None:
        """Show this house to whom the door lets in."""
        self.house, self.door = house, door
        self._said = Said()

    # -- guarding ---------------------------------------------------------------------------------------

    def guarded(self, handler: Handler, role: str = "viewer") -> Handler:
        """Let only visitors of a role through; of forms only our own. What fails becomes a page that explains."""

        async def endpoint(request: Request) -> Response:
            try:
                visitor = await self.door.visitor(request)
                if visitor is None:
                    return self.remembering(request, await self.door.turn_away(request))
                request.state.house = await self.house.db.read(self._standing)
            except StateError as error:  # the database does not answer: no page of ours could be filled
                return HTMLResponse(closed_page("web.door.no_database", name=error.code), status_of(error))
            request.state.visitor = visitor
            try:
                if not visitor.may(role):
                    raise AccessError(f"this needs the role {role}", code="page.role", role=role)
                if request.method not in {"GET", "HEAD"}:
                    await self._check_form(request)
                return self.remembering(request, await handler(request))
            except JangbuError as error:
                return self.failed(request, error)
            finally:
                await request.close()  # files that came with a form

        return endpoint

    async def _check_form(self, request: Request) -> None:
        told = request.headers.get("content-length", "")
        if not told.isdigit() or int(told) > FORM_BYTES_MAX:
            raise InputError("the form is too large", code="page.too_large", most=FORM_BYTES_MAX // (1024 * 1024))
        form = await request.form(max_fields=10_000)
        given = form.get(CSRF) or request.headers.get("x-csrf", "")
        own = isinstance(given, str) and hmac.compare_digest(given.encode(), self.door.csrf(request).encode())
        if not from_own_page(request) or not own:
            raise AccessError("this form does not come from our page", code="page.csrf")

    # -- answering --------------------------------------------------------------------------------------

    def page(
        self, request: Request, template: str, *, section: str = "", error: JangbuError | None = None, **values: object
    ) -> Response:
        """Render a page with what all pages show: visitor, navigation, banners, what was just said or failed."""
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        said, words = self._said.of(request), self.words(request)
        base: dict[str, Any] = {
            "w": words, "visitor": visitor, "csrf": self.door.csrf(request) if visitor else "",
            "section": section, "sections": SECTIONS, "said": said, "languages": LANGUAGES,
            "address": request.url.path, "query": dict(request.query_params), "moment": moment, "error": error,
            "trouble": words.trouble(error.code, error.told) if error else None,
            "house": getattr(request.state, "house", Standing(None, ())),
        }  # fmt: skip
        answer = HTMLResponse(render(template, **(base | values)), status_of(error) if error else 200)
        if said is not None:
            self._said.forget(answer)
        return answer

    def _standing(self, tx: ReadTx) -> Standing:
        notices = (self.house.manifests[shop.channel].notice for shop in shops.all_shops(tx))
        return Standing(shops.stopped_since(tx), tuple(dict.fromkeys(notice for notice in notices if notice)))

    def back(self, to: str, said: str = "", **facts: str | int) -> Response:
        """Send the browser to one of our pages, which says a sentence once (a code with facts, nothing personal)."""
        if not to.startswith("/") or to.startswith("//"):
            raise ValueError(f"not one of our pages: {to}")
        answer = RedirectResponse(to, 303)
        if said:
            self._said.keep(answer, said, facts)
        return answer

    def failed(self, request: Request, error: JangbuError) -> Response:
        """Explain a failure: what, the steps, who must act; rows of a file one by one."""
        return self.page(request, "error.html", error=error, rows=error.rows if isinstance(error, RowErrors) else ())

    def words(self, request: Request) -> Words:
        """Give the words of a request: the visitor's language, else the browser's choice, else the house's."""
        visitor: Visitor | None = getattr(request.state, "visitor", None)
        zone = (visitor.zone if visitor else "") or self.house.settings.time_zone
        return Words(catalogue(), self._lang(request, visitor), zone, self.house.clock.now())

    def _lang(self, request: Request, visitor: Visitor | None) -> str:
        mine = visitor.language if visitor else ""
        chosen = (request.query_params.get("lang"), request.cookies.get(LANG), mine, self.house.settings.language)
        return next((lang for lang in chosen if lang in LANGUAGES), LANGUAGES[0])

    @staticmethod
    def remembering(request: Request, answer: Response) -> Response:
        """Keep the language asked for in the address."""
        lang = request.query_params.get("lang")
        if lang in LANGUAGES:
            answer.set_cookie(LANG, lang, max_age=YEAR_S, path="/", httponly=True, samesite="strict")
        return answer


def closed_page(code: str, **fields: object) -> str:
    """Render the page of those who are not let in, in every language."""
    texts = catalogue()
    said = [
        {"lang": lang, "title": texts.text(f"{code}.title", lang), "text": texts.text(f"{code}.text", lang, **fields)}
        for lang in reversed(LANGUAGES)
    ]
    return render("door.html", said=said)
