"""Whole sentences out of codes and facts: what failed, how to mend it, who must; what happened. Owns no wording."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jangbu.infra.i18n.catalogue import Catalogue, catalogue
from jangbu.kernel.errors import WHERE
from jangbu.sdk.carriers import CARRIERS

Facts = Mapping[str, object]

UNSAID: Final = "–"
_GENERAL: Final = "error"
_TAKEN: Final = ("code", "lang", "self")  # names the catalogue's own door takes


@dataclass(frozen=True)
class Fault:
    """A failure as people read it: what, at most three steps that mend it, and whose turn it is."""

    code: str
    what: str
    steps: tuple[str, ...]
    who: str


def fault(code: str, facts: Facts, lang: str) -> Fault:
    """Explain an error code. A code without words of its own gets the general ones and keeps its name."""
    texts = catalogue()
    known = code if texts.has(f"error.{code}.what") else _GENERAL
    given = _spoken(texts, facts, lang)
    what, fix, who = (texts.text(f"error.{known}.{part}", lang, **given) for part in ("what", "fix", "who"))
    what = what.replace(f" ({UNSAID})", "").replace(f"({UNSAID})", "")
    what = what if known == code else f"{what} ({code})"
    return Fault(code, what, tuple(_bare(step) for step in fix.splitlines()), who)


def happened(code: str, facts: Facts, lang: str) -> str:
    """Tell one line of the story; a code without words is shown as it is."""
    texts = catalogue()
    key = f"activity.{code}"
    return texts.text(key, lang, **_spoken(texts, facts, lang)).strip() if texts.has(key) else code


def word(group: str, value: str, lang: str) -> str:
    """Give the word for a value of a closed list, such as a state; an unknown value stays as it is."""
    texts, key = catalogue(), f"{group}.{value.replace(' ', '_')}"
    return texts.text(key, lang) if texts.has(key) else value


def _spoken(texts: Catalogue, facts: Facts, lang: str) -> dict[str, object]:
    """Put facts that are codes themselves into words, and say openly what was not told."""
    spoken: dict[str, object] = dict.fromkeys(WHERE, UNSAID) | dict(facts)
    for taken in _TAKEN:
        spoken.pop(taken, None)
    if (error := str(facts.get("error", ""))) and texts.has(f"error.{error}.what"):
        spoken["error"] = texts.text(f"error.{error}.what", lang, **spoken)
    if (why := str(facts.get("why", ""))) and texts.has(why):
        spoken["why"] = texts.text(why, lang)
    if "carrier" in facts:
        spoken["carrier"] = CARRIERS.get(str(facts["carrier"]), facts["carrier"])
    if texts.has(allowed := f"option.{facts.get('option')}.allowed"):
        spoken["allowed"] = texts.text(allowed, lang)
    for name, group in (("by", "heard_by"), ("state", "line_state")):
        if name in facts:
            spoken[name] = word(group, str(facts[name]), lang)
    return spoken


def _bare(step: str) -> str:
    number, dot, rest = step.partition(". ")
    return rest if dot and number.isdigit() else step
