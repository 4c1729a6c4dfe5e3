"""The ladder: at which rung a failure stops, and what is said of those around it."""

from __future__ import annotations

import pytest

from jangbu.infra.i18n import LANGUAGES, catalogue
from jangbu.infra.plugins import channels
from jangbu.kernel.errors import (
    AddressNotAllowed,
    ChannelError,
    ReauthRequired,
    Rejected,
    ScopeMissing,
    Throttled,
    TokenExpired,
    Transient,
)
from jangbu.watch.ladder import RUNGS, Certainty, Rung, State, climbed, noted_at, stopped_at, with_standing

TOLD = {"x.clock": "clock", "x.gone": "app"}


@pytest.mark.parametrize(
    ("error", "rung", "certainty"),
    [
        (ReauthRequired("", code="x.clock"), Rung.CLOCK, Certainty.CERTAIN),
        (ReauthRequired("", code="x.gone"), Rung.APP, Certainty.CERTAIN),
        (AddressNotAllowed(""), Rung.ADDRESS, Certainty.CERTAIN),
        (ScopeMissing(""), Rung.GROUPS, Certainty.CERTAIN),
        (Transient("", code="channel.unreachable"), Rung.LINE, Certainty.LIKELY),
        (Transient("", code="x.busy"), Rung.LINE, Certainty.POSSIBLE),
        (TokenExpired("", code="x.old"), Rung.TOKEN, Certainty.LIKELY),
        (Throttled("", code="x.slow"), Rung.FIRST_READ, Certainty.POSSIBLE),
        (Rejected("", code="x.no"), Rung.FIRST_READ, Certainty.POSSIBLE),
    ],
)
def test_a_failure_stops_at_its_rung(error: ChannelError, rung: Rung, certainty: Certainty) -> None:
    assert stopped_at(error, TOLD, Rung.FIRST_READ) == (rung, certainty)


@pytest.mark.parametrize("broken", RUNGS)
def test_rungs_below_the_broken_one_hold_and_those_above_were_not_reached(broken: Rung) -> None:
    found = climbed(broken, Rejected("", code="x.no", name="n"), Certainty.LIKELY)
    states = [each.state for each in found]
    here = RUNGS.index(broken)
    assert states == [State.OK] * here + [State.BROKEN] + [State.NOT_REACHED] * (len(RUNGS) - here - 1)
    assert (found[here].code, found[here].facts, found[here].certainty) == ("x.no", {"name": "n"}, Certainty.LIKELY)


def test_our_own_books_speak_only_of_rungs_that_were_reached() -> None:
    whole = with_standing(climbed(None), gap=State.UNKNOWN, writing=State.OK)
    assert [each.state for each in whole][-2:] == [State.UNKNOWN, State.OK]
    half = with_standing(climbed(Rung.TOKEN), gap=State.OK, writing=State.OK)
    assert [each.state for each in half][-2:] == [State.NOT_REACHED, State.NOT_REACHED]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_rung_and_every_code_a_channel_puts_on_one_has_words(lang: str) -> None:
    for rung in RUNGS:
        assert catalogue().has(f"rung.{rung}", lang)
    for manifest in channels().values():
        assert manifest.rungs
        for code, name in manifest.rungs.items():
            assert name in RUNGS
            for part in ("what", "fix", "who"):
                assert catalogue().has(f"error.{code}.{part}", lang), (code, part)


@pytest.mark.parametrize(
    ("code", "rung", "certainty"),
    [
        ("x.clock", Rung.CLOCK, Certainty.CERTAIN),
        ("channel.unreachable", Rung.LINE, Certainty.LIKELY),
        ("x.busy", Rung.FIRST_READ, Certainty.POSSIBLE),
    ],
)
def test_a_trouble_of_which_only_the_code_was_noted_has_its_rung_too(
    code: str, rung: Rung, certainty: Certainty
) -> None:
    assert noted_at(code, TOLD) == (rung, certainty)
