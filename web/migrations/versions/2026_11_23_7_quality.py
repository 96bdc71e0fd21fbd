"""How good each scanned page is, rescans asked for and taken."""

from __future__ import annotations

revision = "2026_11_23_7_quality"
down_revision = "2026_11_23_6_reading"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Filled by the subject's own changes."""
