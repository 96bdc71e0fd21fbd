"""The search index in parts, and its shadow while it is rebuilt; the worker fills it anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from search import analysis

revision = "2026_11_24_2_search_shadow"
down_revision = "2026_11_24_1_disposal_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty index tables of the new shape: entries name all their tokens, and no index has a name of its own."""
    op.execute("DROP TABLE IF EXISTS search_words")
    op.drop_table("search_entries")
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
        sa.UniqueConstraint("place"),
        sa.UniqueConstraint("dossier_id", "place"),
    )
    op.create_table(
        "search_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("analysis", sa.String(length=24), server_default="", nullable=False),
        sa.Column("generation", sa.Integer(), server_default="0", nullable=False),
        sa.Column("parts", sa.Text(), server_default="[]", nullable=False),
        sa.Column("building", sa.String(length=24), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "search_pending",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("document_id"),
    )
    documents = op.get_bind().scalar(sa.text("SELECT count(*) FROM documents"))
    # Where documents are, the worker finds an index of no version and makes it anew.
    version = "" if documents else analysis.VERSION
    op.get_bind().execute(sa.text("INSERT INTO search_state (id, analysis) VALUES (1, :version)"), {"version": version})
    shape = "fts5(tokens, content='', detail=none, columnsize=0, prefix='1', tokenize='ascii')"
    made = {
        "sqlite": (
            f"CREATE VIRTUAL TABLE search_words USING {shape}",
            "INSERT INTO search_words(search_words, rank) VALUES('secure-delete', 1)",
        ),
        "postgresql": (
            "CREATE TABLE search_words (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL) PARTITION BY RANGE (place)",
            "CREATE TABLE search_words_whole PARTITION OF search_words FOR VALUES FROM (MINVALUE) TO (MAXVALUE)",
            "CREATE INDEX search_words_whole_tokens ON search_words_whole USING GIN (tokens) WITH (fastupdate = off)",
            "UPDATE search_state SET parts = '[[\"search_words_whole\", 0]]'",
        ),
    }
    for statement in made[op.get_bind().dialect.name]:
        op.execute(statement)
