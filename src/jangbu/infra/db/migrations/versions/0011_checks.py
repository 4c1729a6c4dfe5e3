"""The last look at a broken connection and when the next is due; calls of one shop found by their time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "shop_check",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("wait_ms", sa.BigInteger, nullable=False),
        sa.Column("rungs", sa.Text, nullable=False),
    )
    op.create_index("call_of_shop", "call_record", ["shop_id", "seq"])
