"""Tables of connecting: pending consents, how far an application has come, and the reading of listings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _int(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False, server_default=default)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "consent",
        sa.Column("id", sa.Text, primary_key=True),
        _text("state_hash"), _text("channel"), _text("shop_id", ""), _text("redirect"), _text("begun_by"),
        _int("begun_at"), _int("expires_at"), sa.Column("used_at", sa.BigInteger),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("data_key", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("state_hash"),
    )  # fmt: skip
    op.create_table(
        "application",
        sa.Column("channel", sa.Text, primary_key=True),
        _text("state"), _text("told_by"), _int("told_at"),
    )  # fmt: skip
    op.create_table(
        "import_run",
        sa.Column("shop_id", sa.Text, primary_key=True),
        _text("asked_by"), _int("asked_at"), sa.Column("begun_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger), _int("expected", "0"), _int("listings", "0"), _int("offers", "0"),
        _text("trouble", ""),
    )  # fmt: skip
