"""The program through a seller's eyes: her own words for things, one meaning a word, nothing said that is not so."""

from __future__ import annotations

import json
import sqlite3
from argparse import ArgumentParser
from contextlib import closing
from pathlib import Path

import pytest
from tests.app.cli.conftest import Run

from jangbu.app.commands.programs import OPTIONS
from jangbu.infra.i18n import catalogue
from jangbu.sandbox import main as sandbox_program


def change(home: Path, sql: str, *params: object) -> None:
    with closing(sqlite3.connect(home / "hub.sqlite3")) as database, database:
        assert database.execute(sql, params).rowcount > 0


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_plan_names_numbers_by_code_and_option_and_not_by_ids(run: Run, lang: str) -> None:
    rows = json.loads(run("plan", "--json").out)
    shown = run("plan", lang=lang).out
    assert all(row["sku"] and row["sku"] in shown for row in rows)
    assert not [row["cell"] for row in rows if row["cell"] in shown]
    with_options = [row for row in rows if row["options"]]
    assert with_options
    assert all(row["options"] in shown for row in with_options)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_the_plan_says_in_the_words_of_the_page_what_follows_and_why(run: Run, lang: str) -> None:
    rows, words = json.loads(run("plan", "--json").out), catalogue()
    shown = run("plan", lang=lang)
    for row in rows:
        assert words.text(f"plans.kind.{row['kind']}", lang) in shown.out
        for each in row["says"]:
            assert words.text(each["code"], lang, **each["facts"]) in shown.out
    assert words.text("cli.plan.uncounted", lang, n=0).split("0")[0] not in shown.err


def test_a_number_never_read_is_no_zero(home: Path, run: Run) -> None:
    change(home, "UPDATE cell SET read_at = 0, unread = 1000000000000, stands = 0, on_sale = 1")
    rows = json.loads(run("plan", "--json").out)
    assert {row["now"] for row in rows} == {None}
    assert {row["kind"] for row in rows} <= {"unread", "out"}
    assert {row["says"][0]["code"] for row in rows} <= {"follows.unread", "wait.not_counted"}


def test_pieces_promised_that_are_not_there_are_told_and_are_no_exposure(home: Path, run: Run) -> None:
    change(
        home,
        "UPDATE balance SET quantity = quantity - 1000 WHERE account = 'available' "
        "AND variant_id = (SELECT id FROM variant WHERE sku = 'FAN')",
    )
    row = json.loads(run("stock", "show", "FAN", "--json").out)[0]
    assert row["available"] < 0
    assert row["oversold"] == -row["available"]
    assert row["over_exposed"] == row["exposed"]
    said = catalogue().text("cli.stock.oversold", "ko", units=f"{row['oversold']:,}")
    assert said in run("stock", "show", "FAN", lang="ko").out
    refused = run("stock", "adjust", "FAN", "-1", lang="ko")
    assert refused.status == 1
    assert "이미" in refused.err


def test_what_mirror_risks_is_called_a_risk_taken_by_choice(home: Path, run: Run) -> None:
    change(home, "UPDATE variant SET policy = 'mirror' WHERE sku = 'FAN'")
    change(home, "UPDATE cell SET stands = 99 WHERE id IN (SELECT cell_id FROM cell_units JOIN variant "
           "ON variant.id = variant_id WHERE sku = 'FAN')")  # fmt: skip
    row = json.loads(run("stock", "show", "FAN", "--json").out)[0]
    assert row["over_exposed"] == 0
    assert row["at_risk"] > 0
    assert "mirror" in run("stock", "show", "FAN", lang="en").out


def test_a_shop_in_passing_trouble_is_not_simply_connected(home: Path, run: Run) -> None:
    change(home, "UPDATE shop SET trouble = 'channel.timeout', trouble_at = 1772442094239 WHERE name = 'naver'")
    state = catalogue().text("shop_state.connected", "ko")
    said = catalogue().text("cli.shop.troubled", "ko", state=state)
    for words in (("shop", "list"), ("shop", "show", "naver")):
        told = run(*words, lang="ko")
        assert said in told.out
        assert catalogue().text("cli.shop.no_hub", "ko") in told.err


def test_offers_show_the_number_the_books_know_and_mark_what_only_the_import_read(home: Path, run: Run) -> None:
    change(home, "UPDATE offer SET quantity = 777")
    rows = json.loads(run("catalog", "offers", "--json").out)
    assert {row["tracked"] for row in rows} == {True}
    assert 777 not in {row["quantity"] for row in rows}
    change(home, "UPDATE cell SET read_at = 0")
    assert "777 *" in run("catalog", "offers", lang="en").out


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_wrong_option_or_value_is_met_with_what_is_allowed(run: Run, lang: str) -> None:
    unknown = run("shop", "set", "etsy", "colour", "red", lang=lang)
    assert (unknown.status, "fee_cap_monthly" in unknown.err) == (2, True)
    for option, value in (("return_free", "maybe"), ("fee_cap_monthly", "many"), ("share", "x"), ("settle_s", "99999")):
        refused = run("shop", "set", "etsy", option, value, lang=lang)
        assert refused.status == 2
        assert value in refused.err
        assert catalogue().text(f"option.{option}.allowed", lang) in refused.err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("words", [("--lang", "ko", "plan"), ("plan", "--lang", "ko"), ("shop", "--lang=ko", "list")])
def test_the_language_may_be_said_anywhere(run: Run, words: tuple[str, ...]) -> None:
    told = run(*words, lang="")
    assert told.status == 0
    assert catalogue().text("cli.column.shop", "ko") in told.out


@pytest.mark.usefixtures("home")
def test_a_language_nobody_speaks_is_refused(run: Run) -> None:
    assert run("--lang", "fr", "plan", lang="").status == 2


@pytest.mark.parametrize("name", ["sandbox", "demo"])
@pytest.mark.parametrize("lang", ["en", "ko"])
@pytest.mark.usefixtures("empty_home")
def test_programs_of_their_own_speak_both_languages_too(run: Run, name: str, lang: str) -> None:
    page = run(name, "--help", lang=lang)
    assert page.status == 0
    for option in OPTIONS[name]:
        flag = option.split()[0]
        assert option in page.out
        assert catalogue().has(f"option.{name}.{flag.strip('-')}", lang)
    assert catalogue().text(f"help.{name}", lang).splitlines()[0][:20] in page.out


def test_their_help_names_every_option_they_take() -> None:
    from jangbu.app import demo  # noqa: PLC0415 - heavy, and only here

    for name, parser in (("sandbox", sandbox_program._parser()), ("demo", demo.parser())):
        assert isinstance(parser, ArgumentParser)
        taken = {action.option_strings[-1] for action in parser._actions if action.dest != "help"}
        assert taken == {option.split()[0] for option in OPTIONS[name]}
