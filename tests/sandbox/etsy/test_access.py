"""Keys, tokens, scopes, limits and the headers every answer carries."""

import pytest
from tests.sandbox.etsy.house import House


async def test_a_key_without_its_secret_is_refused_in_etsys_words(house: House) -> None:
    bare = {"x-api-key": house.env["ETSY_KEYSTRING"]}
    assert await house.refusal("GET", "/openapi-ping", headers=bare) == (
        403,
        {"error": "Shared secret is required in x-api-key header."},
    )


@pytest.mark.parametrize("key", ["", "nobody:secret"])
async def test_a_missing_or_unknown_key_is_refused(house: House, key: str) -> None:
    status, body = await house.refusal("GET", "/openapi-ping", headers={"x-api-key": key})
    assert (status, body) == (403, {"error": "Invalid API key"})


async def test_a_key_alone_suffices_where_no_scope_is_asked(house: House) -> None:
    answer = await house.call("GET", house.shop, headers={"authorization": ""})
    assert answer.status_code == 200


async def test_skus_are_told_to_the_owner_alone(house: House) -> None:
    path = f"/listings/{house.listing_id('NOTE')}"
    stranger = await house.call("GET", path, headers={"authorization": ""})
    assert "skus" not in stranger.json()
    assert (await house.get(path))["skus"] == ["NOTE"]


@pytest.mark.parametrize("token", ["", "Bearer x", "Basic {token}", "Bearer without-prefix"])
async def test_a_missing_or_malformed_token_is_401(house: House, token: str) -> None:
    given = token.format(token=house.env["ETSY_ACCESS_TOKEN"])
    status, body = await house.refusal("GET", "/users/me", headers={"authorization": given})
    assert (status, body["error"]) == (401, "invalid_token")


async def test_a_token_expires_after_an_hour(house: House) -> None:
    house.clock.advance(3599)
    assert (await house.call("GET", "/users/me")).status_code == 200
    house.clock.advance(1)
    assert await house.refusal("GET", "/users/me") == (
        401,
        {"error": "invalid_token", "error_description": "access token is expired"},
    )


async def test_an_order_read_needs_its_scope(house: House) -> None:
    token = await granted(house, "shops_r listings_r")
    refused = await house.refusal("GET", f"{house.shop}/receipts", headers={"authorization": f"Bearer {token}"})
    assert refused == (403, {"error": "insufficient_scope", "error_description": "Insufficient scope"})
    answer = await house.call("GET", "/users/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 200


async def granted(house: House, scope: str) -> str:
    query = {
        "response_type": "code",
        "client_id": house.env["ETSY_KEYSTRING"],
        "redirect_uri": house.env["ETSY_REDIRECT_URI"],
        "scope": scope,
        "state": "s",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
    }
    answer = await house.client.get("/oauth/connect", params=query)
    code = answer.headers["location"].partition("code=")[2].partition("&")[0]
    form = {
        "grant_type": "authorization_code",
        "client_id": house.env["ETSY_KEYSTRING"],
        "redirect_uri": house.env["ETSY_REDIRECT_URI"],
        "code": code,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    token: str = (await house.client.post("/v3/public/oauth/token", data=form)).json()["access_token"]
    return token


async def test_another_shop_is_not_ours_to_read(house: House) -> None:
    assert await house.refusal("GET", "/shops/5/receipts") == (403, {"error": "User does not own Shop 5"})
    status, _ = await house.refusal("GET", "/shops/5")
    assert status == 404


@pytest.mark.parametrize("switch", ["dormant_app", "secret_expired", "address_not_allowed"])
async def test_a_switched_off_app_is_403_until_switched_on_again(house: House, switch: str) -> None:
    house.world.faults.replace([{"kind": switch}])
    assert (await house.call("GET", "/openapi-ping")).status_code == 403
    house.world.faults.replace([])
    assert (await house.call("GET", "/openapi-ping")).status_code == 200


async def test_a_revoked_grant_refuses_access_and_refresh(house: House) -> None:
    house.world.faults.replace([{"kind": "token_revoked", "channel": "etsy"}])
    status, body = await house.refusal("GET", "/users/me")
    assert (status, body["error_description"]) == (401, "access token is revoked")
    form = {
        "grant_type": "refresh_token",
        "client_id": house.env["ETSY_KEYSTRING"],
        "refresh_token": house.env["ETSY_REFRESH_TOKEN"],
    }
    answer = await house.client.post("/v3/public/oauth/token", data=form)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "refresh_token is revoked"},
    )


async def test_the_eleventh_call_of_a_second_is_429_with_retry_after(limited: House) -> None:
    for left in range(9, -1, -1):
        answer = await limited.call("GET", "/openapi-ping")
        assert (answer.status_code, answer.headers["x-remaining-this-second"]) == (200, str(left))
    refused = await limited.call("GET", "/openapi-ping")
    assert (refused.status_code, refused.json()) == (429, {"error": "Exceeded per second rate limit"})
    assert (refused.headers["retry-after"], refused.headers["x-limit-per-second"]) == ("1", "10")
    limited.clock.advance(1)
    assert (await limited.call("GET", "/openapi-ping")).status_code == 200


async def test_the_day_rolls_in_buckets_of_two_hours(limited: House) -> None:
    limited.set(limit_per_day=3)
    for left in (2, 1, 0):
        answer = await limited.call("GET", "/openapi-ping")
        assert (answer.headers["x-limit-per-day"], answer.headers["x-remaining-today"]) == ("3", str(left))
        limited.clock.advance(60)
    refused = await limited.call("GET", "/openapi-ping")
    assert (refused.status_code, refused.json()) == (429, {"error": "Exceeded daily rate limit"})
    wait_s = int(refused.headers["retry-after"])
    assert 22 * 3600 < wait_s <= 24 * 3600
    limited.clock.advance(wait_s - 2)
    assert (await limited.call("GET", "/openapi-ping")).status_code == 429
    limited.clock.advance(2)
    assert (await limited.call("GET", "/openapi-ping")).headers["x-remaining-today"] == "2"


async def test_every_answer_tells_the_sandboxs_time_and_a_request_id(house: House) -> None:
    house.clock.advance(1.7)
    first = await house.call("GET", "/openapi-ping")
    second = await house.call("GET", "/listings/1")
    consent = await house.client.get("/oauth/connect")
    assert first.headers["date"] == "Mon, 21 Sep 2026 14:13:21 GMT"
    assert second.headers["date"] == consent.headers["date"] == first.headers["date"]
    marks = {each.headers["x-etsy-request-uuid"] for each in (first, second, consent)}
    assert len(marks) == 3


async def test_answers_are_compressed_when_the_caller_accepts(house: House) -> None:
    zipped = await house.call("GET", f"{house.shop}/listings", headers={"accept-encoding": "gzip"})
    plain = await house.call("GET", f"{house.shop}/listings", headers={"accept-encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.json() == plain.json()
    assert int(zipped.headers["content-length"]) < int(plain.headers["content-length"])


async def test_an_unknown_path_is_404(house: House) -> None:
    status, body = await house.refusal("GET", "/orders")
    assert (status, body) == (404, {"error": "Resource not found"})
