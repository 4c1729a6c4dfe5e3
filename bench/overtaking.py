"""How many slots a write to zero waits for while 1,000 bulk calls are queued, with 1 and 3 processes on one budget.

Each process queues its share of the bulk calls on one shared budget in SQLite (20 slots a second); one of them then
asks for a zero. Counted: slots granted to bulk calls, in all processes, between the asking and the granting.
Run: python bench/overtaking.py [--rounds 7]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from jangbu.infra.budget import SharedBudget, prepare
from jangbu.infra.db import Database
from jangbu.kernel.clock import LoopClock
from jangbu.sdk.budget import BucketKey
from jangbu.sdk.manifest import Limit, Priority, Scope

QUEUED = 1_000
KEY = BucketKey("app", Limit("second", Scope.APP, rate=20.0), "")


async def work(database_path: str, log: Path, queued: int, ask: bool, rounds: int) -> None:
    """Queue bulk calls and write the moment of every grant; the asking process adds its zeros."""
    with Database.open(f"sqlite:///{database_path}", synchronous="NORMAL") as limits:
        budget = SharedBudget(limits, LoopClock(), max_wait_s=3_600)
        with log.open("w") as out:

            async def bulk() -> None:
                await budget.acquire([KEY], Priority.BULK)
                print("bulk", time.time(), file=out, flush=True)

            waiting = [asyncio.create_task(bulk()) for _ in range(queued)]
            await asyncio.sleep(2.0)
            if ask:
                for _ in range(rounds):
                    print("asked", time.time(), file=out, flush=True)
                    await budget.acquire([KEY], Priority.ZERO)
                    print("zero", time.time(), file=out, flush=True)
                    await asyncio.sleep(0.5)
            else:
                await asyncio.sleep(rounds)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)


async def measure(processes: int, rounds: int) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/limits.sqlite3"
        with Database.open(f"sqlite:///{path}", synchronous="NORMAL") as limits:
            prepare(limits)
        logs = [Path(folder) / f"{number}.log" for number in range(processes)]
        workers = [
            await asyncio.create_subprocess_exec(
                sys.executable, __file__, "--work", path, str(log), str(QUEUED // processes), str(number),
                "--rounds", str(rounds),
            )
            for number, log in enumerate(logs)
        ]  # fmt: skip
        codes = [await worker.wait() for worker in workers]
        assert codes == [0] * processes, codes
        lines = [line.split() for log in logs for line in log.read_text().splitlines()]
    grants = [float(at) for word, at in lines if word == "bulk"]
    asked = [float(at) for word, at in lines if word == "asked"]
    given = [float(at) for word, at in lines if word == "zero"]
    before = [sum(start <= at <= end for at in grants) for start, end in zip(asked, given, strict=True)]
    return f"| {processes} | {statistics.median(before):.0f} | {max(before)} | {1 + processes} |"


async def table(rounds: int) -> None:
    print(f"| processes | slots before a zero, {QUEUED} bulk calls queued: median | worst of {rounds} | bar |")
    print("|---|---|---|---|")
    for processes in (1, 3):
        print(await measure(processes, rounds), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--work", nargs=4, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.work:
        path, log, queued, number = chosen.work
        asyncio.run(work(path, Path(log), int(queued), number == "0", chosen.rounds))
    else:
        asyncio.run(table(chosen.rounds))


if __name__ == "__main__":
    main()
