"""How good each scanned page is, rescans asked for and taken."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_7_quality"
down_revision = "2026_11_23_6_reading"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("scan_pages", sa.Column("quality", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("scan_pages", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "rescans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.Integer(), nullable=True),
        sa.Column("scan_page_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("older_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["page_id"],
            ["pages.id"],
        ),
        sa.ForeignKeyConstraint(
            ["scan_page_id"],
            ["scan_pages.id"],
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"],
            ["users.id"],
        ),
        sa.ForeignKeyConstraint(
            ["settled_by"],
            ["users.id"],
        ),
        sa.ForeignKeyConstraint(
            ["older_id"],
            ["documents.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_rescans_page_id"), "rescans", ["page_id"], unique=False)
    op.create_index(op.f("ix_rescans_scan_page_id"), "rescans", ["scan_page_id"], unique=False)
    op.create_index(op.f("ix_rescans_state"), "rescans", ["state"], unique=False)
