"""CPU per call of our client against the bare HTTP library, with a local and a shared budget.

Prints rows for a markdown table: each ratio is the median of interleaved A/B rounds with its quartiles.
Run: python bench/client_overhead.py [--rounds 9] [--calls 300]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from multiprocessing import get_context
from multiprocessing.queues import Queue

import httpx2

from jangbu.infra.budget import SharedBudget, prepare
from jangbu.infra.db import Database
from jangbu.kernel.clock import LoopClock
from jangbu.kernel.secret import Secret
from jangbu.sdk.adapter import Grant
from jangbu.sdk.budget import Budget, MemoryBudget
from jangbu.sdk.client import Order, Request
from jangbu.sdk.http import HTTPClient
from jangbu.sdk.manifest import Assumptions, Limit, LimitNews, Manifest, Operation, Scope
from jangbu.sdk.tokens import MemoryTokens

BODY = json.dumps({"results": [{"id": number, "title": "x" * 80} for number in range(30)]}).encode()
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-limit-per-second: 100000\r\n"
    b"x-remaining-today: 900000\r\ncontent-length: %d\r\n\r\n" % len(BODY)
) + BODY
LIMITS = (
    Limit("second", Scope.APP, rate=100_000.0),
    Limit("day", Scope.APP, quota=1_000_000, window_s=86_400.0),
)


class Far(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            self.buffer = self.buffer.partition(b"\r\n\r\n")[2]
            self.transport.write(ANSWER)


def serve(ports: Queue[int]) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Far, "127.0.0.1", 0)
        ports.put(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


class BearerAuth:
    def headers(self, grant: Grant) -> dict[str, str]:
        return {"authorization": f"Bearer {grant.access_token.reveal()}"}

    def app_key(self, fields: Mapping[str, str]) -> str:
        return fields["app"]

    def needs_renewal(self, grant: Grant, now: object) -> bool:  # noqa: ARG002 - as the protocol has it
        return grant.expires_at is not None

    async def renew(self, client: object, grant: Grant, now: object) -> Grant:
        raise AssertionError(client, grant, now)


def learn(headers: Mapping[str, str]) -> tuple[LimitNews, ...]:
    return (
        LimitNews("second", rate=float(headers["x-limit-per-second"])),
        LimitNews("day", quota_remaining=int(headers["x-remaining-today"])),
    )


def manifest() -> Manifest:
    return Manifest(
        id="bench",
        title="Bench",
        api_url="",
        auth_url="",
        credentials=(),
        operations={"get": Operation("get", "GET", "/things/{id}")},
        limits=LIMITS,
        learn=learn,
        assumptions=Assumptions(60.0, 5.0, "begun_after", "echo"),
        line_effects={},
        write_kinds={},
        number_max=999,
        adapter=lambda client: client,
        auth=BearerAuth,
        faults=lambda *_: None,
    )


def ours(base_url: str, budget: Budget, clock: LoopClock) -> HTTPClient:
    http = HTTPClient(manifest(), base_url=base_url, shop_key="s", budget=budget, clock=clock, on_call=_ignore)
    grant = Grant(fields={"app": "a"}, access_token=Secret("t"), version=1)
    http.use_tokens(MemoryTokens(BearerAuth(), http.bare(), grant, clock))
    return http


def _ignore(_: object) -> None:
    pass


async def cpu_us(call: Callable[[], Awaitable[object]], calls: int) -> float:
    began = time.process_time()
    for _ in range(calls):
        await call()
    return (time.process_time() - began) / calls * 1e6


async def measure(base_url: str, folder: str, rounds: int, calls: int) -> None:
    clock = LoopClock()
    async with AsyncExitStack() as stack:
        limits = stack.enter_context(Database.open(f"sqlite:///{folder}/limits.sqlite3", synchronous="NORMAL"))
        prepare(limits)
        bare = await stack.enter_async_context(httpx2.AsyncClient(trust_env=False))
        local, shared = (ours(base_url, budget, clock) for budget in (MemoryBudget(clock), SharedBudget(limits, clock)))
        stack.push_async_callback(local.aclose)
        stack.push_async_callback(shared.aclose)

        async def call_bare() -> object:
            return (await bare.get(f"{base_url}/things/1", headers={"authorization": "Bearer t"})).json()

        def call_with(http: HTTPClient) -> Callable[[], Awaitable[object]]:
            client, request = http.at(Order()), Request("get", path={"id": "1"})

            async def call() -> object:
                return (await client.send(request)).json()

            return call

        kinds = {"bare": call_bare, "local": call_with(local), "shared": call_with(shared)}
        for call in kinds.values():
            await cpu_us(call, 50)
        taken: dict[str, list[float]] = {name: [] for name in kinds}
        for _ in range(rounds):
            for name, call in kinds.items():
                taken[name].append(await cpu_us(call, calls))
    print("| our client per call against the bare HTTP library, CPU | ratio (quartiles) | µs: ours, bare |")
    print("|---|---|---|")
    for name in ("local", "shared"):
        ratios = [mine / plain for mine, plain in zip(taken[name], taken["bare"], strict=True)]
        low, middle, high = statistics.quantiles(ratios, n=4)
        mine, plain = statistics.median(taken[name]), statistics.median(taken["bare"])
        print(f"| {name} budget | {middle:.2f} ({low:.2f}–{high:.2f}) | {mine:.0f}, {plain:.0f} |")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    options.add_argument("--calls", type=int, default=300)
    chosen = options.parse_args()
    context = get_context("spawn")
    ports: Queue[int] = context.Queue()
    far = context.Process(target=serve, args=(ports,), daemon=True)
    far.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(measure(f"http://127.0.0.1:{ports.get(timeout=30)}", folder, chosen.rounds, chosen.calls))
    finally:
        far.terminate()
        far.join()


if __name__ == "__main__":
    main()
