"""The door to pictures: makes a small one for our pages and hashes by which the same photograph is known again."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageOps

SIDE_MAX: Final = 320  # of what our pages show, in pixels
PIXELS_MAX: Final = 25_000_000  # a picture that unpacks to more is not opened
_OPENED_TO: Final = SIDE_MAX * 4  # all that is done with a picture is done with one no larger
_FORMATS: Final = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
_INNER: Final = (1.0, 0.9, 0.8)  # the whole picture, and what is left when a shop crops its edges
_GRID: Final = 8
_QUALITY: Final = 80


class UnreadablePicture(Exception):  # noqa: N818 - the name is the outcome
    """Not a picture we can open: another format, broken, or too large to unpack."""


@dataclass(frozen=True)
class Looked:
    """What is kept of a picture: a small JPEG without any data about place or camera, and its hashes of 64 bits."""

    small: bytes
    hashes: tuple[int, ...]


def look_at(content: bytes) -> Looked:
    """Open a picture. Errors: UnreadablePicture."""
    upright = _opened(content)
    hashes = tuple(dict.fromkeys(difference_hash(_inner(upright, part)) for part in _INNER))
    small = upright.copy()
    small.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_QUALITY, optimize=True)
    return Looked(out.getvalue(), hashes)


def _opened(content: bytes) -> Image.Image:
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as found:
            found.draft("RGB", (SIDE_MAX * 2, SIDE_MAX * 2))  # a photograph is unpacked no larger than is needed
            if 0 < found.width * found.height <= PIXELS_MAX:
                found.thumbnail((_OPENED_TO, _OPENED_TO), Image.Resampling.BILINEAR)
                return _on_white(_upright(found))
    except Exception as error:  # noqa: BLE001 - strangers made it: whatever a decoder says of it, it is no picture
        raise UnreadablePicture(type(error).__name__) from None
    raise UnreadablePicture("too many pixels, or none")


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - its notes are broken, the picture is not
        return picture


def difference_hash(picture: Image.Image) -> int:
    """Tell for each of 64 places whether it is brighter than its neighbour; scaling and colour hardly change that."""
    grey = picture.convert("L").resize((_GRID + 1, _GRID), Image.Resampling.LANCZOS)
    light = grey.tobytes()
    bits = 0
    for row in range(_GRID):
        for column in range(_GRID):
            place = row * (_GRID + 1) + column
            bits = bits << 1 | (light[place] > light[place + 1])
    return bits


def _inner(picture: Image.Image, part: float) -> Image.Image:
    across, down = picture.width * (1 - part) / 2, picture.height * (1 - part) / 2
    return picture.crop((round(across), round(down), round(picture.width - across), round(picture.height - down)))


def _on_white(picture: Image.Image) -> Image.Image:
    """Lay what is transparent on white, as shops show it."""
    if picture.mode in {"RGBA", "LA", "P"}:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(white, picture).convert("RGB")
    return picture.convert("RGB")
