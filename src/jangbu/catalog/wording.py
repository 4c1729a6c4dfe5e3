"""The few words by which options and goods are recognised across Korean and English. Pure; owns the word lists."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from jangbu.catalog import words

_NUMBER: Final = re.compile(
    r"(\d+(?:[.,]\d+)?)\s*(cm|mm|m|ml|l|kg|g|oz|inch|in|호|인용|개|pcs|pc|p|장|ea|매|구|단)?(?![a-z])"
)
_SAME_UNIT: Final = {"pcs": "개", "pc": "개", "p": "개", "ea": "개", "inch": "in", "매": "장"}
_LATIN: Final = re.compile(r"[a-z][a-z]+|(?<![a-z])[a-z](?![a-z])")
_HANGUL: Final = re.compile(r"[가-힣]+")
_SET_OF: Final = re.compile(
    r"(?:set|pack|pair|box)s?\s+of\s+(\d+|two|three|four|five|six|eight|ten|twelve)|(\d+)\s*(?:개|입|장|매|종|p|pcs|pc|ea|켤레|자루|구)\s*"
    r"(?:세트|묶음|들이|입|팩|set)?(?![가-힣a-z0-9])|x\s?(\d+)(?=\s*(?:$|[^\w\s]))|"
    r"(?<![\da-z])(\d+)\s?x(?=\s*(?:$|[^\w\s]))|^(\d+)\s?x\s|(\d+)\s*(?:piece|pack|pcs)"
)
_SIDE: Final = r"\d+(?:[.,]\d+)?\s*(?:cm|mm|inch|in|m)?"
_SIZES: Final = re.compile(rf"{_SIDE}(?:\s*[x×*]\s*{_SIDE})+(?![a-z\d])")
_CHOICE: Final = re.compile(r"택\s*(?:1|일|\d)|중\s*(?:선택|택)|골라")
_SPELLED: Final = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "eight": 8, "ten": 10, "twelve": 12}
PIECES_MAX: Final = 50


def _concepts(groups: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in groups.splitlines():
        same = group.split()
        for word in same:
            found.setdefault(word, same[0])
    return found


OPTION_WORDS: Final[Mapping[str, str]] = _concepts(words.OPTIONS)
GOODS_WORDS: Final[Mapping[str, str]] = _concepts(words.GOODS)
MEANINGS: Final = frozenset(OPTION_WORDS.values())
_GOODS_KO: Final = tuple(sorted((word for word in GOODS_WORDS if _HANGUL.fullmatch(word)), key=len, reverse=True))
_OPTIONS_KO: Final = tuple(
    sorted((word for word in OPTION_WORDS if _HANGUL.fullmatch(word) and len(word) > 1), key=len, reverse=True)
)


@lru_cache(maxsize=50_000)
def plain(text: str) -> str:
    """Give a text as it is compared: one form of each character, small letters, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


@lru_cache(maxsize=20_000)
def numbers(text: str) -> frozenset[str]:
    """Give the measures of a text, such as "21cm" or "40"."""
    found = _NUMBER.findall(plain(text))
    return frozenset(number.replace(",", ".") + _SAME_UNIT.get(unit, unit) for number, unit in found)


@lru_cache(maxsize=20_000)
def option_tokens(text: str) -> frozenset[str]:
    """Give an option value as concepts: words of the list by their meaning, others and measures as they are."""
    text = plain(text)
    joined = re.sub(r"[\s_\-/·,.()]+", "", text)
    for whole in (joined, re.sub(r"[\s\-]+", "_", text)):
        if whole in OPTION_WORDS:
            return frozenset({OPTION_WORDS[whole]})
    rest = re.findall(r"[a-z]+|[가-힣]+", _NUMBER.sub(" ", text))
    return numbers(text) | {OPTION_WORDS.get(word, word) for word in rest}


@lru_cache(maxsize=20_000)
def goods_tokens(title: str) -> frozenset[str]:
    """Give the kinds of goods a title names, by their meaning."""
    title = plain(title)
    return _named(title, GOODS_WORDS, _GOODS_KO)


@lru_cache(maxsize=20_000)
def title_tokens(title: str) -> frozenset[str]:
    """Give what else a title tells: colours, materials and shapes by meaning, and words in Latin letters."""
    title = plain(title)
    latin = {word for word in _LATIN.findall(title) if len(word) > 2 and word not in GOODS_WORDS}  # noqa: PLR2004
    return _named(title, OPTION_WORDS, _OPTIONS_KO) | {f"={word}" for word in latin if word not in OPTION_WORDS}


def pieces(title: str) -> int:
    """Tell how many pieces one sale of a title means: "set of 3", "3개 세트", "x2"; 1 where it does not say.

    Sizes ("20 x 30 cm") and kinds to choose from ("3종 택1") say nothing of pieces.
    """
    said_plainly = plain(title)
    if _CHOICE.search(said_plainly):
        return 1
    found = _SET_OF.search(_SIZES.sub(" ", said_plainly))
    said = next((group for group in found.groups() if group), "") if found else ""
    number = _SPELLED.get(said) or (int(said) if said.isdigit() else 1)
    return number if 1 <= number <= PIECES_MAX else 1


def _named(title: str, meaning: Mapping[str, str], korean: Iterable[str]) -> frozenset[str]:
    found = {meaning[word] for word in _LATIN.findall(title) if len(word) > 1 and word in meaning}
    left = title
    for word in korean:  # longest first, so that a part of a longer word names nothing of its own
        if word in left:
            found.add(meaning[word])
            left = left.replace(word, " ")
    return frozenset(found)
