"""What a box was packed for, and the box it travels in; the story of one shop found by its time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("box", sa.Column("packed", sa.Text, nullable=False, server_default=""))
    op.add_column("box", sa.Column("with_key", sa.Text, nullable=False, server_default=""))
    op.create_index("activity_of_shop", "activity", ["shop_id", "at"])
