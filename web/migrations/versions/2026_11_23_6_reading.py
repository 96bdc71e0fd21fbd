"""What recognition read on each page, by field and with its place; corrections that win."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_6_reading"
down_revision = "2026_11_23_5_books"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "page_readings",
        sa.Column("page_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["page_id"], ["pages.id"]),
        sa.PrimaryKeyConstraint("page_id"),
    )
    op.add_column("scan_pages", sa.Column("suggested", sa.String(length=32), nullable=True))
