"""What was done in the tray and may be undone until the end of the day; who keeps a batch's pages; texts read there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_8_tray"
down_revision = "2026_11_23_7_quality"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tray_keepers",
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["batch_id"], ["scan_batches.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("batch_id"),
    )
    op.create_table(
        "tray_texts",
        sa.Column("scan_page_id", sa.Integer(), nullable=False),
        sa.Column("reading", sa.String(length=8), nullable=False),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["scan_page_id"], ["scan_pages.id"]),
        sa.PrimaryKeyConstraint("scan_page_id"),
    )
    op.create_table(
        "tray_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("done_by", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("log_seq", sa.BigInteger(), nullable=False),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["done_by"], ["users.id"]),
        sa.ForeignKeyConstraint(["undone_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_tray_acts_on"), "tray_acts", ["on"], unique=False)
    op.create_table(
        "tray_act_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("act_id", sa.Integer(), nullable=False),
        sa.Column("scan_page_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["act_id"], ["tray_acts.id"]),
        sa.ForeignKeyConstraint(["scan_page_id"], ["scan_pages.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_tray_act_lines_act_id"), "tray_act_lines", ["act_id"], unique=False)
    op.create_index("tray_act_lines_of", "tray_act_lines", ["scan_page_id"], unique=False)
