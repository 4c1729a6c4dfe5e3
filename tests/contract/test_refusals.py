"""What a person is told when a marketplace refuses: wrong credentials, switches of the far side, single lines."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest
from tests.contract.forcing import LINE_REFUSALS
from tests.contract.kit import Bench, on_a_bench
from tests.contract.lives import a_recorded_town
from tests.support.recording import Recording
from tests.support.town import START
from tests.support.vtime import run_virtual

from jangbu.app import operations as ops
from jangbu.channels.naver.faults import refusal_code
from jangbu.kernel.errors import (
    AddressNotAllowed,
    ChannelError,
    GrantError,
    ReauthRequired,
    ScopeMissing,
    Throttled,
)
from jangbu.sdk.client import Order, Request, Response

ENDED: Final = timedelta(hours=-1)


@pytest.mark.parametrize(
    ("channel", "field", "code"),
    [
        ("etsy", "shared_secret", "etsy.key_unknown"),
        ("etsy", "keystring", "etsy.key_unknown"),
        ("etsy", "refresh_token", "etsy.refresh_refused"),
        ("naver", "client_secret", "naver.secret_wrong"),
        ("naver", "client_id", "naver.client_id_wrong"),
    ],
)
def test_a_wrong_credential_is_told_by_its_field_and_nothing_is_kept(
    channel: str, field: str, code: str, tmp_path: Path
) -> None:
    async def play() -> None:
        async with a_recorded_town(tmp_path) as (town, _):
            given = town.credentials(channel)
            last = given[field][-1]
            wrong = given | {field: given[field][:-1] + ("O" if last != "O" else "e")}
            with pytest.raises(ReauthRequired) as refused:
                await ops.shop_add(town.house, channel=channel, name="x", credentials=wrong, actor="person:owner")
            assert refused.value.code == code
            assert await ops.shop_list(town.house) == []

    run_virtual(play(), start=START)


@pytest.mark.parametrize(
    ("channel", "switch", "kind", "code"),
    [
        ("etsy", "token_revoked", ReauthRequired, "etsy.refresh_refused"),
        ("etsy", "secret_expired", ReauthRequired, "etsy.key_unknown"),
        ("etsy", "dormant_app", ReauthRequired, "etsy.key_unknown"),
        ("etsy", "address_not_allowed", ScopeMissing, "etsy.forbidden"),
        # Naver gives a new token, and refuses that too: the second 401 is the last word.
        ("naver", "token_revoked", ReauthRequired, "channel.reauth_required"),
        ("naver", "secret_expired", ReauthRequired, "naver.secret_wrong"),
        ("naver", "dormant_app", ReauthRequired, "naver.app_not_entitled"),
        ("naver", "address_not_allowed", AddressNotAllowed, "naver.address_not_allowed"),
    ],
)
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_a_switch_of_the_far_side_stops_a_shop_with_its_cause(
    write: bool, channel: str, switch: str, kind: type[GrantError], code: str, tmp_path: Path
) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        listing = (await shop.one_of_each_kind())[0]
        number = await shop.write_of(listing, 1)
        shown = shop.shown()
        shop.town.world.faults.replace([{"kind": switch}])
        # a secret that ended is noticed with the next token
        ended = shop.door_with("", None) if switch == "secret_expired" else shop.door()
        adapter = ended.adapter(Order())
        with pytest.raises(ChannelError) as refused:
            await (adapter.write_numbers([number]) if write else adapter.read_shop())
        assert (type(refused.value), refused.value.code) == (kind, code)
        assert shop.shown() == shown

    on_a_bench(case, channel, tmp_path)


LONG_WAITS: Final = [
    ("etsy", {"limit_per_day": 1}, "etsy.daily_limit"),
    ("naver", {"token_penalty": True, "token_issues_per_hour": 0}, "naver.token_quota"),
]


async def _met_a_long_wait(shop: Bench, settings: dict[str, Any], recording: Recording) -> Throttled:
    """Have the far side refuse for an hour or more; the refused call is not sent again meanwhile."""
    shop.emulator.settings.update(settings)
    expires_at = shop.town.clock.now() + ENDED if shop.channel == "naver" else shop.town.clock.now() - ENDED
    user = shop.town.credentials(shop.channel).get("access_token", "ended")
    before = len(recording.exchanges)
    with pytest.raises(Throttled) as refused:
        await shop.door_with(user, expires_at).adapter(Order()).read_shop()
    statuses = [each.answer.status_code for each in recording.exchanges[before:] if each.answer is not None]
    assert statuses == [429]
    return refused.value


@pytest.mark.parametrize(("channel", "settings", "code"), LONG_WAITS, ids=["etsy", "naver"])
def test_a_limit_that_lasts_is_told_with_its_wait_and_not_run_against(
    channel: str, settings: dict[str, Any], code: str, tmp_path: Path
) -> None:
    async def case(shop: Bench, recording: Recording) -> None:
        refused = await _met_a_long_wait(shop, settings, recording)
        assert refused.retry_after_s >= 3_590
        await shop.town.house.calls.flush()
        (latest, *_) = await ops.call_list(shop.town.house, limit=1)
        assert (latest["status"], latest["error"]) == (429, code)

    on_a_bench(case, channel, tmp_path)


@pytest.mark.parametrize(("channel", "settings", "code"), LONG_WAITS, ids=["etsy", "naver"])
def test_a_limit_that_lasts_is_told_by_its_cause(
    channel: str, settings: dict[str, Any], code: str, tmp_path: Path
) -> None:
    async def case(shop: Bench, recording: Recording) -> None:
        assert (await _met_a_long_wait(shop, settings, recording)).code == code

    on_a_bench(case, channel, tmp_path)


def test_a_consent_with_fewer_scopes_names_the_one_that_is_missing(tmp_path: Path) -> None:
    async def case(shop: Bench, recording: Recording) -> None:
        door = shop.door_with(await _narrow_token(shop, recording), shop.town.clock.now() - ENDED)
        adapter = door.adapter(Order())
        await adapter.read_shop()
        with pytest.raises(ScopeMissing) as refused:
            await adapter.sweep("")
        assert (refused.value.code, refused.value.facts["scope"]) == ("etsy.scope_missing", "transactions_r")

    on_a_bench(case, "etsy", tmp_path)


async def _narrow_token(shop: Bench, recording: Recording) -> str:
    """Consent to reading the shop alone, past the recording: the hub sends none of this."""
    verifier = "v" * 43
    digest = hashlib.sha256(verifier.encode()).digest()
    env, origin = shop.town.world.env(), shop.town.house.api_url("etsy")
    app = {"client_id": env["ETSY_KEYSTRING"], "redirect_uri": env["ETSY_REDIRECT_URI"]}
    question = {
        "response_type": "code",
        "scope": "shops_r",
        "state": "s",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    unseen = recording.unseen()
    consent = httpx2.Request("GET", f"{origin}/oauth/connect?{urlencode(app | question)}")
    yes = await unseen.handle_async_request(consent)
    (code,) = parse_qs(urlsplit(yes.headers["location"]).query)["code"]
    form = app | {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
    answer = await unseen.handle_async_request(httpx2.Request("POST", f"{origin}/v3/public/oauth/token", data=form))
    return str(answer.json()["access_token"])


def test_lines_refused_in_an_answer_of_success_have_their_causes(tmp_path: Path) -> None:
    async def case(shop: Bench, _: Recording) -> None:
        door = shop.door()
        lines = [(await shop.order(shop.sell())).lines[0].remote_id for _ in range(8)]
        send = door.client.at(Order()).send
        number, now = "600000000001", "2026-03-02T18:00:00.000+09:00"

        def parcel(line: str, **changes: str) -> dict[str, str]:
            usual = {"productOrderId": line, "deliveryMethod": "DELIVERY", "deliveryCompanyCode": "CJGLS"}
            return usual | {"trackingNumber": number, "dispatchDate": now} | changes

        async def dispatch(*parcels: dict[str, str]) -> dict[str, str]:
            return _refused(await send(Request("dispatchProductOrders", json={"dispatchProductOrders": list(parcels)})))

        assert await dispatch(parcel(lines[0])) == {}
        found = await dispatch(
            parcel(lines[0]),
            parcel(lines[1], deliveryMethod="RETURN_DESIGNATED"),
            {name: value for name, value in parcel(lines[2]).items() if name != "deliveryCompanyCode"},
            parcel(lines[3], trackingNumber=""),
            parcel(lines[4], trackingNumber="12"),
            parcel(lines[5]),
            parcel(lines[6]),
            parcel(lines[6]),
        )
        confirm = Request("confirmProductOrders", json={"productOrderIds": [lines[7]]})
        assert _refused(await send(confirm)) == {}
        found |= _refused(await send(confirm))
        assert found == {
            lines[0]: "line_state",
            lines[1]: "delivery_method",
            lines[2]: "carrier_unknown",
            lines[3]: "tracking_missing",
            lines[4]: "tracking_invalid",
            lines[5]: "tracking_used",
            lines[6]: "duplicate_line",
            lines[7]: "place_order_state",
        }
        assert set(found.values()) == LINE_REFUSALS

    on_a_bench(case, "naver", tmp_path)


def _refused(answer: Response) -> dict[str, str]:
    failures: list[dict[str, Any]] = answer.json()["data"]["failProductOrderInfos"]
    return {each["productOrderId"]: refusal_code(each["code"]).removeprefix("naver.") for each in failures}
