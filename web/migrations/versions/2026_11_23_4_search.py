"""What the index knows of each document, and the engine's own table of words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_4_search"
down_revision = "2026_11_23_3_retention"
branch_labels = None
depends_on = None


# As the engines' own tables were then; ``search.engines`` makes those of today.
_WORDS = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search_words USING fts5(tokens, detail=none, columnsize=0, tokenize='ascii')",
        "INSERT INTO search_words(search_words, rank) VALUES('secure-delete', 1)",
    ),
    "postgresql": (
        "CREATE TABLE search_words (place BIGINT PRIMARY KEY, tokens TSVECTOR NOT NULL)",
        "CREATE INDEX search_words_tokens ON search_words USING GIN (tokens) WITH (fastupdate = off)",
    ),
}


def upgrade() -> None:
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
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("document_id"),
        sa.UniqueConstraint("place"),
    )
    op.create_index(op.f("ix_search_entries_dossier_id"), "search_entries", ["dossier_id"], unique=False)
    for statement in _WORDS[op.get_bind().dialect.name]:
        op.execute(statement)
