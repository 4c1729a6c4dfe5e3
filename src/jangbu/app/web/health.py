"""Says whether the process lives and whether it can work. Tells nothing of shops or stock."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jangbu.app.bootstrap import House
from jangbu.infra.db import ReadTx, migrate
from jangbu.kernel.errors import JangbuError

_PATIENCE_S: Final = 5.0


class HealthDoor:
    """Answers `/healthz` and `/readyz`."""

    def __init__(self, house: House) -> None:
        """Remember the revision of the tables this code was written for."""
        self._house = house
        self._wanted = migrate.revisions()[0]

    async def alive(self, _: Request) -> Response:
        """Say that the process answers."""
        return JSONResponse({"status": "ok"})

    async def ready(self, _: Request) -> Response:
        """Say whether the database answers and its tables are those of this code."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await self._house.db.read(_revision)
        except (JangbuError, TimeoutError):
            return JSONResponse({"status": "not ready", "database": "no answer"}, 503)
        if found != self._wanted:
            return JSONResponse({"status": "not ready", "database": "ok", "schema": found, "wanted": self._wanted}, 503)
        return JSONResponse({"status": "ok", "database": "ok", "schema": found})


def _revision(tx: ReadTx) -> str:
    row = tx.one("SELECT version_num FROM alembic_version")
    return str(row[0]) if row else ""
