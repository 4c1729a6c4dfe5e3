"""Which listings of different shops may be the same goods, and which option is which. Pure: nothing links itself.

Evidence is added up in points: codes, photographs, kinds of goods and measures in the titles, how options fit,
whether the prices stand in the ratio this seller's prices stand in, and what was decided before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from itertools import combinations, permutations
from statistics import median
from typing import Final, TypeAlias

from jangbu.catalog.likely import Looks, Place, likely, photos_alike
from jangbu.catalog.model import OfferRow
from jangbu.catalog.wording import MEANINGS, goods_tokens, numbers, option_tokens, pieces, plain, title_tokens
from jangbu.kernel.ids import ShopId

PageId: TypeAlias = tuple[ShopId, str]  # shop and listing
PHOTO_SAME: Final = 6  # bits of 64 in which two hashes of one photograph may differ
PHOTO_LIKE: Final = 12
SHOWN_FROM: Final = 2.5
STRONG_FROM: Final = 7.0
AHEAD_BY: Final = 2.0
_AXES_MAX: Final = 3
_CLOSE, _NEAR, _FAR = 0.06, 0.2, 0.8  # of the logarithm of a price ratio


class Why(StrEnum):
    """What speaks for a pair, or against it."""

    CODE = "code"
    PHOTO_SAME = "photo_same"
    PHOTO_LIKE = "photo_like"
    GOODS = "goods"
    MEASURES = "measures"
    WORDS = "words"
    OPTIONS = "options"
    PRICE = "price"


class Strength(StrEnum):
    """How sure a suggestion is. None of them links by itself."""

    STRONG = "strong"
    POSSIBLE = "possible"


@dataclass(frozen=True)
class Page:
    """One listing of one shop with its offers, as suggestions see it. `photos`: hashes of its pictures."""

    shop_id: ShopId
    listing_id: str
    title: str
    offers: tuple[OfferRow, ...]
    photos: tuple[int, ...] = ()

    @property
    def id(self) -> PageId:
        """Name it."""
        return self.shop_id, self.listing_id

    @property
    def unlinked(self) -> bool:
        """Tell whether something of it has no SKU yet."""
        return any(not offer.links for offer in self.offers)


@dataclass(frozen=True)
class OptionPair:
    """Two offers that seem to be the same thing; `sure` when words or measures say so, not only what is left."""

    left: OfferRow
    right: OfferRow
    sure: bool


@dataclass(frozen=True)
class Pair:
    """Two pages that seem to show the same goods. One sale left takes `units[0]`, one right `units[1]`."""

    left: Page
    right: Page
    points: float
    strength: Strength
    why: tuple[Why, ...]
    options: tuple[OptionPair, ...]
    units: tuple[int, int] = (1, 1)


@dataclass(frozen=True)
class Experience:
    """What this seller's own links teach: price ratios between currencies, and which option words mean the same."""

    ratios: Mapping[tuple[str, str], float] = field(default_factory=dict)
    words: Collection[frozenset[str]] = frozenset()


Scored: TypeAlias = tuple[float, PageId, PageId, tuple[Why, ...]]
"""Points of a pair, and what speaks for it."""


def learned(offers: Iterable[OfferRow]) -> Experience:
    """Learn from what is linked already: offers of different shops that sell the same single SKU."""
    by_variant: dict[object, list[OfferRow]] = {}
    for offer in offers:
        if len(offer.links) == 1:
            by_variant.setdefault(next(iter(offer.links.items())), []).append(offer)
    ratios: dict[tuple[str, str], list[float]] = {}
    words: set[frozenset[str]] = set()
    for group in by_variant.values():
        for one in group:
            for other in group:
                if one.shop_id == other.shop_id or not (one.price.amount and other.price.amount):
                    continue
                key = (one.price.currency, other.price.currency)
                ratios.setdefault(key, []).append(math.log(one.price.amount / other.price.amount))
                words |= _meanings(one, other)
    return Experience({key: median(logs) for key, logs in ratios.items()}, frozenset(words))


def _meanings(one: OfferRow, other: OfferRow) -> set[frozenset[str]]:
    if len(one.options) != len(other.options) or len(one.options) != 1:
        return set()
    return {frozenset({plain(one.options[0][1]), plain(other.options[0][1])})}


def suggest(
    pages: Sequence[Page], known: Experience, refused: Collection[frozenset[PageId]] = frozenset()
) -> list[Pair]:
    """Pair the pages of different shops, the surest first; each page stands in one pair only.

    A pair that was refused does not come again, nor one of which nothing is left to link.
    """
    return choose(compare(pages, known), pages, known, refused)


def compare(pages: Sequence[Page], known: Experience) -> list[Scored]:
    """Give points to all pairs of pages of different shops that may be the same. Slow for thousands of pages.

    What is linked or refused plays no part, so that the result holds until a title, an option, a price or a
    picture changes.
    """
    by_shop: dict[ShopId, list[Page]] = {}
    for page in pages:
        if page.offers:
            by_shop.setdefault(page.shop_id, []).append(page)
    scored = [each for here, there in combinations(by_shop.values(), 2) for each in _compared(here, there, known)]
    scored.sort(key=lambda each: (-each[0], each[1], each[2]))
    return scored


def _compared(here: Sequence[Page], there: Sequence[Page], known: Experience) -> Iterator[Scored]:
    left, right = [_looks(page) for page in here], [_looks(page) for page in there]
    alike = photos_alike(left, right, PHOTO_LIKE)
    known = _with_first_ratio(here, there, alike, known)
    for i, j in likely(left, right, alike, known.ratios.get((_currency(here[0]), _currency(there[0])))):
        points, why = _points(here[i], there[j], known)
        if points >= SHOWN_FROM:
            yield points, here[i].id, there[j].id, why


def _looks(page: Page) -> Looks:
    title, price = page.title, _price(page)
    return Looks(
        goods_tokens(title), numbers(title), title_tokens(title), _codes(page), page.photos,
        math.log(price) if price else None,
    )  # fmt: skip


def choose(
    compared: Sequence[Scored], pages: Sequence[Page], known: Experience, refused: Collection[frozenset[PageId]]
) -> list[Pair]:
    """Choose the pairs to ask about now: those with something left to link that were not refused."""
    by_id = {page.id: page for page in pages}
    scored = [
        (points, by_id[one], by_id[other], why)
        for points, one, other, why in compared
        if one in by_id and other in by_id and (by_id[one].unlinked or by_id[other].unlinked)
        if not _share_a_link(by_id[one], by_id[other]) and frozenset({one, other}) not in refused
    ]
    second = _second_best(scored)
    taken: set[PageId] = set()
    pairs: list[Pair] = []
    for points, one, other, why in scored:
        if one.id in taken or other.id in taken:
            continue
        taken |= {one.id, other.id}
        ahead = points - max(second(one.id, other.id), second(other.id, one.id))
        strong = points >= STRONG_FROM and ahead >= AHEAD_BY
        pairs.append(
            Pair(
                one, other, points, Strength.STRONG if strong else Strength.POSSIBLE, why,
                match_options(one.offers, other.offers, known), _units(one.title, other.title),
            )
        )  # fmt: skip
    return pairs


def _second_best(scored: Sequence[tuple[float, Page, Page, tuple[Why, ...]]]) -> Callable[[PageId, PageId], float]:
    """Give for a page its best points with any page but one."""
    best: dict[PageId, list[tuple[float, PageId]]] = {}
    for points, one, other, _ in scored:  # surest first: two each are enough
        for page, partner in ((one.id, other.id), (other.id, one.id)):
            rows = best.setdefault(page, [])
            if len(rows) < 2:  # noqa: PLR2004
                rows.append((points, partner))
    return lambda page, partner: next((points for points, who in best[page] if who != partner), 0.0)


def _share_a_link(one: Page, other: Page) -> bool:
    mine = {variant for offer in one.offers for variant in offer.links}
    return any(variant in mine for offer in other.offers for variant in offer.links)


def _units(left: str, right: str) -> tuple[int, int]:
    """Tell "one here is three there" by what the titles say of pieces."""
    one, other = pieces(left), pieces(right)
    return (1, 1) if one == other else (one, other)


# -- points -----------------------------------------------------------------------------------------------


def _points(one: Page, other: Page, known: Experience) -> tuple[float, tuple[Why, ...]]:
    found = [
        _by_code(one, other), _by_photo(one, other), _by_goods(one, other), _by_measures(one, other),
        _by_words(one, other), _by_options(one, other, known), _by_price(one, other, known),
    ]  # fmt: skip
    return sum(points for points, _ in found), tuple(why for points, why in found if why and points > 0)


def _apart(one: Page, other: Page) -> int:
    return min((mine ^ theirs).bit_count() for mine in one.photos for theirs in other.photos)


_Found: TypeAlias = tuple[float, Why | None]


def _by_code(one: Page, other: Page) -> _Found:
    return (8.0, Why.CODE) if _codes(one) & _codes(other) else (0.0, None)


def _codes(page: Page) -> set[str]:
    return {code for offer in page.offers if (code := offer.sku.strip())}


def _by_photo(one: Page, other: Page) -> _Found:
    if not one.photos or not other.photos:
        return 0.0, None
    apart = _apart(one, other)
    if apart <= PHOTO_SAME:
        return 6.0, Why.PHOTO_SAME
    if apart <= PHOTO_LIKE:
        return 3.0, Why.PHOTO_LIKE
    return -0.5, None


def _by_goods(one: Page, other: Page) -> _Found:
    mine, theirs = goods_tokens(one.title), goods_tokens(other.title)
    if not mine or not theirs:
        return 0.0, None
    both = len(mine & theirs)
    return (min(1.0 + both, 3.0), Why.GOODS) if both else (-2.0, None)


def _by_measures(one: Page, other: Page) -> _Found:
    mine, theirs = numbers(one.title), numbers(other.title)
    if not mine or not theirs:
        return 0.0, None
    return (2.0, Why.MEASURES) if mine & theirs else (-1.5, None)


def _by_words(one: Page, other: Page) -> _Found:
    both = len(title_tokens(one.title) & title_tokens(other.title))
    return (min(0.8 * both, 2.4), Why.WORDS) if both else (0.0, None)


def _by_options(one: Page, other: Page, known: Experience) -> _Found:
    if len(one.offers) == len(other.offers) == 1:
        return 0.3, None
    most = max(len(one.offers), len(other.offers))
    sure = sum(pair.sure for pair in match_options(one.offers, other.offers, known))
    if sure:
        return 3.0 * sure / most, Why.OPTIONS
    return (0.5, None) if len(one.offers) == len(other.offers) else (-1.0, None)


def _by_price(one: Page, other: Page, known: Experience) -> _Found:
    usual = known.ratios.get((_currency(one), _currency(other)))
    mine, theirs = _price(one), _price(other)
    if usual is None or not (mine and theirs):
        return 0.0, None
    apart = abs(math.log(mine / theirs) - usual)
    if apart <= _CLOSE:
        return 2.0, Why.PRICE
    return (0.8, Why.PRICE) if apart <= _NEAR else (-2.0 if apart >= _FAR else -0.3, None)


def _price(page: Page) -> float:
    """Give the price of one piece: the least of its offers, by what the title says of pieces."""
    return min(offer.price.amount for offer in page.offers) / pieces(page.title)


def _currency(page: Page) -> str:
    return page.offers[0].price.currency


def _with_first_ratio(
    here: Sequence[Page], there: Sequence[Page], alike: Mapping[Place, int], known: Experience
) -> Experience:
    """Where nothing is linked yet, learn the price ratio from pairs with the same photograph, else from the middle."""
    key = (_currency(here[0]), _currency(there[0]))
    mine, theirs = [price for price in map(_price, here) if price], [price for price in map(_price, there) if price]
    if key in known.ratios or not mine or not theirs:
        return known
    same = [
        math.log(_price(here[i]) / _price(there[j]))
        for (i, j), apart in alike.items()
        if apart <= PHOTO_SAME and _price(here[i]) and _price(there[j])
    ]
    first = median(same) if len(same) > 2 else math.log(median(mine) / median(theirs))  # noqa: PLR2004
    return Experience({**known.ratios, key: first}, known.words)


# -- options ----------------------------------------------------------------------------------------------


def match_options(
    left: Sequence[OfferRow], right: Sequence[OfferRow], known: Experience
) -> tuple[OptionPair, ...]:
    """Pair offers by what their options mean, each once; a single one left over on both sides pairs by that."""
    if len(left) == len(right) == 1:
        return (OptionPair(left[0], right[0], sure=True),)
    scores = [[_same_option(one, other, known) for other in right] for one in left]
    alike = sorted(
        ((score, i, j) for i, row in enumerate(scores) for j, score in enumerate(row) if score > 0),
        key=lambda each: (-each[0], each[1], each[2]),
    )
    found: dict[int, tuple[int, bool]] = {}
    used: set[int] = set()
    for score, i, j in alike:
        if i not in found and j not in used:
            beside = [row[j] for row in scores].count(score) + scores[i].count(score)
            found[i] = (j, beside == 2)  # noqa: PLR2004 - itself in its row and in its column
            used.add(j)
    rest = [i for i in range(len(left)) if i not in found], [j for j in range(len(right)) if j not in used]
    if len(rest[0]) == len(rest[1]) == 1:
        found[rest[0][0]] = (rest[1][0], False)
    return tuple(OptionPair(left[i], right[j], sure) for i, (j, sure) in sorted(found.items()))


def _same_option(one: OfferRow, other: OfferRow, known: Experience) -> float:
    """Tell how well two combinations agree, whatever the order of their axes; 0 when one value does not."""
    mine, theirs = [value for _, value in one.options], [value for _, value in other.options]
    if len(mine) != len(theirs) or not mine or len(mine) > _AXES_MAX:
        return 0.0
    return max(
        min(_same_value(a, b, known) for a, b in zip(mine, order, strict=True)) for order in permutations(theirs)
    )


def _same_value(one: str, other: str, known: Experience) -> float:
    if known.words and frozenset({plain(one), plain(other)}) in known.words:
        return 1.0
    return _alike(one, other)


@lru_cache(maxsize=50_000)
def _alike(one: str, other: str) -> float:
    if plain(one) == plain(other):
        return 1.0
    mine, theirs = option_tokens(one), option_tokens(other)
    if not mine or not theirs:
        return 0.0
    if mine == theirs:
        return 0.95
    measures = numbers(one), numbers(other)
    only_mine, only_theirs = mine - theirs, theirs - mine
    if only_mine and only_theirs and only_mine <= MEANINGS and only_theirs <= MEANINGS:
        return 0.0  # "red 40cm" is not "blue 40cm"
    if measures[0] and measures[0] == measures[1]:
        return 0.7
    both = mine & theirs
    return 0.5 if both and (mine <= theirs or theirs <= mine) and not any(measures) else 0.0
