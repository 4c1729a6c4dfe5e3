"""Which buckets a call counts in."""

from __future__ import annotations

from tests.sdk.samples import DAY, OPERATIONS, RATE, manifest

from jangbu.sdk.budget import bucket_keys
from jangbu.sdk.manifest import Limit, Operation, Scope

PER_SHOP = Limit("per_shop", Scope.SHOP, rate=5.0)
PER_OPERATION = Limit("per_operation", Scope.OPERATION, rate=2.0, burst=2)
GET, PUT = OPERATIONS["getThing"], OPERATIONS["putNumber"]


def ids(channel_limits: list[Limit], operation: Operation, app: str = "a", shop: str = "s") -> list[str]:
    return [key.id for key in bucket_keys(manifest(channel_limits), operation, app, shop)]


def test_a_limit_per_app_is_shared_by_shops_and_operations() -> None:
    assert ids([RATE], GET, shop="s1") == ids([RATE], PUT, shop="s2")
    assert ids([RATE], GET, app="a1") != ids([RATE], GET, app="a2")


def test_a_limit_per_shop_is_shared_by_operations_only() -> None:
    assert ids([PER_SHOP], GET, shop="s1") == ids([PER_SHOP], PUT, shop="s1")
    assert ids([PER_SHOP], GET, shop="s1") != ids([PER_SHOP], GET, shop="s2")


def test_a_limit_per_operation_counts_operations_apart_and_shops_of_an_app_together() -> None:
    assert ids([PER_OPERATION], GET) != ids([PER_OPERATION], PUT)
    assert ids([PER_OPERATION], GET, shop="s1") == ids([PER_OPERATION], GET, shop="s2")


def test_an_operation_without_limits_has_the_default_ones() -> None:
    assert [key.limit for key in bucket_keys(manifest([RATE, DAY]), GET, "a", "s")] == [RATE, DAY]


def test_an_operation_that_names_limits_has_those_and_the_others_do_not() -> None:
    token = Limit("token", Scope.APP, rate=0.1)
    special = Operation("renewToken", "POST", "/token", limits=("rate", "token"))
    channel = manifest([RATE, DAY, token], operations={"renewToken": special, "getThing": GET})
    assert [key.limit for key in bucket_keys(channel, special, "a", "s")] == [RATE, token]
    assert [key.limit for key in bucket_keys(channel, GET, "a", "s")] == [RATE, DAY]


def test_channels_with_one_app_key_do_not_meet() -> None:
    other = manifest([RATE], id="other")
    assert bucket_keys(other, GET, "a", "s")[0].id != ids([RATE], GET)[0]
