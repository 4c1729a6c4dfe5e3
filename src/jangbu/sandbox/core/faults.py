"""Owns what goes wrong and when: seeded rules and switches; emulators ask it, it touches no emulator."""

import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

CALL_KINDS: Final = frozenset(
    {
        "rate_limited",  # 429 with Retry-After (params retry_after_s, default 1)
        "rate_limited_bare",  # 429 without
        "error_before",  # 5xx, nothing done (params status, default 500)
        "error_after",  # 5xx although it was done
        "timeout_before",  # never answers, nothing done
        "timeout_after",  # done, never answers
        "late",  # never answers, done `delay_s` later (default 20)
        "reset_before",  # connection reset, nothing done
        "reset_after",  # done, connection reset
        "truncated",  # done, body cut in the middle
        "html",  # an HTML page (params status, default 502), nothing done
        "bad_json",  # done, but the body is not JSON
        "slow",  # `delay_s` (default 5) before it is done
        "stale_read",  # reads answer from `age_s` (default 60) ago
    }
)
NEWS_KINDS: Final = frozenset({"lost", "duplicate", "delayed", "out_of_order", "forged"})
SWITCHES: Final = frozenset({"token_revoked", "secret_expired", "address_not_allowed", "dormant_app"})
KINDS: Final = CALL_KINDS | NEWS_KINDS | SWITCHES


class ConnectionDropped(ConnectionResetError):  # noqa: N818 -- named after what happened
    """The far side cut the connection: before the answer a reset, after its start a cut body."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When which fault strikes; of several rules the first that matches and hits counts."""

    kind: str
    channel: str | None = None
    operation: str = "*"
    probability: float = 1.0
    times: int | None = None
    params: dict[str, float | str] = {}


class Fault(msgspec.Struct, frozen=True):
    """A fault that strikes one call or one delivery."""

    kind: str
    params: dict[str, float | str]

    def number(self, name: str, default: float) -> float:
        """A parameter as a number."""
        return float(self.params.get(name, default))


class Faults:
    """The rules now in force and how often each struck; deterministic for one seed and order of calls."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._rules: list[Rule] = []
        self._hits: list[int] = []

    def replace(self, rules: Sequence[Mapping[str, Any]]) -> None:
        """Puts these rules in force instead of the present ones; an empty list clears.

        Errors: ValueError with the number of the bad rule; nothing changes then.
        """
        fresh = [_rule(place, raw) for place, raw in enumerate(rules)]
        self._rules, self._hits = fresh, [0] * len(fresh)

    def listing(self) -> list[dict[str, Any]]:
        """The rules with their hits."""
        return [{**msgspec.to_builtins(rule), "hits": hits} for rule, hits in zip(self._rules, self._hits, strict=True)]

    def for_call(self, channel: str, operation: str) -> Fault | None:
        """What strikes this call, if anything."""
        return self._draw(CALL_KINDS, channel, operation)

    def for_news(self, channel: str, event: str) -> Fault | None:
        """What strikes this webhook delivery, if anything; `operation` of a rule names the event."""
        return self._draw(NEWS_KINDS, channel, event)

    def switched(self, channel: str, switch: str) -> bool:
        """Whether a state such as `token_revoked` holds; it holds while its rule stands."""
        return any(rule.kind == switch and rule.channel in (None, channel) for rule in self._rules)

    def _draw(self, kinds: frozenset[str], channel: str, operation: str) -> Fault | None:
        for place, rule in enumerate(self._rules):
            if rule.kind not in kinds or rule.channel not in (None, channel):
                continue
            if rule.operation not in ("*", operation) or self._spent(place):
                continue
            if rule.probability >= 1 or self._rng.random() < rule.probability:
                self._hits[place] += 1
                return Fault(rule.kind, rule.params)
        return None

    def _spent(self, place: int) -> bool:
        times = self._rules[place].times
        return times is not None and self._hits[place] >= times


def _rule(place: int, raw: Mapping[str, Any]) -> Rule:
    try:
        rule = msgspec.convert(dict(raw), Rule)
    except (msgspec.ValidationError, TypeError, ValueError) as error:
        raise ValueError(f"rule {place}: {error}") from None
    if rule.kind not in KINDS:
        raise ValueError(f"rule {place}: unknown kind {rule.kind!r}; one of {', '.join(sorted(KINDS))}")
    if not 0 <= rule.probability <= 1:
        raise ValueError(f"rule {place}: probability must lie between 0 and 1")
    return rule


LIGHT: Final[list[dict[str, Any]]] = [
    {"kind": "rate_limited", "probability": 0.005},
    {"kind": "error_before", "probability": 0.01},
    {"kind": "slow", "probability": 0.02, "params": {"delay_s": 1.5}},
    {"kind": "duplicate", "probability": 0.1},
    {"kind": "lost", "probability": 0.05},
]
HEAVY: Final[list[dict[str, Any]]] = [
    {"kind": "rate_limited", "probability": 0.02},
    {"kind": "rate_limited_bare", "probability": 0.01},
    {"kind": "error_before", "probability": 0.03},
    {"kind": "error_after", "probability": 0.02},
    {"kind": "reset_before", "probability": 0.01},
    {"kind": "reset_after", "probability": 0.01},
    {"kind": "truncated", "probability": 0.01},
    {"kind": "html", "probability": 0.01},
    {"kind": "bad_json", "probability": 0.005},
    {"kind": "late", "probability": 0.003, "params": {"delay_s": 15}},
    {"kind": "slow", "probability": 0.03, "params": {"delay_s": 3}},
    {"kind": "lost", "probability": 0.2},
    {"kind": "duplicate", "probability": 0.2},
    {"kind": "delayed", "probability": 0.2, "params": {"delay_s": 20}},
    {"kind": "out_of_order", "probability": 0.2},
]
PRESETS: Final = {"light": LIGHT, "heavy": HEAVY}
