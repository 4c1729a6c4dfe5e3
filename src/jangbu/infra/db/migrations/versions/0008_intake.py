"""Orders a feed names and never gives: since when, and whether a person has looked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "missing_order",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("remote_id", sa.Text, primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("told", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("dismissed_at", sa.BigInteger),
    )
