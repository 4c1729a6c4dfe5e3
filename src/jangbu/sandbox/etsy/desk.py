"""Owns the order in which the Etsy emulator looks at a call: key, limits, token, scope, shop, parameters."""

import html
import random
import uuid
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

import msgspec

from jangbu.sandbox.core.faults import Fault, Faults
from jangbu.sandbox.core.settings import Settings
from jangbu.sandbox.core.wire import Answer, Call, json_answer
from jangbu.sandbox.etsy import operations
from jangbu.sandbox.etsy.asking import FORM, JSON, Asked, RefusedError
from jangbu.sandbox.etsy.limits import Excess, KeyLimits
from jangbu.sandbox.etsy.oauth import Authority, OAuthError, RedirectRefusedError
from jangbu.sandbox.etsy.operations import Operation
from jangbu.sandbox.etsy.reads import Reads
from jangbu.sandbox.etsy.seed import Identity
from jangbu.sandbox.etsy.shop import Shop
from jangbu.sandbox.etsy.writes import Writes

CHANNEL: Final = "etsy"
_SPECIAL: Final = {("GET", operations.CONSENT): "consent", ("POST", operations.TOKEN): "token"}
_PAGE: Final = "text/html; charset=utf-8"


class EtsyDesk:
    """Answers every call of the emulator."""

    def __init__(
        self,
        *,
        who: Identity,
        shop: Shop,
        authority: Authority,
        limits: KeyLimits,
        reads: Reads,
        writes: Writes,
        settings: Settings,
        faults: Faults,
        rng: random.Random,
        strict: bool,
    ) -> None:
        self._who = who
        self._shop = shop
        self._authority = authority
        self._limits = limits
        self._settings = settings
        self._faults = faults
        self._rng = rng
        self._strict = strict
        self._table = {**reads.table(), **writes.table()}

    def identify(self, call: Call) -> str:
        found = operations.find(call.method, call.path)
        if found is None:
            return _SPECIAL.get((call.method, call.path), "unknown")
        operation, call.path_values = found
        return operation.id

    def handle(self, call: Call) -> Answer:
        self._shop.settle()
        if call.operation == "consent":
            return self._consent(dict(call.query))
        if call.operation == "token":
            return self._token(call)
        try:
            return json_answer(200, self._api(call))
        except OAuthError as error:
            return json_answer(401, error.body)
        except RefusedError as refused:
            return json_answer(refused.status, refused.body)
        except _ExcessError as error:
            headers = {"retry-after": str(error.excess.retry_after_s)}
            return json_answer(429, {"error": error.excess.sentence}, headers)

    def refuse(self, kind: str, fault: Fault) -> Answer:
        if kind == "error":
            return json_answer(int(fault.number("status", 500)), {"error": "Server Error"})
        headers = {} if kind == "rate_limited_bare" else {"retry-after": str(int(fault.number("retry_after_s", 1)))}
        return json_answer(429, {"error": "Exceeded per second rate limit"}, headers)

    def finish(self, call: Call, answer: Answer) -> Mapping[str, str]:
        mark = {"x-etsy-request-uuid": str(uuid.UUID(int=self._rng.getrandbits(128), version=4))}
        keyless = answer.status in (403, 404) and not call.headers.get("x-api-key")
        if call.operation in ("consent", "token", "unknown") or keyless:
            return mark
        return mark | self._limits.headers()

    # the API proper

    def _api(self, call: Call) -> object:
        self._check_key(call.headers.get("x-api-key", ""))
        found = operations.find(call.method, call.path)
        if found is None:
            raise RefusedError(404, "Resource not found")
        excess = self._limits.take()
        if excess is not None:
            raise _ExcessError(excess)
        operation, _ = found
        if operation.method != "GET":
            call.as_of = None  # a write acts on what is, however old the reads are
        owner = self._check_token(call, operation)
        self._check_shop(call, operation)
        asked = Asked(call, operation, strict=self._strict)
        asked.check()
        if operation.id == "tokenScopes":
            return self._scopes(asked)
        if operation.id not in self._table:
            raise RefusedError(501, f"The sandbox does not emulate {operation.id} yet.")
        return self._table[operation.id](asked, owner)

    def _check_key(self, given: str) -> None:
        keystring, colon, secret = given.partition(":")
        if keystring and not colon:
            raise RefusedError(403, "Shared secret is required in x-api-key header.")
        gone = any(self._faults.switched(CHANNEL, switch) for switch in ("dormant_app", "secret_expired"))
        if gone or (keystring, secret) != (self._who.keystring, self._who.shared_secret):
            raise RefusedError(403, "Invalid API key")
        if self._faults.switched(CHANNEL, "address_not_allowed"):
            raise RefusedError(403, "Forbidden")

    def _check_token(self, call: Call, operation: Operation) -> bool:
        given = call.headers.get("authorization", "")
        try:
            access = self._authority.check(given, revoked=self._faults.switched(CHANNEL, "token_revoked"))
        except OAuthError:
            if operation.scopes:
                raise
            return False  # a token is not needed here, so a bad one does no harm
        if not operation.scopes <= access.scopes:
            body = {"error": "insufficient_scope", "error_description": "Insufficient scope"}
            raise RefusedError(403, body)
        return True

    def _check_shop(self, call: Call, operation: Operation) -> None:
        given = call.path_values.get("shop_id")
        if given is None or int(given) == self._who.shop_id:
            return
        if operation.scopes:
            raise RefusedError(403, f"User does not own Shop {given}")
        raise RefusedError(404, f"Could not find a Shop with shop_id = {given}.")

    def _scopes(self, asked: Asked) -> list[str]:
        return sorted(self._authority.scopes_of(asked.form().get("token", "")))

    # OAuth

    def _token(self, call: Call) -> Answer:
        try:
            form = self._token_form(call)
            revoked = self._faults.switched(CHANNEL, "token_revoked")
            return json_answer(200, self._authority.token(form, revoked=revoked), {"cache-control": "no-store"})
        except OAuthError as error:
            return json_answer(400, error.body)

    def _token_form(self, call: Call) -> dict[str, str]:
        if call.media_type == FORM:
            return dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        if call.media_type == JSON and not self._strict:
            try:
                return msgspec.json.decode(call.body, type=dict[str, str])
            except (msgspec.ValidationError, msgspec.DecodeError):
                raise OAuthError("invalid_request", "the body is not a JSON object of texts") from None
        raise OAuthError("invalid_request", f"Content-Type must be {FORM}")

    def _consent(self, query: dict[str, str]) -> Answer:
        said = query.pop("sandbox_approved", "")
        try:
            self._authority.check_redirect(query)
            if self._settings.on("consent_page") and said not in ("yes", "no"):
                return _ask(query)
            location = self._authority.denial(query) if said == "no" else self._authority.consent(query)
            return Answer(302, b"", _PAGE, {"location": location})
        except RedirectRefusedError as refused:
            body = f"<!doctype html><title>Etsy sandbox</title><p>{html.escape(str(refused))}"
            return Answer(400, body.encode(), _PAGE)


class _ExcessError(Exception):
    def __init__(self, excess: Excess) -> None:
        super().__init__(excess.sentence)
        self.excess = excess


def _ask(query: Mapping[str, str]) -> Answer:
    yes, no = (
        html.escape(f"{operations.CONSENT}?{urlencode({**query, 'sandbox_approved': said})}") for said in ("yes", "no")
    )
    scopes = html.escape(query.get("scope", ""))
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Etsy sandbox</title><h1>Etsy sandbox</h1>"
        f'<p>An application asks for: {scopes}</p><p><a href="{yes}">Grant access</a> <a href="{no}">Cancel</a></html>'
    )
    return Answer(200, page.encode(), _PAGE)
