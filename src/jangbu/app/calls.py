"""Keeps a redacted row of every remote call, written in batches. Owns the table `call_record`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jangbu.infra.db import Database, ReadTx, WriteTx
from jangbu.kernel.clock import from_ms, to_ms
from jangbu.sdk.http import CallRecord
from jangbu.sdk.manifest import Priority
from jangbu.watch.diagnosis import Work

KEPT_FOR = timedelta(days=30)
_WORK = {
    (False, Priority.ORDERS): Work.READING, (True, Priority.SHIP): Work.SHIPPING,
    (True, Priority.ZERO): Work.WRITING, (True, Priority.LOWER): Work.WRITING, (True, Priority.RAISE): Work.WRITING,
}  # fmt: skip
_COLUMNS = (
    "shop_id, channel, operation, write, priority, cause, status, error, remote_code, request_id, started_at, "
    "elapsed_ms, sent_bytes, received_bytes, attempt, quota_left"
)


class CallLog:
    """Collects records and writes them when asked, at most so many at once."""

    def __init__(self, db: Database, waiting_max: int = 10_000) -> None:
        """Keep at most `waiting_max` records in memory; past that the oldest are dropped and counted."""
        self._db = db
        self._waiting: list[CallRecord] = []
        self._waiting_max = waiting_max
        self.dropped = 0

    def add(self, record: CallRecord) -> None:
        """Take a record; no I/O."""
        self._waiting.append(record)
        if len(self._waiting) > self._waiting_max:
            del self._waiting[0]
            self.dropped += 1

    async def flush(self) -> int:
        """Write what waits; tell how many."""
        records, self._waiting = self._waiting, []
        if records:
            await self._db.write(lambda tx: _add(tx, records))
        return len(records)


def _add(tx: WriteTx, records: list[CallRecord]) -> None:
    tx.run_many(
        f"INSERT INTO call_record ({_COLUMNS}) VALUES ({', '.join('?' * 16)})",
        [
            (
                r.shop_key, r.channel, r.operation, int(r.write), int(r.priority), r.cause, r.status, r.error_code,
                r.remote_code, r.request_id, to_ms(r.started_at), round(r.elapsed_s * 1000), r.sent_bytes,
                r.received_bytes, r.attempt, r.quota_left,
            )
            for r in records
        ],
    )  # fmt: skip


@dataclass(frozen=True)
class Call:
    """One remote call as kept."""

    shop_id: str
    channel: str
    operation: str
    write: bool
    priority: int
    cause: str
    status: int
    error: str
    remote_code: str
    request_id: str
    started_at: datetime
    elapsed_ms: int
    sent_bytes: int
    received_bytes: int
    attempt: int
    quota_left: int | None


def latest(tx: ReadTx, limit: int = 100, shop_id: str = "", *, failed: bool = False) -> list[Call]:
    """Give the latest calls, newest first; with `failed` only those that failed."""
    clauses = [*(["shop_id = ?"] if shop_id else []), *(["error <> ''"] if failed else [])]
    where, params = f"WHERE {' AND '.join(clauses)}" if clauses else "", [shop_id] if shop_id else []
    rows = tx.all(f"SELECT {_COLUMNS} FROM call_record {where} ORDER BY seq DESC LIMIT ?", (*params, limit))
    return [
        Call(
            row[0],
            row[1],
            row[2],
            bool(row[3]),
            row[4],
            row[5],
            row[6],
            row[7],
            row[8],
            row[9],
            from_ms(row[10]),
            *row[11:],
        )
        for row in rows
    ]


def last_success(tx: ReadTx, shop_id: str) -> dict[Work, datetime]:
    """Tell when each kind of work at a shop last succeeded, as far as calls are kept."""
    found: dict[Work, datetime] = {}
    for (write, priority), work in _WORK.items():
        row = tx.one(
            "SELECT MAX(started_at) FROM call_record WHERE shop_id = ? AND write = ? AND priority = ? AND error = ''",
            (shop_id, int(write), int(priority)),
        )
        if row and row[0] is not None:
            found[work] = max(found.get(work, from_ms(row[0])), from_ms(row[0]))
    return found


def summary(tx: ReadTx, since: datetime) -> list[tuple[str, str, int, int, int, int]]:
    """Give (shop, operation, calls, failures, slowest ms, mean ms) since a moment."""
    rows = tx.all(
        "SELECT shop_id, operation, COUNT(*), SUM(CASE WHEN error <> '' THEN 1 ELSE 0 END), MAX(elapsed_ms), "
        "SUM(elapsed_ms) FROM call_record WHERE started_at >= ? GROUP BY shop_id, operation "
        "ORDER BY shop_id, operation",
        (to_ms(since),),
    )
    return [(shop, op, int(n), int(bad), int(most), round(total / n)) for shop, op, n, bad, most, total in rows]


def forget_old(tx: WriteTx, now: datetime) -> int:
    """Delete rows older than they are kept."""
    return tx.run("DELETE FROM call_record WHERE started_at < ?", (to_ms(now - KEPT_FOR),))
