"""The first schema (provisional: created from the mapped tables until they settle)."""

from __future__ import annotations

from alembic import op

from records import triggers
from records.database import Base
from search import tables

revision = "2026_11_23_first"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    Base.metadata.create_all(op.get_bind())
    triggers.create(op.get_bind())
    create = getattr(tables, "create", None)
    if create:
        create(op.get_bind())
