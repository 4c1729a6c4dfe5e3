"""Tables of catalogue that came after the first."""

from __future__ import annotations

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create them."""
