"""Counts up in a database from a process of its own, saying each number once it is kept."""

from __future__ import annotations

import sys

from jangbu.infra.db import Database, WriteTx


def count_up(tx: WriteTx) -> int:
    tx.notify("counted")
    return int(tx.returning("UPDATE counter SET n = n + 1 RETURNING n")[0][0])


def main(url: str, times: int) -> None:
    with Database.open(url) as database:
        for _ in range(times):
            print(database.write_now(count_up), flush=True)  # noqa: T201 - this is how it tells


main(sys.argv[1], int(sys.argv[2]))
