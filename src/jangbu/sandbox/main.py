"""Owns the `sandbox` program: arguments, ports, signals; the world itself is built elsewhere."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence

from jangbu.sandbox.core.buyers import BuyersConfig
from jangbu.sandbox.core.control import control_app
from jangbu.sandbox.core.faults import PRESETS
from jangbu.sandbox.core.server import HOST, PortTakenError, serve
from jangbu.sandbox.core.world import PORTS, World

_LAST_PORT = 65535
PRODUCTS_MIN, PRODUCTS_MAX = 8, 2000


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the sandbox until SIGINT or SIGTERM; the exit code is 0, or 2 for wrong usage or a taken port."""
    args = _parser().parse_args(argv)
    try:
        return asyncio.run(_run(args))
    except (ValueError, PortTakenError) as error:
        print(f"jangbu sandbox: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="jangbu sandbox", description="Marketplaces on this machine.")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same shops and buyers (default 1)")
    parser.add_argument("--only", default=None, metavar="etsy,naver", help="only these marketplaces")
    parser.add_argument("--base-port", type=int, default=9100, help="control's; the others follow (default 9100)")
    parser.add_argument("--products", type=int, default=10, help="goods on sale at each marketplace (default 10)")
    parser.add_argument("--uncoded", type=int, default=0, help="so many of them carry no code (default 0)")
    parser.add_argument("--strict", action="store_true", help="refuse what only lenient clients send")
    parser.add_argument("--ask", action="store_true", help="show a consent page, do not approve at once")
    parser.add_argument("--no-buyers", action="store_true", help="nobody buys by themselves")
    parser.add_argument("--rate", type=float, default=0.2, help="buyers per second (default 0.2)")
    parser.add_argument("--faults", choices=sorted(PRESETS), default=None, help="things go wrong from the start")
    parser.add_argument("--print-env", action="store_true", help="print KEY=VALUE for a hub and leave")
    return parser


async def _run(args: argparse.Namespace) -> int:
    world = _world(args)
    if args.print_env:
        print("\n".join(f"{key}={value}" for key, value in world.env().items()))
        return 0
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    apps = {args.base_port: control_app(world)}
    by_port = {world.ports[name]: emulator.app for name, emulator in world.emulators.items()}
    await serve({**apps, **by_port}, background=world.run, stop=stop, on_ready=lambda: _ready(args, world))
    return 0


def _world(args: argparse.Namespace) -> World:
    only = None if args.only is None else [name.strip() for name in args.only.split(",") if name.strip()]
    if only == []:
        raise ValueError("--only names no marketplace")
    if not 1 <= args.base_port <= _LAST_PORT - len(PORTS):
        raise ValueError(f"--base-port must lie between 1 and {_LAST_PORT - len(PORTS)}")
    if args.rate < 0:
        raise ValueError("--rate must not be negative")
    if not PRODUCTS_MIN <= args.products <= PRODUCTS_MAX or not 0 <= args.uncoded <= args.products:
        raise ValueError(f"--products must lie between {PRODUCTS_MIN} and {PRODUCTS_MAX}, --uncoded below it")
    world = World(
        seed=args.seed,
        channels=only,
        strict=args.strict,
        buyers=BuyersConfig(rate=args.rate, running=not args.no_buyers),
        base_port=args.base_port,
        products=args.products,
        uncoded=args.uncoded,
    )
    if args.ask and "etsy" in world.emulators:
        world.emulators["etsy"].settings.update({"consent_page": True}, for_good=True)
    if args.faults:
        world.faults.replace(PRESETS[args.faults])
    return world


def _ready(args: argparse.Namespace, world: World) -> None:
    doors = " · ".join(f"{name} http://{HOST}:{port}" for name, port in world.ports.items())
    print(f"sandbox ready: control http://{HOST}:{args.base_port} · {doors} · seed {args.seed}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
