"""What destroying, backups and checks note of their runs."""

from __future__ import annotations

revision = "2026_11_24_4_traces"
down_revision = "2026_11_24_3_saved_searches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
