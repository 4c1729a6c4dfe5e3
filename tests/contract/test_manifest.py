"""The conformance kit: what every channel's manifest promises, its adapter keeps against its marketplace."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from tests.contract.kit import Bench, Insatiable, bench, on_a_bench
from tests.contract.lives import a_recorded_town
from tests.support.recording import Exchange, Recording
from tests.support.town import START, a_town
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.infra import plugins
from jangbu.kernel.errors import ChannelError, ContractBroken, OutcomeUnknown, Throttled, Transient
from jangbu.sdk import adapter as sdk
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest
from jangbu.sdk.records import Dispatch, LineState, Sweep

MANIFESTS: Final = plugins.channels()
every_channel: Final = pytest.mark.parametrize("channel", sorted(MANIFESTS))

_LOAD: Final = """
import socket, sys
def refuse(*args, **kwargs):
    raise SystemExit("the network was reached for")
socket.socket.connect = socket.getaddrinfo = refuse
from importlib.metadata import entry_points
(point,) = entry_points(group="jangbu.channels", name=sys.argv[1])
print(point.load().id)
"""


# -- 1, 2: the declaration ----------------------------------------------------------------------------------


@every_channel
def test_a_manifest_loads_without_environment_network_or_credentials(channel: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", _LOAD, channel],
        env={},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == (channel, "")
    assert list(tmp_path.iterdir()) == []


@every_channel
def test_the_adapter_can_do_exactly_what_the_manifest_declares(channel: str, tmp_path: Path) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        adapter, manifest = shop.adapter(), shop.manifest
        declared = {
            sdk.ReadsShop: True,
            sdk.ReadsListings: True,
            sdk.ReadsOrders: True,
            sdk.ConfirmsShipment: True,
            sdk.WritesStock: bool(manifest.write_kinds),
            sdk.SwitchesSale: manifest.switches_sale,
            sdk.AcknowledgesOrders: manifest.acknowledges,
        }
        assert {protocol: isinstance(adapter, protocol) for protocol in declared} == declared
        assert isinstance(manifest.auth(), sdk.Auth)
        assert manifest.webhooks is None or any(field.name == "webhook_secret" for field in manifest.credentials)

    on_a_bench(case, channel, tmp_path)


@every_channel
def test_what_the_manifest_says_of_writes_and_limits_hangs_together(channel: str) -> None:
    manifest = MANIFESTS[channel]
    assert bool(manifest.write_kinds) == any(each.moves_stock for each in manifest.operations.values())
    assert all(each.write for each in manifest.operations.values() if each.moves_stock)
    names = {limit.name for limit in manifest.limits}
    assert names
    assert all(limit.rate > 0 or (limit.quota > 0 and limit.window_s > 0) for limit in manifest.limits)
    assert all(set(each.limits) <= names for each in manifest.operations.values())
    assert all(id_ == each.id for id_, each in manifest.operations.items())
    assert {LineState.UNPAID, LineState.PAID, LineState.SHIPPED, LineState.CANCELLED} <= set(manifest.line_effects)


# -- 5: walks end -------------------------------------------------------------------------------------------


@every_channel
@pytest.mark.parametrize("empty", [False, True], ids=["the same page for ever", "empty pages"])
def test_walks_end_whatever_pages_claim(empty: bool, channel: str, tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            recording = Insatiable(town.world, empty=empty)
            town.transport = town.house.transport = recording
            shop = await bench(town, channel)
            shop.sell()
            true = {listing.ref for listing in await shop.listings()}
            recording.lying, before = True, len(recording.exchanges)
            found = [listing.ref async for listing in shop.adapter().listings()]
            assert len(found) == len(set(found))
            assert set(found) == (set() if empty else true)
            await _swept(shop, "", deep=True)
            assert before < len(recording.exchanges) < before + 1_600

    run_virtual(play(), start=START)


async def _swept(shop: Bench, watermark: str, *, deep: bool = False) -> tuple[set[str], str]:
    """Sweep to the end, or to the error a walk may end in; give the orders found and the last watermark."""
    found: set[str] = set()
    adapter = shop.adapter()
    for _ in range(50):
        try:
            sweep: Sweep = await adapter.sweep(watermark, deep=deep)
        except ChannelError:
            return found, watermark
        found |= {order.remote_id for order in sweep.orders}
        watermark = sweep.watermark
        if sweep.done:
            return found, watermark
    raise AssertionError("the sweep never ends")


# -- 6: re-reading ------------------------------------------------------------------------------------------


@every_channel
def test_reading_again_from_any_watermark_loses_nothing(channel: str, tmp_path: Path) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        seeded = {row["id"] for row in shop.emulator.books()["orders"]}
        first, watermark = await _swept(shop, "")
        assert first == seeded
        marks = [(watermark, set[str]())]
        for _day in range(5):
            new = shop.sell()
            await shop.town.sleep(400)
            for _mark, later in marks:
                later.add(new)
            found, watermark = await _swept(shop, watermark)
            assert new in found
            marks.append((watermark, set()))
        for mark, later in marks:
            found, again = await _swept(shop, mark)
            assert later <= found
            assert (await _swept(shop, mark))[0] == found, "the same place shows the same orders"
            assert again

    on_a_bench(case, channel, tmp_path, feed_lag_max_s=2.0)


# -- 7: twice is once ---------------------------------------------------------------------------------------


@every_channel
def test_the_same_number_sent_twice_is_one_state(channel: str, tmp_path: Path) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        for listing in await shop.one_of_each_kind():
            before = shop.shown()
            write = await shop.write_of(listing, 2)
            once = [answer.accepted for answer in await shop.adapter().write_numbers([write])]
            after_one = shop.shown()
            twice = [answer.accepted for answer in await shop.adapter().write_numbers([write])]
            assert (once, twice) == ([True], [True])
            assert before != after_one == shop.shown()

    on_a_bench(case, channel, tmp_path)


@every_channel
def test_a_listing_switched_twice_stands_as_if_switched_once(channel: str, tmp_path: Path) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        before = shop.shown()
        for listing in await shop.one_of_each_kind():
            for on_sale in (False, True):
                assert (await shop.adapter().set_on_sale(listing.ref, on_sale)).accepted
                after_one, fees = shop.shown(), shop.emulator.books()["fees"]
                assert (await shop.adapter().set_on_sale(listing.ref, on_sale)).accepted
                assert (after_one, fees) == (shop.shown(), shop.emulator.books()["fees"])
                assert (after_one == before) is on_sale, "numbers stay"

    on_a_bench(case, channel, tmp_path)


@every_channel
def test_a_parcel_told_twice_reaches_the_buyer_once(channel: str, tmp_path: Path) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        order = await shop.order(shop.sell(2))
        lines = tuple(line.remote_id for line in order.lines)
        if shop.manifest.acknowledges:
            for _time in range(2):
                assert [each.accepted for each in await shop.adapter().acknowledge(lines)] == [True]
        dispatch = Dispatch(order.remote_id, lines, "dhl", "600000000001", shop.town.clock.now())
        for _time in range(2):
            assert [each.accepted for each in await shop.adapter().ship([dispatch])] == [True]
            books = shop.emulator.books()
            (row,) = [row for row in books["orders"] if row["id"] == order.remote_id]
            assert [parcel["code"] for parcel in row["tracking"]] == ["600000000001"]
            assert books.get("buyer_mails", 1) == 1

    on_a_bench(case, channel, tmp_path)


# -- 8: faults become the right error -----------------------------------------------------------------------

FAULTS: Final = [
    ("error_before", {}, Transient, OutcomeUnknown),
    ("error_after", {}, Transient, OutcomeUnknown),
    ("timeout_before", {}, Transient, OutcomeUnknown),
    ("timeout_after", {}, Transient, OutcomeUnknown),
    ("reset_before", {}, Transient, OutcomeUnknown),
    ("reset_after", {}, Transient, OutcomeUnknown),
    ("truncated", {}, Transient, OutcomeUnknown),
    ("html", {"status": 502}, Transient, OutcomeUnknown),
    ("html", {"status": 200}, ContractBroken, OutcomeUnknown),
    ("bad_json", {}, ContractBroken, OutcomeUnknown),
    ("rate_limited", {"retry_after_s": 2}, Throttled, Throttled),
    ("rate_limited_bare", {}, Throttled, Throttled),
]


@every_channel
@pytest.mark.parametrize(
    ("kind", "params", "of_read", "of_write"),
    FAULTS,
    ids=[f"{each[0]} {each[1].get('status', '')}" for each in FAULTS],
)
def test_a_fault_is_told_as_what_the_caller_must_do(
    kind: str, params: dict[str, float], of_read: type, of_write: type, channel: str, tmp_path: Path
) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        listing = (await shop.one_of_each_kind())[0]
        write = await shop.write_of(listing, 1)
        shop.town.world.faults.replace([{"kind": kind, "params": params}])
        with pytest.raises(ChannelError) as read:
            await shop.adapter().read_numbers([listing.ref])
        with pytest.raises(ChannelError) as written:
            await shop.adapter().write_numbers([write])
        assert (type(read.value), type(written.value)) == (of_read, of_write)
        assert all(error.value.operation in shop.manifest.operations for error in (read, written))
        if "retry_after_s" in params:
            assert isinstance(read.value, Throttled)
            assert read.value.retry_after_s == params["retry_after_s"]

    on_a_bench(case, channel, tmp_path)


ODD_BODIES: Final = (
    b"", b"<html>", b'{"error":', b'{"error":"x"}', b'{"code":"x","message":"y"}', b"[]", b"null", b"\xff",
)  # fmt: skip


@every_channel
def test_no_answer_leaves_the_fault_table_without_an_error(channel: str) -> None:
    manifest = MANIFESTS[channel]
    for operation in manifest.operations.values():
        for status in range(300, 600):
            for body in ODD_BODIES:
                error = manifest.faults(operation, status, {}, body)
                assert isinstance(error, ChannelError)
                assert error.code.startswith(f"{channel}.")
                assert (error.operation, error.status) == (operation.id, status)
                if status >= 500:
                    assert isinstance(error, OutcomeUnknown if operation.write else Transient), (
                        operation.id,
                        status,
                    )
                assert isinstance(error, Throttled) is (status == 429)


# -- 9: limits ----------------------------------------------------------------------------------------------


def test_declared_limits_are_never_exceeded_in_a_busy_town(tmp_path: Path) -> None:
    async def play() -> Recording:
        async with a_recorded_town(tmp_path, seed=11) as (town, recording):
            await town.settle_in()
            town.run_world()
            town.world.buyers.configure({"rate": 2.0, "running": True, "cancel_share": 0.2})
            impatient = [_read_everything(Bench(town, name)) for name in MANIFESTS for _ in range(4)]
            await asyncio.gather(ops.catalog_import(town.house), *impatient, town.sleep(60))
            return recording

    recording = run_virtual(play(), start=START)
    assert [each for each in recording.exchanges if each.answer is not None and each.answer.status_code == 429] == []
    for name, manifest in MANIFESTS.items():
        assert _busiest_second(recording.of(name), manifest) >= 0.8, f"{name} was not busy: nothing is proved"


async def _read_everything(shop: Bench) -> None:
    await shop.adapter().read_shop()
    await shop.adapter().read_numbers([listing.ref for listing in await shop.listings()])
    await _swept(shop, "", deep=True)


def _busiest_second(exchanges: list[Exchange], manifest: Manifest) -> float:
    """Tell how full the fullest second of the tightest bucket was: calls in it for calls that it may have."""
    (limit,) = [each for each in manifest.limits if each.rate]
    by_bucket: dict[str, list[float]] = {}
    for each in exchanges:
        bucket = each.request.url.path if limit.scope == "operation" else ""
        by_bucket.setdefault(bucket, []).append(each.at)
    most = max(sum(at <= other < at + 1 for other in times) for times in by_bucket.values() for at in times)
    return most / limit.rate


# -- 11: one renewal for all --------------------------------------------------------------------------------


@every_channel
@pytest.mark.parametrize("how", ["by the clock", "by a 401"])
def test_fifty_callers_with_an_ended_token_cause_one_renewal(how: str, channel: str, tmp_path: Path) -> None:
    async def case(shop: Bench, recording: Recording) -> None:
        hour, now = timedelta(hours=1), shop.town.clock.now()
        user = shop.town.credentials(channel).get("refresh_token", "").partition(".")[0]
        door = shop.door_with(f"{user}.endedtoken", now - hour if how == "by the clock" else now + hour)
        before = len(recording.exchanges)
        profiles = await asyncio.gather(*(door.adapter(Order()).read_shop() for _ in range(50)))
        assert len({profile.remote_id for profile in profiles}) == 1
        tokens = {each.path for each in shop.manifest.operations.values() if not each.authorised}
        made = recording.exchanges[before:]
        assert len([each for each in made if each.request.url.path in tokens]) == 1
        statuses = Counter(each.answer.status_code for each in made if each.answer is not None)
        assert set(statuses) == ({200} if how == "by the clock" else {200, 401})
        assert statuses[200] > 50

    on_a_bench(case, channel, tmp_path)
