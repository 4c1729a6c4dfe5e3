"""Persons and what their role lets them do; names, passwords and waits that are accepted. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from types import MappingProxyType
from typing import Final, NewType
from zoneinfo import available_timezones

from jangbu.kernel.errors import InputError
from jangbu.people.common import COMMON

PersonId = NewType("PersonId", str)

LOGIN_LENGTH_MAX: Final = 32
NAME_LENGTH_MAX: Final = 40
PASSWORD_LENGTH_MIN: Final = 10
PASSWORD_LENGTH_MAX: Final = 200
DIFFERENT_SIGNS_MIN: Final = 5
LANGUAGES: Final = ("ko", "en")
CURRENCIES: Final = ("KRW", "USD", "EUR", "JPY", "GBP", "CAD", "AUD", "CNY", "HKD", "SGD", "TWD")

SESSION_IDLE: Final = timedelta(hours=12)
SESSION_LASTS: Final = timedelta(days=14)
INVITATION_LASTS: Final = timedelta(days=7)


class Role(StrEnum):
    """What kind of work a person does here."""

    OWNER = "owner"
    OPERATOR = "operator"
    PACKER = "packer"
    VIEWER = "viewer"

    def reaches(self, wanted: Role) -> bool:
        """Tell whether this role may do all that `wanted` may."""
        return MAY[wanted] <= MAY[self]


class Deed(StrEnum):
    """Something not everybody may do."""

    SEE = "see"
    SEE_BUYERS = "see_buyers"  # names, addresses, phone numbers
    SHIP = "ship"  # orders, pick lists, dispatch
    RUN = "run"  # stock, links, plan, start, pause, the red stop
    SECRETS = "secrets"  # connecting shops, their credentials, the master key
    REMOVE_SHOPS = "remove_shops"
    PEOPLE = "people"


_VIEWER: Final = frozenset({Deed.SEE})
_PACKER: Final = _VIEWER | {Deed.SEE_BUYERS, Deed.SHIP}
_OPERATOR: Final = _PACKER | {Deed.RUN}

MAY: Final[Mapping[Role, frozenset[Deed]]] = MappingProxyType({
    Role.VIEWER: _VIEWER,
    Role.PACKER: _PACKER,
    Role.OPERATOR: _OPERATOR,
    Role.OWNER: frozenset(Deed),
})  # fmt: skip
"""The one table of roles. Each role may do all that the ones before it may."""


@dataclass(frozen=True)
class Person:
    """Somebody who works here. Holds no password."""

    id: PersonId
    login: str
    name: str
    role: Role
    language: str
    zone: str
    active: bool
    has_password: bool
    created_at: datetime

    def may(self, deed: Deed) -> bool:
        """Tell whether this person may do something."""
        return self.active and deed in MAY[self.role]


@dataclass(frozen=True)
class Session:
    """One browser somebody is signed in with. `mark` tells it from others and opens nothing."""

    mark: str
    opened_at: datetime
    seen_at: datetime
    ends_at: datetime
    address: str
    agent: str


@dataclass(frozen=True)
class Deeds:
    """One line of the audit trail: who did what, when, from where."""

    at: datetime
    code: str
    actor: str
    address: str
    facts: Mapping[str, str | int]


@dataclass(frozen=True)
class Choices:
    """What the seller chose at the set-up, for the whole house. Empty: not chosen."""

    language: str = ""
    zone: str = ""
    currency: str = ""


# -- what is accepted -------------------------------------------------------------------------------------


def checked_login(text: str) -> str:
    """Accept a name to sign in with, in the one form it is kept in. Errors: InputError.

    It is no e-mail address: whoever sees it must not learn how to reach its owner.
    """
    login = unicodedata.normalize("NFKC", text).strip().casefold()
    if not re.fullmatch(r"\w[\w.-]+", login) or len(login) > LOGIN_LENGTH_MAX:
        raise InputError("a sign-in name is 2 to 32 letters, digits, dots, dashes", code="input.login")
    return login


def checked_name(text: str) -> str:
    """Accept how a person is called. Errors: InputError."""
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not name or len(name) > NAME_LENGTH_MAX or not name.isprintable():
        raise InputError("a name is 1 to 40 characters", code="input.person_name")
    return name


def checked_role(text: str) -> Role:
    """Accept a role. Errors: InputError."""
    try:
        return Role(text)
    except ValueError:
        raise InputError("no such role", code="input.role", roles=", ".join(Role)) from None


def checked_language(text: str) -> str:
    """Accept a language. Errors: InputError."""
    if text not in LANGUAGES:
        raise InputError("ko or en", code="input.language", known=", ".join(LANGUAGES))
    return text


def checked_zone(text: str) -> str:
    """Accept the name of a time zone. Errors: InputError."""
    if text not in available_timezones():
        raise InputError("no such time zone", code="input.time_zone")
    return text


def checked_currency(text: str) -> str:
    """Accept a currency. Errors: InputError."""
    if text not in CURRENCIES:
        raise InputError("no such currency", code="input.currency", known=", ".join(CURRENCIES))
    return text


def same_typed(text: str) -> str:
    """Give a password in one form, however a keyboard put its characters together."""
    return unicodedata.normalize("NFKC", text)


def checked_password(text: str, *, login: str = "", name: str = "") -> str:
    """Accept a new password: long, and not one that is guessed first. Errors: InputError, never with its text.

    No rule asks for capitals or signs: those make passwords worse, not better.
    """
    password = same_typed(text)
    if len(password) < PASSWORD_LENGTH_MIN:
        raise InputError("too short", code="input.password_short", least=PASSWORD_LENGTH_MIN)
    if len(password) > PASSWORD_LENGTH_MAX:
        raise InputError("too long", code="input.password_long", most=PASSWORD_LENGTH_MAX)
    bare = re.sub(r"[\W_]+", "", password.casefold())
    own = {re.sub(r"[\W_]+", "", word.casefold()) for word in (login, name)} - {""}
    stem = bare.strip("0123456789")
    guessed = bare in COMMON or stem in COMMON or bare in own or stem in own or _is_a_run(bare)
    if guessed or len(set(password)) < DIFFERENT_SIGNS_MIN:
        raise InputError("guessed first", code="input.password_common")
    return password


def _is_a_run(text: str) -> bool:
    """Tell whether the characters only count up or down, or repeat one short piece."""
    steps = {ord(b) - ord(a) for a, b in pairwise(text)}
    turns = re.fullmatch(r"(.{1,4})\1+.{0,3}", text) is not None
    return steps <= {1, -9} or steps <= {-1, 9} or turns


# -- how long somebody who failed must wait ---------------------------------------------------------------

FREE_BY_LOGIN: Final = 4
FREE_BY_ADDRESS: Final = 12
WAIT_MAX: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(hours=24)


def wait_after(times: int, free: int) -> timedelta:
    """Give the wait after so many failures in a row: none at first, then doubling from a second, never for good."""
    over = times - free
    return timedelta(0) if over < 0 else min(timedelta(seconds=2 ** min(over, 20)), WAIT_MAX)


def left_to_wait(times: int, last_at: datetime, free: int, now: datetime) -> timedelta:
    """Tell how long one must still wait before the next try."""
    wait = wait_after(times, free)
    if not wait or now - last_at >= FORGOTTEN_AFTER:  # `last_at` was kept in milliseconds and may lie after `now`
        return timedelta(0)
    return max(last_at + wait - now, timedelta(0))
