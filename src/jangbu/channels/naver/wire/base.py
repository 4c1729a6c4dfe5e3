"""What all wire types share. Owns no payload."""

from __future__ import annotations

import msgspec

Id = str | int  # ids arrive as numbers on product calls, as text on order calls; ours are always text


class Wire(msgspec.Struct, rename="camel", frozen=True):
    """A payload type: Naver's camel case, unknown fields ignored."""
