"""The books of one cell: an upper bound of what its shop can still sell that the ledger has not heard of.

Pure: facts in, a new book out. Owns no policy, no clock, no I/O. The rules and their proofs are in
docs/explanation/never-the-last-piece-twice.md; the words (cell, exposure, mark, horizon) are used as there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from jangbu.publish.model.mark import Horizon, Mark
from jangbu.publish.model.write import Write, WriteKind

__all__ = [
    "UNBOUNDED",
    "Book",
    "Horizon",
    "Mark",
    "Pending",
    "Write",
    "WriteKind",
    "applied",
    "begin",
    "charge",
    "first_seen",
    "heard",
    "read",
    "refused",
    "resolved",
    "restocked",
    "sold",
    "surprising",
    "wants_read",
]

UNBOUNDED: Final = 1_000_000_000
"""Stands for "nobody knows how many": larger than any stock, and it drops out at the first horizon."""


@dataclass(frozen=True, slots=True)
class Pending:
    """The one unsettled write of a cell. `base` is the exposure it was charged upon."""

    write: Write
    base: int
    fencing: bool  # begun late enough after the last known cancellation to prove anything


@dataclass(frozen=True, slots=True)
class Book:
    """The exposure of a cell in parts.

    `unread` drops out when the horizon passes the mark; `stands` is shown there or will be. While the cell is
    off sale nothing stands exposed and `parked` is the number waiting there. `clear_from`: a fence must begin
    later than this (hub ms), for a restock may still arrive until then.
    """

    unread: int = 0
    stands: int = 0
    on_sale: bool = True
    parked: int = 0
    mark: Mark | None = None
    pending: Pending | None = None
    clear_from: int = 0

    @property
    def exposure(self) -> int:
        """Give the upper bound of what can still be sold unheard of."""
        return self.unread + self.stands

    @property
    def number(self) -> int:
        """Give the number that stands there, whether buyers see it or it waits off sale."""
        return max(self.stands if self.on_sale else self.parked, 0)

    @property
    def shown(self) -> int:
        """Give the number buyers see: nothing while it is off sale."""
        return self.number if self.on_sale else 0

    @property
    def fenced(self) -> bool:
        """Tell whether nothing is unread and nothing is under way."""
        return self.unread == 0 and self.pending is None


def first_seen(number: int, *, on_sale: bool, mark: Mark) -> Book:
    """Open the book of a cell that was never read before: what it shows, and an unknown amount unread.

    Until the horizon passes this first mark nobody knows what was sold there before, so the cell is exposed
    without bound and its variant counts as over-exposed.
    """
    if on_sale:
        return Book(unread=UNBOUNDED, stands=number, mark=mark)
    return Book(unread=UNBOUNDED, on_sale=False, parked=number, mark=mark)


# -- news -------------------------------------------------------------------------------------------------


def sold(book: Book, units: int, lowered_at: int) -> Book:
    """Take in a sale: a line from after the mark lowers what stands, any other what is unread first.

    Never clamped: a sale of an unread restock drives the books below zero, and its news brings them back.
    """
    if book.pending is None and book.mark is not None and lowered_at > book.mark.remote_at:
        return replace(book, stands=book.stands - units)
    from_unread = min(units, max(book.unread, 0))
    return replace(book, unread=book.unread - from_unread, stands=book.stands - (units - from_unread))


def restocked(book: Book, units: int, clear_from: int) -> Book:
    """Take in a cancellation that may put units back there: it raises the part that stays longest.

    The same while the cell is off sale: what may come back is exposed once anyone puts it on sale again.
    """
    return replace(book, stands=book.stands + units, clear_from=max(book.clear_from, clear_from))


def heard(book: Book, horizon: Horizon) -> Book:
    """Take in that the feed is complete up to `horizon`: what was unread before the mark is not.

    Call it after every line and restock of that feed was taken in.
    """
    if book.mark is None or not horizon.passes(book.mark):
        return book
    return replace(book, unread=0, mark=None)


# -- writes -----------------------------------------------------------------------------------------------


def charge(book: Book, write: Write) -> int:
    """Tell the exposure from the intent on; what it adds must be covered by free units."""
    return begin(book, write, fencing=False).exposure


def begin(book: Book, write: Write, *, fencing: bool) -> Book:
    """Charge a write that is about to be sent.

    Errors: ValueError when a write is unsettled already, when a compare value lies above the exposure, or
    when a cell off sale is to be changed other than by setting its number or putting it back.
    """
    _check(book, write)
    base = book.exposure
    book = replace(book, pending=Pending(write, base, fencing))
    match write.kind:
        case WriteKind.OFF:
            return book
        case WriteKind.ON:
            return replace(book, stands=book.stands + book.parked)
        case WriteKind.SET if not book.on_sale:
            return book
        case _:
            unread, stands = _taken_apart(base, write)
            return replace(book, unread=unread, stands=stands, mark=None)


def _check(book: Book, write: Write) -> None:
    if book.pending is not None:
        raise ValueError("one unsettled write per cell")
    if not book.on_sale and write.kind not in {WriteKind.SET, WriteKind.ON}:
        raise ValueError("what stands off sale is no part of the exposure: set it, or put it on sale")
    if write.kind is WriteKind.COMPARE and write.expected > book.exposure:
        raise ValueError("compare value above the exposure")


def _taken_apart(base: int, write: Write) -> tuple[int, int]:
    """Give what may be unread and what stands while a write to a cell on sale is under way."""
    match write.kind:
        case WriteKind.COMPARE:
            return base - min(write.number, write.expected), write.number
        case WriteKind.CHANGE:
            return base + max(write.change, 0), 0
        case WriteKind.SET:
            return base, write.number
        case _:
            return base, 0


def applied(book: Book, mark: Mark | None, *, told: int = 0) -> Book:
    """Settle a write whose answer says it took effect and whose number was seen.

    `told`: the number before (ZERO_TOLD), the quantity after (CHANGE), the number read (OFF, SET while off).
    `mark` is None where the proof fences nothing.
    """
    pending = _pending(book)
    write, mark = pending.write, mark if pending.fencing else None
    book = replace(book, pending=None, clear_from=_still_unclear(book, mark))
    match write.kind:
        case WriteKind.ON:
            return replace(book, on_sale=True, parked=0)
        case WriteKind.OFF:
            return _parked(book, max(told, 0), less=told, mark=mark)
        case WriteKind.SET if not book.on_sale:  # a restock may stand there too: the higher number counts
            return replace(book, parked=max(told, write.number))
        case _:
            total, stands = book.exposure - _known_unsold(write, told), book.stands
            if write.kind is WriteKind.CHANGE:
                stands += max(told, 0)
            return _parts(book, total, stands, mark)


def _known_unsold(write: Write, told: int) -> int:
    """Tell how much of what was charged the answer of a write to a cell on sale gives back."""
    match write.kind:
        case WriteKind.ZERO_TOLD:
            return max(told, 0)
        case WriteKind.COMPARE:
            return max(write.expected - write.number, 0)
        case WriteKind.CHANGE:
            gained = max(told, 0) - max(told - write.change, 0)
            return max(write.change, 0) - gained
        case _:
            return 0


def refused(book: Book) -> Book:
    """Settle a write that is known not to have happened: the exposure is what it was, less the news since.

    Where the write had taken the parts apart all counts as standing, until a read tells the parts anew.
    """
    pending = _pending(book)
    match pending.write.kind:
        case WriteKind.OFF:
            return replace(book, pending=None)
        case WriteKind.ON:
            return replace(book, stands=book.stands - book.parked, pending=None)
        case WriteKind.SET if not book.on_sale:
            return replace(book, pending=None)
        case _:
            added = sum(_taken_apart(pending.base, pending.write)) - pending.base
            return replace(book, unread=0, stands=book.exposure - added, mark=None, pending=None)


def resolved(book: Book, number: int, *, on_sale: bool, mark: Mark) -> Book:
    """Settle a write of unknown outcome by a read begun after its deadline and D: one rule for every kind.

    Which story happened is not inferred: the charged exposure stays until the horizon passes the read.
    """
    kind, number = _pending(book).write.kind, max(number, 0)
    book = replace(book, pending=None)
    if on_sale:
        return _shown(book, number, charged=book.on_sale or kind is WriteKind.ON, mark=mark)
    match kind:
        case WriteKind.ON:  # still off: what was parked there was never exposed
            return _parked(book, number, less=book.parked, mark=_after(book, mark))
        case WriteKind.OFF:
            return _parked(book, number, less=number, mark=_after(book, mark))
        case WriteKind.SET if not book.on_sale:
            return replace(book, parked=number)
        case _:  # other hands took it off: all that was charged may have been sold before
            return _parked(book, number, less=0, mark=_after(book, mark))


def read(book: Book, number: int, *, on_sale: bool, mark: Mark) -> Book:
    """Take in a read made with nothing unsettled: it marks the cell, and repairs the parts.

    A number below zero can sell nothing and is taken as zero. One above the exposure (`surprising`) must be
    met by reading the orders first; taken in all the same, it raises the exposure to what is shown.
    Repeat: a read that tells nothing new keeps the earlier mark, or frequent reads would outrun the horizon.
    """
    if book.pending is not None:
        raise ValueError("a read while a write is unsettled proves nothing")
    number = max(number, 0)
    if book.mark is not None and (on_sale, number) == (book.on_sale, _standing(book)):
        return book
    if on_sale:
        return _shown(book, number, charged=book.on_sale, mark=mark)
    fence = _after(book, mark)
    if fence is None and not book.on_sale:
        return replace(book, parked=max(book.parked, number))
    # nothing sells while off: whatever was exposed can only have been sold before, unread
    return _parked(book, number, less=0, mark=fence)


def surprising(book: Book, number: int, *, on_sale: bool) -> bool:
    """Tell whether a number read proves a broken assumption or an unread restock."""
    return book.pending is None and on_sale and number > book.exposure


def wants_read(book: Book, now: int) -> bool:
    """Tell whether a read begun now would help: units are held, or missing, that no mark on its way will mend."""
    if book.pending is not None or book.mark is not None or now <= book.clear_from:
        return False
    return book.unread > 0 or book.stands < 0 or book.clear_from > 0


def _shown(book: Book, number: int, *, charged: bool, mark: Mark) -> Book:
    """Book a number seen on sale. `charged`: the exposure covers it; else other hands put it on sale."""
    total = max(book.exposure, number) if charged else book.exposure + number
    fence = _after(book, mark)
    book = replace(book, on_sale=True, parked=0, clear_from=_still_unclear(book, fence))
    if fence is None:  # too soon after a cancellation to prove anything: all of it stands until a later read
        return replace(book, unread=0, stands=total, mark=None)
    return replace(book, unread=total - number, stands=number, mark=fence)


def _parked(book: Book, number: int, *, less: int, mark: Mark | None) -> Book:
    """Book a number seen off sale; of the exposure `less` units are known to be unsold."""
    unread, unclear = max(book.exposure - less, 0), _still_unclear(book, mark)
    return replace(book, unread=unread, stands=0, on_sale=False, parked=number, mark=mark, clear_from=unclear)


def _standing(book: Book) -> int:
    """Give the one number a read would show if nothing happened since; -1 where the book cannot tell."""
    if book.on_sale:
        return book.stands
    return book.parked if book.stands == 0 else -1


def _after(book: Book, mark: Mark) -> Mark | None:
    """Give the mark if it was begun late enough after the last known cancellation to fence anything."""
    return mark if mark.begun_at > book.clear_from else None


def _still_unclear(book: Book, mark: Mark | None) -> int:
    """Give what is left of `clear_from`: nothing, once a mark begun later than that tells the number."""
    return 0 if mark is not None and mark.begun_at > book.clear_from else book.clear_from


def _parts(book: Book, total: int, stands: int, mark: Mark | None) -> Book:
    """Split a total so that what stands is told first and nothing unread is negative."""
    stands = min(stands, total)
    return replace(book, unread=total - stands, stands=stands, mark=mark)


def _pending(book: Book) -> Pending:
    if book.pending is None:
        raise ValueError("no unsettled write")
    return book.pending
