"""The electronic signature of a token request: made and compared here; who may ask is token.py's."""

from __future__ import annotations

import base64
import hmac
import random

import bcrypt

ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SALT_LENGTH = 29


def sign(client_id: str, secret: str, timestamp: str) -> str:
    """The value of `client_secret_sign` for these inputs.

    Source: facts/naver.md 2.2, test vectors 2.3.
    """
    password = f"{client_id}_{timestamp}".encode()
    return base64.b64encode(bcrypt.hashpw(password, canonical(secret).encode())).decode()


def matches(given: str, client_id: str, secret: str, timestamp: str) -> bool:
    """Whether the given signature is the one this secret makes, compared in constant time."""
    expected = sign(client_id, secret, timestamp)
    return hmac.compare_digest(given.encode(), expected.encode())


def canonical(secret: str) -> str:
    """The same salt with the unused low bits of its last character cleared.

    bcrypt from 4.0 on refuses the other spelling of the same salt; the hash is the same for both.
    """
    if len(secret) != _SALT_LENGTH or secret[-1] not in ALPHABET:
        return secret
    return secret[:-1] + ALPHABET[ALPHABET.index(secret[-1]) & 0x30]


def make_secret(rng: random.Random) -> str:
    """A fresh, canonical client secret of the cheapest cost."""
    return canonical("$2a$04$" + "".join(rng.choice(ALPHABET) for _ in range(22)))


def make_client_id(rng: random.Random) -> str:
    """A fresh application id in the shape Naver issues: 22 letters and digits."""
    return "".join(rng.choice(ALPHABET[2:]) for _ in range(22))
