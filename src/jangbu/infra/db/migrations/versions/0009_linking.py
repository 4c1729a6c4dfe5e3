"""Pictures of listings with their hashes, and what a person decided about pairs of listings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

Seq = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "listing_picture",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("listing_id", sa.Text, primary_key=True),
        sa.Column("place", sa.BigInteger, primary_key=True),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("hashes", sa.Text, nullable=False, server_default="[]"),
        sa.Column("small", sa.LargeBinary),
        sa.Column("tries", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("due_at", sa.BigInteger),
    )
    op.create_index("listing_picture_due", "listing_picture", ["due_at"])
    op.create_table(
        "pair_decision",
        sa.Column("seq", Seq, primary_key=True, autoincrement=True),
        sa.Column("left_shop", sa.Text, sa.ForeignKey("shop.id"), nullable=False),
        sa.Column("left_listing", sa.Text, nullable=False),
        sa.Column("right_shop", sa.Text, nullable=False),
        sa.Column("right_listing", sa.Text, nullable=False),
        sa.Column("same", sa.BigInteger, nullable=False),
        sa.Column("offers", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("undone_at", sa.BigInteger),
    )
