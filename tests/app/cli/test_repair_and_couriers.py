"""Commands that repair a connection, deal with couriers, take links away and begin small, on a seller's real data."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from tests.app.cli.conftest import Run

from jangbu.infra.i18n import catalogue
from jangbu.infra.tables import read_table, write_csv


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_marketplace_that_cannot_be_reached_breaks_the_first_rung(run: Run, lang: str) -> None:
    told = run("shop", "test", "naver", lang=lang)
    assert told.status == 1
    assert f"✗ {catalogue().text('rung.line', lang)}" in told.out
    assert told.out.count("○") == 9
    rungs = json.loads(run("shop", "test", "naver", "--json").out)["rungs"]
    assert [(rung["rung"], rung["code"]) for rung in rungs if rung["state"] == "broken"] == [
        ("line", "channel.unreachable")
    ]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_orders_that_cannot_be_looked_at_stand_in_no_sheet(run: Run, tmp_path: Path, lang: str) -> None:
    file = tmp_path / "sheet.xlsx"
    told = run("order", "sheet", "cj", "--out", str(file), lang=lang)
    assert told.status == 0
    assert len(read_table(file.read_bytes())) == 1, "the titles alone"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert catalogue().text("held.unread", lang) in told.out
    assert catalogue().text("cli.sheet.unverified", lang) in told.err


@pytest.mark.usefixtures("home")
def test_a_sheet_nobody_has_is_refused_with_those_there_are(run: Run) -> None:
    told = run("order", "sheet", "pigeon")
    assert told.status == 1
    assert "cj, ems, epost" in told.err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_result_file_is_read_and_nothing_is_sent_without_apply(run: Run, tmp_path: Path, lang: str) -> None:
    file = tmp_path / "result.csv"
    file.write_bytes(write_csv([["운송장번호", "수하인명"], ["612345678901", "nobody"]], "cp949").content)
    told = run("order", "result", str(file), lang=lang)
    assert told.status == 0
    assert "612345678901" in told.out
    assert catalogue().text("result.unknown_parcel", lang) in told.out
    assert run("order", "result", str(file), "--apply").status == 1
    assert run("order", "result", str(tmp_path / "none.csv")).status == 2


@pytest.mark.usefixtures("home")
def test_a_link_is_taken_away(run: Run) -> None:
    row = next(row for row in json.loads(run("catalog", "offers", "--json").out) if row["links"])
    done = json.loads(run("catalog", "unlink", row["shop"], row["offer"], "--json").out)
    assert done["links"] == {}
    assert run("catalog", "unlink", row["shop"], row["offer"]).status == 1


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_shop_begins_small(run: Run, lang: str) -> None:
    told = run("shop", "start", "naver", "--lowering-only", lang=lang)
    assert told.status == 0
    assert catalogue().text("cli.shop.scope.lowering", lang) in told.out
    assert json.loads(run("shop", "show", "naver", "--json").out)["scope"] == "lowering"
    some = run("shop", "start", "naver", "--sku", "FAN", lang=lang)
    assert catalogue().text("cli.shop.scope.skus", lang) in some.out
    both = run("shop", "start", "naver", "--sku", "FAN", "--lowering-only", lang=lang)
    assert both.status == 2
    assert json.loads(run("shop", "show", "naver", "--json").out)["scope"] == "skus"


@pytest.mark.usefixtures("home")
def test_no_order_is_missing_and_none_can_be_dismissed(run: Run) -> None:
    assert run("order", "missing").status == 0
    assert run("order", "dismiss", "naver", "2026").status == 1
