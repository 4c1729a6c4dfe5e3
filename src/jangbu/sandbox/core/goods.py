"""Owns the seed of physical goods both marketplaces sell under the same SKUs; no listing ids, no orders."""

import random
from collections.abc import Sequence

import msgspec

SEEDED_ORDERS = {"etsy": 3, "naver": 3, "shopify": 3, "amazon": 4}


class Option(msgspec.Struct, frozen=True):
    """One option of a variant, in English and Korean."""

    name: str
    name_ko: str
    value: str
    value_ko: str


class Variant(msgspec.Struct, frozen=True):
    """One SKU: what stands in one box on the shelf. `weight` is how sought after it is."""

    sku: str
    options: tuple[Option, ...]
    price_usd_cents: int
    price_krw: int
    physical: int
    weight: float


class Good(msgspec.Struct, frozen=True):
    """One thing on sale: a listing at one marketplace, a product at another. `coded`: the pages carry the SKUs."""

    key: str
    title: str
    title_ko: str
    variants: tuple[Variant, ...]
    coded: bool = True

    def code(self, sku: str) -> str:
        """What stands in a page's field for the seller's own code."""
        return sku if self.coded else ""


SeededOrder = tuple[tuple[str, int], ...]  # (sku, quantity) per line


class Goods:
    """The goods, their physical stock and what the seeded orders already owe.

    Units: `physical` counts units on hand including those owed to seeded orders.
    """

    def __init__(self, goods: Sequence[Good], orders: dict[str, tuple[SeededOrder, ...]]) -> None:
        self.goods = tuple(goods)
        self.seeded_orders = orders
        self.variants = {variant.sku: variant for good in goods for variant in good.variants}
        self.physical = {sku: variant.physical for sku, variant in self.variants.items()}
        self.owed = dict.fromkeys(self.physical, 0)
        for order in (each for of_channel in orders.values() for each in of_channel):
            for sku, quantity in order:
                self.owed[sku] += quantity

    def initial(self, sku: str) -> int:
        """The number every marketplace shows at the start: physical stock less all that is owed."""
        return self.physical[sku] - self.owed[sku]

    def orders_of(self, channel: str) -> tuple[SeededOrder, ...]:
        """The orders that stand open at this marketplace from the start."""
        return self.seeded_orders.get(channel, ())


_Axis = tuple[str, str, tuple[tuple[str, str, str], ...]]  # name, Korean name, (code, value, Korean value)
_SIZE: _Axis = ("Size", "크기", (("S", "Small", "소"), ("L", "Large", "대")))
_GLAZE: _Axis = (
    "Glaze",
    "유약",
    (("WHT", "Milk white", "우유빛"), ("CEL", "Celadon", "청자"), ("BLK", "Ink", "먹")),
)
_THREAD: _Axis = ("Thread", "실 색", (("RED", "Red", "빨강"), ("NVY", "Navy", "남색")))
_LENGTH: _Axis = ("Length", "길이", (("40", "40 cm", "40cm"), ("45", "45 cm", "45cm")))
_METAL: _Axis = ("Metal", "소재", (("SLV", "Silver", "은"), ("GLD", "Gold plated", "금도금")))
_SCENT: _Axis = ("Scent", "향", (("PIN", "Pine", "솔"), ("MUG", "Mugwort", "쑥")))

_Row = tuple[str, str, str, int, int, tuple[_Axis, ...]]  # key, titles, US cents, won, option axes
_CATALOGUE: tuple[_Row, ...] = (
    ("MOON", "Moon phase necklace", "달의 위상 목걸이", 8900, 98000, (_METAL, _LENGTH)),
    ("BOWL", "Hand-thrown rice bowl", "손물레 밥공기", 3200, 36000, (_GLAZE,)),
    ("STAR-EAR", "Tiny star stud earrings", "작은 별 귀걸이", 2450, 27000, ()),
    ("POUCH", "Quilted pouch", "누비 파우치", 2800, 31000, (_THREAD, _SIZE)),
    ("CANDLE", "Soy candle in a tea cup", "찻잔 소이 캔들", 1900, 21000, (_SCENT,)),
    ("NORI-KNOT", "Norigae knot charm", "매듭 노리개", 3600, 39000, ()),
    ("FAN", "Mulberry paper fan", "한지 부채", 2200, 24000, ()),
    ("APRON", "Linen apron", "린넨 앞치마", 4800, 52000, (_SIZE,)),
    ("SPOON", "Brass spoon set", "유기 수저 세트", 6400, 69000, ()),
    ("NOTE", "Stitched notebook", "실제본 공책", 1500, 16500, ()),
)


_WORDS = (
    ("Moonlit", "달빛"), ("Cloud", "구름"), ("Pine", "소나무"), ("Wave", "물결"), ("Magpie", "까치"), ("Lotus", "연꽃"),
    ("Indigo", "쪽빛"), ("Celadon", "청자"), ("Linen", "린넨"), ("Tiger", "호랑이"),
)  # fmt: skip
_KINDS = (
    ("bracelet", "팔찌", ()), ("mug", "머그컵", (_GLAZE,)), ("coaster", "코스터", ()), ("tote bag", "에코백", (_SIZE,)),
    ("soap", "비누", ()), ("keyring", "키링", (_THREAD,)), ("vase", "화병", ()), ("scarf", "목도리", (_SIZE,)),
    ("art print", "포스터", ()), ("tray", "쟁반", ()), ("ring", "반지", (_METAL,)), ("cushion", "쿠션", ()),
)  # fmt: skip


def _rows(products: int) -> list[_Row]:
    """The well-known goods first, then as many more as are asked for."""
    more = range(max(products - len(_CATALOGUE), 0))
    rows = list(_CATALOGUE[:products])
    for number in more:
        (word, word_ko), (kind, kind_ko, axes) = _WORDS[number // 12 % 10], _KINDS[number % 12]
        round_ = f" No. {number // 120 + 1}" if number >= 120 else ""  # noqa: PLR2004 -- all pairs of words are used up
        cents = 1200 + number * 137 % 7900
        title, title_ko = f"{word} {kind}, handmade{round_}", f"{word_ko} {kind_ko}{round_}"
        rows.append((f"G{number:03}", title, title_ko, cents, cents * 11, axes))
    return rows


def seeded_goods(seed: int, channels: Sequence[str], products: int = len(_CATALOGUE), uncoded: int = 0) -> Goods:
    """The goods for a seed, with the open orders of these channels taken into account.

    `products`: how many; of those the last `uncoded` carry no code anywhere. Repeat: equal arguments give equal goods.
    """
    rng = random.Random(f"{seed}:goods")
    rows = _rows(products)
    goods = [_good(rng, row, coded=place < len(rows) - uncoded) for place, row in enumerate(rows)]
    roomy = [variant.sku for good in goods for variant in good.variants if variant.physical > 4]  # noqa: PLR2004 -- leaves at least 1 on sale
    rng.shuffle(roomy)
    orders: dict[str, tuple[SeededOrder, ...]] = {}
    for channel in sorted(SEEDED_ORDERS):
        drawn = tuple(_order(roomy, number) for number in range(SEEDED_ORDERS[channel]))
        if channel in channels:
            orders[channel] = drawn
    return Goods(goods, orders)


def _good(rng: random.Random, row: _Row, *, coded: bool) -> Good:
    key, title, title_ko, cents, won, axes = row
    combinations: list[tuple[tuple[str, ...], tuple[Option, ...]]] = [((), ())]
    for name, name_ko, values in axes:
        combinations = [
            ((*codes, code), (*options, Option(name, name_ko, value, value_ko)))
            for codes, options in combinations
            for code, value, value_ko in values
        ]
    variants = tuple(
        Variant(
            sku="-".join((key, *codes)),
            options=options,
            price_usd_cents=cents + (500 if codes and codes[-1] in ("L", "45") else 0),
            price_krw=won + (5000 if codes and codes[-1] in ("L", "45") else 0),
            physical=rng.randint(3, 14),
            weight=round(rng.paretovariate(1.2), 3),
        )
        for codes, options in combinations
    )
    return Good(key, title, title_ko, variants, coded)


def _order(roomy: list[str], number: int) -> SeededOrder:
    # each SKU owes one unit at most once around the list, so what is on sale stays above zero
    lines = 2 if number == 0 else 1
    taken = [roomy.pop(0) for _ in range(lines)]
    roomy.extend(taken)
    return tuple((sku, 1) for sku in taken)
