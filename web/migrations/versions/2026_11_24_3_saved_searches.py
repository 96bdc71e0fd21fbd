"""Searches that somebody saved, and what suggestions are found by."""

from __future__ import annotations

revision = "2026_11_24_3_saved_searches"
down_revision = "2026_11_24_2_search_shadow"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
