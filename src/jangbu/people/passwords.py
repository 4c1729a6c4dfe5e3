"""The door to Argon2id: hashes passwords and tells whether one fits, away from the event loop. Stores nothing.

A hash takes about 150 ms and 64 MiB on purpose: never inside a transaction, and at most two at once.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Final, TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from jangbu.kernel.errors import InputError
from jangbu.people.model import same_typed

T = TypeVar("T")

AT_ONCE: Final = 2
_LEAST_MEMORY_KIB: Final = 19_456  # what a hash made elsewhere must have cost at least, with two turns
_LEAST_TURNS: Final = 2


class Passwords:
    """Hashes with one cost; verifies whatever cost a hash was made with."""

    def __init__(self, *, turns: int = 3, memory_kib: int = 65_536) -> None:
        """Take the cost (the defaults are RFC 9106's for machines with little memory)."""
        self._hasher = PasswordHasher(time_cost=turns, memory_cost=memory_kib, parallelism=4, type=Type.ID)

    async def hash(self, password: str) -> str:
        """Hash a password that was accepted."""
        return await self._in_thread(self.hash_now, password)

    async def fits(self, password: str, hashed: str) -> bool:
        """Tell whether a password is the one of a hash; without a hash the same work is done, and it does not fit."""
        return await self._in_thread(self._fits, password, hashed)

    def hash_now(self, password: str) -> str:
        """Hash a password, blocking the thread."""
        return self._hasher.hash(same_typed(password))

    def is_old(self, hashed: str) -> bool:
        """Tell whether a hash was made with another cost than today's."""
        return self._hasher.check_needs_rehash(hashed)

    @cached_property
    def _threads(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(AT_ONCE, thread_name_prefix="password")

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_urlsafe(24))

    async def _in_thread(self, work: Callable[..., T], *args: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)

    def _fits(self, password: str, hashed: str) -> bool:
        try:
            fits = self._hasher.verify(hashed or self._nobodys, same_typed(password))
        except (VerificationError, InvalidHashError):
            return False
        return fits and bool(hashed)


def checked_hash(hashed: str) -> str:
    """Accept a hash that another program of ours made. Errors: InputError, never with its text."""
    try:
        made = extract_parameters(hashed)
    except InvalidHashError:
        made = None
    strong = made is not None and made.memory_cost >= _LEAST_MEMORY_KIB and made.time_cost >= _LEAST_TURNS
    if made is None or made.type is not Type.ID or not strong:
        raise InputError("this is no Argon2id hash", code="input.password_hash")
    return hashed
