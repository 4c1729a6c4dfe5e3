"""Owns the sandbox's time: the only place that reads a clock or sleeps; it does not decide what is due."""

import asyncio
import heapq
import itertools
import time

_CLOSE_ENOUGH_S = 1e-6  # below the resolution of a float holding epoch seconds
_SETTLING_TURNS = 50  # turns of the loop that woken tasks get before time moves on


class Clock:
    """Time of the running loop, shown as epoch seconds; a virtual-time loop makes it virtual too.

    Units: seconds since 1970, UTC. `epoch0` is the time when the loop's own clock shows `loop0`, by default
    when this one is first asked on a loop. Without a running loop it stands at its epoch.
    """

    def __init__(self, epoch0: float | None = None, *, loop0: float | None = None) -> None:
        self._epoch0 = time.time() if epoch0 is None else epoch0
        self._loop0 = loop0
        self._jumped = 0.0
        self._wakers: set[asyncio.Future[None]] = set()

    def now(self) -> float:
        """Epoch seconds by the sandbox's time."""
        return self._epoch0 + self._elapsed() + self._jumped

    async def sleep(self, seconds: float) -> None:
        """Waits in the sandbox's time; `advance` cuts the wait short."""
        await self.sleep_until(self.now() + seconds)

    async def sleep_until(self, moment: float) -> None:
        """Waits until `now()` has reached the moment."""
        loop = asyncio.get_running_loop()
        while (left := moment - self.now()) > _CLOSE_ENOUGH_S:
            waker: asyncio.Future[None] = loop.create_future()
            self._wakers.add(waker)
            timer = loop.call_later(left, _wake, waker)
            try:
                await waker
            finally:
                timer.cancel()
                self._wakers.discard(waker)

    async def wait(self, event: asyncio.Event, until: float | None) -> bool:
        """Waits for the event, at most until the moment; True if the event came."""
        if until is None:
            await event.wait()
            return True
        news = asyncio.ensure_future(event.wait())
        alarm = asyncio.ensure_future(self.sleep_until(until))
        try:
            await asyncio.wait({news, alarm}, return_when=asyncio.FIRST_COMPLETED)
            return event.is_set()
        finally:
            news.cancel()
            alarm.cancel()
            await asyncio.wait({news, alarm})

    def advance(self, seconds: float) -> None:
        """Jumps forward; whatever sleeps looks at the time again.

        Errors: ValueError for a negative jump.
        """
        if seconds < 0:
            raise ValueError("time moves forward only")
        self._jumped += seconds
        for waker in list(self._wakers):
            _wake(waker)

    def _elapsed(self) -> float:
        try:
            at = asyncio.get_running_loop().time()
        except RuntimeError:
            return 0.0
        if self._loop0 is None:
            self._loop0 = at
        return at - self._loop0


class HandClock(Clock):
    """A clock that stands still until told to move: for tests and tools in one process."""

    def __init__(self, epoch0: float = 1_790_000_000.0) -> None:
        super().__init__(epoch0)
        self._now = epoch0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    async def sleep_until(self, moment: float) -> None:
        if moment - self._now <= _CLOSE_ENOUGH_S:
            return
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (moment, next(self._order), waker))
        await waker

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("time moves forward only")
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now + _CLOSE_ENOUGH_S:
            _wake(heapq.heappop(self._sleepers)[2])

    async def run_for(self, seconds: float) -> None:
        """Moves on in order, stopping at every sleeper's moment so that what it does happens then."""
        target = self._now + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            self.advance(max(0.0, self._sleepers[0][0] - self._now))
            await _settle()
        self.advance(max(0.0, target - self._now))
        await _settle()


def _wake(waker: asyncio.Future[None]) -> None:
    if not waker.done():
        waker.set_result(None)


async def _settle() -> None:
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)
