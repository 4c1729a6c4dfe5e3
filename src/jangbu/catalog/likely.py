"""Finds among thousands of pages the few pairs that are worth comparing closely. Pure; decides nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import Final, TypeAlias

PARTNERS: Final = 8  # looked at closely for each page
_CHUNKS: Final = tuple((place, 9 if place < 54 else 10) for place in range(0, 63, 9))  # noqa: PLR2004 - of 64 bits
_EVERYWHERE: Final = 0.3  # a word that more of the pages than this have finds no partner
_FEW: Final = 30  # pages among which every word may find one
_NOT_YET: Final = -0.5

Place: TypeAlias = tuple[int, int]  # of a page here and of one there


@dataclass(frozen=True)
class Looks:
    """By what a page may be found."""

    goods: Collection[str]
    measures: Collection[str]
    words: Collection[str]
    codes: Collection[str]
    photos: Sequence[int]
    price: float | None  # its logarithm


def photos_alike(here: Sequence[Looks], there: Sequence[Looks], most: int) -> dict[Place, int]:
    """Give pairs of pages with photographs in which at most so many bits differ, and how many do.

    Those that differ in less than seven bits are all found: one of seven parts is then the same. Of others most are.
    """
    index: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for j, looks in enumerate(there):
        for photo in looks.photos:
            for key in _parts(photo):
                index.setdefault(key, []).append((photo, j))
    found: dict[Place, int] = {}
    for i, looks in enumerate(here):
        for photo in set(looks.photos):
            near = {each for key in _parts(photo) for each in index.get(key, ())}
            for other, j in near:
                apart = (photo ^ other).bit_count()
                if apart <= most and apart < found.get((i, j), most + 1):
                    found[i, j] = apart
    return found


def _parts(photo: int) -> Iterator[tuple[int, int]]:
    for place, width in _CHUNKS:
        yield place, photo >> place & (1 << width) - 1


def likely(
    here: Sequence[Looks], there: Sequence[Looks], alike: Mapping[Place, int], ratio: float | None
) -> Iterable[Place]:
    """Give for each page on either side the few partners that have most in common with it."""
    indexes = [_index(there, name) for name in ("codes", "goods", "measures", "words")]
    by_photo: dict[int, dict[int, int]] = {}
    for (i, j), apart in alike.items():
        by_photo.setdefault(i, {})[j] = apart
    chosen: set[Place] = set()
    offered: dict[int, list[tuple[float, int]]] = {}
    for i, looks in enumerate(here):
        found = _found(looks, indexes, by_photo.get(i, {}))
        scored = [(points + _by_price(looks.price, there[j].price, ratio), j) for j, points in found.items()]
        chosen |= {(i, j) for _, j in nlargest(PARTNERS, scored)}
        for points, j in scored:
            offered.setdefault(j, []).append((points, i))
    chosen |= {(i, j) for j, scored in offered.items() for _, i in nlargest(PARTNERS, scored)}
    return sorted(chosen)


def _found(
    looks: Looks, indexes: Sequence[Mapping[Hashable, Sequence[int]]], photos: Mapping[int, int]
) -> dict[int, float]:
    codes, goods, measures, words = (
        Counter(j for each in own for j in index.get(each, ()))
        for own, index in zip((looks.codes, looks.goods, looks.measures, looks.words), indexes, strict=True)
    )
    return {
        j: (8.0 if j in codes else 0.0)
        + (min(1.0 + goods[j], 3.0) if j in goods else 0.0)
        + (2.0 if j in measures else 0.0)
        + min(0.8 * words[j], 2.4)
        + (6.0 - 0.5 * photos[j] if j in photos else _NOT_YET)
        for j in {*codes, *goods, *measures, *words, *photos}
    }


def _index(pages: Sequence[Looks], name: str) -> dict[Hashable, list[int]]:
    index: dict[Hashable, list[int]] = {}
    for j, looks in enumerate(pages):
        for each in getattr(looks, name):
            index.setdefault(each, []).append(j)
    most = max(_FEW, int(len(pages) * _EVERYWHERE))
    return {each: places for each, places in index.items() if len(places) <= most}


def _by_price(mine: float | None, theirs: float | None, ratio: float | None) -> float:
    if mine is None or theirs is None or ratio is None:
        return 0.0
    return max(2.0 - 6 * abs(mine - theirs - ratio), -2.0)
