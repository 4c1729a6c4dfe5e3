"""How a credential stands, and what a seller may tell of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from tests.shops.samples import BAZAAR, NOW, OWNER, connect, grant, later, told, vault

from jangbu.infra.db import Database
from jangbu.kernel.errors import InputError, NotFound
from jangbu.kernel.ids import ShopId
from jangbu.sdk.manifest import CredentialField, GrantLife
from jangbu.shops import service as shops
from jangbu.shops.model import (
    GrantState,
    ShopState,
    checked_addresses,
    checked_credentials,
    checked_day,
    grant_state,
    typed,
)

RENEWED = GrantLife(days=90, warn_days=14)
CERTIFIED = GrantLife(days=180, warn_days=30, since_option="certified_on")


@pytest.mark.parametrize(
    ("age", "state"),
    [
        (timedelta(0), GrantState.FINE),
        (timedelta(days=76) - timedelta(seconds=1), GrantState.FINE),
        (timedelta(days=76), GrantState.ENDS_SOON),
        (timedelta(days=90) - timedelta(seconds=1), GrantState.ENDS_SOON),
        (timedelta(days=90), GrantState.ENDED),
    ],
)
def test_a_grant_that_renewals_keep_alive_ends_so_long_after_the_last(
    database: Database, age: timedelta, state: GrantState
) -> None:
    shop = connect(database)
    assert grant_state(RENEWED, shop, NOW, NOW + age) == (state, NOW + timedelta(days=90))


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (NOW.date(), GrantState.FINE),
        (NOW.date() - timedelta(days=150), GrantState.ENDS_SOON),
        (NOW.date() - timedelta(days=180), GrantState.ENDED),
    ],
)
def test_a_grant_that_a_person_confirms_ends_so_long_after_the_day_told(
    database: Database, day: date, state: GrantState
) -> None:
    shop = replace(connect(database), options={"certified_on": day.isoformat()})
    found, ends = grant_state(CERTIFIED, shop, NOW, NOW)
    assert found is state
    assert ends is not None
    assert ends.date() == day + timedelta(days=180)


def test_a_day_nobody_told_is_asked_for_and_a_refusal_outweighs_all(database: Database) -> None:
    shop = connect(database)
    assert grant_state(CERTIFIED, shop, NOW, NOW) == (GrantState.UNTOLD, None)
    assert grant_state(None, shop, None, NOW) == (GrantState.FINE, None)
    refused = replace(shop, state=ShopState.NEEDS_ATTENTION)
    assert grant_state(RENEWED, refused, NOW, NOW)[0] is GrantState.REFUSED
    renewed = replace(refused, options={"regranted_at": NOW.isoformat()})
    assert grant_state(RENEWED, renewed, NOW, NOW + timedelta(seconds=119))[0] is GrantState.TRYING
    assert grant_state(RENEWED, renewed, NOW, NOW + timedelta(seconds=120))[0] is GrantState.REFUSED


def test_a_credential_is_as_old_as_its_last_renewal(database: Database) -> None:
    safe = vault()
    shop = connect(database, safe=safe)
    assert database.read_now(shops.grant_times) == {shop.id: NOW}
    database.write_now(lambda tx: shops.keep_grant(tx, safe, shop.id, grant(2), later(3600)))
    assert database.read_now(shops.grant_times) == {shop.id: later(3600)}


def test_a_change_by_hand_is_seen_by_those_who_watch_the_options_and_is_told(database: Database) -> None:
    shop = connect(database)
    changed = database.write_now(lambda tx: shops.regranted(tx, shop.id, later(5), actor=OWNER))
    assert changed.options == {**shop.options, "regranted_at": later(5).isoformat()}
    assert database.read_now(told)[-1] == "shop.regranted"
    with pytest.raises(NotFound):
        database.write_now(lambda tx: shops.regranted(tx, ShopId("gone"), NOW, actor=OWNER))


@pytest.mark.parametrize(("text", "kept"), [(" 2026-01-31 ", "2026-01-31"), ("2026-02-01", "2026-02-01")])
def test_a_day_that_is_past_or_today_is_kept(text: str, kept: str) -> None:
    assert checked_day(text, date(2026, 2, 1)) == kept


@pytest.mark.parametrize(
    ("text", "code"), [("", "input.day"), ("31.1.2026", "input.day"), ("2026-02-02", "input.day_to_come")]
)
def test_no_day_and_one_to_come_are_refused(text: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_day(text, date(2026, 2, 1))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7,198.51.100.2\n192.0.2.1 ", "203.0.113.7, 198.51.100.2, 192.0.2.1"),
        ("203.0.113.7 203.0.113.7", "203.0.113.7"),
        ("", ""),
    ],
)
def test_up_to_three_addresses_are_kept(text: str, kept: str) -> None:
    assert checked_addresses(text) == kept


@pytest.mark.parametrize(
    ("text", "code"),
    [("2001:db8::1", "input.ipv4"), ("my-home", "input.ipv4"), ("1.1.1.1 2.2.2.2 3.3.3.3 4.4.4.4", "input.ipv4_many")],
)
def test_other_addresses_and_more_than_three_are_refused(text: str, code: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_addresses(text)
    assert refused.value.code == code


def test_where_a_consent_brings_a_field_nobody_types_it() -> None:
    brought = CredentialField("refresh_token", secret=True, by_consent=True)
    manifest = replace(BAZAAR, credentials=(*BAZAAR.credentials, brought))
    names = {field.name for field in BAZAAR.credentials}
    assert {field.name for field in typed(manifest).credentials} == names
    with pytest.raises(InputError) as refused:
        checked_credentials(typed(manifest), {"refresh_token": "x"})
    assert refused.value.code == "input.credential_unknown"


def test_moments_are_aware(database: Database) -> None:
    _, ends = grant_state(RENEWED, connect(database), NOW, NOW)
    assert isinstance(ends, datetime)
    assert ends.tzinfo is not None
