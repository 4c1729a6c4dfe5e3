"""A marketplace's numbers by script: what stands there, what a call may come to, what was sent."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from tests.shops.samples import HandClock

from jangbu.kernel.errors import ChannelError, OutcomeUnknown
from jangbu.sdk.client import Order
from jangbu.sdk.records import ListingRef, ListingState, NumbersRead, StockWrite, WriteAnswer

Numbers: TypeAlias = dict[str, int]
ON_SALE, OFF_SALE = ListingState.ON_SALE, ListingState.OFF_SALE


@dataclass(frozen=True)
class Call:
    """One call that changes something: numbers by listing, or on/off of a listing."""

    numbers: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    listing: str = ""
    on_sale: bool = True


Step: TypeAlias = Callable[["Market", Sequence[ListingRef], Call], Awaitable[list[WriteAnswer]]]


@dataclass
class Page:
    """One listing as it stands."""

    numbers: Numbers
    kind: str = "rows"
    state: ListingState = ON_SALE


class Market:
    """An adapter whose calls take a second to arrive and a second to be answered, and come to what the script says."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.pages: dict[str, Page] = {}
        self.script: list[Step] = []
        self.sent: list[Call] = []
        self.reads: list[list[str]] = []
        self.read_trouble: list[ChannelError] = []
        self.while_reading: list[Callable[[], object]] = []
        self.reads_held: asyncio.Event | None = None
        self.bases: list[NumbersRead | None] = []
        self._order = Order()

    def __call__(self, wanted: Order) -> Market:
        market = copy.copy(self)
        market._order = wanted
        return market

    # -- what adapters do ---------------------------------------------------------------------------------

    async def read_numbers(self, refs: Sequence[ListingRef]) -> list[NumbersRead]:
        self.reads.append(sorted(ref.remote_id for ref in refs))
        if self._order.leaving is not None:
            self._order.leaving()
        if self.read_trouble:
            raise self.read_trouble.pop(0)
        self.clock.tick(1)
        shown = [self.show(ref) for ref in refs if ref.remote_id in self.pages]
        if self.while_reading:
            self.while_reading.pop(0)()
        if self.reads_held is not None:
            await self.reads_held.wait()
        self.clock.tick(1)
        return shown

    async def write_numbers(self, writes: Sequence[StockWrite]) -> list[WriteAnswer]:
        self.bases += [write.basis for write in writes]
        call = Call({write.ref.remote_id: dict(write.numbers) for write in writes})
        return await self._next()(self, [write.ref for write in writes], call)

    async def set_on_sale(self, ref: ListingRef, on_sale: bool) -> WriteAnswer:
        answers = await self._next()(self, [ref], Call(listing=ref.remote_id, on_sale=on_sale))
        return answers[0]

    # -- what happens there -------------------------------------------------------------------------------

    def _next(self) -> Step:
        return self.script.pop(0) if self.script else accept

    def show(self, ref: ListingRef) -> NumbersRead:
        """Show a listing as it stands."""
        page = self.pages[ref.remote_id]
        at = self.clock.now().replace(microsecond=0)
        return NumbersRead(ref, page.state, dict(page.numbers), at, document={"price": 900})

    async def leave(self, call: Call) -> None:
        """Have the bytes leave, if the hub's last check lets them."""
        if self._order.before_write is not None:
            await self._order.before_write()
        if self._order.leaving is not None:
            self._order.leaving()
        self.sent.append(call)
        self.clock.tick(1)

    def carry_out(self, call: Call, *, but: str = "") -> None:
        """Have a call take effect, for all listings but one."""
        if call.listing:
            self.pages[call.listing].state = ON_SALE if call.on_sale else OFF_SALE
        for listing, numbers in call.numbers.items():
            if listing != but:
                self.pages[listing].numbers.update(numbers)

    def sell(self, cell: str, units: int = 1) -> None:
        """Have buyers buy."""
        for page in self.pages.values():
            if cell in page.numbers and page.state is ON_SALE:
                page.numbers[cell] = max(page.numbers[cell] - units, 0)


# -- what may become of a call ----------------------------------------------------------------------------


async def accept(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
    """Accept and show what stands there now."""
    await market.leave(call)
    market.carry_out(call)
    market.clock.tick(1)
    return [WriteAnswer(ref, accepted=True, echo=market.show(ref)) for ref in refs]


async def accept_blindly(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
    """Accept without showing anything: the number must be read back."""
    await market.leave(call)
    market.carry_out(call)
    market.clock.tick(1)
    return [WriteAnswer(ref, accepted=True) for ref in refs]


def accept_but(bad: str, *, forget: bool = False) -> Step:
    """Carry out a call for all listings but one, which is refused or (`forget`) not answered for."""

    async def step(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        await market.leave(call)
        market.carry_out(call, but=bad)
        good = [WriteAnswer(ref, accepted=True, echo=market.show(ref)) for ref in refs if ref.remote_id != bad]
        refused = [
            WriteAnswer(ref, accepted=False, refusal="naver.bad_row", remote_code="E9")
            for ref in refs
            if ref.remote_id == bad and not forget
        ]
        return good + refused

    return step


async def lie(market: Market, refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
    """Say yes and do nothing."""
    await market.leave(call)
    return [WriteAnswer(ref, accepted=True) for ref in refs]


def fail(error: ChannelError, *, leaves: bool = True, arrives: bool = False) -> Step:
    async def step(market: Market, _refs: Sequence[ListingRef], call: Call) -> list[WriteAnswer]:
        if leaves:
            await market.leave(call)
        if arrives:
            market.carry_out(call)
        raise error

    return step


LOST_ANSWER = fail(OutcomeUnknown("the answer was lost"), arrives=True)
LOST_CALL = fail(OutcomeUnknown("the call was lost"))
