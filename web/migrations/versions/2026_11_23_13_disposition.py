"""Versions of the schedule, reviews, transfers between offices, progress of long checks."""

from __future__ import annotations

revision = "2026_11_23_13_disposition"
down_revision = "2026_11_23_12_signing_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
