"""The tables of the shared budget and all their SQL. Owns no decision about who may call.

Times are seconds since 1970: on PostgreSQL by the server's clock, on SQLite by this machine's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from jangbu.infra.db import ReadTx, WriteTx
from jangbu.sdk.budget import BucketKey
from jangbu.sdk.budget.memory import CALM_S, EASE, EASED_FOR_S, MARGIN, SLACK_S, backoff_s
from jangbu.sdk.budget.window import Window
from jangbu.sdk.manifest import LimitNews

TABLES: Final = (
    """CREATE TABLE IF NOT EXISTS budget_bucket (
        key TEXT PRIMARY KEY,
        rate DOUBLE PRECISION NOT NULL,
        top_rate DOUBLE PRECISION NOT NULL,
        burst INTEGER NOT NULL,
        quota INTEGER NOT NULL,
        told INTEGER NOT NULL,
        tat DOUBLE PRECISION NOT NULL,
        blocked_until DOUBLE PRECISION NOT NULL,
        throttled_at DOUBLE PRECISION NOT NULL,
        strikes INTEGER NOT NULL,
        updated DOUBLE PRECISION NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS budget_used (
        key TEXT NOT NULL,
        part BIGINT NOT NULL,
        used INTEGER NOT NULL,
        PRIMARY KEY (key, part)
    )""",
)

# A bucket this far ahead was left there by a clock that has since been set back.
_LOST_INTERVALS: Final = 100.0
LOST_S: Final = 90_000.0
_NEVER_AGO_S: Final = 1e9
_ADVISORY_LOCK: Final = 0x6A616E67_62756467  # of our own choosing


@dataclass(frozen=True)
class Reserved:
    """A slot as the row tells it: due `wait_s` after the row's own `now`."""

    tat: float
    now: float
    wait_s: float
    interval_s: float
    rate: float
    burst: int


class Dialect:
    """The few words in which SQLite and PostgreSQL differ, and the statements made with them."""

    def __init__(self, kind: str) -> None:
        """Speak to a database of this kind ("sqlite" or "postgresql")."""
        self.kind = kind
        most, least = ("greatest", "least") if kind == "postgresql" else ("max", "min")
        now = "extract(epoch FROM clock_timestamp())" if kind == "postgresql" else "?"
        self._now = f"CAST({now} AS DOUBLE PRECISION)"
        self.touch = (
            f"UPDATE budget_bucket SET updated = {self._now} WHERE key = ? RETURNING quota, blocked_until, updated"
        )
        self.reserve = _reserve(self._now, most, least)
        self.strike = _strike(self._now, most)
        self.close = (
            f"UPDATE budget_bucket SET blocked_until = {most}(blocked_until, ?),"
            f" tat = {most}(tat, {most}(blocked_until, ?) + (burst - 1) * ({MARGIN} / rate)) WHERE key = ?"
        )
        self.push = f"UPDATE budget_bucket SET tat = {most}(tat, ?) WHERE key = ?"

    def at(self, now: float) -> tuple[float, ...]:
        """Give the parameter for the present moment, where the database does not know it itself."""
        return () if self.kind == "postgresql" else (now,)


def _reserve(now: str, most: str, least: str) -> str:
    """One statement takes the next slot of a bucket and lets an eased rate recover.

    The slot follows from the new `tat`: one interval and the burst's tolerance before it, or at once.
    """
    recovers = f"b.rate < b.top_rate AND n.now - b.throttled_at > {EASED_FOR_S}"
    rate = f"(CASE WHEN {recovers} THEN {least}(b.top_rate, b.rate / {EASE}) ELSE b.rate END)"
    interval = f"({MARGIN} / {rate})"
    closed = f"(CASE WHEN b.blocked_until < n.now + {LOST_S} THEN b.blocked_until ELSE n.now END)"
    lost = f"b.tat > {most}(n.now, {closed}) + (b.burst + {_LOST_INTERVALS}) * {interval}"
    kept = f"(CASE WHEN {lost} THEN n.now ELSE b.tat END)"
    return f"""UPDATE budget_bucket AS b SET
        tat = {most}(n.now, {kept}, n.now - n.handed_ago - {SLACK_S} + {interval}) + {interval}
            + CASE WHEN b.burst = 1 THEN n.warm ELSE 0 END,
        rate = {rate},
        throttled_at = CASE WHEN {recovers} THEN n.now ELSE b.throttled_at END,
        updated = n.now
        FROM (SELECT {now} AS now, CAST(? AS DOUBLE PRECISION) AS handed_ago,
            CAST(? AS DOUBLE PRECISION) AS warm) AS n
        WHERE b.key = ? RETURNING tat, updated, rate, burst"""


def _strike(now: str, most: str) -> str:
    """One statement notes a refusal, unless it is one of several of the same moment."""
    same = "n.now < b.blocked_until"
    in_a_row = f"n.now - b.blocked_until < {CALM_S}"
    eased = f"{most}(b.rate * {EASE}, b.top_rate / 10)"
    return f"""UPDATE budget_bucket AS b SET
        strikes = CASE WHEN {same} THEN b.strikes
            WHEN {in_a_row} THEN b.strikes + 1 ELSE 1 END,
        rate = CASE WHEN {same} OR b.told = 1 OR NOT ({in_a_row}) THEN b.rate ELSE {eased} END,
        throttled_at = CASE WHEN {same} THEN b.throttled_at ELSE n.now END,
        updated = n.now
        FROM (SELECT {now} AS now) AS n
        WHERE b.key = ? RETURNING strikes, updated"""


def create(tx: WriteTx, kind: str) -> None:
    """Make the tables. Repeat: safe, also from several processes at once."""
    if kind == "postgresql":  # two processes making one table at once would fail there
        tx.one("SELECT pg_advisory_xact_lock(?)", (_ADVISORY_LOCK,))
    for table in TABLES:
        tx.run(table)


def declare(tx: WriteTx, key: BucketKey) -> None:
    """Bring a bucket's row to what the manifest says; what headers have told stays."""
    limit = key.limit
    tx.run(
        """INSERT INTO budget_bucket
            (key, rate, top_rate, burst, quota, told, tat, blocked_until, throttled_at, strikes, updated)
            VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0)
            ON CONFLICT (key) DO UPDATE SET
                rate = excluded.rate, top_rate = excluded.top_rate,
                burst = excluded.burst, quota = excluded.quota
            WHERE budget_bucket.told = 0 AND (budget_bucket.top_rate <> excluded.top_rate
                OR budget_bucket.burst <> excluded.burst OR budget_bucket.quota <> excluded.quota)""",
        (key.id, limit.rate or 1.0, limit.rate or 1.0, max(1, limit.burst), limit.quota),
    )


def reserve(tx: WriteTx, sql: Dialect, key: str, now: float, *, handed_ago_s: float | None, warm_s: float) -> Reserved:
    """Take the next slot.

    `handed_ago_s` is how long ago this process used its last one; None before the first, which keeps `warm_s`
    more from the next where the bucket knows no bursts.
    """
    first = handed_ago_s is None
    given = (_NEVER_AGO_S if handed_ago_s is None else handed_ago_s, warm_s if first else 0.0)
    ((tat, updated, rate, burst),) = tx.returning(sql.reserve, (*sql.at(now), *given, key))
    interval_s = MARGIN / rate
    kept_s = given[1] if burst == 1 else 0.0
    wait_s = max(0.0, tat - kept_s - burst * interval_s - updated)
    return Reserved(tat, updated, wait_s, interval_s, rate, burst)


def give_back(tx: WriteTx, key: str, slot: Reserved) -> None:
    """Undo a reservation, as long as nobody has reserved behind it."""
    tx.run(
        "UPDATE budget_bucket SET tat = ? WHERE key = ? AND tat = ?",
        (slot.tat - slot.interval_s, key, slot.tat),
    )


def blocked_until(tx: ReadTx, key: str) -> float:
    """Tell until when the bucket is closed."""
    row = tx.one("SELECT blocked_until FROM budget_bucket WHERE key = ?", (key,))
    return float(row[0]) if row else 0.0


def throttle(tx: WriteTx, sql: Dialect, key: str, now: float, retry_after_s: float) -> float:
    """Empty and close a bucket; give the seconds it stays closed."""
    ((strikes, updated),) = tx.returning(sql.strike, (*sql.at(now), key))
    wait_s = retry_after_s or backoff_s(strikes)
    tx.run(sql.close, (updated + wait_s, updated + wait_s, key))
    return float(wait_s)


def learn_rate(tx: WriteTx, key: str, news: LimitNews) -> None:
    """Adopt rate and burst that a header told."""
    if news.rate:
        tx.run(
            "UPDATE budget_bucket SET rate = ?, top_rate = ?, told = 1 WHERE key = ?",
            (news.rate, news.rate, key),
        )
    if news.burst:
        tx.run("UPDATE budget_bucket SET burst = ?, told = 1 WHERE key = ?", (news.burst, key))


def push(tx: WriteTx, sql: Dialect, key: str, tat: float) -> None:
    """Take credit away: the bucket is full again no sooner than `tat`."""
    tx.run(sql.push, (tat, key))


@dataclass
class Quota:
    """A quota's row, locked until the transaction ends, with the window read from it."""

    window: Window
    blocked_until: float
    now: float
    read: dict[int, int]


def quota(tx: WriteTx, sql: Dialect, key: BucketKey, now: float, reserve_share: float) -> Quota:
    """Read and lock a quota."""
    ((limit, blocked_until, updated),) = tx.returning(sql.touch, (*sql.at(now), key.id))
    window = Window(limit, key.limit.window_s, reserve_share)
    oldest = window.forget(updated)
    rows = tx.all("SELECT part, used FROM budget_used WHERE key = ? AND part >= ?", (key.id, oldest))
    window.used = dict(rows)
    return Quota(window, blocked_until, updated, dict(window.used))


def save(tx: WriteTx, key: str, held: Quota) -> None:
    """Write the parts that changed; drop those that have left the window when a new one begins."""
    for part, used in held.window.used.items():
        if held.read.get(part) != used:
            tx.run(
                "INSERT INTO budget_used (key, part, used) VALUES (?, ?, ?)"
                " ON CONFLICT (key, part) DO UPDATE SET used = excluded.used",
                (key, part, used),
            )
            if part not in held.read:
                tx.run("DELETE FROM budget_used WHERE key = ? AND part < ?", (key, held.window.forget(held.now)))


def adopt_quota(tx: WriteTx, key: str, limit: int) -> None:
    """Adopt a quota that a header told."""
    tx.run("UPDATE budget_bucket SET quota = ?, told = 1 WHERE key = ?", (limit, key))
