"""Parcels: what goes into one box, from the sheet a courier gets to the number that comes back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "box",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), nullable=False),
        sa.Column("order_id", sa.Text, nullable=False),
        sa.Column("line_ids", sa.Text, nullable=False),
        sa.Column("carrier", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("tracking_number", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint("shop_id", "order_id", "line_ids"),
    )
    op.create_index("box_waiting", "box", ["created_at"])
