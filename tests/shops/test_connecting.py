from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.shops.samples import (
    BAZAAR,
    NOW,
    OWNER,
    PASSWORD,
    TOKEN,
    connect,
    everything,
    grant,
    later,
    new_shop,
    profile,
    vault,
)

from jangbu.infra.db import Database, WriteTx
from jangbu.kernel.errors import Conflict, InputError, NotFound
from jangbu.kernel.ids import ShopId
from jangbu.shops import service as shops
from jangbu.shops import store
from jangbu.shops.model import ShopState, checked_credentials, checked_name, checked_share, own_manifest

GOOD = {"client_id": "abc-1", "client_secret": PASSWORD}


def test_a_connected_shop_is_found_by_name_and_by_id_and_begins_in_watching(database: Database) -> None:
    shop = connect(database, "Mugs 머그", started=False)
    assert database.read_now(lambda tx: shops.named(tx, " Mugs 머그 ")) == shop
    assert database.read_now(lambda tx: shops.named(tx, shop.id)) == shop
    assert (shop.state, shop.writes, shop.started_at) == (ShopState.WATCHING, False, None)
    assert (shop.currency, shop.remote_id) == ("USD", "remote of Mugs 머그")
    assert shop.options == {"remote_shop_id": "remote of Mugs 머그"}


def test_a_name_is_given_once(database: Database) -> None:
    connect(database)
    with pytest.raises(Conflict) as refused:
        database.write_now(lambda tx: shops.add(tx, vault(), BAZAAR, new_shop(), profile("other"), grant(), NOW))
    assert refused.value.code == "shop_exists"
    assert len(database.read_now(shops.all_shops)) == 1


def test_one_remote_shop_is_connected_once_under_whatever_name(database: Database) -> None:
    shop = connect(database)
    with pytest.raises(Conflict) as refused:
        database.write_now(
            lambda tx: shops.add(tx, vault(), BAZAAR, new_shop("again"), profile(shop.remote_id), grant(), NOW)
        )
    assert (refused.value.code, refused.value.facts["name"]) == ("shop_connected", "main shop")


def test_a_shop_nobody_added_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        database.read_now(lambda tx: shops.named(tx, "nowhere"))
    assert database.read_now(lambda tx: shops.by_id(tx, ShopId("nowhere"))) is None


@pytest.mark.parametrize("name", ["", " ", "-shop", "a/b", "x" * 61, "tab\tbed", "naïve;drop"])
def test_a_name_that_cannot_stand_on_a_command_line_is_refused(name: str) -> None:
    with pytest.raises(InputError) as refused:
        checked_name(name)
    assert refused.value.code == "input.shop_name"


@pytest.mark.parametrize("name", ["a", "네이버 스토어", "Etsy-2.kr", "x" * 60])
def test_a_name_of_letters_digits_spaces_dots_and_dashes_is_kept(name: str) -> None:
    assert checked_name(f" {name} ") == name


@pytest.mark.parametrize("share", [-1, 1001])
def test_a_share_outside_its_bounds_is_refused(database: Database, share: int) -> None:
    connect(database)
    with pytest.raises(InputError):
        database.write_now(lambda tx: shops.set_share(tx, "main shop", share))
    assert database.read_now(lambda tx: shops.named(tx, "main shop").share) == 1
    assert [checked_share(0), checked_share(1000)] == [0, 1000]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"client_id": "abc-1", "client_secret": "wrong form 9f2c"}, "input.credential_form", "client_secret"),
        ({"client_id": "abc-1"}, "input.credential_missing", "client_secret"),
        ({"client_id": "  ", "client_secret": PASSWORD}, "input.credential_missing", "client_id"),
        ({**GOOD, "token": "9f2c"}, "input.credential_unknown", "token"),
    ],
)
def test_a_credential_of_the_wrong_form_is_refused_by_field_and_never_by_value(
    given: Mapping[str, str], code: str, field: str
) -> None:
    with pytest.raises(InputError) as refused:
        checked_credentials(BAZAAR, given)
    assert (refused.value.code, refused.value.facts["field"]) == (code, field)
    words = f"{refused.value} {refused.value!r} {dict(refused.value.facts)}"
    assert not any(value.strip() and value in words for value in given.values())


def test_pasted_credentials_are_trimmed_and_empty_optional_ones_left_out() -> None:
    given = {"client_id": " abc-1\n", "client_secret": f"\t{PASSWORD} ", "hook": " "}
    assert checked_credentials(BAZAAR, given) == GOOD
    assert shops.check_new(BAZAAR, new_shop(credentials=given)) == GOOD


def test_what_is_wrong_with_a_new_shop_is_told_before_the_marketplace_is_asked() -> None:
    for wrong in (new_shop("a/b"), new_shop(share=-1), new_shop(credentials={})):
        with pytest.raises(InputError):
            shops.check_new(BAZAAR, wrong)


def test_no_byte_of_a_credential_lies_open_in_any_table(database: Database) -> None:
    safe = vault()
    shop = connect(database, safe=safe)
    at_rest = database.read_now(lambda tx: everything(tx, database.kind))
    assert shop.id.encode() in at_rest, "the search looks where the rows are"
    assert PASSWORD.encode() not in at_rest
    assert TOKEN.encode() not in at_rest
    opened = database.read_now(lambda tx: shops.open_grant(tx, safe, shop.id))
    assert (opened, opened.fields["client_secret"]) == (grant(), PASSWORD)


def test_a_renewed_grant_takes_the_place_of_the_old_one(database: Database) -> None:
    safe = vault()
    shop = connect(database, safe=safe)
    database.write_now(lambda tx: shops.keep_grant(tx, safe, shop.id, grant(2, "fresh"), later(60)))
    opened = database.read_now(lambda tx: shops.open_grant(tx, safe, shop.id))
    assert (opened.version, opened.access_token.reveal()) == (2, "fresh")


def test_a_grant_moved_to_another_shop_does_not_open_there(database: Database) -> None:
    safe = vault()
    one, two = connect(database, "one", safe=safe), connect(database, "two", safe=safe)

    def swap(tx: WriteTx) -> None:
        found = store.grant(tx, one.id)
        assert found is not None
        store.put_grant(tx, two.id, *found, NOW)

    database.write_now(swap)
    with pytest.raises(Exception, match="sealed") as refused:
        database.read_now(lambda tx: shops.open_grant(tx, safe, two.id))
    assert TOKEN not in str(refused.value)


def test_a_shop_without_a_credential_says_so(database: Database) -> None:
    shop = connect(database)
    database.write_now(lambda tx: tx.run("DELETE FROM shop_grant"))
    with pytest.raises(NotFound) as refused:
        database.read_now(lambda tx: shops.open_grant(tx, vault(), shop.id))
    assert refused.value.code == "grant_missing"


def test_an_option_changes_alone_and_the_others_stay(database: Database) -> None:
    connect(database)
    database.write_now(lambda tx: shops.set_option(tx, "main shop", "settle_s", "8"))
    shop = database.write_now(lambda tx: shops.set_option(tx, "main shop", "feed_margin_s", "3"))
    assert shop.options == {"remote_shop_id": "remote of main shop", "settle_s": "8", "feed_margin_s": "3"}
    own = own_manifest(BAZAAR, shop).assumptions
    assert (own.settle_s, own.feed_margin_s, own.horizon) == (8.0, 3.0, BAZAAR.assumptions.horizon)


def test_a_share_is_kept(database: Database) -> None:
    connect(database)
    database.write_now(lambda tx: shops.set_share(tx, "main shop", 3))
    assert database.read_now(lambda tx: shops.named(tx, "main shop").share) == 3


def test_shops_are_listed_by_name_and_say_when_they_were_last_heard(database: Database) -> None:
    for name in ("zebra", "ant"):
        connect(database, name)
    ant = database.read_now(lambda tx: shops.named(tx, "ant"))
    database.write_now(lambda tx: shops.set_heard(tx, ant.id, later(5)))
    heard = [(shop.name, shop.heard_at) for shop in database.read_now(shops.all_shops)]
    assert heard == [("ant", later(5)), ("zebra", None)]


def test_the_owner_who_started_a_shop_is_written_down(database: Database) -> None:
    connect(database)
    actors = database.read_now(lambda tx: tx.all("SELECT code, actor FROM activity ORDER BY seq"))
    assert actors == [("shop.added", "jangbu"), ("shop.started", OWNER)]
