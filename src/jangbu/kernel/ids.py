"""Typed ids of our own things, and how new ones are made. Ids of others are plain strings."""

from __future__ import annotations

import secrets
from typing import NewType

ShopId = NewType("ShopId", str)
VariantId = NewType("VariantId", str)
LocationId = NewType("LocationId", str)
CellId = NewType("CellId", str)
OrderId = NewType("OrderId", str)
LineId = NewType("LineId", str)
MoveId = NewType("MoveId", str)
WriteId = NewType("WriteId", str)

MAIN_LOCATION = LocationId("main")

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(prefix: str) -> str:
    """Make a fresh id: the prefix, an underscore, and 16 characters of chance (80 bits)."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(16))
