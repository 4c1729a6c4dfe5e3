"""The first tables: shops, catalogue, ledger, orders, intake, publication.

Times are milliseconds since 1970 UTC, flags 0 or 1, ids of others text. Money is minor units + currency.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

Big = sa.BigInteger
Seq = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def _int(name: str, default: str | None = None) -> sa.Column[int]:
    return sa.Column(name, Big, nullable=False, server_default=default)


def _maybe(name: str) -> sa.Column[int]:
    return sa.Column(name, Big)


def _sealed(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary)


def upgrade() -> None:
    """Create them."""
    _shops()
    _catalog()
    _inventory()
    _orders()
    _intake()
    _publish()
    _records()


def _shops() -> None:
    op.create_table(
        "shop",
        sa.Column("id", sa.Text, primary_key=True),
        _text("channel"), _text("name"), _text("state"), _text("currency", ""), _text("remote_id", ""),
        _text("remote_name", ""), _text("api_url"), _text("auth_url"), _text("egress", "direct"),
        _text("options", "{}"), _int("share", "1"), _text("trouble", ""), _text("trouble_facts", "{}"),
        _maybe("trouble_at"), _maybe("heard_at"), _int("created_at"), _maybe("started_at"),
        sa.Column("data_key", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("name"),
    )  # fmt: skip
    op.create_table(
        "shop_grant",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False), _maybe("expires_at"), _int("version"),
        _int("changed_at"),
    )  # fmt: skip
    op.create_table("flag", sa.Column("name", sa.Text, primary_key=True), _text("note", ""), _int("raised_at"))
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        _text("holder"), _int("until"), _int("renewed_at"), _int("gap_until", "0"),
    )  # fmt: skip


def _catalog() -> None:
    op.create_table(
        "variant",
        sa.Column("id", sa.Text, primary_key=True),
        _text("sku"), _text("title", ""), _text("policy", "escrow"), _int("created_at"),
        sa.UniqueConstraint("sku"),
    )  # fmt: skip
    op.create_table(
        "listing",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("remote_id", sa.Text, primary_key=True),
        _text("write_kind"), _text("title"), _text("state"), _text("raw_state"), _text("url", ""),
        _int("owned_stock", "1"), _int("read_at"), _int("gone", "0"),
    )  # fmt: skip
    op.create_table(
        "offer",
        sa.Column("shop_id", sa.Text, sa.ForeignKey("shop.id"), primary_key=True),
        sa.Column("key", sa.Text, primary_key=True),
        _text("listing_id"), _text("cell_key"), _text("sku", ""), _text("options", "[]"),
        _int("price_amount"), _text("price_currency"), _int("quantity"), _int("enabled"), _int("gone", "0"),
    )  # fmt: skip
    op.create_index("offer_by_listing", "offer", ["shop_id", "listing_id"])
    op.create_index("offer_by_sku", "offer", ["sku"])
    op.create_table(
        "link",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("offer_key", sa.Text, primary_key=True),
        sa.Column("variant_id", sa.Text, sa.ForeignKey("variant.id"), primary_key=True),
        _int("units", "1"), _text("actor"), _int("linked_at"),
    )  # fmt: skip
    op.create_index("link_by_variant", "link", ["variant_id"])


def _inventory() -> None:
    op.create_table("location", sa.Column("id", sa.Text, primary_key=True), _text("name"), _int("ships", "1"))
    op.create_table(
        "move",
        sa.Column("seq", Seq, primary_key=True, autoincrement=True),
        _text("id"), _text("variant_id"), _text("location_id"), _text("debit"), _text("credit"),
        _int("quantity"), _text("phase"), sa.Column("pending_id", sa.Text), _text("actor"), _text("cause"),
        _text("reason"), _int("at"),
        sa.UniqueConstraint("id"), sa.UniqueConstraint("pending_id"),
        sa.CheckConstraint("quantity > 0", name="move_has_units"),
    )  # fmt: skip
    op.create_index("move_by_variant", "move", ["variant_id", "seq"])
    op.create_index("move_by_cause", "move", ["cause"])
    op.create_table(
        "balance",
        sa.Column("variant_id", sa.Text, primary_key=True),
        sa.Column("location_id", sa.Text, primary_key=True),
        sa.Column("account", sa.Text, primary_key=True),
        _int("quantity"),
    )
    op.create_table("counted_variant", sa.Column("variant_id", sa.Text, primary_key=True), _int("at"))
    op.create_table("dirty_variant", sa.Column("variant_id", sa.Text, primary_key=True))
    op.execute("INSERT INTO location (id, name, ships) VALUES ('main', 'main', 1)")


def _orders() -> None:
    op.create_table(
        "orders",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("remote_id", sa.Text, primary_key=True),
        _int("placed_at"), _int("updated_at"), _int("total_amount"), _text("total_currency"),
        _sealed("ship_to"), _text("extra", "{}"), _int("heard_at"), _text("heard_by"),
    )  # fmt: skip
    op.create_index("orders_by_time", "orders", ["placed_at"])
    op.create_table(
        "order_line",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("remote_id", sa.Text, primary_key=True),
        _text("order_id"), _text("listing_id"), _text("offer_key"), _text("sku"), _text("title"),
        _text("options"), _int("quantity"), _int("remaining"), _text("state"), _text("raw_state"),
        _int("lowered_at"), _int("price_amount"), _text("price_currency"), _text("claim", ""),
        _int("acknowledged"), _maybe("ship_by"), _sealed("personalisation"), _int("linked", "0"),
        _text("cell_key", ""), _int("run", "0"), _int("told_sold", "0"), _int("told_back", "0"),
        _int("remote_at"), _int("begun_at"), _int("answered_at"), _int("open", "1"),
    )  # fmt: skip
    op.create_index("line_by_order", "order_line", ["shop_id", "order_id"])
    op.create_index(
        "line_open",
        "order_line",
        ["ship_by"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open = 1"),
    )
    op.create_index(
        "line_unlinked", "order_line", ["shop_id", "listing_id"],
        sqlite_where=sa.text("linked = 0"), postgresql_where=sa.text("linked = 0"),
    )  # fmt: skip
    op.create_table(
        "line_held",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("line_id", sa.Text, primary_key=True),
        sa.Column("variant_id", sa.Text, primary_key=True),
        sa.Column("location_id", sa.Text, primary_key=True),
        _int("units"), _int("reserved"), _int("committed"), _int("shipped"),
        sa.Column("pending_id", sa.Text),
    )  # fmt: skip
    op.create_table(
        "parcel",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("line_id", sa.Text, primary_key=True),
        sa.Column("tracking_number", sa.Text, primary_key=True),
        _text("carrier"), _maybe("shipped_at"),
    )  # fmt: skip
    op.create_table(
        "stock_fact",
        sa.Column("seq", Seq, primary_key=True, autoincrement=True),
        _text("shop_id"), _text("cell_key"), _int("units"), _int("lowered_at"), _int("heard_at"),
        _text("line_id"), _int("folded", "0"),
    )  # fmt: skip
    op.create_index(
        "fact_unfolded", "stock_fact", ["seq"],
        sqlite_where=sa.text("folded = 0"), postgresql_where=sa.text("folded = 0"),
    )  # fmt: skip
    op.create_table(
        "feed_horizon",
        sa.Column("shop_id", sa.Text, primary_key=True),
        _int("begun_at"),
        _int("remote_to"),
    )
    op.create_table(
        "order_write",
        sa.Column("id", sa.Text, primary_key=True),
        _text("shop_id"), _text("kind"), _text("order_id"), _text("line_ids"), _text("carrier", ""),
        _text("tracking_number", ""), _text("state"), _text("error", ""), _text("remote_code", ""),
        _int("attempts", "0"), _int("not_before", "0"), _maybe("deadline"), _text("actor"), _int("wanted_at"),
        _maybe("sent_at"), _maybe("ended_at"),
    )  # fmt: skip
    op.create_index("order_write_by_order", "order_write", ["shop_id", "order_id"])
    op.create_index(
        "order_write_open", "order_write", ["shop_id", "not_before"],
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip


def _intake() -> None:
    op.create_table(
        "webhook_delivery",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("delivery_id", sa.Text, primary_key=True),
        _text("event"), _text("order_id"), sa.Column("body", sa.LargeBinary, nullable=False),
        _int("received_at"), _text("state"), _int("attempts", "0"), _int("repeats", "0"), _text("error", ""),
        _maybe("ended_at"),
    )  # fmt: skip
    op.create_index("delivery_by_time", "webhook_delivery", ["received_at"])
    op.create_index(
        "delivery_open", "webhook_delivery", ["shop_id"],
        sqlite_where=sa.text("state = 'received'"), postgresql_where=sa.text("state = 'received'"),
    )  # fmt: skip
    op.create_table(
        "watermark",
        sa.Column("shop_id", sa.Text, primary_key=True),
        _text("mark"), _int("swept_at"), _int("deep_at", "0"), _int("caught_up", "0"),
    )  # fmt: skip


def _publish() -> None:
    op.create_table(
        "cell",
        sa.Column("id", sa.Text, primary_key=True),
        _text("shop_id"), _text("key"), _text("listing_id"), _text("location_id", "main"),
        _int("unread"), _int("stands"), _int("on_sale"), _int("parked"), _maybe("mark_begun"),
        _maybe("mark_answered"), _maybe("mark_remote"), sa.Column("pending", sa.Text), _int("clear_from", "0"),
        _int("dirty", "1"), _int("recheck_at", "0"), _int("read_at", "0"), _maybe("target"),
        _text("waiting", ""), _int("surprised", "0"), _int("look_at", "0"), _int("gone", "0"),
        sa.UniqueConstraint("shop_id", "key"),
    )  # fmt: skip
    op.create_index("cell_by_listing", "cell", ["shop_id", "listing_id"])
    op.create_index(
        "cell_dirty", "cell", ["shop_id", "recheck_at"],
        sqlite_where=sa.text("dirty = 1"), postgresql_where=sa.text("dirty = 1"),
    )  # fmt: skip
    op.create_index(
        "cell_marked", "cell", ["shop_id"],
        sqlite_where=sa.text("mark_begun IS NOT NULL"), postgresql_where=sa.text("mark_begun IS NOT NULL"),
    )  # fmt: skip
    op.create_table(
        "cell_units",
        sa.Column("cell_id", sa.Text, sa.ForeignKey("cell.id"), primary_key=True),
        sa.Column("variant_id", sa.Text, sa.ForeignKey("variant.id"), primary_key=True),
        _int("units"),
    )
    op.create_index("cell_units_by_variant", "cell_units", ["variant_id"])
    op.create_table(
        "listing_sale",
        sa.Column("shop_id", sa.Text, primary_key=True),
        sa.Column("listing_id", sa.Text, primary_key=True),
        _text("state"), _int("parked_by_us", "0"), _maybe("parked_at"), _text("cells_seen", ""),
    )  # fmt: skip
    op.create_table(
        "stock_write",
        sa.Column("id", sa.Text, primary_key=True),
        _text("shop_id"), _text("listing_id"), _text("act"), _text("numbers"), _text("before"), _text("why"),
        _text("state"), _int("priority"), _int("charged"), _int("freed"), _text("cause", ""),
        _int("intent_at"), _maybe("sending_at"), _maybe("deadline"), _maybe("answered_at"), _maybe("ended_at"),
        _text("error", ""), _text("remote_code", ""), _int("batch", "0"),
    )  # fmt: skip
    op.create_index(
        "stock_write_open", "stock_write", ["shop_id"],
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
    op.create_index("stock_write_by_time", "stock_write", ["intent_at"])


def _records() -> None:
    op.create_table(
        "call_record",
        sa.Column("seq", Seq, primary_key=True, autoincrement=True),
        _text("shop_id"), _text("channel"), _text("operation"), _int("write"), _int("priority"), _text("cause"),
        _int("status"), _text("error"), _text("remote_code"), _text("request_id"), _int("started_at"),
        _int("elapsed_ms"), _int("sent_bytes"), _int("received_bytes"), _int("attempt"), _maybe("quota_left"),
    )  # fmt: skip
    op.create_index("call_by_time", "call_record", ["started_at"])
    op.create_table(
        "activity",
        sa.Column("seq", Seq, primary_key=True, autoincrement=True),
        _int("at"), _text("shop_id", ""), _text("code"), _text("facts", "{}"), _text("actor"),
    )  # fmt: skip
    op.create_table(
        "hub_presence",
        sa.Column("holder", sa.Text, primary_key=True),
        _int("started_at"),
        _int("beat_at"),
        _int("ended_at", "0"),
    )
