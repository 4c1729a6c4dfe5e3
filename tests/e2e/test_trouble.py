"""One shop in trouble: it says what stops it in both languages, the other shop does not notice (P8, P9)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.support.town import START, Town, a_town
from tests.support.trouble import assert_promises_held, physically_left, shown_by_sku
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.infra.i18n import fault
from jangbu.kernel.errors import GrantError

SWITCHES = [
    ("naver", "address_not_allowed", "naver.address_not_allowed"),
    ("naver", "dormant_app", ""),
    ("naver", "secret_expired", "naver.secret_wrong"),
    ("etsy", "token_revoked", ""),
    ("etsy", "secret_expired", ""),
]
STORMS = ["rate_limited", "rate_limited_bare", "html", "error_before", "timeout_before", "reset_before", "bad_json"]


def buy(town: Town, channel: str, sku: str) -> bool:
    """Have a buyer buy one piece, if it can be bought there."""
    emulator = town.world.emulators[channel]
    return any(emulator.buy(offer.offer_id, 1) for offer in emulator.offers() if offer.sku == sku)


async def shop(town: Town, name: str) -> dict[str, Any]:
    return await ops.shop_show(town.house, name=name)


@pytest.mark.parametrize(("channel", "switch", "code"), SWITCHES)
def test_a_refused_credential_is_explained_and_stops_that_shop_alone(
    channel: str, switch: str, code: str, tmp_path: Path
) -> None:
    other = "etsy" if channel == "naver" else "naver"

    async def play() -> None:
        async with a_town(tmp_path, seed=4) as town:
            await town.settle_in()
            town.run_world()
            await town.sleep(60)
            rules = [{"kind": switch, "channel": channel}]
            if channel == "naver":  # a token still alive would hide the trouble for three hours
                rules.append({"kind": "token_revoked", "channel": channel})
            town.world.faults.replace(rules)
            await town.sleep(90)
            ill = await shop(town, channel)
            assert ill["state"] == "needs_attention"
            assert not code or ill["trouble"] == code
            for lang in ("en", "ko"):
                told = fault(ill["trouble"], ill["trouble_facts"], lang)
                assert all((told.what, told.steps, told.who)), f"{ill['trouble']} is not explained in {lang}"
                assert ill["trouble"] not in told.what
            well = await shop(town, other)
            assert (well["state"], well["trouble"]) == ("connected", "")
            sku = next(o.sku for o in town.world.emulators[other].offers() if o.quantity and o.on_sale)
            before = (await ops.stock_show(town.house, sku=sku))[0]["available"]
            assert buy(town, other, sku)
            await town.sleep(30)
            assert (await ops.stock_show(town.house, sku=sku))[0]["available"] == before - 1
            town.world.faults.replace([])
            await town.sleep(150)
            assert (await shop(town, channel))["state"] == "connected", "it mends itself once the cause is gone"
            await town.quiet()
            assert town.books()["oversold_total"] == 0

    run_virtual(play(), start=START)


@pytest.mark.parametrize("kind", STORMS)
@pytest.mark.parametrize("channel", ["etsy", "naver"])
def test_a_storm_at_one_shop_never_delays_the_other(channel: str, kind: str, tmp_path: Path) -> None:
    other = "etsy" if channel == "naver" else "naver"

    async def play() -> None:
        async with a_town(tmp_path, seed=6) as town:
            await town.settle_in()
            town.run_world()
            await town.sleep(60)
            town.world.faults.replace([{"kind": kind, "channel": channel, "probability": 1.0}])
            await town.sleep(30)
            sku = next(o.sku for o in town.world.emulators[other].offers() if o.quantity and o.on_sale)
            assert buy(town, other, sku)
            placed = town.clock.now()
            await town.sleep(15)
            latest = (await ops.order_list(town.house, name=other, open_only=False, limit=1))[0]
            assert latest["placed_at"] >= placed.replace(microsecond=0).isoformat()[:19], "its news was delayed"
            assert (await shop(town, other))["trouble"] == ""
            town.world.faults.replace([])
            await town.sleep(180)
            assert (await shop(town, channel))["trouble"] == ""
            await town.quiet()
            left = physically_left(town.books())
            assert all(shown <= left[sku] for sku, shown in shown_by_sku(town.books()).items())

    run_virtual(play(), start=START)


def test_a_wrong_secret_is_refused_when_a_shop_is_added_and_nothing_is_kept(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=1) as town:
            for channel, field in (("naver", "client_secret"), ("etsy", "refresh_token")):
                wrong = {"client_secret": "$2a$04$abcdefghijklmnopqrstuu", "refresh_token": "1.wrong"}[field]
                given = {**town.credentials(channel), field: wrong}
                given.pop("access_token", None)
                with pytest.raises(GrantError) as caught:
                    await ops.shop_add(
                        town.house, channel=channel, name=channel, credentials=given, actor="person:owner"
                    )
                assert wrong not in f"{caught.value!r}{caught.value}"
                assert await ops.shop_list(town.house) == []

    run_virtual(play(), start=START)


def test_all_writing_stops_at_once_and_reading_goes_on(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=8) as town:
            await town.settle_in()
            town.run_world()
            await town.sleep(60)
            await ops.stop_all(town.house, actor="person:owner")
            await town.sleep(30)
            writes = len(await ops.recent_writes(town.house, limit=10_000))
            for sku in list(town.world.goods.physical)[:5]:
                buy(town, "naver", sku)
            await town.sleep(60)
            assert len(await ops.recent_writes(town.house, limit=10_000)) == writes
            assert len(await ops.order_list(town.house, name="naver", open_only=False)) > 3
            await ops.resume_all(town.house, actor="person:owner")
            await town.quiet()
            await assert_promises_held(town)

    run_virtual(play(), start=START)


def test_before_start_the_marketplaces_see_no_write(tmp_path: Path) -> None:
    """P13: connected, imported, linked, counted and served for ten minutes: not one write."""

    async def play() -> None:
        async with a_town(tmp_path, seed=2) as town:
            await town.connect("etsy", "etsy")
            await town.connect("naver", "naver")
            await ops.catalog_import(town.house)
            await ops.catalog_link_by_sku(town.house, actor="person:owner")
            town.run_world()
            town.start_hub()
            counted = [(sku, units - 1) for sku, units in town.world.goods.physical.items()]
            await ops.stock_many(town.house, action="count", rows=counted, actor="person:owner")
            town.world.buyers.configure({"rate": 0.3, "running": True})
            await town.sleep(600)
            for name, channel in town.books()["channels"].items():
                assert {op: n for op, n in channel["writes"].items() if op not in {"token", "issueToken"}} == {}, name
            planned = await ops.plan(town.house)
            assert any(row["target"] != row["now"] for row in planned), "the plan shows what start would write"

    run_virtual(play(), start=START)
