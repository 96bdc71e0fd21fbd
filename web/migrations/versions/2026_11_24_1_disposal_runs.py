"""Limits and progress of destroying, holds by what was found, the paper's destruction, books as records."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_1_disposal_runs"
down_revision = "2026_11_23_13_disposition"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tables of runs, held documents, reviews of holds, destroyed paper and books; why a list was refused."""
    op.add_column("disposals", sa.Column("decision_reason", sa.Text(), server_default="", nullable=False))
    _disposal_runs()
    op.create_table(
        "disposal_papers",
        sa.Column("disposal_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("witness", sa.String(length=64), nullable=False),
        sa.Column("recorded_by", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["disposal_id"], ["disposals.id"]),
        sa.ForeignKeyConstraint(["recorded_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("disposal_id"),
    )
    _holds()
    op.create_table(
        "book_records",
        sa.Column("book_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("form_code", sa.String(length=16), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("destroyed", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint("book_id"),
    )
    op.create_index(op.f("ix_book_records_rule"), "book_records", ["rule"])


def _disposal_runs() -> None:
    op.create_table(
        "disposal_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("outcomes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_disposal_runs_state"), "disposal_runs", ["state"])


def _holds() -> None:
    op.create_table(
        "held_documents",
        sa.Column("hold_id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"]),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"]),
        sa.PrimaryKeyConstraint("hold_id", "document_id"),
    )
    op.create_index(op.f("ix_held_documents_document_id"), "held_documents", ["document_id"])
    op.create_table(
        "hold_reviews",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("hold_id", sa.Integer(), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("reviewed_by", sa.Integer(), nullable=False),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"]),
        sa.ForeignKeyConstraint(["reviewed_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_hold_reviews_hold_id"), "hold_reviews", ["hold_id"])
