"""Pictures strangers made: opened within bounds, or said to be none; the same photograph is known again."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageDraw

from jangbu.infra.pictures import SIDE_MAX, UnreadablePicture, look_at


def photograph(mode: str = "RGB", size: tuple[int, int] = (600, 400)) -> Image.Image:
    picture = Image.new(mode, size, "white")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((80, 60, 320, 300), fill="#27496d")
    draw.rectangle((360, 120, 540, 380), fill="#b08d57")
    return picture


def packed(picture: Image.Image, kind: str = "JPEG", **more: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def bomb() -> bytes:
    """Make a small file that says it is 60,000 pixels wide and high."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    body = chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + body


@pytest.mark.parametrize(
    "content",
    [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a", b"\xff\xd8", packed(photograph())[:300], bomb()],
    ids=["nothing", "svg", "gif head", "jpeg head", "cut short", "bomb"],
)
def test_what_cannot_be_opened_is_said_to_be_no_picture(content: bytes) -> None:
    with pytest.raises(UnreadablePicture):
        look_at(content)


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "BMP"])
def test_other_formats_and_sizes_of_one_photograph_hash_alike(kind: str) -> None:
    first = look_at(packed(photograph())).hashes[0]
    other = look_at(packed(photograph().resize((300, 200)), kind)).hashes[0]
    assert (first ^ other).bit_count() <= 4


def test_a_cropped_photograph_is_known_by_its_inner_part() -> None:
    whole, cropped = look_at(packed(photograph())), look_at(packed(photograph().crop((30, 20, 570, 380))))
    assert min((a ^ b).bit_count() for a in whole.hashes for b in cropped.hashes) <= 4
    mirrored = look_at(packed(photograph().transpose(Image.Transpose.FLIP_LEFT_RIGHT)))
    assert min((a ^ b).bit_count() for a in whole.hashes for b in mirrored.hashes) > 12


def test_the_small_copy_is_small_upright_and_tells_no_place() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # lies on its side
    exif[0x010F] = "a camera's maker"
    small = look_at(packed(photograph(), exif=exif)).small
    with Image.open(io.BytesIO(small)) as opened:
        assert (opened.format, max(opened.size)) == ("JPEG", SIDE_MAX)
        assert opened.height > opened.width
        assert not opened.getexif()


def test_what_is_transparent_lies_on_white() -> None:
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    with Image.open(io.BytesIO(look_at(packed(clear, "PNG")).small)) as opened:
        assert opened.getpixel((50, 50)) == (255, 255, 255)


def test_a_photograph_whose_notes_are_broken_is_known_all_the_same() -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera's maker"
    whole = packed(photograph(), exif=exif)
    broken = whole.replace(b"\x01\x0f\x00\x02", b"\x01\x1a\x00\x02")  # the maker's name as a resolution
    assert broken != whole
    assert look_at(broken).hashes[0] == look_at(packed(photograph())).hashes[0]


def test_a_picture_of_many_pixels_is_refused_unless_it_unpacks_small() -> None:
    large = Image.new("1", (6000, 5000))
    with pytest.raises(UnreadablePicture):
        look_at(packed(large, "PNG"))
    assert look_at(packed(large.convert("L"), "JPEG")).small
