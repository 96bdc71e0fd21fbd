"""People of a unit and their history, merges and splits of units, events of a dossier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_23_9_estate"
down_revision = "2026_11_23_8_tray"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Owners may be companies; units close; the tables around an ownership."""
    kind = sa.Column("kind", sa.String(length=8), server_default="person", nullable=False)
    op.add_column("owners", kind)
    op.add_column("units", sa.Column("closed_on", sa.Date(), nullable=True))
    _people()
    _follow_ups()
    _successions()
    _boundaries()


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), primary_key=True)


def _dossier(name: str = "dossier_id", index: bool = True) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), sa.ForeignKey("dossiers.id"), nullable=False, index=index)


def _recorded() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
    )


def _people() -> None:
    op.create_table(
        "dossier_people",
        _id(),
        _dossier(),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("relation", sa.String(length=32), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("id_number", sa.String(length=32), nullable=False),
        sa.Column("authorised", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
    )
    op.create_table(
        "particular_changes",
        _id(),
        _dossier(),
        sa.Column("what", sa.String(length=16), nullable=False),
        sa.Column("whose", sa.String(length=128), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        *_recorded(),
    )


def _follow_ups() -> None:
    op.create_table(
        "follow_ups",
        _id(),
        _dossier(index=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        *_recorded(),
    )
    op.create_index("follow_ups_done", "follow_ups", ["dossier_id", "kind", "on"])
    op.create_table(
        "arrears",
        _id(),
        _dossier(),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("settled_on", sa.Date(), nullable=True),
        *_recorded(),
    )


def _successions() -> None:
    op.create_table(
        "unit_successions",
        _id(),
        sa.Column("old_id", sa.Integer(), sa.ForeignKey("units.id"), nullable=False, index=True),
        sa.Column("new_id", sa.Integer(), sa.ForeignKey("units.id"), nullable=False, index=True),
        sa.Column("on", sa.Date(), nullable=False),
        *_recorded(),
        sa.UniqueConstraint("old_id", "new_id"),
    )


def _boundaries() -> None:
    op.create_table(
        "boundary_documents",
        _id(),
        sa.Column("document_id", sa.Integer(), sa.ForeignKey("documents.id"), nullable=False, unique=True),
        _dossier("former_id"),
        _dossier("present_id"),
        sa.Column("state", sa.String(length=8), nullable=False, index=True),
        sa.Column("decided_by", sa.Integer(), sa.ForeignKey("users.id"), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
    )
