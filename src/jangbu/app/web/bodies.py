"""Reads request bodies up to a size and a time. Owns no meaning of what it reads."""

from __future__ import annotations

import asyncio

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

PATIENCE_S = 10.0


async def read_body(request: Request, limit: int) -> bytes:
    """Read a whole body of at most `limit` bytes; of a larger one no more than that is ever held.

    Errors: HTTPException 413 as soon as it is known to be larger, 408 when it comes too slowly, 400 when the
    sender hangs up.
    """
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limit:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    raise HTTPException(413)
    except TimeoutError:
        raise HTTPException(408) from None
    except ClientDisconnect:
        raise HTTPException(400) from None
    return bytes(body)
