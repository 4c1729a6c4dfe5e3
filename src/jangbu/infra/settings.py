"""What the operator chose, read once at the start. Owns no choice of a single shop: those are data."""
# ruff: noqa: RUF009 - the fields below are made by a function of our own, once

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from datetime import time
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Self

from jangbu.infra import setting_values as values
from jangbu.infra.dotenv import read_dotenv
from jangbu.kernel.errors import ConfigError
from jangbu.kernel.secret import Secret

PREFIX: Final = "JANGBU_"
HIDDEN: Final = "(hidden)"
_TESTS_OWN: Final = "JANGBU_TEST_"

Known = Mapping[str, Any]  # the settings found so far, by name, and the environment as "env"
Default = Callable[[Known], Any]


def _setting(help_text: str, parse: values.Parse, default: Default, *, hidden: bool = False) -> Any:  # noqa: ANN401
    metadata = {"help": help_text, "parse": parse, "default": default, "hidden": hidden}
    return field(repr=not hidden, metadata=metadata)


def _address_of(official: str, sandbox: str) -> Default:
    return lambda known: sandbox if known["profile"] == "dev" else official


def _language(known: Known) -> str:
    return "ko" if known["env"].get("LANG", "").lower().startswith("ko") else "en"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with its value; `origins` says where each was read. Make it with `load`."""

    profile: str = _setting(
        "live, or dev: marketplaces on this machine only", values.one_of("live", "dev"), lambda _: "live"
    )
    home: Path = _setting(
        "the folder of everything kept here",
        values.path,
        lambda known: Path(known["env"].get("HOME") or Path.home()) / ".jangbu",
    )
    database_url: str = _setting(
        "sqlite:///file or postgresql://...",
        values.database_url,
        lambda known: f"sqlite:///{known['home'] / 'hub.sqlite3'}",
        hidden=True,
    )
    master_key: Secret | None = _setting(
        "the key that opens the vault, unless it is in a file", Secret, lambda _: None, hidden=True
    )
    master_key_file: Path = _setting(
        "the file of the master key, made at the first start",
        values.path,
        lambda known: known["home"] / "master.key",
    )
    public_url: str = _setting("where marketplaces and phones reach this hub", values.web_address, lambda _: "")
    host: str = _setting("the address the hub listens at", str, lambda _: "127.0.0.1")
    port: int = _setting("the port the hub listens at", values.port, lambda _: 9700)
    language: str = _setting("the language of texts", values.one_of("en", "ko"), _language)
    time_zone: str = _setting("the time zone of the seller's day", values.time_zone, lambda _: "Asia/Seoul")
    courier_cutoff: time = _setting(
        "when the courier leaves, on working days", values.clock_time, lambda _: time(16, 0)
    )
    ship_within_days: int = _setting(
        "working days to ship where a marketplace names no date", values.few_days, lambda _: 2
    )
    etsy_api_url: str = _setting(
        "Etsy's interface, scheme and host alone",
        values.web_address,
        _address_of("https://api.etsy.com", "http://127.0.0.1:9101"),
    )
    etsy_auth_url: str = _setting(
        "Etsy's consent page, scheme and host alone",
        values.web_address,
        _address_of("https://www.etsy.com", "http://127.0.0.1:9101"),
    )
    naver_api_url: str = _setting(
        "Naver's interface, scheme and host alone",
        values.web_address,
        _address_of("https://api.commerce.naver.com", "http://127.0.0.1:9102"),
    )
    log_level: str = _setting(
        "how much is logged", values.one_of("debug", "info", "warning", "error"), lambda _: "info"
    )
    origins: Mapping[str, str] = field(repr=False, compare=False, default_factory=dict)

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Self:
        """Read the settings: defaults, then `jangbu.toml`, then `.env` (both in `cwd`), then the environment.

        An empty value counts as not given. The home folder is made, for its owner alone.
        Errors: ConfigError naming the setting, what was read (unless hidden) and what is allowed.
        """
        env = os.environ if env is None else env
        given = _given(env, cwd or Path.cwd())
        known: dict[str, Any] = {"env": env}
        origins: dict[str, str] = {}
        for name, each in _settings().items():
            raw, origins[name] = given.get(name, ("", "default"))
            known[name] = _parsed(each, raw) if raw else each.metadata["default"](known)
        del known["env"]
        settings = cls(**known, origins=MappingProxyType(origins))
        settings.refuse_live_addresses()
        _make_folder(settings.home)
        return settings

    def describe(self) -> list[tuple[str, str, str, str]]:
        """List every setting for a person: name, value or "(hidden)", origin, help."""
        return [
            (PREFIX + name.upper(), self._shown(each), self.origins[name], each.metadata["help"])
            for name, each in _settings().items()
        ]

    def refuse_live_addresses(self) -> None:
        """Keep profile dev on this machine.

        Errors: ConfigError naming the marketplace address that leads elsewhere.
        """
        for name in ("etsy_api_url", "etsy_auth_url", "naver_api_url"):
            address = getattr(self, name)
            if self.profile == "dev" and not values.is_loopback(address):
                raise _bad(name, address, "an address on this machine, as the profile is dev")

    def _shown(self, each: Field[Any]) -> str:
        value = getattr(self, each.name)
        if each.name == "database_url":
            return values.without_password(self.database_url)
        return HIDDEN if each.metadata["hidden"] and value else str(value or "")


@cache
def _settings() -> Mapping[str, Field[Any]]:
    return {each.name: each for each in fields(Settings) if each.metadata}


def _given(env: Mapping[str, str], cwd: Path) -> dict[str, tuple[str, str]]:
    """Collect what was given: name → (text, where), the later source winning."""
    sources = {
        "jangbu.toml": _read_toml(cwd / "jangbu.toml"),
        ".env": _ours(read_dotenv(cwd / ".env")),
        "environment": _ours(env),
    }
    found: dict[str, tuple[str, str]] = {}
    for origin, source in sources.items():
        for name, text in source.items():
            if name not in _settings():
                raise _unknown(name, origin)
            if text:
                found[name] = (text, origin)
    return found


def _ours(env: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix(PREFIX).lower(): text
        for name, text in env.items()
        if name.startswith(PREFIX) and not name.startswith(_TESTS_OWN)
    }


def _read_toml(file: Path) -> dict[str, str]:
    try:
        entries = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}", code="config.file", file=str(file)) from None
    for name, value in entries.items():
        if name in _settings() and (isinstance(value, bool) or not isinstance(value, str | int)):
            raise _bad(name, f"a {type(value).__name__}", "a text or a whole number")
    return {name: str(value) for name, value in entries.items()}


def _parsed(each: Field[Any], raw: str) -> Any:  # noqa: ANN401 - each setting has a type of its own
    try:
        return each.metadata["parse"](raw)
    except values.NotAllowedError as error:
        shown = HIDDEN if each.metadata["hidden"] else values.without_password(raw)
        raise _bad(each.name, shown, str(error)) from None


def _bad(name: str, shown: str, allowed: str) -> ConfigError:
    setting = PREFIX + name.upper()
    return ConfigError(
        f"{setting} is {shown}; allowed is {allowed}",
        code="config.setting",
        setting=setting,
        value=shown,
        allowed=allowed,
    )


def _unknown(name: str, origin: str) -> ConfigError:
    nearest = PREFIX + get_close_matches(name, list(_settings()), n=1, cutoff=0)[0].upper()
    setting = PREFIX + name.upper()
    return ConfigError(
        f"{setting} ({origin}) is no setting; the nearest is {nearest}",
        code="config.unknown_setting",
        setting=setting,
        origin=origin,
        nearest=nearest,
    )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _bad("home", str(folder), f"a folder that can be made ({error.strerror})") from error
