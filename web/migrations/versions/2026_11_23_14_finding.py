"""Saved searches and what makes suggestions and ranking quick."""

from __future__ import annotations

revision = "2026_11_23_14_finding"
down_revision = "2026_11_23_13_disposition"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
