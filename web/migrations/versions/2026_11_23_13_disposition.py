"""Versions of the schedule, reviews, transfers between offices, progress of long checks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_13_disposition"
down_revision = "2026_11_23_12_signing_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "schedule_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("decided", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("adopted_by", sa.Integer(), nullable=False),
        sa.Column("adopted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["adopted_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rule_choices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("document_id", sa.Integer(), nullable=False),
        sa.Column("before", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("chosen_by", sa.Integer(), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["document_id"], ["documents.id"]),
        sa.ForeignKeyConstraint(["chosen_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_rule_choices_document_id"), "rule_choices", ["document_id"])
    for table in ("kept_longer", "disposal_lines"):
        op.add_column(table, sa.Column("schedule_version", sa.Integer(), server_default="0", nullable=False))
    op.create_index("facts_started", "facts", ["kind", "on", "subject_kind", "subject_id"])
    known = {column: sa.text(f"{column} IS NOT NULL") for column in ("dossier_id", "book_id", "replaces_id")}
    for column in ("dossier_id", "book_id"):
        op.drop_index(f"ix_documents_{column}", "documents")
        where = known[column]
        op.create_index(f"ix_documents_{column}", "documents", [column], sqlite_where=where, postgresql_where=where)
    where = known["replaces_id"]
    op.create_index("facts_replaced", "facts", ["replaces_id"], sqlite_where=where, postgresql_where=where)
    op.create_table(
        "check_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_blob", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["asked_by"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_check_runs_state"), "check_runs", ["state"])
