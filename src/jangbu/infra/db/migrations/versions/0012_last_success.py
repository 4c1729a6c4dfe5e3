"""When a kind of work last succeeded at a shop is found at once, however many calls are kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Create the index."""
    went_well = sa.text("error = ''")
    op.create_index(
        "call_that_succeeded", "call_record", ["shop_id", "write", "priority", "started_at"],
        sqlite_where=went_well, postgresql_where=went_well,
    )  # fmt: skip
