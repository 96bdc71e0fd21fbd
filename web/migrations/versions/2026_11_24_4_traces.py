"""What destroying, backups and checks note of their runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24_4_traces"
down_revision = "2026_11_24_3_saved_searches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Indexes by which a destruction finds what points to what it deletes."""
    for table in ("scan_pages", "scan_batches"):
        known = sa.text("blob_id IS NOT NULL")
        name = op.f(f"ix_{table}_blob_id")
        op.create_index(name, table, ["blob_id"], sqlite_where=known, postgresql_where=known)
    op.create_index(op.f("ix_scan_pages_reason"), "scan_pages", ["reason"])
    op.create_index(op.f("ix_ownership_owners_owner_id"), "ownership_owners", ["owner_id"])
