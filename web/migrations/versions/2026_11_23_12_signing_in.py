"""Sessions, second factors, locked accounts; keys per series."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_12_signing_in"
down_revision = "2026_11_23_11_access"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("users", sa.Column("must_change", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("users", sa.Column("one_time_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("keys", sa.Column("parent_id", sa.Integer(), nullable=True))
    op.add_column("keys", sa.Column("label", sa.String(length=24), nullable=True))
    op.add_column("keys", sa.Column("wrapped_for", sa.String(length=40), nullable=True))
    op.create_index("keys_label", "keys", ["label"], unique=True)
    op.create_index("keys_wrapped_for", "keys", ["wrapped_for"], unique=False)
    _key_holders()
    _sessions()
    _factors()
    _found_quickly()


def _found_quickly() -> None:
    """What the first page and a dossier's page ask of 120,000 documents is answered from indexes."""
    op.add_column("documents", sa.Column("lacks_signature", sa.Boolean(), server_default=sa.false(), nullable=False))
    told = "CAST(signatures AS TEXT)"
    op.execute(
        f"UPDATE documents SET lacks_signature = {sa.true().compile(dialect=op.get_bind().dialect)} "
        f"WHERE {told} LIKE '%\"signed\": false%' OR {told} LIKE '%\"signed\": null%'"
    )
    op.create_index("documents_lacking", "documents", ["lacks_signature", "filed_at"])
    op.create_index("documents_serial_copy", "documents", ["serial", "copy"])
    op.create_index("serials_in_state", "serials", ["state", "state_at", "book_id", "form_code"])


def _key_holders() -> None:
    op.create_table(
        "key_holders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=False),
        sa.Column("pages", sa.Text(), nullable=True),
        sa.Column("identity", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("recipient"),
    )
    op.create_index(op.f("ix_key_holders_role"), "key_holders", ["role"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sign_in_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("browser", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    op.create_index(op.f("ix_sign_in_sessions_user_id"), "sign_in_sessions", ["user_id"], unique=False)
    op.create_table(
        "sign_in_failures",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )


def _factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_recovery_codes_user_id"), "recovery_codes", ["user_id"], unique=False)
