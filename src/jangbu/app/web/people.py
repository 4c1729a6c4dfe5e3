"""Pages of people: who works here, for the owner; and one's own page. Owns no rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from jangbu.app import operations as ops
from jangbu.app.operations import signing_in as private
from jangbu.app.web.door import PeopleDoor
from jangbu.app.web.entering import zones_with
from jangbu.app.web.forms import form_of
from jangbu.app.web.reach import place_of
from jangbu.app.web.site import LANG, Site, actor_of
from jangbu.app.web.words import moment
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.infra.i18n import word, zone_name
from jangbu.kernel.errors import AccessError, InputError, JangbuError, NotFound
from jangbu.kernel.secret import Secret
from jangbu.people import service as people
from jangbu.people import signing_in
from jangbu.people.model import LANGUAGES, PASSWORD_LENGTH_MIN, Person, PersonId, Role

TRAIL = 50


class PeoplePages:
    """Answers `/people` and `/me`."""

    def __init__(self, site: Site, door: PeopleDoor) -> None:
        """Show this house's people."""
        self._site, self._door, self._house = site, door, site.house

    def routes(self) -> list[Route]:
        """List the pages."""
        own = self._site.guarded
        return [
            Route("/people", own(self.everybody, "owner")),
            Route("/people/add", own(self.add, "owner"), methods=["POST"]),
            Route("/people/{id}/{deed}", own(self.change, "owner"), methods=["GET", "POST"]),
            Route("/me", own(self.me)),
            Route("/me/{deed}", own(self.change_me), methods=["POST"]),
        ]

    # -- everybody ------------------------------------------------------------------------------------------

    async def everybody(self, request: Request) -> Response:
        """Show who works here and what they did."""
        return await self._everybody(request)

    async def _everybody(
        self, request: Request, error: JangbuError | None = None, form: Mapping[str, str] | None = None
    ) -> Response:
        rows, trail = await ops.people_list(self._house), await ops.audit_list(self._house, limit=TRAIL)
        for row in rows:
            row |= {name: moment(row[name]) for name in ("seen_at", "invited_until")}
        lang = self._site.words(request).lang
        for line in trail:
            line |= {"at": moment(line["at"]), "facts": _spoken(line["facts"], lang)}
        return self._site.page(
            request, "people.html", section="people", error=error, rows=rows, trail=trail,
            roles=tuple(reversed(Role)), form=form or {},
            recovery_confirmed=await self._house.db.read(people.recovery_confirmed),
        )  # fmt: skip

    async def add(self, request: Request) -> Response:
        """Add somebody and show the invitation link, this once."""
        form = (await form_of(request)).one
        try:
            done = await ops.person_add(
                self._house, login=form.get("login", ""), name=form.get("name", ""), role=form.get("role", ""),
                **self._acting(request),
            )  # fmt: skip
        except JangbuError as error:
            return await self._everybody(request, error, form)
        return self._invitation(request, done)

    async def change(self, request: Request) -> Response:
        """Change, invite, sign out or remove one person."""
        login, deed = (await self._named(request)).login, request.path_params["deed"]
        if request.method != "POST":
            if deed != "remove":
                raise NotFound("no such page", code="not_found")
            return self._site.page(request, "person_remove.html", section="people", login=login)
        try:
            return await self._change(request, login, deed)
        except JangbuError as error:
            return await self._everybody(request, error)

    async def _change(self, request: Request, login: str, deed: str) -> Response:
        acting = self._acting(request)
        if deed == "invite":
            return self._invitation(request, await ops.person_invite(self._house, login=login, **acting))
        if deed == "role":
            role = (await form_of(request)).text("role")
            await ops.person_role(self._house, login=login, role=role, **acting)
        elif deed == "sign-out":
            await ops.person_sign_out(self._house, login=login, **acting)
        elif deed == "remove":
            await ops.person_remove(self._house, login=login, **acting)
        else:
            raise NotFound("no such page", code="not_found")
        return self._site.back("/people", f"people.said.{deed.replace('-', '_')}")

    def _invitation(self, request: Request, done: dict[str, Any]) -> Response:
        path = "/invitation" + str(done["invitation"]).partition("/invitation")[2]
        public = self._house.settings.public_url
        return self._site.page(
            request, "person_invited.html", section="people", login=done["login"], name=done["name"],
            link=f"{public or place_of(request).origin}{path}", only_here=not public and place_of(request).here,
        )  # fmt: skip

    async def _named(self, request: Request) -> Person:
        id_ = PersonId(request.path_params["id"])
        found = await self._house.db.read(lambda tx: people.by_id(tx, id_))
        if found is None or not found.active:
            raise NotFound("nobody of that id", code="person_unknown", name="?")
        return found

    def _acting(self, request: Request) -> dict[str, str]:
        return {"actor": actor_of(request), "address": place_of(request).address}

    # -- oneself --------------------------------------------------------------------------------------------

    async def me(self, request: Request) -> Response:
        """Show what one decides alone."""
        return await self._me(request)

    async def _me(self, request: Request, error: JangbuError | None = None, deed: str = "") -> Response:
        person, now = await self._door.person(request), self._house.clock.now()
        found = await self._door.signed_in(request)
        current = found.session if found else ""

        def read(tx: ReadTx) -> list[tuple[Any, str]]:
            return signing_in.sessions(tx, person, now)

        sessions = [(session, token == current) for session, token in await self._house.db.read(read)]
        words = self._site.words(request)
        return self._site.page(
            request, "me.html", section="me", error=error, person=person,
            sessions=sessions, languages_offered=[(lang, words.t(f"web.language.{lang}")) for lang in LANGUAGES],
            zones=[(zone, zone_name(zone, words.lang, now)) for zone in zones_with(person.zone)],
            failed=deed, least=PASSWORD_LENGTH_MIN,
        )  # fmt: skip

    async def change_me(self, request: Request) -> Response:
        """Change one's own settings, password or sessions."""
        deed = request.path_params["deed"]
        try:
            return await self._change_me(request, deed)
        except (InputError, AccessError) as error:
            return await self._me(request, error, deed)

    async def _change_me(self, request: Request, deed: str) -> Response:
        person, typed, now = await self._door.person(request), (await form_of(request)).one, self._house.clock.now()
        where, current = self._door.where(request), await self._door.signed_in(request)
        answer = self._site.back("/me", f"people.said.{deed.replace('-', '_')}")
        if deed == "settings":
            name, language, zone = typed.get("name", ""), typed.get("language", ""), typed.get("zone", "")
            await self._house.db.write(lambda tx: people.set_own(tx, person, name, language, zone))
            answer.delete_cookie(LANG, path="/", httponly=True, samesite="strict")
        elif deed == "password":
            present, password, again = (Secret(typed.get(n, "")) for n in ("present", "password", "again"))
            token = await private.change_password(
                self._house, person=person, present=present, password=password, again=again, where=where
            )
            self._door.open(request, answer, token)
        elif deed == "end":
            mark = typed.get("mark", "")
            await self._house.db.write(lambda tx: signing_in.end_one(tx, person, mark, now, address=where.address))
        elif deed == "sign-out":
            kept = current.session if current else ""

            def write(tx: WriteTx) -> int:
                actor = people.actor_of(person)
                return signing_in.sign_out_everywhere(tx, person, now, actor=actor, address=where.address, but=kept)

            await self._house.db.write(write)
        else:
            raise NotFound("no such page", code="not_found")
        return answer


def _spoken(facts: dict[str, Any], lang: str) -> dict[str, Any]:
    return facts | ({"role": word("role", str(facts["role"]), lang)} if "role" in facts else {})
