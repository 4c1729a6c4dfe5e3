"""Signing, renewing once for many, saving before use."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx2
import pytest
from tests.sdk.samples import (
    READ,
    WRITE,
    FarSide,
    SampleAuth,
    grant,
    ok,
    shop,
    signed_shop,
    status,
)
from tests.support.vtime import START, virtual, virtual_clock

from jangbu.kernel.errors import OutcomeUnknown, ReauthRequired, TokenExpired, Transient
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant
from jangbu.sdk.budget import MemoryBudget
from jangbu.sdk.client import Order, Request
from jangbu.sdk.manifest import Limit, Priority, Scope
from jangbu.sdk.tokens import MemoryTokens

FAST = [Limit("rate", Scope.APP, rate=1_000.0, burst=200)]


def fresh(number: int) -> httpx2.Response:
    return httpx2.Response(200, json={"access": f"t{number}", "refresh": f"r{number}"})


class Marketplace:
    """Accepts the newest token only, and gives a new one for the newest refresh token only."""

    def __init__(self) -> None:
        self.version = 5
        self.renewals = 0

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(0.2)
        if request.url.path == "/v1/token":
            self.renewals += 1
            expected = b"old=r0" if self.renewals == 1 else f"old=r{self.version}".encode()
            if request.content != expected:
                return status(400)
            self.version += 1
            return fresh(self.version)
        good = request.headers["authorization"] == f"Bearer t{self.version}"
        return ok() if good else status(401)


@virtual
async def test_calls_are_signed_with_the_grant() -> None:
    made = signed_shop(ok())
    await made.http.at(Order()).send(READ)
    assert made.far.signed == ["Bearer t0"]


@virtual
async def test_an_operation_without_authorisation_and_a_bare_client_are_not_signed() -> None:
    made = signed_shop(ok())
    await made.http.at(Order()).send(Request("renewToken", form={"old": "r0"}))
    await made.http.bare().send(READ)
    assert made.far.signed == ["", ""]


@virtual
async def test_fifty_callers_with_an_expired_token_cause_one_renewal() -> None:
    market = Marketplace()
    made = signed_shop(market, budget=MemoryBudget(virtual_clock(), warm_s=0.0))
    answers = await asyncio.gather(*(made.http.at(Order()).send(READ) for _ in range(50)))
    assert {answer.status for answer in answers} == {200}
    assert market.renewals == 1


@virtual
async def test_a_second_refusal_of_a_fresh_token_needs_a_person() -> None:
    made = signed_shop(status(401), fresh(1), status(401))
    with pytest.raises(ReauthRequired):
        await made.http.at(Order()).send(WRITE)
    assert made.far.signed == ["Bearer t0", "", "Bearer t1"]


@virtual
async def test_a_write_is_replayed_after_renewal_and_checked_again() -> None:
    checks = []

    async def check() -> None:
        checks.append(len(made.far.heard))

    made = signed_shop(status(401), fresh(1), ok())
    await made.http.at(Order(before_write=check)).send(WRITE)
    assert checks == [0, 2]


@virtual
async def test_a_bare_client_that_is_refused_says_so_plainly() -> None:
    with pytest.raises(TokenExpired):
        await shop(status(401)).http.bare().send(READ)


@virtual
async def test_a_token_near_its_end_is_renewed_before_the_call() -> None:
    soon = grant(expires_at=START + timedelta(minutes=2))
    made = signed_shop(fresh(1), ok(), held=soon)
    await made.http.at(Order()).send(READ)
    assert made.far.signed == ["", "Bearer t1"]
    assert [call.priority for call in made.calls] == [Priority.TOKEN, Priority.INTERACTIVE]


@virtual
async def test_a_token_that_ages_in_the_queue_is_renewed_before_it_is_used() -> None:
    made = signed_shop(status(429, **{"retry-after": "240"}), fresh(1), ok())
    made.http.use_tokens(
        MemoryTokens(
            SampleAuth(),
            made.http.bare(),
            grant(expires_at=START + timedelta(minutes=7)),
            virtual_clock(),
        )
    )
    await made.http.at(Order()).send(READ)
    assert made.far.signed == ["Bearer t0", "", "Bearer t1"]


@virtual
async def test_an_early_renewal_that_fails_in_passing_leaves_the_old_token_in_use() -> None:
    async def reply(request: httpx2.Request) -> httpx2.Response:
        return status(503) if request.url.path == "/v1/token" else ok()

    made = signed_shop(reply, held=grant(expires_at=START + timedelta(minutes=4)))
    assert (await made.http.at(Order()).send(READ)).status == 200
    ended = signed_shop(reply, held=grant(expires_at=START - timedelta(minutes=1)))
    with pytest.raises(Transient):
        await ended.http.at(Order()).send(READ)


@virtual
async def test_a_new_grant_is_saved_before_its_first_use() -> None:
    saved: list[tuple[int, str, int]] = []

    async def save(new: Grant) -> None:
        await asyncio.sleep(3)
        saved.append((new.version, new.fields["refresh"], len(made.far.heard)))

    made = shop(status(401), fresh(1), ok())
    made.http.use_tokens(MemoryTokens(SampleAuth(), made.http.bare(), grant(), virtual_clock(), save))
    await made.http.at(Order()).send(READ)
    assert saved == [(2, "r1", 2)]


@virtual
async def test_a_renewal_that_cannot_be_saved_is_not_used() -> None:
    async def save(new: Grant) -> None:
        raise OSError(new.version)

    made = shop(status(401), fresh(1), ok())
    tokens = MemoryTokens(SampleAuth(), made.http.bare(), grant(), virtual_clock(), save)
    made.http.use_tokens(tokens)
    with pytest.raises(OSError, match="2"):
        await made.http.at(Order()).send(READ)
    assert (await tokens.current()).access_token == Secret("t0")


@virtual
async def test_a_renewal_is_saved_also_when_its_caller_goes_away() -> None:
    saved: list[int] = []

    async def save(new: Grant) -> None:
        saved.append(new.version)

    market = Marketplace()
    made = shop(market)
    tokens = MemoryTokens(SampleAuth(), made.http.bare(), grant(), virtual_clock(), save)
    made.http.use_tokens(tokens)
    caller = asyncio.create_task(made.http.at(Order()).send(READ))
    await asyncio.sleep(0.35)  # the token call is under way
    caller.cancel()
    await asyncio.wait([caller])
    await asyncio.sleep(1)
    assert saved == [2]
    assert (await made.http.at(Order()).send(READ)).status == 200
    assert market.renewals == 1


@virtual
async def test_a_stale_version_gets_the_grant_that_is_already_there() -> None:
    made = shop(fresh(1))
    tokens = MemoryTokens(SampleAuth(), made.http.bare(), grant(), virtual_clock())
    first = await tokens.renewed(1)
    assert await tokens.renewed(1) is first
    assert len(made.far.heard) == 1


@virtual
async def test_an_open_circuit_for_writes_does_not_stop_renewals() -> None:
    far = FarSide([status(500)])

    async def reply(request: httpx2.Request) -> httpx2.Response:
        return fresh(1) if request.url.path == "/v1/token" else await far(request)

    made = shop(reply)
    tokens = MemoryTokens(SampleAuth(), made.http.bare(), grant(), virtual_clock())
    made.http.use_tokens(tokens)
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await made.http.at(Order()).send(WRITE)
    assert (await tokens.renewed(1)).version == 2


@virtual
async def test_a_grant_does_not_show_its_secrets() -> None:
    assert "t0" not in repr(grant())
    assert "r0" not in repr(grant())


@virtual
async def test_a_change_by_hand_waits_for_a_renewal_and_loses_nothing_of_it() -> None:
    saved: list[Grant] = []

    async def save(new: Grant) -> None:
        saved.append(new)

    made = shop(Marketplace())
    tokens = MemoryTokens(SampleAuth(), made.http.bare(), grant(), virtual_clock(), save)
    renewal = asyncio.create_task(tokens.renewed(1))
    await asyncio.sleep(0.1)
    amended = await tokens.amend(lambda old: replace(old, fields={**old.fields, "hook": "h1"}))
    assert (await renewal).version == 2
    assert (amended.fields["refresh"], amended.fields["hook"], amended.version) == ("r6", "h1", 2)
    assert saved[-1] is amended


@virtual
async def test_a_token_given_by_hand_spares_the_renewal_that_waited_for_it() -> None:
    gate = asyncio.Event()

    async def save(new: Grant) -> None:
        assert new.version == 2
        await gate.wait()

    market = Marketplace()
    made = shop(market)
    tokens = MemoryTokens(SampleAuth(), made.http.bare(), grant(), virtual_clock(), save)
    by_hand = asyncio.create_task(tokens.amend(lambda old: replace(old, access_token=Secret("t5"))))
    await asyncio.sleep(0.1)
    renewal = asyncio.create_task(tokens.renewed(1))
    await asyncio.sleep(0.1)
    gate.set()
    assert await renewal == await by_hand
    assert ((await renewal).version, market.renewals) == (2, 0)
