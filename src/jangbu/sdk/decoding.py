"""Turning bodies into values. Owns no wire types."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from jangbu.kernel.errors import ContractBroken

T = TypeVar("T")


def decode_json(body: bytes, operation: str, status: int = 200) -> Any:  # noqa: ANN401 - a document
    """Decode a JSON body. Errors: ContractBroken, without the body in it."""
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise ContractBroken(
            f"{operation} answered {status} with a body that is not JSON",
            code="channel.not_json",
            operation=operation,
            status=status,
        ) from error


def convert(document: object, kind: type[T], operation: str) -> T:
    """Read a decoded document as wire type `kind`, leniently (unknown fields are ignored).

    Errors: ContractBroken naming the place, never the value.
    """
    try:
        return msgspec.convert(document, kind, strict=False)
    except msgspec.ValidationError as error:
        place = str(error).rpartition(" - at ")[2] or "the top"
        raise ContractBroken(
            f"{operation}: unexpected shape at {place}",
            code="channel.unexpected_shape",
            operation=operation,
            place=place,
        ) from error
