"""The signed token request: official vectors, what is sent, when, and that nothing of it shows."""

from __future__ import annotations

import base64
import traceback
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from tests.channels.naver.support import NOW, FakeClient, answer, script_of

from jangbu.channels.naver.auth import NaverAuth, signature
from jangbu.channels.naver.wire.access import Token
from jangbu.kernel.errors import AddressNotAllowed, ContractBroken, ReauthRequired, Throttled, Transient
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Auth, Grant
from jangbu.sdk.client import Request, Response

SECRET = "$2a$04$JangbuInventedSalt000u"
FIELDS = {"client_id": "JangbuDocExampleApp001", "client_secret": SECRET}
TOKEN = {"access_token": "EXAMPLEtoken", "expires_in": 10799, "token_type": "Bearer"}

VECTORS = {
    "A": (
        "JangbuDocExampleApp001",
        SECRET,
        1790817330123,
        "JDJhJDA0JEphbmdidUludmVudGVkU2FsdDAwMHVtQi5xVllmWjkzNXhmaFRVZnA2Tk5BajB1aWZ2cHJH",
    ),
    "B, a millisecond later": (
        "JangbuDocExampleApp001",
        SECRET,
        1790817330124,
        "JDJhJDA0JEphbmdidUludmVudGVkU2FsdDAwMHVwTzZVRW9vTHhTTll6Y1Q1M2RUcUJrWWxzenE2aVI2",
    ),
    "C, cost 10": (
        "JangbuDocExampleApp002",
        "$2a$10$AnotherInventedSalt00O",
        1790817330123,
        "JDJhJDEwJEFub3RoZXJJbnZlbnRlZFNhbHQwME9EV0x0TWR5a01pM2cwT2xLbUtYVjI5cEFPVnhWRllD",
    ),
    "D, the documentation's, whose salt is not canonical": (
        "aaaabbbbcccc",
        "$2a$10$abcdefghijklmnopqrstuv",
        1643961623299,
        "JDJhJDEwJGFiY2RlZmdoaWprbG1ub3BxcnN0dXVCVldZSk42T0VPdEx1OFY0cDQxa2IuTnpVaUEzbmsy",
    ),
}


@pytest.mark.parametrize("vector", VECTORS.values(), ids=VECTORS.keys())
def test_the_signature_is_the_official_one(vector: tuple[str, str, int, str]) -> None:
    client_id, secret, timestamp_ms, expected = vector
    assert signature(client_id, Secret(secret), timestamp_ms).reveal() == expected


def test_a_signature_survives_form_encoding_unchanged() -> None:
    sign = signature(FIELDS["client_id"], Secret(SECRET), 1790817330123).reveal()
    assert len(sign) == 80
    assert quote(sign, safe="") == sign
    assert base64.b64decode(sign).decode().startswith(SECRET)  # why it must never be shown


@pytest.mark.parametrize("secret", ["", "$2a$04$short", SECRET + "x", SECRET + "\n", "plain-text-no-salt-29-chars-0"])
def test_a_mangled_secret_is_refused_before_anything_is_sent(secret: str) -> None:
    with pytest.raises(ReauthRequired) as refused:
        signature("id", Secret(secret), 1790817330123)
    assert refused.value.code == "naver.secret_wrong"


@pytest.mark.parametrize("client_id", ["", "x" * 59])
def test_an_id_that_cannot_be_signed_is_refused(client_id: str) -> None:
    with pytest.raises(ReauthRequired) as refused:
        signature(client_id, Secret(SECRET), 1790817330123)
    assert refused.value.code == "naver.client_id_wrong"


async def test_the_token_request_is_exactly_the_documented_form() -> None:
    client = FakeClient({"issueToken": script_of(TOKEN)})
    at = datetime.fromtimestamp(1790817330.123, UTC)
    await NaverAuth().renew(client, Grant(FIELDS), at)
    (request,) = client.sent
    assert request.form == {
        "client_id": FIELDS["client_id"],
        "timestamp": "1790817330123",
        "grant_type": "client_credentials",
        "client_secret_sign": VECTORS["A"][3],
        "type": "SELF",
    }
    assert (request.query, request.headers, request.json) == ({}, {}, None)


async def test_a_renewed_grant_carries_token_end_and_the_next_version() -> None:
    client = FakeClient({"issueToken": script_of(TOKEN)})
    grant = await NaverAuth().renew(client, Grant(FIELDS, version=4), NOW)
    assert grant.access_token == Secret("EXAMPLEtoken")
    assert grant.expires_at == NOW + timedelta(seconds=10799)
    assert grant.version == 5
    assert grant.fields == FIELDS


@pytest.mark.parametrize(
    ("left", "wanted"),
    [(timedelta(minutes=10), False), (timedelta(minutes=9, seconds=59), True), (timedelta(seconds=-1), True)],
)
def test_a_token_is_renewed_under_ten_minutes(left: timedelta, *, wanted: bool) -> None:
    grant = Grant(FIELDS, access_token=Secret("t"), expires_at=NOW + left)
    assert NaverAuth().needs_renewal(grant, NOW) is wanted


@pytest.mark.parametrize(
    "grant", [Grant(FIELDS), Grant(FIELDS, access_token=Secret("t")), Grant(FIELDS, expires_at=NOW)]
)
def test_a_grant_without_token_or_end_is_renewed(grant: Grant) -> None:
    assert NaverAuth().needs_renewal(grant, NOW)


def test_calls_are_signed_as_bearer_and_counted_by_application() -> None:
    auth = NaverAuth()
    assert isinstance(auth, Auth)
    assert auth.headers(Grant(FIELDS, access_token=Secret("t"))) == {"Authorization": "Bearer t"}
    assert auth.app_key(FIELDS) == "JangbuDocExampleApp001"


def refusing(status: int, code: str, field: str = "", *, date: str = "", **headers: str) -> FakeClient:
    message = f"{field} 항목이 유효하지 않습니다."
    body = {"code": code, "message": message, "invalidInputs": [{"name": field, "message": message}]}
    told = {name.replace("_", "-"): value for name, value in headers.items()} | ({"date": date} if date else {})

    def reply(request: Request) -> Response:
        return answer(request, body, status=status, headers=told)

    return FakeClient({"issueToken": reply})


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("client_id", "naver.client_id_wrong"),
        ("client_secret_sign", "naver.secret_wrong"),
        ("timestamp", "naver.clock_wrong"),
        ("type", "naver.token_refused"),
    ],
)
async def test_the_blamed_field_tells_what_a_person_must_mend(field: str, code: str) -> None:
    with pytest.raises(ReauthRequired) as refused:
        await NaverAuth().renew(refusing(400, "BAD_REQUEST", field), Grant(FIELDS), NOW)
    assert refused.value.code == code


async def test_the_layer_that_spells_its_code_otherwise_is_understood_too() -> None:
    def reply(request: Request) -> Response:
        return answer(request, {"code": "BadRequest", "message": "client_id 항목이 유효하지 않습니다"}, status=400)

    with pytest.raises(ReauthRequired) as refused:
        await NaverAuth().renew(FakeClient({"issueToken": reply}), Grant(FIELDS), NOW)
    assert refused.value.code == "naver.client_id_wrong"


@pytest.mark.parametrize(
    ("date", "code"),
    [
        ("Thu, 01 Oct 2026 01:03:00 GMT", "naver.secret_wrong"),
        ("Thu, 01 Oct 2026 01:06:00 GMT", "naver.clock_wrong"),
        ("Thu, 01 Oct 2026 00:54:00 GMT", "naver.clock_wrong"),
        ("yesterday", "naver.secret_wrong"),
    ],
)
async def test_a_refused_signature_is_blamed_on_the_clock_when_the_clock_is_wrong(date: str, code: str) -> None:
    client = refusing(400, "BAD_REQUEST", "client_secret_sign", date=date)
    with pytest.raises(ReauthRequired) as refused:
        await NaverAuth().renew(client, Grant(FIELDS), NOW)
    assert refused.value.code == code
    assert refused.value.status == 400


async def test_an_address_that_is_not_registered_is_told_already_here() -> None:
    with pytest.raises(AddressNotAllowed) as refused:
        await NaverAuth().renew(refusing(403, "GW.IP_NOT_ALLOWED"), Grant(FIELDS), NOW)
    assert refused.value.code == "naver.address_not_allowed"


async def test_the_penalty_waits_an_hour() -> None:
    client = refusing(429, "GW.QUOTA_LIMIT", gncp_gw_quota_period="HOURS")
    with pytest.raises(Throttled) as refused:
        await NaverAuth().renew(client, Grant(FIELDS), NOW)
    assert (refused.value.code, refused.value.retry_after_s) == ("naver.token_quota", 3600.0)


async def test_trouble_at_the_gateway_is_no_reason_to_ask_a_person() -> None:
    with pytest.raises(Transient):
        await NaverAuth().renew(refusing(504, "GW.TIMEOUT.01"), Grant(FIELDS), NOW)


async def test_a_token_answer_of_another_shape_breaks_the_contract_without_showing_itself() -> None:
    def reply(request: Request) -> Response:
        return answer(request, {"access_token": ["hush-hush"], "expires_in": 1}, odd=True)

    with pytest.raises(ContractBroken) as broken:
        await NaverAuth().renew(FakeClient({"issueToken": reply}), Grant(FIELDS), NOW)
    assert "hush-hush" not in "".join(traceback.format_exception(broken.value))


async def test_no_error_and_no_repr_shows_secret_or_signature() -> None:
    client = refusing(400, "BAD_REQUEST", "client_secret_sign", date="Thu, 01 Oct 2026 09:00:00 GMT")
    with pytest.raises(ReauthRequired) as refused:
        await NaverAuth().renew(client, Grant(FIELDS), NOW)
    (request,) = client.sent
    assert request.form is not None
    sign = request.form["client_secret_sign"]
    shown = "".join(traceback.format_exception(refused.value)) + repr(refused.value.facts) + repr(request)
    shown += repr(Grant(FIELDS, access_token=Secret("TOKEN-TEXT"))) + repr(signature("a", Secret(SECRET), 1))
    for hidden in (SECRET, sign, sign[:20], "TOKEN-TEXT"):
        assert hidden not in shown


@pytest.mark.parametrize(("status", "code"), [(401, "UNAUTHORIZED"), (403, "FORBIDDEN"), (403, "")])
async def test_an_application_that_is_not_let_in_needs_a_person(status: int, code: str) -> None:
    with pytest.raises(ReauthRequired) as refused:
        await NaverAuth().renew(refusing(status, code), Grant(FIELDS), NOW)
    assert refused.value.code == "naver.app_not_entitled"


def test_a_token_read_from_the_wire_does_not_show_itself() -> None:
    assert "EXAMPLEtoken" not in repr(Token("EXAMPLEtoken", 10799))
