from __future__ import annotations

from functools import partial

import pytest
from tests.shops.samples import NOW, OWNER, connect, later, told

from jangbu.infra.db import Database
from jangbu.kernel.errors import IllegalTransition, ReauthRequired, Transient
from jangbu.kernel.ids import ShopId
from jangbu.shops import service as shops
from jangbu.shops import store
from jangbu.shops.model import Shop, ShopState

REFUSED = ReauthRequired("no", operation="readShop", status=401, remote_code="E1", request_id="q7", attempt=3)


def go(database: Database, action: str, seconds: float = 0) -> Shop:
    change = {"start": shops.start, "pause": shops.pause, "resume": shops.resume}[action]
    return database.write_now(lambda tx: change(tx, "main shop", later(seconds), actor=OWNER))


def now(database: Database) -> Shop:
    return database.read_now(lambda tx: shops.named(tx, "main shop"))


def fail(database: Database, shop: Shop, error: Transient | ReauthRequired, *, stops: bool) -> Shop:
    database.write_now(lambda tx: shops.trouble(tx, shop.id, error, later(9), stops=stops))
    return now(database)


def mend(database: Database, shop: Shop) -> bool:
    return database.write_now(lambda tx: shops.mended(tx, shop.id, later(20)))


def test_only_a_started_shop_is_written_to(database: Database) -> None:
    connect(database, started=False)
    assert [go(database, action).writes for action in ("start", "pause", "resume")] == [True, False, True]


def test_starting_again_keeps_the_time_of_the_first_start(database: Database) -> None:
    connect(database, started=False)
    go(database, "start", 5)
    go(database, "pause", 6)
    assert go(database, "start", 7).started_at == later(5)


def test_resuming_a_shop_that_was_never_started_leaves_it_watching(database: Database) -> None:
    connect(database, started=False)
    assert go(database, "pause").state is ShopState.PAUSED
    assert go(database, "resume").state is ShopState.WATCHING


def test_pausing_twice_is_told_once(database: Database) -> None:
    connect(database)
    go(database, "pause")
    go(database, "pause")
    assert database.read_now(told).count("shop.paused") == 1


@pytest.mark.parametrize("action", ["start", "pause", "resume"])
def test_nothing_brings_back_a_disconnected_shop(database: Database, action: str) -> None:
    shop = connect(database)
    database.write_now(lambda tx: store.set_state(tx, shop.id, ShopState.DISCONNECTED))
    with pytest.raises(IllegalTransition) as refused:
        go(database, action)
    assert refused.value.code == "shop_disconnected"
    assert now(database).state is ShopState.DISCONNECTED


def test_trouble_that_stops_a_shop_ends_writing_and_says_where_it_happened(database: Database) -> None:
    shop = fail(database, connect(database), REFUSED, stops=True)
    assert (shop.state, shop.trouble, shop.trouble_at) == (
        ShopState.NEEDS_ATTENTION, "channel.reauth_required", later(9),
    )  # fmt: skip
    assert shop.trouble_facts == {
        "attempt": 3, "operation": "readShop", "status": 401, "remote_code": "E1", "request_id": "q7",
    }  # fmt: skip


def test_trouble_that_passes_by_itself_leaves_writing_as_it_is(database: Database) -> None:
    shop = fail(database, connect(database), Transient("slow"), stops=False)
    assert (shop.state, shop.trouble) == (ShopState.CONNECTED, "channel.transient")


def test_the_same_trouble_is_noted_once_and_keeps_its_first_time(database: Database) -> None:
    shop = connect(database)
    for at in (later(1), later(2), later(3)):
        database.write_now(partial(shops.trouble, shop=shop.id, error=Transient(), at=at, stops=False))
    assert database.read_now(told).count("shop.trouble") == 1
    assert now(database).trouble_at == later(1)


def test_the_same_trouble_still_stops_a_shop_when_it_turns_out_to_need_a_person(database: Database) -> None:
    shop = connect(database)
    fail(database, shop, REFUSED, stops=False)
    assert fail(database, shop, REFUSED, stops=True).state is ShopState.NEEDS_ATTENTION


def test_trouble_never_starts_a_paused_shop_nor_hides_the_pause(database: Database) -> None:
    shop = connect(database)
    go(database, "pause")
    assert fail(database, shop, REFUSED, stops=True).state is ShopState.PAUSED
    assert mend(database, shop)
    assert (now(database).state, now(database).trouble) == (ShopState.PAUSED, "")


@pytest.mark.parametrize("started", [True, False])
def test_a_mended_shop_goes_back_to_where_its_owner_had_let_it(database: Database, *, started: bool) -> None:
    shop = connect(database, started=started)
    fail(database, shop, REFUSED, stops=True)
    assert mend(database, shop)
    assert now(database).state is (ShopState.CONNECTED if started else ShopState.WATCHING)
    assert not mend(database, shop), "there is nothing left to mend"


def test_the_owner_can_resume_a_shop_that_needs_attention(database: Database) -> None:
    fail(database, connect(database), REFUSED, stops=True)
    shop = go(database, "resume")
    assert (shop.state, shop.trouble, shop.trouble_at) == (ShopState.CONNECTED, "", None)


def test_trouble_of_a_shop_nobody_knows_is_no_news(database: Database) -> None:
    database.write_now(lambda tx: shops.trouble(tx, ShopId("gone"), Transient(), NOW, stops=True))
    assert not database.write_now(lambda tx: shops.mended(tx, ShopId("gone"), NOW))
    assert database.read_now(told) == []


def test_the_general_stop_remembers_since_when_and_is_told_once(database: Database) -> None:
    for at in (later(1), later(2)):
        database.write_now(partial(shops.stop_all, at=at, actor=OWNER))
    assert database.read_now(shops.stopped_since) == later(1)
    for at in (later(3), later(4)):
        database.write_now(partial(shops.resume_all, at=at, actor=OWNER))
    assert database.read_now(shops.stopped_since) is None
    assert database.read_now(told) == ["all.stopped", "all.resumed"]
