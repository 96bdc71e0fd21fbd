"""Limits and progress of destroying, holds by what was found."""

from __future__ import annotations

revision = "2026_11_24_1_disposal_runs"
down_revision = "2026_11_23_13_disposition"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
