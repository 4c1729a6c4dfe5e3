"""Envelope encryption: data keys under a master key, values under data keys. Stores nothing itself."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from functools import lru_cache
from typing import Final, NewType

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from jangbu.kernel.errors import ConfigError, StateError
from jangbu.kernel.secret import Secret

SealedKey = NewType("SealedKey", bytes)

_KEY_MARK: Final = b"k1"
_VALUE_MARK: Final = b"v1"
_LENGTH_BYTES: Final = 2
_KEYS_REMEMBERED: Final = 1024


class Vault:
    """Seals and opens values for one installation.

    Each scope (a shop, a person) has a data key, kept by the caller in sealed form. A value is bound to its
    context (table, column, row), so that one moved to another place does not open there.
    """

    def __init__(self, master_key: bytes, *older: bytes) -> None:
        """Seal with `master_key` and open what it or an `older` one sealed.

        Errors: ConfigError when one has not the form of a key.
        """
        self._ids = [_key_id(key) for key in (master_key, *older)]
        self._masters = MultiFernet([_fernet(key) for key in (master_key, *older)])
        self._unwrapped = lru_cache(maxsize=_KEYS_REMEMBERED)(self._unwrap)

    def __repr__(self) -> str:
        return f"Vault({self._ids[0].decode()})"

    def new_data_key(self, scope: str) -> SealedKey:
        """Make a data key for `scope` and seal it with the master key."""
        return self._wrap(_packed(scope, Fernet.generate_key()))

    def rewrap(self, key: SealedKey) -> SealedKey:
        """Seal a data key with the newest master key; values under it stay as they are.

        Repeat: a key that is up to date comes back unchanged.
        """
        if not self.needs_rewrap(key):
            return key
        _, token = _parts(key, _KEY_MARK)
        return SealedKey(b".".join((_KEY_MARK, self._ids[0], self._with_masters(token))))

    def needs_rewrap(self, key: SealedKey) -> bool:
        """Tell whether an older master key sealed this data key."""
        return _parts(key, _KEY_MARK)[0] != self._ids[0]

    def scope_of(self, key: SealedKey) -> str:
        """Tell what a data key was made for."""
        return self._unwrapped(key)[0]

    def seal(self, key: SealedKey, plaintext: bytes, context: str) -> bytes:
        """Encrypt a value for one place."""
        _, key_id, fernet, _ = self._unwrapped(key)
        return b".".join((_VALUE_MARK, key_id, fernet.encrypt(_packed(context, plaintext))))

    def open(self, key: SealedKey, sealed: bytes, context: str) -> Secret:
        """Decrypt a text.

        Errors: StateError when it was sealed with another data key, for another place, or is damaged;
        ConfigError when the master key is not the one of this installation.
        """
        return Secret(self.open_bytes(key, sealed, context).decode())

    def open_bytes(self, key: SealedKey, sealed: bytes, context: str) -> bytes:
        """Decrypt as `open` does, for values that are not text."""
        _, key_id, fernet, _ = self._unwrapped(key)
        sealed_with, token = _parts(sealed, _VALUE_MARK)
        if sealed_with != key_id:
            raise StateError("the value was sealed with another data key", code="vault.other_key", context=context)
        try:
            bound_to, plaintext = _unpacked(fernet.decrypt(token))
        except InvalidToken:
            raise StateError("the sealed value is damaged", code="vault.damaged", context=context) from None
        if bound_to != context:
            raise StateError("the sealed value belongs to another place", code="vault.moved", context=context)
        return plaintext

    def sum(self, key: SealedKey, content: bytes) -> str:
        """Sum a value up so that equal ones are known to be equal, and nobody without the key can try values out."""
        *_, summing = self._unwrapped(key)
        return hmac.new(summing, content, hashlib.sha256).hexdigest()

    def _wrap(self, packed: bytes) -> SealedKey:
        return SealedKey(b".".join((_KEY_MARK, self._ids[0], self._masters.encrypt(packed))))

    def _with_masters(self, token: bytes) -> bytes:
        try:
            return self._masters.rotate(token)
        except InvalidToken:
            raise _damaged_key() from None

    def _unwrap(self, key: SealedKey) -> tuple[str, bytes, Fernet, bytes]:
        master_id, token = _parts(key, _KEY_MARK)
        if master_id not in self._ids:
            raise ConfigError(
                f"the data was sealed with master key {master_id.decode()}, but the one given is"
                f" {self._ids[0].decode()}: give the installation its own master key back",
                code="vault.master_key",
                wanted=master_id.decode(),
                given=self._ids[0].decode(),
            )
        try:
            scope, data_key = _unpacked(self._masters.decrypt(token))
        except InvalidToken:
            raise _damaged_key() from None
        summing = hashlib.sha256(b"jangbu summing key " + data_key).digest()
        return scope, _key_id(data_key), Fernet(data_key), summing


def _fernet(key: bytes) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise ConfigError(
            "the master key must be 32 bytes in URL-safe base64 (44 characters)", code="vault.master_key_form"
        ) from None


def _key_id(key: bytes) -> bytes:
    """Name a key without telling it: 48 bits of its hash."""
    return base64.urlsafe_b64encode(hashlib.sha256(b"jangbu key id " + key.strip()).digest()[:6])


def _packed(label: str, content: bytes) -> bytes:
    encoded = label.encode()
    return len(encoded).to_bytes(_LENGTH_BYTES, "big") + encoded + content


def _unpacked(packed: bytes) -> tuple[str, bytes]:
    end = _LENGTH_BYTES + int.from_bytes(packed[:_LENGTH_BYTES], "big")
    return packed[_LENGTH_BYTES:end].decode(), packed[end:]


def _parts(sealed: bytes, mark: bytes) -> tuple[bytes, bytes]:
    found, _, rest = bytes(sealed).partition(b".")
    key_id, dot, token = rest.partition(b".")
    if found != mark or not dot or not _as_written(token):
        raise StateError("this is not a sealed value", code="vault.damaged", context="")
    return key_id, token


def _as_written(token: bytes) -> bool:
    """Tell whether a token is written in the one way we write it: its last letter has bits that decoding ignores."""
    try:
        return base64.urlsafe_b64encode(base64.urlsafe_b64decode(token)) == token
    except binascii.Error:
        return False


def _damaged_key() -> StateError:
    return StateError("the sealed data key is damaged", code="vault.damaged", context="")
