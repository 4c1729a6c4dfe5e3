"""The error tree, grouped by what the caller must do. Owns no texts: a face looks the code up in the catalogues.

JangbuError
├ InputError      the caller's data is wrong: fix and resend           └ RowErrors  (with line and column)
├ StateError      valid, but not now
│  ├ NotFound · Conflict · IllegalTransition · InsufficientStock · AlreadyResolved
├ AccessError     not signed in, or not allowed
├ ConfigError     the operator's set-up is wrong: stop and say which setting
└ ChannelError    the far side
   ├ Transient       retry with backoff: reads that failed, writes refused before processing   └ Throttled
   ├ OutcomeUnknown  any other failed write: read before any retry
   ├ Rejected        will never succeed unchanged   └ Gone
   ├ GrantError      the credential or its permission
   │  ├ TokenExpired · ReauthRequired · ScopeMissing · AddressNotAllowed
   └ ContractBroken  the answer is not what the description says
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

Facts = Mapping[str, str | int]
WHERE: Final = ("operation", "status", "remote_code", "request_id")
"""The facts that say where at a marketplace something failed, and its own words for it."""


class JangbuError(Exception):
    """Anything Jangbu refuses or fails at, told by a stable `code` and the facts its sentence needs.

    `code` selects sentence, fix and who must act in the catalogues; `facts` fill their fields.
    Neither may hold a secret or a buyer's personal data.
    """

    code = "error"

    def __init__(self, message: str = "", *, code: str | None = None, **facts: str | int) -> None:
        """Take the English sentence for logs, the code for faces, and the facts for both."""
        super().__init__(message or code or self.code)
        self.code = code or self.code
        self.facts: Facts = MappingProxyType(dict(facts))

    @property
    def told(self) -> Facts:
        """Give all that faces and records may say of it: the facts, and where it happened."""
        return self.facts


class InputError(JangbuError):
    """The caller's data is wrong: fix and resend. Nothing was changed."""

    code = "input"


@dataclass(frozen=True)
class RowError:
    """One refused row of a file: where, and why as a message code with its facts."""

    line: int
    column: str
    code: str
    facts: Facts = field(default_factory=dict)


class RowErrors(InputError):  # noqa: N818 - one error for many rows
    """Some rows of a file were refused; each says where and why."""

    code = "input.rows"

    def __init__(self, rows: Sequence[RowError], total: int) -> None:
        """Take the refused rows and the number of rows read."""
        super().__init__(f"{len(rows)} of {total} rows were refused", refused=len(rows), total=total)
        self.rows = tuple(rows)


class StateError(JangbuError):
    """Valid, but not possible now."""

    code = "state"


class NotFound(StateError):  # noqa: N818 - the name is the state
    """The thing named does not exist here."""

    code = "not_found"


class Conflict(StateError):  # noqa: N818
    """Another thing already holds this place."""

    code = "conflict"


class IllegalTransition(StateError):  # noqa: N818
    """The thing cannot go from its state to the wanted one."""

    code = "illegal_transition"


class InsufficientStock(StateError):  # noqa: N818
    """Our own command asks for more than is available."""

    code = "insufficient_stock"


class AlreadyResolved(StateError):  # noqa: N818
    """A pending move was posted or voided before."""

    code = "already_resolved"


class AccessError(JangbuError):
    """Not signed in, or not allowed."""

    code = "access"


class ConfigError(JangbuError):
    """The operator's set-up is wrong: stop at the start and say which setting."""

    code = "config"


class ChannelError(JangbuError):
    """The far side failed or refused.

    `context` names operation, HTTP status, the marketplace's own code and its request id, never a body.
    """

    code = "channel"

    def __init__(
        self,
        message: str = "",
        *,
        code: str | None = None,
        operation: str = "",
        status: int = 0,
        remote_code: str = "",
        request_id: str = "",
        **facts: str | int,
    ) -> None:
        """Take where it happened and the marketplace's own words for it."""
        super().__init__(message, code=code, **facts)
        self.operation = operation
        self.status = status
        self.remote_code = remote_code
        self.request_id = request_id

    @property
    def told(self) -> Facts:
        """Give the facts, and of the call what is known: operation, HTTP status, the marketplace's code, its id."""
        return {name: value for name in WHERE if (value := getattr(self, name))} | dict(self.facts)


class Transient(ChannelError):  # noqa: N818
    """Retry with backoff: a read that failed, or a write refused before it was processed."""

    code = "channel.transient"


class Throttled(Transient):
    """Too many calls; wait `retry_after_s` (0 = not said)."""

    code = "channel.throttled"

    def __init__(self, message: str = "", *, retry_after_s: float = 0.0, **kwargs: str | int) -> None:
        """Take the wait the far side asked for, in seconds."""
        super().__init__(message, **kwargs)  # type: ignore[arg-type]  # names checked by ChannelError
        self.retry_after_s = retry_after_s


class OutcomeUnknown(ChannelError):  # noqa: N818
    """A write failed in a way that does not tell whether it took effect: read, never blindly retry."""

    code = "channel.outcome_unknown"


class Rejected(ChannelError):  # noqa: N818
    """Will never succeed unchanged: show it, stop retrying."""

    code = "channel.rejected"


class Gone(Rejected):
    """The remote thing no longer exists."""

    code = "channel.gone"


class GrantError(ChannelError):
    """The stored credential, or what it permits."""

    code = "channel.grant"


class TokenExpired(GrantError):  # noqa: N818
    """Renew the token and replay once."""

    code = "channel.token_expired"


class ReauthRequired(GrantError):  # noqa: N818
    """Only a person can give a new credential."""

    code = "channel.reauth_required"


class ScopeMissing(GrantError):  # noqa: N818
    """The credential lacks a permission this call needs."""

    code = "channel.scope_missing"


class AddressNotAllowed(GrantError):  # noqa: N818
    """The marketplace does not accept calls from this public address."""

    code = "channel.address_not_allowed"


class ContractBroken(ChannelError):  # noqa: N818
    """The answer is not what the description says: keep it aside and tell the developers."""

    code = "channel.contract_broken"
