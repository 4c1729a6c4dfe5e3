"""Each command on a seller's real data: words for people, stable keys for programs, exit 0."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.app.cli.conftest import Run, everything

KEYS = {
    ("shop", "list"): {"id", "channel", "channel_title", "name", "state", "trouble", "heard_at", "notice", "share"},
    ("catalog", "offers"): {"shop", "offer", "listing", "title", "options", "code", "quantity", "state", "links"},
    ("stock", "show"): {"sku", "title", "on_hand", "available", "committed", "reserved", "exposed", "shops"},
    ("order", "list"): {"shop", "order", "placed_at", "total", "currency", "lines", "owed"},
    ("plan",): {"shop", "listing", "cell", "now", "target", "exposure", "write", "act", "why", "waiting"},
    ("calls",): {"at", "shop", "operation", "status", "error", "request_id", "elapsed_ms", "quota_left"},
    ("calls", "--summary", "--hours", "720"): {"shop", "operation", "calls", "failed", "mean_ms", "slowest_ms"},
    ("activity",): {"at", "shop", "code", "facts", "actor"},
    ("settings",): {"name", "value", "origin", "help"},
}


@pytest.mark.parametrize("words", KEYS)
def test_a_list_is_a_table_for_people_and_json_for_programs(home: Path, run: Run, words: tuple[str, ...]) -> None:
    before = everything(home)
    told = run(*words, "--json")
    rows = json.loads(told.out)
    assert (told.status, told.err) == (0, "")
    if words[-1] != "720":  # the calls of the first days are older than any hours that may be asked for
        assert rows
    assert all(KEYS[words] <= set(row) for row in rows)
    for lang in ("en", "ko"):
        shown = run(*words, lang=lang)
        assert shown.status == 0
        assert len(shown.out.splitlines()) >= (len(rows) + 2 if rows else 1)
        assert "{" not in shown.out
    assert everything(home) == before


@pytest.mark.usefixtures("home")
def test_shops_are_told_in_the_language_asked_for_with_the_notice_etsy_wants(run: Run) -> None:
    shown = run("shop", "list", lang="ko")
    assert "연동중" in shown.out
    assert "The term 'Etsy' is a trademark of Etsy, Inc." in shown.out
    assert "connected" in run("shop", "show", "etsy").out


@pytest.mark.usefixtures("home")
def test_stock_is_booked_and_explained_down_to_orders_and_persons(run: Run) -> None:
    assert run("stock", "receive", "FAN", "5", "--reason", "가을 입고").status == 0
    assert run("stock", "adjust", "FAN", "-2").status == 0
    assert run("stock", "count", "FAN", "20").out.startswith("FAN: 20 counted. On hand 20, available ")
    told = json.loads(run("why", "FAN", "--json").out)
    assert [m["quantity"] for m in told["moves"] if m["reason"] == "가을 입고"] == [5]
    assert told["then"]["on_hand"] == told["on_hand"] == 20
    shown = run("why", "FAN", lang="ko")
    assert "가을 입고" in shown.out
    assert "주문 " in shown.out
    last = shown.out.splitlines()[-1].split()
    assert "20" in last
    assert run("ledger", "verify").status == 0


@pytest.mark.usefixtures("home")
def test_a_past_moment_is_rebuilt_in_the_sellers_time_zone(run: Run) -> None:
    told = json.loads(run("why", "FAN", "--at", "2026-03-02 18:00:10", "--json").out)
    assert told["at"] in {"2026-03-02T18:00:10+09:00", "2026-03-02T09:00:10+00:00"}
    assert all(move["at"] <= "2026-03-02T09:00:10+00:00" for move in told["moves"])
    assert told["then"] != {name: told[name] for name in told["then"]}


@pytest.mark.usefixtures("home")
def test_a_file_is_booked_whole(run: Run, tmp_path: Path) -> None:
    (tmp_path / "count.csv").write_bytes("\ufeffsku,quantity\r\nFAN,31\r\nSPOON,32\r\n".encode())
    done = run("stock", "count", "--csv", "count.csv", lang="ko")
    assert (done.status, done.out) == (0, "2행의 실사 수량을 반영했습니다.\n")
    on_hand = {row["sku"]: row["on_hand"] for row in json.loads(run("stock", "show", "--json").out)}
    assert (on_hand["FAN"], on_hand["SPOON"]) == (31, 32)


@pytest.mark.usefixtures("home")
def test_without_a_running_hub_a_change_says_that_it_waits(run: Run) -> None:
    assert "when the hub runs (jangbu serve)" in run("stock", "receive", "FAN", "1").err
    order = json.loads(run("order", "list", "--shop", "etsy", "--json").out)[0]["order"]
    sent = run("ship", order, "cj", "6123-4567", lang="ko")
    assert "CJ대한통운 6123-4567" in sent.out
    assert "jangbu serve" in sent.err
    owed = json.loads(run("order", "show", order, "--json").out)["owed"]
    assert [(o["kind"], o["state"], o["tracking_number"]) for o in owed] == [("ship", "wanted", "6123-4567")]


@pytest.mark.usefixtures("home")
def test_the_buyers_address_is_shown_only_when_asked_for(run: Run) -> None:
    order = json.loads(run("order", "list", "--json").out)[0]["order"]
    hidden = run("order", "show", order).out
    shown = json.loads(run("order", "show", order, "--personal", "--json").out)["ship_to"]
    assert shown["name"]
    assert shown["name"] not in hidden
    assert all(str(value) not in hidden for name, value in shown.items() if name != "country")


@pytest.mark.usefixtures("home")
def test_all_writing_is_stopped_and_allowed_again(run: Run) -> None:
    assert run("pause", "--all").status == 0
    assert "ALL WRITING IS STOPPED" in run("shop", "list").err
    assert "모든 쓰기 중지 중" in run("plan", lang="ko").err
    assert run("resume", "--all").status == 0
    assert "STOPPED" not in run("shop", "list").err


@pytest.mark.usefixtures("home")
def test_a_shop_is_paused_resumed_and_changed(run: Run) -> None:
    assert json.loads(run("shop", "pause", "naver", "--json").out)["state"] == "paused"
    assert "naver" in run("plan").err
    assert json.loads(run("shop", "resume", "naver", "--json").out)["state"] == "connected"
    assert json.loads(run("shop", "set", "naver", "share", "3", "--json").out)["share"] == 3
    assert run("policy", "set", "FAN", "mirror").status == 0
    assert json.loads(run("stock", "show", "FAN", "--json").out)[0]["policy"] == "mirror"


@pytest.mark.usefixtures("home")
def test_an_offer_is_linked_by_hand(run: Run) -> None:
    offer = next(row for row in json.loads(run("catalog", "offers", "--json").out) if row["code"] == "FAN")
    done = run("catalog", "link", offer["shop"], offer["offer"], "FAN-KIT", "--units", "2", "--add", "--new", "--json")
    assert json.loads(done.out)["links"] == {"FAN": 1, "FAN-KIT": 2}
    typo = run("catalog", "link", offer["shop"], offer["offer"], "FAM")
    assert (typo.status, "FAM" in typo.err) == (1, True), "a mistyped code makes no new SKU"
    assert json.loads(run("catalog", "link", "--by-sku", "--json").out)["linked"] == 0


def test_an_unsound_ledger_is_told_and_fails(home: Path, run: Run) -> None:
    with closing(sqlite3.connect(home / "hub.sqlite3")) as database:
        database.execute("UPDATE balance SET quantity = quantity + 1 WHERE account = 'available'")
        database.commit()
    found = run("ledger", "verify")
    assert found.status == 1
    assert found.out.startswith("THE LEDGER IS NOT SOUND")


def test_nothing_yet_is_said_with_the_next_step(empty_home: Path, run: Run) -> None:
    assert "jangbu shop add" in run("shop", "list").out
    assert "jangbu catalog link" in run("stock", "show", lang="ko").out
    assert run("order", "list").out == "Nothing to ship.\n"
    assert json.loads(run("deliveries", "--json").out) == []
    assert not (empty_home / "local.json").exists()
