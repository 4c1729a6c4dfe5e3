"""Couriers' sheets: those that come with Jangbu and the seller's own beside them. Owns no layout: they are data."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from jangbu.fulfilment.model import HOLDS, Column, Template
from jangbu.kernel.errors import ConfigError, NotFound
from jangbu.sdk.carriers import CARRIERS

_OURS: Final = Path(__file__).parent / "couriers"
_FORMATS: Final = frozenset({"xlsx", "csv"})


def templates(home: Path) -> dict[str, Template]:
    """Give every sheet by its id; one in the seller's `couriers` folder replaces ours of that name.

    Errors: ConfigError naming the file that is not in order.
    """
    own = home / "couriers"
    found = dict(_ours())
    if own.is_dir():
        found |= {each.id: each for each in (_read(file) for file in sorted(own.glob("*.toml")))}
    return found


def template(home: Path, id_: str) -> Template:
    """Give one sheet. Errors: NotFound naming those there are."""
    known = templates(home)
    if id_ not in known:
        raise NotFound(f"no sheet {id_[:20]}", code="courier_unknown", name=id_[:20], known=", ".join(known))
    return known[id_]


@cache
def _ours() -> dict[str, Template]:
    return {each.id: each for each in (_read(file) for file in sorted(_OURS.glob("*.toml")))}


def _read(file: Path) -> Template:
    try:
        told: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
        columns = tuple(
            Column(str(each["title"]), str(each["holds"]), int(each.get("length", 0))) for each in told["columns"]
        )
        found = Template(
            str(told["id"]), str(told["carrier"]), str(told["title"]), str(told["format"]), str(told["encoding"]),
            columns, bool(told.get("verified", False)),
        )  # fmt: skip
        "".encode(found.encoding)
    except (OSError, ValueError, KeyError, TypeError, LookupError) as error:
        raise ConfigError(f"{file.name} is not in order", code="config.courier", file=file.name) from error
    wrong = [column.holds for column in columns if column.holds not in HOLDS]
    if wrong or found.format not in _FORMATS or found.carrier not in CARRIERS or not columns:
        raise ConfigError(f"{file.name} is not in order", code="config.courier", file=file.name)
    return found
