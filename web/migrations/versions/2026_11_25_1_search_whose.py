"""Whose an entry is stands beside its place, and on PostgreSQL beside its words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_25_1_search_whose"
down_revision = "2026_11_24_4_traces"
branch_labels = None
depends_on = None

_COLUMNS = "document_id, place, dossier_id, series, unit_code, form_code, dated, analysis, digest, owners, facts, words"


def upgrade() -> None:
    """A key of place and dossier instead of the place alone; nothing that is found is lost."""
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def _on_sqlite() -> None:
    op.rename_table("search_entries", "search_earlier_entries")
    op.create_table(
        "search_entries",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=True),
        sa.Column("series", sa.String(length=8), nullable=True),
        sa.Column("unit_code", sa.String(length=32), nullable=False),
        sa.Column("form_code", sa.String(length=16), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("analysis", sa.String(length=24), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("owners", sa.Text(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document_id"),
        sa.UniqueConstraint("place", "dossier_id"),
        sa.UniqueConstraint("dossier_id", "place"),
    )
    op.execute(f"INSERT INTO search_entries ({_COLUMNS}) SELECT {_COLUMNS} FROM search_earlier_entries")
    op.drop_table("search_earlier_entries")


def _on_postgresql() -> None:
    for one in sa.inspect(op.get_bind()).get_unique_constraints("search_entries"):
        if one["column_names"] == ["place"]:
            op.drop_constraint(str(one["name"]), "search_entries", type_="unique")
    op.execute("ALTER TABLE search_entries ADD UNIQUE (place, dossier_id)")
    # The parts of before know no dossiers; the worker makes them anew, faster than each row could be written again.
    op.execute("ALTER TABLE search_words ADD COLUMN dossier_id INTEGER")
    op.execute("UPDATE search_state SET analysis = '' WHERE EXISTS (SELECT 1 FROM search_entries)")
