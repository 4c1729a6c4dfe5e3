"""The parts of a consent that are the same everywhere: verifier, challenge, state, and reading the answer.

Owns no table of pending consents and no marketplace's addresses.
Source: RFC 7636 (PKCE, S256), RFC 6749 section 4.1.2.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from jangbu.kernel.errors import InputError
from jangbu.kernel.secret import Secret

ADDRESS_LENGTH_MAX: Final = 4096
_WORD: Final = re.compile(r"[a-z_]{1,40}")
_ONCE: Final = ("code", "state", "error")


@dataclass(frozen=True)
class ConsentAnswer:
    """What came back from a consent page: a code, or the word of a refusal. `page` is empty when not told."""

    page: str
    state: Secret
    code: Secret
    error: str


def new_verifier() -> Secret:
    """Make a PKCE verifier: 32 random bytes, 43 characters. It never leaves but to the token endpoint."""
    return Secret(secrets.token_urlsafe(32))


def new_state() -> Secret:
    """Make the mark that ties an answer to the asking."""
    return Secret(secrets.token_urlsafe(32))


def challenge_of(verifier: Secret) -> str:
    """Give a verifier's S256 challenge."""
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def state_hash(state: Secret) -> str:
    """Give what may be kept of a state: who reads the table cannot answer in its place."""
    return hashlib.sha256(b"jangbu consent " + state.reveal().encode()).hexdigest()


def read_answer(text: str) -> ConsentAnswer:
    """Read the address a browser was sent back to: whole, or only what stands behind its question mark.

    Errors: InputError when it is no such address, without repeating any of it.
    """
    address = "".join(text.split())
    if not address or len(address) > ADDRESS_LENGTH_MAX:
        raise _not_an_answer()
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=30)
    except ValueError:
        raise _not_an_answer() from None
    found = dict(pairs)
    if not found.get("state") or any(sum(name == once for name, _ in pairs) > 1 for once in _ONCE):
        raise _not_an_answer()
    error = found.get("error", "")
    return ConsentAnswer(
        f"{parts.scheme}://{parts.netloc}{parts.path}" if parts.netloc else "",
        Secret(found["state"]),
        Secret(found.get("code", "")),
        error if _WORD.fullmatch(error) else "unknown" if error else "",
    )


def _not_an_answer() -> InputError:
    return InputError("this is not the address a consent page sends back to", code="connect.address_form")
