"""What is repeated, how often, and what is asked before each repetition; the circuit."""

from __future__ import annotations

import asyncio
import itertools

import httpx2
import pytest
from tests.sdk.samples import BASE, RATE, READ, WRITE, manifest, ok, shop, status
from tests.support.vtime import virtual, virtual_clock

from jangbu.kernel.errors import (
    AlreadyResolved,
    ContractBroken,
    OutcomeUnknown,
    Rejected,
    Throttled,
    Transient,
)
from jangbu.sdk.budget import BucketKey, MemoryBudget
from jangbu.sdk.client import Order, Request
from jangbu.sdk.manifest import Priority

LOWERING = Request("putNumber", path={"thing_id": "1"}, json={"number": 0}, lowers_only=True)
RESET = httpx2.ReadError("reset")


def seconds() -> float:
    return asyncio.get_running_loop().time()


@virtual
async def test_a_read_that_failed_in_passing_is_repeated_with_growing_waits() -> None:
    made = shop(status(500), RESET, status(502), ok())
    await made.http.at(Order()).send(READ)
    waits = [later - sooner for sooner, later in itertools.pairwise(made.far.times)]
    assert waits == pytest.approx([0.5, 1.0, 2.0])
    assert [call.attempt for call in made.calls] == [1, 2, 3, 4]


@virtual
async def test_a_read_is_tried_four_times_at_most() -> None:
    made = shop(status(500))
    with pytest.raises(Transient):
        await made.http.at(Order()).send(READ)
    assert len(made.far.heard) == 4


@pytest.mark.parametrize("reply", [status(404), httpx2.Response(200, headers={"content-type": "text/html"})])
def test_a_final_answer_is_not_asked_for_again(reply: httpx2.Response) -> None:
    @virtual
    async def check() -> None:
        made = shop(reply)
        with pytest.raises((Rejected, ContractBroken)):
            await made.http.at(Order()).send(READ)
        assert len(made.far.heard) == 1

    check()


@virtual
async def test_a_write_of_unknown_outcome_is_never_repeated() -> None:
    for reply in (status(500), RESET, httpx2.ReadTimeout("slow")):
        made = shop(reply)
        with pytest.raises(OutcomeUnknown):
            await made.http.at(Order()).send(WRITE)
        assert len(made.far.heard) == 1


@virtual
async def test_a_write_that_never_left_is_left_to_its_sender() -> None:
    made = shop(httpx2.ConnectError("refused"))
    with pytest.raises(Transient):
        await made.http.at(Order()).send(WRITE)
    assert len(made.far.heard) == 1


@virtual
async def test_a_write_that_only_lowers_is_repeated_twice() -> None:
    made = shop(status(500), RESET, ok())
    assert (await made.http.at(Order()).send(LOWERING)).status == 200
    made = shop(status(500))
    with pytest.raises(OutcomeUnknown):
        await made.http.at(Order()).send(LOWERING)
    assert len(made.far.heard) == 3


@pytest.mark.parametrize("request_", [READ, WRITE])
def test_a_refused_call_is_repeated_when_the_wait_it_was_told_is_over(request_: Request) -> None:
    @virtual
    async def check() -> None:
        made = shop(status(429, **{"retry-after": "7"}), ok())
        await made.http.at(Order()).send(request_)
        assert made.far.times == pytest.approx([0, 7])

    check()


@virtual
async def test_a_refused_call_without_a_wait_backs_off() -> None:
    made = shop(status(429), status(429), ok())
    await made.http.at(Order()).send(WRITE)
    assert made.far.times == pytest.approx([0, 1, 3])


@virtual
async def test_a_call_without_any_limit_also_waits_after_a_refusal() -> None:
    made = shop(status(429, **{"retry-after": "7"}), status(429), ok(), manifest=manifest([]))
    await made.http.at(Order()).send(WRITE)
    assert made.far.times == pytest.approx([0, 7, 8])


@virtual
async def test_a_call_without_any_limit_does_not_sit_out_a_long_refusal() -> None:
    made = shop(status(429, **{"retry-after": "86400"}), ok(), manifest=manifest([]))
    with pytest.raises(Throttled) as refusal:
        await made.http.at(Order()).send(READ)
    assert refusal.value.retry_after_s == 86_400
    assert seconds() == 0


@virtual
async def test_refusals_end_after_four_tries() -> None:
    made = shop(status(429))
    with pytest.raises(Throttled):
        await made.http.at(Order()).send(WRITE)
    assert len(made.far.heard) == 4


@virtual
async def test_one_refusal_holds_all_calls_of_the_application_back() -> None:
    budget = MemoryBudget(virtual_clock(), warm_s=0.0)
    one = shop(status(429, **{"retry-after": "30"}), ok(), budget=budget, app_key="app")
    other = shop(ok(), budget=budget, app_key="app")
    refused = asyncio.create_task(one.http.at(Order(Priority.BULK)).send(READ))
    await asyncio.sleep(0.01)
    await other.http.at(Order(Priority.INTERACTIVE)).send(READ)
    await refused
    assert other.far.times == pytest.approx([30.0])
    assert one.far.times == pytest.approx([0, 30.1], abs=0.02)


@virtual
async def test_limits_are_learnt_from_every_answer_also_from_failures() -> None:
    made = shop(status(404, **{"x-rate": "2"}), ok())
    with pytest.raises(Rejected):
        await made.http.at(Order()).send(READ)
    for _ in range(3):
        await made.http.at(Order()).send(READ)
    assert made.far.times[3] - made.far.times[2] == pytest.approx(0.505)


@virtual
async def test_the_last_check_of_a_write_comes_after_the_budget_and_before_every_attempt() -> None:
    budget, checks = MemoryBudget(virtual_clock(), warm_s=0.0), []

    async def check() -> None:
        checks.append(seconds())

    made = shop(status(429, **{"retry-after": "5"}), ok(), budget=budget, app_key="app")
    await budget.acquire([BucketKey("sample/app", RATE)], Priority.BULK)
    await made.http.at(Order(before_write=check)).send(WRITE)
    assert checks == pytest.approx(made.far.times)
    assert checks == pytest.approx([0.101, 5.101])


@virtual
async def test_a_write_whose_last_check_refuses_is_not_sent() -> None:
    async def check() -> None:
        raise AlreadyResolved

    made = shop(ok())
    with pytest.raises(AlreadyResolved):
        await made.http.at(Order(before_write=check)).send(WRITE)
    assert made.far.heard == []
    assert made.calls == []


@virtual
async def test_a_read_has_no_last_check() -> None:
    async def check() -> None:
        raise AlreadyResolved

    made = shop(ok())
    assert (await made.http.at(Order(before_write=check)).send(READ)).status == 200


@virtual
async def test_five_failures_in_a_row_open_the_circuit_and_it_costs_no_budget() -> None:
    made = shop(status(500), app_key="app")
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await made.http.at(Order()).send(WRITE)
    asked = seconds()
    for _ in range(100):
        with pytest.raises(Transient) as refusal:
            await made.http.at(Order()).send(WRITE)
        assert refusal.value.code == "channel.circuit_open"
        assert refusal.value.operation == "putNumber"
    assert seconds() == asked
    assert len(made.far.heard) == len(made.calls) == 5


@virtual
async def test_an_open_circuit_for_writes_lets_reads_pass() -> None:
    made = shop(status(500), status(500), status(500), status(500), status(500), ok())
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await made.http.at(Order()).send(WRITE)
    assert (await made.http.at(Order()).send(READ)).status == 200


@virtual
async def test_one_probe_closes_the_circuit_and_a_failed_one_doubles_the_wait() -> None:
    made = shop(status(500))
    client = made.http.at(Order())
    opened: list[float] = []
    while len(opened) < 6:
        try:
            await client.send(WRITE)
        except OutcomeUnknown:
            if made.http._circuits["write"].is_open:
                opened.append(seconds())
        except Transient:
            await asyncio.sleep(0.05)
    waits = [later - sooner for sooner, later in itertools.pairwise(opened)]
    assert waits == pytest.approx([5, 10, 20, 40, 60], abs=0.2)
    made.far.replies[:] = [ok()]
    await asyncio.sleep(60)
    for _ in range(3):
        await client.send(WRITE)
    made.far.replies[:] = [status(500)]
    for _ in range(4):
        with pytest.raises(OutcomeUnknown):
            await client.send(WRITE)


@virtual
async def test_only_one_call_probes() -> None:
    made = shop(status(500), app_key="app")
    client = made.http.at(Order())
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await client.send(WRITE)
    await asyncio.sleep(5)

    async def slow(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(1)
        return ok()

    made.far.replies[:] = [slow]
    probe = asyncio.create_task(client.send(WRITE))
    await asyncio.sleep(0.5)
    with pytest.raises(Transient):
        await client.send(WRITE)
    await probe
    assert (await client.send(WRITE)).status == 200


@virtual
async def test_a_cancelled_probe_leaves_the_place_to_another() -> None:
    made = shop(status(500))
    client = made.http.at(Order())
    for _ in range(5):
        with pytest.raises(OutcomeUnknown):
            await client.send(WRITE)
    await asyncio.sleep(5)

    async def never(_: httpx2.Request) -> httpx2.Response:
        await asyncio.sleep(10)
        return ok()

    made.far.replies[:] = [never, ok()]
    probe = asyncio.create_task(client.send(WRITE))
    await asyncio.sleep(0.5)
    probe.cancel()
    await asyncio.wait([probe])
    assert (await client.send(WRITE)).status == 200


@virtual
async def test_refusals_by_a_limit_open_no_circuit() -> None:
    made = shop(status(429, **{"retry-after": "1"}))
    for _ in range(3):
        with pytest.raises(Throttled):
            await made.http.at(Order()).send(WRITE)
    assert not made.http._circuits["write"].is_open


@virtual
async def test_calls_that_waited_while_the_circuit_opened_are_not_sent() -> None:
    made = shop(status(500), app_key="app")
    client = made.http.at(Order())
    done = await asyncio.gather(*(client.send(WRITE) for _ in range(20)), return_exceptions=True)
    assert len(made.far.heard) == 5
    assert [type(each).__name__ for each in done].count("Transient") == 15


def test_the_sample_addresses_are_not_real() -> None:
    assert BASE.endswith(".example")
