"""The program `jangbu`: its commands put together. Owns no command, no operation and no words."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from jangbu.app.commands import (
    catalog,
    ledger,
    order,
    plan,
    programs,
    records,
    serve,
    settings,
    shop,
    stock,
    switches,
    user,
)
from jangbu.app.commands.spoken import RootGroup, group

app = group(cls=RootGroup)
for room in (serve, programs, shop, switches, catalog, stock, ledger, plan, order, records, user, settings):
    room.register(app)


class Language(StrEnum):
    """What the program can speak."""

    EN = "en"
    KO = "ko"


@app.callback()
def root(lang: Annotated[Language | None, typer.Option("--lang")] = None) -> None:
    """Take the options of the whole program. The language was read before, for help and errors need it too."""
    del lang


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; give its exit status."""
    try:
        app(args=argv)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return 0
