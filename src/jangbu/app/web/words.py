"""Says the board's facts in one language: sentences, spans of time, moments. Owns no wording and no data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from jangbu.infra.activity import Activity
from jangbu.infra.i18n import Catalogue, Fault, day_name, fault, happened, money, number, when, word
from jangbu.kernel.money import Money

_SPANS: Final = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_JUST_NOW: Final = timedelta(seconds=2)
_FAMILIES: Final = {"why": "", "by": "heard_by.", "policy": "policy."}  # facts that are codes themselves
_BROWSERS: Final = (
    ("KAKAOTALK", "KakaoTalk"), ("Whale/", "Whale"), ("SamsungBrowser", "Samsung Internet"), ("NAVER(", "NAVER"),
    ("Edg/", "Edge"), ("Firefox/", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
_OWN: Final = frozenset({"code", "lang", "self"})  # names the catalogue's own door takes


def moment(text: str | None) -> datetime | None:
    """Read a moment as operations give it."""
    return datetime.fromisoformat(text) if text else None


class Words:
    """One language, one time zone, one present moment."""

    def __init__(self, catalogue: Catalogue, lang: str, zone: str, now: datetime) -> None:
        """Speak `lang`."""
        self._catalogue, self.lang, self._zone, self._now = catalogue, lang, zone, now

    def t(self, code: str, **fields: object) -> str:
        """Give the sentence of a code."""
        return self._catalogue.text(code, self.lang, **fields)

    def n(self, value: int) -> str:
        """Write a number."""
        return number(value, self.lang)

    def when(self, moment: datetime) -> str:
        """Write a moment as day and minute."""
        return when(moment, self.lang, self._zone)

    def day(self, moment: datetime) -> str:
        """Write the day of a moment."""
        return moment.astimezone(ZoneInfo(self._zone)).date().isoformat()

    def date(self, moment: datetime) -> str:
        """Write a day with its weekday, as a headline."""
        return day_name(moment, self.lang, self._zone)

    def clock(self, moment: datetime) -> str:
        """Write the time of day, with the day before it when that is another one."""
        there, here = (m.astimezone(ZoneInfo(self._zone)) for m in (moment, self._now))
        text = there.strftime("%H:%M")
        if there.date() == here.date():
            return text
        month = self.t("web.months").split()[there.month - 1]
        return self.t("web.date.short", month=month, day=there.day, time=text)

    def ago(self, moment: datetime | None) -> str:
        """Say how long ago something was."""
        if moment is None:
            return self.t("web.never")
        span = self._now - moment
        if span < _JUST_NOW:
            return self.t("web.just_now")
        unit, amount = _span(span)
        return self.t(f"web.ago.{unit}", n=amount)

    def left(self, moment: datetime) -> str:
        """Say how long there is until a moment, or how long it is past."""
        past = moment < self._now
        unit, amount = _span(self._now - moment if past else moment - self._now)
        return self.t(f"web.{'late' if past else 'left'}.{unit}", n=amount)

    def word(self, group: str, value: object) -> str:
        """Give the word for a value of a closed list."""
        return word(group, str(value), self.lang)

    def money(self, amount: int, currency: str) -> str:
        """Write an amount."""
        return money(Money(amount, currency), self.lang)

    def told(self, code: str, facts: Mapping[str, object]) -> str:
        """Tell one line of the story from a code with its facts."""
        return happened(code, facts, self.lang)

    def reason(self, code: str) -> str:
        """Say a plan's or a wait's reason."""
        return self.t(code)

    def trouble(self, code: str, facts: Mapping[str, object]) -> Fault:
        """Explain a failure: what, the steps, who must act."""
        return fault(code, facts, self.lang)

    def error(self, code: str) -> str:
        """Say in one sentence what failed, where the facts are not at hand."""
        what = self.t(f"error.{code}.what") if self._catalogue.has(f"error.{code}.what", self.lang) else code
        return re.sub(r"\s*\(\{\w+\}\)", "", what)

    def happened(self, entry: Activity, shop: str) -> str:
        """Say one line of the story."""
        facts: dict[str, object] = {**_fields(entry.facts), "shop": shop, "actor": entry.actor.removeprefix("person:")}
        if isinstance(failure := facts.get("error"), str) and failure:
            facts["error"] = self.error(failure)
        for name, family in _FAMILIES.items():
            facts[name] = self._word(family, str(facts.get(name, "")))
        return self.t(f"activity.{entry.code}", **facts)

    def browser(self, agent: str) -> str:
        """Name a browser and its system by what it says of itself; nothing when it says neither."""
        name = next((name for mark, name in _BROWSERS if mark in agent), "")
        system = next((name for mark, name in _SYSTEMS if mark in agent), "")
        return " · ".join(part for part in (name, system) if part)

    def _word(self, family: str, value: str) -> str:
        code = f"{family}{value}".replace(" ", "_")
        return self.t(code) if self._catalogue.has(code, self.lang) else value


def _fields(facts: Mapping[str, str | int]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if name not in _OWN}


def _span(span: timedelta) -> tuple[str, int]:
    """Give a span in its largest whole unit."""
    seconds = max(int(span.total_seconds()), 0)
    return next(((unit, seconds // size) for unit, size in _SPANS if seconds >= size), ("s", 0))
