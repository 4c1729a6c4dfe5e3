"""One pump per shop: at each call slot it asks for the best write now, journals, sends, settles.

Owns the order of these steps and nothing else: what is best is the planner's word, what is kept the service's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from jangbu.infra.activity import note
from jangbu.infra.db import Database, WriteTx
from jangbu.kernel.clock import Clock, to_ms
from jangbu.kernel.errors import ChannelError, ContractBroken, GrantError, OutcomeUnknown, Rejected, Throttled
from jangbu.kernel.ids import ShopId
from jangbu.publish import service, store
from jangbu.publish.lane import Lane, Lanes, nobody
from jangbu.publish.model.plan import Act, Planned
from jangbu.publish.service import SEND_BEFORE, Intent
from jangbu.publish.store import WriteRow
from jangbu.publish.world import GroupInfo
from jangbu.sdk.client import Order
from jangbu.sdk.manifest import Manifest, Priority
from jangbu.sdk.records import ListingRef, NumbersRead, StockWrite, WriteAnswer

AGAIN_AFTER_REFUSAL_S = 300.0
AGAIN_AFTER_TROUBLE_S = 5.0
LOOK_AGAIN_S = 2.0


class _Withdrawn(Exception):  # noqa: N818 - not an error: news came while the write waited
    """The last check said no: nothing was sent."""


@dataclass(frozen=True)
class _Rest:
    """A refused write of a listing: until when it is not repeated, and nothing there is raised."""

    until: datetime
    act: Act
    numbers: Mapping[str, int]


@dataclass(frozen=True)
class Outfit:
    """What a pump works with. `adapter(order)` builds the shop's adapter around a client that treats calls so."""

    shop: ShopId
    manifest: Manifest
    manifests: Mapping[str, Manifest]
    adapter: Callable[[Order], Any]
    db: Database
    clock: Clock
    settle_s: float
    may_send: Callable[[datetime], bool]  # our lease still holds at this moment


class Pump:
    """Brings one shop's numbers to what they should be, one choice after another."""

    def __init__(self, outfit: Outfit) -> None:
        """Take what it works with."""
        self._o = outfit
        self._looked: dict[str, datetime] = {}
        self._told: dict[str, bool] = {}
        self._resting: dict[str, _Rest] = {}
        self._alone: set[str] = set()  # listings of a batch that was refused whole: each goes by itself now
        self._lanes = Lanes()

    async def step(self, left: Callable[[], None] = nobody) -> bool:
        """Do the most useful call now; tell False when there is nothing to do.

        Another step may begin as soon as `left` was told that this one's bytes leave: it chooses with what this
        one has charged, and leaves its listings alone.
        Errors: GrantError and Transient of reads come out, after nothing was changed.
        """
        with Lane(self._lanes, left) as lane:
            try:
                return await self._settle(lane) or await self._write(lane) or await self._mend(lane)
            finally:
                self._lanes.touched(lane.writing, self._o.clock.now())

    # -- writing ---------------------------------------------------------------------------------------

    async def _write(self, lane: Lane) -> bool:
        await lane.take_turn()
        taken = lane.taken_by_others()
        chosen = await self._o.db.write(lambda tx: self._choose(tx, taken))
        if not chosen:
            return False
        if isinstance(chosen[0], ListingRef):
            lane.writing = frozenset({chosen[0].remote_id})
            return await self._read_then_write(chosen[0], lane)
        intents = [intent for intent in chosen if isinstance(intent, Intent)]
        lane.writing = frozenset(intent.ref.remote_id for intent in intents)
        await self._send(intents, None, lane)
        return True

    def _choose(self, tx: WriteTx, taken: AbstractSet[str] = frozenset()) -> list[Intent] | list[ListingRef]:
        """Fold news and journal the best write, or name the listing that must be read before it."""
        now = self._o.clock.now()
        self._fold(tx)
        ranked = service.ranked(tx, self._o.manifests, self._o.shop, now)
        found = [item for item in ranked if item[0].group not in taken and not self._rests(item[0], item[1], now)]
        if not found:
            return []
        first, info, component = found[0]
        if info.kind.needs_read and first.act is Act.SET:
            return [info.ref]
        intent = service.journal_intent(tx, first, info, component, now)
        if intent is None:
            store.set_recheck(tx, list(info.cells), to_ms(now) + service.RECHECK_MS)
            return []
        intents = [intent]
        if first.act is Act.SET and info.kind.batch > 1 and first.group not in self._alone:
            intents += self._joined(tx, [item[1].ref for item in found[1:]], info.ref.write_kind, info.kind.batch, now)
        return intents

    def _joined(
        self, tx: WriteTx, refs: Sequence[ListingRef], write_kind: str, batch: int, now: datetime
    ) -> list[Intent]:
        """Journal what else the same call can carry, each planned anew with what went before it charged."""
        intents: list[Intent] = []
        for ref in refs:
            if ref.write_kind != write_kind or ref.remote_id in self._alone or len(intents) + 1 >= batch:
                continue
            found = service.for_group(tx, self._o.manifests, self._o.shop, ref.remote_id, now)
            if found and found[0].act is Act.SET and not self._rests(found[0], found[1], now):
                intent = service.journal_intent(tx, *found, now)
                intents += [intent] if intent else []
        return intents

    def _rests(self, proposed: Planned, info: GroupInfo, now: datetime) -> bool:
        """Tell whether a call is not to be tried yet: the very one that was refused, or any that raises there."""
        rest = self._resting.get(proposed.group)
        if rest is None or now >= rest.until:
            return False
        numbers = {info.cells[cell].key: n for cell, n in proposed.numbers.items()}
        return proposed.priority > Priority.LOWER or (proposed.act, numbers) == (rest.act, rest.numbers)

    async def _read_then_write(self, ref: ListingRef, lane: Lane) -> bool:
        """Read a listing whose write must carry its other fields, decide again on what it shows, then send."""
        begun, reads = await self._read([ref], Priority.LOWER, lane)
        seen, answered = reads[0], self._o.clock.now()
        await lane.retake_turn()

        def decide(tx: WriteTx) -> Intent | None:
            self._fold(tx)
            service.take_read(tx, self._o.shop, seen, begun, answered)
            if not service.same_cells(tx, self._o.shop, seen):
                self._changed_under_us(tx, ref, gone=not seen.numbers)
                return None
            found = service.for_group(tx, self._o.manifests, self._o.shop, ref.remote_id, self._o.clock.now())
            if found is None or not all(row.recheck_at <= to_ms(answered) for row in found[1].cells.values()):
                return None
            if self._rests(found[0], found[1], answered):
                return None
            return service.journal_intent(tx, *found, self._o.clock.now())

        intent = await self._o.db.write(decide)
        if intent is not None:
            await self._send([intent], seen if intent.act is Act.SET else None, lane)
        return True

    def _changed_under_us(self, tx: WriteTx, ref: ListingRef, *, gone: bool) -> None:
        """A listing lost options, or is gone: told once, and left alone until what was unread there is known."""
        now = self._o.clock.now()
        if self._told.get(ref.remote_id) is not gone:
            self._told[ref.remote_id] = gone
            if gone:
                note(tx, now, "listing.gone", shop_id=self._o.shop, listing=ref.remote_id)
            else:
                note(tx, now, "listing.changed", shop_id=self._o.shop, listing=ref.remote_id)
        cells = store.cells_of_listing(tx, self._o.shop, ref.remote_id)
        store.set_recheck(tx, [cell.id for cell in cells], to_ms(now) + 60_000)

    async def _send(self, intents: Sequence[Intent], basis: NumbersRead | None, lane: Lane) -> None:
        """Send one call and journal what came of it."""
        o, first = self._o, intents[0]
        intent_at = o.clock.now()

        async def last_check() -> None:
            now = o.clock.now()
            if not o.may_send(now) or now > intent_at + SEND_BEFORE:
                raise _Withdrawn
            if not await o.db.write(lambda tx: self._may_leave(tx, intents, now)):
                raise _Withdrawn

        adapter = o.adapter(Order(Priority(first.priority), first.why, last_check, lane.leave))
        begun = o.clock.now()
        try:
            answers = await self._call(adapter, intents, basis)
        except _Withdrawn:
            await self._refused(intents, "", "", 0.0)
        except (OutcomeUnknown, ContractBroken) as error:
            await self._unknown(intents, error)
        except Rejected as error:
            wait = AGAIN_AFTER_REFUSAL_S if len(intents) == 1 else AGAIN_AFTER_TROUBLE_S
            self._alone |= {intent.ref.remote_id for intent in intents} if len(intents) > 1 else set()
            await self._refused(intents, error.code, error.remote_code, wait)
        except GrantError as error:
            await self._refused(intents, error.code, error.remote_code, AGAIN_AFTER_TROUBLE_S)
            raise
        except ChannelError as error:
            wait = error.retry_after_s if isinstance(error, Throttled) else AGAIN_AFTER_TROUBLE_S
            await self._refused(intents, error.code, error.remote_code, max(wait, 1.0))
        else:
            await self._answered(intents, answers, begun)

    async def _call(self, adapter: Any, intents: Sequence[Intent], basis: NumbersRead | None) -> list[WriteAnswer]:  # noqa: ANN401
        first = intents[0]
        if first.act is Act.SET:
            writes = [StockWrite(intent.ref, intent.numbers, basis) for intent in intents]
            return list(await adapter.write_numbers(writes))
        return [await adapter.set_on_sale(first.ref, first.act is not Act.OFF)]

    def _may_leave(self, tx: WriteTx, intents: Sequence[Intent], now: datetime) -> bool:
        """The last look: news since the intent must not have made it too much; then the journal says sending."""
        self._fold(tx)
        if not all(service.still_right(tx, self._o.manifests, self._o.shop, intent, now) for intent in intents):
            return False
        settle = timedelta(seconds=self._o.settle_s)
        return all(service.journal_sending(tx, self._o.shop, intent, now, settle) for intent in intents)

    async def _answered(self, intents: Sequence[Intent], answers: Sequence[WriteAnswer], begun: datetime) -> None:
        now, o = self._o.clock.now(), self._o
        by_ref = {answer.ref: answer for answer in answers}

        def settle(tx: WriteTx) -> None:
            for intent in intents:
                answer = by_ref.get(intent.ref)
                row = service.write_row(tx, o.shop, intent.write_id)
                if row is None:
                    continue
                if answer is None:
                    service.journal_unknown(tx, intent.write_id, now, error="channel.no_answer_for_item")
                elif not answer.accepted:
                    service.journal_refused(
                        tx, o.shop, intent.write_id, now, error=answer.refusal or "channel.rejected",
                        remote_code=answer.remote_code, again_in_s=AGAIN_AFTER_REFUSAL_S,
                    )  # fmt: skip
                    note(tx, now, "write.refused", shop_id=o.shop, listing=intent.ref.remote_id, error=answer.refusal)
                elif answer.echo is None or not service.settle_applied(tx, o.shop, row, answer.echo, begun, now):
                    service.journal_accepted(tx, intent.write_id, now)

        await o.db.write(settle)
        for intent in intents:
            answer = by_ref.get(intent.ref)
            if answer is not None and answer.accepted:
                self._alone.discard(intent.ref.remote_id)
            elif answer is not None:
                self._rest(intent, now, AGAIN_AFTER_REFUSAL_S)

    def _rest(self, intent: Intent, now: datetime, for_s: float) -> None:
        until = now + timedelta(seconds=for_s)
        self._resting[intent.ref.remote_id] = _Rest(until, intent.act, intent.numbers)

    async def _refused(self, intents: Sequence[Intent], error: str, remote_code: str, again_in_s: float) -> None:
        now, o = self._o.clock.now(), self._o

        def settle(tx: WriteTx) -> None:
            for intent in intents:
                service.journal_refused(
                    tx, o.shop, intent.write_id, now, error=error, remote_code=remote_code, again_in_s=again_in_s
                )
                if error:
                    note(tx, now, "write.refused", shop_id=o.shop, listing=intent.ref.remote_id, error=error)

        await o.db.write(settle)
        for intent in intents:
            if error:
                self._rest(intent, now, again_in_s)

    async def _unknown(self, intents: Sequence[Intent], error: ChannelError) -> None:
        now, o = self._o.clock.now(), self._o

        def keep(tx: WriteTx) -> None:
            for intent in intents:
                row = service.write_row(tx, o.shop, intent.write_id)
                if row is None or row.state == "intent":  # a read before it failed: nothing ever left
                    service.journal_refused(
                        tx, o.shop, intent.write_id, now, error=error.code, again_in_s=AGAIN_AFTER_TROUBLE_S
                    )
                    continue
                service.journal_unknown(tx, intent.write_id, now, error=error.code)
                note(tx, now, "write.unknown", shop_id=o.shop, listing=intent.ref.remote_id, error=error.code)

        await o.db.write(keep)

    # -- settling and reading --------------------------------------------------------------------------

    async def _settle(self, lane: Lane) -> bool:
        """Read what writes wait to be seen for; True when something was settled."""
        await lane.take_turn()
        now, taken = self._o.clock.now(), lane.taken_by_others()
        waiting = await self._o.db.read(lambda tx: service.open_writes(tx, self._o.shop))
        due = [row for row in waiting if row.listing_id not in taken and self._due(row, now)]
        if not due:
            return False
        listings = sorted({row.listing_id for row in due})[:50]
        lane.writing = frozenset(listings)
        refs = await self._o.db.read(lambda tx: service.refs(tx, self._o.shop, listings))
        begun, reads = await self._read(refs, Priority.LOWER, lane)
        answered = self._o.clock.now()
        self._looked |= dict.fromkeys(listings, answered)
        by_listing = {seen.ref.remote_id: seen for seen in reads}

        def settle(tx: WriteTx) -> int:
            self._fold(tx)
            return sum(
                self._settle_one(tx, row, by_listing[row.listing_id], begun, answered)
                for row in due
                if row.listing_id in by_listing
            )

        return await self._o.db.write(settle) > 0

    def _due(self, row: WriteRow, now: datetime) -> bool:
        """Tell whether reading could settle a write now."""
        if row.state not in {"accepted", "unknown"}:
            return False
        looked = self._looked.get(row.listing_id)
        if looked is not None and now - looked < timedelta(seconds=LOOK_AGAIN_S) and looked > row.intent_at:
            return False
        return row.state == "accepted" or _only_lowers(row) or self._past_settling(row, now)

    def _past_settling(self, row: WriteRow, now: datetime) -> bool:
        return row.deadline is not None and now > row.deadline + timedelta(seconds=self._o.settle_s)

    def _settle_one(self, tx: WriteTx, row: WriteRow, seen: NumbersRead, begun: datetime, answered: datetime) -> bool:
        shop = self._o.shop
        if row.state == "accepted" and service.settle_applied(tx, shop, row, seen, begun, answered):
            return True
        if row.state == "unknown" and _only_lowers(row) and service.settle_zero(tx, shop, row, seen, begun, answered):
            return True
        if self._past_settling(row, begun):
            service.settle_resolved(tx, shop, row, seen, begun, answered)
            return True
        return False

    async def _mend(self, lane: Lane) -> bool:
        """Read listings whose books only a read can mend; what was written meanwhile is read again."""
        await lane.take_turn()
        o, now = self._o, self._o.clock.now()
        taken = lane.taken_by_others() | lane.read_by_others()
        refs = await o.db.read(lambda tx: service.unread_refs(tx, o.shop, now))
        refs = [ref for ref in refs if ref.remote_id not in taken and self._rested(ref.remote_id, now)]
        if not refs:
            return False
        lane.reading = frozenset(ref.remote_id for ref in refs)
        begun, reads = await self._read(refs, Priority.RAISE, lane)
        await lane.retake_turn()  # nobody decides on the old numbers while the new ones are taken in
        answered, taken = o.clock.now(), lane.taken_by_others()
        self._looked |= {ref.remote_id: answered for ref in refs}
        still = [
            seen
            for seen in reads
            if seen.ref.remote_id not in taken and not self._lanes.overtaken(seen.ref.remote_id, begun)
        ]

        def take(tx: WriteTx) -> None:
            self._fold(tx)
            for seen in still:
                service.take_read(tx, o.shop, seen, begun, answered)

        await o.db.write(take)
        return True

    def _rested(self, listing: str, now: datetime) -> bool:
        looked = self._looked.get(listing)
        return looked is None or now - looked >= timedelta(seconds=LOOK_AGAIN_S)

    async def _read(
        self, refs: Sequence[ListingRef], priority: Priority, lane: Lane
    ) -> tuple[datetime, list[NumbersRead]]:
        begun = self._o.clock.now()
        adapter = self._o.adapter(Order(priority, "stock.read", leaving=lane.leave))
        reads = await adapter.read_numbers(list(refs))
        found = [replace(seen, ref=_same(refs, seen)) for seen in reads]
        missing = {ref.remote_id for ref in refs} - {seen.ref.remote_id for seen in found}
        return begun, found + [
            service.nothing_there(ref, self._o.clock.now()) for ref in refs if ref.remote_id in missing
        ]

    def _fold(self, tx: WriteTx) -> None:
        store.lock_planning(tx)
        service.fold_news(tx, self._o.manifests)


def _same(refs: Sequence[ListingRef], seen: NumbersRead) -> ListingRef:
    return next((ref for ref in refs if ref.remote_id == seen.ref.remote_id), seen.ref)


def _only_lowers(row: WriteRow) -> bool:
    return row.act == Act.OFF or (row.act == Act.SET and not any(row.numbers.values()))
