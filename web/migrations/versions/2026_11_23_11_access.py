"""Deputies, visits, prints under a grant."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_11_access"
down_revision = "2026_11_23_10_places"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Requests say how they ended and for whom a deputy decided; each dossier of a request can end by itself."""
    instant = sa.DateTime(timezone=True)
    op.add_column("access_requests", sa.Column("dated", sa.Boolean(), server_default=sa.false(), nullable=False))
    for name in ("deputy_for", "ended_by"):
        column = sa.Column(name, sa.Integer(), sa.ForeignKey("users.id"), nullable=True)
        op.add_column("access_requests", column, inline_references=True)
    op.add_column("access_requests", sa.Column("end_reason", sa.Text(), server_default="", nullable=False))
    op.add_column("access_request_dossiers", sa.Column("ended_at", instant, nullable=True))
    op.add_column("access_request_dossiers", sa.Column("ended_because", sa.Text(), server_default="", nullable=False))
    _deputies()
    _visits()
    _prints()


def _deputies() -> None:
    op.create_table(
        "access_deputies",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("manager_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("deputy_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False, index=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
    )


def _visits() -> None:
    op.create_table(
        "access_visits",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("request_id", sa.Integer(), sa.ForeignKey("access_requests.id"), nullable=False, index=True),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("paper", sa.String(length=96), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("came_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_by", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
    )


def _prints() -> None:
    op.create_table(
        "access_prints",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("number", sa.String(length=24), nullable=False, unique=True),
        sa.Column("request_id", sa.Integer(), sa.ForeignKey("access_requests.id"), nullable=False, index=True),
        sa.Column("document_id", sa.Integer(), sa.ForeignKey("documents.id"), nullable=False, index=True),
        sa.Column("page_count", sa.Integer(), nullable=False),
        sa.Column("printed_by", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
    )
