"""Consent, codes and tokens."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.sandbox.etsy.house import House

from jangbu.sandbox.etsy.oauth import challenge_of

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def asking(house: House, **changes: str) -> dict[str, str]:
    return {
        "response_type": "code",
        "client_id": house.env["ETSY_KEYSTRING"],
        "redirect_uri": house.env["ETSY_REDIRECT_URI"],
        "scope": "shops_r transactions_r",
        "state": "xyz",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
        **changes,
    }


async def consent(house: House, **changes: str) -> dict[str, str]:
    answer = await house.client.get("/oauth/connect", params=asking(house, **changes))
    assert answer.status_code == 302, answer.text
    target = answer.headers["location"]
    assert target.startswith(house.env["ETSY_REDIRECT_URI"] + "?")
    return {key: values[0] for key, values in parse_qs(urlsplit(target).query).items()}


async def token(house: House, **form: str) -> httpx2.Response:
    return await house.client.post("/v3/public/oauth/token", data={"client_id": house.env["ETSY_KEYSTRING"], **form})


async def redeem(house: House, code: str, **changes: str) -> httpx2.Response:
    form = {"redirect_uri": house.env["ETSY_REDIRECT_URI"], "code_verifier": VERIFIER, **changes}
    return await token(house, grant_type="authorization_code", code=code, **form)


async def refresh(house: House, refresh_token: str) -> httpx2.Response:
    return await token(house, grant_type="refresh_token", refresh_token=refresh_token)


def test_the_challenge_matches_the_official_check_values() -> None:
    assert challenge_of(VERIFIER) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    assert challenge_of("vvkdljkejllufrvbhgeiegrnvufrhvrffnkvcknjvfid") == "DSWlW2Abh-cf8CeLL8-g3hQ2WQyYdKyiu83u_s7nRhI"


async def test_a_consent_becomes_a_working_token(house: House) -> None:
    back = await consent(house)
    assert back["state"] == "xyz"
    answer = await redeem(house, back["code"])
    pair: dict[str, Any] = answer.json()
    assert set(pair) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 3600)
    user_id = pair["access_token"].partition(".")[0]
    assert pair["refresh_token"].startswith(f"{user_id}.")
    me = await house.call("GET", "/users/me", headers={"authorization": f"Bearer {pair['access_token']}"})
    assert me.json() == {"user_id": int(user_id), "shop_id": int(house.env["ETSY_SHOP_ID"])}
    scopes = await house.call("POST", "/scopes", data={"token": pair["access_token"]})
    assert scopes.json() == ["shops_r", "transactions_r"]


async def test_a_code_works_once(house: House) -> None:
    code = (await consent(house))["code"]
    assert (await redeem(house, code)).status_code == 200
    again = await redeem(house, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "A" * 43},
        {"code_verifier": "short"},
        {"redirect_uri": "http://127.0.0.1:3003/other"},
        {"client_id": "someone-else"},
    ],
)
async def test_a_code_is_kept_from_whoever_does_not_fit(house: House, changes: dict[str, str]) -> None:
    code = (await consent(house))["code"]
    assert (await redeem(house, code, **changes)).status_code == 400
    assert (await redeem(house, code)).status_code == 200


async def test_an_old_code_is_refused(house: House) -> None:
    code = (await consent(house))["code"]
    house.clock.advance(3600)
    assert (await redeem(house, code)).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "orders_r"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"state": ""}, "invalid_request"),
    ],
)
async def test_a_faulty_request_goes_back_with_an_error(house: House, changes: dict[str, str], error: str) -> None:
    back = await consent(house, **changes)
    assert back["error"] == error
    assert "code" not in back


@pytest.mark.parametrize("uri", ["http://127.0.0.1:3003/oauth/redirect/", "http://localhost:3003/oauth/redirect", ""])
async def test_another_redirect_address_shows_a_page_and_no_way_back(house: House, uri: str) -> None:
    answer = await house.client.get("/oauth/connect", params=asking(house, redirect_uri=uri))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "The requested redirect URL is not permitted." in answer.text


async def test_the_consent_page_can_be_shown_first(house: House) -> None:
    house.set(consent_page=True)
    page = await house.client.get("/oauth/connect", params=asking(house))
    assert page.status_code == 200
    link = page.text.partition('href="')[2].partition('"')[0].replace("&amp;", "&")
    answer = await house.client.get(link)
    assert answer.headers["location"].startswith(house.env["ETSY_REDIRECT_URI"])


async def test_refreshing_rotates_and_the_old_token_dies(house: House) -> None:
    first = (await redeem(house, (await consent(house))["code"])).json()["refresh_token"]
    second = (await refresh(house, first)).json()["refresh_token"]
    assert second != first
    old = await refresh(house, first)
    assert (old.status_code, old.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "refresh_token is revoked"},
    )
    assert (await refresh(house, second)).status_code == 200


async def test_the_old_refresh_token_can_be_told_to_survive(house: House) -> None:
    house.set(old_refresh_survives=True)
    first = (await redeem(house, (await consent(house))["code"])).json()["refresh_token"]
    assert (await refresh(house, first)).status_code == 200
    assert (await refresh(house, first)).status_code == 200


async def test_a_refresh_token_lives_ninety_days(house: House) -> None:
    first = (await redeem(house, (await consent(house))["code"])).json()["refresh_token"]
    house.clock.advance(90 * 86_400 - 1)
    second = (await refresh(house, first)).json()["refresh_token"]
    house.clock.advance(90 * 86_400)
    assert (await refresh(house, second)).status_code == 400


async def test_the_printed_refresh_token_always_starts_a_fresh_chain(house: House) -> None:
    enrolment = house.env["ETSY_REFRESH_TOKEN"]
    house.clock.advance(100 * 86_400)
    chains = [(await refresh(house, enrolment)).json() for _ in range(2)]
    assert chains[0]["refresh_token"] != chains[1]["refresh_token"]
    for chain in chains:
        assert (await refresh(house, chain["refresh_token"])).status_code == 200


async def test_the_token_endpoint_wants_a_form(house: House, lenient: House) -> None:
    for where, status in ((house, 400), (lenient, 200)):
        body = {
            "grant_type": "refresh_token",
            "client_id": where.env["ETSY_KEYSTRING"],
            "refresh_token": where.env["ETSY_REFRESH_TOKEN"],
        }
        assert (await where.client.post("/v3/public/oauth/token", json=body)).status_code == status


@pytest.mark.parametrize("grant", ["password", ""])
async def test_other_grants_are_unknown(house: House, grant: str) -> None:
    answer = await token(house, grant_type=grant)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


async def test_an_owner_may_also_say_no(house: House) -> None:
    house.set(consent_page=True)
    page = await house.client.get("/oauth/connect", params=asking(house))
    assert "Grant access" in page.text
    assert "Cancel" in page.text
    back = await consent(house, sandbox_approved="no")
    assert back == {"error": "access_denied", "error_description": "The user denied access", "state": "xyz"}
