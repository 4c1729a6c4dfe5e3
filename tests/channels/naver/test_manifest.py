"""The declaration: true to the description, complete, loadable without network, settings or credential."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest
from tests.channels.naver.support import FakeClient
from tests.support import oas

from jangbu.channels.naver import CHANNEL
from jangbu.channels.naver.adapter import NaverAdapter
from jangbu.channels.naver.auth import NaverAuth
from jangbu.sdk import adapter as sdk
from jangbu.sdk.manifest import Effect, Encoding, LimitNews, Scope
from jangbu.sdk.records import LineState

OPERATIONS = sorted(CHANNEL.operations)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_stands_as_the_description_has_it(name: str) -> None:
    operation, official = CHANNEL.operations[name], oas.needed("naver").operations[name]
    entry = official.entry
    content = entry.get("requestBody", {}).get("content", {})
    encodings = {"application/json": Encoding.JSON, "application/x-www-form-urlencoded": Encoding.FORM}
    assert (operation.method, operation.path) == (official.method, official.path)
    assert operation.encoding is next((encodings[kind] for kind in content), Encoding.NONE)
    assert operation.scope == entry["x-api-group"]
    assert operation.authorised is (entry.get("security") != [])


@pytest.mark.parametrize("name", OPERATIONS)
def test_reads_and_writes_are_told_apart_as_described(name: str) -> None:
    official = oas.needed("naver").operations[name]
    reads = official.method == "GET" or official.entry.get("x-read-only", False) or name == "issueToken"
    assert CHANNEL.operations[name].write is not reads


def test_exactly_the_product_writes_move_stock() -> None:
    moving = {name for name, operation in CHANNEL.operations.items() if operation.moves_stock}
    assert moving == {"updateOptionStock", "multiUpdateProducts", "changeProductStatus"}


def test_the_address_is_the_described_server_and_paths_carry_its_prefix() -> None:
    assert oas.needed("naver").document["servers"][0]["url"] == CHANNEL.api_url + "/external"


def test_every_line_state_a_snapshot_may_carry_has_its_effect() -> None:
    effects = CHANNEL.line_effects
    assert set(effects) == set(LineState) - {LineState.REFUNDED}
    assert effects[LineState.UNPAID] is Effect.RESERVE
    assert effects[LineState.CANCELLED] is Effect.RELEASE
    assert effects[LineState.RETURNED] is Effect.SHIP
    assert effects[LineState.UNKNOWN] is Effect.KEEP


@pytest.mark.parametrize(
    "capability",
    [
        sdk.ReadsShop,
        sdk.ReadsListings,
        sdk.WritesStock,
        sdk.SwitchesSale,
        sdk.ReadsOrders,
        sdk.AcknowledgesOrders,
        sdk.ConfirmsShipment,
    ],
)
def test_the_adapter_has_each_declared_capability(capability: type) -> None:
    assert isinstance(CHANNEL.adapter(FakeClient()), capability)


def test_auth_and_adapter_are_built_without_a_call() -> None:
    client = FakeClient()
    assert isinstance(CHANNEL.auth(), NaverAuth)
    assert isinstance(CHANNEL.adapter(client), NaverAdapter)
    assert client.sent == []


def test_the_channel_is_found_by_its_entry_point() -> None:
    (point,) = entry_points(group="jangbu.channels", name="naver")
    assert point.load() is CHANNEL


def test_one_limit_counts_each_operation_apart_and_starts_carefully() -> None:
    (limit,) = CHANNEL.limits
    assert (limit.scope, limit.rate, limit.burst) == (Scope.OPERATION, 2.0, 2)


def test_headers_correct_the_limit() -> None:
    headers = {
        "gncp-gw-ratelimit-replenish-rate": "3",
        "gncp-gw-ratelimit-burst-capacity": "6",
        "gncp-gw-ratelimit-remaining": "5",
    }
    assert CHANNEL.learn(headers) == (LimitNews(CHANNEL.limits[0].name, rate=3.0, burst=6, remaining=5),)


def test_quota_headers_are_told() -> None:
    headers = {"gncp-gw-quota-limit": "5", "gncp-gw-quota-remaining": "0", "gncp-gw-quota-period": "HOURS"}
    assert CHANNEL.learn(headers) == (LimitNews(CHANNEL.limits[0].name, quota=5, quota_remaining=0),)


@pytest.mark.parametrize("value", ["", "many", "-1", "nan", "inf", "²", "0x4"])
def test_headers_that_are_no_numbers_teach_nothing(value: str) -> None:
    headers = {
        "gncp-gw-ratelimit-replenish-rate": value,
        "gncp-gw-ratelimit-burst-capacity": value,
        "gncp-gw-quota-limit": value,
    }
    assert CHANNEL.learn(headers) == ()


def test_the_secret_is_declared_secret_and_its_form_is_checked() -> None:
    fields = {field.name: field for field in CHANNEL.credentials}
    assert fields["client_secret"].secret
    assert fields["client_secret"].pattern == r"^\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{22}$"
    assert not fields["client_id"].secret
