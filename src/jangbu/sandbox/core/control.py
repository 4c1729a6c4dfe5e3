"""Owns the control door of the sandbox (JSON over HTTP and one plain page); it decides nothing itself."""

import html
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from jangbu.sandbox.core.emulator import Emulator
from jangbu.sandbox.core.faults import NEWS_KINDS
from jangbu.sandbox.core.world import World

_Reply = Callable[[World, Any], Any]
_MAX_TRAFFIC = 500


class _Buy(msgspec.Struct, forbid_unknown_fields=True):
    channel: str
    sku: str
    quantity: int = 1


class _Cancel(msgspec.Struct, forbid_unknown_fields=True):
    channel: str
    order: str
    line: str | None = None
    quantity: int | None = None
    restock: bool = False


class _Clock(msgspec.Struct, forbid_unknown_fields=True):
    advance_s: float


def control_app(world: World) -> Starlette:
    """The control door of a world: GET and POST as the sandbox's documentation lists them."""
    return Starlette(
        routes=[
            Route("/", _page(world)),
            _get(world, "/health", lambda w, _: {"status": "ok", "now": w.clock.now(), "seed": w.seed}),
            _get(world, "/books", lambda w, _: w.books()),
            _get(world, "/env", lambda w, _: w.env()),
            _get(world, "/faults", lambda w, _: w.faults.listing()),
            _get(world, "/buyers", _buyers),
            _get(world, "/settings", _all_settings),
            _get(world, "/clock", lambda w, _: {"now": w.clock.now()}),
            _get(world, "/snapshot", lambda w, _: w.snapshot()),
            _get(world, "/traffic", _traffic),
            _post(world, "/faults", _set_faults),
            _post(world, "/buyers", _set_buyers),
            _post(world, "/settings", _set_settings),
            _post(world, "/buy", _buy),
            _post(world, "/cancel", _cancel),
            _post(world, "/news", _news),
            _post(world, "/clock", _advance),
            _post(world, "/reset", _reset),
            _post(world, "/snapshot", _restore),
        ]
    )


def _get(world: World, path: str, reply: _Reply) -> Route:
    async def endpoint(request: Request) -> Response:
        return _answer(reply, world, dict(request.query_params))

    return Route(path, endpoint, methods=["GET"])


def _post(world: World, path: str, reply: _Reply) -> Route:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        try:
            body = msgspec.json.decode(raw) if raw.strip() else {}
        except msgspec.DecodeError as error:
            return _json({"error": f"not JSON: {error}"}, 400)
        return _answer(reply, world, body)

    return Route(path, endpoint, methods=["POST"])


def _answer(reply: _Reply, world: World, given: Any) -> Response:  # noqa: ANN401 -- any JSON
    try:
        return _json(reply(world, given))
    except (ValueError, msgspec.ValidationError) as error:
        return _json({"error": str(error)}, 400)


def _json(value: Any, status: int = 200) -> Response:  # noqa: ANN401 -- any JSON
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _emulator(world: World, channel: object) -> Emulator:
    emulator = world.emulators.get(str(channel))
    if emulator is None:
        raise ValueError(f"unknown channel {channel!r}; one of {', '.join(world.emulators)}")
    return emulator


def _mapping(given: object) -> Mapping[str, Any]:
    if not isinstance(given, dict):
        raise ValueError("a JSON object is wanted")  # noqa: TRY004 -- bad input, not a bug
    return given


def _set_faults(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    if not isinstance(given, list) or not all(isinstance(rule, dict) for rule in given):
        raise ValueError("a JSON list of rules is wanted; [] clears")
    world.faults.replace(given)
    return world.faults.listing()


def _buyers(world: World, _: Any) -> Any:  # noqa: ANN401 -- any JSON
    return {**msgspec.to_builtins(world.buyers.config), "placed": world.buyers.placed}


def _set_buyers(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    world.buyers.configure(_mapping(given))
    return _buyers(world, None)


def _all_settings(world: World, _: Any) -> Any:  # noqa: ANN401 -- any JSON
    return {name: emulator.settings.as_dict() for name, emulator in world.emulators.items()}


def _set_settings(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    changes = dict(_mapping(given))
    channel = changes.pop("channel", None)
    for emulator in world.emulators.values() if channel is None else [_emulator(world, channel)]:
        emulator.settings.update(changes)
    return _all_settings(world, None)


def _buy(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    wish = msgspec.convert(given, _Buy)
    if wish.quantity < 1:
        raise ValueError("quantity must be at least 1")
    emulator = _emulator(world, wish.channel)
    offer = next((each for each in emulator.offers() if each.sku == wish.sku), None)
    if offer is None:
        raise ValueError(f"no offer of SKU {wish.sku!r} at {wish.channel}")
    return {"order": emulator.buy(offer.offer_id, wish.quantity)}


def _cancel(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    wish = msgspec.convert(given, _Cancel)
    emulator = _emulator(world, wish.channel)
    return {"cancelled": emulator.cancel(wish.order, wish.line, wish.quantity, restock=wish.restock)}


def _news(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    """`<channel>_webhook_url` sets an address; a news fault's name sets its probability (0 clears)."""
    changes = dict(_mapping(given))
    addressed = [key for key in changes if key.endswith("_webhook_url")]
    urls = {key.removesuffix("_webhook_url"): changes.pop(key) for key in addressed}
    unknown = set(changes) - NEWS_KINDS
    if unknown:
        known = ", ".join(sorted(NEWS_KINDS))
        raise ValueError(f"unknown news {', '.join(sorted(unknown))}; faults are {known}")
    kept = [{k: v for k, v in rule.items() if k != "hits"} for rule in world.faults.listing()]
    rules = [rule for rule in kept if rule["kind"] not in changes]
    rules += [_news_rule(kind, value) for kind, value in changes.items() if value]
    for channel, url in urls.items():
        _emulator(world, channel).settings.update({"webhook_url": url})
    world.faults.replace(rules)
    return {"settings": _all_settings(world, None), "faults": world.faults.listing()}


def _news_rule(kind: str, value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return {"kind": kind, **value}
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{kind!r} must be a probability or a rule without its kind")  # noqa: TRY004 -- bad input
    return {"kind": kind, "probability": value}


def _advance(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    world.clock.advance(msgspec.convert(given, _Clock).advance_s)
    return {"now": world.clock.now()}


def _reset(world: World, _: Any) -> Any:  # noqa: ANN401 -- any JSON
    world.reset()
    return {"status": "ok"}


def _restore(world: World, given: Any) -> Any:  # noqa: ANN401 -- any JSON
    world.restore(_mapping(given))
    return {"status": "ok"}


def _traffic(world: World, query: Any) -> Any:  # noqa: ANN401 -- query names and texts
    last = int(query.get("last", _MAX_TRAFFIC))
    channels = [query["channel"]] if "channel" in query else list(world.emulators)
    rows = [
        {"channel": channel, **row} for channel in channels for row in _emulator(world, channel).traffic.recent(last)
    ]
    return sorted(rows, key=lambda row: float(row["at"]))[-last:] if last > 0 else []


def _page(world: World) -> Callable[[Request], Any]:
    async def page(_: Request) -> Response:
        return HTMLResponse(_render(world.books()))

    return page


def _render(books: Mapping[str, Any]) -> str:
    channels = list(books["channels"])
    head = "".join(f"<th>sold {html.escape(name)}<th>shown {html.escape(name)}" for name in channels)
    rows = []
    for sku, physical in books["physical"].items():
        cells = "".join(f"<td>{_sold(books, name, sku)}<td>{_shown(books, name, sku)}" for name in channels)
        over = books["oversold"].get(sku, "")
        rows.append(f"<tr><td>{html.escape(sku)}<td>{physical}{cells}<td>{over}")
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox books</title><h1>Sandbox books</h1>"
        f"<p>Orders {books['orders_total']}, units oversold {books['oversold_total']}.</p>"
        f"<table border=1><tr><th>SKU<th>physical{head}<th>oversold{''.join(rows)}</table></html>"
    )


def _sold(books: Mapping[str, Any], channel: str, sku: str) -> int:
    return int(books["channels"][channel]["sold"].get(sku, 0))


def _shown(books: Mapping[str, Any], channel: str, sku: str) -> str:
    numbers = books["channels"][channel]["numbers"].values()
    shown = [f"{row['quantity']}{'' if row['on_sale'] else ' (off)'}" for row in numbers if row["sku"] == sku]
    return ", ".join(shown) or "-"
