"""The page people look at, and the link that lets them in. Read only: nothing here changes a shop or stock."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from jangbu.app.bootstrap import House
from jangbu.app.web.board import ORDERS, ORDERS_MAX, Ask, Board, read_board
from jangbu.app.web.figures import SHOWN
from jangbu.app.web.sessions import COOKIE, SESSION_LASTS, Sessions
from jangbu.app.web.words import Words
from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.infra.ui import assets, render, status_of
from jangbu.kernel.errors import JangbuError

_LANG: Final = "jangbu_lang"
_YEAR_S: Final = 365 * 24 * 3600
_SEARCH_LENGTH_MAX: Final = 100
_PAGE_MAX: Final = 10_000


class Pages:
    """Answers `/`, `/enter` and `/static/{name}`."""

    def __init__(self, house: House, sessions: Sessions) -> None:
        """Show this house to whoever came through a link."""
        self._house, self._sessions = house, sessions

    async def board(self, request: Request) -> Response:
        """Show the board, or how to be let in."""
        if not self._sessions.is_open(request.cookies.get(COOKIE, "")):
            return self._closed(request, "web.door.closed")
        house, now = self._house, self._house.clock.now()
        words = Words(catalogue(), self._lang(request), house.settings.time_zone, now)
        ask = _ask(request)
        try:
            board = await house.db.read(lambda tx: read_board(tx, house, ask, now))
        except JangbuError as error:
            return HTMLResponse(_door("web.door.no_database", name=error.code), status_of(error))
        return self._remembering_lang(request, HTMLResponse(render_board(board, words)))

    async def enter(self, request: Request) -> Response:
        """Trade a one-time link for a session."""
        if request.method == "HEAD":  # a preview of the link must not use it up
            return Response()
        value = self._sessions.enter(request.query_params.get("key", ""))
        if value is None:
            return self._closed(request, "web.door.used")
        answer = RedirectResponse("/", 303)
        answer.set_cookie(
            COOKIE, value, max_age=int(SESSION_LASTS.total_seconds()), path="/", httponly=True, samesite="strict",
        )  # fmt: skip
        return answer

    async def static(self, request: Request) -> Response:
        """Give one of our own static files."""
        found = assets().get(request.path_params["name"])
        if found is None:
            return PlainTextResponse("not found\n", 404)
        forever = {"cache-control": "public, max-age=31536000, immutable"}
        return Response(found.content, headers=forever, media_type=found.media_type)

    def _closed(self, request: Request, code: str) -> Response:
        return self._remembering_lang(request, HTMLResponse(_door(code), 403))

    def _lang(self, request: Request) -> str:
        for wanted in (request.query_params.get("lang"), request.cookies.get(_LANG), self._house.settings.language):
            if wanted in LANGUAGES:
                return wanted
        return LANGUAGES[0]

    def _remembering_lang(self, request: Request, answer: Response) -> Response:
        if request.query_params.get("lang") in LANGUAGES:
            answer.set_cookie(_LANG, self._lang(request), max_age=_YEAR_S, path="/", httponly=True, samesite="strict")
        return answer


def render_board(board: Board, words: Words) -> str:
    """Render the page."""
    return render("board.html", b=board, w=words, link=_Links(board.ask), orders_step=ORDERS, languages=LANGUAGES)


def _door(code: str, **fields: object) -> str:
    """Render the page of those who are not let in, in every language."""
    texts = catalogue()
    said = [
        {"lang": lang, "title": texts.text(f"{code}.title", lang), "text": texts.text(f"{code}.text", lang, **fields)}
        for lang in reversed(LANGUAGES)
    ]
    return render("door.html", said=said)


def _ask(request: Request) -> Ask:
    params = request.query_params
    shown = params.get("show", "all")
    return Ask(
        shown if shown in SHOWN else "all",
        params.get("q", "").strip()[:_SEARCH_LENGTH_MAX].replace("\0", ""),
        _number(params.get("page", ""), 1, _PAGE_MAX),
        _number(params.get("orders", ""), ORDERS, ORDERS_MAX),
    )


def _number(text: str, least: int, most: int) -> int:
    return min(max(int(text), least), most) if text.isascii() and text.isdigit() and len(text) < 9 else least  # noqa: PLR2004 - far beyond any page


class _Links:
    """Addresses of the page with one thing asked differently."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __call__(self, **changed: str | int) -> str:
        """Give the address with these parts changed; parts at their default are left out."""
        asked = {"show": self._ask.shown, "q": self._ask.search, "page": self._ask.page, "orders": self._ask.orders}
        default = {"show": "all", "q": "", "page": 1, "orders": ORDERS}
        kept = {name: value for name, value in (asked | changed).items() if value != default.get(name)}
        return "/?" + urlencode(kept) if kept else "/"
