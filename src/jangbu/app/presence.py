"""Knows when this hub ran and when it was away: a heartbeat row. Owns the table `hub_presence`."""

from __future__ import annotations

from datetime import datetime, timedelta

from jangbu.app.bootstrap import House
from jangbu.infra.activity import note
from jangbu.infra.db import ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms

WORTH_TELLING = timedelta(minutes=1)


class Presence:
    """One process's heartbeat."""

    def __init__(self, house: House, holder: str) -> None:
        """Beat under this name."""
        self._house, self._holder = house, holder
        self._last: datetime | None = None

    async def begin(self) -> timedelta:
        """Start beating; tell how long no hub was there, and write it down when it is worth telling."""
        now = self._house.clock.now()
        return await self._house.db.write(lambda tx: self._begin(tx, now))

    def _begin(self, tx: WriteTx, now: datetime) -> timedelta:
        seen = last_seen(tx)
        tx.run("DELETE FROM hub_presence WHERE beat_at < ?", (to_ms(now - timedelta(days=30)),))
        tx.run(
            "INSERT INTO hub_presence (holder, started_at, beat_at) VALUES (?, ?, ?)",
            (self._holder, to_ms(now), to_ms(now)),
        )
        self._last = now
        away = now - seen if seen else timedelta()
        if away > WORTH_TELLING:
            note(tx, now, "hub.back", minutes=round(away.total_seconds() / 60))
        return away

    async def beat(self) -> timedelta:
        """Beat once; tell how long ago the last beat was."""
        now = self._house.clock.now()
        gap, self._last = now - (self._last or now), now
        await self._house.db.write(
            lambda tx: tx.run("UPDATE hub_presence SET beat_at = ? WHERE holder = ?", (to_ms(now), self._holder))
        )
        return gap

    async def end(self) -> None:
        """Say that this process ended in order."""
        now = to_ms(self._house.clock.now())
        await self._house.db.write(
            lambda tx: tx.run(
                "UPDATE hub_presence SET beat_at = ?, ended_at = ? WHERE holder = ?", (now, now, self._holder)
            )
        )


def last_seen(tx: ReadTx) -> datetime | None:
    """Tell when any hub last beat."""
    row = tx.one("SELECT MAX(beat_at) FROM hub_presence")
    return from_ms(row[0]) if row and row[0] else None
