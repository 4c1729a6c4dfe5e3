"""A shop connected by its owner's consent, against the played marketplace, and every way that goes wrong."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.support.town import Town, a_town
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.kernel.errors import JangbuError

OWNER, OTHER = "person:owner", "person:packer"
BACK = "http://127.0.0.1:3003/oauth/redirect"


def typed(town: Town) -> dict[str, str]:
    return {key: town.credentials("etsy")[key] for key in ("keystring", "shared_secret")}


async def begin(town: Town, **more: Any) -> dict[str, Any]:
    asked = {"name": "My Etsy", "credentials": typed(town), "options": town.options} | more
    return await ops.connect_begin(town.house, channel="etsy", actor=OWNER, redirect=BACK, **asked)


async def consent(town: Town, address: str, *, then: str = "") -> str:
    """Open the consent page as a browser does; give the address it sends the browser to."""
    async with httpx2.AsyncClient(transport=town.transport) as browser:
        answer = await browser.get(address + then)
    assert answer.status_code == 302, answer.text
    return str(answer.headers["location"])


async def finish(town: Town, answer: str, actor: str = OWNER) -> dict[str, Any]:
    return await ops.connect_finish(town.house, channel="etsy", answer=answer, actor=actor)


async def refusal(town: Town, answer: str, actor: str = OWNER) -> str:
    with pytest.raises(JangbuError) as refused:
        await finish(town, answer, actor)
    return refused.value.code


def test_a_consent_makes_a_watching_shop_whose_listings_come_by_themselves(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            town.start_hub()
            begun = await begin(town)
            shop = await finish(town, await consent(town, begun["address"]))
            assert (shop["state"], shop["renewed"], shop["name"]) == ("watching", False, "My Etsy")
            await town.sleep(60)
            (run,) = await ops.import_list(town.house)
            offers = await ops.catalog_offers(town.house, name="My Etsy")
            assert (run["state"], run["listings"]) == ("done", run["expected"])
            assert (len(offers), run["listings"] > 0) == (run["offers"], True)
            assert (await ops.shop_show(town.house, name="My Etsy"))["trouble"] == ""
            assert (await ops.application_state(town.house, channel="etsy"))["state"] == "connected"
            assert not town.world.emulators["etsy"].books()["writes"]

    run_virtual(play())


def test_what_is_asked_for_is_the_least_and_the_address_carries_no_secret(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            begun = await begin(town)
            query = parse_qs(urlsplit(begun["address"]).query)
            assert query["scope"] == ["listings_r listings_w shops_r transactions_r transactions_w"]
            assert typed(town)["shared_secret"] not in begun["address"]
            assert begun["attempt"] not in begun["address"]

    run_virtual(play())


def test_an_answer_is_good_once_for_one_person_and_for_ten_minutes(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            back = await consent(town, (await begin(town))["address"])
            assert await refusal(town, back, OTHER) == "connect.state_foreign"
            await finish(town, back)
            assert await refusal(town, back) == "connect.state_used"
            late = await consent(town, (await begin(town, name="Second"))["address"])
            await town.sleep(601)
            assert await refusal(town, late) == "connect.state_expired"

    run_virtual(play())


def test_a_code_put_into_another_attempt_is_refused_by_its_challenge(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            theirs = await consent(town, (await begin(town))["address"])
            mine = await consent(town, (await begin(town))["address"])
            code = parse_qs(urlsplit(theirs).query)["code"][0]
            own = parse_qs(urlsplit(mine).query)
            assert await refusal(town, mine.replace(own["code"][0], code)) == "etsy.code_refused"
            assert await ops.shop_list(town.house) == []

    run_virtual(play())


def test_a_state_made_up_and_an_address_that_is_none_change_nothing(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            begun = await begin(town)
            assert await refusal(town, f"{BACK}?code=abc&state=made-up") == "connect.state_unknown"
            assert await refusal(town, "https://www.etsy.com/your/apps") == "connect.address_form"
            assert await refusal(town, begun["address"]) == "connect.not_back"
            await finish(town, await consent(town, begun["address"]))

    run_virtual(play())


def test_an_owner_who_says_no_is_told_and_may_try_again_without_typing(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            begun = await begin(town)
            back = await consent(town, begun["address"], then="&sandbox_approved=no")
            assert await refusal(town, back) == "connect.denied"
            again = await begin(town, attempt=begun["attempt"], credentials=None, name="")
            assert (await finish(town, await consent(town, again["address"])))["name"] == "My Etsy"

    run_virtual(play())


def test_an_unknown_key_and_a_wrong_secret_are_found_before_anyone_is_sent_away(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            for field in ("keystring", "shared_secret"):
                with pytest.raises(JangbuError) as refused:
                    await begin(town, credentials=typed(town) | {field: "wrong"})
                assert refused.value.code == "etsy.key_unknown"
            town.world.faults.replace([{"kind": "dormant_app", "channel": "etsy"}])
            with pytest.raises(JangbuError) as banned:
                await begin(town)
            assert banned.value.code == "etsy.key_unknown"

    run_virtual(play())


def test_a_grant_that_lacks_a_scope_is_not_kept(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            begun = await begin(town)
            less = begun["address"].replace("%20transactions_w", "")
            assert await refusal(town, await consent(town, less)) == "connect.scopes_lacking"
            assert await ops.shop_list(town.house) == []

    run_virtual(play())


def test_a_shop_connected_already_is_not_connected_twice(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            await town.connect("etsy", "etsy")
            back = await consent(town, (await begin(town))["address"])
            assert await refusal(town, back) == "shop_connected"
            with pytest.raises(JangbuError) as refused:
                await begin(town, name="etsy")
            assert refused.value.code == "shop_exists"

    run_virtual(play())


def test_a_wrong_redirect_address_never_comes_back_and_is_explained(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            wrong: dict[str, Any] = {"redirect": BACK + "/", "name": "My Etsy", "credentials": typed(town)}
            begun = await ops.connect_begin(town.house, channel="etsy", actor=OWNER, **wrong)
            async with httpx2.AsyncClient(transport=town.transport) as browser:
                page = await browser.get(begun["address"])
            assert (page.status_code, "not permitted" in page.text) == (400, True)
            assert await refusal(town, str(page.url)) == "connect.not_back"
            for bad in ("http://jangbu.example/x", "javascript:alert(1)", "https://a.example/?next=b", "//a.example"):
                with pytest.raises(JangbuError) as refused:
                    await ops.connect_begin(town.house, channel="etsy", actor=OWNER, **wrong | {"redirect": bad})
                assert refused.value.code == "connect.redirect_form"

    run_virtual(play())


def test_a_refused_grant_is_renewed_on_the_same_shop_while_the_hub_works(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            await town.connect("etsy", "etsy")
            town.start_hub()
            await town.sleep(20)
            town.world.faults.replace([{"kind": "token_revoked", "channel": "etsy"}])
            await town.sleep(30)
            assert (await ops.shop_show(town.house, name="etsy"))["state"] == "needs_attention"
            town.world.faults.replace([])
            begun = await begin(town, shop="etsy", name="", credentials=None)
            renewed = await finish(town, await consent(town, begun["address"]))
            assert (renewed["name"], renewed["renewed"]) == ("etsy", True)
            await town.sleep(30)
            shop = await ops.shop_show(town.house, name="etsy")
            assert (shop["state"], shop["trouble"]) == ("watching", "")
            assert shop["options"] == town.options | {"return_free": "yes"}
            await town.sleep(2 * 3600)  # the new chain goes on renewing itself
            assert (await ops.shop_show(town.house, name="etsy"))["trouble"] == ""

    run_virtual(play())


def test_an_import_asked_for_twice_is_one_and_goes_on_after_a_crash(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            await town.connect("etsy", "etsy")
            await ops.import_begin(town.house, name="etsy", actor=OWNER)
            asked = await ops.import_begin(town.house, name="etsy", actor=OWNER)
            assert asked["state"] == "asked"
            await town.restart()
            await town.sleep(0.3)
            await town.restart()
            await town.sleep(60)
            (run,) = await ops.import_list(town.house)
            assert (run["state"], run["listings"]) == ("done", run["expected"])
            again = await ops.import_begin(town.house, name="etsy", actor=OWNER)
            assert again["state"] == "asked"

    run_virtual(play())


def test_a_reading_that_fails_is_noted_on_its_run_and_may_be_asked_for_again(tmp_path: Path) -> None:
    async def play() -> None:
        async with a_town(tmp_path) as town:
            await town.connect("etsy", "etsy")
            town.start_hub()
            await town.sleep(5)
            rule = {"kind": "bad_json", "channel": "etsy", "operation": "getListingsByShop"}
            town.world.faults.replace([rule])
            await ops.import_begin(town.house, name="etsy", actor=OWNER)
            await town.sleep(200)
            (run,) = await ops.import_list(town.house)
            assert (run["state"], run["trouble"].partition(".")[0]) == ("failed", "channel")
            town.world.faults.replace([])
            await ops.import_begin(town.house, name="etsy", actor=OWNER)
            await town.sleep(30)
            (run,) = await ops.import_list(town.house)
            assert (run["state"], run["trouble"], run["listings"]) == ("done", "", run["expected"])

    run_virtual(play())


@pytest.mark.parametrize(
    ("egress", "registered", "told"),
    [
        ("direct", "", ("", "unknown")),
        ("direct", "203.0.113.7, 198.51.100.2", ("203.0.113.7", "likely")),
        ("http://me:sample-password@203.0.113.9:3128", "203.0.113.7", ("203.0.113.9", "certain")),
        ("socks5://proxy.example:1080", "", ("", "unknown")),
    ],
)
def test_the_address_a_shop_is_called_from_is_told_as_far_as_it_is_known(
    egress: str, registered: str, told: tuple[str, str]
) -> None:
    found = ops.outgoing_address(egress, registered)
    assert (found["address"], found["certainty"]) == told


def test_no_code_state_token_or_secret_is_logged_or_kept_in_clear(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    async def play() -> set[str]:
        async with a_town(tmp_path) as town:
            begun = await begin(town)
            back = await consent(town, begun["address"])
            await finish(town, back)
            await refusal(town, back)
            await town.house.calls.flush()
            found = parse_qs(urlsplit(back).query)
            grants = town.world.emulators["etsy"].snapshot()["grants"]
            await town.house.close()
            secret = typed(town)["shared_secret"]
            return {found["code"][0], found["state"][0], secret, *grants["access"], *grants["refresh"]}

    with caplog.at_level(logging.DEBUG):
        secrets = run_virtual(play())
    browsers = [record for record in caplog.records if record.name.startswith("httpx2")]  # the test's own
    told = "\n".join(record.getMessage() for record in caplog.records if record not in browsers)
    told += "".join(capsys.readouterr())
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()).decode("utf-8", "replace")
    assert len(secrets) >= 6
    assert {secret for secret in secrets if secret in told or secret in kept} == set()
