"""Whatever Jangbu can fail with, do or wait for has its words, in every language, with facts that are given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

import pytest

import jangbu
from jangbu.infra.i18n import LANGUAGES, catalogue, fault, happened
from jangbu.inventory.model import Account
from jangbu.kernel import errors
from jangbu.publish.model.scene import Act
from jangbu.sdk.records import LineState, ListingState
from jangbu.shops.model import ShopState

ROOT = Path(jangbu.__file__).parent
SOURCES = [file for file in sorted(ROOT.rglob("*.py")) if ROOT / "sandbox" not in file.parents]
FAMILIES = re.compile(r"(channel|config|database|vault|plugin|texts|input|intake|usage|etsy|naver)\.[a-z_0-9]+")
BY_CALLS = {"operation", "status", "remote_code", "request_id"}
BY_WORDS = {"allowed"}  # put in by the one who says it: see infra.i18n.sentences
STOCK_ACTIONS = ("receive", "adjust", "count")
# Where a code is put together while running, all it can become: file → codes.
COMPOSED = {
    "app/operations/stock.py": {f"stock.{action}{many}" for action in STOCK_ACTIONS for many in ("", "_many")},
    "publish/service.py": {f"write.{act.value}" for act in Act},
    "shops/service.py": {"shop.started", "shop.paused", "shop.resumed"},
    "orders/ship.py": {f"{kind}.{end}" for kind in ("ship", "acknowledge") for end in ("done", "refused")},
}
WHO = {
    "en": ("You", "The app's developer", "The marketplace", "Nobody: it repairs itself"),
    "ko": ("판매자 본인", "개발자", "마켓", "아무도: 저절로 복구됨"),
}


@dataclass(frozen=True)
class Site:
    """One place that names a code, with the facts it hands over (None: not to be seen from here)."""

    file: str
    code: str
    facts: frozenset[str] | None


def calls() -> Iterator[tuple[str, ast.Call]]:
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield str(file.relative_to(ROOT)), node


def text_of(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def errors_named() -> list[Site]:
    """Find the codes given to errors by name, and those a write or a delivery is noted to have failed with."""
    sites: list[Site] = []
    for file, call in calls():
        named = {keyword.arg: keyword.value for keyword in call.keywords}
        if code := text_of(named.get("code")):
            facts = None if None in named else frozenset(str(name) for name in named) - {"code"}
            sites.append(Site(file, code, facts))
        if code := text_of(named.get("error")):
            sites.append(Site(file, code, None))
    return sites


def error_codes() -> set[str]:
    codes = {site.code for site in errors_named()}
    for file in SOURCES:
        nodes = ast.walk(ast.parse(file.read_text("utf-8")))
        literals = (text_of(node) for node in nodes if isinstance(node, ast.Constant))
        codes |= {text for text in literals if FAMILIES.fullmatch(text)}
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.JangbuError))
    return codes | {kind.code for kind in kinds}


def notes() -> list[tuple[str, ast.Call]]:
    return [(file, call) for file, call in calls() if isinstance(call.func, ast.Name) and call.func.id == "note"]


def activity_sites() -> list[Site]:
    own = {"shop_id", "actor"}
    return [
        Site(file, code, frozenset(str(keyword.arg) for keyword in call.keywords) - own)
        for file, call in notes()
        for code in sorted(codes_of(file, call.args[2]))
    ]


def codes_of(file: str, node: ast.expr) -> set[str]:
    """Tell which codes an argument can become: itself, or those of its file that its fixed parts fit."""
    if code := text_of(node):
        return {code}
    parts = node.values if isinstance(node, ast.JoinedStr) else []
    shape = "".join(re.escape(text_of(part)) or "[a-z]+" for part in parts) or ".*"
    return {code for code in COMPOSED[file] if re.fullmatch(shape, code)}


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_a_code_put_together_while_running_is_listed_here() -> None:
    assert {file for file, call in notes() if not text_of(call.args[2])} == set(COMPOSED)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_error_says_what_how_and_who(lang: str) -> None:
    codes = error_codes()
    assert len(codes) > 200
    wanted = {f"error.{code}.{part}" for code in codes for part in ("what", "fix", "who")}
    assert wanted - catalogue().codes(lang) == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_steps_are_one_to_three_and_who_is_one_of_four(lang: str) -> None:
    for key in (key for key in catalogue().codes(lang) if key.startswith("error.")):
        sentence = catalogue().raw(key, lang)
        assert key.endswith((".what", ".fix", ".who")), key
        if key.endswith(".who"):
            assert sentence in WHO[lang], key
        if key.endswith(".fix"):
            steps = sentence.splitlines()
            assert 1 <= len(steps) <= 3, key
            numbers = [step.partition(". ")[0] for step in steps]
            assert len(steps) == 1 or numbers == [str(n) for n in range(1, len(steps) + 1)], key


def test_every_language_sends_the_same_person() -> None:
    same = dict(zip(WHO["en"], WHO["ko"], strict=True))
    keys = [key for key in catalogue().codes("en") if key.startswith("error.") and key.endswith(".who")]
    assert {key for key in keys if same[catalogue().raw(key, "en")] != catalogue().raw(key, "ko")} == set()


def test_an_error_asks_only_for_facts_that_every_place_gives() -> None:
    lacking = [
        (site.file, site.code, field)
        for site in errors_named()
        if site.facts is not None
        for part in ("what", "fix")
        for field in fields(catalogue().raw(f"error.{site.code}.{part}", "en")) - site.facts - BY_CALLS - BY_WORDS
    ]
    assert lacking == []


def test_trouble_told_in_passing_needs_no_facts_of_its_own() -> None:
    families = ("channel", "etsy.", "naver.", "ship.", "hub.", "intake.")
    passing = {code for code in error_codes() if code.startswith(families)}
    assert {code for code in passing if fields(catalogue().raw(f"error.{code}.what", "en")) - BY_CALLS} == {
        "hub.not_running"  # said by the command line alone
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_everything_that_happens_is_told_with_facts_that_are_given(lang: str) -> None:
    sites = activity_sites()
    assert len(sites) > 30
    for site in sites:
        key = f"activity.{site.code}"
        assert catalogue().has(key, lang), (site.file, key)
        assert fields(catalogue().raw(key, lang)) <= (site.facts or set()), (site.file, key)
    told = {code.removeprefix("activity.") for code in catalogue().codes(lang) if code.startswith("activity.")}
    assert told == {site.code for site in sites}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_plan_and_wait_has_its_reason(lang: str) -> None:
    source = "\n".join(file.read_text("utf-8") for file in SOURCES if ROOT / "publish" in file.parents)
    codes = set(re.findall(r'"((?:plan|wait)\.[a-z_]+)"', source))
    assert len(codes) > 10
    assert {code for code in catalogue().codes(lang) if code.startswith(("plan.", "wait."))} == codes


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_state_has_its_word(lang: str) -> None:
    wanted = {
        *(f"line_state.{state}" for state in LineState), *(f"shop_state.{state}" for state in ShopState),
        *(f"listing_state.{state}" for state in ListingState), *(f"account.{account}" for account in Account),
        *(f"act.{act}" for act in Act), *(f"reason.order.{state}" for state in LineState),
        *(f"reason.stock.{action}" for action in STOCK_ACTIONS), "policy.escrow", "policy.mirror",
    }  # fmt: skip
    assert {key for key in wanted if not catalogue().has(key, lang)} == set()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sentence_with_all_its_facts_leaves_no_field_open(lang: str) -> None:
    for code in error_codes():
        keys = [f"error.{code}.{part}" for part in ("what", "fix")]
        facts = {name: "7" for key in keys for name in fields(catalogue().raw(key, lang)) - BY_CALLS}
        told = fault(code, facts, lang)
        assert "{" not in " ".join((told.what, *told.steps)), code
    for site in activity_sites():
        assert "{" not in happened(site.code, dict.fromkeys(site.facts or (), "7"), lang), site.code


def test_facts_that_are_codes_are_told_in_words() -> None:
    assert happened("shop.trouble", {"error": "channel.timeout"}, "ko") == "문제 발생: 마켓이 제때 답하지 않았습니다."
    assert "결제완료" in fault("order_not_shippable", {"order": "1", "state": "paid"}, "ko").what
    assert "CJ대한통운" in happened("ship.wanted", {"order": "1", "carrier": "cj", "tracking": "2"}, "en")
    told = happened("write.off", {"title": "Mug", "cell": "c", "why": "plan.nothing_left"}, "en")
    assert told.startswith("Mug (c): taken off sale. None is left")


def test_a_code_nobody_wrote_words_for_is_still_explained() -> None:
    told = fault("other.package", {}, "en")
    assert (told.code, told.who) == ("other.package", "The app's developer")
    assert happened("other.news", {}, "en") == "other.news"
