"""Bad input changes nothing (P11): a sentence, a way out, whose turn it is, in both languages; never a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.app.cli.conftest import Run, everything

from jangbu.app.commands.shop import variable_of

SECRET = "$2a$04$0123456789012345678901"

MISTAKES = [
    (("stock", "receive", "NOPE", "3"), 1, "sku_unknown"),
    (("stock", "receive", "FAN", "0"), 2, "input.quantity"),
    (("stock", "receive", "FAN", "-3"), 2, "input.quantity"),
    (("stock", "receive", "FAN", "three"), 2, "input.number"),
    (("stock", "receive", "FAN", "99999999999"), 2, "input.number_size"),
    (("stock", "receive", " ", "3"), 2, "input.sku_empty"),
    (("stock", "receive", "FAN"), 2, "usage.stock"),
    (("stock", "receive", "FAN", "1", "--csv", "x.csv"), 2, "usage.stock"),
    (("stock", "receive", "--csv", "nowhere.csv"), 2, "input.csv_file"),
    (("stock", "adjust", "FAN", "0"), 2, "input.zero_change"),
    (("stock", "adjust", "FAN", "-9999"), 1, "insufficient_stock"),
    (("stock", "count", "FAN", "-1"), 2, "input.negative_count"),
    (("stock", "show", "NOPE"), 1, "sku_unknown"),
    (("why", "NOPE"), 1, "sku_unknown"),
    (("why", "FAN", "--at", "yesterday"), 2, "input.time"),
    (("shop", "show", "gone"), 1, "shop_unknown"),
    (("shop", "start", "gone"), 1, "shop_unknown"),
    (("shop", "set", "etsy", "share", "many"), 2, "input.option_value"),
    (("shop", "set", "etsy", "colour", "red"), 2, "input.option"),
    (("plan", "--shop", "gone"), 1, "shop_unknown"),
    (("order", "list", "--shop", "gone"), 1, "shop_unknown"),
    (("order", "show", "000"), 1, "order_unknown"),
    (("order", "list", "--limit", "0"), 2, "usage.bad_value"),
    (("ship", "000", "cj", "1"), 1, "order_unknown"),
    (("policy", "set", "FAN", "hope"), 2, "input.policy"),
    (("catalog", "link"), 2, "usage.link"),
    (("catalog", "link", "etsy", "--by-sku"), 2, "usage.link"),
    (("catalog", "link", "etsy", "nothing", "FAN"), 1, "offer_unknown"),
    (("catalog", "link", "--by-sku", "--policy", "hope"), 2, "input.policy"),
    (("catalog", "import", "gone"), 1, "shop_unknown"),
    (("pause",), 2, "usage.all"),
    (("page",), 1, "hub.not_running"),
    (("shop", "add", "ebay", "x"), 2, "input.channel"),
    (("shop", "add", "naver", "x"), 2, "input.credential_missing"),
    (("shop", "add", "naver", "x", "--from-env"), 2, "input.credential_missing"),
    (("shop", "add", "naver", "x", "--field", "colour=red"), 2, "input.credential_unknown"),
    (("shop", "add", "naver", "x", "--field", "client_id"), 2, "input.pair"),
    (("shop", "add", "naver", "x", "--field-from-env", "client_id=NOT_THERE"), 2, "input.env_missing"),
    (("shop", "add", "naver", "x", "--api-url", "http://far.example"), 2, "input.address"),
    (("shop", "add", "naver", "///", "--field", f"client_secret={SECRET}"), 2, "input.shop_name"),
    (("stock", "adjst"), 2, "usage.near_command"),
    (("nonsense",), 2, "usage.no_command"),
    (("shop", "list", "--wrong"), 2, "usage.no_option"),
    (("order", "show"), 2, "usage.missing"),
]  # fmt: skip


@pytest.mark.parametrize(("words", "status", "code"), MISTAKES, ids=[" ".join(words) for words, _, _ in MISTAKES])
def test_a_mistake_is_explained_in_both_languages_and_changes_nothing(
    home: Path, run: Run, words: tuple[str, ...], status: int, code: str
) -> None:
    before = everything(home)
    for lang, who in (("en", "Who must act: "), ("ko", "처리할 사람: ")):
        done = run(*words, lang=lang)
        assert (done.status, done.out) == (status, "")
        what, *steps, whose = done.err.splitlines()
        assert what
        assert "{" not in done.err
        assert steps
        assert all(step.startswith("  → ") for step in steps)
        assert whose.strip().startswith(who)
        assert whose.endswith(f"({code})")
    assert everything(home) == before


def test_wrong_rows_are_told_with_line_and_column_and_nothing_is_booked(home: Path, run: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("sku,quantity\nFAN,12\nNOPE,4\nSPOON,x\nSPOON,-3\nFAN,2\n", encoding="utf-8")
    before = everything(home)
    done = run("stock", "count", "--csv", "bad.csv")
    assert done.status == 1
    assert done.err.splitlines()[:5] == [
        "Line 3, column sku: There is no SKU NOPE.",
        "Line 4, column quantity: “x” is not a whole number.",
        "Line 5, column quantity: A shelf never holds less than nothing; -3 cannot be counted.",
        "Line 6, column sku: FAN was counted in line 2 already.",
        "4 of 5 rows are not right; nothing was changed.",
    ]
    korean = run("stock", "count", "--csv", "bad.csv", lang="ko")
    assert korean.status == 1
    assert korean.err.splitlines()[0] == "3번째 줄, sku 열: SKU NOPE이(가) 없습니다."
    assert everything(home) == before


def test_rows_that_are_right_alone_are_refused_when_they_take_too_much_together(
    home: Path, run: Run, tmp_path: Path
) -> None:
    (tmp_path / "out.csv").write_text("sku,quantity\nSPOON,-3\nSPOON,-3\n", encoding="utf-8")
    assert run("stock", "count", "SPOON", "4").status == 0
    before = everything(home)
    done = run("stock", "adjust", "--csv", "out.csv")
    assert (done.status, done.err.splitlines()[0]) == (
        1, "Line 3, column quantity: Only 1 are available; 3 cannot be taken away. Nothing was changed.",
    )  # fmt: skip
    assert everything(home) == before


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_secret_of_the_wrong_form_is_refused_and_never_shown(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    before = everything(home)
    monkeypatch.setenv(variable_of("naver", "client_id"), "an-application")
    monkeypatch.setenv(variable_of("naver", "client_secret"), "topsecretwithoutform")
    done = run("shop", "add", "naver", "second", "--from-env", lang=lang)
    assert (done.status, done.out) == (2, "")
    assert "client_secret" in done.err
    assert "topsecret" not in done.err
    assert everything(home) == before


def test_a_wrong_setting_is_told_in_the_language_of_the_machine(
    empty_home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JANGBU_TIME_ZONE", "Mars/Olympus")
    done = run("shop", "list", lang="ko")
    assert done.status == 1
    assert "JANGBU_TIME_ZONE" in done.err
    assert done.err.splitlines()[-1].strip() == "처리할 사람: 판매자 본인 (config.setting)"
    assert not empty_home.exists()


def test_a_master_key_that_is_not_this_hubs_opens_nothing(home: Path, run: Run) -> None:
    (home / "master.key").unlink()
    order = run("order", "list")
    assert order.status == 0  # what is not secret can be read
    first = order.out.splitlines()[2].split("  ")[1].strip()
    done = run("order", "show", first)
    assert done.status == 1
    assert done.err.splitlines()[-1].strip() == "Who must act: You (vault.master_key)"
