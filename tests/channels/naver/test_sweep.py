"""The order feed: windows, paging, what a sweep may claim, and that none of it loses a sale."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.channels.naver.support import FakeClient, answer, change, envelope, line, refuse

from jangbu.channels.naver.adapter import NaverAdapter
from jangbu.channels.naver.mapping.times import kst_text, moment
from jangbu.kernel.errors import ConfigError, ContractBroken, Rejected, Transient
from jangbu.sdk.client import Request, Response
from jangbu.sdk.records import Sweep

DATE = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
FEED, QUERY, SEARCH = "listLastChangedStatuses", "queryProductOrders", "searchProductOrders"
EMPTY = envelope()


def feed_of(*pages: dict[str, Any], at: datetime | None = DATE, timestamp: bool = True) -> Any:
    """Answer the probe with an empty page, then the walk with these pages."""
    left = [EMPTY, *pages]

    def reply(request: Request) -> Response:
        page = left.pop(0) if left else EMPTY
        if not timestamp:
            page = {name: part for name, part in page.items() if name != "timestamp"}
        return answer(request, page, at=at)

    return reply


def details(request: Request) -> Response:
    return answer(request, envelope([line(name) for name in request.json["productOrderIds"]]))


def page(*rows: dict[str, Any], more: tuple[str, str] | None = None) -> dict[str, Any]:
    data: dict[str, Any] = {"lastChangeStatuses": list(rows), "count": len(rows)}
    return envelope(data if more is None else data | {"more": {"moreFrom": more[0], "moreSequence": more[1]}})


T1, T2, T3 = (f"2026-10-01T09:5{minute}:00.000+09:00" for minute in (6, 7, 8))
MARK = kst_text(DATE - timedelta(minutes=1))


def seen(sweep: Sweep) -> list[str]:
    return [entry.remote_id for order in sweep.orders for entry in order.lines]


async def test_the_newest_window_asks_from_before_the_watermark_to_a_day_later() -> None:
    client = FakeClient({FEED: feed_of()})
    await NaverAdapter(client).sweep(MARK)
    probe, walk = client.sent
    since = DATE - timedelta(minutes=6)
    assert probe.query == {"lastChangedFrom": kst_text(since), "limitCount": 1}
    assert walk.query == {
        "lastChangedFrom": kst_text(since),
        "lastChangedTo": kst_text(since + DAY),
        "limitCount": 300,
    }


async def test_an_empty_feed_still_moves_watermark_and_horizon_to_naver_s_own_time() -> None:
    client = FakeClient({FEED: feed_of()}, now=DATE + timedelta(days=3))
    sweep = await NaverAdapter(client).sweep(MARK)
    assert sweep == Sweep(orders=(), watermark=kst_text(DATE), done=True, complete_to=DATE)


async def test_the_horizon_is_the_date_of_an_answer_before_the_walk_not_of_the_walk() -> None:
    dates = iter([DATE, DATE + timedelta(seconds=40), DATE + timedelta(seconds=80)])

    def feed(request: Request) -> Response:
        return answer(request, EMPTY, at=next(dates))

    sweep = await NaverAdapter(FakeClient({FEED: feed})).sweep(MARK)
    assert (sweep.complete_to, sweep.watermark) == (DATE, kst_text(DATE))


async def test_pages_are_followed_by_the_server_s_own_cursor_with_the_same_end() -> None:
    pages = [page(change("21", T1), more=(T1, "21")), page(more=(T2, "30")), page(change("31", T3))]
    client = FakeClient({FEED: feed_of(*pages), QUERY: details})
    sweep = await NaverAdapter(client).sweep(MARK)
    _, first, second, third = client.asked(FEED)
    assert [request.query.get("moreSequence") for request in (first, second, third)] == [None, "21", "30"]
    assert [request.query["lastChangedFrom"] for request in (second, third)] == [T1, T2]
    assert len({request.query["lastChangedTo"] for request in (first, second, third)}) == 1
    assert seen(sweep) == ["21", "31"]
    assert sweep.complete_to == DATE


async def test_a_line_named_twice_is_read_once_and_dated_by_its_latest_change() -> None:
    pages = [page(change("21", T1), more=(T1, "21")), page(change("21", T3))]
    client = FakeClient({FEED: feed_of(*pages), QUERY: details})
    sweep = await NaverAdapter(client).sweep(MARK)
    assert client.asked(QUERY)[0].json["productOrderIds"] == ["21"]
    at = moment(T3)
    assert at is not None
    assert [order.updated_at for order in sweep.orders] == [max(at, datetime(2026, 10, 1, 0, 58, 11, tzinfo=UTC))]


async def test_a_feed_that_goes_round_is_left_without_claiming_its_end() -> None:
    round_and_round = [page(change("21", T1), more=(T1, "21"))] * 5
    client = FakeClient({FEED: feed_of(*round_and_round), QUERY: details})
    sweep = await NaverAdapter(client).sweep(MARK)
    assert seen(sweep) == ["21"]
    assert (sweep.watermark, sweep.complete_to, sweep.done) == (T1, None, True)
    assert len(client.asked(FEED)) == 3


async def test_a_feed_without_end_is_left_and_taken_up_where_it_was_left() -> None:
    def feed(request: Request) -> Response:
        since = moment(str(request.query["lastChangedFrom"]))
        assert since is not None
        further = kst_text(since + timedelta(milliseconds=1))
        return answer(request, page(more=(further, "1")), at=DATE)

    client = FakeClient({FEED: feed})
    sweep = await NaverAdapter(client).sweep(MARK)
    assert len(client.sent) <= 300
    assert sweep.complete_to is None
    left_at = moment(str(client.sent[-1].query["lastChangedFrom"]))
    assert left_at is not None
    assert moment(sweep.watermark) == left_at + timedelta(milliseconds=1)


async def test_details_are_read_300_a_call() -> None:
    rows = [change(str(number), T1) for number in range(301)]
    client = FakeClient({FEED: feed_of(page(*rows)), QUERY: details})
    sweep = await NaverAdapter(client).sweep(MARK)
    assert [len(request.json["productOrderIds"]) for request in client.asked(QUERY)] == [300, 1]
    assert len(seen(sweep)) == 301


async def test_a_line_the_reading_does_not_give_is_missing_and_holds_the_horizon() -> None:
    def query(request: Request) -> Response:
        return answer(request, envelope([line("21"), {"productOrder": {}}]), odd=True)

    client = FakeClient({FEED: feed_of(page(change("21", T1), change("31", T2))), QUERY: query})
    sweep = await NaverAdapter(client).sweep(MARK)
    assert (seen(sweep), sweep.missing, sweep.complete_to) == (["21"], ("31",), None)


@pytest.mark.parametrize("code", ["100001", "101009"])
async def test_one_foreign_line_does_not_hide_the_others(code: str) -> None:
    def query(request: Request) -> Response:
        return refuse(request, 400, code) if "31" in request.json["productOrderIds"] else details(request)

    rows = [change(name, T1) for name in ("21", "31", "41", "51", "61")]
    sweep = await NaverAdapter(FakeClient({FEED: feed_of(page(*rows)), QUERY: query})).sweep(MARK)
    assert (sorted(seen(sweep)), sweep.missing) == (["21", "41", "51", "61"], ("31",))


async def test_a_row_without_a_readable_time_is_still_read() -> None:
    rows = envelope({"lastChangeStatuses": [change("21", "soon")], "count": 1})

    def feed(request: Request) -> Response:
        return answer(request, EMPTY if request.query["limitCount"] == 1 else rows, at=DATE, odd=True)

    assert seen(await NaverAdapter(FakeClient({FEED: feed, QUERY: details})).sweep(MARK)) == ["21"]


async def test_the_first_look_goes_back_thirty_days_window_by_window_oldest_first() -> None:
    client = FakeClient({FEED: feed_of()}, now=DATE)
    adapter, watermark, sweeps = NaverAdapter(client), "", list[Sweep]()
    while not sweeps or not sweeps[-1].done:
        sweeps.append(await adapter.sweep(watermark))
        watermark = sweeps[-1].watermark
    starts = [moment(str(request.query["lastChangedFrom"])) for request in client.sent[1::2]]
    assert starts[0] == DATE - timedelta(days=30)
    assert all(before and after and before < after <= before + DAY for before, after in pairwise(starts))
    assert [sweep.complete_to for sweep in sweeps] == [None] * (len(sweeps) - 1) + [DATE]
    assert watermark == kst_text(DATE)
    assert len(sweeps) <= 32


async def test_a_window_that_ends_while_it_is_read_claims_nothing_and_is_followed_by_one_that_does() -> None:
    client = FakeClient({FEED: feed_of()})
    ends_now = kst_text(DATE - DAY + timedelta(minutes=5, seconds=1))
    first = await NaverAdapter(client).sweep(ends_now)
    assert (first.done, first.complete_to, first.watermark) == (False, None, kst_text(DATE))
    second = await NaverAdapter(client).sweep(first.watermark)
    assert (second.done, second.complete_to) == (True, DATE)


async def test_the_look_back_is_the_shop_s_own_choice() -> None:
    client = FakeClient({FEED: feed_of()}, options={"look_back_days": "3"}, now=DATE)
    await NaverAdapter(client).sweep("")
    assert client.sent[1].query["lastChangedFrom"] == kst_text(DATE - timedelta(days=3))


@pytest.mark.parametrize("days", ["many", "0", "-1", "²"])
async def test_a_look_back_that_is_no_number_of_days_is_refused(days: str) -> None:
    with pytest.raises(ConfigError):
        await NaverAdapter(FakeClient({FEED: feed_of()}, options={"look_back_days": days})).sweep("")


async def test_a_watermark_that_is_no_time_is_refused() -> None:
    with pytest.raises(ConfigError):
        await NaverAdapter(FakeClient()).sweep("page 7")


async def test_a_watermark_ahead_of_naver_s_clock_is_taken_back() -> None:
    client = FakeClient({FEED: feed_of()})
    sweep = await NaverAdapter(client).sweep(kst_text(DATE + timedelta(hours=2)))
    assert client.sent[1].query["lastChangedFrom"] == kst_text(DATE - timedelta(minutes=5))
    assert sweep.watermark == kst_text(DATE)


async def test_the_body_s_timestamp_stands_in_for_a_missing_date() -> None:
    sweep = await NaverAdapter(FakeClient({FEED: feed_of(at=None)})).sweep(MARK)
    assert sweep.complete_to == DATE


async def test_a_feed_that_tells_no_time_at_all_is_broken() -> None:
    with pytest.raises(ContractBroken):
        await NaverAdapter(FakeClient({FEED: feed_of(at=None, timestamp=False)})).sweep(MARK)


async def test_trouble_while_reading_details_moves_nothing() -> None:
    client = FakeClient(
        {FEED: feed_of(page(change("21", T1))), QUERY: lambda request: refuse(request, 503, "GW.BLOCK.02")}
    )
    with pytest.raises(Transient):
        await NaverAdapter(client).sweep(MARK)


async def test_a_deep_sweep_overlaps_an_hour_and_looks_at_all_lately_placed_lines() -> None:
    def search(request: Request) -> Response:
        rows = [{"productOrderId": name, "content": line(name)} for name in ("21", "71")]
        last_day = request.query["to"] == kst_text(DATE)
        return answer(
            request,
            envelope(
                {
                    "contents": rows if last_day else [],
                    "pagination": {"page": 1, "size": 300, "hasNext": False},
                }
            ),
        )

    client = FakeClient({FEED: feed_of(page(change("21", T1))), QUERY: details, SEARCH: search})
    sweep = await NaverAdapter(client).sweep(MARK, deep=True)
    assert client.sent[1].query["lastChangedFrom"] == kst_text(DATE - timedelta(minutes=61))
    assert seen(sweep) == ["21", "71"]
    assert len(client.asked(SEARCH)) == 7
    assert {request.query["rangeType"] for request in client.asked(SEARCH)} == {"ORDERED_DATETIME"}
    assert sweep.complete_to == DATE


async def test_a_deep_sweep_ends_when_a_search_repeats_itself_and_names_what_it_could_not_read() -> None:
    def search(request: Request) -> Response:
        rows = [{"productOrderId": "81", "content": {"order": {}}}]
        return answer(request, envelope({"contents": rows, "pagination": {"hasNext": True}}), odd=True)

    client = FakeClient({FEED: feed_of(), SEARCH: search}, options={"deep_days": "1"})
    sweep = await NaverAdapter(client).sweep(MARK, deep=True)
    assert (sweep.missing, sweep.complete_to, len(client.asked(SEARCH))) == (("81",), None, 2)


async def test_a_search_goes_on_past_an_empty_page() -> None:
    pages = iter([([], True), (["71"], False)])

    def search(request: Request) -> Response:
        names, more = next(pages)
        rows = [{"productOrderId": name, "content": line(name)} for name in names]
        return answer(request, envelope({"contents": rows, "pagination": {"hasNext": more}}))

    client = FakeClient({FEED: feed_of(), SEARCH: search}, options={"deep_days": "1"})
    assert seen(await NaverAdapter(client).sweep(MARK, deep=True)) == ["71"]
    assert [request.query["page"] for request in client.asked(SEARCH)] == [1, 2]


async def test_a_search_whose_pages_stay_empty_and_claim_another_ends_after_three() -> None:
    def search(request: Request) -> Response:
        return answer(request, envelope({"contents": [], "pagination": {"hasNext": True}}))

    client = FakeClient({FEED: feed_of(), SEARCH: search}, options={"deep_days": "1"})
    assert seen(await NaverAdapter(client).sweep(MARK, deep=True)) == []
    assert [request.query["page"] for request in client.asked(SEARCH)] == [1, 2, 3]


@dataclass
class Line:
    """A product order of the small feed below: when each of its changes happened, oldest first."""

    name: str
    changes: list[datetime] = field(default_factory=list)

    def visible(self, now: datetime, lag: timedelta) -> datetime | None:
        return max((at for at in self.changes if at + lag <= now), default=None)


class Marketplace:
    """The documented feed in small: inclusive bounds, latest change only, keyset paging, changes at any time.

    Its clock runs on with every request, things happen between any two requests, and a change shows up in
    the feed only `lag` later.
    """

    def __init__(self, chance: random.Random, lag: timedelta) -> None:
        self.now = datetime(2026, 9, 1, 3, 0, tzinfo=UTC)
        self.lines: list[Line] = []
        self._chance, self._lag, self._page_rows = chance, lag, chance.randint(2, 4)

    def live(self, span: timedelta) -> None:
        """Let time pass; lines are ordered and change at random moments of it."""
        busy = self._chance.choice([0, 0, 1] if span < timedelta(seconds=10) else [0, 2, 5])
        moments = sorted(self.now + span * self._chance.random() for _ in range(busy))
        for at in moments:
            whole = at.replace(microsecond=at.microsecond // 1000 * 1000)
            if self.lines and self._chance.random() < 0.5:
                self._chance.choice(self.lines).changes.append(whole)
            else:
                self.lines.append(Line(str(1_000 + len(self.lines)), [whole]))
        self.now += span

    def feed(self, request: Request) -> Response:
        self.live(timedelta(seconds=self._chance.choice([0, 0.01, 0.3, 4])))
        query = request.query
        since, until = moment(str(query["lastChangedFrom"])), moment(str(query.get("lastChangedTo", "")))
        assert since is not None
        until = until or since + DAY
        if until - since > DAY:
            return refuse(request, 400, "4000")
        after = (since, str(query.get("moreSequence", "")))
        rows = [row for row in self._rows(until) if row >= after and (row[1] != after[1] or not after[1])]
        shown = rows[: min(int(str(query["limitCount"])), self._page_rows)]
        body = page(
            *(change(name, kst_text(at)) for at, name in shown),
            more=(kst_text(shown[-1][0]), shown[-1][1]) if len(rows) > len(shown) else None,
        )
        told = answer(request, body if shown else EMPTY, at=self.now.replace(microsecond=0))
        self.live(timedelta(seconds=self._chance.choice([0, 0.5, 3])))  # the answer is under way
        return told

    def _rows(self, until: datetime) -> list[tuple[datetime, str]]:
        dated = ((entry.visible(self.now, self._lag), entry.name) for entry in self.lines)
        return sorted((at, name) for at, name in dated if at and at <= until)

    def query(self, request: Request) -> Response:
        self.live(timedelta(seconds=self._chance.choice([0, 0.2, 2])))
        asked = set(request.json["productOrderIds"])
        known = [entry for entry in self.lines if entry.name in asked]
        # A line tells how often it changed by its quantity.
        told = [line(entry.name, entry.name, initialQuantity=len(entry.changes)) for entry in known]
        return answer(request, envelope(told), at=self.now)


def gaps(chance: random.Random) -> Iterator[timedelta]:
    """Give times between sweeps: seconds when the hub runs, days when it was off."""
    for _ in range(chance.randint(2, 7)):
        yield timedelta(seconds=chance.choice([1, 10, 60, 3_600, 86_000, 86_400, 200_000]) * chance.random() * 1.2)


@settings(max_examples=100, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    lag_s=st.sampled_from([0, 0, 1, 9]),
    skew_s=st.sampled_from([-3_600, -7, 0, 5, 3_600]),
)
async def test_whatever_changes_between_pages_no_change_up_to_the_horizon_is_lost(
    seed: int, lag_s: int, skew_s: int
) -> None:
    chance = random.Random(seed)
    lag = timedelta(seconds=lag_s)
    place, watermark, known = Marketplace(chance, lag), "", dict[str, int]()
    for gap in gaps(chance):
        place.live(gap)
        done = False
        while not done:
            client = FakeClient(
                {FEED: place.feed, QUERY: place.query},
                options={"look_back_days": "3"},
                now=place.now + timedelta(seconds=skew_s),
            )
            sweep = await NaverAdapter(client).sweep(watermark)
            watermark, done = sweep.watermark, sweep.done
            known |= {entry.remote_id: entry.quantity for order in sweep.orders for entry in order.lines}
            reached = moment(watermark)
            assert reached is not None
            assert reached <= place.now
            if sweep.complete_to is not None:
                assert_nothing_lost(place, known, sweep.complete_to - lag)
    assert sweep.complete_to is not None


def assert_nothing_lost(place: Marketplace, known: dict[str, int], up_to: datetime) -> None:
    for entry in place.lines:
        happened = sum(at <= up_to for at in entry.changes)
        assert known.get(entry.name, 0) >= happened, f"{entry.name} changed unseen before {up_to}"


async def test_a_refusal_for_another_reason_is_not_blamed_on_a_line() -> None:
    client = FakeClient(
        {
            FEED: feed_of(page(change("21", T1), change("31", T1))),
            QUERY: lambda request: refuse(request, 400, "4000"),
        }
    )
    with pytest.raises(Rejected):
        await NaverAdapter(client).sweep(MARK)
    assert len(client.asked(QUERY)) == 1


async def test_a_search_without_data_is_empty_and_rows_without_an_id_go_by_their_detail() -> None:
    bodies = iter([envelope(), envelope({"contents": [{"content": line("71")}, {"content": None}]})])

    def search(request: Request) -> Response:
        return answer(request, next(bodies), odd=True)

    client = FakeClient({FEED: feed_of(), SEARCH: search}, options={"deep_days": "2"})
    sweep = await NaverAdapter(client).sweep(MARK, deep=True)
    assert (seen(sweep), sweep.missing) == (["71"], ())
