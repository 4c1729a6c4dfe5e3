"""How much of a started shop may be written: all, only lowering, or the listings of some SKUs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "write_scope",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
    )
    op.create_table(
        "write_scope_variant",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("variant_id", sa.Text, sa.ForeignKey("variant.id"), primary_key=True),
    )
