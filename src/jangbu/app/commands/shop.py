"""`shop …`: connect a marketplace's shop, see its health, let Jangbu write there. Owns the asking for secrets."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from jangbu.app.commands.face import AsJSON, Face, actor, face_of
from jangbu.app.commands.faults import told
from jangbu.app.commands.spoken import SpokenCommand, group
from jangbu.kernel.errors import InputError

Name = Annotated[str, typer.Argument(metavar="NAME")]
Pairs = Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    shops = group()
    known = (("add", add), ("list", list_), ("show", show), ("set", set_), ("start", start), ("test", check))
    for name, command in known:
        shops.command(name, cls=SpokenCommand)(command)
    for action in ("pause", "resume"):
        shops.command(action, cls=SpokenCommand)(_state(action))
    app.add_typer(shops, name="shop")
    secrets = group()
    secrets.command("set", cls=SpokenCommand)(secret_set)
    app.add_typer(secrets, name="secret")


def add(
    ctx: typer.Context,
    channel: Annotated[str, typer.Argument(metavar="CHANNEL")],
    name: Name,
    *,
    field: Pairs = None,
    field_from_env: Annotated[list[str] | None, typer.Option(metavar="NAME=VARIABLE")] = None,
    from_env: Annotated[bool, typer.Option("--from-env")] = False,
    option: Pairs = None,
    api_url: Annotated[str, typer.Option(metavar="URL")] = "",
    egress: Annotated[str, typer.Option(metavar="direct|URL")] = "direct",
    share: Annotated[int, typer.Option(metavar="N")] = 1,
    as_json: AsJSON = False,
) -> None:
    """Try a credential and keep the shop if it works."""
    face = face_of(ctx)
    given = _from_environment(channel) if from_env else {}
    given |= {key: _variable(variable) for key, variable in _pairs("--field-from-env", field_from_env)}
    given |= dict(_pairs("--field", field))
    given |= _asked_for(face, channel, given)
    shop = face.ask(
        "shop_add", channel=channel, name=name, credentials=given, actor=actor(), api_url=_address(api_url),
        egress=egress, options=dict(_pairs("--option", option)), share=share,
    )  # fmt: skip

    def people() -> None:
        face.say("shop.added", name=shop["name"], title=shop["channel_title"], remote=shop["remote_name"])
        face.say("shop.next", name=f'"{shop["name"]}"' if " " in shop["name"] else shop["name"])
        _notices(face, [shop])

    face.show(shop, as_json, people)


def list_(ctx: typer.Context, as_json: AsJSON = False) -> None:
    """List the shops with their health."""
    face = face_of(ctx)
    whole = face.ask("status")
    shops: list[dict[str, Any]] = whole["shops"]

    def people() -> None:
        face.note_stopped(whole["stopped_since"])
        face.table(
            ("shop", "channel", "state", "heard", "~trouble"),
            [
                (
                    s["name"], s["channel"], _standing(face, s), face.when(s["heard_at"]) or "–",
                    _trouble(face, s),
                )
                for s in shops
            ],
            empty="shop.none",
        )  # fmt: skip
        if shops and not face.asked_hub:
            face.note("shop.no_hub")
        _notices(face, shops)

    face.show(shops, as_json, people)


def show(ctx: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """Show one shop."""
    face = face_of(ctx)
    shop = face.ask("shop_show", name=name)

    def people() -> None:
        _people(face, shop)
        if not face.asked_hub:
            face.note("shop.no_hub")

    face.show(shop, as_json, people)


def set_(
    ctx: typer.Context,
    name: Name,
    option: Annotated[str, typer.Argument(metavar="OPTION")],
    value: Annotated[str, typer.Argument(metavar="VALUE")],
    as_json: AsJSON = False,
) -> None:
    """Change one option of a shop."""
    face = face_of(ctx)
    shop = face.ask("shop_set", name=name, option=option, value=value)
    face.show(shop, as_json, lambda: face.say("shop.set", name=shop["name"], option=option, value=value))


def check(ctx: typer.Context, name: Name, as_json: AsJSON = False) -> None:
    """Walk the ladder of a connection now; exit status 1 when a rung is broken."""
    face = face_of(ctx)
    told_ = face.ask("shop_check", name=name)

    def people() -> None:
        marks = {"ok": "●", "broken": "✗", "not_reached": "○", "unknown": "?"}
        for rung in told_["rungs"]:
            state = face.text(f"rung.{rung['state']}")
            face.lines([f"{marks[rung['state']]} {face.word('rung', rung['rung'])}  {state}"])
        print()
        for each in face.ask("shop_stands", name=name):
            last = face.when(each["last"]) or "–"
            work, stand = face.word("repair.work", each["work"]), face.word("repair.stand", each["standing"])
            face.lines([f"{work}  {stand} ({last})"])
        broken = [rung for rung in told_["rungs"] if rung["state"] == "broken" and rung["code"]]
        for rung in broken:
            print()
            side = told_.get("side", "unknown")
            face.lines(told(rung["code"] if side == "unknown" else f"line.{side}", rung["facts"], face.language))
            sure = face.word("repair.certainty", rung["certainty"]) if rung["certainty"] else ""
            face.lines([f"  {sure}"] if sure else [])
            face.lines([f"  {face.word('repair', 'safe')}"])
        if told_["next_at"]:
            face.say("test.next", at=face.when(told_["next_at"]))

    face.show(told_, as_json, people)
    if not told_["sound"]:
        raise typer.Exit(1)


def secret_set(ctx: typer.Context, name: Name, *, stdin: Annotated[bool, typer.Option("--stdin")] = False) -> None:
    """Put a new secret in for a connected shop; it is asked for, never an argument."""
    face = face_of(ctx)
    shop = face.ask("shop_show", name=name)
    secret = next((field.name for field in _fields(shop["channel"]) if field.secret and not field.by_consent), "")
    value = sys.stdin.readline() if stdin else getpass.getpass(face.text("shop.field", field=secret))
    face.ask("shop_secret_set", name=name, credentials={secret: value.strip()}, actor=actor())
    face.say("secret.kept", name=shop["name"])


def start(
    ctx: typer.Context,
    name: Name,
    lowering_only: Annotated[bool, typer.Option("--lowering-only")] = False,
    sku: Annotated[list[str] | None, typer.Option("--sku", metavar="SKU")] = None,
    as_json: AsJSON = False,
) -> None:
    """Let Jangbu write to a shop: all of it, only lowering numbers, or only the listings of some SKUs."""
    if lowering_only and sku:
        raise InputError("either --lowering-only or --sku", code="usage.one_scope")
    scope = "lowering" if lowering_only else "skus" if sku else "all"
    _change(face_of(ctx), "start", as_json=as_json, name=name, scope=scope, skus=sku or [])


def _state(action: str) -> Any:  # noqa: ANN401 - a command's function
    def command(ctx: typer.Context, name: Name, as_json: AsJSON = False) -> None:
        _change(face_of(ctx), action, as_json=as_json, name=name)

    command.__doc__ = f"{action.capitalize()} a shop."
    return command


def _change(face: Face, action: str, *, as_json: bool, **args: Any) -> None:  # noqa: ANN401 - an operation's
    shop = face.ask("shop_state", action=action, actor=actor(), **args)

    def people() -> None:
        face.say(f"shop.{action}", name=shop["name"], state=face.word("shop_state", shop["state"]))
        if shop["scope"] != "all" and action != "pause":
            face.say(f"shop.scope.{shop['scope']}")
        if action != "pause":
            face.note_sent_later()

    face.show(shop, as_json, people)


# -- credentials ------------------------------------------------------------------------------------------


def variable_of(channel: str, field: str) -> str:
    """Name the environment variable `jangbu sandbox --print-env` gives a credential's field in."""
    return f"{channel}_{field}".upper()


def _fields(channel: str) -> tuple[Any, ...]:
    from jangbu.infra import plugins  # noqa: PLC0415 - the CLI loads lazily

    known = plugins.channels()
    return known[channel].credentials if channel in known else ()


def _from_environment(channel: str) -> dict[str, str]:
    found = {field.name: os.environ.get(variable_of(channel, field.name), "") for field in _fields(channel)}
    return {name: value for name, value in found.items() if value}


def _asked_for(face: Face, channel: str, given: Mapping[str, str]) -> dict[str, str]:
    """Ask a person for what is missing; secrets are not echoed. Programs are not asked."""
    if not sys.stdin.isatty():
        return {}
    asked: dict[str, str] = {}
    for field in _fields(channel):
        if given.get(field.name) or (not field.required and given):
            continue
        words = face.text("shop.field" if field.required else "shop.field_optional", field=field.name)
        asked[field.name] = getpass.getpass(words) if field.secret else input(words)
    return {name: value for name, value in asked.items() if value}


def _pairs(option: str, given: list[str] | None) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for each in given or []:
        name, mark, value = each.partition("=")
        if not (mark and name.strip()):
            raise InputError(f"{option} wants name=value", code="input.pair", option=option)
        pairs.append((name.strip(), value))
    return pairs


def _variable(name: str) -> str:
    if not (value := os.environ.get(name, "")):
        raise InputError(f"no {name} in the environment", code="input.env_missing", name=name)
    return value


def _address(given: str) -> str:
    from jangbu.infra.setting_values import NotAllowedError, web_address  # noqa: PLC0415 - the CLI loads lazily

    try:
        return web_address(given) if given else ""
    except NotAllowedError:
        raise InputError("not an address to call", code="input.address", value=given[:100]) from None


# -- people -----------------------------------------------------------------------------------------------


def _trouble(face: Face, shop: Mapping[str, Any]) -> str:
    return told(shop["trouble"], shop["trouble_facts"], face.language)[0] if shop["trouble"] else ""


def _standing(face: Face, shop: Mapping[str, Any]) -> str:
    """Say how a shop stands: what its owner allowed, and that it is in trouble all the same."""
    state = face.word("shop_state", shop["state"])
    passing = shop["trouble"] and shop["state"] != "needs_attention"
    return face.text("shop.troubled", state=state) if passing else state


def _people(face: Face, shop: Mapping[str, Any]) -> None:
    rows = [
        ("shop", shop["name"]), ("channel", shop["channel_title"]),
        ("remote", f"{shop['remote_name']} ({shop['remote_id']})"),
        ("state", _standing(face, shop)), ("heard", face.when(shop["heard_at"]) or "–"),
        ("currency", shop["currency"]), ("share", str(shop["share"])), ("egress", shop["egress"]), ("id", shop["id"]),
        ("added", face.when(shop["created_at"])), ("started", face.when(shop["started_at"]) or "–"),
        *((key, str(value)) for key, value in sorted(shop["options"].items())),
    ]  # fmt: skip
    named = [(face.text(f"column.{key}") if face.has(f"column.{key}") else key, value) for key, value in rows]
    face.pairs(named)
    if shop["trouble"]:
        print()
        face.say("shop.trouble", since=face.when(shop["trouble_at"]))
        face.lines(told(shop["trouble"], shop["trouble_facts"], face.language))
    _notices(face, [shop])


def _notices(face: Face, shops: Sequence[Mapping[str, Any]]) -> None:
    """Show what the marketplaces' terms ask to show."""
    for notice in sorted({shop["notice"] for shop in shops if shop["notice"]}):
        print()
        face.lines([notice])
