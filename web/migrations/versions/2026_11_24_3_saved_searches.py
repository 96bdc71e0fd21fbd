"""Searches that somebody saved, and what suggestions are found by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.orm import Session

from search import names

revision = "2026_11_24_3_saved_searches"
down_revision = "2026_11_24_2_search_shadow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Saved searches; the keys of the register, written for all that stands in it."""
    op.create_table(
        "saved_searches",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("saved_by", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("within", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("form", sa.String(length=64), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("order", sa.String(length=12), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("saved_by", "name"),
    )
    key = sa.String(length=64).with_variant(sa.String(length=64, collation="C"), "postgresql")
    op.create_table(
        "search_names",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("key", key, nullable=False),
        sa.Column("subject_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "subject_id"),
    )
    op.create_index("search_names_subject", "search_names", ["kind", "subject_id"])
    with Session(op.get_bind()) as session:
        names.rebuild(session)
        # Joined to the migration's transaction: this only hands over, the migration commits.
        session.commit()
