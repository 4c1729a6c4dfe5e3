"""Wakes sleepers of this process when a topic has news. Owns no news: a wake only says "look"."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable


class Wake:
    """One subscription to a topic. A notice that comes while nobody waits is kept until the next wait."""

    def __init__(self, forget: Callable[[Wake], None]) -> None:
        """Take what ends the subscription."""
        self._forget = forget
        self._event = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()

    async def wait(self, timeout_s: float | None = None) -> bool:
        """Sleep until a notice comes and use it up; tell False when `timeout_s` passed without one."""
        with self._lock:
            self._loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True

    def set(self) -> None:
        """Give a notice, from any thread."""
        with self._lock:
            loop = self._loop
            if loop is None:
                self._event.set()
                return
        if loop is _running_loop():
            self._event.set()
            return
        try:
            loop.call_soon_threadsafe(self._event.set)
        except RuntimeError:  # the loop is closed: nobody sleeps on it any more
            return

    def close(self) -> None:
        """End the subscription."""
        self._forget(self)


class Wakes:
    """All subscriptions of one database in this process."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._by_topic: dict[str, tuple[Wake, ...]] = {}

    def subscribe(self, topic: str) -> Wake:
        """Add a subscription."""
        wake = Wake(lambda gone: self._forget(topic, gone))
        with self._lock:
            self._by_topic[topic] = (*self._by_topic.get(topic, ()), wake)
        return wake

    def set(self, topics: Iterable[str]) -> None:
        """Give a notice to every subscriber of these topics."""
        for topic in topics:
            for wake in self._by_topic.get(topic, ()):
                wake.set()

    def set_all(self) -> None:
        """Give a notice to everyone: some may have been missed."""
        self.set(list(self._by_topic))

    def _forget(self, topic: str, gone: Wake) -> None:
        with self._lock:
            left = tuple(wake for wake in self._by_topic.get(topic, ()) if wake is not gone)
            self._by_topic[topic] = left


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
