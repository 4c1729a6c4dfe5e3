"""The emulated shop: sales, payments, cancellations and what happens by itself; no HTTP, no clock."""

from __future__ import annotations

import bisect
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace

from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.naver import stock
from jangbu.sandbox.naver.state import Change, Claim, Due, Line, Product, State, Timeline
from jangbu.sandbox.naver.wire import day_of
from jangbu.sandbox.naver.words import ChangeType

Performer = Callable[[dict[str, object], int], None]
_DELIVERY_FEE = 3000
_FREE_FROM = 50_000
_BUYERS = 900


@dataclass(frozen=True)
class Wish:
    """One line of a checkout to be."""

    product_no: int
    option_id: int | None
    quantity: int

    @property
    def offer(self) -> str:
        return offer_id(self.product_no, self.option_id)


@dataclass(frozen=True)
class Checkout:
    """What the lines of one order share; `pay_due_at` only where a bank transfer is awaited."""

    order_id: str
    package: str
    buyer: int
    placed_at: int
    pay_due_at: int | None


def offer_id(product_no: int, option_id: int | None) -> str:
    """The name of a sellable line inside the sandbox: product, or product and option."""
    return f"{product_no}" if option_id is None else f"{product_no}:{option_id}"


def read_offer(offer: str) -> tuple[int, int | None]:
    """The product number and option id an offer's name stands for."""
    product_no, _, option_id = offer.partition(":")
    return int(product_no), int(option_id) if option_id else None


class Shop:
    """The rules of the shop over its state; every method is told the moment it happens at."""

    def __init__(self, state: State, settings: Settings, seed: str) -> None:
        self.state = state
        self.settings = settings
        self._seed = seed
        self._performers: dict[str, Performer] = {
            "restock": self._restock,
            "pay": self._pay,
            "lapse": self._lapse,
        }

    # --- chance, ids, time ---------------------------------------------------------------------

    def draw(self, low: float, high: float) -> float:
        """A number between the two; the n-th draw of a seed is always the same."""
        self.state.draws += 1
        return Random(f"{self._seed}|{self.state.draws}").uniform(low, high)

    def new_id(self, now: int) -> str:
        """16 digits, the Korean day in front, as order-side numbers are."""
        self.state.ids += 1
        return day_of(now).replace("-", "") + f"{10_000_000 + self.state.ids * 10 + 1:08d}"

    def plan(self, at: int, kind: str, what: dict[str, object]) -> None:
        """Lets something happen by itself later."""
        self.state.turns += 1
        heapq.heappush(self.state.agenda, Due(at, self.state.turns, kind, what))

    def settle(self, now: int) -> None:
        """Carries out, in order and each at its own moment, all that fell due until now."""
        agenda = self.state.agenda
        while agenda and agenda[0].at <= now:
            due = heapq.heappop(agenda)
            self._performers[due.kind](due.what, due.at)

    # --- products ------------------------------------------------------------------------------

    def products(self) -> list[Product]:
        """All products, in the order they were registered."""
        return [timeline.latest for timeline in self.state.products.values()]

    def product(self, product_no: int) -> Product | None:
        timeline = self.state.products.get(product_no)
        return timeline.latest if timeline else None

    def keep(self, product: Product, now: int) -> None:
        """Stores a changed product after the status Naver gives by itself."""
        adjusted = stock.self_adjusted(product, reopens=self.settings.on("reopen_on_raise"))
        self.state.products[product.no].put(now, replace(adjusted, modified_at=now))

    def _raise(self, product_no: int, option_id: int | None, by: int, now: int) -> None:
        product = self.product(product_no)
        if product is None or (option_id is not None and product.option(option_id) is None):
            return
        self.keep(stock.numbered(product, option_id, stock.number_at(product, option_id) + by), now)

    # --- sales ---------------------------------------------------------------------------------

    def check_out(self, wishes: list[Wish], now: int, *, unpaid: bool) -> str | None:
        """One order of all the wishes, or None and nothing changed; the numbers fall at once."""
        if not wishes or not all(self._available(wish) for wish in _merged(wishes)):
            self.state.disappointed += 1
            return None
        due = now + round(self.settings.number("payment_due_s") * 1000) if unpaid else None
        lines = self._open(wishes, now, due)
        for line in lines:
            self._raise(line.product_no, line.option_id, -line.quantity, now)
        self._tell(lines, "PAY_WAITING" if unpaid else "PAYED", now)
        if due is not None:
            self._plan_payment(lines[0].order_id, now, due)
        return lines[0].order_id

    def take_over(self, wishes: list[Wish], placed_at: int) -> None:
        """A paid order from before the shop's first day; the numbers shown already lack its units."""
        self._tell(self._open(wishes, placed_at, None), "PAYED", placed_at)

    def _open(self, wishes: list[Wish], now: int, due: int | None) -> list[Line]:
        checkout = Checkout(self.new_id(now), self.new_id(now), int(self.draw(1, _BUYERS)), now, due)
        lines = _with_fee([self._line(wish, checkout) for wish in wishes])
        self.state.lines |= {line.id: Timeline() for line in lines}
        self.state.orders[checkout.order_id] = [line.id for line in lines]
        return lines

    def _available(self, wish: Wish) -> bool:
        product = self.product(wish.product_no)
        if product is None or wish.quantity < 1 or (wish.option_id is None) != (not product.options):
            return False
        option = product.option(wish.option_id)
        if product.options and option is None:
            return False
        return stock.buyable(product, option) and stock.number_at(product, wish.option_id) >= wish.quantity

    def _line(self, wish: Wish, checkout: Checkout) -> Line:
        product = self.state.products[wish.product_no].latest
        option = product.option(wish.option_id)
        paid = checkout.pay_due_at is None
        return Line(
            id=self.new_id(checkout.placed_at),
            order_id=checkout.order_id,
            package=checkout.package,
            product_no=product.no,
            option_id=wish.option_id,
            offer=wish.offer,
            sku=option.sku if option else product.sku,
            unit_price=product.sale_price,
            option_price=option.price if option else 0,
            quantity=wish.quantity,
            remain=wish.quantity,
            delivery_fee=0,
            placed_at=checkout.placed_at,
            status="PAYED" if paid else "PAYMENT_WAITING",
            buyer=checkout.buyer,
            paid_at=checkout.placed_at if paid else None,
            pay_due_at=checkout.pay_due_at,
        )

    def _plan_payment(self, order_id: str, now: int, due: int) -> None:
        if self.draw(0, 1) < self.settings.number("unpaid_lapse_share"):
            self.plan(due, "lapse", {"order": order_id})
        else:
            longest = min(self.settings.number("payment_wait_max_s"), self.settings.number("payment_due_s"))
            wait = self.draw(0, longest)
            self.plan(now + round(wait * 1000), "pay", {"order": order_id})

    def _waiting(self, what: dict[str, object]) -> list[Line]:
        lines = [self.line(line_id) for line_id in self.state.orders[str(what["order"])]]
        return [line for line in lines if line.status == "PAYMENT_WAITING"]

    def _pay(self, what: dict[str, object], now: int) -> None:
        paid = [replace(line, status="PAYED", paid_at=now) for line in self._waiting(what)]
        self._tell(paid, "PAYED", now)

    def _lapse(self, what: dict[str, object], now: int) -> None:
        for line in self._waiting(what):
            self._void(line, now, restock=True)

    def _void(self, line: Line, now: int, *, restock: bool) -> None:
        self.give_back(line, line.remain, now, restock=restock)
        gone = replace(line, status="CANCELED_BY_NOPAYMENT", remain=0)
        if self.settings.on("lapse_is_told"):
            self._tell([gone], "CLAIM_COMPLETED", now)
        else:
            self.store(gone, now)

    # --- lines ---------------------------------------------------------------------------------

    def line(self, line_id: str) -> Line:
        return self.state.lines[line_id].latest

    def store(self, line: Line, now: int) -> None:
        """Keeps a changed line without a word in the feed."""
        self.state.lines[line.id].put(now, line)

    def tell(self, line: Line, kind: ChangeType, now: int) -> None:
        """Keeps a changed line and lets the feed tell it after its lag."""
        self._tell([line], kind, now)

    def _tell(self, lines: list[Line], kind: ChangeType, now: int) -> None:
        longest = self.settings.number("feed_lag_max_s")
        lag = self.draw(min(self.settings.number("feed_lag_min_s"), longest), longest)
        change = Change(kind, now, now + round(lag * 1000))
        for line in lines:
            self.store(replace(line, changes=(*line.changes, change)), now)
            bisect.insort(self.state.feed, (now, line.id))

    def give_back(self, line: Line, quantity: int, now: int, *, restock: bool) -> None:
        """Lets the number rise again after its delay."""
        if restock and quantity:
            delay = round(self.draw(0, self.settings.number("restock_delay_max_s")) * 1000)
            what: dict[str, object] = {"product": line.product_no, "option": line.option_id, "by": quantity}
            self.plan(now + delay, "restock", what)

    def _restock(self, what: dict[str, object], now: int) -> None:
        option = what["option"]
        self._raise(int(str(what["product"])), None if option is None else int(str(option)), int(str(what["by"])), now)

    # --- cancellations -------------------------------------------------------------------------

    def buyer_cancels(self, line: Line, quantity: int, now: int, *, restock: bool) -> bool:
        """At once before the place-order confirmation, as a request after it; False where it cannot be."""
        if line.status == "PAYMENT_WAITING" and quantity == line.remain:
            self._void(line, now, restock=restock)
            return True
        if line.status != "PAYED" or line.claim is not None or not 1 <= quantity <= line.remain:
            return False
        claim = Claim(
            self.new_id(now), "CANCEL_REQUEST", quantity, "INTENT_CHANGED", by_buyer=True, asked_at=now,
            restock=restock,
        )  # fmt: skip
        if line.place == "OK":
            self.tell(replace(line, claim=claim), "CLAIM_REQUESTED", now)
        else:
            self.finish_cancel(line, claim, now)
        return True

    def finish_cancel(self, line: Line, claim: Claim, now: int) -> None:
        """The refund: units leave the line, and the whole line with its last unit."""
        done = replace(claim, status="CANCEL_DONE", done_at=now)
        remain = line.remain - claim.quantity
        self.give_back(line, claim.quantity, now, restock=claim.restock)
        after = replace(line, claim=None, closed_claims=(*line.closed_claims, done), remain=remain)
        if remain == 0:
            after = replace(after, status="CANCELED", place="CANCEL")
        self.tell(after, "CLAIM_COMPLETED", now)


def _merged(wishes: list[Wish]) -> list[Wish]:
    """One wish for each offer, so that two lines of one offer cannot both take the last unit."""
    totals: Counter[tuple[int, int | None]] = Counter()
    for wish in wishes:
        totals[wish.product_no, wish.option_id] += wish.quantity
    return [Wish(product_no, option_id, units) for (product_no, option_id), units in totals.items()]


def _with_fee(lines: list[Line]) -> list[Line]:
    """The delivery fee stands on one line of the package and is waived for a large one."""
    total = sum((line.unit_price + line.option_price) * line.quantity for line in lines)
    if total >= _FREE_FROM:
        return lines
    return [replace(lines[0], delivery_fee=_DELIVERY_FEE), *lines[1:]]
