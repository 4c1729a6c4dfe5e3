"""A minute of a seller's life on this machine: two marketplaces, a rush of buyers, one stock book, and the report.

Owns the script and the figures of the report; the hub in it is the real one.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import socket
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jangbu.app import operations as ops
from jangbu.app import promises
from jangbu.app.bootstrap import House, open_house
from jangbu.app.hub import Hub
from jangbu.app.serving import serving
from jangbu.infra.i18n import catalogue
from jangbu.infra.settings import Settings
from jangbu.kernel.errors import JangbuError
from jangbu.kernel.ids import ShopId
from jangbu.people import service as people
from jangbu.people.model import Choices

OWNER: Final = "person:owner"
OPTIONS: Final = {
    "settle_s": "8",
    "feed_margin_s": "3",
    "news_interval_s": "3",
    "deep_every_s": "8",
    "look_back_days": "2",
}
"""The sandbox keeps to these bounds; a real shop has wider ones."""
FAULTS: Final = [
    {"kind": "rate_limited", "probability": 0.01},
    {"kind": "error_before", "probability": 0.02},
    {"kind": "error_after", "probability": 0.01},
    {"kind": "reset_before", "probability": 0.01},
    {"kind": "reset_after", "probability": 0.005},
    {"kind": "duplicate", "probability": 0.1},
    {"kind": "lost", "probability": 0.05},
]
CARRIERS: Final = {"etsy": "kpost_ems", "naver": "cj"}
TIMEOUT_S: Final = 10
QUIET_LOOKS: Final = 20  # ten seconds in a row: long enough for one deep look at each feed


def parser() -> argparse.ArgumentParser:
    """Tell the options of the demonstration."""
    parser = argparse.ArgumentParser(prog="jangbu demo", description="A minute with two marketplaces on this machine.")
    parser.add_argument("--seconds", type=float, default=40.0, help="how long buyers come (default 40)")
    parser.add_argument("--seed", type=int, default=7, help="same seed, same goods (default 7)")
    parser.add_argument("--rate", type=float, default=1.2, help="buyers a second (default 1.2)")
    parser.add_argument("--base-port", type=int, default=9100, help="first of the sandbox's ports (default 9100)")
    parser.add_argument("--port", type=int, default=9700, help="the hub's port (default 9700)")
    parser.add_argument("--lang", choices=("en", "ko"), default=None, help="language of the report")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--leave", action="store_true", help="leave at the end, also on a terminal")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demonstration; the exit status is 0 only if nothing was sold twice, lost or doubled."""
    args = parser().parse_args(argv)
    try:
        return asyncio.run(_demo(args))
    except JangbuError as error:
        texts, lang = catalogue(), args.lang or _language()
        facts = dict(error.facts)
        print(texts.text(f"error.{error.code}.what", lang, **facts), file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        return 0


def _language() -> str:
    return "ko" if os.environ.get("LANG", "").lower().startswith("ko") else "en"


@dataclass
class _Stage:
    """What the script works with. `say(code, **facts)` tells the person what happens."""

    house: House
    control: str
    lang: str
    quiet: bool

    def say(self, code: str, **facts: str | float) -> None:
        if not self.quiet:
            print(catalogue().text(f"demo.{code}", self.lang, **facts), flush=True)  # noqa: T201

    async def ask(self, path: str, body: Any = None) -> Any:  # noqa: ANN401 - JSON
        """Speak to the sandbox's control door on this machine."""
        return await asyncio.to_thread(_ask, self.control + path, body)


def _ask(url: str, body: Any) -> Any:  # noqa: ANN401
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - loopback, our own address
        return json.loads(answer.read())


async def _demo(args: argparse.Namespace) -> int:
    lang = args.lang or _language()
    with tempfile.TemporaryDirectory(prefix="jangbu-demo-") as folder:
        async with _sandbox(args) as control:
            env = await asyncio.to_thread(_ask, control + "/env", None)
            settings = Settings.load(_environment(Path(folder), env, args, lang), Path(folder))
            house = open_house(settings)
            now, chosen = house.clock.now(), Choices(lang, settings.time_zone, "KRW")
            await house.db.write(lambda tx: people.set_up(tx, "owner", "Demo", chosen, "", now))  # no password: by link
            try:
                return await _play(_Stage(house, control, lang, quiet=args.json), args, env)
            finally:
                await house.close()


def _environment(home: Path, env: dict[str, str], args: argparse.Namespace, lang: str) -> dict[str, str]:
    urls = {key: value for key, value in env.items() if key.startswith("JANGBU_")}
    return urls | {
        "HOME": str(home), "JANGBU_HOME": str(home), "JANGBU_PROFILE": "dev", "JANGBU_PORT": str(args.port),
        "JANGBU_LANGUAGE": lang,
    }  # fmt: skip


@contextlib.asynccontextmanager
async def _sandbox(args: argparse.Namespace) -> AsyncIterator[str]:
    """Run the sandbox as a program of its own; give its control address."""
    for port in range(args.base_port, args.base_port + 3):
        _free(port)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "jangbu", "sandbox", "--seed", str(args.seed), "--no-buyers", "--strict",
        "--base-port", str(args.base_port), "--only", "etsy,naver",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    control = f"http://127.0.0.1:{args.base_port}"
    try:
        await _until_up(process, control)
        yield control
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


def _free(port: int) -> None:
    """Refuse to begin when another program is at a port: it might be a sandbox somebody works with."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            raise JangbuError(f"port {port} is taken", code="demo.port_taken", port=port) from error


async def _until_up(process: asyncio.subprocess.Process, control: str) -> None:
    for _ in range(200):
        if process.returncode is not None:
            words = (await process.stderr.read()).decode().strip() if process.stderr else ""
            raise JangbuError(words, code="demo.sandbox_ended", words=words[-300:])
        with contextlib.suppress(OSError):
            await asyncio.to_thread(_ask, control + "/health", None)
            return
        await asyncio.sleep(0.1)
    raise JangbuError("the sandbox did not start", code="demo.sandbox_silent")


async def _play(stage: _Stage, args: argparse.Namespace, env: dict[str, str]) -> int:
    """The script: connect, import, link, count, start, rush, ship, settle, report."""
    house = stage.house
    await _connect(stage, env)
    hub = Hub(house, alone=True)
    async with serving(house, hub, port=args.port) as door:
        running = asyncio.create_task(hub.run(), name="hub")
        try:
            stage.say("open", address=door.page_link)
            await _first_day(stage, args)
            begun = house.clock.now()
            shipper = asyncio.create_task(_ship_all(stage), name="packer")
            await _rush(stage, args)
            await _settle(stage)
            shipper.cancel()
            report = await _report(stage, begun)
            _print(stage, args, report)
            if sys.stdout.isatty() and not args.leave and not args.json:
                stage.say("stays", address=door.new_page_link())
                await running
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
    return 0 if not report["problems"] else 1


async def _connect(stage: _Stage, env: dict[str, str]) -> None:
    house = stage.house
    for channel in ("etsy", "naver"):
        prefix = f"{channel.upper()}_"
        known = {field.name for field in house.manifests[channel].credentials}
        given = {k.removeprefix(prefix).lower(): v for k, v in env.items() if k.startswith(prefix)}
        options = {**OPTIONS, **({"return_free": "yes", "fee_cap_monthly": "100"} if channel == "etsy" else {})}
        shop = await ops.shop_add(
            house, channel=channel, name=channel, actor=OWNER, options=options,
            credentials={k: v for k, v in given.items() if k in known},
        )  # fmt: skip
        stage.say("connected", shop=shop["channel_title"], name=shop["remote_name"])


async def _first_day(stage: _Stage, args: argparse.Namespace) -> None:
    """What a seller does once: import, link by code, let Jangbu read, count the shelf, press start."""
    house = stage.house
    shops = {shop["name"]: shop["id"] for shop in await ops.shop_list(house)}
    hook = f"http://127.0.0.1:{args.port}/hooks/etsy/{shops['etsy']}"
    await stage.ask("/news", {"etsy_webhook_url": hook})
    imported = await ops.catalog_import(house)
    linked = await ops.catalog_link_by_sku(house, actor=OWNER)
    stage.say("imported", listings=sum(each["listings"] for each in imported), linked=linked["linked"])
    await _read_to_present(stage)
    physical = (await stage.ask("/books"))["physical"]
    await ops.stock_many(house, action="count", rows=list(physical.items()), actor=OWNER)
    stage.say("counted", skus=len(physical), units=sum(physical.values()))
    for name in ("etsy", "naver"):
        await ops.shop_state(house, name=name, action="start", actor=OWNER)
    stage.say("started")
    await _until_divided(stage)


async def _until_divided(stage: _Stage) -> None:
    """Wait until each shop shows its own part of the stock."""
    for _ in range(60):
        if all(row["now"] == row["target"] and row["on_sale"] for row in await ops.plan(stage.house)):
            return
        await asyncio.sleep(0.25)


async def _read_to_present(stage: _Stage) -> None:
    """Wait until both feeds were read twice: then the first marks are passed."""
    since = stage.house.clock.now() + timedelta(seconds=float(OPTIONS["feed_margin_s"]) + 1)
    for _ in range(300):
        heard = [shop["heard_at"] for shop in await ops.shop_list(stage.house)]
        if all(at and datetime.fromisoformat(at) > since for at in heard):
            return
        await asyncio.sleep(0.1)


async def _rush(stage: _Stage, args: argparse.Namespace) -> None:
    stage.say("rush", seconds=round(args.seconds), rate=args.rate)
    await stage.ask("/settings", {"channel": "naver", "payment_wait_max_s": 5.0, "payment_due_s": 8.0})
    await stage.ask("/faults", FAULTS)
    await stage.ask("/buyers", {"rate": args.rate, "running": True, "cancel_share": 0.06})
    await asyncio.sleep(args.seconds)
    await stage.ask("/buyers", {"running": False})
    await stage.ask("/faults", [])


async def _ship_all(stage: _Stage) -> None:
    """A packer who packs at once: every paid order gets a parcel."""
    house, done = stage.house, set[str]()
    while True:
        for order in await ops.order_list(house):
            ready = [line for line in order["lines"] if line["state"] == "paid" and not line["claim"]]
            if order["order"] in done or not ready or order["owed"]:
                continue
            done.add(order["order"])
            with contextlib.suppress(JangbuError):
                await ops.ship_order(
                    house, order=order["order"], carrier=CARRIERS[order["shop"]], name=order["shop"], actor=OWNER,
                    tracking_number=str(100_000_000_000 + secrets.randbelow(899_999_999_999)),
                )  # fmt: skip
        await asyncio.sleep(1.0)


async def _settle(stage: _Stage) -> None:
    """Let what is under way come to its end: late payments, unknown outcomes, parcels."""
    stage.say("settling")
    await _until_quiet(stage, 60.0)


async def _until_quiet(stage: _Stage, at_most_s: float) -> None:
    quiet_for = 0
    for _ in range(round(at_most_s * 2)):
        busy = stage.house.db.read_now(
            lambda tx: tx.one(
                "SELECT (SELECT COUNT(*) FROM stock_write WHERE ended_at IS NULL) "
                "+ (SELECT COUNT(*) FROM order_write WHERE ended_at IS NULL) "
                "+ (SELECT COUNT(*) FROM stock_fact WHERE folded = 0) "
                "+ (SELECT COUNT(*) FROM order_line WHERE open = 1 AND state IN ('unpaid', 'paid') AND claim = '')"
            )
        )
        quiet_for = quiet_for + 1 if busy and busy[0] == 0 else 0
        if quiet_for >= QUIET_LOOKS:
            return
        await asyncio.sleep(0.5)


async def _report(stage: _Stage, begun: datetime) -> dict[str, Any]:
    house = stage.house
    books = await stage.ask("/books")
    verdict = promises.compare(house, books)
    since = round(begun.timestamp() * 1000)
    lags, latencies = house.db.read_now(lambda tx: (_news_lags(tx, since), _sale_to_write(tx, since)))
    writes = await ops.recent_writes(house, limit=100_000)
    return {
        "orders": verdict.orders,
        "units": verdict.units,
        "oversold": verdict.oversold,
        "stock_writes": sum(1 for row in writes if row["sending_at"]),
        "unknown_resolved": sum(1 for row in writes if row["state"] == "resolved"),
        "tracking_sent": verdict.tracked,
        "tracking_wanted": verdict.to_track,
        "news_lag_s": _figures(lags),
        "sale_to_write_s": _figures(latencies),
        "problems": list(verdict.problems),
    }


def _news_lags(tx: Any, since: int) -> list[float]:  # noqa: ANN401
    rows = tx.all("SELECT heard_at - placed_at FROM orders WHERE placed_at >= ?", (since,))
    return [max(row[0], 0) / 1000 for row in rows]


def _sale_to_write(tx: Any, since: int) -> list[float]:  # noqa: ANN401
    """Give the time from hearing of a sale to the answer of each write it led to at another shop."""
    heard: dict[str, list[tuple[int, ShopId]]] = {}
    for sku, at, shop in tx.all(
        "SELECT h.variant_id, f.heard_at, f.shop_id FROM stock_fact f JOIN line_held h "
        "ON h.shop_id = f.shop_id AND h.line_id = f.line_id WHERE f.units > 0 AND f.heard_at >= ?",
        (since,),
    ):
        heard.setdefault(sku, []).append((at, shop))
    spans: list[float] = []
    for shop, variant, intent, answered in tx.all(
        "SELECT w.shop_id, u.variant_id, w.intent_at, w.answered_at FROM stock_write w "
        "JOIN cell c ON c.shop_id = w.shop_id AND c.listing_id = w.listing_id JOIN cell_units u ON u.cell_id = c.id "
        "WHERE w.answered_at IS NOT NULL AND w.intent_at >= ? AND w.error = ''",
        (since,),
    ):
        causes = [at for at, where in heard.get(variant, []) if where != shop and 0 <= intent - at <= 1000]  # noqa: PLR2004
        if causes:
            spans.append((answered - max(causes)) / 1000)
    return spans


def _figures(values: list[float]) -> dict[str, float | int]:
    if not values:
        return {"n": 0}
    ordered = sorted(values)
    last = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {"n": len(values), "p50": round(statistics.median(ordered), 2), "p99": round(last, 2)}


def _print(stage: _Stage, args: argparse.Namespace, report: dict[str, Any]) -> None:
    if args.json:
        print(json.dumps(report, ensure_ascii=False, indent=2))  # noqa: T201
        return
    stage.say("report")
    for name in ("orders", "units", "oversold", "stock_writes", "unknown_resolved"):
        stage.say(f"line.{name}", value=report[name])
    stage.say("line.tracking", sent=report["tracking_sent"], wanted=report["tracking_wanted"])
    for name in ("news_lag_s", "sale_to_write_s"):
        figures = report[name]
        if figures["n"]:
            stage.say(f"line.{name}", **figures)
    for problem in report["problems"]:
        stage.say("problem", problem=problem)
    stage.say("held" if not report["problems"] else "broken")
