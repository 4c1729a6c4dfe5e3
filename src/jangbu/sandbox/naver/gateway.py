"""The gateway in front of the shop: paths, addresses, tokens, budgets; then the operation's own handler."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jangbu.sandbox.core.clock import Clock
from jangbu.sandbox.core.faults import Fault, Faults
from jangbu.sandbox.core.traffic import Traffic
from jangbu.sandbox.core.wire import Answer, json_answer
from jangbu.sandbox.core.wire import Call as Arrival
from jangbu.sandbox.naver import limits, routes
from jangbu.sandbox.naver.call import Call
from jangbu.sandbox.naver.routes import Operation
from jangbu.sandbox.naver.shop import Shop
from jangbu.sandbox.naver.token import Tokens
from jangbu.sandbox.naver.wire import (
    Refusal,
    address_refused,
    bad_order,
    bad_product,
    broken,
    no_route,
    too_fast,
    unauthorised,
)

CHANNEL = "naver"
_TRACE = "GNCP-GW-Trace-ID"


class Gateway:
    """The desk of the emulator: every call passes here, at one moment of the sandbox's clock."""

    def __init__(
        self,
        *,
        shop: Shop,
        tokens: Tokens,
        secret: Callable[[], str],
        clock: Clock,
        faults: Faults,
        traffic: Traffic,
        strict: bool,
    ) -> None:
        self._shop = shop
        self._tokens = tokens
        self._secret = secret
        self._clock = clock
        self._faults = faults
        self._traffic = traffic
        self._strict = strict

    def now(self) -> int:
        """Milliseconds since the epoch by the sandbox's clock."""
        return round(self._clock.now() * 1000)

    def identify(self, call: Arrival) -> str:
        found = routes.find(call.method, call.path)
        if found is None:
            return "unknown"
        operation, call.path_values = found
        return operation.id

    def handle(self, call: Arrival) -> Answer:
        now = self.now()
        self._shop.settle(now)
        trace = self._new_trace(now)
        try:
            return json_answer(200, self._answer(call, now, trace), {_TRACE: trace})
        except Refusal as refusal:
            return json_answer(refusal.status, refusal.words(now, trace), {**refusal.headers, _TRACE: trace})

    def refuse(self, kind: str, fault: Fault) -> Answer:
        now = self.now()
        trace = self._new_trace(now)
        refusal = broken(int(fault.number("status", 500))) if kind == "error" else too_fast()
        headers = {_TRACE: trace}
        if kind == "rate_limited":
            headers["Retry-After"] = str(int(fault.number("retry_after_s", 1)))
        return json_answer(refusal.status, refusal.words(now, trace), headers)

    def finish(self, call: Arrival, answer: Answer) -> Mapping[str, str]:
        now = self.now()
        spent_ms = round(self._shop.settings.number("latency_s") * 1000)
        headers = {"GNCP-GW-HttpClient-ResponseTime": str(spent_ms)}
        if _TRACE not in answer.headers:
            headers[_TRACE] = self._new_trace(now)
        if call.operation in routes.BY_ID:
            headers |= limits.headers(self._shop.state, self._shop.settings, call.operation, now)
        return headers

    def _answer(self, call: Arrival, now: int, trace: str) -> object:
        operation = routes.BY_ID.get(call.operation)
        if operation is None:
            raise no_route(call.method, call.path)
        self._admit(call, operation, now)
        if operation.handler is None:
            return self._issue(call, now)
        if self._strict:
            _check_form(call, operation)
        as_of = now if call.as_of is None else round(call.as_of * 1000)
        asked = Call(self._shop, now, as_of, trace, self._strict, call.path_values, tuple(call.query), call.body)
        answer = operation.handler(asked)
        if operation.writes:
            self._traffic.wrote(operation.id)
        return answer

    def _admit(self, call: Arrival, operation: Operation, now: int) -> None:
        if self._faults.switched(CHANNEL, "address_not_allowed"):
            raise address_refused()
        if operation.id != routes.TOKEN:
            self._check_token(call, operation, now)
        if not limits.take(self._shop.state, self._shop.settings, operation.id, now):
            raise too_fast()

    def _check_token(self, call: Arrival, operation: Operation, now: int) -> None:
        if self._faults.switched(CHANNEL, "token_revoked"):
            self._tokens.revoke()
        dormant = self._faults.switched(CHANNEL, "dormant_app")
        lacking = self._shop.settings.text("missing_group") == operation.group
        if dormant or lacking or not self._tokens.accepts(call.headers.get("authorization", ""), now):
            raise unauthorised()

    def _issue(self, call: Arrival, now: int) -> object:
        if self._faults.switched(CHANNEL, "dormant_app"):
            raise Refusal(403, "FORBIDDEN", "권한이 없습니다.", "product")
        expired = self._faults.switched(CHANNEL, "secret_expired")
        return self._tokens.issue(call, None if expired else self._secret(), now)

    def _new_trace(self, now: int) -> str:
        self._shop.state.traces += 1
        return f"cr3^{now}^{9_000_000 + self._shop.state.traces}"


def _check_form(call: Arrival, operation: Operation) -> None:
    """What only a strict sandbox refuses: a wrong content type and unknown query names."""
    refuse = bad_order if operation.family == "orders" else _bad_product
    if operation.has_body and call.media_type != "application/json":
        raise refuse("contentType", "NotValid")
    for name, _ in call.query:
        if name not in operation.query:
            raise refuse(name, "NotValid")


def _bad_product(name: str, kind: str) -> Refusal:
    return bad_product(name, kind, f"{name} 항목이 유효하지 않습니다.")
