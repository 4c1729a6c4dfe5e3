"""Forces an emulator into its own error answers and tells what the channel's fault table makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
from tests.contract.kit import Bench, bench
from tests.support.oas import at_hand
from tests.support.recording import Exchange, Recording, record
from tests.support.town import START, a_town
from tests.support.vtime import run_virtual

from jangbu.kernel.clock import to_ms
from jangbu.kernel.errors import ChannelError
from jangbu.sdk.client import Request
from jangbu.sdk.http.wire import build

Headers = dict[str, str]
REST_S: Final = 2.0  # between two cases, so that no case meets the limits by another's calls
LINE_REFUSALS: Final = frozenset(
    {
        "delivery_method",
        "carrier_unknown",
        "tracking_missing",
        "tracking_used",
        "tracking_invalid",
        "duplicate_line",
        "line_state",
        "place_order_state",
    }
)
"""What Naver tells per line, in an answer that is a success as a whole."""


@dataclass(frozen=True)
class Known:
    """What a case may name: ids of things that are there."""

    shop_id: str
    listing: str
    american_order: str  # dear enough that Etsy wants a tracking number
    cancelled_order: str
    fields: Mapping[str, str]
    now_ms: int


@dataclass(frozen=True)
class Forced:
    """One error answer: how to get it, and what it must become. `code` is without the channel's name."""

    code: str
    error: type[ChannelError]
    ask: Callable[[Known], Request]
    rules: Sequence[Mapping[str, Any]] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    headers: Callable[[Headers], Headers] = lambda signed: signed
    path: str = ""  # instead of the operation's own


@dataclass(frozen=True)
class Outcome:
    """What a case came to."""

    status: int
    error: ChannelError
    problems: list[str]


def outcomes(channel: str, cases: Sequence[Forced], home: Path) -> list[Outcome]:
    """Play all cases in one town, each undone before the next."""

    async def play() -> list[Outcome]:
        async with a_town(home) as town:
            recording = record(town)
            shop = await bench(town, channel)
            known = await _known(shop)
            return [await _outcome(shop, recording, known, case) for case in cases]

    return run_virtual(play(), start=START)


async def _known(shop: Bench) -> Known:
    orders = {order: shop.sell() for order in ("first", "second")}
    await asyncio.sleep(REST_S)
    shop.emulator.cancel(orders["first"], None, None, restock=True)
    listings = await shop.listings()
    sweep = await shop.adapter().sweep("")
    american = next((order.remote_id for order in sweep.orders if order.ship_to.country == "US"), "")
    profile = await shop.adapter().read_shop()
    fields = shop.town.credentials(shop.channel)
    now_ms = to_ms(shop.town.clock.now())
    return Known(profile.remote_id, listings[0].ref.remote_id, american, orders["first"], fields, now_ms)


async def _outcome(shop: Bench, recording: Recording, known: Known, case: Forced) -> Outcome:
    world, request = shop.town.world, case.ask(known)
    operation = shop.manifest.operations[request.operation]
    sent = build(shop.town.house.api_url(shop.channel), operation, request)
    if operation.authorised:
        grant = await shop.door().tokens.current()
        sent.headers.update(case.headers(shop.manifest.auth().headers(grant)))
    if case.path:
        sent.url = sent.url.copy_with(path=case.path)
    before = shop.emulator.settings.as_dict()
    world.faults.replace(case.rules)
    shop.emulator.settings.update(case.settings)
    answer = await recording.handle_async_request(sent)
    shop.emulator.settings.update(before)
    world.faults.replace([])
    await shop.town.sleep(REST_S)
    error = shop.manifest.faults(operation, answer.status_code, _lower(answer), answer.content)
    problems = [] if case.path else _problems(recording.exchanges[-1], operation.id)
    return Outcome(answer.status_code, error, problems)


def _problems(exchange: Exchange, operation: str) -> list[str]:
    """Judge the answer alone: the request is wrong on purpose."""
    description = at_hand(exchange.channel)
    if description is None or exchange.answer is None or exchange.spoilt:
        return []
    return description.answer_problems(operation, exchange.answer)


def _lower(answer: httpx2.Response) -> Headers:
    return {name.lower(): value for name, value in answer.headers.items()}
