"""Tokens: who gets one, how long it lives, what a malformed request costs."""

from __future__ import annotations

import re

import httpx2
import pytest
from tests.sandbox.naver.kit import Seller

from jangbu.sandbox.naver.signature import sign

HOUR_S = 3600
URL = "/external/v1/oauth2/token"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("client_id", "secret", "timestamp", "signed"),
    [
        (
            "JangbuDocExampleApp001",
            "$2a$04$JangbuInventedSalt000u",
            "1790817330123",
            "JDJhJDA0JEphbmdidUludmVudGVkU2FsdDAwMHVtQi5xVllmWjkzNXhmaFRVZnA2Tk5BajB1aWZ2cHJH",
        ),
        (
            "JangbuDocExampleApp001",
            "$2a$04$JangbuInventedSalt000u",
            "1790817330124",
            "JDJhJDA0JEphbmdidUludmVudGVkU2FsdDAwMHVwTzZVRW9vTHhTTll6Y1Q1M2RUcUJrWWxzenE2aVI2",
        ),
        (
            "JangbuDocExampleApp002",
            "$2a$10$AnotherInventedSalt00O",
            "1790817330123",
            "JDJhJDEwJEFub3RoZXJJbnZlbnRlZFNhbHQwME9EV0x0TWR5a01pM2cwT2xLbUtYVjI5cEFPVnhWRllD",
        ),
        (
            "aaaabbbbcccc",
            "$2a$10$abcdefghijklmnopqrstuv",
            "1643961623299",
            "JDJhJDEwJGFiY2RlZmdoaWprbG1ub3BxcnN0dXVCVldZSk42T0VPdEx1OFY0cDQxa2IuTnpVaUEzbmsy",
        ),
    ],
    ids=["A", "B", "C", "the official example, whose salt is not canonical"],
)
def test_signatures_equal_the_known_vectors(client_id: str, secret: str, timestamp: str, signed: str) -> None:
    assert sign(client_id, secret, timestamp) == signed


def test_credentials_have_the_shape_naver_issues(seller: Seller) -> None:
    assert re.fullmatch(r"\$2a\$04\$[./A-Za-z0-9]{21}[.Oeu]", seller.secret)
    assert re.fullmatch(r"[A-Za-z0-9]{22}", seller.client_id)


async def test_a_signed_request_gets_a_token_of_three_hours_that_opens_the_shop(seller: Seller) -> None:
    answer = await seller.ask_token()
    assert answer.json()["token_type"] == "Bearer"
    assert answer.json()["expires_in"] == 3 * HOUR_S
    account = await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    assert account.json()["accountUid"].startswith("ncp_")


async def test_the_same_token_comes_back_while_half_an_hour_of_it_is_left(seller: Seller) -> None:
    first = (await seller.ask_token()).json()
    seller.clock.advance(2.5 * HOUR_S - 2)
    again = (await seller.ask_token()).json()
    assert again["access_token"] == first["access_token"]
    assert again["expires_in"] == HOUR_S / 2 + 1


async def test_under_half_an_hour_a_new_token_is_issued_and_the_old_one_lives_to_its_end(
    seller: Seller,
) -> None:
    seller.token = old = (await seller.ask_token()).json()["access_token"]
    seller.clock.advance(2.5 * HOUR_S)
    new = (await seller.ask_token()).json()
    assert new["access_token"] != old
    assert new["expires_in"] == 3 * HOUR_S
    assert (await seller.send("getSellerAccount", "GET", "/v1/seller/account")).status_code == 200
    seller.clock.advance(HOUR_S / 2)
    late = await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    assert (late.status_code, late.json()["code"]) == (401, "GW.AUTHN")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"client_id": "SomebodyElse"}, "client_id"),
        ({"client_secret_sign": "A" * 80}, "client_secret_sign"),
        ({"client_secret_sign": None}, "client_secret_sign"),
        ({"grant_type": None}, "grant_type"),
        ({"grant_type": "password"}, "grant_type"),
        ({"type": None}, "type"),
        ({"type": "SELLER"}, "account_id"),
        ({"type": "SELLER", "account_id": "ncp_x"}, "type"),
        ({"timestamp": "1790817330"}, "timestamp"),
    ],
)
async def test_a_wrong_field_is_refused_by_its_name(seller: Seller, changes: dict[str, str | None], named: str) -> None:
    answer = await seller.ask_token(**changes)
    body = answer.json()
    assert answer.status_code == 400
    assert [each["name"] for each in body["invalidInputs"]] == [named]
    assert named in body["message"]
    assert "traceId" not in body


@pytest.mark.parametrize(("off_s", "status"), [(-299, 200), (299, 200), (-301, 400), (301, 400)])
async def test_a_timestamp_is_good_for_five_minutes_to_either_side(seller: Seller, off_s: int, status: int) -> None:
    timestamp = str(seller.now_ms + 1000 + off_s * 1000)
    assert (await seller.ask_token(timestamp=timestamp)).status_code == status


async def test_a_json_body_is_refused(seller: Seller) -> None:
    answer = await seller.http.post(URL, json=seller.form())
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")


async def _in_the_query(seller: Seller) -> httpx2.Response:
    seller.clock.advance(1)
    return await seller.http.post(URL, params=seller.form(), headers=FORM)


async def test_parameters_in_the_query_pass_today_and_cost_tomorrow(seller: Seller) -> None:
    assert (await _in_the_query(seller)).status_code == 200
    seller.clock.advance(24 * HOUR_S)
    assert (await seller.ask_token()).status_code == 200
    punished = await seller.ask_token()
    assert (punished.status_code, punished.json()["code"]) == (429, "GW.QUOTA_LIMIT")
    assert punished.headers["GNCP-GW-Quota-Period"] == "HOURS"
    assert punished.headers["GNCP-GW-Quota-Limit"] == "1"
    assert punished.headers["GNCP-GW-Quota-Remaining"] == "0"
    seller.clock.advance(HOUR_S)
    assert (await seller.ask_token()).status_code == 200
    seller.clock.advance(24 * HOUR_S)
    assert [(await seller.ask_token()).status_code for _ in range(2)] == [200, 200]


async def test_an_account_with_self_passes_today_and_costs_tomorrow(seller: Seller) -> None:
    assert (await seller.ask_token(account_id="ncp_x")).status_code == 200
    seller.clock.advance(24 * HOUR_S)
    assert [(await seller.ask_token()).status_code for _ in range(2)] == [200, 429]


async def test_a_strict_sandbox_refuses_both_at_once(strict_seller: Seller) -> None:
    assert (await _in_the_query(strict_seller)).status_code == 400
    assert (await strict_seller.ask_token(account_id="ncp_x")).status_code == 400


async def test_the_penalty_can_be_switched_on(seller: Seller) -> None:
    seller.shop.settings.update({"token_penalty": True, "token_issues_per_hour": 5})
    answers = [await seller.ask_token() for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["GNCP-GW-Quota-Limit"] == "5"


async def test_a_reissued_secret_ends_the_old_one_and_its_tokens(seller: Seller) -> None:
    await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    seller.shop.settings.update({"secret_generation": 1})
    dead = await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    assert dead.status_code == 401
    refused = await seller.ask_token()
    assert refused.json()["invalidInputs"][0]["name"] == "client_secret_sign"
    seller.secret = seller.shop.env()["NAVER_CLIENT_SECRET"]
    assert (await seller.ask_token()).status_code == 200


async def test_tokens_may_be_set_to_outlive_a_reissue(seller: Seller) -> None:
    await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    seller.shop.settings.update({"secret_generation": 1, "tokens_die_on_reissue": False})
    alive = await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    assert alive.status_code == 200


async def test_a_secret_that_expired_signs_nothing(seller: Seller) -> None:
    seller.faults.replace([{"kind": "secret_expired", "channel": "naver"}])
    refused = await seller.ask_token()
    assert refused.json()["invalidInputs"][0]["name"] == "client_secret_sign"


async def test_a_revoked_token_stays_dead_and_the_next_one_is_another(seller: Seller) -> None:
    await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    old = seller.token
    seller.faults.replace([{"kind": "token_revoked"}])
    assert (await seller.send("getSellerAccount", "GET", "/v1/seller/account")).status_code == 401
    seller.faults.replace([])
    assert (await seller.send("getSellerAccount", "GET", "/v1/seller/account")).status_code == 401
    assert (await seller.ask_token()).json()["access_token"] != old


async def test_an_address_not_registered_is_refused_everywhere_even_at_the_token(seller: Seller) -> None:
    await seller.ask_token()
    seller.faults.replace([{"kind": "address_not_allowed"}])
    for answer in (
        await seller.ask_token(),
        await seller.send("getSellerAccount", "GET", "/v1/seller/account"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "GW.IP_NOT_ALLOWED")


async def test_a_dormant_application_gets_neither_token_nor_answer(seller: Seller) -> None:
    await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    seller.faults.replace([{"kind": "dormant_app"}])
    assert (await seller.ask_token()).status_code == 403
    asleep = await seller.send("getSellerAccount", "GET", "/v1/seller/account")
    assert (asleep.status_code, asleep.json()["code"]) == (401, "GW.AUTHN")


async def test_a_missing_api_group_looks_like_a_bad_token(seller: Seller) -> None:
    seller.shop.settings.update({"missing_group": "상품"})
    assert (await seller.send("getSellerAccount", "GET", "/v1/seller/account")).status_code == 200
    lacking = await seller.send("searchProducts", "POST", "/v1/products/search", body={})
    assert (lacking.status_code, lacking.json()["code"]) == (401, "GW.AUTHN")


async def test_no_token_or_another_scheme_is_refused(seller: Seller) -> None:
    token = (await seller.ask_token()).json()["access_token"]
    for headers in ({}, {"Authorization": token}, {"Authorization": f"Basic {token}"}):
        answer = await seller.http.get("/external/v1/seller/account", headers=headers)
        assert answer.status_code == 401
