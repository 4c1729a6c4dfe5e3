"""Tables of people: persons, their sessions and invitations, failed sign-ins, the audit trail, the seller's choices.

Nothing here opens a door by itself: passwords are Argon2id hashes, tokens SHA-256 sums.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

Big = sa.BigInteger
Seq = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _int(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, Big, nullable=False, server_default=default)


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "person",
        sa.Column("id", sa.Text, primary_key=True),
        _text("login"), _text("name"), _text("role"), _text("language"), _text("time_zone"), _int("active", "1"),
        _text("password", ""), _int("created_at"),
        sa.UniqueConstraint("login"),
    )  # fmt: skip
    op.create_table(
        "person_session",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        _int("opened_at"), _int("seen_at"), _int("ends_at"), _text("address"), _text("agent"),
    )  # fmt: skip
    op.create_index("person_session_by_person", "person_session", ["person_id"])
    op.create_table(
        "invitation",
        sa.Column("token", sa.Text, primary_key=True),
        sa.Column("person_id", sa.Text, sa.ForeignKey("person.id"), nullable=False),
        _int("ends_at"),
    )
    op.create_index("invitation_by_person", "invitation", ["person_id"])
    op.create_table("login_failure", sa.Column("key", sa.Text, primary_key=True), _int("times"), _int("last_at"))
    op.create_index("login_failure_by_time", "login_failure", ["last_at"])
    op.create_table(
        "audit",
        sa.Column("seq", Seq, primary_key=True, autoincrement=True),
        _int("at"), _text("code"), _text("actor"), _text("address"), _text("facts", "{}"),
    )  # fmt: skip
    op.create_index("audit_by_code", "audit", ["code", "seq"])
    op.create_table("seller_choice", sa.Column("name", sa.Text, primary_key=True), _text("value"))
