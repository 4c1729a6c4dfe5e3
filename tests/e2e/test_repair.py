"""A connection that broke twice over is found and mended rung by rung, and read to the present before any raise."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from tests.support.town import START, Town, a_town
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.infra.i18n import LANGUAGES, fault
from jangbu.kernel.errors import Conflict, GrantError, ReauthRequired

OWNER = "person:owner"


def broken(ladder: dict[str, Any]) -> dict[str, Any]:
    found: list[dict[str, Any]] = [rung for rung in ladder["rungs"] if rung["state"] == "broken"]
    assert len(found) == 1, ladder
    return found[0]


def wrong(town: Town, *kinds: str) -> None:
    town.world.faults.replace([{"kind": kind, "channel": "naver"} for kind in kinds])


def reissue(town: Town) -> str:
    """Have Naver issue a new secret, as after a release from dormancy; give it."""
    settings = town.world.emulators["naver"].settings
    settings.update({"secret_generation": int(settings.number("secret_generation")) + 1})
    return town.world.env()["NAVER_CLIENT_SECRET"]


async def raised(town: Town, since: int, name: str = "") -> list[dict[str, Any]]:
    """Give the writes after the first `since`, of a shop if named, that put more on sale than stood there."""
    rows = list(reversed(await ops.recent_writes(town.house, limit=500)))[since:]
    rows = [row for row in rows if name in {"", row["shop"]}]
    return [row for row in rows if any(n > row["before"].get(cell, 0) for cell, n in row["numbers"].items())]


def test_address_changed_then_dormant_behind_it(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=12) as town:
            await town.settle_in()
            town.run_world()
            await town.quiet()
            assert (await ops.shop_check(town.house, name="naver"))["sound"]

            wrong(town, "address_not_allowed", "dormant_app")
            await town.sleep(200)
            sold = town.world.emulators["naver"].buy(town.world.emulators["naver"].offers()[0].offer_id, 1)
            assert sold, "buyers go on buying while we cannot look"
            shop = await ops.shop_show(town.house, name="naver")
            assert (shop["state"], shop["trouble"]) == ("needs_attention", "naver.address_not_allowed")
            first = broken(await ops.shop_check(town.house, name="naver"))
            assert (first["rung"], first["code"], first["certainty"]) == (
                "address", "naver.address_not_allowed", "certain",
            )  # fmt: skip

            wrong(town, "dormant_app")
            second = broken(await ops.shop_check(town.house, name="naver"))
            assert (second["rung"], second["code"]) == ("app", "naver.app_not_entitled")
            for lang in LANGUAGES:
                said = fault(second["code"], second["facts"], lang)
                assert said.what
                assert 1 <= len(said.steps) <= 3
                assert said.who

            new = reissue(town)
            wrong(town, "secret_expired")  # released, and the new secret is not in force yet
            with pytest.raises(ReauthRequired) as refused:
                await ops.shop_secret_set(town.house, name="naver", credentials={"client_secret": new}, actor=OWNER)
            assert refused.value.code == "naver.secret_wrong"
            assert broken(await ops.shop_check(town.house, name="naver"))["rung"] == "secret"

            before = len(await ops.recent_writes(town.house, limit=500))
            wrong(town)
            await ops.shop_secret_set(town.house, name="naver", credentials={"client_secret": new}, actor=OWNER)
            accepted, seen_read = town.clock.now().isoformat(), False
            for _ in range(120):
                heard = (await ops.shop_show(town.house, name="naver"))["heard_at"]
                seen_read = seen_read or heard >= accepted
                assert seen_read or await raised(town, before) == [], "the gap is read before anything is raised"
                await town.sleep(1)
            assert seen_read
            ladder = await ops.shop_check(town.house, name="naver")
            assert ladder["sound"]
            assert [rung["state"] for rung in ladder["rungs"]] == ["ok"] * 10
            orders = [row["order"] for row in await ops.order_list(town.house, name="naver", open_only=False)]
            assert sold in orders, "what was sold meanwhile is in the book"

    run_virtual(play(), start=START)


def test_a_secret_that_opens_nothing_changes_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=12) as town:
            await town.settle_in()
            wrong_secret = town.credentials("naver")["client_secret"][:-3] + "abO"
            with pytest.raises(GrantError):
                await ops.shop_secret_set(
                    town.house, name="naver", credentials={"client_secret": wrong_secret}, actor=OWNER
                )
            await town.sleep(30)
            assert (await ops.shop_check(town.house, name="naver"))["sound"]

    run_virtual(play(), start=START)


def test_a_secret_of_another_shop_is_refused(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=12) as town:
            await town.settle_in()
            town.house.db.write_now(lambda tx: tx.run("UPDATE shop SET remote_id = 'other' WHERE name = 'naver'"))
            with pytest.raises(Conflict):
                await ops.shop_secret_set(
                    town.house, name="naver", credentials=town.credentials("naver"), actor=OWNER
                )

    run_virtual(play(), start=START)


@pytest.mark.parametrize(
    ("channel", "kind", "rung"),
    [
        ("naver", "address_not_allowed", "address"), ("naver", "dormant_app", "app"),
        ("naver", "secret_expired", "secret"), ("etsy", "dormant_app", "app"), ("etsy", "token_revoked", "token"),
    ],
)  # fmt: skip
def test_a_credential_is_tried_rung_by_rung_before_it_is_kept(
    tmp_path: Path, channel: str, kind: str, rung: str
) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=12) as town:
            await town.connect(channel, channel)
            town.world.faults.replace([{"kind": kind, "channel": channel}])
            assert broken(await ops.shop_check(town.house, name=channel))["rung"] == rung
            town.world.faults.replace([])
            if channel == "naver":
                good = await ops.credentials_check(
                    town.house, channel="naver", credentials=town.credentials("naver")
                )
                assert [each["state"] for each in good["rungs"]] == ["ok"] * 8

    run_virtual(play(), start=START)


def test_what_is_given_to_who_helps_holds_no_secret_and_nobodys_data(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=12) as town:
            await town.settle_in()
            wrong(town, "address_not_allowed")
            await town.sleep(100)
            text = (await ops.shop_evidence(town.house, name="naver"))["text"]
            assert "naver.address_not_allowed" in text
            assert "broken rung address" in text
            for secret in town.credentials("naver").values():
                assert secret not in text
            shown = await ops.order_list(town.house, name="naver")
            for row in shown:
                person = (await ops.order_show(town.house, order=row["order"], name="naver", personal=True))["ship_to"]
                assert person["name"] not in text

    run_virtual(play(), start=START)


def test_a_refused_credential_is_tried_ever_more_rarely_and_a_check_that_holds_wakes_the_hub(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=12) as town:
            await town.settle_in()
            await town.sleep(60)
            wrong(town, "address_not_allowed")
            await town.sleep(1800)
            await town.house.calls.flush()
            refused = town.house.db.read_now(
                lambda tx: tx.all(
                    "SELECT started_at FROM call_record WHERE error = 'naver.address_not_allowed' AND cause = 'feed' "
                    "ORDER BY started_at"
                )
            )
            gaps = [(b[0] - a[0]) / 1000 for a, b in itertools.pairwise(refused)]
            assert max(gaps) > 400, "rare in the end"
            assert len(refused) < 15, "thirty minutes of being refused"

            wrong(town)
            assert (await ops.shop_check(town.house, name="naver"))["sound"]
            await town.sleep(10)
            assert (await ops.shop_show(town.house, name="naver"))["trouble"] == ""

    run_virtual(play(), start=START)


def test_the_hub_looks_at_a_broken_connection_itself_keeps_what_it_saw_and_goes_on_after_a_restart(
    tmp_path: Path,
) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=14) as town:
            await town.settle_in()
            town.run_world()
            await town.quiet()
            wrong(town, "address_not_allowed")
            await town.sleep(400)
            kept = await ops.shop_ladder(town.house, name="naver")
            assert broken(kept)["rung"] == "address"
            assert kept["checked_at"] < kept["next_at"]
            works = {each["work"]: each for each in await ops.shop_stands(town.house, name="naver")}
            assert {each["standing"] for each in works.values()} == {"stopped"}
            assert works["reading"]["last"] < kept["checked_at"]
            well = {each["work"]: each["standing"] for each in await ops.shop_stands(town.house, name="etsy")}
            assert well["reading"] == "works"

            tokens = town.books()["channels"]["naver"]["calls"]
            await town.restart()
            assert (await ops.shop_ladder(town.house, name="naver"))["checked_at"] == kept["checked_at"]
            wrong(town, "dormant_app")  # what lay behind it
            naver = town.world.emulators["naver"]
            sold = naver.buy(naver.offers()[0].offer_id, 1)
            assert sold, "buyers go on buying while we cannot look"
            await town.sleep(1200)
            later = await ops.shop_ladder(town.house, name="naver")
            assert broken(later)["rung"] == "app"
            assert later["checked_at"] > kept["checked_at"]
            looks = town.books()["channels"]["naver"]["calls"]
            assert _calls(looks) - _calls(tokens) < 40, "quietly"

            before, mended = len(await ops.recent_writes(town.house, limit=500)), town.clock.now().isoformat()
            town.world.faults.replace([])
            for _ in range(540):
                shop = await ops.shop_show(town.house, name="naver")
                if shop["heard_at"] < mended:
                    assert await raised(town, before, "naver") == [], "the gap is read before anything is raised"
                if shop["trouble"] == "":
                    break
                await town.sleep(5)
            assert shop["trouble"] == "", "it was found sound without anybody pressing a button"
            orders = [row["order"] for row in await ops.order_list(town.house, name="naver", open_only=False)]
            assert sold in orders, "what was sold meanwhile is in the book"
            assert (await ops.shop_ladder(town.house, name="naver"))["checked_at"] is None

    run_virtual(play(), start=START)


@pytest.mark.parametrize(("channel", "operation"), [("naver", "issueToken"), ("etsy", "token")])
def test_one_look_asks_for_one_token_and_no_more(tmp_path: Path, channel: str, operation: str) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=14) as town:
            await town.connect(channel, channel)

            def asked() -> int:
                return sum(call["operation"] == operation for call in calls_of(town))

            for kinds in ((), ("dormant_app",)):
                town.world.faults.replace([{"kind": kind, "channel": channel} for kind in kinds])
                await town.house.calls.flush()
                before = asked()
                assert (await ops.shop_check(town.house, name=channel))["sound"] is not bool(kinds)
                await town.house.calls.flush()
                assert asked() == before + 1

    run_virtual(play(), start=START)


def calls_of(town: Town) -> list[dict[str, Any]]:
    rows = town.house.db.read_now(lambda tx: tx.all("SELECT operation, attempt FROM call_record"))
    return [{"operation": operation, "attempt": attempt} for operation, attempt in rows]


def test_a_line_that_is_down_everywhere_is_ours_and_one_that_is_down_at_one_marketplace_is_theirs(
    tmp_path: Path,
) -> None:
    async def play() -> None:
        async with a_town(tmp_path, seed=14) as town:
            await town.settle_in()
            town.run_world()
            await town.quiet()
            wrong(town, "reset_before")
            await town.sleep(120)
            alone = await ops.shop_ladder(town.house, name="naver")
            assert (broken(alone)["rung"], alone["side"], broken(alone)["certainty"]) == ("line", "theirs", "likely")
            assert {each["standing"] for each in await ops.shop_stands(town.house, name="naver")} == {"stopped"}
            town.world.faults.replace([{"kind": "reset_before", "channel": each} for each in ("naver", "etsy")])
            await town.sleep(120)
            for name in ("naver", "etsy"):
                both = await ops.shop_ladder(town.house, name=name)
                assert (broken(both)["rung"], both["side"], broken(both)["certainty"]) == ("line", "ours", "certain")

    run_virtual(play(), start=START)


def _calls(books: Any) -> int:
    return sum(n if isinstance(n, int) else sum(n.values()) for n in books.values())
