"""Static files, read once into memory, each under an address that changes with its content. Serves nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Asset:
    """One static file."""

    name: str
    content: bytes
    media_type: str

    @property
    def url(self) -> str:
        """Give its address, good for ever."""
        return f"/static/{self.name}?v={hashlib.sha256(self.content).hexdigest()[:12]}"


@cache
def assets() -> Mapping[str, Asset]:
    """Give every static file by name."""
    return {
        file.name: Asset(file.name, file.read_bytes(), _TYPES[file.suffix])
        for file in sorted(_FOLDER.iterdir())
        if file.suffix in _TYPES
    }
