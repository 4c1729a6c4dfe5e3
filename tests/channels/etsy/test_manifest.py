"""The declaration, and that it is true."""

from __future__ import annotations

import re

import pytest
from tests.channels.etsy.support import FakeClient, replies

import jangbu.channels.etsy as package
from jangbu.channels.etsy.manifest import CHANNEL, learn
from jangbu.sdk import adapter as contract
from jangbu.sdk.manifest import LimitNews, Scope


def test_the_manifest_is_the_packages_only_export() -> None:
    assert package.__all__ == ["CHANNEL"]


def test_the_adapter_has_the_capabilities_declared_and_no_others() -> None:
    built = CHANNEL.adapter(FakeClient(replies()))
    for capability in (
        contract.ReadsShop,
        contract.ReadsListings,
        contract.WritesStock,
        contract.SwitchesSale,
        contract.ReadsOrders,
        contract.ConfirmsShipment,
    ):
        assert isinstance(built, capability)
    assert CHANNEL.switches_sale
    assert not CHANNEL.acknowledges
    assert not isinstance(built, contract.AcknowledgesOrders)
    assert isinstance(CHANNEL.auth(), contract.Auth)
    assert built.ship_batch == 1


def test_a_listing_is_written_alone_whole_after_a_read_and_never_to_zero() -> None:
    (kind,) = CHANNEL.write_kinds.values()
    assert (kind.batch, kind.carries_all, kind.needs_read, kind.can_zero) == (1, True, True, False)
    assert CHANNEL.number_max == 999


def test_both_limits_count_the_application() -> None:
    second, day = CHANNEL.limits
    assert (second.scope, second.rate, second.burst) == (Scope.APP, 10.0, 1)
    assert (day.scope, day.quota, day.window_s) == (Scope.APP, 10_000, 86_400.0)


@pytest.mark.parametrize("remaining", ["x-remaining-this-second", "X-Remaining-This-Secon"])
def test_limits_are_learned_from_headers_in_either_spelling(remaining: str) -> None:
    headers = {
        "x-limit-per-second": "150",
        remaining: "149",
        "x-limit-per-day": "100000",
        "x-remaining-today": "0",
    }
    assert learn(headers) == (
        LimitNews("per_second", rate=150, remaining=149),
        LimitNews("per_day", quota=100_000, quota_remaining=0),
    )


@pytest.mark.parametrize("odd", ["", "many", "-5", "1.5"])
def test_headers_that_say_nothing_teach_nothing(odd: str) -> None:
    assert learn({}) == ()
    assert learn({"x-limit-per-second": odd, "x-remaining-today": odd}) == ()


def test_a_limit_of_none_is_not_believed() -> None:
    assert learn({"x-limit-per-second": "0", "x-limit-per-day": "0"}) == ()


def test_secrets_are_declared_and_patterns_take_what_etsy_gives() -> None:
    fields = {field.name: field for field in CHANNEL.credentials}
    assert {name for name, field in fields.items() if field.secret} == {
        "shared_secret",
        "access_token",
        "refresh_token",
        "webhook_secret",
    }
    samples = {
        "keystring": "samplekeystring",
        "shared_secret": "samplesecret",
        "access_token": "812345670.AbC-_d",
        "refresh_token": "812345670.XyZ",
        "shop_id": "41230987",
        "webhook_secret": "whsec_amFuZ2J1",
    }
    for name, sample in samples.items():
        assert re.fullmatch(fields[name].pattern, sample)
    assert not re.fullmatch(fields["keystring"].pattern, "key:secret")


def test_the_notice_etsy_asks_for_is_word_for_word() -> None:
    assert CHANNEL.notice == (
        "The term 'Etsy' is a trademark of Etsy, Inc. This application uses the Etsy API"
        " but is not endorsed or certified by Etsy, Inc."
    )
