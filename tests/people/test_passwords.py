"""Hashes: salted, Argon2id, judged with the same work for nobody as for somebody."""

from __future__ import annotations

import asyncio
import unicodedata

import pytest

from jangbu.kernel.errors import InputError
from jangbu.people.passwords import Passwords, checked_hash

CHEAP = Passwords(turns=1, memory_kib=64)
GOOD = "가마 불 지피는 새벽"


async def test_a_password_fits_its_hash_alone() -> None:
    first, second = await CHEAP.hash(GOOD), await CHEAP.hash(GOOD)
    assert first != second
    assert GOOD not in first
    assert await CHEAP.fits(GOOD, first)
    assert not await CHEAP.fits(GOOD + " ", first)
    assert not await CHEAP.fits("", first)


async def test_however_a_keyboard_puts_korean_together_it_is_the_same_password() -> None:
    hashed = await CHEAP.hash(unicodedata.normalize("NFC", GOOD))
    assert await CHEAP.fits(unicodedata.normalize("NFD", GOOD), hashed)


async def test_nobodys_password_fits_nothing() -> None:
    for hashed in ("", "no hash", "$argon2id$v=19$broken"):
        assert not await CHEAP.fits(GOOD, hashed)


async def test_the_usual_cost_is_that_of_the_recommendation_and_is_spent_for_nobody_too() -> None:
    usual = Passwords()
    assert "$argon2id$" in usual._nobodys
    assert "m=65536,t=3,p=4" in usual._nobodys
    assert usual.is_old(await CHEAP.hash(GOOD))
    assert not usual.is_old(usual._nobodys)


async def test_the_loop_goes_on_while_a_hash_is_made() -> None:
    usual, turns = Passwords(), 0
    hashing = asyncio.create_task(usual.hash(GOOD))
    while not hashing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


async def test_a_hash_made_elsewhere_must_be_as_strong() -> None:
    assert checked_hash(Passwords().hash_now(GOOD))
    for weak in ("", "x", "$2b$12$abcdefghijklmnopqrstuv", await CHEAP.hash(GOOD)):
        with pytest.raises(InputError) as refused:
            checked_hash(weak)
        assert refused.value.code == "input.password_hash"
