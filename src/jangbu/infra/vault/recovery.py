"""The master key in a form to be written down: fourteen groups of four that can be read aloud. Keeps nothing. Pure.

The alphabet has no I, L, O or U, capitals count for nothing, and the last group tells a slip of the pen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

from jangbu.kernel.errors import ConfigError

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD: Final = str.maketrans("OILU", "011V")
_KEY_BYTES: Final = 32
_KEY_SIGNS: Final = 52
GROUP: Final = 4
GROUPS: Final = 14


def groups_of(key: bytes) -> tuple[str, ...]:
    """Write a master key as groups. Errors: ConfigError when it has not the form of a key."""
    try:
        raw = base64.urlsafe_b64decode(key.strip())
    except binascii.Error:
        raw = b""
    if len(raw) != _KEY_BYTES:
        raise ConfigError("the master key has not its form", code="vault.master_key_form")
    text = _signs(int.from_bytes(raw, "big"), _KEY_SIGNS) + _check(raw)
    return tuple(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def looks_written(text: str) -> bool:
    """Tell whether a text is a key from a recovery sheet, rather than from a key file."""
    return len(_bare(text)) == GROUPS * GROUP


def key_of(text: str) -> bytes:
    """Read a key from its groups, however they are spaced. Errors: ConfigError when a character is wrong."""
    bare = _bare(text).translate(_MISREAD)
    number = 0
    for sign in bare[:_KEY_SIGNS]:
        number = number * 32 + max(_ALPHABET.find(sign), 0)
    raw = number.to_bytes(_KEY_BYTES + 1, "big")
    if raw[0] or _check(raw[1:]) != bare[_KEY_SIGNS:] or not set(bare) <= set(_ALPHABET):
        raise ConfigError("the recovery key has a wrong character", code="vault.recovery_form")
    return base64.urlsafe_b64encode(raw[1:])


def same_group(typed: str, group: str) -> bool:
    """Tell whether somebody typed a group back."""
    return _bare(typed).translate(_MISREAD) == group


def _bare(text: str) -> str:
    return re.sub(r"[\s.·-]+", "", text).upper()


def _signs(number: int, length: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _check(raw: bytes) -> str:
    return _signs(int.from_bytes(hashlib.sha256(b"jangbu recovery" + raw).digest()[:4], "big") >> 12, GROUP)
