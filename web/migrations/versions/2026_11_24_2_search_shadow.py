"""The search index in parts, and its shadow while it is rebuilt."""

from __future__ import annotations

revision = "2026_11_24_2_search_shadow"
down_revision = "2026_11_24_1_disposal_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
