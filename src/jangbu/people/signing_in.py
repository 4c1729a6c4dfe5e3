"""Use cases of sessions: a try to sign in counted before it is judged, sessions opened, found, ended. Never commits."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.errors import AccessError, InputError
from jangbu.people import store
from jangbu.people.model import (
    FORGOTTEN_AFTER,
    FREE_BY_ADDRESS,
    FREE_BY_LOGIN,
    SESSION_IDLE,
    SESSION_LASTS,
    Person,
    Session,
    checked_login,
    left_to_wait,
)
from jangbu.people.service import FAILED, actor_of, audit
from jangbu.people.tokens import new_token, sum_of

KEYS_MAX: Final = 5_000
SESSIONS_MAX: Final = 20
SEEN_EVERY: Final = timedelta(minutes=5)
AGENT_LENGTH_MAX: Final = 120


@dataclass(frozen=True)
class Where:
    """Where somebody is: the address, whether it is this machine, the browser's own name for itself."""

    address: str
    here: bool = False
    agent: str = ""


@dataclass(frozen=True)
class Try:
    """A try to sign in that was counted: whom it may be, and the hash to judge it by (empty: nobody)."""

    person: Person | None
    password: str
    keys: tuple[str, str]

    def __repr__(self) -> str:
        return "Try()"


@dataclass(frozen=True)
class Visitor:
    """Somebody signed in, with the sum of the session's token."""

    person: Person
    session: str
    stale: bool  # its last use should be noted


# -- signing in -------------------------------------------------------------------------------------------


def begin(tx: WriteTx, login: str, where: Where, now: datetime) -> Try:
    """Count a try before its password is looked at, so that many at once count as many.

    Names nobody has cost and count the same as those somebody has. Errors: AccessError when one must wait first.
    """
    try:
        name = checked_login(login)
    except InputError:
        name = ""
    keys = (_key("login", name or login[:200], here=where.here), _key("address", where.address, here=where.here))
    counts = []
    for key, free in sorted(zip(keys, (FREE_BY_LOGIN, FREE_BY_ADDRESS), strict=True)):
        times, last_at = store.failures(tx, key, now)
        left = left_to_wait(times, last_at, free, now)
        if left:
            raise AccessError("too many tries", code="sign_in_wait", seconds=math.ceil(left.total_seconds()))
        counts.append((key, 0 if now - last_at >= FORGOTTEN_AFTER else times))
    for key, times in counts:
        store.set_failures(tx, key, times + 1, now)
    store.bound_failures(tx, now - FORGOTTEN_AFTER, KEYS_MAX)
    found = store.by_login(tx, name) if name else None
    person = found if found and found.active else None
    return Try(person, store.password_of(tx, person.id) if person else "", (keys[0], keys[1]))


def fail(tx: WriteTx, tried: Try, where: Where, now: datetime) -> None:
    """Write into the trail that a try failed; a name nobody has is not kept, for it may be a password."""
    actor = actor_of(tried.person) if tried.person else ""
    audit(tx, now, FAILED, actor=actor, address=where.address)


def succeed(tx: WriteTx, tried: Try, where: Where, now: datetime, *, rehashed: str = "") -> str:
    """Forget the failures and open a session; give its token.

    Errors: AccessError when the person was changed or removed meanwhile.
    """
    person = tried.person
    current = store.by_id(tx, person.id) if person else None
    if person is None or current is None or not current.active or store.password_of(tx, person.id) != tried.password:
        raise AccessError("changed meanwhile", code="sign_in_refused")
    if rehashed:
        store.set_password(tx, person.id, rehashed)
    settle(tx, tried, now)
    return open_session(tx, current, where, now)


def settle(tx: WriteTx, tried: Try, now: datetime) -> None:
    """Take back what a try counted, for it was right; others' failures from the same address stay."""
    by_login, by_address = tried.keys
    store.drop_failures(tx, by_login)
    times, last_at = store.failures(tx, by_address, now)
    store.set_failures(tx, by_address, max(times - 1, 0), last_at)


def forget_failures(tx: WriteTx, person: Person) -> None:
    """Let a person try again at once, from anywhere."""
    for here in (True, False):
        store.drop_failures(tx, _key("login", person.login, here=here))


def _key(kind: str, text: str, *, here: bool) -> str:
    """Name what is counted without keeping it. This machine counts apart: nobody abroad locks it out."""
    place = "here" if here else "away"
    return hashlib.sha256(f"{kind} {place} {text}".encode("utf-8", "surrogateescape")).hexdigest()


# -- sessions ---------------------------------------------------------------------------------------------


def open_session(tx: WriteTx, person: Person, where: Where, now: datetime, *, by: str = "sign_in") -> str:
    """Open a session and give its token, of which only the sum is kept; of too many the oldest ends."""
    token = new_token()
    store.forget_ended(tx, now - SESSION_IDLE, now)
    for left, _ in store.sessions_of(tx, person.id)[SESSIONS_MAX - 1 :]:
        store.end_session(tx, left)
    agent = where.agent[:AGENT_LENGTH_MAX]
    store.open_session(tx, sum_of(token), person.id, now, now + SESSION_LASTS, where.address, agent)
    audit(tx, now, by, actor=actor_of(person), address=where.address)
    return token


def visitor(tx: ReadTx, token: str, now: datetime) -> Visitor | None:
    """Tell who comes with a session's token; None when it is wrong, over, or its person is gone."""
    if not token:
        return None
    key = sum_of(token)
    found = store.session(tx, key)
    if found is None or now >= found[2] or now - found[1] >= SESSION_IDLE:
        return None
    person = store.by_id(tx, found[0])
    return Visitor(person, key, now - found[1] >= SEEN_EVERY) if person and person.active else None


def see(tx: WriteTx, visitor: Visitor, now: datetime) -> None:
    """Note that a session is in use."""
    store.see_session(tx, visitor.session, now)


def sign_out(tx: WriteTx, token: str, now: datetime, *, address: str) -> None:
    """End a session. Repeat: one that is over changes nothing."""
    found = visitor(tx, token, now)
    store.end_session(tx, sum_of(token))
    if found:
        audit(tx, now, "sign_out", actor=actor_of(found.person), address=address)


def sign_out_everywhere(
    tx: WriteTx, person: Person, now: datetime, *, actor: str, address: str = "", but: str = ""
) -> int:
    """End all sessions of a person, but the one of this sum; tell how many."""
    ended = sum(store.end_session(tx, token) for token, _ in store.sessions_of(tx, person.id) if token != but)
    audit(tx, now, "sign_out.everywhere", actor=actor, address=address, name=person.login, n=ended)
    return ended


def end_one(tx: WriteTx, person: Person, mark: str, now: datetime, *, address: str) -> None:
    """End one of a person's own sessions by its mark. Repeat: one that is over changes nothing."""
    for token, session in store.sessions_of(tx, person.id):
        if session.mark == mark:
            store.end_session(tx, token)
            audit(tx, now, "sign_out", actor=actor_of(person), address=address)


def sessions(tx: ReadTx, person: Person, now: datetime) -> list[tuple[Session, str]]:
    """Give a person's living sessions with their sums."""
    return [
        (session, token)
        for token, session in store.sessions_of(tx, person.id)
        if now < session.ends_at and now - session.seen_at < SESSION_IDLE
    ]
