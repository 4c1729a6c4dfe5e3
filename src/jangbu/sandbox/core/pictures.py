"""Draws a picture of each good, always the same. Owns no marketplace: each takes its own print of it."""

from __future__ import annotations

import random
import struct
import zlib
from functools import lru_cache
from typing import Final

PATH: Final = "/pictures/"
_SIDE: Final = 240
_GROUNDS: Final = ((244, 241, 234), (233, 237, 240), (255, 255, 255), (226, 219, 203), (220, 228, 222))
_INKS: Final = (
    (138, 51, 36), (39, 73, 109), (74, 124, 89), (176, 141, 87), (107, 78, 113), (201, 123, 99), (59, 59, 59),
    (216, 195, 165), (94, 140, 153), (184, 92, 56),
)  # fmt: skip
Pixels = list[list[tuple[int, int, int]]]


def path_of(key: str, shop: str) -> str:
    """Name the picture of a good as one marketplace prints it."""
    return f"{PATH}{shop}/{key}.png"


def picture_at(path: str) -> bytes | None:
    """Give the picture at a path; None for any other path."""
    shop, slash, name = path.removeprefix(PATH).partition("/")
    if not path.startswith(PATH) or not slash or not name.endswith(".png") or len(name) > 80:  # noqa: PLR2004
        return None
    return _print(shop, name.removesuffix(".png"))


@lru_cache(maxsize=256)
def _print(shop: str, key: str) -> bytes:
    """Print a drawing: each marketplace cuts the edges and lights it in its own way."""
    pixels = _drawing(key)
    cut = sum(shop.encode()) % 9
    inner = [row[cut : _SIDE - cut // 2] for row in pixels[cut // 2 : _SIDE - cut]]
    light = 1 + (sum(shop.encode()) % 5 - 2) / 50
    raw = b"".join(
        b"\0" + bytes(min(255, round(part * light)) for pixel in row for part in pixel) for row in inner
    )
    head = struct.pack(">IIBBBBB", len(inner[0]), len(inner), 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(raw, 9)) + _chunk(b"IEND", b"")


def _drawing(key: str) -> Pixels:
    chance = random.Random(f"picture of {key}")
    ground, table = chance.choice(_GROUNDS), chance.choice(_GROUNDS)
    edge = chance.randrange(130, 190)
    pixels: Pixels = [[table if y > edge else ground for _ in range(_SIDE)] for y in range(_SIDE)]
    for _ in range(chance.randrange(2, 4)):
        _blob(pixels, chance, chance.randrange(36, 80), chance.choice(_INKS))
    for _ in range(chance.randrange(4, 9)):
        _blob(pixels, chance, chance.randrange(6, 22), chance.choice(_INKS))
    return pixels


def _blob(pixels: Pixels, chance: random.Random, radius: int, ink: tuple[int, int, int]) -> None:
    """Paint a disc or a square, a little darker at its foot."""
    x, y, square = chance.randrange(40, 200), chance.randrange(50, 190), chance.random() < 0.4  # noqa: PLR2004
    for row in range(max(0, y - radius), min(_SIDE, y + radius)):
        shade = 1.06 - 0.2 * (row - y + radius) / (2 * radius)
        colour = (min(255, round(ink[0] * shade)), min(255, round(ink[1] * shade)), min(255, round(ink[2] * shade)))
        across = radius if square else int((radius * radius - (row - y) ** 2) ** 0.5)
        for column in range(max(0, x - across), min(_SIDE, x + across)):
            pixels[row][column] = colour


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
