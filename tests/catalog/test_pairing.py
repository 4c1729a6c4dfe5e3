"""Answers about pairs: what they link, what they refuse, how one is taken back; pictures and when they are fetched."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.catalog.shelf import by_hand, link, linked, listing, offer, take
from tests.shops.samples import NOW, OWNER, connect

from jangbu.catalog import decisions, pairing, photos
from jangbu.catalog.pairing import Made, Same
from jangbu.infra.db import Database
from jangbu.kernel.errors import Conflict, InputError, NotFound
from jangbu.kernel.ids import ShopId


def two_shops(database: Database) -> tuple[ShopId, ShopId]:
    one, two = connect(database, "one").id, connect(database, "two").id
    take(database, one, listing("L1", offer("a"), offer("b")))
    take(database, two, listing("M1", offer("x"), offer("y")))
    return one, two


def join(database: Database, one: ShopId, two: ShopId, *pairs: Same) -> list[Made]:
    return database.write_now(lambda tx: pairing.join(tx, (one, "L1"), (two, "M1"), pairs, NOW, actor=OWNER))


def test_a_pair_without_codes_gets_one_sku_of_our_own(database: Database) -> None:
    one, two = two_shops(database)
    join(database, one, two, Same("a", "x"), Same("b", "y"))
    assert linked(database) == {"a": {"J-0001": 1}, "x": {"J-0001": 1}, "b": {"J-0002": 1}, "y": {"J-0002": 1}}


def test_a_code_on_one_side_is_used_where_it_is_free(database: Database) -> None:
    one, two = connect(database, "one").id, connect(database, "two").id
    take(database, one, listing("L1", offer("a"), offer("b", "MUG")))
    take(database, two, listing("M1", offer("x", "CUP"), offer("y", "CUP")))
    join(database, one, two, Same("a", "x"), Same("b", "y"))
    assert linked(database) == {"a": {"CUP": 1}, "x": {"CUP": 1}, "b": {"MUG": 1}, "y": {"MUG": 1}}
    take(database, one, listing("L1", offer("a"), offer("b", "MUG"), offer("c")))
    take(database, two, listing("M1", offer("x", "CUP"), offer("y", "CUP"), offer("z", "CUP")))
    join(database, one, two, Same("c", "z"))
    assert linked(database)["c"] == {"J-0001": 1}, "CUP is somebody else's already"


def test_one_here_is_three_there(database: Database) -> None:
    one, two = two_shops(database)
    join(database, one, two, Same("a", "x", left_units=1, right_units=3))
    assert (linked(database)["a"], linked(database)["x"]) == ({"J-0001": 1}, {"J-0001": 3})
    by_hand(database, one, "b", "SET", units=2)
    join(database, one, two, Same("b", "y", left_units=1, right_units=2))
    assert linked(database)["y"] == {"SET": 4}


def test_a_kit_on_one_side_carries_over_and_uneven_pieces_are_refused(database: Database) -> None:
    one, two = two_shops(database)
    by_hand(database, one, "a", "SPOON", units=2)
    by_hand(database, one, "a", "CHOPSTICKS", units=1, add=True)
    join(database, one, two, Same("a", "x"))
    assert linked(database)["x"] == {"SPOON": 2, "CHOPSTICKS": 1}
    by_hand(database, one, "b", "CUP", units=3)
    with pytest.raises(InputError) as refused:
        join(database, one, two, Same("b", "y", left_units=2, right_units=1))
    assert refused.value.code == "linking_units"
    assert linked(database)["y"] == {}


def test_two_things_linked_already_are_not_joined_and_nothing_of_the_answer_is_kept(database: Database) -> None:
    one, two = two_shops(database)
    by_hand(database, one, "b", "MUG")
    by_hand(database, two, "y", "CUP")
    with pytest.raises(Conflict):
        join(database, one, two, Same("a", "x"), Same("b", "y"))
    assert linked(database) == {"a": {}, "b": {"MUG": 1}, "x": {}, "y": {"CUP": 1}}
    assert database.read_now(lambda tx: decisions.latest(tx, OWNER)) is None


@pytest.mark.parametrize("pairs", [(), (Same("a", "nothing"),), (Same("nothing", "x"),), (Same("a", "x", 0, 1),)])
def test_a_bad_answer_changes_nothing(database: Database, pairs: Sequence[Same]) -> None:
    one, two = two_shops(database)
    with pytest.raises((InputError, NotFound)):
        join(database, one, two, *pairs)
    assert not any(linked(database).values())


def test_different_is_remembered_both_ways_round_until_it_is_taken_back(database: Database) -> None:
    one, two = two_shops(database)
    database.write_now(lambda tx: pairing.part(tx, (one, "L1"), (two, "M1"), NOW, actor=OWNER))
    assert database.read_now(decisions.refused) == {frozenset({(two, "M1"), (one, "L1")})}
    last = database.read_now(lambda tx: decisions.latest(tx, OWNER))
    assert last is not None
    assert [database.write_now(lambda tx: decisions.undo(tx, last, NOW)) for _ in range(2)] == [True, False]
    assert database.read_now(decisions.refused) == set()
    assert database.read_now(lambda tx: decisions.latest(tx, "person:other")) is None


def test_what_one_shop_alone_has_gets_a_sku_each_and_keeps_its_links(database: Database) -> None:
    one, _ = two_shops(database)
    by_hand(database, one, "a", "MUG")
    database.write_now(lambda tx: pairing.alone(tx, (one, "L1"), NOW, actor=OWNER))
    assert linked(database) == {"a": {"MUG": 1}, "b": {"J-0001": 1}, "x": {}, "y": {}}


def kit(database: Database, shop: ShopId, *parts: tuple[str, int]) -> None:
    database.write_now(lambda tx: pairing.kit(tx, shop, "a", parts, NOW, actor=OWNER))


def test_a_kit_names_each_part_once_and_knows_them_all(database: Database) -> None:
    one, two = two_shops(database)
    by_hand(database, two, "x", "SPOON")
    by_hand(database, two, "y", "CUP")
    kit(database, one, ("SPOON", 2), ("CUP", 1))
    assert linked(database)["a"] == {"SPOON": 2, "CUP": 1}
    for parts in ((), (("SPOON", 1), ("SPOON ", 1)), (("SPOON", 0),), (("NOBODY", 1),)):
        with pytest.raises((InputError, NotFound)):
            kit(database, one, *parts)
    assert linked(database)["a"] == {"SPOON": 2, "CUP": 1}


def latest(database: Database) -> decisions.Decision | None:
    return database.read_now(lambda tx: decisions.latest(tx, OWNER))


def test_an_answer_given_twice_is_one_answer(database: Database) -> None:
    one, two = two_shops(database)
    join(database, one, two, Same("a", "x", 1, 2))
    before, last = linked(database), latest(database)
    assert join(database, one, two, Same("a", "x", 1, 2)) == []
    with pytest.raises(Conflict):
        join(database, one, two, Same("a", "x"))
    assert (linked(database), latest(database)) == (before, last)
    for _ in range(2):
        database.write_now(lambda tx: pairing.part(tx, (one, "L1"), (two, "M1"), NOW, actor=OWNER))
    take_back(database)
    assert latest(database) == last, "both were one refusal"


def test_two_answers_at_one_time_make_one_sku(database: Database) -> None:
    one, two = two_shops(database)
    threads = [threading.Thread(target=join, args=(database, one, two, Same("a", "x"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert linked(database) == {"a": {"J-0001": 1}, "x": {"J-0001": 1}, "b": {}, "y": {}}


def test_a_code_of_our_own_is_none_that_a_shop_has_so_that_it_links_nothing_by_itself(database: Database) -> None:
    one, two = two_shops(database)
    take(database, two, listing("M2", offer("other", "J-0001"), offer("another", " J-0007")))
    join(database, one, two, Same("a", "x"))
    assert linked(database)["a"] == {"J-0008": 1}


def test_a_code_a_person_gave_another_meaning_links_nothing_by_itself(database: Database) -> None:
    one, two = two_shops(database)
    take(database, one, listing("L2", offer("seven", "7")))
    take(database, two, listing("M2", offer("their seven", "7")))
    database.write_now(
        lambda tx: pairing.join(tx, (one, "L2"), (two, "M1"), [Same("seven", "x")], NOW, actor=OWNER)
    )
    done, _ = link(database)
    assert (done.linked, done.doubtful) == (0, 1)
    assert linked(database)["their seven"] == {}


def take_back(database: Database) -> None:
    last = latest(database)
    assert last is not None
    database.write_now(lambda tx: pairing.take_back(tx, last, NOW, actor=OWNER))


def test_a_kit_taken_back_leaves_what_was_there_before(database: Database) -> None:
    one, two = two_shops(database)
    for key, sku in (("x", "SPOON"), ("y", "CUP")):
        by_hand(database, two, key, sku)
    by_hand(database, one, "a", "SPOON", units=3)
    kit(database, one, ("SPOON", 2), ("CUP", 1))
    take_back(database)
    assert linked(database)["a"] == {"SPOON": 3}


def test_an_answer_about_a_listing_that_is_gone_can_be_taken_back(database: Database) -> None:
    one, two = two_shops(database)
    join(database, one, two, Same("a", "x"), Same("b", "y"))
    take(database, one, listing("L1", offer("b")))
    take_back(database)
    assert linked(database) == {"b": {}, "x": {}, "y": {}}
    assert latest(database) is None


# -- pictures -----------------------------------------------------------------------------------------------


def test_pictures_are_wanted_once_first_ones_first_and_anew_when_they_change(database: Database) -> None:
    shop = connect(database, "one").id
    page = replace(listing("L1", offer("a")), pictures=("https://p/1", "https://p/2", "https://p/3", "https://p/4"))
    take(database, shop, page, replace(page, ref=replace(page.ref, remote_id="L2")))
    due = database.read_now(lambda tx: photos.due(tx, NOW, 100, [shop]))
    assert [(each.place, each.listing_id) for each in due] == [(p, n) for p in range(3) for n in ("L1", "L2")]
    for each in due:
        database.write_now(lambda tx, each=each: photos.seen(tx, each, [1, 2**64 - 1], b"small"))  # type: ignore[misc]
    take(database, shop, page)
    assert database.read_now(photos.waiting) == 0
    assert database.read_now(photos.hashes)[shop, "L1"] == (1, 2**64 - 1) * 3
    assert database.read_now(lambda tx: photos.small(tx, shop, "L1")) == b"small"
    assert database.read_now(photos.with_small) == {(shop, "L1"), (shop, "L2")}
    take(database, shop, replace(page, pictures=("https://p/new", "https://p/2")))
    assert database.read_now(photos.waiting) == 1
    assert database.read_now(photos.hashes)[shop, "L1"] == (1, 2**64 - 1)
    assert database.read_now(lambda tx: photos.small(tx, shop, "L1")) is None


def test_a_picture_that_cannot_be_had_is_tried_a_few_times(database: Database) -> None:
    shop = connect(database, "one").id
    take(database, shop, replace(listing("L1", offer("a")), pictures=("https://p/1",)))
    now, tried = NOW, 0
    while due := database.read_now(lambda tx: photos.due(tx, now, 10, [shop])):  # noqa: B023 - read at once
        database.write_now(lambda tx: photos.failed(tx, due[0], now))  # noqa: B023 - written at once
        tried, now = tried + 1, now + timedelta(days=1)
    assert tried == photos.TRIES_MAX
    assert database.read_now(photos.waiting) == 0
