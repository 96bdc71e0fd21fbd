"""Books handed over and brought back full; who found a page missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_5_books"
down_revision = "2026_11_23_4_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("books", sa.Column("full_on", sa.Date(), nullable=True))
    op.add_column("serials", sa.Column("finder", sa.String(length=64), nullable=True))
    op.create_table(
        "book_handovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("book_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("giver", sa.String(length=64), nullable=False),
        sa.Column("taker", sa.String(length=64), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["book_id"],
            ["books.id"],
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"],
            ["users.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_book_handovers_book_id"), "book_handovers", ["book_id"], unique=False)
