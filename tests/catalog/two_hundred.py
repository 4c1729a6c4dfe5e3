"""Two hundred goods of one workshop as two marketplaces show them: two languages, no codes, pictures made here.

Made by rules and a seed, with what makes it hard in real shops: five goods of each kind that look alike, titles
written for different searches, photographs cropped, scaled, brightened and packed again, some taken anew, some
missing, options in other words and another order, prices rounded, and goods that only one shop has.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from jangbu.catalog.model import OfferRow
from jangbu.catalog.suggesting import Page
from jangbu.infra.pictures import look_at
from jangbu.kernel.ids import ShopId
from jangbu.kernel.money import Money

HOME, ABROAD = ShopId("naver"), ShopId("etsy")
KINDS = 40
EACH = 5
ONLY_HERE = 20
SIDE = 400

_GOODS = (
    ("necklace", "목걸이", "Jewelry gift"), ("bracelet", "팔찌", "Handmade jewelry"), ("ring", "반지", "Minimalist"),
    ("earrings", "귀걸이", "Dainty gift"), ("brooch", "브로치", "Vintage style"), ("hair pin", "비녀", "Hair stick"),
    ("rice bowl", "밥공기", "Korean tableware"), ("mug", "머그컵", "Coffee lover"), ("tea cup", "찻잔", "Tea ceremony"),
    ("plate", "접시", "Dinnerware"), ("vase", "화병", "Home decor"), ("teapot", "다관", "Tea set"),
    ("spoon set", "수저 세트", "Flatware"), ("pouch", "파우치", "Makeup bag"), ("tote bag", "에코백", "Market bag"),
    ("wallet", "지갑", "Slim"), ("apron", "앞치마", "Kitchen gift"), ("scarf", "목도리", "Winter"),
    ("candle", "캔들", "Home fragrance"), ("soap", "비누", "Natural"), ("fan", "부채", "Summer"),
    ("notebook", "노트", "Journal"), ("greeting card", "카드", "Stationery"), ("sticker pack", "스티커", "Planner"),
    ("art print", "포스터", "Wall art"), ("keyring", "키링", "Bag charm"), ("norigae charm", "노리개", "Hanbok"),
    ("doll", "인형", "Plush"), ("cushion", "쿠션", "Sofa"), ("blanket", "담요", "Cozy"),
    ("coaster", "코스터", "Drinkware"), ("tray", "쟁반", "Serving"), ("wooden box", "나무 상자", "Storage"),
    ("lamp", "조명", "Night light"), ("mirror", "거울", "Hand held"), ("basket", "바구니", "Woven"),
    ("socks", "양말", "Cotton"), ("hat", "모자", "Bucket"), ("incense holder", "인센스 홀더", "Meditation"),
    ("bojagi wrapping cloth", "보자기", "Gift wrap"),
)  # fmt: skip
_LOOKS = (
    ("moon", "달"), ("star", "별"), ("flower", "꽃"), ("celadon", "청자"), ("white", "백색"), ("indigo", "쪽빛"),
    ("linen", "린넨"), ("oak", "참나무"), ("brass", "유기"), ("quiet morning", "고요한 아침"), ("wave", "물결"),
    ("tiger", "호랑이"), ("magpie", "까치"), ("pine", "소나무"), ("cloud", "구름"),
)  # fmt: skip
_AXES = (
    (("Color", "색상"), (("Red", "빨강"), ("Navy", "남색"), ("Ivory", "아이보리"), ("Mustard", "겨자색"))),
    (("Size", "크기"), (("Small", "소"), ("Medium", "중"), ("Large", "대"))),
    (("Length", "길이"), (("40 cm", "40cm"), ("45 cm", "45cm"), ("50 cm", "50cm"))),
    (("Finish", "마감"), (("Matte", "무광"), ("Glossy", "유광"))),
)
_COLOURS = ("#8a3324", "#27496d", "#4a7c59", "#b08d57", "#6b4e71", "#c97b63", "#3b3b3b", "#d8c3a5")


@dataclass(frozen=True)
class Set:
    """Both shops' pages, and which page at home is which abroad."""

    pages: tuple[Page, ...]
    partner: dict[str, str]


def two_hundred(seed: int = 1) -> Set:
    """Make the set."""
    pages: list[Page] = []
    partner: dict[str, str] = {}
    for kind in range(KINDS):
        for number in range(EACH):
            chance = random.Random(f"{seed}/{kind}/{number}")
            name = f"{kind}-{number}"
            home, abroad = _pages(kind, number, name, chance)
            pages += [home, abroad]
            partner[home.listing_id] = abroad.listing_id
    for extra in range(ONLY_HERE):
        chance = random.Random(f"{seed}/extra/{extra}")
        home, abroad = _pages(chance.randrange(KINDS), EACH + extra, f"extra-{extra}", chance)
        pages.append(home if extra % 2 else abroad)
    return Set(tuple(pages), partner)


def _pages(kind: int, number: int, name: str, chance: random.Random) -> tuple[Page, Page]:
    english, korean, search = _GOODS[kind]
    look, look_ko = chance.choice(_LOOKS)
    measure = chance.choice((None, None, 12, 15, 21, 27))
    won = chance.randrange(80, 900) * 100
    cents = round(won / 1300 * chance.uniform(1.0, 1.35)) * 100 + chance.choice((0, 50, 99))
    axes = chance.sample(_AXES, chance.choice((0, 0, 0, 1, 1, 2)))
    size = f" {measure}cm" if measure else ""
    title_ko = chance.choice(
        (f"[수제] {look_ko} {korean}{size}", f"{look_ko} {korean}{size} 선물용", f"{korean} {look_ko}무늬{size}")
    )
    title = chance.choice((
        f"Handmade {look} {english}{f', {measure} cm' if measure else ''}, {search}",
        f"{search}: {english} with {look} motif{f' {measure}cm' if measure else ''} - made in Korea",
        f"Korean {english}, {look}{f' ({measure} cm)' if measure else ''} | {search} for her",
    ))  # fmt: skip
    home_photo, abroad_photo = _photos(kind, number, chance)
    home = _page(HOME, f"n-{name}", title_ko, axes, 1, Money(won, "KRW"), home_photo)
    abroad = _page(ABROAD, f"e-{name}", title, chance.sample(axes, len(axes)), 0, Money(cents, "USD"), abroad_photo)
    return home, abroad


def _page(shop: ShopId, listing: str, title: str, axes: list, lang: int, price: Money, photo: bytes | None) -> Page:  # type: ignore[type-arg]
    combinations: list[tuple[tuple[str, str], ...]] = [()]
    for names, values in axes:
        combinations = [(*before, (names[lang], value[lang])) for before in combinations for value in values]
    offers = tuple(
        OfferRow(
            shop, f"{listing}/{n}", listing, f"{listing}/{n}", "", title, options, price, quantity=5, enabled=True,
            listing_state="on_sale", links={},
        )
        for n, options in enumerate(combinations)
    )
    return Page(shop, listing, title, offers, look_at(photo).hashes if photo else ())


def _photos(kind: int, number: int, chance: random.Random) -> tuple[bytes | None, bytes | None]:
    first = _scene(kind, number)
    case = chance.random()
    if case < 0.08:
        return _packed(first, 85), None
    if case < 0.22:  # taken anew: same thing, another arrangement
        return _packed(first, 85), _changed(_scene(kind, number, again=True), chance)
    return _packed(first, 85), _changed(first, chance)


def _scene(kind: int, number: int, *, again: bool = False) -> Image.Image:
    """Draw goods of a kind: one arrangement of shapes for all five, told apart by pattern and colour."""
    same, own = random.Random(f"kind {kind}{' again' if again else ''}"), random.Random(f"own {kind} {number}")
    picture = Image.new("RGB", (SIDE, SIDE), same.choice(("#f4f1ea", "#e9edf0", "#ffffff", "#dcd6c8")))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, same.randrange(210, 310), SIDE, SIDE), fill=same.choice(("#cbb79a", "#b9c3c7", "#efe7dc")))
    for _ in range(same.randrange(2, 4)):
        x, y, w, h = (same.randrange(low, high) for low, high in ((30, 210), (30, 210), (100, 180), (100, 180)))
        shape = same.choice((draw.ellipse, draw.rectangle))
        shape((x, y, x + w, y + h), fill=own.choice(_COLOURS), outline="#444444", width=3)
        for _ in range(own.randrange(4, 12)):
            px, py, r = x + own.randrange(w), y + own.randrange(h), own.randrange(7, 30)
            mark = own.choice((draw.ellipse, draw.rectangle))
            mark((px - r, py - r, px + r, py + r), fill=own.choice(_COLOURS))
    return picture.filter(ImageFilter.GaussianBlur(1))


def _changed(picture: Image.Image, chance: random.Random) -> bytes:
    """Do to a photograph what people and shops do: crop, scale, brighten, colour, pack again."""
    cut = [round(chance.uniform(0, 0.06) * SIDE) for _ in range(4)]
    picture = picture.crop((cut[0], cut[1], SIDE - cut[2], SIDE - cut[3]))
    picture = picture.resize((300, 300 if chance.random() < 0.7 else 226), Image.Resampling.BILINEAR)
    picture = ImageEnhance.Brightness(picture).enhance(chance.uniform(0.88, 1.15))
    picture = ImageEnhance.Color(picture).enhance(chance.uniform(0.7, 1.3))
    return _packed(picture, chance.randrange(45, 80))


def _packed(picture: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()
