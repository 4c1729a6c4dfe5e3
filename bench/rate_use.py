"""How much of an allowed rate is used, and how many refusals it costs, with 1 and 3 processes.

A loopback server allows 10 calls in any second and answers 429 beyond. Each process keeps 12 callers busy on
one shared budget in SQLite. Prints rows for a markdown table.
Run: python bench/rate_use.py [--seconds 60]
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from jangbu.infra.budget import SharedBudget, prepare
from jangbu.infra.db import Database
from jangbu.kernel.clock import LoopClock
from jangbu.kernel.errors import ChannelError, Throttled, Transient
from jangbu.sdk.client import Order, Request
from jangbu.sdk.http import HTTPClient
from jangbu.sdk.manifest import Assumptions, Limit, Manifest, Operation, Priority, Scope

ALLOWED = 10
CALLERS = 12


@dataclass
class Far:
    """Counts calls by sliding second, from the first on."""

    accepted: int = 0
    refused: int = 0
    in_a_row: int = 0
    longest: int = 0
    began: float | None = None
    ended: float = 0.0
    recent: deque[float] = field(default_factory=deque)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                status = b"200 OK" if self.allows() else b"429 Too Many Requests"
                writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 2\r\n\r\n{}")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def allows(self) -> bool:
        now = asyncio.get_running_loop().time()
        self.began = now if self.began is None else self.began
        self.ended = now
        while self.recent and self.recent[0] <= now - 1.0:
            self.recent.popleft()
        if len(self.recent) >= ALLOWED:
            self.refused += 1
            self.in_a_row += 1
            self.longest = max(self.longest, self.in_a_row)
            return False
        self.recent.append(now)
        self.accepted += 1
        self.in_a_row = 0
        return True


def faults(_operation: Operation, status: int, _headers: Mapping[str, str], _body: bytes) -> ChannelError:
    return Throttled("refused") if status == 429 else Transient(str(status))


def manifest() -> Manifest:
    return Manifest(
        id="bench",
        title="Bench",
        api_url="",
        auth_url="",
        credentials=(),
        operations={"get": Operation("get", "GET", "/x")},
        limits=(Limit("second", Scope.APP, rate=float(ALLOWED)),),
        learn=lambda _: (),
        assumptions=Assumptions(60.0, 5.0, "begun_after", "echo"),
        line_effects={},
        write_kinds={},
        number_max=999,
        adapter=lambda client: client,
        auth=lambda: None,
        faults=faults,
    )


async def work(port: int, database_path: str, seconds: float) -> None:
    clock = LoopClock()
    with Database.open(f"sqlite:///{database_path}", synchronous="NORMAL") as limits:
        http = HTTPClient(
            manifest(),
            base_url=f"http://127.0.0.1:{port}",
            shop_key="s",
            app_key="a",
            budget=SharedBudget(limits, clock),
            clock=clock,
        )
        client = http.at(Order(Priority.BULK))
        until = clock.monotonic() + seconds

        async def caller() -> None:
            while clock.monotonic() < until:
                await client.send(Request("get"))

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
        await http.aclose()


async def measure(processes: int, seconds: float) -> str:
    far = Far()
    server = await asyncio.start_server(far.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/limits.sqlite3"
        with Database.open(f"sqlite:///{path}", synchronous="NORMAL") as limits:
            prepare(limits)
        workers = [
            await asyncio.create_subprocess_exec(
                sys.executable, __file__, "--work", str(port), path, "--seconds", str(seconds)
            )
            for _ in range(processes)
        ]
        codes = [await worker.wait() for worker in workers]
        assert codes == [0] * processes, codes
    server.close()
    assert far.began is not None
    use = far.accepted / (ALLOWED * (far.ended - far.began))
    per_thousand = 1_000 * far.refused / (far.accepted + far.refused)
    return f"| {processes} | {use:.3f} | {far.refused} ({per_thousand:.1f} per 1,000) | {far.longest} |"


async def table(seconds: float) -> None:
    print(f"| processes | use of {ALLOWED}/s over {seconds:.0f} s | 429 answers | longest row of them |")
    print("|---|---|---|---|")
    for processes in (1, 3):
        print(await measure(processes, seconds), flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60.0)
    options.add_argument("--work", nargs=2, metavar=("PORT", "DATABASE"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.work:
        asyncio.run(work(int(chosen.work[0]), chosen.work[1], chosen.seconds))
    else:
        asyncio.run(table(chosen.seconds))


if __name__ == "__main__":
    main()
